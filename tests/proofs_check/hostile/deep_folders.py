"""Makes folders within folders."""

import typing

os = typing.sys.modules["os"]


def attack():
    path = "a"
    for _ in range(1000):
        os.mkdir(path)
        path += "/a"
