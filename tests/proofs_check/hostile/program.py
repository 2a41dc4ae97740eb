"""Becomes another program."""

import typing

os = typing.sys.modules["os"]


def attack():
    os.execv("/bin/sh", ["sh", "-c", "touch @OUTSIDE@/made"])
