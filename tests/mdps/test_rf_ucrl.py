"""RF-UCRL against its reference implementation, its stopping time in closed form, and its guarantee."""

from __future__ import annotations

import math

import numpy as np
import pytest

from kernels.engine import simulate
from mdps.algorithms import rf_ucrl as module
from mdps.algorithms.rf_ucrl import RFUCRL
from mdps.instances.random import random_mdp
from mdps.loops import Episodes
from mdps.model import MDP
from proofs_check.claims import rf_ucrl as claim
from tests.mdps.test_rf_express import SEED, Stacks
from tests.reference.rf_ucrl import rf_ucrl
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
    ("n_episodes", "epsilon", "factor"), [(150, 0.5, 1.0), (400, 1.5, 0.1)], ids=["theorem", "small bonus, stops"]
)
def test_decides_and_stops_as_the_reference_on_shared_stacks(instance, n_episodes, epsilon, factor):
    mdp = instance.mdp
    params = RFUCRL(epsilon, 0.1, factor)
    trace = simulate(params, instance, n_episodes, RUNS, seed=SEED, n_decisions=n_episodes * mdp.horizon)
    stopped = trace.extra["stopped"]
    assert (stopped >= 0).any() == (factor < 1.0)
    for run in range(RUNS):
        stacks = Stacks(mdp, run)
        decisions, when = rf_ucrl(
            mdp.n_states, mdp.n_actions, mdp.horizon, n_episodes, lambda _: 0, stacks.step, epsilon, 0.1, factor
        )
        assert stopped[run] == when
        assert trace.extra["decisions"][run, : len(decisions)].tolist() == decisions
        totals = trace.extra["summary"][run].sum(axis=(1, 2))
        assert (totals == len(decisions) / mdp.horizon).all()


def test_acceptance_2_one_stage_needs_no_episode():
    """H = 1: E = 0, so the rule holds before anything was played."""
    instance = Episodes(MDP.from_dense(np.full((3, 2, 3), 1 / 3), np.zeros((3, 2)), horizon=1))
    trace = simulate(RFUCRL(0.01), instance, 50, 2)
    assert (trace.extra["stopped"] == 0).all()
    assert trace.extra["summary"].sum() == 0


@pytest.mark.parametrize(("epsilon", "n_actions"), [(1.0, 2), (0.7, 3)])
def test_acceptance_2_two_stages_stop_after_every_action_was_tried_often_enough(epsilon, n_actions):
    """H = 2 and one first state: A n* episodes, n* = min{n: sqrt(2 beta(n)/n) <= epsilon/2}."""
    delta, n_states = 0.1, 2
    kernel = np.zeros((n_states, n_actions, n_states))
    kernel[:, :, 1] = 1.0
    n = 1
    constant = math.log(2 * n_states * n_actions * 2 / delta) + 1.0
    while math.sqrt(2 * (constant + math.log(1 + n)) / n) > epsilon / 2:
        n += 1
    instance = Episodes(MDP.from_dense(kernel, np.zeros((n_states, n_actions)), horizon=2))
    trace = simulate(RFUCRL(epsilon, delta), instance, 10_000, 1)
    assert trace.extra["stopped"][0] == n_actions * n
    assert trace.extra["summary"][0, 0, :n_actions].sum(axis=1).tolist() == [n] * n_actions


def test_acceptance_7_one_state():
    """beta(n, delta) at S = 1 is log(2AH/delta): the limit of (S-1) log(.) is 0."""
    delta, epsilon = 0.1, 0.5
    instance = Episodes(MDP.from_dense(np.ones((1, 2, 1)), np.zeros((1, 2)), horizon=2))
    n = math.ceil(2 * math.log(2 * 2 * 2 / delta) / (epsilon / 2) ** 2)
    trace = simulate(RFUCRL(epsilon, delta), instance, 10_000, 1)
    assert trace.extra["stopped"][0] == 2 * n


def test_every_step_holds_and_what_is_certified_is_true():
    case = claim.CLAIM.cases[0]
    instance = case.build()
    params = claim.theorem_parameters(instance, case.horizon)
    trace = simulate(params, instance, case.horizon, 5, seed=5, watch=claim)
    assert (trace.extra["stopped"] > 0).all()
    assert (trace.records.checks > 0).all()
    assert trace.records.violations[:, 1:].sum() == 0  # the event itself may fail, in a share delta/2 of the runs
    assert (claim.losses(trace, instance, params) <= params.epsilon).all()
    assert params.epsilon < claim.largest_gap(instance, case.horizon)


def test_the_theorem_refuses_another_bonus():
    with pytest.raises(HypothesisViolated, match="bonus_factor"):
        theorem("rf-ucrl/correct").require(claim.two_states(), RFUCRL(0.5, bonus_factor=0.1), 10)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        (RFUCRL(0.0), "epsilon is 0.0"),
        (RFUCRL(1.0, delta=1.0), "delta is 1.0"),
        (RFUCRL(1.0, bonus_factor=-1.0), "bonus_factor is -1.0"),
    ],
)
def test_bad_hyper_parameters_are_refused(params, message):
    with pytest.raises(InvalidInput, match=message):
        module.allocate(params, claim.two_states().problem(10))
