"""Closes everything that is open, and goes on."""

import typing

os = typing.sys.modules["os"]


def attack():
    os.closerange(0, 64)
    while True:
        pass
