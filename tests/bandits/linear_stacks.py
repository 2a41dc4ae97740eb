"""Linear bandits on shared stacks: instances of every kind, and their contexts and rewards drawn independently."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from bandits.linear import LinearBandit
from tests.reference.stacks import CONTEXT, REWARD, key_of, uniform_at


def instances() -> list[LinearBandit]:
    """A fixed set, drawn contexts with Bernoulli rewards, and a table of 150 rounds."""
    rng = np.random.default_rng(8)
    return [
        LinearBandit.fixed(rng.standard_normal((6, 3)), rng.standard_normal(3), noise="uniform", scale=1.5),
        LinearBandit.contextual(
            rng.dirichlet(np.ones(4), size=(3, 5)), [0.9, 0.1, 0.5, 0.3], [0.2, 0.5, 0.3], noise="bernoulli"
        ),
        LinearBandit.table(rng.standard_normal((150, 4, 2)), [0.4, -0.3], noise="uniform", scale=0.8),
    ]


def context_at(bandit: LinearBandit, seed: int, run: int, t: int) -> int:
    """The context of round t + 1."""
    if bandit.weights is None:
        return t
    if bandit.n_contexts == 1:
        return 0
    u = uniform_at(key_of(seed, CONTEXT, run, 0), t)
    return int(np.searchsorted(np.cumsum(bandit.weights), u, side="right"))


def reward_at(bandit: LinearBandit, seed: int, run: int, t: int, context: int, action: int) -> float:
    """The reward of round t + 1, for Bernoulli or uniform noise."""
    u = uniform_at(key_of(seed, REWARD, run, 0), t)
    mean = float(bandit.features[context, action] @ bandit.theta)
    return float(u < mean) if bandit.noise == "bernoulli" else mean + bandit.scale * (2 * u - 1)


def stacked(
    bandit: LinearBandit, seed: int, run: int, horizon: int
) -> tuple[list[np.ndarray], Callable[[int, int], float]]:
    """The action sets of a run and its rewards as a function of (round from 0, action)."""
    contexts = [context_at(bandit, seed, run, t) for t in range(horizon)]
    return (
        [bandit.features[c] for c in contexts],
        lambda t, action: reward_at(bandit, seed, run, t, contexts[t], action),
    )
