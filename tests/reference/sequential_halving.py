"""Sequential halving of Karnin, Koren and Somekh (2013)."""

from __future__ import annotations

import math


def sequential_halving(stack: list[list[float]], budget: int) -> tuple[list[int], int]:
    """(decisions, answer) on a stack; pulls left over go to the answer."""
    survivors = list(range(len(stack)))
    phases = math.ceil(math.log2(len(stack)))
    used = [0] * len(stack)
    decisions: list[int] = []
    for _ in range(phases):
        each = budget // (len(survivors) * phases)
        mean = {}
        for arm in survivors:
            samples = stack[arm][used[arm] : used[arm] + each]
            used[arm] += each
            decisions += [arm] * each
            mean[arm] = math.fsum(samples) / each
        ranked = sorted(survivors, key=lambda arm: (-mean[arm], arm))
        survivors = sorted(ranked[: math.ceil(len(survivors) / 2)])
    return decisions + [survivors[0]] * (budget - len(decisions)), survivors[0]
