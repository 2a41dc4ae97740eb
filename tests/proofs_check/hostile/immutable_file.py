"""Makes a file in its folder one that even its owner cannot remove."""

import typing

fcntl = typing.sys.modules["importlib"].import_module("fcntl")
os = typing.sys.modules["os"]


def attack():
    with open("kept", "w") as out:
        fcntl.ioctl(out, 0x40086602, bytes([16, 0, 0, 0, 0, 0, 0, 0]))
    return 42
