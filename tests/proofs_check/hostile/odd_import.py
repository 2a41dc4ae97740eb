"""Imports something that has no place here."""


def attack():
    import ctypes

    return ctypes.CDLL(None)
