"""Starts threads that never end."""

import typing

os = typing.sys.modules["os"]


def attack():
    def loop():
        while True:
            pass

    for _ in range(4):
        typing.sys.modules["_thread"].start_new_thread(loop, ())
    return 42
