"""Exact expectations on tiny loss sequences: all K^T action paths of a compiled algorithm, forced one by one."""

from __future__ import annotations

import itertools
import sys
from typing import Any

import numpy as np

from bandits.model import BanditProblem


def forced(params: Any, losses: np.ndarray, path: tuple[int, ...]) -> np.ndarray:
    """The laws p_1, p_2, ... of an algorithm whose arms are dictated, shape (T, K)."""
    module: Any = sys.modules[type(params).__module__]
    n_arms = losses.shape[1]
    state = module.allocate(params, BanditProblem(n_arms, len(losses)))
    rng = np.zeros(3, np.uint64)
    module.init(params, state)
    laws = np.empty((len(path), n_arms))
    for t, arm in enumerate(path, start=1):
        module.act(params, state, t, rng)
        laws[t - 1] = state.probabilities
        module.observe(params, state, t, arm, losses[t - 1, arm])
    return laws


def expected_regret(params: Any, losses: np.ndarray) -> float:
    """E sum_t <p_t, l_t> - min_i sum_t l_{t,i} over all K^T paths, exactly up to rounding."""
    horizon, n_arms = losses.shape
    total = 0.0
    for path in itertools.product(range(n_arms), repeat=horizon):
        laws = forced(params, losses, path)
        chance = np.prod(laws[np.arange(horizon), path])
        total += chance * losses[np.arange(horizon), path].sum()
    return float(total - losses.sum(axis=0).min())
