"""What the checks of the bandit exercises share: seeded numbers, places and arms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from proofs_check.course import Broken


def numbers(seed: int, purpose: str) -> np.random.Generator:
    """The random numbers of a check, others for every seed and purpose."""
    return np.random.default_rng([seed, *purpose.encode()])


def place(run: int, t: int, arm: int | None = None) -> str:
    """A place in a run, for :class:`Broken`: rounds count from 1."""
    return f"run {run}, round {t}" + ("" if arm is None else f", arm {arm}")


def require_arm(found: Any, n_arms: int, where: str) -> int:
    """What ``act`` returned, if it is an arm.

    Raises:
        Broken: unless it is an integer in 0..K-1.
    """
    if isinstance(found, bool) or not isinstance(found, int) or not 0 <= found < n_arms:
        raise Broken(
            "act returns an arm",
            where=where,
            expected=f"an integer in 0..{n_arms - 1}",
            found=found,
            hint="Arms are numbered from 0. Convert with int(...) if you have a float.",
        )
    return found


def require_highest(
    arm: int, index: np.ndarray, where: str, slips: Mapping[str, np.ndarray], tolerance: float = 1e-9
) -> None:
    """The arm played has the largest index, up to rounding.

    Args:
        index: exact indices, shape (K,). slips: hint -> the indices of a wrong rule; the hint is given if this rule
            alone explains the arm.

    Raises:
        Broken: unless its index is the largest up to ``tolerance``.
    """
    best = int(np.argmax(index))
    if not index[arm] >= index[best] - tolerance:
        hints = [hint for hint, wrong in slips.items() if arm == int(np.argmax(wrong))]
        raise Broken(
            "the arm played has the largest index",
            where=f"{where}, arm {arm}",
            expected=f"arm {best}; indices {np.round(index, 6).tolist()}",
            found=f"arm {arm}",
            hint=hints[0] if len(hints) == 1 else "",
        )


def require_first(arm: int, index: np.ndarray, where: str) -> None:
    """Of equal indices the lowest number is played. For data without rounding, such as rewards that are all 0.

    Raises:
        Broken: if an arm of the same index comes before.
    """
    first = int(np.argmax(index == index[arm]))
    if first != arm:
        raise Broken(
            "of equal indices the lowest number is played",
            where=f"{where}, arm {arm}",
            expected=f"arm {first}; indices {np.round(index, 6).tolist()}",
            found=f"arm {arm}",
            hint="Go through the arms from 0 on and compare with >, not with >=.",
        )
