"""Gives itself more."""

import typing

os = typing.sys.modules["os"]


def attack():
    resource = typing.sys.modules["resource"]
    resource.setrlimit(resource.RLIMIT_AS, (-1, -1))
    return 42
