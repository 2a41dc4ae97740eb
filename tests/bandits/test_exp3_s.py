"""Exp3.S against its reference, the exact count of its comparator, and its bounds."""

from __future__ import annotations

import math

import numpy as np
import pytest

from bandits.adversaries.constant import ConstantLosses
from bandits.adversaries.sequence import LossSequence
from bandits.adversaries.switching import SwitchingLosses
from bandits.algorithms.exp3_s import Exp3S, allocate, reweigh, tuned
from bandits.model import BanditProblem
from kernels.engine import simulate
from proofs_check.claims.exp3_s import dynamic_regret, minimax_segments, switching_cost
from tests.bandits.test_exp3 import table
from tests.reference.exp3_s import exp3_s
from tests.reference.paths import forced
from tests.reference.stacks import POLICY, uniforms
from theory.errors import HypothesisViolated, InvalidInput
from theory.theorems import theorem
from theory.theorems.exp3_s import segments


def test_decides_as_the_reference():
    horizon, seed = 500, 17
    losses = table(horizon, 4)
    for params in (Exp3S(0.1, 1 / horizon), Exp3S(0.4, 0.05)):
        trace = simulate(params, LossSequence(losses), horizon, 10, seed=seed, n_decisions=horizon)
        for run in range(10):
            wanted = exp3_s(losses.tolist(), uniforms(seed, POLICY, run, 0), *params)
            assert trace.extra["decisions"][run].tolist() == wanted


@pytest.mark.parametrize("arms, period, horizon", [(2, 7, 100), (3, 10, 30), (3, 10, 44), (4, 25, 10)])
def test_the_price_of_a_fixed_arm_and_the_segments(arms, period, horizon):
    """Against the table of losses, and for the whole run."""
    instance = SwitchingLosses(arms, period, 0.1, 0.7)
    best = [(t // period) % arms for t in range(horizon)]
    losses = np.full((horizon, arms), 0.7)
    losses[np.arange(horizon), best] = 0.1
    for t in (1, horizon // 2, horizon):
        wanted = losses[:t].sum(axis=0).min() - losses[:t].min(axis=1).sum()
        assert switching_cost(instance, t) == pytest.approx(wanted)
        assert segments(instance, t) == len(range(0, t, period))
    trace = simulate(Exp3S(0.5, 0.1), instance, horizon, 3, checkpoints=[horizon])
    paid = (trace.extra["realised"][:, -1] + switching_cost(instance, horizon)).round(9)
    assert (paid >= 0).all() and (dynamic_regret(trace, instance, None) >= 0).all()


def test_the_tuned_bound_is_the_untuned_one_at_its_minimum():
    instance, t = SwitchingLosses(2, 2_500), np.array([10_000.0])
    best = tuned(2, 10_000, 4)
    assert theorem("exp3-s/regret").bound(instance, best, t) == pytest.approx(
        theorem("exp3-s/untuned").bound(instance, best, t)
    )
    assert theorem("exp3-s/regret").bound(instance, None, t)[0] == pytest.approx(
        2 * math.sqrt((math.e - 1) * 20_000 * (4 * math.log(20_000) + math.e))
    )
    for factor in (0.9, 1.1):
        other = best._replace(mixing=factor * best.mixing)
        assert theorem("exp3-s/untuned").bound(instance, other, t) > theorem("exp3-s/regret").bound(instance, best, t)
    assert minimax_segments(instance, t)[0] < theorem("exp3-s/regret").bound(instance, best, t)[0]


def test_every_arm_keeps_a_share():
    """However long an arm has lost, its weight is at least about e alpha / K, so it comes back in time."""
    weights = np.full(3, 1 / 3)
    for _ in range(10_000):
        reweigh(weights, 0, 3.0, 0.5, 1e-4)
    assert weights.sum() == pytest.approx(1.0) and weights[1] == weights[2] > math.e * 1e-4 / 3 / 2


def test_permuting_the_arms_permutes_the_laws():
    losses, order = table(30, 4), np.array([2, 0, 3, 1])
    path = np.random.default_rng(0).integers(0, 4, 30)
    plain = forced(Exp3S(0.2, 0.01), losses, tuple(path))
    permuted = forced(Exp3S(0.2, 0.01), losses[:, order], tuple(np.argsort(order)[path]))
    assert np.allclose(permuted, plain[:, order], rtol=1e-12) and (plain >= 0.05 - 1e-15).all()


def test_outside_the_hypotheses():
    with pytest.raises(HypothesisViolated, match="period"):
        theorem("exp3-s/regret").require(ConstantLosses([0.0, 1.0]), tuned(2, 100, 1), 100)
    with pytest.raises(HypothesisViolated, match="prescribed"):
        theorem("exp3-s/regret").require(SwitchingLosses(2, 10), tuned(2, 100, 3), 100)


@pytest.mark.parametrize(
    "params, message",
    [(Exp3S(0.0, 0.1), "mixing of Exp3.S is 0"), (Exp3S(1.2, 0.1), "mixing"), (Exp3S(0.1, 0.0), "share of Exp3.S is 0"),
     (Exp3S(0.1, math.nan), "share")],
)  # fmt: skip
def test_bad_hyper_parameters(params, message):
    with pytest.raises(InvalidInput, match=message.replace(".", r"\.")):
        allocate(params, BanditProblem(2, 10))
