"""Immutable objects as JSON documents and back, number for number; what travels in files instead of a pickle.

An object is ``{"instance": class name, "fields": {...}}``. A bare list is an array of float64; everything else that
JSON has no word for is an object with one key that says what it is: ``{"array": ..., "dtype": ..., "shape": ...}``
(integers, an empty array, entries that are not finite), ``{"tuple": [...]}``, ``{"list": [...]}``,
``{"mapping": {...}}`` and ``{"number": "inf"}``. Floats are written in the shortest form that reads back the same.
Reading calls constructors of the classes that it is given, and nothing else.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np

from theory.errors import InvalidInput

#: Types of the arrays that a document may hold.
DTYPES = ("float64", "int64", "bool")


def field_names(kind: type) -> tuple[str, ...]:
    """The public arguments of a dataclass or a NamedTuple."""
    if is_dataclass(kind):
        return tuple(f.name for f in fields(kind) if f.init and not f.name.startswith("_"))
    return tuple(kind._fields)  # type: ignore[attr-defined]


def encode(value: Any, known: Mapping[str, type]) -> Any:
    """A value as what ``json.dumps`` takes.

    Args:
        value: numbers, strings, arrays, and tuples, lists and mappings of them, and objects of the ``known`` classes.
        known: class name -> class (dataclasses and NamedTuples).

    Raises:
        InvalidInput: a value of another class, which is named.
    """
    if known.get(type(value).__name__) is type(value):
        held = {name: encode(getattr(value, name), known) for name in field_names(type(value))}
        return {"instance": type(value).__name__, "fields": held}
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else {"number": str(value)}
    if isinstance(value, np.ndarray) and value.dtype.name in DTYPES:
        return _encode_array(value)
    if type(value) in (tuple, list):
        return {type(value).__name__: [encode(item, known) for item in value]}
    if type(value) is dict and all(isinstance(key, str) for key in value):
        return {"mapping": {key: encode(item, known) for key, item in value.items()}}
    words = f"an array of {value.dtype}" if isinstance(value, np.ndarray) else type(value).__name__
    raise InvalidInput(f"{words} cannot be written; expected arrays, numbers, strings, or one of {', '.join(known)}")


def _encode_array(array: np.ndarray) -> Any:
    if array.dtype == np.float64 and array.ndim and array.size and np.isfinite(array).all():
        return array.tolist()
    entries = array.reshape(-1).tolist()
    if array.dtype == np.float64:
        entries = [entry if math.isfinite(entry) else str(entry) for entry in entries]
    return {"array": entries, "dtype": array.dtype.name, "shape": list(array.shape)}


def decode(document: Any, known: Mapping[str, type], place: str = "document") -> Any:
    """The value of a document.

    Raises:
        InvalidInput: whatever is wrong, with its place in the document.
    """
    if document is None or isinstance(document, bool | int | float | str):
        return document
    if isinstance(document, list):
        return _decode_array(document, "float64", None, place)
    if not isinstance(document, dict):
        raise InvalidInput(f"{place} is {type(document).__name__}; expected a value of JSON")
    keys = set(document)
    if keys == {"instance", "fields"} and isinstance(document["fields"], dict):
        return _decode_object(document["instance"], document["fields"], known, place)
    if keys == {"array", "dtype", "shape"} and document["dtype"] in DTYPES:
        return _decode_array(document["array"], document["dtype"], document["shape"], place)
    if keys == {"number"} and document["number"] in ("inf", "-inf", "nan"):
        return float(document["number"])
    for name, kind in (("tuple", tuple), ("list", list)):
        if keys == {name} and isinstance(document[name], list):
            return kind(decode(item, known, f"{place}.{i}") for i, item in enumerate(document[name]))
    if keys == {"mapping"} and isinstance(document["mapping"], dict):
        return {key: decode(item, known, f"{place}.{key}") for key, item in document["mapping"].items()}
    raise InvalidInput(
        f"{place} has the keys {', '.join(map(str, sorted(keys))) or 'of an empty object'}; expected 'instance' (a "
        "class name) and 'fields' (its arguments), or a list of numbers"
    )


def _decode_object(name: Any, given: dict[str, Any], known: Mapping[str, type], place: str) -> Any:
    kind = known.get(str(name))
    if kind is None:
        raise InvalidInput(f"{place}: instance is {name!r}; expected one of {', '.join(known)}")
    allowed = field_names(kind)
    extra = set(given) - set(allowed)
    if extra:
        raise InvalidInput(f"{place}: {name} has no field {sorted(extra)[0]!r}; expected {', '.join(sorted(allowed))}")
    values = {field: decode(item, known, f"{place}.{field}") for field, item in given.items()}
    try:
        return kind(**values)
    except InvalidInput as error:
        raise InvalidInput(f"{place}: {error}") from error
    except (TypeError, ValueError, AttributeError, IndexError, OverflowError) as error:  # a field of another kind
        raise InvalidInput(f"{place}: {name}: {error}") from error


def _decode_array(entries: Any, dtype: str, shape: Any, place: str) -> np.ndarray:
    """An array of numbers; ``shape`` None: that of the nested lists."""
    try:
        array = np.array(entries, dtype=dtype)
        return array if shape is None else array.reshape([int(n) for n in shape])
    except (TypeError, ValueError, OverflowError) as error:
        raise InvalidInput(f"{place} cannot be read as an array of {dtype}: {error}") from error
