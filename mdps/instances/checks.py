"""Checks on the arguments of instance families, one sentence each."""

from __future__ import annotations

import math

from theory.errors import InvalidInput


def integer_at_least(what: str, value: int, low: int) -> None:
    """Raises InvalidInput unless ``value`` is an integer >= ``low``."""
    if isinstance(value, bool) or int(value) != value or value < low:
        raise InvalidInput(f"{what} is {value!r}; expected an integer >= {low}")


def index_below(what: str, value: int, size: int) -> None:
    """Raises InvalidInput unless ``value`` is an index in 0..size-1."""
    if isinstance(value, bool) or int(value) != value or not 0 <= value < size:
        raise InvalidInput(f"{what} is {value!r}; expected an index in 0..{size - 1}")


def number_between(what: str, value: float, low: float, high: float) -> None:
    """Raises InvalidInput unless ``low <= value <= high``."""
    if math.isnan(value) or math.isinf(value) or not low <= value <= high:
        raise InvalidInput(f"{what} is {value!r}; expected a number in [{low:g}, {high:g}]")


def positive_number(what: str, value: float) -> None:
    """Raises InvalidInput unless ``value`` is finite and > 0."""
    if not (math.isfinite(value) and value > 0):
        raise InvalidInput(f"{what} is {value!r}; expected a finite number > 0")
