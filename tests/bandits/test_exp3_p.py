"""Exp3.P against its reference, its bounds at the numbers of the books, and the supermartingale of its proof."""

from __future__ import annotations

import math

import numpy as np
import pytest

from bandits.adversaries.constant import ConstantLosses
from bandits.adversaries.sequence import LossSequence
from bandits.algorithms.exp3_p import Exp3P, allocate, tuned, tuned_for
from bandits.model import BanditProblem
from kernels.engine import simulate
from tests.bandits.test_exp3 import table
from tests.reference.exp3_p import exp3_p
from tests.reference.paths import forced
from tests.reference.stacks import POLICY, uniforms
from theory.errors import HypothesisViolated, InvalidInput
from theory.theorems import theorem


def test_decides_as_the_reference():
    horizon, seed = 500, 17
    losses = table(horizon, 4)
    for params in (tuned_for(4, horizon), tuned(4, horizon)):
        trace = simulate(params, LossSequence(losses), horizon, 10, seed=seed, n_decisions=horizon)
        for run in range(10):
            wanted = exp3_p(losses.tolist(), uniforms(seed, POLICY, run, 0), *params[:3])
            assert trace.extra["decisions"][run].tolist() == wanted


def test_the_bound_at_ten_arms():
    """5.15 sqrt(T K log(K/delta)) = 4280.31 at K = 10, T = 10^4, delta = 0.01; Exp3-IX promises 2057.03 there."""
    instance, t = ConstantLosses(np.linspace(0, 1, 10)), np.array([1e4])
    params = tuned_for(10, 10_000, 0.01)
    assert theorem("exp3-p/regret-delta").bound(instance, params, t)[0] == pytest.approx(4280.31, abs=5e-3)
    assert theorem("exp3-ix/regret").bound(instance, params, t)[0] == pytest.approx(2057.03, abs=5e-3)


@pytest.mark.parametrize("n_arms", [2, 10, 100])
def test_the_tuned_bounds_follow_from_the_untuned_one(n_arms):
    """Wherever the parameters are admissible; the printed 5.15 is an upper bound of what the tuning gives."""
    instance = ConstantLosses(np.zeros(n_arms))
    seen = 0
    for horizon in (10**3, 10**4, 10**6):
        for delta in (0.5, 0.05, 1e-4):
            for make, name in ((tuned_for, "regret-delta"), (tuned, "regret")):
                params, t = make(n_arms, horizon, delta), np.array([float(horizon)])
                try:
                    theorem("exp3-p/untuned").require(instance, params, horizon)
                except HypothesisViolated:
                    continue
                seen += 1
                bound = theorem(f"exp3-p/{name}").bound(instance, params, t)
                assert theorem("exp3-p/untuned").bound(instance, params, t) <= bound
    assert seen >= 4


def test_the_estimates_are_upper_confidence_bounds():
    """E_t exp(beta (g - gt)) <= 1 for every gain, probability and beta <= 1: Lemma 3.1, on a grid."""
    g, p, beta = np.meshgrid(np.linspace(0, 1, 21), np.geomspace(1e-3, 1, 30), np.geomspace(1e-3, 1, 30), indexing="ij")
    played, other = np.exp(beta * (g - (g + beta) / p)), np.exp(beta * (g - beta / p))
    assert (p * played + (1 - p) * other <= 1 + 1e-12).all()


def test_every_arm_keeps_its_share_and_permutations_permute():
    losses, order = table(30, 4), np.array([2, 0, 3, 1])
    params = Exp3P(0.1, 0.2, 0.05)
    path = np.random.default_rng(0).integers(0, 4, 30)
    plain = forced(params, losses, tuple(path))
    assert (plain >= 0.05 - 1e-15).all() and np.allclose(plain.sum(axis=1), 1.0)
    permuted = forced(params, losses[:, order], tuple(np.argsort(order)[path]))
    assert np.allclose(permuted, plain[:, order], rtol=1e-12)


def test_parameters_of_another_horizon_are_refused():
    instance = ConstantLosses([0.0, 1.0])
    with pytest.raises(HypothesisViolated, match="learning rate"):
        theorem("exp3-p/regret").require(instance, tuned(2, 1000), 2000)
    with pytest.raises(HypothesisViolated, match="bias"):
        theorem("exp3-p/regret").require(instance, tuned_for(2, 1000), 1000)
    with pytest.raises(HypothesisViolated, match=r"\(1 \+ beta\) K eta = 4.4 exceeds"):
        theorem("exp3-p/untuned").require(instance, Exp3P(2.0, 0.5, 0.1), 1000)


@pytest.mark.parametrize(
    "params, message",
    [
        (Exp3P(0.0, 0.1, 0.1), "learning rate of Exp3.P"),
        (Exp3P(0.1, 1.5, 0.1), r"mixing of Exp3.P is 1.5"),
        (Exp3P(0.1, 0.1, -0.1), "bias of Exp3.P is -0.1"),
        (Exp3P(0.1, 0.1, math.nan), "bias of Exp3.P is nan"),
        (Exp3P(0.1, 0.1, 0.1, 1.0), "delta of Exp3.P is 1.0"),
    ],
)
def test_bad_hyper_parameters(params, message):
    with pytest.raises(InvalidInput, match=message.replace(".", r"\.")):
        allocate(params, BanditProblem(2, 10))
