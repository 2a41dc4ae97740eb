"""Leaves its folder by a link."""

import typing

os = typing.sys.modules["os"]


def attack():
    os.symlink("@OUTSIDE@", "link")
    open("link/made", "w").close()
