"""KL-UCB++ as in Menard and Garivier (2017), Bernoulli rewards, every index by bisection of its definition."""

from __future__ import annotations

import math

from tests.reference.index_policy import play
from tests.reference.kl_ucb import divergence
from tests.reference.kl_ucb import index as upper_bound


def kl_ucb_plus_plus(stack: list[list[float]], horizon: int) -> list[int]:
    """Decisions on a stack: ``stack[i][s]`` is the reward of the s-th pull (from 0) of arm i."""

    def index(own, t, every):
        n = len(own)
        y = horizon / (len(every) * n)
        log_plus = max(0.0, math.log(y))
        g = max(0.0, math.log(y * (1 + log_plus**2)))
        return upper_bound(sum(own) / n, n, g, divergence, 1.0)

    return play(stack, horizon, index)
