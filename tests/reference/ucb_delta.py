"""UCB(delta) as in Algorithm 3 of Lattimore and Szepesvari (2020)."""

from __future__ import annotations

import math

from tests.reference.index_policy import play


def ucb_delta(stack: list[list[float]], horizon: int, delta: float) -> list[int]:
    """Decisions on a stack: ``stack[i][s]`` is the reward of the s-th pull (from 0) of arm i."""
    return play(stack, horizon, lambda own, t, _: sum(own) / len(own) + math.sqrt(2 * math.log(1 / delta) / len(own)))
