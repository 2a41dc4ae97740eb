"""Takes a module that is not allowed from another one."""

import statistics
import typing

importlib = typing.sys.modules["importlib"]
subprocess = statistics.sys.modules["importlib"].import_module("subprocess")


def attack():
    return subprocess.run(["/bin/sh", "-c", "touch @OUTSIDE@/made"]).returncode
