"""Starts a shell."""

import typing

os = typing.sys.modules["os"]


def attack():
    return os.system("touch @OUTSIDE@/made")
