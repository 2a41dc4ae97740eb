"""IMED as in Honda and Takemura (2015), Bernoulli rewards."""

from __future__ import annotations

import math

from tests.reference.index_policy import play
from tests.reference.kl_ucb import divergence


def imed(stack: list[list[float]], horizon: int) -> list[int]:
    """Decisions on a stack: ``stack[i][s]`` is the reward of the s-th pull (from 0) of arm i."""

    def index(own, t, every):
        n, mean = len(own), sum(own) / len(own)
        leader = max(sum(rewards) / len(rewards) for rewards in every)
        if mean == leader:
            return -math.log(n)
        return -math.inf if leader == 1 else -(n * divergence(mean, leader) + math.log(n))

    return play(stack, horizon, index)
