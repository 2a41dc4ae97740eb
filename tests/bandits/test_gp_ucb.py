"""GP-UCB and IGP-UCB against their reference, LinUCB, and exact information gains."""

from __future__ import annotations

import itertools
import math
from typing import NamedTuple

import numpy as np
import pytest

from bandits.algorithms import gp_ucb as module
from bandits.algorithms.gp_ucb import GPUCB, IGPUCB
from bandits.algorithms.oful import OFUL
from bandits.kernel import GaussianProcessBandit, kernel_bandit, kernel_features, squared_exponential
from bandits.linear import LinearBandit, LinearProblem
from kernels.engine import simulate
from tests.bandits.linear_stacks import instances, stacked
from tests.reference.gp_ucb import gp_ucb
from theory.errors import HypothesisViolated, InvalidInput
from theory.information import information_gain, most_information
from theory.theorems import theorem

SEED, HORIZON = 19, 60


@pytest.mark.parametrize("params", [GPUCB(0.5, 0.1), IGPUCB(0.4, 0.8, 0.1)], ids=["Bayesian", "RKHS"])
def test_decides_as_the_reference_on_shared_stacks(params):
    points = np.random.default_rng(2).uniform(size=(12, 1))
    # Different variances, so that rounding decides nothing in the first rounds.
    scales = np.linspace(0.7, 1.0, 12)
    gram = squared_exponential(points, 0.3) * np.outer(scales, scales)
    features = kernel_features(gram)
    theta = features.T @ np.random.default_rng(3).standard_normal(12)
    bandit = LinearBandit.fixed(features, theta, noise="uniform", scale=0.4)
    trace = simulate(params, bandit, HORIZON, 5, seed=SEED, n_decisions=HORIZON)
    for run in range(5):
        ridge = 0.5 if isinstance(params, GPUCB) else 1 + 2 / HORIZON

        def radius(t, gain):
            if isinstance(params, GPUCB):
                return math.sqrt(2 * math.log(12 * t**2 * math.pi**2 / (6 * 0.1)))
            return 0.8 + 0.4 * math.sqrt(2 * (gain + 1 + math.log(1 / 0.1)))

        expected = gp_ucb(gram, stacked(bandit, SEED, run, HORIZON)[1], HORIZON, ridge, radius)
        assert trace.extra["decisions"][run].tolist() == expected


class LinUCBRadius(NamedTuple):
    """OFUL's radius for a posterior with s2 = lam, whose deviation is sqrt(lam) |x| in V^{-1}; log det = 2 gain."""

    model: OFUL

    def ridge(self, horizon):
        return self.model.regularization

    def radius(self, t, n_actions, gain):
        m = self.model
        beta = (
            m.noise * math.sqrt(2 * math.log(1 / m.delta) + 2 * gain) + math.sqrt(m.regularization) * m.parameter_bound
        )
        return beta / math.sqrt(m.regularization)


def test_4_a_linear_kernel_is_linucb_run_for_run():
    bandit = instances()[0]
    model = OFUL(bandit.noise_subgaussian, 0.7, 1.0, 0.5, 0.1)
    linucb = simulate(model, bandit, 150, 5, seed=SEED, n_decisions=150).extra["decisions"]
    for run in range(5):
        world = bandit.world(SEED, run)
        for moment in module.play(LinUCBRadius(model), bandit.problem(150), world, 150):
            played = bandit.features[0][world.actions[:-1]]
            v = 0.5 * np.eye(3) + played.T @ played
            widths = np.sqrt(np.einsum("ai,ij,aj->a", bandit.features[0], np.linalg.inv(v), bandit.features[0]))
            np.testing.assert_allclose(moment.sd, math.sqrt(0.5) * widths, atol=1e-9)
        assert world.actions == linucb[run].tolist()


def test_the_information_bound_holds_for_every_choice_and_is_tight_for_orthonormal_features():
    features = np.random.default_rng(4).standard_normal((4, 2))
    gram = features @ features.T
    for n in (1, 2, 3, 5):
        best = max(
            information_gain(gram[np.ix_(choice, choice)], 0.7)
            for choice in map(list, itertools.combinations_with_replacement(range(4), n))
        )
        assert best <= float(most_information(features, n, 0.7)) + 1e-12
    # T = 6 observations split evenly among three orthonormal features: (3/2) log(1 + 2/s2) exactly.
    assert float(most_information(np.eye(3), 6, 0.5)) == pytest.approx(1.5 * math.log(5.0), rel=1e-14)


def test_the_bounds_in_numbers():
    """Orthonormal domain of two points, T = 4, s2 = 1: gm = log 3; beta = 2 log(2 * 16 pi^2/(6 * .1))."""
    bandit = GaussianProcessBandit(np.eye(2), 1.0)
    beta = 2 * math.log(2 * 16 * math.pi**2 / 0.6)
    expected = math.sqrt(8 / math.log(2) * 4 * beta * math.log(3))
    assert theorem("gp-ucb/bayes").bound(bandit, GPUCB(1.0, 0.1), np.array([4.0]))[0] == pytest.approx(expected)
    linear = LinearBandit.fixed(np.eye(2), [0.5, 0.2])
    gain = math.log(1 + 2 / 1.5)
    expected = 2 * (1 + math.sqrt(2 * (gain + 1 + math.log(10)))) * math.sqrt(24 * gain)
    assert theorem("gp-ucb/rkhs").bound(linear, IGPUCB(1.0, 1.0, 0.1), np.array([4.0]))[0] == pytest.approx(expected)


def test_draws_have_the_covariance_of_the_kernel():
    gram = squared_exponential([[0.0], [0.2], [1.0]], 0.5)
    bandit = GaussianProcessBandit(kernel_features(gram), 0.1)
    draws = np.zeros((600, 3))
    for run in range(600):
        world = bandit.world(5, run)
        world.observe_context()
        draws[run] = world.means
    # Standard error of an entry: at most sqrt(2/600).
    np.testing.assert_allclose(draws.T @ draws / 600, gram, atol=4.0 * math.sqrt(2 / 600))


def test_the_norm_of_a_kernel_function_is_that_of_theta():
    gram = squared_exponential([[0.0], [0.3], [0.9]], 0.4)
    c = np.array([0.5, -1.0, 0.2])
    bandit = kernel_bandit(gram, c, scale=0.1)
    np.testing.assert_allclose(bandit.means[0], gram @ c, atol=1e-12)
    assert bandit.parameter_bound == pytest.approx(math.sqrt(c @ gram @ c), rel=1e-10)


def test_the_bayesian_theorem_is_about_draws_and_their_noise():
    with pytest.raises(HypothesisViolated, match="they are fixed"):
        theorem("gp-ucb/bayes").require(instances()[0], GPUCB(), 10)
    with pytest.raises(HypothesisViolated, match=r"it is 0\.25, not 1"):
        theorem("gp-ucb/bayes").require(GaussianProcessBandit(np.eye(2), 0.5), GPUCB(), 10)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        (GPUCB(0.0), "noise_variance is 0.0"),
        (GPUCB(1.0, 1.0), "GPUCB: delta is 1.0"),
        (IGPUCB(noise=-1.0), "noise is -1.0"),
        (IGPUCB(parameter_bound=math.inf), "parameter_bound is inf"),
    ],
)
def test_bad_hyper_parameters_are_refused(params, message):
    with pytest.raises(InvalidInput, match=message):
        module.allocate(params, LinearProblem(1, 2, 2, 10))


def test_malformed_kernels_are_refused():
    with pytest.raises(InvalidInput, match="eigenvalue -1"):
        kernel_features([[0.0, 1.0], [1.0, 0.0]])
    with pytest.raises(InvalidInput, match="not symmetric"):
        kernel_features([[1.0, 0.5], [0.0, 1.0]])
    with pytest.raises(InvalidInput, match="length of the kernel is 0"):
        squared_exponential([[0.0]], 0.0)
