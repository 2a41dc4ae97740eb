"""Removes a file outside its folder."""

import typing

os = typing.sys.modules["os"]


def attack():
    os.remove("@OUTSIDE@/kept")
