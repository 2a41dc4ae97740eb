"""Loops when its process is about to end, and returns a wrong answer before that."""

import typing

os = typing.sys.modules["os"]


def loop():
    while True:
        pass


def attack():
    typing.sys.modules["importlib"].import_module("atexit").register(loop)
    return 41
