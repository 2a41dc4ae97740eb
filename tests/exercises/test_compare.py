"""Comparisons of arrays: the place of the first wrong entry, and the hints of the mistakes that explain it."""

from __future__ import annotations

import math

import numpy as np
import pytest

from exercises.compare import require, require_at_most
from exercises.episodes import require_optimism, require_parts
from proofs_check.course import Broken

EXPECTED = np.array([[1.0, 2.0], [3.0, 4.0]])


def broken_by(found, **options):
    with pytest.raises(Broken) as caught:
        require("x = y", found, EXPECTED, **options)
    return caught.value


def test_the_first_wrong_entry_is_named_and_explained_by_its_own_value():
    slips = {"twice": 2.0 * EXPECTED, "plus two": EXPECTED + 2.0, "squared": EXPECTED**2}
    broken = broken_by([[1.0, 4.0], [9.0, 4.0]], axes=("stage", "state"), where="model 1", slips=slips)
    assert broken.where == "model 1, stage 0, state 1"
    assert (broken.expected, broken.found) == (2.0, 4.0)
    assert broken.hint == "twice Or: plus two Or: squared"


def test_numbers_that_are_none_a_wrong_shape_and_text_are_broken():
    assert broken_by(np.full((2, 2), math.nan), axes=("stage", "state")).where == "stage 0, state 0"
    assert broken_by(np.ones(3), axes=("stage", "state")).found == (3,)
    assert broken_by("text", axes=("stage", "state")).found == "text"
    for alone in (None, 3.0):
        assert broken_by(alone, axes=("stage", "state"), slips={"twice": 2.0 * EXPECTED}).where == "shape"


def test_an_infinite_value_is_explained_too():
    infinite = np.full((2, 2), math.inf)
    assert broken_by(infinite, axes=("stage", "state"), slips={"divided by zero": infinite}).hint == "divided by zero"


def test_at_most_allows_rounding_and_nothing_else():
    require_at_most("x <= y", 1.0 + 1e-12, 1.0)
    for left, right in ((1.0 + 1e-6, 1.0), (math.nan, 1.0), (1.0, math.nan)):
        with pytest.raises(Broken, match="x <= y"):
            require_at_most("x <= y", left, right)


def test_nan_is_not_optimistic_and_one_number_is_no_table():
    table = EXPECTED[None]
    require_optimism("Q* <= Q", table, table, "episode 1")
    for found, place in ((np.where(table == 3.0, math.nan, table), "stage 0, state 1, action 0"), (math.inf, "shape")):
        with pytest.raises(Broken) as caught:
            require_optimism("Q* <= Q", found, table, "episode 1")
        assert caught.value.where == f"episode 1, {place}"


def test_the_number_of_results_is_checked():
    assert require_parts([1, 2], "f", "values, q") == [1, 2]
    for answer in ([1], None, {"values": 1}):
        with pytest.raises(Broken, match="f returns values, q"):
            require_parts(answer, "f", "values, q")
