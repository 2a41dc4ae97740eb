"""Exp4 against its reference, Exp3 as its special case, and the exact losses of its experts."""

from __future__ import annotations

import math

import numpy as np
import pytest

from bandits.adversaries.advised import AdvisedLosses
from bandits.adversaries.constant import ConstantLosses
from bandits.algorithms.exp3 import Exp3
from bandits.algorithms.exp4 import Exp4, allocate, tuned
from bandits.model import BanditProblem
from kernels.engine import simulate
from proofs_check.claims.exp4 import expert_regret, seasons
from tests.bandits.test_exp3 import table
from tests.reference.exp4 import exp4
from tests.reference.stacks import POLICY, uniforms
from theory.errors import HypothesisViolated, InvalidInput
from theory.theorems import theorem


def instance(n_experts: int = 5) -> AdvisedLosses:
    """Losses of period 7, advice of period 4."""
    rng = np.random.default_rng(3)
    return AdvisedLosses(table(7, 3), rng.dirichlet(np.full(3, 0.4), (4, n_experts)))


def unrolled(given: AdvisedLosses, horizon: int):
    """Losses (T, K) and advice (T, M, K), round by round."""
    rounds = np.arange(horizon)
    return given.table[rounds % len(given.table)], given.laws[rounds % len(given.laws)]


def test_decides_as_the_reference():
    horizon, seed, given = 400, 17, instance()
    losses, advice = unrolled(given, horizon)
    trace = simulate(Exp4(0.1), given, horizon, 10, seed=seed, n_decisions=horizon)
    for run in range(10):
        wanted = exp4(losses.tolist(), advice.tolist(), uniforms(seed, POLICY, run, 0), 0.1)
        assert trace.extra["decisions"][run].tolist() == wanted


def test_losses_of_the_experts_and_the_regret():
    given = instance()
    for horizon in (1, 5, 28, 100):
        losses, advice = unrolled(given, horizon)
        own = np.einsum("tmk,tk->m", advice, losses)
        assert given.expert_losses(horizon) == pytest.approx(own)
        assert given.advantage(horizon) == pytest.approx(losses.sum(axis=0).min() - own.min())
    assert given.expert_losses([5, 100]).shape == (2, 5)
    trace = simulate(Exp4(0.1), given, 100, 3, checkpoints=[100])
    suffered = trace.extra["realised"][:, -1] + losses.sum(axis=0).min()
    assert (suffered - own.min() <= 100).all()
    assert expert_regret(trace, given, None) == pytest.approx(trace.regret[:, -1] + given.advantage(100))


def test_experts_that_are_the_arms_make_it_exp3():
    losses = table(7, 3)
    arms = AdvisedLosses(losses, np.eye(3)[None])
    one = simulate(Exp4(0.07), arms, 300, 5, n_decisions=300)
    two = simulate(Exp3(0.07), arms, 300, 5, n_decisions=300)
    assert (one.extra["decisions"] == two.extra["decisions"]).all()
    assert one.regret == pytest.approx(two.regret, abs=1e-9) and (arms.advantage([10, 300]) == 0.0).all()


def test_seasons_have_one_expert_that_is_always_right():
    given = seasons(4)
    assert given.n_experts == 9
    losses = given.expert_losses(400)
    assert losses.min() == pytest.approx(40.0) and np.sort(losses)[1] == pytest.approx(250.0)
    assert losses[-1] == pytest.approx(250.0)


def test_copies_of_an_expert_cost_a_logarithm_only():
    """Doubling every expert leaves the laws of the arms as they were; the bound pays log 2."""
    given = instance()
    double = AdvisedLosses(given.table, np.concatenate([given.laws, given.laws], axis=1))
    one, two = (simulate(Exp4(0.1), x, 200, 4, n_decisions=200) for x in (given, double))
    assert (one.extra["decisions"] == two.extra["decisions"]).all()
    t = np.array([200.0])
    ratio = theorem("exp4/regret").bound(double, None, t) / theorem("exp4/regret").bound(given, None, t)
    assert ratio == pytest.approx(math.sqrt(math.log(10) / math.log(5)))
    assert theorem("exp4/fixed-rate").bound(given, tuned(5, 3, 200), t) == pytest.approx(
        theorem("exp4/regret").bound(given, None, t)
    )


def test_outside_the_hypotheses():
    with pytest.raises(HypothesisViolated, match="n_experts"):
        theorem("exp4/regret").require(ConstantLosses([0.0, 1.0]), Exp4(0.1), 10)
    with pytest.raises(HypothesisViolated, match="there is 1 expert"):
        theorem("exp4/regret").require(instance(1), Exp4(0.1), 10)


@pytest.mark.parametrize(
    "advice, message",
    [
        (np.full((1, 2, 2), 0.5), "expected \\(period, experts, 3 arms\\)"),
        (np.full((2, 2, 3), 0.5), r"advice\[0, 0\] is \[0.5, 0.5, 0.5\]"),
        ([[[1.0, 0.0, 0.0], [1.5, -0.5, 0.0]]], r"advice\[0, 1\]"),
        ([[["a"]]], "cannot be read"),
    ],
)
def test_bad_advice(advice, message):
    with pytest.raises(InvalidInput, match=message):
        AdvisedLosses(table(7, 3), advice)


def test_bad_hyper_parameters():
    with pytest.raises(InvalidInput, match="learning rate of Exp4"):
        allocate(Exp4(0.0), instance().problem(10))
    with pytest.raises(InvalidInput, match="without experts"):
        allocate(Exp4(0.1), BanditProblem(2, 10))
