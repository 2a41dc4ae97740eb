"""RLSVI against its reference implementation, closed forms, an exact law, and bad input."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import norm

from kernels.engine import simulate
from mdps.algorithms import rlsvi as algorithm
from mdps.algorithms.rlsvi import RLSVI, allocate
from mdps.instances.random import random_mdp
from mdps.loops import Episodes
from mdps.model import MDP
from proofs_check.claims.rlsvi import CLAIM, OPTIMISM_PROBABILITY, late_failures
from tests.reference.episodes import from_dense
from tests.reference.normal import words
from tests.reference.rlsvi import rlsvi
from tests.reference.stacks import POLICY
from theory.errors import HypothesisViolated, InvalidInput


@pytest.mark.parametrize(
    ("mdp", "scale"),
    [
        (random_mdp(3, 2, horizon=3, seed=5, stage_dependent=True), 1.0),
        (random_mdp(2, 3, horizon=2, seed=8, stage_dependent=True), 0.001),
        (random_mdp(3, 2, horizon=4, seed=1), 0.001),
    ],
)
def test_decides_as_the_reference_on_shared_stacks(mdp, scale):
    n_episodes = 60
    n = n_episodes * mdp.horizon
    found = simulate(RLSVI(scale), Episodes(mdp), n_episodes, 6, seed=7, n_decisions=n).extra["decisions"]
    p, r = mdp.dense()
    for run in range(6):
        expected, _ = rlsvi(from_dense(p, r, mdp.horizon, 7, run), n_episodes, words(7, POLICY, run, 0), scale)
        assert found[run].tolist() == expected
    assert len(np.unique(found)) > 1


def test_noise_level_is_the_published_one():
    """S = 3, A = 2, H = 4, k = 7, by hand."""
    assert algorithm.noise_level.py_func(4, 3, 2, 7) == pytest.approx(96 * math.log(2 * 4 * 3 * 2 * 7), rel=1e-14)


def test_first_decision_is_a_fair_coin_and_the_second_has_an_exact_law():
    """One state, one stage, deterministic rewards 0 and 1: after playing action i once its mean is r_i/2 + w_i.

    P(second = 1 | first = 1) = Phi(0.5/sqrt(b/2 + b)) and P(second = 1 | first = 0) = 1/2, b = beta_2.
    """
    mdp = MDP.from_dense(np.ones((1, 1, 2, 1)), [[[0.0, 1.0]]], horizon=1)
    found = simulate(RLSVI(), Episodes(mdp), 2, 20_000, seed=3, n_decisions=2).extra["decisions"]
    beta = 0.5 * math.log(2 * 2 * 2)
    for first, exact in ((1, norm.cdf(0.5 / math.sqrt(1.5 * beta))), (0, 0.5)):
        second = found[found[:, 0] == first, 1]
        assert abs(len(second) / 20_000 - 0.5) <= 5 * 0.5 / math.sqrt(20_000)
        assert abs(second.mean() - exact) <= 5 * 0.5 / math.sqrt(len(second))


def test_levels_of_the_events():
    assert pytest.approx(norm.cdf(-1.0), rel=1e-14) == OPTIMISM_PROBABILITY
    assert late_failures(None, None, 1) == pytest.approx(sum(1 / k**2 for k in range(20, 2_000_000)), abs=1e-6)


def test_steps_hold_and_are_exercised():
    trace = simulate(RLSVI(), CLAIM.cases[0].build(), 100, 10, watch=CLAIM.watch)
    exact = [i for i, step in enumerate(CLAIM.steps) if step.kind != "event"]
    assert (trace.records.violations[:, exact] == 0).all()
    assert (trace.records.checks.sum(axis=0) > 0).all()


def test_learns_under_the_practical_preset():
    instance = CLAIM.cases[0].build()
    trace = simulate(RLSVI(0.0005), instance, 20_000, 4, checkpoints=[10_000, 20_000])
    late = np.diff(trace.regret, axis=1)
    assert 0 <= late.max() < 0.02 * float(instance.trivial_regret(np.array([10_000.0]))[0])


@pytest.mark.parametrize("scale", [-1.0, np.nan, np.inf])
def test_bad_hyper_parameters_are_refused(scale):
    with pytest.raises(InvalidInput, match="scale"):
        allocate(RLSVI(scale), Episodes(random_mdp(2, 2, horizon=2)).problem(10))


def test_theorem_refuses_pooled_counts():
    with pytest.raises(HypothesisViolated, match="counted together"):
        CLAIM.bounds[0].theorem.require(Episodes(random_mdp(2, 2, horizon=2)), RLSVI(), 10)


def test_rate_by_hand():
    """S = 3, A = 2, H = 3, K = 1000: 27 3^{3/2} sqrt(2000 log 18000)."""
    rate = CLAIM.bounds[0].theorem.bound(CLAIM.cases[0].build(), RLSVI(), np.array([1000.0]))[0]
    assert rate == pytest.approx(27 * 3**1.5 * math.sqrt(2000 * math.log(18_000)), rel=1e-14)
