"""MOSS against its reference, its limits, and the maximal inequality of its proof."""

from __future__ import annotations

import math

import numpy as np
import pytest

from bandits.algorithms.moss import MOSS, width
from bandits.algorithms.ucb1 import UCB1
from bandits.instances.bernoulli import bernoulli
from bandits.instances.gaussian import gaussian
from kernels.engine import simulate
from proofs_check.claims.moss import largest_count, observe_without_own_count, optimism_gap
from proofs_check.statistics import clopper_pearson
from tests.bandits.stochastic import FIVE, bernoulli_stack, gaussian_stack
from tests.reference.moss import moss
from theory.errors import InvalidInput

HORIZON, SEED, RUNS = 300, 31, 10


@pytest.mark.parametrize("means", [(0.5, 0.6), FIVE, (0.0, 1.0, 0.5)])
def test_original_decides_as_the_reference_on_shared_stacks(means):
    trace = simulate(MOSS(), bernoulli(*means), HORIZON, RUNS, seed=SEED, n_decisions=HORIZON)
    for run in range(RUNS):
        stack = bernoulli_stack(means, SEED, run, HORIZON)
        assert trace.extra["decisions"][run].tolist() == moss(stack, HORIZON, 1.0)


def test_subgaussian_version_decides_as_the_reference_on_shared_stacks():
    means = (0.3, 0.0, 0.5)
    trace = simulate(MOSS(1.0), gaussian(*means), HORIZON, RUNS, seed=SEED, n_decisions=HORIZON)
    for run in range(RUNS):
        stack = gaussian_stack(means, SEED, run, HORIZON)
        assert trace.extra["decisions"][run].tolist() == moss(stack, HORIZON, 4.0)


def test_scaling_rule():
    """Doubled rewards with sigma = 1 are decided like the rewards with sigma = 1/2: widths scale with the noise."""
    half = simulate(MOSS(0.5), gaussian(0.1, 0.3, sd=0.5), 500, 5, seed=SEED, n_decisions=500)
    whole = simulate(MOSS(1.0), gaussian(0.2, 0.6, sd=1.0), 500, 5, seed=SEED, n_decisions=500)
    assert np.array_equal(half.extra["decisions"], whole.extra["decisions"])


def test_without_a_width_it_is_greedy():
    """sigma = 0, or N >= T/K: the width vanishes, and the rule is UCB1's without a bonus."""
    mine = simulate(MOSS(0.0), bernoulli(*FIVE), HORIZON, RUNS, seed=SEED, n_decisions=HORIZON)
    theirs = simulate(UCB1(0.0), bernoulli(*FIVE), HORIZON, RUNS, seed=SEED, n_decisions=HORIZON)
    assert np.array_equal(mine.extra["decisions"], theirs.extra["decisions"])
    assert width(MOSS(), 50.0, 50.0) == 0.0 and width(MOSS(), 60.0, 50.0) == 0.0 < width(MOSS(), 49.0, 50.0)


def test_planted_fault_changes_decisions():
    broken = simulate(MOSS(), bernoulli(*FIVE), HORIZON, 1, seed=SEED, n_decisions=HORIZON,
                      overrides={"observe": observe_without_own_count})  # fmt: skip
    assert broken.extra["decisions"][0].tolist() != moss(bernoulli_stack(FIVE, SEED, 0, HORIZON), HORIZON, 1.0)


def test_peeling_inequality():
    """Lattimore and Szepesvari 2020, Lemma 9.3 on Gaussian walks.

    P(exists s >= 1: mean_s + sqrt((4/s) log+(1/(s p))) + D <= 0) <= 15 p / D^2, seen on walks of 2 / D^2 steps and more
    (a walk that is cut off can only fail less often).
    """
    rng = np.random.default_rng(4)
    p, gap, n, walks = 1e-3, 0.25, 2000, 4000
    s = np.arange(1.0, n + 1.0)
    means = np.cumsum(rng.standard_normal((walks, n)), axis=1) / s
    failed = int((means + np.sqrt(4.0 / s * np.log(np.maximum(1.0, 1.0 / (s * p)))) + gap <= 0.0).any(axis=1).sum())
    bound = 15.0 * p / gap**2
    assert bound < 1.0
    assert clopper_pearson(failed, walks, 1e-6)[0] <= bound
    # The width is needed: without it the walk of means falls below -D far more often than the lemma allows.
    bare = int((means + gap <= 0.0).any(axis=1).sum())
    assert clopper_pearson(bare, walks, 1e-6)[0] > bound


def test_constants_of_the_watch():
    assert 15 * 10 * 0.25 / (20_000 * optimism_gap(0.5, 10, 20_000) ** 2) == pytest.approx(0.05)
    n = largest_count(0.5, 1000.0, 0.1)
    assert n * 0.01 <= math.log(1000 / n) and (n + 1) * 0.01 > math.log(1000 / (n + 1))


@pytest.mark.parametrize("sigma", [-0.5, math.nan, math.inf])
def test_refuses_a_bad_sigma(sigma):
    with pytest.raises(InvalidInput, match="sigma of MOSS"):
        simulate(MOSS(sigma), bernoulli(0.5, 0.6), 10, 1)
