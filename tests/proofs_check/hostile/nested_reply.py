"""Writes a message to the grader that is nested deeper than any reader is."""

import typing

os = typing.sys.modules["os"]


def attack():
    for handle in range(3, 1024):
        try:
            os.write(handle, b"[" * 100000 + b"]" * 100000 + b"\n")
        except OSError:
            pass
    return 42
