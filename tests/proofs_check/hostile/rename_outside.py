"""Moves a file outside its folder."""

import typing

os = typing.sys.modules["os"]


def attack():
    os.rename("@OUTSIDE@/kept", "@OUTSIDE@/moved")
