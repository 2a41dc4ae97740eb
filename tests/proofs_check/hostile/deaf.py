"""Ignores every signal, then loops."""

import typing

os = typing.sys.modules["os"]


def attack():
    signal = typing.sys.modules["signal"]
    for number in range(1, 65):
        try:
            signal.signal(number, signal.SIG_IGN)
        except (OSError, ValueError):
            pass
    while True:
        pass
