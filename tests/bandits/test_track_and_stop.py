"""Track-and-Stop: optimal weights, decisions against a reference, golden characteristic times, bad parameters."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bandits.algorithms.track_and_stop import TrackAndStop
from bandits.instances.bernoulli import bernoulli
from bandits.instances.gaussian import gaussian
from kernels.engine import simulate
from kernels.proportions import BERNOULLI, GAUSSIAN, evidence, optimal_proportions
from tests.bandits.stochastic import bernoulli_stack
from tests.reference.track_and_stop import cost, track_and_stop
from theory.complexity import characteristic_time
from theory.divergences import bernoulli_kl
from theory.errors import InvalidInput
from theory.identification import least_samples

SEED, HORIZON = 5, 250


@pytest.mark.parametrize(
    ("means", "weights", "time"),
    [
        ((0.5, 0.45, 0.43, 0.4), (0.416524, 0.390264, 0.136223, 0.056989), 989.792),
        ((0.3, 0.21, 0.2, 0.19, 0.18), (0.335885, 0.251499, 0.176632, 0.132417, 0.103567), 326.642),
        ((0.9, 0.5), (0.537687, 0.462313), 9.77506),
    ],
)
def test_golden_weights_and_times(means, weights, time):  # acceptance check 4
    out = np.zeros(len(means))
    inverse = optimal_proportions(BERNOULLI, np.array(means), out)
    assert out == pytest.approx(weights, abs=1e-6) and 1 / inverse == pytest.approx(time, rel=1e-5)


def test_equal_gaussian_gaps_have_a_closed_form():
    out = np.zeros(3)
    inverse = optimal_proportions(GAUSSIAN, np.array([1.0, 0.5, 0.5]), out)
    assert 1 / inverse == pytest.approx(2 / 0.25 * (1 + 2**0.5) ** 2, rel=1e-10)
    assert out[0] == pytest.approx(1 / (1 + 2**0.5), rel=1e-10)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 12), min_size=2, max_size=5))
def test_no_other_weights_do_better(successes):
    means = np.array(successes) / 12.0
    out = np.zeros(len(means))
    inverse = optimal_proportions(BERNOULLI, means, out)
    assert out.sum() == pytest.approx(1.0) and (out >= 0).all()
    best = int(means.argmax())
    if np.count_nonzero(means == means[best]) > 1:
        assert inverse == 0.0 and np.allclose(out, 1 / len(means))
        return
    assert cost(out, list(means), best) == pytest.approx(inverse, rel=1e-9)
    rng = np.random.default_rng(sum(successes))
    for trial in rng.dirichlet(np.ones(len(means)), 50):
        assert cost(0.9 * out + 0.1 * trial, list(means), best) <= inverse * (1 + 1e-9)


def test_agrees_with_the_solver_of_the_theory():
    out = np.zeros(3)
    means = np.array([0.62, 0.31, 0.55])
    exact = characteristic_time(means, bernoulli_kl)
    assert 1 / optimal_proportions(BERNOULLI, means, out) == pytest.approx(exact.time, rel=1e-9)
    assert out == pytest.approx(exact.weights, rel=1e-6)


def test_decides_as_the_reference_on_shared_stacks():
    trace = simulate(TrackAndStop(), bernoulli(0.8, 0.5), HORIZON, 10, seed=SEED, n_decisions=HORIZON)
    for run in range(10):
        made = trace.extra["decisions"][run].tolist()
        decisions, answer = track_and_stop(bernoulli_stack((0.8, 0.5), SEED, run, HORIZON), HORIZON, 0.05, made)
        assert made == decisions
        assert trace.extra["summary"][run, 1] == answer


def test_the_evidence_of_two_gaussian_arms():
    # N d(mu_1, m) + N d(mu_2, m) = N D^2/4 for equal counts
    assert evidence(GAUSSIAN, np.array([1.0, 0.0]), np.array([8, 8]), 0) == pytest.approx(2.0)


def test_the_lower_bound_on_samples():
    assert least_samples(bernoulli(0.9, 0.5), 0.1) == pytest.approx(9.77506 * 0.8 * np.log(9), rel=1e-5)
    assert np.isnan(least_samples(bernoulli(0.5, 0.5), 0.1))


@pytest.mark.parametrize(
    ("params", "message"),
    [
        (TrackAndStop(delta=-1.0), "delta of TrackAndStop"),
        (TrackAndStop(family=7), "family of TrackAndStop is 7"),
        (TrackAndStop(scale=0.0), "scale of TrackAndStop"),
    ],
)
def test_refuses_bad_parameters(params, message):
    with pytest.raises(InvalidInput, match=message):
        simulate(params, bernoulli(0.5, 0.6), 10, 1)


def test_gaussian_arms_are_tracked_too():
    trace = simulate(TrackAndStop(family=GAUSSIAN), gaussian(1.0, 0.0), 500, 20, seed=SEED)
    assert (trace.extra["summary"][:, 1] == 0).all()
