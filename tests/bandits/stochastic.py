"""What the tests of stochastic bandit algorithms share: pre-drawn stacks for the references."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import NormalDist

from tests.reference.stacks import REWARD, key_of, uniform_at

FIVE = (0.9, 0.5, 0.2, 0.55, 0.7)


def bernoulli_stack(means: Sequence[float], seed: int, run: int, depth: int) -> list[list[float]]:
    """The first ``depth`` rewards of every arm of a Bernoulli bandit in one replication."""
    keys = [key_of(seed, REWARD, run, arm) for arm in range(len(means))]
    return [[float(uniform_at(key, s) < mean) for s in range(depth)] for key, mean in zip(keys, means)]


def gaussian_stack(means: Sequence[float], seed: int, run: int, depth: int) -> list[list[float]]:
    """The same for unit-variance Gaussian arms."""
    keys = [key_of(seed, REWARD, run, arm) for arm in range(len(means))]
    normal = NormalDist()
    return [[mean + normal.inv_cdf(uniform_at(key, s)) for s in range(depth)] for key, mean in zip(keys, means)]
