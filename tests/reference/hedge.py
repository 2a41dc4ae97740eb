"""Hedge with full information, every ratio of the softmax summed on its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from tests.reference.exp3 import draw, softmax


def hedge(losses: Sequence[Sequence[float]], uniforms: Iterator[float], rate: Callable[[int], float]) -> list[int]:
    """Decisions on a loss sequence (T rows of K) with the uniforms that the arms are drawn with."""
    total = [0.0] * len(losses[0])
    decisions = []
    for t, row in enumerate(losses, start=1):
        decisions.append(draw(softmax(total, rate(t)), next(uniforms)))
        total = [old + new for old, new in zip(total, row)]
    return decisions
