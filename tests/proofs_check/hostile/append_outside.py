"""Changes a file outside its folder, below Python's own open."""

import typing

os = typing.sys.modules["os"]


def attack():
    handle = os.open("@OUTSIDE@/kept", os.O_WRONLY | os.O_APPEND)
    os.write(handle, b"more")
