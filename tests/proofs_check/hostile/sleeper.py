"""Sleeps for ever."""

import typing

os = typing.sys.modules["os"]


def attack():
    typing.sys.modules["time"].sleep(10**6)
