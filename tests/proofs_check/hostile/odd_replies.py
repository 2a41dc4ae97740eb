"""Writes messages of the right form with fields of the wrong one."""

import typing

os = typing.sys.modules["os"]


def attack():
    for handle in range(3, 1024):
        try:
            os.write(handle, b'{"id": 2, "fault": {"kind": [], "text": {}, "line": 1e400, "function": NaN}}\n')
        except OSError:
            pass
    while True:
        pass
