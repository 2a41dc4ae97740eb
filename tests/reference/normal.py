"""Words of a stream and normal variates by the ziggurat (Marsaglia and Tsang 2000, Doornik 2005), in plain Python."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import cache

from tests.reference.stacks import MASK, gamma_of, key_of, mix

LAYERS = 256


def words(seed: int, purpose: int, run: int, index: int) -> Iterator[int]:
    """The 64-bit words of a stream from its beginning."""
    key = key_of(seed, purpose, run, index)
    n = 0
    while True:
        yield mix((key + n * gamma_of(key)) & MASK)
        n += 1


def uniform(stream: Iterator[int]) -> float:
    """The next word as a uniform."""
    return (next(stream) >> 11) / 2.0**53


def f(x: float) -> float:
    """The unnormalised normal density."""
    return math.exp(-x * x / 2)


def layers(edge: float) -> tuple[list[float], float]:
    """Right edges of the layers if the tail begins at ``edge``, and what the topmost misses of the density's peak."""
    area = edge * f(edge) + math.sqrt(math.pi / 2) * math.erfc(edge / math.sqrt(2))
    x = [area / f(edge), edge]
    while len(x) < LAYERS:
        height = area / x[-1] + f(x[-1])
        if height >= 1:
            return x, 1.0
        x.append(math.sqrt(-2 * math.log(height)))
    return x, area / x[-1] + f(x[-1]) - 1


@cache
def edges() -> list[float]:
    """The edges for which the topmost layer ends at the peak, found by bisection."""
    low, high = 3.0, 4.0
    while True:
        middle = (low + high) / 2
        if middle in (low, high):
            return [*layers(high)[0], 0.0]
        if layers(middle)[1] > 0:
            low = middle
        else:
            high = middle


def normal(stream: Iterator[int]) -> float:
    """The next N(0, 1)."""
    x = edges()
    while True:
        word = next(stream)
        i = word % LAYERS
        u = 2 * ((word >> 11) / 2.0**53) - 1
        z = u * x[i]
        if abs(z) < x[i + 1]:
            return z
        if i == 0:
            while True:
                tail = -math.log(1 - uniform(stream)) / x[1]
                if -2 * math.log(1 - uniform(stream)) >= tail**2:
                    return math.copysign(x[1] + tail, u)
        if f(x[i]) + (1 - uniform(stream)) * (f(x[i + 1]) - f(x[i])) < f(z):
            return z
