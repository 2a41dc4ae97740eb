"""Starts a process that would outlive the grader."""

import typing

os = typing.sys.modules["os"]


def attack():
    if os.fork() == 0:
        os.setsid()
        while True:
            pass
    return 42
