"""KL-UCB against its reference, the full computation, high precision, and bad parameters."""

from __future__ import annotations

import math

import mpmath
import numpy as np
import pytest

import bandits.algorithms.kl_ucb as module
from bandits.algorithms.kl_ucb import KLUCB, level
from bandits.algorithms.ucb1 import UCB1
from bandits.instances.bernoulli import bernoulli
from bandits.model import BanditProblem
from bandits.policies import highest_index
from kernels.engine import simulate
from kernels.jit import compiled
from kernels.kl import bernoulli_kl, kl_upper, kl_upper_slope
from proofs_check.claims.kl_ucb import act_on_frozen, observe_and_freeze
from tests.bandits.stochastic import FIVE, bernoulli_stack
from tests.reference.kl_ucb import kl_ucb
from theory import divergences
from theory.errors import InvalidInput

HORIZON, SEED, RUNS = 300, 21, 10
TEN = (0.1, *[0.05] * 3, *[0.02] * 3, *[0.01] * 3)


@compiled
def act_in_full(params, state, t, rng):
    """Every index solved in every round."""
    n_arms = state.pulls.shape[0]
    if t <= n_arms:
        return t - 1
    x = level(params, t)
    best, arm = -1.0, -1
    for i in range(n_arms):
        u = kl_upper(state.total[i] / state.pulls[i], x / state.pulls[i])
        if u > best:
            best, arm = u, i
    return arm


@compiled
def act_asymptotically_optimal_ucb(params, state, t, rng):
    """UCB1's statistics with the width sqrt(log f(t) / (2N)), f(t) = 1 + t log^2 t."""
    if t <= state.pulls.shape[0]:
        return t - 1
    log_t = math.log(np.float64(t))
    return highest_index(state.mean, state.inverse_root, math.sqrt(0.5 * math.log1p(t * log_t * log_t)))


@pytest.mark.parametrize("means", [(0.5, 0.6), FIVE, (0.0, 1.0, 0.5)])
def test_decides_as_the_reference_on_shared_stacks(means):
    trace = simulate(KLUCB(), bernoulli(*means), HORIZON, RUNS, seed=SEED, n_decisions=HORIZON)
    for run in range(RUNS):
        assert trace.extra["decisions"][run].tolist() == kl_ucb(bernoulli_stack(means, SEED, run, HORIZON), HORIZON)


@pytest.mark.parametrize("means", [TEN, FIVE, (0.5,) * 8])
def test_tangents_lose_nothing_against_the_full_computation(means):
    horizon = 20_000
    lazy = simulate(KLUCB(), bernoulli(*means), horizon, 4, seed=SEED, n_decisions=horizon)
    full = simulate(
        KLUCB(), bernoulli(*means), horizon, 4, seed=SEED, n_decisions=horizon, overrides={"act": act_in_full}
    )
    assert np.array_equal(lazy.extra["decisions"], full.extra["decisions"])


@pytest.mark.parametrize(("means", "most"), [(np.linspace(0.95, 0.05, 10), 1.25), (TEN, 3.0)])
def test_about_one_solve_a_step(monkeypatch, means, most):
    """The point of the tangents: ten arms need ten solves a step without them. Near ties cost more."""
    horizon, solved = 2000, 0

    def counted(state, arm, x, original=module.solve):
        nonlocal solved
        solved += 1
        return original(state, arm, x)

    monkeypatch.setattr(module, "solve", counted)
    stack = bernoulli_stack(means, SEED, 0, horizon)
    state = module.allocate(KLUCB(), BanditProblem(len(means), horizon))
    module.init(KLUCB(), state)
    for t in range(1, horizon + 1):
        arm = module.act.py_func(KLUCB(), state, t, None)
        module.observe(KLUCB(), state, t, arm, stack[arm][state.pulls[arm]])
    assert horizon - len(means) <= solved <= most * horizon


@pytest.mark.parametrize("overrides", [{"act": act_on_frozen, "observe": observe_and_freeze}])
def test_planted_fault_changes_decisions(overrides):
    broken = simulate(KLUCB(), bernoulli(*FIVE), HORIZON, RUNS, seed=SEED, n_decisions=HORIZON, overrides=overrides)
    right = simulate(KLUCB(), bernoulli(*FIVE), HORIZON, RUNS, seed=SEED, n_decisions=HORIZON)
    assert not np.array_equal(broken.extra["decisions"], right.extra["decisions"])


def test_with_pinskers_divergence_it_is_ucb():
    """d(p, q) = 2 (p - q)^2 gives UCB with width sqrt(log f(t) / (2N)), decision by decision."""
    trace = simulate(UCB1(), bernoulli(*FIVE), HORIZON, RUNS, seed=SEED, n_decisions=HORIZON,
                     overrides={"act": act_asymptotically_optimal_ucb})  # fmt: skip
    for run in range(RUNS):
        stack = bernoulli_stack(FIVE, SEED, run, HORIZON)
        theirs = kl_ucb(stack, HORIZON, d=lambda p, q: 2 * (p - q) ** 2, top=10.0)
        assert trace.extra["decisions"][run].tolist() == theirs


def exact_upper(mean, value):
    """-log(1 - q) of the largest q with d(mean, q) <= value, to forty digits."""
    with mpmath.workdps(40):
        m, y = mpmath.mpf(mean), mpmath.mpf(value)
        low = -mpmath.log(1 - m)
        high = (y - m * mpmath.log(m) - (1 - m) * mpmath.log(1 - m)) / (1 - m) + 1
        for _ in range(110):
            u = (low + high) / 2
            q = 1 - mpmath.exp(-u)
            if m * mpmath.log(m / q) + (1 - m) * (mpmath.log(1 - m) + u) < y:
                low = u
            else:
                high = u
        return low


@pytest.mark.parametrize("pulls", [2, 30, 1000, 100_000])
def test_the_solver_against_forty_digits(pulls):
    for successes in {1, pulls // 7 + 1, pulls // 2, pulls - 1}:
        for x in (1e-3, 1.0, 8.0, 30.0):
            mean = successes / pulls
            u = kl_upper(mean, x / pulls)
            assert abs(u - exact_upper(mean, x / pulls)) <= 2e-13 * (1 + u)
            h = 1e-6 * x / pulls
            slope = (exact_upper(mean, x / pulls + h) - exact_upper(mean, x / pulls - h)) / (2 * h)
            assert kl_upper_slope(mean, u) == pytest.approx(float(slope), rel=1e-6)


def test_the_index_at_the_ends_of_the_unit_interval():
    assert kl_upper(1.0, 0.3) == math.inf  # q = 1
    assert kl_upper(0.0, 0.3) == 0.3  # q = 1 - exp(-0.3)
    assert -math.expm1(-kl_upper(0.25, 0.0)) == pytest.approx(0.25, abs=1e-15)


def test_divergence_agrees_with_the_vectorised_one_and_its_bounds():
    grid = np.linspace(0.0, 1.0, 41)
    for p in grid:
        for q in grid:
            d = bernoulli_kl(p, q)
            assert d == pytest.approx(float(divergences.bernoulli_kl(p, q)), rel=1e-9, abs=1e-15)
            assert 2 * (p - q) ** 2 <= d + 1e-15
            if 0 < q < 1:
                assert d <= (p - q) ** 2 / (q * (1 - q)) + 1e-15


@pytest.mark.parametrize("scale", [-0.5, math.nan, math.inf])
def test_refuses_a_bad_scale(scale):
    with pytest.raises(InvalidInput, match="scale of KL-UCB"):
        simulate(KLUCB(scale), bernoulli(0.5, 0.6), 10, 1)
