"""KL-UCB++ against its reference, its exploration, and the unions of its watch."""

from __future__ import annotations

import math

import numpy as np
import pytest

from bandits.algorithms.kl_ucb_plus_plus import KLUCBPlusPlus
from bandits.algorithms.kl_ucb_plus_plus import exploration as compiled_exploration
from bandits.algorithms.ucb1 import UCB1
from bandits.instances.bernoulli import bernoulli
from bandits.instances.gaussian import gaussian
from kernels.engine import simulate
from kernels.kl import kl_upper
from proofs_check.claims.kl_ucb_plus_plus import (
    EVENT_PROBABILITY,
    largest_count,
    observe_without_square,
    optimism_gap,
    optimism_union,
)
from proofs_check.statistics import clopper_pearson
from tests.bandits.index_checks import HORIZON, assert_agrees_on_bernoulli, decisions, on_bernoulli
from tests.bandits.stochastic import FIVE
from tests.reference.kl_ucb_plus_plus import kl_ucb_plus_plus
from theory.errors import HypothesisViolated, InvalidInput
from theory.theorems import theorem
from theory.theorems.kl_ucb_plus_plus import exploration


def reference(stack):
    return kl_ucb_plus_plus(stack, HORIZON)


@pytest.mark.parametrize("means", [(0.5, 0.6), FIVE, (0.0, 1.0, 0.5)])
def test_decides_as_the_reference_on_shared_stacks(means):
    assert_agrees_on_bernoulli(KLUCBPlusPlus(), means, reference)


def test_another_level_changes_decisions():
    theirs = on_bernoulli(FIVE, reference)
    assert decisions(KLUCBPlusPlus(0.9), bernoulli(*FIVE)) != theirs
    assert decisions(KLUCBPlusPlus(), bernoulli(*FIVE), overrides={"observe": observe_without_square}) != theirs


def test_6_without_a_level_it_is_greedy():
    """Acceptance check 6: with scale 0, and wherever N >= T/K, the index is the mean."""
    assert decisions(KLUCBPlusPlus(0.0), bernoulli(*FIVE)) == decisions(UCB1(0.0), bernoulli(*FIVE))
    assert compiled_exploration(1.0) == 0.0 == compiled_exploration(0.5) < compiled_exploration(1.01)


def test_exploration():
    """g falls with n, is zero from n = T/K on, and both implementations agree."""
    n = np.arange(1.0, 301.0)
    g = exploration(2, 400, n)
    assert (np.diff(g) <= 0).all() and (g[199:] == 0.0).all() and g[198] > 0.0
    assert g[0] == pytest.approx(math.log(200 * (1 + math.log(200) ** 2)))
    assert [compiled_exploration(200.0 / k) for k in n] == pytest.approx(g.tolist())


def test_optimism_union_on_coin_walks():
    """P(exists n: index after n pulls < mu - x) is at most the union, and not without the exploration."""
    rng, walks, horizon, k, mu = np.random.default_rng(6), 400, 1000, 2, 0.7
    x = optimism_gap(k, horizon)
    assert optimism_union(k, horizon, x) == pytest.approx(EVENT_PROBABILITY, rel=1e-6)
    n = np.arange(1.0, horizon + 1.0)
    means = np.cumsum(rng.random((walks, horizon)) < mu, axis=1) / n
    levels = exploration(k, horizon, n) / n
    below = [
        any(-math.expm1(-kl_upper(m, level)) < mu - x for m, level in zip(walk, levels) if m < mu - x)
        for walk in means
    ]  # fmt: skip
    assert clopper_pearson(sum(below), walks, 1e-6)[0] <= EVENT_PROBABILITY
    bare = int((means < mu - x).any(axis=1).sum())
    assert clopper_pearson(bare, walks, 1e-6)[0] > EVENT_PROBABILITY


def test_largest_count():
    n = largest_count(2, 5000, 0.2)
    assert n * 0.2 <= float(exploration(2, 5000, n)) and (n + 1) * 0.2 > float(exploration(2, 5000, n + 1))
    assert largest_count(2, 5000, 100.0) == 0


def test_7_where_the_bound_is_vacuous():
    """38 sqrt(KT) + K lies below T D only for T of at least 1444 K / D^2."""
    instance = bernoulli(1.0, 0.0)
    for horizon, vacuous in ((2880, True), (2910, False)):
        t = np.array([float(horizon)])
        bound = theorem("kl-ucb-plus-plus/minimax").bound(instance, KLUCBPlusPlus(), t)[0]
        assert (bound >= instance.trivial_regret(t)[0]) == vacuous


def test_the_theorem_asks_for_bernoulli_arms():
    with pytest.raises(HypothesisViolated, match="arms are bernoulli"):
        theorem("kl-ucb-plus-plus/minimax").require(gaussian(0.5, 0.6), KLUCBPlusPlus(), 10)


@pytest.mark.parametrize("scale", [-0.5, math.nan, math.inf])
def test_refuses_a_bad_scale(scale):
    with pytest.raises(InvalidInput, match=r"scale of KL-UCB\+\+"):
        simulate(KLUCBPlusPlus(scale), bernoulli(0.5, 0.6), 10, 1)
