"""UCRL2: Theorem 2 of Jaksch, Ortner and Auer (2010) and the steps of its proof."""

from __future__ import annotations

import sys
from typing import Any

from scipy.special import zeta

from kernels.jit import inlined
from kernels.steps import Step
from mdps.algorithms import ucrl2
from mdps.algorithms.ucrl2 import UCRL2
from mdps.doubling import open_episode
from mdps.planning.extended import l1_maximum
from proofs_check.claim import Bound, Case, Claim, Rate, Sabotage
from proofs_check.episodic_cases import order
from proofs_check.trajectory_steps import (
    PLACE,
    allocate,  # noqa: F401  (part of the watch)
    begin,  # noqa: F401
    ended,  # noqa: F401
    episode_checks,
    late_episodes,
    lights,
    mean_reward,
    minimax_if_hard,
    observed,  # noqa: F401
    shared_steps,
    shrinking_chain,
    tripled,
    turn,
    watched_cases,
)
from theory.theorems import theorem
from theory.theorems.ucrl2 import diameter_rate


def implausible(params: Any, instance: Any, horizon: int) -> float:
    """sum_t delta/(15 t^6) = zeta(6) delta/15."""
    return float(zeta(6) * params.delta / 15.0)


STEPS = shared_steps(
    Step(
        "plausible",
        "|rh - r| <= sqrt(7 log(2SAt/delta)/(2N)) and |Ph - P|_1 / sqrt(14 S log(2At/delta)/N) <= 1 at all t_k",
        "Jaksch et al. 2010, Lemma 17: fails at time t with probability below delta/(15 t^6)",
        "event",
        implausible,
        place=PLACE,
    )
)


@inlined
def reward_width(params, ledger, t, s, a):
    """The theorem's radius, eq. (3)."""
    n_states, n_actions = ledger.visits.shape
    return ucrl2.reward_radius(params.delta, n_states, n_actions, t, ledger.before[s, a])


@inlined
def spread(params, ledger, t, s, a):
    """Two plausible laws are at most twice the radius of eq. (4) apart; their expectations of u by D times it."""
    n_states, n_actions = ledger.visits.shape
    return ucrl2.law_radius(params.delta, n_states, n_actions, t, ledger.before[s, a])


@inlined
def law_distance(params, ledger, t, s, a):
    """|Ph - P|_1 in units of its radius."""
    off = 0.0
    for y in range(ledger.values.shape[0]):
        off += abs(ledger.transitions[s, a, y] / ledger.before[s, a] - ledger.laws[s, a, y])
    return off / spread(params, ledger, t, s, a)


@inlined
def backup(params, ledger, t, s, a):
    """Optimistic reward plus the largest expectation over the l1 ball; over all laws for an unvisited pair."""
    reward = min(1.0, mean_reward(ledger, s, a) + params.scale * reward_width(params, ledger, t, s, a))
    n = ledger.before[s, a]
    if n == 0.0:
        return reward + ledger.values[ledger.order[0]]
    for y in range(ledger.values.shape[0]):
        ledger.estimate[y] = ledger.transitions[s, a, y] / n
    radius = params.scale * spread(params, ledger, t, s, a)
    return reward + l1_maximum(ledger.estimate, radius, ledger.values, ledger.order, ledger.row)


check_episode = episode_checks(reward_width, law_distance, spread, backup)


@inlined
def acted(records, run, watch, params, state, instance, t, s, a):
    """Before every step; when an episode begins, all that the proof says of it."""
    if turn(records, run, watch, state.model, t, s, a):
        check_episode(records, run, watch, params, t)


@inlined
def act_until_tripled(params, state, t, s, rng):
    """Planted fault: an episode ends only when a pair has been played twice as often as before it."""
    if tripled(state.model, t, s):
        open_episode(state.model, t)
        ucrl2.plan(params, state, t)
    return state.model.policy[s]


def parameters(instance: Any, horizon: int) -> UCRL2:
    """Theorem 2 with delta = 1/2: the good event may then fail in 3.4 % of the runs, which some 200 runs decide."""
    return UCRL2(delta=0.5)


CLAIM = Claim(
    slug="ucrl2",
    title="UCRL2",
    paper="Jaksch, Ortner and Auer 2010, Near-optimal regret bounds for reinforcement learning",
    setting="continuing MDP",
    algorithm=parameters,
    cases=(
        *watched_cases(max_runs=800),
        Case("lights", lights, 500_000, max_runs=40, watched=False),
    ),
    bounds=(Bound(theorem("ucrl2/regret"), anytime=True),),
    watch=sys.modules[__name__],
    rate=Rate(
        order(
            "ucrl2/rate", "Jaksch, Ortner and Auer 2010, Theorem 2",
            "regret = O(D S sqrt(A T log(T/delta)))", diameter_rate,
        ),
        preset="practical: both radii x 0.3, no theorem",
        algorithm=lambda instance, horizon: UCRL2(delta=0.5, scale=0.3),
        sweep="T",
        grid=(2_000, 8_000, 32_000, 128_000),
        case=shrinking_chain,
        n_runs=800,
    ),
    sabotages=(
        Sabotage(
            "tiny-radii", "both radii times 0.001", ("optimism",), lambda p: p._replace(scale=0.001),
            case="random", n_runs=60,
        ),
        late_episodes(act_until_tripled),
    ),
    lower_bound=minimax_if_hard,
    lower_bound_name="Jaksch et al. 2010, Theorem 5",
    user_horizon=20_000,
    notes="Optimistic rewards are cut at 1. On the first two cases Theorem 2 is vacuous below 1e7 steps and more; it "
    "bites on the third, of diameter 1.",
)  # fmt: skip
