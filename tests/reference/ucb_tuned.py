"""UCB1-Tuned as in Section 4 of Auer, Cesa-Bianchi and Fischer (2002)."""

from __future__ import annotations

import math

from tests.reference.index_policy import play


def ucb_tuned(stack: list[list[float]], horizon: int) -> list[int]:
    """Decisions on a stack: ``stack[i][s]`` is the reward of the s-th pull (from 0) of arm i."""

    def index(own, t, _):
        n, s = t - 1, len(own)
        mean = sum(own) / s
        variance = sum(map(float.__mul__, own, own)) / s - mean**2 + math.sqrt(2 * math.log(n) / s)
        return mean + math.sqrt(math.log(n) / s * min(1 / 4, variance))

    return play(stack, horizon, index)
