"""Bayes-UCB as in Kaufmann, Cappe and Garivier (2012), quantiles by scipy."""

from __future__ import annotations

import math

from scipy.special import betaincinv

from tests.reference.index_policy import play


def bayes_ucb(stack: list[list[float]], horizon: int, c: float) -> list[int]:
    """Decisions on a stack: ``stack[i][s]`` is the reward (0 or 1) of the s-th pull (from 0) of arm i."""

    def index(own, t, _):
        successes = sum(own)
        failures = len(own) - successes
        p = 1 / (t * math.log(horizon) ** c)
        # 1 - Beta(a, b) is Beta(b, a): the upper quantile of one is 1 minus the lower quantile of the other.
        return -float(betaincinv(failures + 1, successes + 1, p))

    return play(stack, horizon, index)
