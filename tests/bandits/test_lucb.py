"""LUCB against its reference, bad parameters."""

from __future__ import annotations

import pytest

from bandits.algorithms.lucb import LUCB
from bandits.instances.bernoulli import bernoulli
from kernels.engine import simulate
from tests.bandits.stochastic import FIVE, bernoulli_stack
from tests.reference.lucb import lucb
from theory.errors import InvalidInput

HORIZON, SEED, RUNS = 1500, 7, 10


@pytest.mark.parametrize("means", [(0.9, 0.3), FIVE])
@pytest.mark.parametrize("epsilon", [0.0, 0.2])
def test_decides_as_the_reference_on_shared_stacks(means, epsilon):
    params = LUCB(epsilon=epsilon)
    trace = simulate(params, bernoulli(*means), HORIZON, RUNS, seed=SEED, n_decisions=HORIZON)
    for run in range(RUNS):
        decisions, answer = lucb(bernoulli_stack(means, SEED, run, HORIZON), HORIZON, 0.05, epsilon)
        assert trace.extra["decisions"][run].tolist() == decisions
        assert trace.extra["summary"][run, 1] == answer


def test_a_larger_epsilon_stops_earlier():
    strict = simulate(LUCB(), bernoulli(0.9, 0.3), HORIZON, 20, seed=SEED).extra["summary"][:, 0]
    loose = simulate(LUCB(epsilon=0.5), bernoulli(0.9, 0.3), HORIZON, 20, seed=SEED).extra["summary"][:, 0]
    assert (loose >= 0).all() and (loose < strict).all()


@pytest.mark.parametrize(
    ("params", "message"),
    [
        (LUCB(delta=1.0), "delta of LUCB is 1"),
        (LUCB(epsilon=-0.1), "epsilon of LUCB"),
        (LUCB(scale=0.0), "scale of LUCB"),
    ],
)
def test_refuses_bad_parameters(params, message):
    with pytest.raises(InvalidInput, match=message):
        simulate(params, bernoulli(0.5, 0.6), 10, 1)
