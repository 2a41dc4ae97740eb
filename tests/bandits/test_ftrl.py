"""The compiled FTRL machinery against the exact, slow regularisers."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.optimize import brentq, minimize_scalar
from scipy.special import softmax

from bandits import ftrl, mixtures
from bandits.adversaries.exploiting import ExploitExp3
from bandits.adversaries.sequence import LossSequence
from bandits.adversaries.switching import SwitchingLosses
from bandits.algorithms import ftrl as ftrl_bandit
from bandits.algorithms import ftrl_experts, log_barrier
from bandits.algorithms.exp3 import Exp3, tuned
from bandits.algorithms.ftrl import FTRL
from bandits.algorithms.tsallis_inf import TsallisINF
from bandits.mixtures import Mixture
from bandits.model import BanditProblem
from kernels.engine import simulate
from proofs_check.claims import exp3, tsallis_inf
from proofs_check.claims import ftrl as ftrl_claim
from tests.bandits.test_exp3 import table as loss_table
from tests.reference.ftrl import ftrl as reference
from tests.reference.paths import expected_regret, forced
from tests.reference.stacks import POLICY, uniforms
from theory import regularisers
from theory.errors import InvalidInput
from theory.regularisers import Euclidean, LogBarrier, Shannon, Tsallis
from theory.theorems import theorem
from theory.theorems.ftrl import bandit_moment, full_information_moment, rate_sum

CALCULI = {
    "shannon": (Shannon(), ftrl.shannon_weights, ftrl.shannon_potential),
    "tsallis": (Tsallis(), ftrl.tsallis_weights, ftrl.tsallis_potential),
    "barrier": (LogBarrier(), ftrl.barrier_weights, ftrl.barrier_potential),
}
COORDINATES = {
    "shannon": (ftrl.shannon_gradient, ftrl.shannon_divergence, ftrl.shannon_stability),
    "tsallis": (ftrl.tsallis_gradient, ftrl.tsallis_divergence, ftrl.tsallis_stability),
    "barrier": (ftrl.barrier_gradient, ftrl.barrier_divergence, ftrl.barrier_stability),
}


def draws(seed: int = 0, n: int = 60):
    """(losses, rate) of many sizes and scales."""
    rng = np.random.default_rng(seed)
    for _ in range(n):
        k = int(rng.integers(1, 40))
        yield rng.random(k) * 10.0 ** rng.uniform(-3, 5), 10.0 ** rng.uniform(-4, 1)


@pytest.mark.parametrize("name", CALCULI)
def test_weights_and_potentials(name):
    slow, solve, potential = CALCULI[name]
    for losses, rate in draws():
        for start in (1.0, 1.7, 1e6):
            w = np.empty(len(losses))
            y = solve(losses, rate, start, w)
            assert w.sum() == pytest.approx(1.0, abs=1e-12)
            assert np.allclose(w, slow.weights(losses, rate), rtol=1e-9, atol=1e-300)
        wanted = slow.conjugate(losses, rate) + losses.min()
        size = 1.0 / rate + np.ptp(losses)
        assert potential(losses, rate, y, w) == pytest.approx(wanted, abs=1e-9 * size)


def test_weights_example():
    """eta = 1, L = (0, 1, 3): x = min L - 2 y / eta."""
    w = np.empty(3)
    y = ftrl.tsallis_weights(np.array([0.0, 1.0, 3.0]), 1.0, 1.0, w)
    assert w == pytest.approx([0.572867, 0.301493, 0.125640], abs=5e-7)
    assert -2.0 * y == pytest.approx(-2.642429, abs=5e-7)


@pytest.mark.parametrize("name", CALCULI)
def test_limits_and_invariances(name):
    _, solve, _ = CALCULI[name]
    losses = np.array([3.0, 0.5, 2.0, 0.5])
    w, other = np.empty((2, 4))
    solve(losses, 1e-12, 1.0, w)
    assert np.allclose(w, 0.25, atol=1e-10)  # eta -> 0: uniform
    solve(losses, 0.7, 1.0, w)
    assert w[1] == w[3] and w[1] > w[2] > w[0]
    solve(losses + 100.0, 0.7, 1.0, other)
    assert np.allclose(other, w, rtol=1e-12)  # a common shift changes nothing
    order = np.array([2, 0, 3, 1])
    solve(losses[order], 0.7, 1.0, other)
    assert np.allclose(other, w[order], rtol=1e-12)
    pair = np.empty(2)
    solve(np.array([4.0, 4.0]), 2.0, 1.0, pair)
    assert pair == pytest.approx([0.5, 0.5], abs=1e-15)


@pytest.mark.parametrize("name", CALCULI)
def test_gradients_divergences_and_stability(name):
    slow, solve, _ = CALCULI[name]
    gradient, divergence, stability = COORDINATES[name]
    rng = np.random.default_rng(1)
    for _ in range(50):
        k = int(rng.integers(2, 8))
        v, w = rng.dirichlet(np.ones(k), 2)
        rate, losses = 10.0 ** rng.uniform(-2, 0.5), 5 * rng.random(k)
        slopes = np.array([gradient(x) for x in w]) - slow.gradient(w)
        assert np.allclose(slopes, slopes[0])
        assert sum(divergence(a, b) for a, b in zip(v, w)) == pytest.approx(slow.bregman(v, w), rel=1e-8)
        solve(losses, rate, 1.0, w)
        estimate = np.zeros(k)
        arm = int(rng.integers(k))
        estimate[arm] = rng.random() / w[arm]
        bound = sum(stability(x, e, rate) for x, e in zip(w, estimate))
        assert slow.stability(losses, estimate, rate) <= bound + 1e-10
        assert bound <= slow.stability_bound(w, estimate, rate) + 1e-12
        # The bound is what the best unconstrained v of the arm gains.
        p, e = w[arm], (1.0 + rng.random()) / w[arm]
        best = minimize_scalar(
            lambda log_v, p=p, e=e, rate=rate: divergence(math.exp(log_v), p) / rate - (p - math.exp(log_v)) * e,
            bounds=(math.log(p) - 60.0, math.log(p)), method="bounded", options={"xatol": 1e-12},
        )  # fmt: skip
        assert stability(p, e, rate) == pytest.approx(-best.fun, rel=1e-7)


@pytest.mark.parametrize("name", CALCULI)
@pytest.mark.parametrize("decay", [0.0, 0.5])
def test_mirror_descent_has_the_same_iterates_only_for_a_constant_rate(name, decay):
    """w_{t+1} = argmin eta_t <w, l_t> + D(w, w_t), solved on its own, against the leader of eta_{t+1}."""
    _, solve, _ = CALCULI[name]
    rng = np.random.default_rng(4)
    inverse = {
        "shannon": lambda g: np.exp(g),
        "tsallis": lambda g: 4.0 / g**2,
        "barrier": lambda g: -1.0 / g,
    }[name]
    gradient = np.vectorize(COORDINATES[name][0])
    w, total, leader = np.full(4, 0.25), np.zeros(4), np.empty(4)
    apart = 0.0
    for t in range(1, 30):
        rate = 0.8 * t**-decay
        losses = rng.random(4)
        total += losses
        dual = gradient(w) - rate * losses
        # One multiplier lifts the sum back to one; for the powers all gradients must stay negative.
        top = -dual.max() - 1e-9 if name != "shannon" else 5.0
        w = inverse(dual + brentq(lambda c, d=dual: inverse(d + c).sum() - 1.0, 0.0, top, xtol=1e-15))
        solve(total, 0.8 * (t + 1) ** -decay, 1.0, leader)
        apart = max(apart, float(np.abs(w - leader).max()))
    assert apart < 1e-9 if decay == 0.0 else apart > 1e-3


def test_mirror_descent_differs_for_the_euclidean_regulariser():
    slow, rng = Euclidean(), np.random.default_rng(5)
    w, total = np.full(3, 1 / 3), np.zeros(3)
    apart = 0.0
    for _ in range(30):
        losses = rng.random(3)
        total += losses
        w = slow.weights(-(w - losses), 1.0)  # projection of w - eta l
        apart = max(apart, float(np.abs(w - slow.weights(total, 1.0)).max()))
    assert apart > 1e-3


def test_the_tsallis_family_ends_at_exp3():
    losses, w = np.array([0.3, 1.0, 2.5, 0.9]), np.empty(4)
    ftrl.shannon_weights(losses, 0.9, 1.0, w)
    errors = [np.abs(Tsallis(alpha).weights(losses, 0.9) - w).max() for alpha in (0.9, 0.99, 0.999)]
    assert errors[0] > errors[1] > errors[2] and errors[2] < 1e-3


def test_a_running_sum_stays_exact():
    """After 20,000 updates over 300 orders of magnitude the law is the softmax of the losses."""
    rng = np.random.default_rng(6)
    state = ftrl.allocate_exponential(6)
    ftrl.reset_exponential(state, 0.05)
    stream = np.array([1, 3, 0], np.uint64)
    for t in range(20_000):
        ftrl.draw_exponential(state, stream)
        if t % 97 == 0:
            assert np.allclose(state.probabilities, softmax(-0.05 * state.total), rtol=1e-11, atol=1e-300)
        ftrl.add_exponential(state, int(rng.integers(6)), rng.exponential(1.0))


@pytest.mark.parametrize(
    "params, adversary, claim",
    [
        (tuned(3, 1500), ExploitExp3(3, tuned(3, 1500).learning_rate), exp3),
        (TsallisINF(), SwitchingLosses(3, 50, 0.1, 0.9), tsallis_inf),
    ],
)
def test_every_step_holds_against_unkind_adversaries(params, adversary, claim):
    """The bookkeeping is deterministic: adaptive and switching losses change nothing."""
    trace = simulate(params, adversary, 1500, 5, seed=7, watch=claim)
    assert trace.records is not None
    assert (trace.records.checks > 0).all() and (trace.records.violations == 0).all()


def test_a_foreign_rate_breaks_the_leader_step_and_the_identity():
    params = Exp3(1.01 * tuned(3, 1500).learning_rate)
    trace = simulate(params, ExploitExp3(3, tuned(3, 1500).learning_rate), 1500, 2, seed=7, watch=exp3)
    broken = {step.id for step, count in zip(exp3.STEPS, trace.records.violations.sum(axis=0)) if count}
    assert {"leader", "identity"} <= broken and not broken & {"simplex", "estimator", "unbiased", "second-moment"}


def test_predicted_stability_is_infinite_outside_its_domain():
    assert ftrl.tsallis_stability(0.25, -5.0, 1.0) == math.inf and ftrl.barrier_stability(0.5, -3.0, 1.0) == math.inf


# --- any mixture of regularisers -----------------------------------------------------------------------------------


MIXTURES = (
    mixtures.ENTROPY, mixtures.TSALLIS, mixtures.BARRIER, ftrl_claim.EVERYTHING, ftrl_claim.LOW_TSALLIS,
    ftrl_claim.HIGH_TSALLIS, ftrl_claim.BARRIER_ENTROPY, ftrl_claim.TSALLIS_ENTROPY, Mixture(1e-3, 2.0, 0.3, 1e-4),
)  # fmt: skip
SLOW = {mixtures.ENTROPY: Shannon(), mixtures.TSALLIS: Tsallis(), mixtures.BARRIER: LogBarrier()}


@pytest.mark.parametrize("mixture", MIXTURES, ids=str)
def test_mixture_weights_and_potentials(mixture):
    slow = SLOW.get(mixture, regularisers.Mixture(*mixture))
    for losses, rate in draws(n=15):
        w = np.empty(len(losses))
        for start in (-1e9, 0.0, 1e9):
            mixtures.mixture_weights(mixture, losses, rate, start, w)
            assert w.sum() == pytest.approx(1.0, abs=1e-12)
        assert np.allclose(w, slow.weights(losses, rate), rtol=1e-8, atol=1e-250)
        wanted = slow.conjugate(losses, rate) + losses.min()
        size = 1.0 / rate + np.ptp(losses)
        assert mixtures.mixture_potential(mixture, losses, rate, w) == pytest.approx(wanted, abs=1e-9 * size)


@pytest.mark.parametrize("mixture", MIXTURES, ids=str)
def test_mixture_coordinates(mixture):
    """Slope, curvature, divergence and the exact Bregman term of an arm against the slow regulariser and a search."""
    slow = regularisers.Mixture(*mixture)
    rng = np.random.default_rng(3)
    for _ in range(20):
        v, w = rng.dirichlet(np.ones(4), 2)
        assert np.allclose([mixtures.slope(mixture, x) for x in w], slow.gradient(w), rtol=1e-10)
        assert np.allclose([1 / mixtures.inverse_curvature(mixture, x) for x in w], slow.curvature(w), rtol=1e-10)
        assert sum(mixtures.value(mixture, x) for x in w) == pytest.approx(slow.value(w), rel=1e-12)
        found = sum(mixtures.divergence(mixture, a, b) for a, b in zip(v, w))
        assert found == pytest.approx(slow.bregman(v, w), rel=1e-8, abs=1e-12)
        rate, p, e = 10.0 ** rng.uniform(-2, 0.5), w[0], (1.0 + rng.random()) / w[0]
        best = minimize_scalar(
            lambda log_v, p=p, e=e, rate=rate: (
                mixtures.divergence(mixture, math.exp(log_v), p) / rate - (p - math.exp(log_v)) * e
            ),
            bounds=(math.log(p) - 60.0, math.log(p)), method="bounded", options={"xatol": 1e-12},
        )  # fmt: skip
        exact = mixtures.coordinate_stability(mixture, p, e, rate)
        assert exact == pytest.approx(-best.fun, rel=1e-6)
        assert exact <= 0.5 * rate * e * e * mixtures.inverse_curvature(mixture, p) * (1 + 1e-12)


def test_tsallis_near_one_is_exp3():
    """alpha -> 1: the weights go to softmax, linearly in 1 - alpha."""
    losses, w = np.array([0.0, 0.7, 2.0]), np.empty(3)
    away = []
    for alpha in (0.99, 0.999):
        mixtures.mixture_weights(Mixture(tsallis=1.0, alpha=alpha), losses, 0.8, 0.0, w)
        away.append(np.abs(w - softmax(-0.8 * losses)).max())
    assert away[1] == pytest.approx(away[0] / 10, rel=0.05)


@pytest.mark.parametrize("full_information", [False, True])
def test_mixtures_decide_as_the_reference(full_information):
    horizon, seed = 40, 17
    losses = loss_table(horizon, 3)
    module = ftrl_experts if full_information else ftrl_bandit
    for mixture, make in ((ftrl_claim.EVERYTHING, module.tuned), (ftrl_claim.HIGH_TSALLIS, module.anytime)):
        params = make(mixture, 3, horizon)
        trace = simulate(params, LossSequence(losses), horizon, 4, seed=seed, n_decisions=horizon)
        for run in range(4):
            wanted = reference(
                losses.tolist(), uniforms(seed, POLICY, run, 0), tuple(mixture),
                lambda t, p=params: p.learning_rate * t**-p.decay, full_information,
            )  # fmt: skip
            assert trace.extra["decisions"][run].tolist() == wanted


def test_the_special_cases_are_exp3_tsallis_inf_and_the_log_barrier():
    """Same laws, path by path, as the algorithms of one regulariser at the same rates."""
    losses, path = loss_table(25, 4), tuple(np.random.default_rng(8).integers(0, 4, 25))
    pairs = (
        (FTRL(mixtures.ENTROPY, 0.03), Exp3(0.03)),
        (FTRL(mixtures.TSALLIS, 2.0, 0.5), TsallisINF()),
        (FTRL(mixtures.BARRIER, 0.4), log_barrier.LogBarrier(0.4)),
    )
    for general, special in pairs:
        assert np.allclose(forced(general, losses, path), forced(special, losses, path), rtol=1e-9)


def test_exact_expected_regrets_of_the_mixtures():
    """All 2^10 paths on the constant losses (0, 1): the numbers of Exp3 and of Tsallis-INF."""
    losses = np.tile([0.0, 1.0], (10, 1))
    assert expected_regret(FTRL(mixtures.ENTROPY, tuned(2, 10).learning_rate), losses) == pytest.approx(
        2.826269, abs=5e-7
    )
    assert expected_regret(FTRL(mixtures.TSALLIS, 2.0, 0.5), losses) == pytest.approx(2.199539, abs=5e-7)


def test_the_bounds_of_the_mixtures_are_those_of_their_parts():
    """At pure regularisers the bound is the one that Exp3 and Tsallis-INF state; tuned rates are its minimum."""
    instance, t = SwitchingLosses(5), np.array([400.0])
    bound = theorem("ftrl/bandit").bound
    assert bound(instance, ftrl_bandit.tuned(mixtures.ENTROPY, 5, 400), t)[0] == pytest.approx(
        math.sqrt(2 * 5 * 400 * math.log(5))
    )
    # 4 (sqrt K - 1) sqrt T / 2 + (sqrt K / 2) sum 2/sqrt t, the sum by its integral.
    tsallis = bound(instance, FTRL(mixtures.TSALLIS, 2.0, 0.5), t)[0]
    assert tsallis == pytest.approx(40 * (math.sqrt(5) - 1) + math.sqrt(5) * (2 * 20 - 1))
    for decay in (0.0, 0.3, 0.5, 1.0):
        exact = 0.7 * (np.arange(1, 401) ** -decay).sum()
        limit = rate_sum(FTRL(mixtures.TSALLIS, 0.7, decay), t)[0]
        assert exact <= limit * (1 + 1e-12) <= 1.04 * exact + 0.7
    huge = bound(instance, FTRL(MIXTURES[3], 0.1, 0.5), np.array([[1e9, 2.0**60]]))
    assert huge.shape == (1, 2) and np.isfinite(huge).all() and huge[0, 0] < huge[0, 1]
    assert tsallis <= 4 * math.sqrt(5 * 400) - 2 * 20
    for mixture in MIXTURES:
        best = ftrl_bandit.tuned(mixture, 5, 400)
        values = [bound(instance, best._replace(learning_rate=f * best.learning_rate), t)[0] for f in (0.9, 1.0, 1.1)]
        assert values[1] == min(values)


def test_moments_of_the_theorem_bound_the_local_norms():
    rng = np.random.default_rng(5)
    for mixture in MIXTURES:
        slow = regularisers.Mixture(*mixture)
        for _ in range(50):
            w, losses = rng.dirichlet(np.full(4, 0.3)) + 1e-12, rng.random(4)
            w /= w.sum()
            curvature = slow.curvature(w)
            assert (losses**2 / (w * curvature)).sum() <= bandit_moment(mixture, 4) * (1 + 1e-12)
            assert (losses**2 / curvature).sum() <= full_information_moment(mixture) * (1 + 1e-9)


@pytest.mark.parametrize(
    "params, message",
    [
        (FTRL(Mixture()), "all coefficients of FTRL are 0"),
        (FTRL(Mixture(shannon=-1.0)), "coefficient shannon of FTRL is -1"),
        (FTRL(Mixture(tsallis=1.0, alpha=1.0)), "alpha of FTRL is 1.0"),
        (FTRL(mixtures.ENTROPY, 0.0), "learning rate of FTRL is 0.0"),
        (FTRL(mixtures.ENTROPY, 1.0, -0.5), "decay"),
    ],
)
def test_bad_mixtures(params, message):
    for module in (ftrl_bandit, ftrl_experts):
        with pytest.raises(InvalidInput, match=message):
            module.allocate(params, BanditProblem(3, 10))
