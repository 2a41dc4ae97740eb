"""RF-Express against its reference implementation, and its guarantee against exact optimisation over rewards."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.optimize import linprog

from kernels.engine import simulate
from mdps.algorithms import rf_express as module
from mdps.algorithms.rf_express import RFExpress
from mdps.instances.random import random_mdp
from mdps.loops import Episodes
from mdps.model import MDP
from mdps.planning.finite_horizon import backward_induction, evaluate_policy, occupancies
from proofs_check.claims import rf_express as claim
from tests.reference.rf_express import rf_express
from tests.reference.stacks import TRANSITION, key_of, uniform_at
from theory.errors import InvalidInput

SEED, RUNS = 29, 10


class Stacks:
    """The environment of one run in plain Python; the first state is 0."""

    def __init__(self, mdp: MDP, run: int) -> None:
        self.mdp, self.run, self.visits = mdp, run, [0] * mdp.n_rows
        self.kernel = mdp.dense()[0].reshape(-1, mdp.n_states)

    def step(self, h: int, s: int, a: int) -> tuple[float, int]:
        row = s * self.mdp.n_actions + a
        if self.mdp.stage_dependent:
            row += h * self.mdp.n_states * self.mdp.n_actions
        u = uniform_at(key_of(SEED, TRANSITION, self.run, row), 2 * self.visits[row])
        self.visits[row] += 1
        return 0.0, min(int(np.searchsorted(np.cumsum(self.kernel[row]), u, side="right")), self.mdp.n_states - 1)


def _instances() -> list[Episodes]:
    return [
        Episodes(random_mdp(4, 3, horizon=3, seed=1, stage_dependent=True)),
        Episodes(random_mdp(3, 2, horizon=4, seed=2)),
    ]


@pytest.mark.parametrize("instance", _instances(), ids=["stage-dependent", "stationary"])
@pytest.mark.parametrize(
    ("n_episodes", "epsilon", "factor"), [(150, 1.0, 15.0), (400, 12.0, 0.001)], ids=["theorem", "small bonus, stops"]
)
def test_decides_and_stops_as_the_reference_on_shared_stacks(instance, n_episodes, epsilon, factor):
    mdp = instance.mdp
    params = RFExpress(epsilon, 0.1, factor)
    length = n_episodes * mdp.horizon
    trace = simulate(params, instance, n_episodes, RUNS, seed=SEED, n_decisions=length)
    stopped = trace.extra["stopped"]
    assert (stopped >= 0).any() == (factor < 1.0)
    for run in range(RUNS):
        stacks = Stacks(mdp, run)
        decisions, when = rf_express(
            mdp.n_states, mdp.n_actions, mdp.horizon, n_episodes, lambda _: 0, stacks.step, epsilon, 0.1, factor
        )
        assert stopped[run] == when
        assert trace.extra["decisions"][run, : len(decisions)].tolist() == decisions
        assert (trace.extra["decisions"][run, len(decisions) :] == -1).all()
        totals = trace.extra["summary"][run].sum(axis=(1, 2))
        assert (totals == len(decisions) / mdp.horizon).all()


def test_a_bandit_has_a_closed_form():
    """H = S = 1: W = min(1, 15 beta(n)/n), actions take turns, and the rule stops at the first n that allows it."""
    instance = Episodes(MDP.from_dense(np.ones((1, 2, 1)), np.zeros((1, 2)), horizon=1))
    epsilon, delta, factor = 2.0, 0.1, 0.15
    n = 1
    while True:
        w = min(1.0, factor * (math.log(6 / delta) + math.log(8 * math.e * (n + 1))) / n)
        if 3 * math.e * math.sqrt(w) + w <= epsilon / 2:
            break
        n += 1
    trace = simulate(RFExpress(epsilon, delta, factor), instance, 10_000, 1, n_decisions=10_000)
    assert trace.extra["stopped"][0] == 2 * n
    assert trace.extra["summary"][0, 0, :, 0].tolist() == [n, n]


def _worst_gap(counts: np.ndarray, mdp: MDP) -> float:
    """max over rewards in [0, 1] of V*(r) - V^{pi_r}(r), by a linear program for every pair of policies.

    The rewards for which a policy is optimal in the empirical model are a polytope; over it, the loss against
    another policy is linear.
    """
    totals = counts.sum(axis=-1, keepdims=True)
    kernel = np.where(totals > 0, counts / np.maximum(totals, 1), 1.0 / mdp.n_states)
    shape = (mdp.horizon, mdp.n_states, mdp.n_actions)
    empirical = MDP.from_dense(kernel.reshape(*shape, mdp.n_states), np.zeros(shape))
    policies = claim.some_policies(mdp.n_states, mdp.n_actions, mdp.horizon)
    true = np.array([occupancies(mdp, policy).reshape(-1) for policy in policies])
    guess = np.array([occupancies(empirical, policy).reshape(-1) for policy in policies])
    worst = 0.0
    for i in range(len(policies)):
        for j in range(len(policies)):
            result = linprog(
                true[i] - true[j],
                A_ub=guess - guess[i],
                b_ub=np.zeros(len(policies)),
                bounds=(0.0, 1.0),
                method="highs",
            )
            worst = max(worst, -result.fun)
    return worst


def test_the_worst_reward_lies_between_what_is_tried_and_what_is_certified():
    """Tiny model, few episodes: tried rewards <= exact worst case <= certified loss, and neither end is idle."""
    instance = claim.two_states()
    trace = simulate(RFExpress(0.5, 0.2), instance, 12, 4, seed=3)
    counts = trace.extra["summary"]
    tried = claim.plug_in_gaps(counts, instance.mdp, claim.reward_functions(2, 2, 2)).max(axis=1)
    worst = np.array([_worst_gap(counts[run], instance.mdp) for run in range(4)])
    certified = claim.certified_loss(counts, instance.mdp)
    assert (tried <= worst + 1e-9).all()
    assert (worst <= certified + 1e-9).all()
    assert (tried >= 0.25 * worst).all()
    assert (certified <= 4.0 * worst).all()


def test_plug_in_gaps_agree_with_the_planners():
    mdp = _instances()[0].mdp
    trace = simulate(RFExpress(1.0, 0.1), _instances()[0], 40, 2, seed=4)
    rewards = claim.reward_functions(4, 3, 3, n_random=3)
    gaps = claim.plug_in_gaps(trace.extra["summary"], mdp, rewards)
    kernel = mdp.dense()[0]
    for run in range(2):
        counts = trace.extra["summary"][run].reshape(3, 4, 3, 4)
        totals = counts.sum(axis=-1, keepdims=True)
        guess = np.where(totals > 0, counts / np.maximum(totals, 1), 0.25)
        for i in range(0, len(rewards), 7):
            policy = backward_induction(MDP.from_dense(guess, rewards[i]))[2]
            true = MDP.from_dense(kernel, rewards[i])
            best = backward_induction(true)[0][0, 0]
            assert gaps[run, i] == pytest.approx(best - evaluate_policy(true, policy)[0, 0], abs=1e-12)


def test_rewards_cover_the_claim():
    rewards = claim.reward_functions(2, 3, 4)
    flat = {tuple(r.reshape(-1)) for r in rewards}
    assert (0.0,) * 24 in flat
    assert all(tuple(row) in flat for row in np.eye(24))
    assert rewards.min() == 0.0
    assert rewards.max() == 1.0


def test_every_step_of_the_proof_holds_and_the_rule_stops():
    case = claim.CLAIM.cases[0]
    instance = case.build()
    params = claim.theorem_parameters(instance, case.horizon)
    trace = simulate(params, instance, case.horizon, 3, seed=5, watch=claim)
    assert (trace.extra["stopped"] > 0).all()
    assert (trace.records.checks > 0).all()
    assert trace.records.violations.sum() == 0
    assert (claim.losses(trace, instance, params) <= params.epsilon).all()


def test_losses_are_counted_only_of_stopped_runs_and_never_understate_a_failure():
    instance = claim.two_states()
    trace = simulate(RFExpress(0.5, 0.2), instance, 2, 20, seed=3)
    gaps = claim.plug_in_gaps(trace.extra["summary"], instance.mdp, claim.reward_functions(2, 2, 2)).max(axis=1)
    assert gaps.max() > 0.5
    assert claim.losses(trace, instance, RFExpress(0.5)).tolist() == [0.0] * 20
    trace.extra["stopped"][:] = 2
    losses = claim.losses(trace, instance, RFExpress(0.5))
    assert ((losses > 0.5) == (gaps > 0.5)).all()


@pytest.mark.parametrize(
    ("params", "message"),
    [
        (RFExpress(0.0), "epsilon is 0.0"),
        (RFExpress(1.0, delta=0.0), "delta is 0.0"),
        (RFExpress(1.0, bonus_factor=-1.0), "bonus_factor is -1.0"),
    ],
)
def test_bad_hyper_parameters_are_refused(params, message):
    with pytest.raises(InvalidInput, match=message):
        module.allocate(params, claim.two_states().problem(10))
