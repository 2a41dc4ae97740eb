"""Explore-then-commit as in Algorithm 1 of Lattimore and Szepesvari (2020)."""

from __future__ import annotations


def etc(stack: list[list[float]], horizon: int, m: int) -> list[int]:
    """Decisions on a stack: ``stack[i][s]`` is the reward of the s-th pull (from 0) of arm i."""
    n_arms = len(stack)
    explored = [arm for _ in range(m) for arm in range(n_arms)]
    means = [sum(stack[arm][:m]) / m for arm in range(n_arms)]
    best = max(range(n_arms), key=lambda arm: (means[arm], -arm))
    return (explored + [best] * (horizon - len(explored)))[:horizon]
