"""Values on the pipe between the grader and a submission: JSON, one message a line, no pickle.

Both ends use this module. The submission's end is not trusted, so :func:`decode` takes nothing for granted.
"""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

#: Bytes of a message at most, its newline included.
MESSAGE_BYTES = 4_000_000
#: Lists within lists at most.
DEPTH = 20
#: Bits of an integer at most.
INTEGER_BITS = 1024
#: Element types of arrays on the pipe, by the kind of NumPy's type.
ELEMENTS = {"b": "bool", "i": "int64", "u": "uint64", "f": "float64"}

ALLOWED = "None, booleans, numbers, texts, arrays of numbers, and tuples, lists and dictionaries of these"


class Unsendable(Exception):
    """A value that does not go over the pipe; the message says what it is."""


class Malformed(Exception):
    """A line that is no message, or a message that is no value."""


def encode(value: Any, depth: int = 0) -> Any:
    """A value as JSON has it: arrays and mappings become tagged objects, tuples and NumPy scalars what they hold.

    Raises:
        Unsendable: a value of another kind, a number with too many digits, or too many lists within lists.
    """
    if depth > DEPTH:
        raise Unsendable(f"more than {DEPTH} lists within lists")
    if isinstance(value, np.generic) or (isinstance(value, np.ndarray) and value.ndim == 0):
        value = value.item()
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        if value.bit_length() > INTEGER_BITS:
            raise Unsendable(f"an integer of {value.bit_length()} bits; at most {INTEGER_BITS} are read")
        return int(value)
    if isinstance(value, float):
        return float(value)
    if isinstance(value, str):
        return str(value)
    if isinstance(value, np.ndarray) and value.dtype.kind in ELEMENTS:
        data = np.ascontiguousarray(value, dtype=ELEMENTS[value.dtype.kind])
        if data.nbytes > MESSAGE_BYTES:
            raise Unsendable(f"an array of {data.nbytes} bytes; at most {MESSAGE_BYTES} are read")
        text = base64.b64encode(data.tobytes()).decode("ascii")
        return {"array": data.dtype.name, "shape": list(value.shape), "data": text}
    if isinstance(value, tuple | list):
        return [encode(item, depth + 1) for item in value]
    if isinstance(value, Mapping) and all(isinstance(key, str) for key in value):
        return {"mapping": {str(key): encode(item, depth + 1) for key, item in value.items()}}
    kind = f"an array of {value.dtype}" if isinstance(value, np.ndarray) else f"a {type(value).__name__}"
    raise Unsendable(f"{kind}; expected {ALLOWED}")


def decode(value: Any, depth: int = 0) -> Any:
    """The value of what :func:`encode` made.

    Raises:
        Malformed: :func:`encode` makes nothing of this kind.
    """
    if depth > DEPTH:
        raise Malformed("too many lists within lists")
    if value is None or isinstance(value, bool | int | float | str):
        if isinstance(value, int) and value.bit_length() > INTEGER_BITS:
            raise Malformed("an integer with too many digits")
        return value
    if isinstance(value, list):
        return [decode(item, depth + 1) for item in value]
    if isinstance(value, dict) and value.keys() == {"mapping"} and isinstance(value["mapping"], dict):
        return {key: decode(item, depth + 1) for key, item in value["mapping"].items()}
    if isinstance(value, dict) and value.keys() == {"array", "shape", "data"}:
        return _array(value)
    raise Malformed("an object of unknown kind")


def _array(value: dict[str, Any]) -> np.ndarray:
    shape, element, text = value["shape"], value["array"], value["data"]
    sizes = isinstance(shape, list) and 1 <= len(shape) <= 16 and all(type(n) is int and 0 <= n < 2**40 for n in shape)
    if not sizes or element not in ELEMENTS.values() or not isinstance(text, str):
        raise Malformed("an array of unknown kind")
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError:
        raise Malformed("an array that is not base64") from None
    if len(data) != math.prod(shape) * np.dtype(element).itemsize:
        raise Malformed("an array of another size than its shape")
    return np.frombuffer(data, dtype=element).reshape(shape).copy()


def message(content: Any) -> bytes:
    """A line with ``content``, which :func:`encode` has made."""
    return json.dumps(content).encode("ascii") + b"\n"


def content(line: bytes) -> dict[str, Any]:
    """What a line holds.

    Raises:
        Malformed: it is no JSON object, or one that cannot be read in bounded memory.
    """
    try:
        found = json.loads(line)
    except (ValueError, RecursionError, MemoryError):
        raise Malformed("a line that is no message") from None
    if not isinstance(found, dict):
        raise Malformed("a line that is no message")
    return found
