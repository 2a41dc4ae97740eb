"""UCB-V as in eq. (3) of Audibert, Munos and Szepesvari (2009), rewards in [0, 1]."""

from __future__ import annotations

import math
from statistics import fmean, pvariance

from tests.reference.index_policy import play


def ucb_v(stack: list[list[float]], horizon: int, zeta: float = 1.2, c: float = 1.0) -> list[int]:
    """Decisions on a stack: ``stack[i][s]`` is the reward of the s-th pull (from 0) of arm i."""

    def index(own, t, _):
        n, x = len(own), zeta * math.log(t)
        return fmean(own) + math.sqrt(2 * pvariance(own) * x / n) + 3 * c * x / n

    return play(stack, horizon, index)
