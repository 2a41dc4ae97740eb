"""Follow the perturbed leader: Gumbel noise is Hedge, uniform noise has the law that the quadrature says."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import chi2

from bandits.adversaries.constant import ConstantLosses
from bandits.adversaries.sequence import LossSequence
from bandits.algorithms import ftpl, ftpl_uniform
from bandits.algorithms.ftpl import FTPL
from bandits.algorithms.ftpl_uniform import FTPLUniform, uniform_law
from bandits.algorithms.hedge import Hedge
from bandits.model import BanditProblem
from kernels.engine import simulate
from kernels.random import POLICY as STREAM
from kernels.random import start
from tests.bandits.test_exp3 import table
from tests.reference import ftpl as reference
from tests.reference.stacks import POLICY, uniforms
from theory.errors import InvalidInput
from theory.theorems import theorem


@pytest.mark.parametrize("noise", ["gumbel", "uniform"])
def test_decides_as_the_reference(noise):
    horizon, seed = 300, 17
    losses = table(horizon, 4)
    params = FTPL(0.2) if noise == "gumbel" else FTPLUniform(0.1)
    slow = reference.gumbel(0.2) if noise == "gumbel" else reference.uniform(0.1)
    trace = simulate(params, LossSequence(losses), horizon, 10, seed=seed, n_decisions=horizon)
    for run in range(10):
        wanted = reference.ftpl(losses.tolist(), uniforms(seed, POLICY, run, 0), slow)
        assert trace.extra["decisions"][run].tolist() == wanted


def test_3_gumbel_noise_is_hedge():
    """Frequencies of 40,000 perturbed leaders against the softmax, by a chi-square at level 1e-6; same exact regret."""
    state = ftpl.allocate(FTPL(0.7), BanditProblem(4, 1))
    state.total[:] = [0.0, 0.5, 1.5, 4.0]
    rng = np.zeros(3, np.uint64)
    start(rng, 5, STREAM, 0, 0)
    counts = np.bincount([ftpl.act(FTPL(0.7), state, 1, rng) for _ in range(40_000)], minlength=4)
    expected = 40_000 * np.exp(-0.7 * state.total) / np.exp(-0.7 * state.total).sum()
    assert ((counts - expected) ** 2 / expected).sum() < chi2.isf(1e-6, 3)
    # The test has the power to see noise that is 10 % too large.
    wide = np.bincount([ftpl.perturbed_leader(state, 1.1 / 0.7, rng) for _ in range(40_000)], minlength=4)
    assert ((wide - expected) ** 2 / expected).sum() > chi2.isf(1e-6, 3)
    losses = LossSequence(table(100, 4))
    assert simulate(FTPL(0.7), losses, 100, 1).regret == pytest.approx(simulate(Hedge(0.7), losses, 100, 1).regret)


def law_of(losses, epsilon):
    state = ftpl_uniform.allocate(FTPLUniform(epsilon), BanditProblem(len(losses), 1))
    uniform_law(
        np.array(losses, dtype=float), epsilon, state.ascending, state.nodes, state.weights, state.probabilities
    )
    return state.probabilities


def test_uniform_law_in_closed_form():
    """Two arms d apart: 1 - (1 - epsilon d)^2/2 for the better one; equal losses: uniform; beyond: certain."""
    for d in (0.0, 0.3, 1.9, 2.0, 7.0):
        better = 1 - max(1 - 0.5 * d, 0.0) ** 2 / 2
        assert law_of([0.0, d], 0.5) == pytest.approx([better, 1 - better], abs=1e-14)
        assert law_of([d + 3.0, 3.0], 0.5) == pytest.approx([1 - better, better], abs=1e-14)
    for k in (1, 2, 5, 9):
        assert law_of([2.0] * k, 0.3) == pytest.approx(np.full(k, 1 / k), abs=1e-14)


def test_uniform_law_sums_to_one_and_matches_draws():
    rng = np.random.default_rng(1)
    for _ in range(20):
        losses = 6 * rng.random(int(rng.integers(2, 9)))
        assert law_of(losses, 0.25).sum() == pytest.approx(1.0, abs=1e-13)
    law = law_of(losses, 0.25)
    noise = 4.0 * rng.random((200_000, len(losses)))
    counts = np.bincount((losses + noise).argmin(axis=1), minlength=len(losses))
    assert (np.abs(counts / 200_000 - law) <= 5 * np.sqrt(law * (1 - law) / 200_000) + 1e-12).all()


def test_bounds():
    instance, t = ConstantLosses([0.0, 0.5, 1.0]), np.array([500.0])
    best = ftpl_uniform.tuned(3, 500)
    assert theorem("ftpl/uniform").bound(instance, best, t)[0] == pytest.approx(2 * math.sqrt(2 * 3 * 500))
    assert theorem("ftpl/gumbel").bound(instance, ftpl.tuned(3, 500), t)[0] == pytest.approx(
        math.sqrt(250 * math.log(3))
    )


def test_bad_hyper_parameters():
    with pytest.raises(InvalidInput, match="learning rate of FTPL is 0"):
        ftpl.allocate(FTPL(0.0), BanditProblem(2, 10))
    with pytest.raises(InvalidInput, match="epsilon of FTPL is -1"):
        ftpl_uniform.allocate(FTPLUniform(-1.0), BanditProblem(2, 10))
