"""Thompson sampling with Gaussian posteriors against its reference, invariances, bad parameters."""

from __future__ import annotations

import math

import numpy as np
import pytest

from bandits.algorithms.thompson_gaussian import ThompsonGaussian
from bandits.instances.bernoulli import bernoulli
from bandits.instances.gaussian import gaussian
from kernels.engine import simulate
from proofs_check.claims.thompson_gaussian import observe_without_count
from tests.bandits.stochastic import FIVE, bernoulli_stack, gaussian_stack
from tests.reference.normal import words
from tests.reference.stacks import POLICY
from tests.reference.thompson_gaussian import thompson_gaussian
from theory.errors import InvalidInput

HORIZON, SEED, RUNS = 300, 51, 10


@pytest.mark.parametrize("means", [(0.5, 0.6), FIVE])
def test_decides_as_the_reference_on_shared_stacks(means):
    trace = simulate(ThompsonGaussian(), gaussian(*means), HORIZON, RUNS, seed=SEED, n_decisions=HORIZON)
    for run in range(RUNS):
        stack = gaussian_stack(means, SEED, run, HORIZON)
        theirs = thompson_gaussian(stack, HORIZON, words(SEED, POLICY, run, 0))
        assert trace.extra["decisions"][run].tolist() == theirs


def test_the_proper_prior_decides_as_the_reference():
    trace = simulate(ThompsonGaussian(1.0, 1.0), bernoulli(*FIVE), HORIZON, RUNS, seed=SEED, n_decisions=HORIZON)
    for run in range(RUNS):
        stack = bernoulli_stack(FIVE, SEED, run, HORIZON)
        theirs = thompson_gaussian(stack, HORIZON, words(SEED, POLICY, run, 0), 1.0)
        assert trace.extra["decisions"][run].tolist() == theirs


def test_every_arm_is_played_once_first():
    trace = simulate(ThompsonGaussian(), gaussian(*FIVE), 5, RUNS, seed=SEED, n_decisions=5)
    assert (trace.extra["decisions"] == np.arange(5)).all()


def test_decisions_do_not_depend_on_location_and_scale():
    """With the flat prior, rewards 3 + 4 X and sigma 4 are decided like X and sigma 1."""
    plain = simulate(ThompsonGaussian(1.0), gaussian(0.1, 0.5), 500, 5, seed=SEED, n_decisions=500)
    moved = simulate(ThompsonGaussian(4.0), gaussian(3.4, 5.0, sd=4.0), 500, 5, seed=SEED, n_decisions=500)
    assert np.array_equal(plain.extra["decisions"], moved.extra["decisions"])


@pytest.mark.parametrize(
    ("params", "overrides"),
    [(ThompsonGaussian(0.5), {}), (ThompsonGaussian(1.0, 100.0), {}),
     (ThompsonGaussian(), {"observe": observe_without_count})],
)  # fmt: skip
def test_planted_faults_change_decisions(params, overrides):
    broken = simulate(params, gaussian(*FIVE), HORIZON, RUNS, seed=SEED, n_decisions=HORIZON, overrides=overrides)
    right = simulate(ThompsonGaussian(), gaussian(*FIVE), HORIZON, RUNS, seed=SEED, n_decisions=HORIZON)
    assert not np.array_equal(broken.extra["decisions"], right.extra["decisions"])


@pytest.mark.parametrize(
    ("params", "message"),
    [(ThompsonGaussian(0.0), "sigma"), (ThompsonGaussian(math.nan), "sigma"),
     (ThompsonGaussian(1.0, -1.0), "prior_precision")],
)  # fmt: skip
def test_refuses_bad_parameters(params, message):
    with pytest.raises(InvalidInput, match=message):
        simulate(params, gaussian(0.5, 0.6), 10, 1)
