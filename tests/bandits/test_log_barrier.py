"""Log-barrier FTRL against its reference implementation, exact regret and multiplicative stability."""

from __future__ import annotations

import math

import numpy as np
import pytest

from bandits.adversaries.constant import ConstantLosses
from bandits.adversaries.sequence import LossSequence
from bandits.algorithms.log_barrier import LogBarrier, allocate, tuned
from bandits.model import BanditProblem
from kernels.engine import simulate
from tests.bandits.test_exp3 import table
from tests.reference.log_barrier import log_barrier
from tests.reference.paths import expected_regret, forced
from tests.reference.stacks import POLICY, uniforms
from theory.errors import InvalidInput
from theory.theorems import theorem


@pytest.mark.parametrize("n_arms", [2, 5])
def test_decides_as_the_reference(n_arms):
    horizon, seed, runs = 300, 37, 10
    losses = table(horizon, n_arms)
    params = tuned(n_arms, horizon)
    trace = simulate(params, LossSequence(losses), horizon, runs, seed=seed, n_decisions=horizon)
    for run in range(runs):
        wanted = log_barrier(losses.tolist(), uniforms(seed, POLICY, run, 0), params.learning_rate)
        assert trace.extra["decisions"][run].tolist() == wanted


def test_a_rate_four_times_too_large_decides_otherwise():
    losses = LossSequence(table(300, 5))
    right, wrong = (
        simulate(LogBarrier(f * tuned(5, 300).learning_rate), losses, 300, 5, n_decisions=300).extra["decisions"]
        for f in (1.0, 4.0)
    )
    assert (right != wrong).any(axis=1).all()


def test_exact_expected_regret():
    """The sum over all 2^10 paths is below the theorem's bound, the simulator within 4 standard errors of it."""
    losses = np.tile([0.0, 1.0], (10, 1))
    exact = expected_regret(tuned(2, 10), losses)
    instance = ConstantLosses([0.0, 1.0])
    assert 0.0 < exact <= theorem("log-barrier/regret").bound(instance, tuned(2, 10), np.array([10.0]))[0]
    trace = simulate(tuned(2, 10), instance, 10, 20_000, seed=1, checkpoints=[10])
    assert abs(trace.regret.mean() - exact) < 4 * trace.regret.std() / math.sqrt(trace.n_runs)


def test_laws_move_by_bounded_factors():
    """p_t <= (1 + eta l) p_{t+1}, with equality for none and nearly so for the arm played if K is large."""
    losses, path = table(200, 6), np.random.default_rng(3).integers(0, 6, 200)
    params = LogBarrier(0.3)
    laws = forced(params, losses, tuple(path))
    suffered = losses[np.arange(200), path]
    assert (laws[:-1] <= (1 + params.learning_rate * suffered[:-1, None]) * laws[1:] * (1 + 1e-12)).all()
    others = np.ones_like(laws, bool)
    others[np.arange(200), path] = False
    assert (laws[1:][others[:-1]] >= laws[:-1][others[:-1]] * (1 - 1e-12)).all()


@pytest.mark.parametrize("rate", [0.0, -1.0, math.nan, math.inf])
def test_bad_hyper_parameters(rate):
    with pytest.raises(InvalidInput, match="learning rate"):
        allocate(LogBarrier(rate), BanditProblem(2, 10))
