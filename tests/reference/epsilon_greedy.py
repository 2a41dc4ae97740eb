"""epsilon_t-greedy as in Figure 3 of Auer, Cesa-Bianchi and Fischer (2002)."""

from __future__ import annotations

from collections.abc import Iterator


def epsilon_greedy(stack: list[list[float]], coins: Iterator[float], horizon: int, gap: float, c: float) -> list[int]:
    """Decisions on a stack: ``stack[i][s]`` is the reward of the s-th pull (from 0) of arm i.

    ``coins``: the private uniforms, two a round: whether to explore, and which arm.
    """
    n_arms = len(stack)
    history: list[list[float]] = [[] for _ in stack]
    decisions = []
    for t in range(1, horizon + 1):
        coin, choice = next(coins), next(coins)
        means = [sum(rewards) / len(rewards) if rewards else 0.0 for rewards in history]
        explore = coin < min(1, c * n_arms / (gap**2 * t))
        arm = int(choice * n_arms) if explore else means.index(max(means))
        history[arm].append(stack[arm][len(history[arm])])
        decisions.append(arm)
    return decisions
