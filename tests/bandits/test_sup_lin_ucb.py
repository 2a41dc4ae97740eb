"""SupLinUCB against its reference, and its stages in numbers."""

from __future__ import annotations

import math

import numpy as np
import pytest

from bandits.algorithms import sup_lin_ucb as module
from bandits.algorithms.sup_lin_ucb import SupLinUCB
from bandits.linear import LinearBandit, LinearProblem
from kernels.engine import simulate
from tests.bandits.linear_stacks import stacked
from tests.reference.sup_lin_ucb import sup_lin_ucb
from theory.errors import HypothesisViolated, InvalidInput
from theory.theorems import theorem
from theory.theorems.sup_lin_ucb import exploration, n_stages

SEED, HORIZON = 41, 300


def _bandit() -> LinearBandit:
    rng = np.random.default_rng(12)
    features = rng.standard_normal((4, 5, 2))
    features /= np.linalg.norm(features, axis=2, keepdims=True)
    return LinearBandit.contextual(features, [0.6, -0.5], noise="uniform", scale=0.3)


@pytest.mark.parametrize("scale", [0.1, 0.3])
def test_decides_as_the_reference_on_shared_stacks(scale):
    bandit = _bandit()
    params = SupLinUCB(bandit.noise_subgaussian, 0.1, scale)
    trace = simulate(params, bandit, HORIZON, 5, seed=SEED, n_decisions=HORIZON)
    for run in range(5):
        decisions, sizes = sup_lin_ucb(*stacked(bandit, SEED, run, HORIZON), params.noise, 0.1, scale)
        assert trace.extra["decisions"][run].tolist() == decisions
        assert trace.extra["summary"][run].tolist() == sizes
        assert sum(size > 0 for size in sizes) >= 2


def test_stages_and_exploration_in_numbers():
    assert [n_stages(t) for t in (2, 3, 4, 5, 1024, 1025)] == [1, 2, 2, 3, 10, 11]
    # R = 1/2: sqrt(log(2 T K S/delta)/2), as for rewards in [0, 1].
    assert exploration(0.5, 16, 5, 0.1) == pytest.approx(math.sqrt(0.5 * math.log(2 * 16 * 5 * 4 / 0.1)), rel=1e-14)


def test_one_dimension_stores_until_the_width_is_half():
    """d = 1, x = 1: A = 1 + n, so the first bin takes rounds while (alpha + 1)/sqrt(1 + n) > 1/2, then the second."""
    bandit = LinearBandit.fixed([[1.0], [1.0]], [0.5], noise="uniform", scale=0.3)
    params = SupLinUCB(0.0, 0.1)  # alpha = 0: 1/sqrt(1+n) > 1/2 for n < 3, > 1/4 for n < 15
    sizes = simulate(params, bandit, 16, 1).extra["summary"][0]
    assert sizes.tolist() == [3.0, 13.0, 0.0, 0.0]
    sizes = simulate(params, bandit, 64, 1).extra["summary"][0]
    assert sizes[:2].tolist() == [3.0, 15.0]


def test_the_bound_in_numbers():
    bandit = _bandit()
    alpha = exploration(0.5, 64, 5, 0.05)
    expected = 16 + 8 * (alpha + 1) * math.sqrt(2 * 2 * 6 * 64 * math.log(1 + 64 / 2))
    bound = theorem("sup-lin-ucb/regret").bound(bandit, SupLinUCB(), np.array([64.0]))
    assert bound[0] == pytest.approx(expected, rel=1e-12)


def test_the_theorem_asks_for_a_unit_parameter():
    bandit = LinearBandit.fixed([[1.0]], [1.5], noise="uniform", scale=0.3)
    with pytest.raises(HypothesisViolated, match=r"it is 1\.5, 0\.5 too large"):
        theorem("sup-lin-ucb/regret").require(bandit, SupLinUCB(), 10)


@pytest.mark.parametrize(
    ("params", "message"),
    [(SupLinUCB(noise=-1.0), "noise is -1.0"), (SupLinUCB(delta=0.0), "delta"), (SupLinUCB(scale=math.nan), "scale")],
)
def test_bad_hyper_parameters_are_refused(params, message):
    with pytest.raises(InvalidInput, match=message):
        module.allocate(params, LinearProblem(1, 2, 2, 10))
