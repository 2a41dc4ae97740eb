"""Calls itself without end."""


def attack():
    return attack()
