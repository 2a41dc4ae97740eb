"""Documents hold numbers exactly, and what they cannot be is refused with its place."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from theory.documents import decode, encode
from theory.errors import InvalidInput


@dataclass(frozen=True, eq=False)
class Box:
    """An array, and anything."""

    values: Any
    inside: Any = None
    _cache: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if isinstance(self.values, np.ndarray) and (self.values == 13.0).any():
            raise InvalidInput("values contain 13")


class Pair(NamedTuple):
    """Two of anything."""

    left: Any
    right: Any = 0


KNOWN = {"Box": Box, "Pair": Pair}


def there_and_back(value: Any) -> Any:
    return decode(json.loads(json.dumps(encode(value, KNOWN), allow_nan=False)), KNOWN)


@given(arrays.arrays(np.float64, arrays.array_shapes(min_dims=0, min_side=0, max_side=3)))
def test_arrays_come_back_bit_for_bit(array):
    again = there_and_back(array)
    assert again.shape == array.shape and again.dtype == array.dtype
    finite = np.isfinite(array)
    assert again[finite].tobytes() == array[finite].tobytes()  # also the sign of zero
    np.testing.assert_array_equal(again, array)


@given(st.floats() | st.integers() | st.booleans() | st.text() | st.none())
def test_plain_values_come_back(value):
    again = there_and_back(value)
    assert type(again) is type(value) and (again == value or math.isnan(value))


def test_objects_inside_objects_come_back_as_what_they_were():
    value = Pair(Box(np.array([[0, 1]], np.int64), {"tuple": (1, 2.5), "list": [True]}), Box(np.array([math.inf])))
    again = there_and_back(value)
    assert type(again) is Pair and type(again.left) is Box and again.left.inside == value.left.inside
    assert again.left.values.dtype == np.int64 and again.left.values.tolist() == [[0, 1]]
    assert again.right.values.tolist() == [math.inf]
    assert "_cache" not in encode(value.left, KNOWN)["fields"]


def test_a_list_is_an_array():
    assert decode({"instance": "Box", "fields": {"values": [0.5, 1]}}, KNOWN).values.tolist() == [0.5, 1.0]


@pytest.mark.parametrize("value", [object(), np.array(["a"]), np.array([object()]), {1: 2}, 1j, Pair])
def test_what_no_document_can_hold_is_named(value):
    with pytest.raises(InvalidInput, match="cannot be written; expected arrays"):
        encode(Pair(value), KNOWN)


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({"instance": "Evil", "fields": {}}, "top: instance is 'Evil'; expected one of Box, Pair"),
        ({"instance": "Box", "fields": {"valeus": [1]}}, "top: Box has no field 'valeus'; expected inside, values"),
        ({"instance": "Pair", "fields": {}}, r"top: Pair: .*missing 1 required positional argument: 'left'"),
        ({"instance": "Box", "fields": {"values": [13]}}, "top: values contain 13"),
        ({"instance": "Pair", "fields": {"left": {"instance": "Box", "fields": {"values": [1, [2]]}}}},
         "top.left.values cannot be read as an array of float64"),
        ({"array": [1, 2], "dtype": "int64", "shape": [3]}, "top cannot be read as an array of int64"),
        ({"array": [1], "dtype": "object", "shape": [1]}, "top has the keys array, dtype, shape"),
        ({"number": "12"}, "top has the keys number"),
        ({}, "top has the keys of an empty object"),
    ],
)  # fmt: skip
def test_what_is_no_document_is_refused_with_its_place(document, expected):
    with pytest.raises(InvalidInput, match=expected):
        decode(document, KNOWN, "top")
