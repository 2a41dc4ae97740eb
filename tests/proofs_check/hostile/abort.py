"""Dies of a signal."""

import typing

os = typing.sys.modules["os"]


def attack():
    os.abort()
