"""The refined log-barrier lemma: its algorithm against a reference, the acceptance numbers, and entropy's failure."""

from __future__ import annotations

import math

import numpy as np
import pytest

from bandits import mixtures
from bandits.adversaries.heavy_tailed import HeavyTailedLosses
from bandits.adversaries.sequence import LossSequence
from bandits.algorithms import ftrl_experts
from bandits.algorithms.refined_log_barrier import RefinedLogBarrier, allocate, tuned
from bandits.ftrl import barrier_weights
from bandits.model import BanditProblem
from kernels.engine import simulate
from kernels.random import ENVIRONMENT, stream_gamma, stream_key
from tests.bandits.test_exp3 import table
from tests.reference.paths import expected_regret, forced
from tests.reference.refined_log_barrier import refined_log_barrier
from tests.reference.stacks import POLICY, uniforms
from theory.errors import HypothesisViolated, InvalidInput
from theory.regularisers import LogBarrier, Shannon, decompose
from theory.theorems import theorem


def test_1_two_arms_in_closed_form():
    """p_1 = ((z - 2) + sqrt(z^2 + 4))/(2z) for losses (0, z/eta); 0.70711 at z = 2, 1/2 as z -> 0."""
    w, eta = np.empty(2), 0.3
    for z, wanted in ((2.0, math.sqrt(0.5)), (1e-9, 0.5), (50.0, (48 + math.sqrt(2504)) / 100)):
        barrier_weights(np.array([0.0, z / eta]), eta, 1.0, w)
        assert w[0] == pytest.approx(wanted, abs=1e-9)
        mixtures.mixture_weights(mixtures.BARRIER, np.array([0.0, z / eta]), eta, 0.0, w)
        assert w[0] == pytest.approx(wanted, abs=1e-9)


@pytest.mark.parametrize("n_arms", [2, 3, 10])
def test_2_the_lemma_holds_for_losses_of_any_sign_and_size(n_arms):
    """Losses +-10^[-2, 5], rates 1e-7 .. 10: every stab_t and the regret, against the constants 1, 1/2 and variance."""
    rng = np.random.default_rng(n_arms)
    horizon = 60
    for eta in 10.0 ** np.arange(-7.0, 2.0, 2.0):
        losses = rng.choice([-1.0, 1.0], (horizon, n_arms)) * 10.0 ** rng.uniform(-2, 5, (horizon, n_arms))
        split = decompose(LogBarrier(), losses, np.full(horizon, eta))
        squares = (split.weights * losses**2).sum(axis=1)
        variances = squares - (split.weights * losses).sum(axis=1) ** 2
        rounding = 1e-9 * np.abs(losses).max()
        assert (split.stability >= -rounding).all()
        assert (split.stability <= eta * squares + rounding).all()
        assert (split.stability <= 0.5 * eta * squares + rounding).all()
        assert (split.stability <= 0.5 * eta * np.maximum(variances, 0.0) + rounding).all()
        for y in rng.dirichlet(np.ones(n_arms), 5):
            regret = ((split.weights - y) * losses).sum()
            span = LogBarrier().value(y) - LogBarrier().value(np.full(n_arms, 1 / n_arms))
            assert regret <= span / eta + 0.5 * eta * squares.sum() + 1e-9 * np.abs(losses).sum()


def test_2_entropy_breaks_it_by_a_factor_269_7():
    """x = (1e-4, 1 - 1e-4), eta l = (-20, 0): stability 10.788 against sum x l^2 = 0.04; the barrier: below 1/2."""
    x, loss = np.array([1e-4, 1 - 1e-4]), np.array([-20.0, 0.0])
    squares = float((x * loss**2).sum())
    entropy = Shannon().stability(-np.log(x), loss, 1.0)
    assert entropy == pytest.approx(10.788, abs=5e-4) and squares == pytest.approx(0.04)
    assert entropy / squares == pytest.approx(269.7, abs=0.05)
    assert LogBarrier().stability(1 / x, loss, 1.0) <= 0.5 * squares


def test_decides_as_the_reference():
    horizon, seed = 300, 23
    losses = table(horizon, 3)
    trace = simulate(tuned(horizon), LossSequence(losses), horizon, 10, seed=seed, n_decisions=horizon)
    rate = tuned(horizon).learning_rate
    for run in range(10):
        wanted = refined_log_barrier(losses.tolist(), uniforms(seed, POLICY, run, 0), rate)
        assert trace.extra["decisions"][run].tolist() == wanted


def test_estimates_fall_without_bound_and_are_unbiased():
    """Over all paths of one more round: E lh = l - 1 for every arm (the 1 is left out of the totals)."""
    losses = table(8, 3)
    path = (0, 1, 2, 1, 1, 0, 2)
    law = forced(RefinedLogBarrier(0.4), losses, (*path, 0))[-1]
    mean = law * -(1 - losses[7]) / law
    assert np.allclose(mean, losses[7] - 1)
    assert (-(1 - losses[7]) / law).min() < -2.0


def test_the_exact_regret_is_below_the_bound():
    """All 2^10 paths on (0, 1) and on alternating losses."""
    for losses in (np.tile([0.0, 1.0], (10, 1)), np.tile([[1.0, 0.0], [0.0, 1.0]], (5, 1))):
        instance = LossSequence(losses)
        bound = theorem("refined-log-barrier/bandit").bound(instance, RefinedLogBarrier(0.5), np.array([10.0]))[0]
        assert expected_regret(RefinedLogBarrier(0.5), losses) <= bound


def test_permuting_the_arms_permutes_the_laws():
    losses, order = table(30, 4), np.array([2, 0, 3, 1])
    path = np.random.default_rng(0).integers(0, 4, 30)
    plain = forced(tuned(30), losses, tuple(path))
    permuted = forced(tuned(30), losses[:, order], tuple(np.argsort(order)[path]))
    assert np.allclose(permuted, plain[:, order], rtol=1e-9)


def test_heavy_tailed_losses():
    from bandits.adversaries import heavy_tailed

    adversary = HeavyTailedLosses((0.9, 0.1), -1.0, 2.0)
    arrays, memory = adversary.arrays()
    key = np.uint64(stream_key(3, ENVIRONMENT, 0, 0))
    gamma = np.uint64(stream_gamma(key))
    rows, means = np.empty((2, 20_000, 2))
    for t in range(len(rows)):
        heavy_tailed.losses(arrays, memory, t + 1, key, gamma, rows[t], means[t])
    assert (np.abs(rows) >= 0.1).all() and (np.abs(rows) <= 100.0).all()
    error = 4 * rows.std(axis=0) / math.sqrt(len(rows))
    assert (np.abs(rows.mean(axis=0) - means[0]) < error).all() and (means == means[0]).all()
    assert adversary.gaps == pytest.approx(means[0] - means[0].min())
    assert (rows**2).mean() == pytest.approx(adversary.second_moment, rel=0.05)
    assert np.allclose(adversary.gaps, [0.0, 2 * 0.8 * (100 - 0.1) / (3 * math.log(10.0))])


@pytest.mark.parametrize(
    "build, message",
    [
        (lambda: HeavyTailedLosses((0.5, 1.5)), r"negative\[1\] is 1.5"),
        (lambda: HeavyTailedLosses((0.5,), 2.0, 2.0), "exponents are 2.0 and 2.0"),
        (lambda: HeavyTailedLosses((0.5,), 2.0, math.inf), "inf"),
    ],
)
def test_bad_heavy_tails(build, message):
    with pytest.raises(InvalidInput, match=message):
        build()


def test_theorems_of_unit_losses_refuse_heavy_tails():
    instance = HeavyTailedLosses()
    with pytest.raises(HypothesisViolated, match="losses lie in"):
        theorem("refined-log-barrier/bandit").require(instance, RefinedLogBarrier(0.1), 100)
    theorem("refined-log-barrier/second-moment").require(instance, ftrl_experts.FTRLExperts(), 100)


@pytest.mark.parametrize("rate", [0.0, -1.0, math.inf, math.nan])
def test_bad_hyper_parameters(rate):
    with pytest.raises(InvalidInput, match="learning rate of the refined log-barrier"):
        allocate(RefinedLogBarrier(rate), BanditProblem(2, 10))
