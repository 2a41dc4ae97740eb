"""Starts a process and hides that it could not."""

import typing

os = typing.sys.modules["os"]


def attack():
    try:
        os.fork()
    except BaseException:
        pass
    return 42
