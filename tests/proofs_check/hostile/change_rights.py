"""Changes the rights of a file outside its folder."""

import typing

os = typing.sys.modules["os"]


def attack():
    os.chmod("@OUTSIDE@/kept", 0o777)
