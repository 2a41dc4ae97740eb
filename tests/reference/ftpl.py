"""Follow the perturbed leader: noise drawn arm by arm in every round, Gumbel over eta or uniform on [0, 1/epsilon]."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence


def ftpl(losses: Sequence[Sequence[float]], uniforms: Iterator[float], noise: Callable[[float], float]) -> list[int]:
    """Decisions on a loss sequence; ``noise`` turns a uniform into what is added to an arm's loss."""
    total = [0.0] * len(losses[0])
    decisions = []
    for row in losses:
        perturbed = [loss + noise(next(uniforms)) for loss in total]
        decisions.append(perturbed.index(min(perturbed)))
        total = [old + new for old, new in zip(total, row)]
    return decisions


def gumbel(eta: float) -> Callable[[float], float]:
    """-G/eta by the quantile function of G."""
    return lambda u: math.log(-math.log(max(u, 2.0**-54))) / eta


def uniform(epsilon: float) -> Callable[[float], float]:
    """U/epsilon."""
    return lambda u: u / epsilon
