"""Ends its process as if all were well."""

import typing

os = typing.sys.modules["os"]


def attack():
    os._exit(0)
