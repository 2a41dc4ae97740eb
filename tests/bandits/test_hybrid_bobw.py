"""The hybrid regulariser: its solver against bisection, its constants over random laws, and both bounds."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from bandits import hybrid
from bandits.adversaries.constrained import StochasticallyConstrained
from bandits.adversaries.sequence import LossSequence
from bandits.algorithms.hybrid_bobw import HybridBOBW, allocate
from bandits.model import BanditProblem
from kernels.engine import simulate
from tests.bandits.test_exp3 import table
from tests.reference.hybrid_bobw import hybrid_bobw, weights
from tests.reference.paths import expected_regret, forced
from tests.reference.stacks import POLICY, uniforms
from theory.errors import InvalidInput
from theory.theorems import theorem
from theory.theorems.hybrid_bobw import EARLY, GAMMA, PENALTY, STABILITY, square_sum, upper_sum


def psi(w):
    """The regulariser, in the interior."""
    return float((-4 * (np.sqrt(w) - w / 2) + 2 * (1 - w) * np.log1p(-w)).sum())


def test_weights_and_potentials():
    rng = np.random.default_rng(0)
    assert hybrid.COMPLEMENT == GAMMA
    for _ in range(15):
        k = int(rng.integers(2, 8))
        losses, rate = rng.random(k) * 10.0 ** rng.uniform(-3, 4), 10.0 ** rng.uniform(-3, 0.5)
        w = np.empty(k)
        for start in (-1e9, 0.0, 1e3):
            hybrid.hybrid_weights(losses, rate, start, w)
            assert w.sum() == pytest.approx(1.0, abs=1e-13)
        assert np.allclose(w, weights(losses.tolist(), rate), rtol=1e-8, atol=1e-14)
        value = -w @ (losses - losses.min()) - psi(w) / rate
        assert hybrid.hybrid_potential(losses, rate, 0.0, w) == pytest.approx(value, rel=1e-9)
        for other in rng.dirichlet(np.ones(k), 5):
            assert -other @ (losses - losses.min()) - psi(other) / rate <= value + 1e-9 * (1 + abs(value))


def test_limits_and_invariances():
    losses, w, other = np.array([3.0, 0.5, 2.0, 0.5]), np.empty(4), np.empty(4)
    hybrid.hybrid_weights(losses, 1e-12, 0.0, w)
    assert np.allclose(w, 0.25, atol=1e-10)
    hybrid.hybrid_weights(losses, 0.7, 0.0, w)
    assert w[1] == w[3] > w[2] > w[0]
    hybrid.hybrid_weights(losses + 100.0, 0.7, 0.0, other)
    assert np.allclose(other, w, rtol=1e-12)
    order = np.array([2, 0, 3, 1])
    hybrid.hybrid_weights(losses[order], 0.7, 0.0, other)
    assert np.allclose(other, w[order], rtol=1e-12)
    pair = np.empty(2)
    hybrid.hybrid_weights(np.array([4.0, 4.0]), 2.0, 0.0, pair)
    assert pair == pytest.approx([0.5, 0.5], abs=1e-15)


def test_coordinates():
    rng = np.random.default_rng(1)
    for _ in range(30):
        v, w = rng.dirichlet(np.ones(4), 2)
        slopes = -2 / np.sqrt(w) - 2 * np.log1p(-w)
        assert np.allclose([hybrid.hybrid_gradient(x) for x in w], slopes, rtol=1e-12)
        bregman = psi(v) - psi(w) - slopes @ (v - w)  # constants of the slope cancel: both sum to one
        assert sum(hybrid.hybrid_divergence(a, b) for a, b in zip(v, w)) == pytest.approx(bregman, rel=1e-8, abs=1e-12)
        p, rate = w[0], 10.0 ** rng.uniform(-2, 0.3)
        loss = rng.random() / p
        best = minimize_scalar(
            lambda log_v, p=p, loss=loss, rate=rate: (
                hybrid.hybrid_divergence(math.exp(log_v), p) / rate - (p - math.exp(log_v)) * loss
            ),
            bounds=(math.log(p) - 60.0, math.log(p)), method="bounded", options={"xatol": 1e-12},
        )  # fmt: skip
        assert hybrid.hybrid_stability(p, loss, rate) == pytest.approx(-best.fun, rel=1e-6, abs=1e-14)


def test_the_constants_of_the_two_series():
    """E_t stab_t <= s eta sum_{i != *} sqrt w_i and psi(e_*) - psi(w) <= p sum_{i != *} sqrt w_i, * the likeliest."""
    rng = np.random.default_rng(2)
    tightest = 0.0
    for _ in range(400):
        k = int(rng.integers(2, 7))
        w = rng.dirichlet(np.full(k, 10.0 ** rng.uniform(-1.5, 1))) + 1e-9
        w /= w.sum()
        others = np.sqrt(w).sum() - math.sqrt(w.max())
        eta = 10.0 ** rng.uniform(-3, 0)  # rounds from 4 on
        stab = sum(p * hybrid.hybrid_stability(p, 1.0 / p, eta) for p in w)
        assert stab <= STABILITY * eta * others * (1 + 1e-9)
        assert -2.0 - psi(w) <= PENALTY * others
        tightest = max(tightest, stab / (STABILITY * eta * others))
    assert tightest > 0.4


def test_the_sums_of_the_coefficients():
    """B_t = p (sqrt t - sqrt(t - 1))/2 + 2 s/sqrt t, added up, against the closed forms."""
    t = np.arange(1.0, 20_001.0)
    b = PENALTY * (np.sqrt(t) - np.sqrt(t - 1)) / 2 + 2 * STABILITY / np.sqrt(t)
    assert (np.cumsum(b) <= upper_sum(t) + 1e-9).all() and np.cumsum(b)[-1] > 0.99 * upper_sum(t[-1])
    assert (np.cumsum(b**2) <= square_sum(t)).all() and np.cumsum(b**2)[-1] > 0.85 * square_sum(t[-1])


def test_the_bounds_in_round_numbers():
    t = np.array([1e2, 1e4, 2.0**60])
    instance = StochasticallyConstrained(5, 0.25)
    adversarial = theorem("hybrid-bobw/adversarial").bound(instance, HybridBOBW(), t)
    assert (adversarial <= 7.8 * np.sqrt(4 * t)).all() and (adversarial >= 7.4 * np.sqrt(4 * t)).all()
    stochastic = theorem("hybrid-bobw/stochastic").bound(instance, HybridBOBW(), t)
    assert stochastic == pytest.approx(16 * (15.1 * np.log(t) + 43.2) + 4.57, rel=2e-3)
    assert EARLY == pytest.approx(2.2845, abs=1e-4)


def test_decides_as_the_reference():
    horizon, seed = 20, 17
    losses = table(horizon, 3)
    trace = simulate(HybridBOBW(), LossSequence(losses), horizon, 3, seed=seed, n_decisions=horizon)
    for run in range(3):
        wanted = hybrid_bobw(losses.tolist(), uniforms(seed, POLICY, run, 0))
        assert trace.extra["decisions"][run].tolist() == wanted


def test_exact_expected_regret_is_below_the_bound():
    """All 2^9 paths."""
    for losses in (np.tile([0.0, 1.0], (9, 1)), table(9, 2)):
        bound = theorem("hybrid-bobw/adversarial").bound(LossSequence(losses), HybridBOBW(), np.array([9.0]))[0]
        assert expected_regret(HybridBOBW(), losses) <= bound


def test_permuting_the_arms_permutes_the_laws():
    losses, order = table(30, 4), np.array([2, 0, 3, 1])
    path = np.random.default_rng(0).integers(0, 4, 30)
    plain = forced(HybridBOBW(), losses, tuple(path))
    permuted = forced(HybridBOBW(), losses[:, order], tuple(np.argsort(order)[path]))
    assert np.allclose(permuted, plain[:, order], rtol=1e-9)


@pytest.mark.parametrize("scale", [0.0, -1.0, math.inf, math.nan])
def test_bad_hyper_parameters(scale):
    with pytest.raises(InvalidInput, match="scale of the hybrid"):
        allocate(HybridBOBW(scale), BanditProblem(2, 10))
