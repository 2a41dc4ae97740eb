"""Raises an error with a text of a hundred megabytes."""


def attack():
    raise ValueError("x" * 10**8)
