"""MOSS-anytime against its reference, its limits, and the peeling behind its optimism."""

from __future__ import annotations

import math

import numpy as np
import pytest

from bandits.algorithms.moss_anytime import MOSSAnytime
from bandits.algorithms.ucb1 import UCB1
from bandits.instances.bernoulli import bernoulli
from kernels.engine import simulate
from proofs_check.claims.moss_anytime import act_without_own_count, engine_line, first_watched, optimism_gap
from proofs_check.statistics import clopper_pearson
from tests.bandits.index_checks import HORIZON, assert_agrees_on_bernoulli, decisions, on_bernoulli
from tests.bandits.stochastic import FIVE
from tests.reference.moss_anytime import moss_anytime
from theory.errors import HypothesisViolated, InvalidInput
from theory.theorems import theorem


def reference(stack):
    return moss_anytime(stack, HORIZON)


@pytest.mark.parametrize("means", [(0.5, 0.6), FIVE, (0.0, 1.0, 0.5)])
def test_decides_as_the_reference_on_shared_stacks(means):
    assert_agrees_on_bernoulli(MOSSAnytime(), means, reference)


def test_another_alpha_or_a_planted_fault_changes_decisions():
    theirs = on_bernoulli(FIVE, reference)
    assert decisions(MOSSAnytime(1.2), bernoulli(*FIVE)) != theirs
    assert decisions(MOSSAnytime(), bernoulli(*FIVE), overrides={"act": act_without_own_count}) != theirs


def test_6_without_a_width_it_is_greedy():
    """Acceptance check 6: alpha = -1 leaves no width."""
    assert decisions(MOSSAnytime(-1.0), bernoulli(*FIVE)) == decisions(UCB1(0.0), bernoulli(*FIVE))


def test_it_does_not_know_the_horizon():
    short, long = (simulate(MOSSAnytime(), bernoulli(*FIVE), t, 5, seed=1, checkpoints=[200]) for t in (200, 900))
    assert np.array_equal(short.regret, long.regret)


def test_optimism_at_all_horizons_at_once():
    """P(exists t >= t0, s <= t: mean_s + width_t(s) + x <= mu) <= 30 K sigma^2/(t0 x^2), on walks of fair coins."""
    rng, walks, n, k, t0, x = np.random.default_rng(8), 4000, 4000, 2, 1000, 0.35
    s = np.arange(1.0, n + 1.0)
    means = np.cumsum(rng.random((walks, n)) < 0.5, axis=1) / s
    # The index only grows with t at a fixed count: its least value over t >= max(t0, s) is that at the first such t.
    t = np.maximum(t0, s)
    width = np.sqrt(0.5 * 2.35 * np.log(np.maximum(1.0, t / (k * s))) / s)
    failed = int((means + width + x <= 0.5).any(axis=1).sum())
    bound = 30.0 * k * 0.25 / (t0 * x**2)
    assert bound < 0.2
    assert clopper_pearson(failed, walks, 1e-6)[0] <= bound
    bare = int((means + x <= 0.5).any(axis=1).sum())  # without the width the walk fails far more often
    assert clopper_pearson(bare, walks, 1e-6)[0] > bound


def test_constants_of_the_watch():
    instance = bernoulli(0.9, 0.1)
    x, t0 = optimism_gap(instance, 5000), first_watched(5000)
    assert t0 == 1250 and 30 * 2 * 0.25 / (t0 * x**2) == pytest.approx(0.05)
    assert engine_line(instance, np.array([5000.0]))[0] > 0.0


def test_7_where_the_bound_is_vacuous():
    """113 sqrt(KT) lies below T D only for T > 12769 K / D^2."""
    instance = bernoulli(1.0, 0.0)
    for horizon, vacuous in ((2 * 12768, True), (2 * 12770, False)):
        t = np.array([float(horizon)])
        bound = theorem("moss-anytime/minimax").bound(instance, MOSSAnytime(), t)[0]
        assert (bound >= instance.trivial_regret(t)[0]) == vacuous


def test_the_theorem_asks_for_its_alpha():
    with pytest.raises(HypothesisViolated, match="alpha"):
        theorem("moss-anytime/minimax").require(bernoulli(0.5, 0.6), MOSSAnytime(1.0), 10)


@pytest.mark.parametrize("alpha", [-1.5, math.nan, math.inf])
def test_refuses_a_bad_alpha(alpha):
    with pytest.raises(InvalidInput, match="alpha of MOSS-anytime"):
        simulate(MOSSAnytime(alpha), bernoulli(0.5, 0.6), 10, 1)
