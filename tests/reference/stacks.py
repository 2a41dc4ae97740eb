"""Pre-drawn stacks in plain Python integers: the same numbers as the compiled streams, computed independently."""

from __future__ import annotations

from collections.abc import Iterator

MASK = (1 << 64) - 1
GOLDEN = 0x9E3779B97F4A7C15
REWARD, POLICY, ENVIRONMENT, TRANSITION, CONTEXT = 1, 2, 3, 4, 5


def mix(z: int) -> int:
    """SplitMix64's finaliser."""
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return z ^ (z >> 31)


def key_of(seed: int, purpose: int, run: int, index: int) -> int:
    """Address of a stream."""
    word = mix((seed + GOLDEN) & MASK)
    word = mix(word ^ ((purpose + GOLDEN) & MASK))
    word = mix((word + run * GOLDEN + 1) & MASK)
    return mix((word + index * GOLDEN + 1) & MASK)


def gamma_of(key: int) -> int:
    """Odd increment of a stream."""
    z = ((key ^ (key >> 33)) * 0xFF51AFD7ED558CCD) & MASK
    z = ((z ^ (z >> 33)) * 0xC4CEB9FE1A85EC53) & MASK
    return (z ^ (z >> 33)) | 1


def uniform_at(key: int, n: int) -> float:
    """The n-th uniform of a stream."""
    return (mix((key + n * gamma_of(key)) & MASK) >> 11) / 2.0**53


def uniforms(seed: int, purpose: int, run: int, index: int) -> Iterator[float]:
    """A stream from its beginning."""
    key = key_of(seed, purpose, run, index)
    n = 0
    while True:
        yield uniform_at(key, n)
        n += 1
