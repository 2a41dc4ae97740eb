"""Exp3++ against its reference, its confidence bounds, and the parts of its adversarial bound."""

from __future__ import annotations

import math

import numpy as np
import pytest

from bandits.adversaries.bernoulli import BernoulliLosses
from bandits.adversaries.constant import ConstantLosses
from bandits.adversaries.sequence import LossSequence
from bandits.algorithms.exp3_plus_plus import (
    Exp3PlusPlus,
    allocate,
    explore,
    lower_confidence,
    rate,
    upper_confidence,
)
from bandits.model import BanditProblem
from kernels.engine import simulate
from proofs_check.claims.exp3_plus_plus import SETTLED, gap_failure
from tests.bandits.test_exp3 import table
from tests.reference.exp3_plus_plus import exp3_plus_plus
from tests.reference.paths import expected_regret, forced
from tests.reference.stacks import POLICY, uniforms
from theory.errors import HypothesisViolated, InvalidInput
from theory.theorems import theorem


@pytest.mark.parametrize("beta", [256.0, 0.01])
def test_decides_as_the_reference(beta):
    """beta = 0.01 lets estimated gaps turn exploration down within the horizon."""
    horizon, seed = 600, 17
    losses = np.clip(table(horizon, 3) * [0.1, 1.0, 1.0] + [0.0, 0.5, 0.6], 0.0, 1.0)
    trace = simulate(Exp3PlusPlus(beta=beta), LossSequence(losses), horizon, 8, seed=seed, n_decisions=horizon)
    for run in range(8):
        wanted = exp3_plus_plus(losses.tolist(), uniforms(seed, POLICY, run, 0), 3.0, beta)
        assert trace.extra["decisions"][run].tolist() == wanted


def test_estimated_gaps_turn_exploration_down():
    params = Exp3PlusPlus(beta=0.01)
    state = allocate(params, BanditProblem(2, 10))
    state.plays[:] = 5_000.0
    state.seen[:] = [500.0, 4_500.0]
    t = 10_000
    explore(params, state, t)
    radius = math.sqrt((3 * math.log(t) + math.log(2)) / 10_000)
    gap = 0.8 - 2 * radius
    assert state.exploration == pytest.approx([rate(2, t), 0.01 * math.log(t) / (t * gap**2)])
    assert lower_confidence(0.01, 5.0, 3.0, t, 2) == 0.0 and upper_confidence(0.99, 5.0, 3.0, t, 2) == 1.0
    assert lower_confidence(0.5, 0.0, 3.0, t, 2) == 0.0 and upper_confidence(0.5, 0.0, 3.0, t, 2) == 1.0


@pytest.mark.parametrize("n_arms", [2, 5, 50])
def test_the_adversarial_bound_is_the_sum_of_its_parts(n_arms):
    """log K/eta_T + K sum eta_t + sum of the caps <= 4 sqrt(KT log K), at every T."""
    t = np.arange(1.0, 5_001.0)
    eta = 0.5 * np.sqrt(math.log(n_arms) / (t * n_arms))
    caps = np.minimum(0.5, n_arms * eta)
    parts = math.log(n_arms) / eta + n_arms * np.cumsum(eta) + np.cumsum(caps)
    assert (parts <= theorem("exp3-plus-plus/adversarial").bound(ConstantLosses(np.zeros(n_arms)), None, t)).all()


def test_exact_expected_regret_is_below_the_bound():
    """All 2^9 paths on constant, alternating and misleading losses."""
    for losses in (np.tile([0.0, 1.0], (9, 1)), np.tile([[1.0, 0.0], [0.0, 1.0]], (5, 1))[:9], table(9, 2)):
        bound = theorem("exp3-plus-plus/adversarial").bound(LossSequence(losses), None, np.array([9.0]))[0]
        assert expected_regret(Exp3PlusPlus(), losses) <= bound


def test_the_event_of_the_gaps_is_summed_correctly():
    """One-sided Hoeffding for N = 1..t plays of every arm at level t^-3/K, rounds from 40 on, both sides."""
    k = 4
    t = np.arange(SETTLED, 10**6, dtype=float)
    failures = 2 * (t * k * np.exp(-(3 * np.log(t) + math.log(k)))).sum() / 1.0
    assert failures <= gap_failure(Exp3PlusPlus(), None, 1) * 1.0001


def test_permuting_the_arms_permutes_the_laws():
    losses, order = table(30, 4), np.array([2, 0, 3, 1])
    path = np.random.default_rng(0).integers(0, 4, 30)
    plain = forced(Exp3PlusPlus(), losses, tuple(path))
    permuted = forced(Exp3PlusPlus(), losses[:, order], tuple(np.argsort(order)[path]))
    assert np.allclose(permuted, plain[:, order], rtol=1e-12) and np.allclose(plain.sum(axis=1), 1.0)


def test_the_stochastic_theorem_wants_its_constants():
    instance = BernoulliLosses([0.2, 0.8])
    theorem("exp3-plus-plus/stochastic").require(instance, Exp3PlusPlus(), 100)
    with pytest.raises(HypothesisViolated, match="beta is 256"):
        theorem("exp3-plus-plus/stochastic").require(instance, Exp3PlusPlus(beta=1.0), 100)


@pytest.mark.parametrize(
    "params, n_arms, message",
    [(Exp3PlusPlus(0.0), 2, "alpha of"), (Exp3PlusPlus(3.0, math.inf), 2, "beta of"), (Exp3PlusPlus(), 1, "1 arm")],
)
def test_bad_hyper_parameters(params, n_arms, message):
    with pytest.raises(InvalidInput, match=message):
        allocate(params, BanditProblem(n_arms, 10))
