"""Arrays of instances: what is accepted is fresh and read-only, what is refused is named."""

import numpy as np
import pytest

from theory.arrays import filled_array, finite_array
from theory.errors import InvalidInput


def test_an_array_is_a_read_only_copy_in_float64():
    given = np.asfortranarray([[1, 2], [3, 4]])
    array = finite_array("losses", given, "rounds arms")
    given[0, 0] = 9
    assert array.dtype == np.float64 and array.flags.c_contiguous and (array == [[1, 2], [3, 4]]).all()
    with pytest.raises(ValueError, match="read-only"):
        array[0, 0] = 0.0


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ("words", "losses cannot be read as an array of numbers"),
        ([[1.0], [1.0, 2.0]], "losses cannot be read as an array of numbers"),
        ([1.0, 2.0], r"losses have shape \(2,\); expected \(rounds, arms\)"),
        ([[0.0, 1.0], [np.nan, 1.0]], r"losses at index \(1, 0\) is nan; expected a finite number"),
        ([[0.0, -np.inf]], r"losses at index \(0, 1\) is -inf; expected a finite number"),
        (np.zeros((0, 2)), r"losses have shape \(0, 2\); expected \(rounds, arms\) with no axis empty"),
    ],
)
def test_what_is_wrong_is_named(values, message):
    with pytest.raises(InvalidInput, match=message):
        filled_array("losses", values, "rounds arms")


def test_an_axis_may_be_empty_where_that_makes_sense():
    assert finite_array("transitions", np.zeros((0, 2, 2)), "stages states states").shape == (0, 2, 2)
