"""Leaves by the ordinary door."""


def attack():
    raise SystemExit(0)
