"""Right-hand sides of theorems written out a second time, where no other test does."""

from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np
import pytest

from theory.theorems import theorem

T = 500.0
L = math.log(T)


def space(**values):
    return SimpleNamespace(**values)


MDP = space(n_states=3, n_actions=2, horizon=4, n_contexts=2, dimension=5, n_arms=2)
FREE = space(learning_rate=0.1, decay=0.0, mixture=space(shannon=2.0, tsallis=0.0, alpha=0.5, barrier=0.0))
WITH_BARRIER = space(learning_rate=0.1, decay=0.0, mixture=space(shannon=0.0, tsallis=0.0, alpha=0.5, barrier=0.5))
CLOSE_TO_VERTEX = (1.0 - 0.5 / T, 0.5 / T)
OFUL = space(delta=0.05, regularization=1.0, parameter_bound=1.0, feature_bound=1.0, noise=1.0, growth=3.0)
LINEAR = space(dimension=2, parameter_bound=1.0, feature_bound=1.0, noise_subgaussian=1.0, max_gap=2.0)
REFINED = space(learning_rate=0.01, bonus_scale=0.2, regularization=0.001)

VALUES = {
    "exp3-p/expected": (MDP, space(), 5.15 * math.sqrt(2 * T * math.log(2)) + math.sqrt(2 * T / math.log(2))),
    # entropy with coefficient 2: range 2 log 2, M = 1/2, no mixing of the comparator
    "ftrl/full-information": (MDP, FREE, 2 * math.log(2) / 0.1 + 0.25 * 0.1 * T),
    "refined-log-barrier/tuned": (MDP, space(), 2 * math.sqrt(2 * T * L) + 1),
    "hf-rfe/lower": (MDP, space(), 5 / (16 * math.sqrt(3) * math.sqrt(T))),
    "lmdp/plans": (MDP, space(), 2 * 3 * 2 * (math.log2(4 * T) + 2)),
    "psrl/bayes-regret": (MDP, space(), 4 * 3 * math.sqrt(30 * 2 * 4 * T * math.log(3 * 2 * 4 * T))),
    "refined-regret/linear-bandit": (MDP, REFINED, 2 * L / 0.01 + 0.005 * 5 * T + 2),
    "refined-regret/linear-bandit-tuned": (MDP, REFINED, math.sqrt(2 * 2 * 5 * T * L) + 2),
    "refined-regret/reduced": (
        MDP, REFINED,
        4 * math.log(2) / 0.01 + 2 * 0.001 * 5 * 64 * T / 0.2 + 2 * math.e * 0.2 * 5 * 4 * T,
    ),
}  # fmt: skip


@pytest.mark.parametrize("id", VALUES)
def test_bound_as_written_out(id):
    instance, params, value = VALUES[id]
    assert float(theorem(id).bound(instance, params, np.array([T]))[0]) == pytest.approx(value, rel=1e-12)


def test_a_barrier_mixes_the_comparator():
    # b sum log(1/u): u = (1 - 1/(2T), 1/(2T)) against the uniform law, M = 1/b, and one more for the mixing
    spread = sum(math.log(1 / u) for u in CLOSE_TO_VERTEX) - 2 * math.log(2)
    value = 0.5 * spread / 0.1 + 0.5 * (1 / 0.5) * 0.1 * T + 1
    bound = theorem("ftrl/full-information").bound(MDP, WITH_BARRIER, np.array([T]))
    assert float(bound[0]) == pytest.approx(value, rel=1e-12)


def test_rare_switching_pays_the_root_of_its_growth():
    ours = theorem("rare-switching-oful/regret").bound(LINEAR, OFUL, np.array([T]))
    assert float(ours[0]) == pytest.approx(2 * float(theorem("oful/regret").bound(LINEAR, OFUL, np.array([T]))[0]))


def test_weighted_oful():
    params = space(delta=0.05, regularization=0.25, parameter_bound=2.0, feature_bound=1.0, noise_bound=1.0)
    instance = space(dimension=4, parameter_bound=2.0, feature_bound=1.0, noise_bound=1.0, largest_variance=0.1)
    alpha, gm = 1 / math.sqrt(T), 1 / 4**0.25
    iota = math.log(32 * (math.log(gm**2 / alpha) + 1) * T**2 / 0.05)
    grown = 4 * math.log(1 + T / (alpha**2 * 4 * 0.25))
    radius = 12 * math.sqrt(grown * iota) + 30 * iota / gm**2 + math.sqrt(0.25) * 2.0
    covered = theorem("weighted-oful/coverage").bound(instance, params, np.array([T]))
    assert float(covered[0]) == pytest.approx(radius, rel=1e-12)
    regret = 2 * radius * (math.sqrt(2 * grown * (0.1 * T + 1)) + 2 * gm**2 * grown) + 4 * grown
    bound = theorem("weighted-oful/regret").bound(instance, params, np.array([T]))
    assert float(bound[0]) == pytest.approx(regret, rel=1e-12)
