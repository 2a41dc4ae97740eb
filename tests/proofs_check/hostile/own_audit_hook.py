"""Adds a hook that sees what the grader's hook sees."""

import typing

sys = typing.sys


def attack():
    sys.addaudithook(print)
    return 42
