"""Weighted OFUL+ against its reference, its noise, and its constants."""

from __future__ import annotations

import math

import numpy as np
import pytest

from bandits.algorithms import weighted_oful as module
from bandits.algorithms.weighted_oful import WeightedOFUL
from bandits.heteroscedastic import HeteroscedasticBandit
from bandits.linear import LinearBandit
from kernels.engine import simulate
from proofs_check.claims.weighted_oful import shocks, theorem_parameters
from tests.bandits.linear_stacks import context_at
from tests.reference.stacks import REWARD, key_of, uniform_at
from tests.reference.weighted_oful import weighted_oful
from theory.errors import HypothesisViolated, InvalidInput
from theory.theorems import theorem
from theory.theorems.weighted_oful import deviation, floors, logarithm, regret_from

SEED, RUNS, HORIZON = 13, 10, 150


def _reward(bandit: HeteroscedasticBandit, run: int, t: int, context: int, action: int) -> float:
    """Shocks in the two tails of the uniform of the round."""
    u = uniform_at(key_of(SEED, REWARD, run, 0), t)
    tail = bandit.variances[context, action] / bandit.bound**2 / 2
    return float(bandit.means[context, action] + bandit.bound * (float(u >= 1 - tail) - float(u < tail)))


@pytest.mark.parametrize("scale", [0.002, 0.05])
def test_decides_as_the_reference_on_shared_stacks(scale):
    bandit = shocks(3, 6, (1.0, 0.3, 0.01))
    params = WeightedOFUL(1.0, 0.9, 1.0, 0.7, 0.1, scale)
    trace = simulate(params, bandit, HORIZON, RUNS, seed=SEED, n_decisions=HORIZON)
    for run in range(RUNS):
        contexts = [context_at(bandit.linear, SEED, run, t) for t in range(HORIZON)]
        expected = weighted_oful(
            [bandit.features[c] for c in contexts], [bandit.variances[c] for c in contexts],
            lambda t, a, run=run, contexts=contexts: _reward(bandit, run, t, contexts[t], a), *params,
        )  # fmt: skip
        assert trace.extra["decisions"][run].tolist() == expected


def test_the_noise_has_the_variance_it_states():
    """One action, d = 1, |x| = 1: the share of shocks in the decisive uniforms."""
    bandit = HeteroscedasticBandit(LinearBandit.fixed([[1.0]], [0.5]), np.array([[0.3]]), 2.0)
    noise = np.array([_reward(bandit, 0, t, 0, 0) - 0.5 for t in range(20_000)])
    assert set(np.unique(noise)) == {-2.0, 0.0, 2.0}
    sd = math.sqrt((4.0 * 0.3 - 0.3**2) / 20_000)
    assert abs(noise.mean()) < 4.0 * math.sqrt(0.3 / 20_000) and abs((noise**2).mean() - 0.3) < 4.0 * sd


def test_floors_and_radius_in_numbers():
    alpha, gm = floors(2.0, 16, 400)
    assert (alpha, gm) == (pytest.approx(0.05), pytest.approx(math.sqrt(2) / 2))
    iota = math.log(32 * (math.log(0.5 / 0.05) + 1) * 9 / 0.1)
    assert float(logarithm(3, alpha, gm, 0.1)) == pytest.approx(iota, rel=1e-14)
    params = WeightedOFUL(2.0, 1.0, 1.0, 0.5, 0.1)
    expected = 12 * math.sqrt(16 * math.log(1 + 3 / (0.0025 * 16 * 0.5)) * iota) + 30 * iota * 2 / 0.5
    assert float(deviation(3, 16, params, alpha, gm)) == pytest.approx(expected, rel=1e-12)


def test_the_regret_bound_in_numbers():
    """beta = 3, sum s^2 = 8, l = 2, gm^2 = 1/2: 6 (sqrt(36) + 2) + 8 = 56."""
    assert regret_from(3.0, 8.0, 2.0, math.sqrt(0.5)) == pytest.approx(56.0, rel=1e-14)


def test_variances_that_do_not_fit_are_refused():
    base = LinearBandit.fixed([[1.0], [0.5]], [0.5])
    with pytest.raises(InvalidInput, match=r"variances have shape \(1, 3\)"):
        HeteroscedasticBandit(base, np.ones((1, 3)))
    with pytest.raises(InvalidInput, match=r"variances.*1\.5"):
        HeteroscedasticBandit(base, np.array([[0.2, 1.5]]))
    with pytest.raises(InvalidInput, match="bound of the noise is 0"):
        HeteroscedasticBandit(base, np.zeros((1, 2)), 0.0)
    with pytest.raises(InvalidInput, match="states no variances"):
        module.allocate(WeightedOFUL(), base.problem(10))


def test_an_instance_without_a_bound_of_its_noise_is_refused_by_the_theorem():
    base = LinearBandit.fixed([[1.0], [0.5]], [0.0])
    with pytest.raises(HypothesisViolated, match="does not state it"):
        theorem("weighted-oful/regret").require(base, theorem_parameters(base, 10), 10)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        (WeightedOFUL(noise_bound=0.0), "noise_bound is 0.0"),
        (WeightedOFUL(regularization=-1.0), "regularization is -1.0"),
        (WeightedOFUL(delta=1.0), "delta is 1.0"),
        (WeightedOFUL(scale=math.inf), "scale is inf"),
    ],
)
def test_bad_hyper_parameters_are_refused(params, message):
    with pytest.raises(InvalidInput, match=message):
        module.allocate(params, shocks(3, 6, (1.0,)).problem(100))
