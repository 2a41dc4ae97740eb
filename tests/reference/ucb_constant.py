"""UCB of constant regret as in Section 5 of Abbasi-Yadkori, Pal and Szepesvari (2011)."""

from __future__ import annotations

import math

from tests.reference.index_policy import play


def ucb_constant(stack: list[list[float]], horizon: int, delta: float) -> list[int]:
    """Decisions on a stack: ``stack[i][s]`` is the reward of the s-th pull (from 0) of arm i."""

    def index(own, t, every):
        n = len(own)
        inner = 1 + 2 * math.log(len(every) * (1 + n) ** (1 / 2) / delta)
        return sum(own) / n + math.sqrt((1 + n) / n**2 * inner)

    return play(stack, horizon, index)
