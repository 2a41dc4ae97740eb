"""Closes everything that is open, and goes on."""

import typing

os = typing.sys.modules["os"]


def attack():
    os.closerange(0, 1024)
    while True:
        pass
