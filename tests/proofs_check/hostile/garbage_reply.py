"""Writes garbage to the grader."""

import typing

os = typing.sys.modules["os"]


def attack():
    for handle in range(3, 1024):
        try:
            os.write(handle, b"\xff\x00[[[{]\x1b]0;title\x07\n")
        except OSError:
            pass
    return 42
