"""A plain index policy: every arm once, then the arm of the largest index."""

from __future__ import annotations

from collections.abc import Callable, Sequence


def play(
    stack: list[list[float]], horizon: int, index: Callable[[Sequence[float], int, Sequence[Sequence[float]]], float]
) -> list[int]:
    """Decisions on a stack, ties to the lowest arm.

    Args:
        stack: ``stack[i][s]`` is the reward of the s-th pull (from 0) of arm i.
        index: (rewards of the arm so far, round t about to be played, rewards of every arm) -> index.
    """
    history: list[list[float]] = [[] for _ in stack]
    decisions = []
    for t in range(1, horizon + 1):
        if t <= len(stack):
            arm = t - 1
        else:
            values = [index(rewards, t, history) for rewards in history]
            arm = values.index(max(values))
        history[arm].append(stack[arm][len(history[arm])])
        decisions.append(arm)
    return decisions
