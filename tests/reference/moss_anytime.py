"""MOSS-anytime as in Degenne and Perchet (2016), rewards in [0, 1]."""

from __future__ import annotations

import math

from tests.reference.index_policy import play


def moss_anytime(stack: list[list[float]], horizon: int, alpha: float = 1.35) -> list[int]:
    """Decisions on a stack: ``stack[i][s]`` is the reward of the s-th pull (from 0) of arm i."""

    def index(own, t, every):
        n, k = len(own), len(every)
        return sum(own) / n + math.sqrt((1 + alpha) / 2 * max(0.0, math.log(t / (k * n))) / n)

    return play(stack, horizon, index)
