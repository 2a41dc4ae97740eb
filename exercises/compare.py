"""Comparing arrays entry by entry: the place by name, and the hint for the very mistake that gives the value found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from proofs_check.course import Broken, require_close


def require(
    statement: str,
    found: Any,
    expected: Any,
    *,
    axes: Sequence[str] = (),
    where: str = "",
    slips: Mapping[str, Any] | None = None,
    tolerance: float = 1e-9,
) -> None:
    """:func:`proofs_check.course.require_close` with names and known mistakes.

    Args:
        axes: names of the axes of ``expected``: the place of a wrong entry reads "stage 0, state 2".
        where: what comes before that. slips: hint -> what the mistake would have given, of the shape of ``expected``.

    Raises:
        Broken: at the first wrong entry; its hints are those of the slips which give the value found there.
    """
    try:
        require_close(statement, found, expected, where=where, tolerance=tolerance)
    except Broken as broken:
        if not axes or not isinstance(broken.expected, float):
            values = (slips or {}).items()
            broken.hint = " Or: ".join(hint for hint, value in values if _close(found, value, tolerance))
            raise
    else:
        return
    have, want = np.asarray(found, dtype=float), np.asarray(expected, dtype=float)
    for index in np.ndindex(want.shape):
        place = ", ".join(filter(None, [where, *(f"{axis} {i}" for axis, i in zip(axes, index))]))
        entries = {hint: float(np.asarray(value)[index]) for hint, value in (slips or {}).items()}
        require(statement, float(have[index]), float(want[index]), where=place, slips=entries, tolerance=tolerance)


def _close(found: Any, value: Any, tolerance: float) -> bool:
    if np.isscalar(found) and np.ndim(value) == 0 and found == value:  # infinite, perhaps
        return True
    try:
        require_close("", found, value, tolerance=tolerance)
    except Broken:
        return False
    return True


def require_at_most(statement: str, left: float, right: float, *, where: str = "", hint: str = "") -> None:
    """Raise :class:`Broken` unless left <= right up to 1e-9 (relative where |right| > 1); nan is no number at all."""
    if not left <= right + 1e-9 * max(1.0, abs(right)):
        raise Broken(statement, where=where, expected=f"at most {right:.6g}", found=float(left), hint=hint)
