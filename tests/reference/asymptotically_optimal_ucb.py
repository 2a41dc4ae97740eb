"""Asymptotically optimal UCB as in Algorithm 6 of Lattimore and Szepesvari (2020)."""

from __future__ import annotations

import math

from tests.reference.index_policy import play


def asymptotically_optimal_ucb(stack: list[list[float]], horizon: int) -> list[int]:
    """Decisions on a stack of 1-subgaussian rewards: ``stack[i][s]`` is the s-th pull (from 0) of arm i."""

    def index(own, t, _):
        f = 1 + t * math.log(t) ** 2
        return sum(own) / len(own) + math.sqrt(2 * math.log(f) / len(own))

    return play(stack, horizon, index)
