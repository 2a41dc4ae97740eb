"""BPI-UCBVI against its reference implementation, its stopping time in closed form, and its guarantee."""

from __future__ import annotations

import math

import numpy as np
import pytest

from kernels.engine import simulate
from mdps.algorithms import bpi_ucvi as module
from mdps.algorithms.bpi_ucvi import BPIUCVI
from mdps.instances.random import random_mdp
from mdps.loops import Episodes
from mdps.model import MDP
from proofs_check.claims import bpi_ucvi as claim
from tests.mdps.test_rf_express import SEED, Stacks
from tests.reference.bpi_ucvi import bpi_ucvi
from theory.errors import HypothesisViolated, InvalidInput
from theory.theorems import theorem

RUNS = 10


@pytest.mark.parametrize(
    "instance",
    [
        Episodes(random_mdp(4, 3, horizon=3, seed=1, stage_dependent=True)),
        Episodes(random_mdp(3, 2, horizon=4, seed=2)),
    ],
    ids=["stage-dependent", "stationary"],
)
@pytest.mark.parametrize(
    ("n_episodes", "epsilon", "factor"), [(100, 0.5, 1.0), (300, 2.0, 0.0005)], ids=["theorem", "small bonus, stops"]
)
def test_decides_and_stops_as_the_reference_on_shared_stacks(instance, n_episodes, epsilon, factor):
    mdp = instance.mdp
    rewards = instance.problem(1).rewards.tolist()
    trace = simulate(
        BPIUCVI(epsilon, 0.1, factor), instance, n_episodes, RUNS, seed=SEED, n_decisions=n_episodes * mdp.horizon
    )
    stopped = trace.extra["stopped"]
    assert (stopped >= 0).any() == (factor < 1.0)
    for run in range(RUNS):
        decisions, when, _ = bpi_ucvi(rewards, n_episodes, lambda _: 0, Stacks(mdp, run).step, epsilon, 0.1, factor)
        assert stopped[run] == when
        assert trace.extra["decisions"][run, : len(decisions)].tolist() == decisions


def test_a_bandit_has_a_closed_form():
    """H = S = 1: no variance, so G = min(1, 36 b(n)/n), and equal arms take turns until one allows to stop.

    Upper bounds of equal arms alternate, so the rule looks at the arm of the larger bound: with fewer visits. It stops
    when both have n visits, n the least with 36 b(n)/n <= epsilon.
    """
    delta, epsilon, factor = 0.1, 0.5, 0.01
    n = 1
    while factor * 36 * (math.log(3 * 2 / delta) + math.log(8 * math.e * (n + 1))) / n > epsilon:
        n += 1
    instance = Episodes(MDP.from_dense(np.ones((1, 2, 1)), np.full((1, 2), 0.5), horizon=1))
    trace = simulate(BPIUCVI(epsilon, delta, factor), instance, 10_000, 1)
    assert trace.extra["stopped"][0] == 2 * n


def test_every_step_holds_and_the_recommended_policy_is_good_enough():
    case = claim.CLAIM.cases[0]
    instance = case.build()
    params = claim.theorem_parameters(instance, case.horizon)
    trace = simulate(params, instance, case.horizon, 3, seed=5, watch=claim)
    assert (trace.extra["stopped"] > 0).all()
    assert (trace.records.checks > 0).all()
    assert trace.records.violations.sum() == 0
    assert (claim.losses(trace, instance, params) <= params.epsilon).all()
    assert params.epsilon < claim.largest_loss(instance, case.horizon)


def test_losses_are_exact():
    """Over all policies of two states and two stages the least loss is 0 and the largest the one that is stated."""
    instance = claim.two_states()
    policies = np.array(np.meshgrid(*[range(2)] * 4)).T.reshape(-1, 2, 2)
    trace = simulate(BPIUCVI(0.1), instance, 1, len(policies))
    trace.extra["stopped"][:] = 1
    trace.extra["summary"][:] = policies
    losses = claim.losses(trace, instance, None)
    assert losses.min() == 0.0
    assert losses.max() == pytest.approx(claim.largest_loss(instance, 1))
    trace.extra["stopped"][:] = -1
    assert (claim.losses(trace, instance, None) == 0.0).all()


def test_the_theorem_refuses_another_bonus():
    with pytest.raises(HypothesisViolated, match="bonus_factor"):
        theorem("bpi-ucvi/correct").require(claim.two_states(), BPIUCVI(0.5, bonus_factor=0.1), 10)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        (BPIUCVI(0.0), "epsilon is 0.0"),
        (BPIUCVI(1.0, delta=0.0), "delta is 0.0"),
        (BPIUCVI(1.0, bonus_factor=math.inf), "bonus_factor is inf"),
    ],
)
def test_bad_hyper_parameters_are_refused(params, message):
    with pytest.raises(InvalidInput, match=message):
        module.allocate(params, claim.two_states().problem(10))
