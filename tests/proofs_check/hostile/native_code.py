"""Calls the C library."""

import typing

os = typing.sys.modules["os"]


def attack():
    return typing.sys.modules["ctypes"].CDLL(None).getppid()
