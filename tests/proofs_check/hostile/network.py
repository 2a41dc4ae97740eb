"""Connects to somewhere."""

import typing

os = typing.sys.modules["os"]


def attack():
    socket = typing.sys.modules["importlib"].import_module("_socket")
    return socket.socket().connect(("127.0.0.1", 9))
