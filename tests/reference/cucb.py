"""CombUCB1 of Kveton, Wen, Ashkan and Szepesvari (2015), written with dictionaries."""

from __future__ import annotations

import math
from collections.abc import Sequence


def comb_ucb1(stack: list[list[float]], actions: Sequence[frozenset[int]], tied: list[int]) -> list[int]:
    """Decisions; ``stack[e][n]`` is the n-th reward of item e.

    Of actions equal up to rounding the one of ``tied`` is played, which is as long as the run.
    """
    seen: dict[int, list[float]] = {item: [] for item in range(len(stack))}
    decisions = []
    for t in range(1, len(tied) + 1):
        if any(not s for s in seen.values()):
            value = [sum(1.0 for item in action if not seen[item]) for action in actions]
        else:
            upper = {e: math.fsum(s) / len(s) + math.sqrt(1.5 * math.log(t - 1) / len(s)) for e, s in seen.items()}
            value = [math.fsum(upper[item] for item in action) for action in actions]
        top = max(value)
        best = [i for i, v in enumerate(value) if v >= top - 1e-12]
        action = tied[t - 1] if tied[t - 1] in best else best[0]
        for item in actions[action]:
            seen[item].append(stack[item][len(seen[item])])
        decisions.append(action)
    return decisions
