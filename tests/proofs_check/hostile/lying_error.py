"""Raises an error whose text cannot be made."""


class Liar(Exception):
    def __str__(self):
        raise self

    __repr__ = __str__


def attack():
    raise Liar
