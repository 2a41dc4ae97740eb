"""Calls itself until the machine's stack is full."""

import typing


def attack():
    typing.sys.setrecursionlimit(10**9)
    return deeper(attack)


def deeper(function):
    return max([1], key=lambda _: deeper(function))
