"""UCRL2B: the regret bound of Fruit, Pirotta and Lazaric (2020) and the steps of its proof."""

from __future__ import annotations

import sys
from typing import Any

from kernels.jit import inlined
from kernels.steps import Step
from mdps.algorithms import ucrl2b
from mdps.algorithms.ucrl2b import UCRL2B
from mdps.doubling import open_episode
from mdps.planning.extended import box_maximum
from proofs_check.claim import Bound, Claim, Rate, Sabotage
from proofs_check.trajectory_steps import (
    PLACE,
    allocate,  # noqa: F401  (part of the watch)
    begin,  # noqa: F401
    ended,  # noqa: F401
    episode_checks,
    late_episodes,
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


def implausible(params: Any, instance: Any, horizon: int) -> float:
    """delta/3."""
    return float(params.delta / 3.0)


STEPS = shared_steps(
    Step(
        "plausible",
        "|rh - r| and every |Ph(y) - P(y)| are within 2 sqrt(V L/N) + 6 L/N, L = log(6SAN/delta), at all t_k",
        "Fruit et al. 2020, Theorem 2 (the set of plausible models): fails with probability at most delta/3",
        "event",
        implausible,
        place=PLACE,
    )
)


@inlined
def reward_width(params, ledger, t, s, a):
    """The theorem's radius, the variance from the watch's own sums."""
    n_states, n_actions = ledger.visits.shape
    n = ledger.before[s, a]
    variance = ucrl2b.reward_variance(ledger.reward_sums[s, a], ledger.square_sums[s, a], n)
    return ucrl2b.bernstein_radius(params.delta, n_states, n_actions, variance, n)


@inlined
def entry_width(params, ledger, s, a, y):
    """The theorem's radius of Ph(y)."""
    n_states, n_actions = ledger.visits.shape
    n = ledger.before[s, a]
    p = ledger.transitions[s, a, y] / max(1.0, n)
    return ucrl2b.bernstein_radius(params.delta, n_states, n_actions, p * (1.0 - p), n)


@inlined
def spread(params, ledger, t, s, a):
    """The sum of the radii: expectations of u under two plausible laws differ by at most D times it."""
    total = 0.0
    for y in range(ledger.values.shape[0]):
        total += entry_width(params, ledger, s, a, y)
    return total


@inlined
def law_distance(params, ledger, t, s, a):
    """The largest |Ph(y) - P(y)| in units of its radius."""
    worst = 0.0
    for y in range(ledger.values.shape[0]):
        off = abs(ledger.transitions[s, a, y] / ledger.before[s, a] - ledger.laws[s, a, y])
        worst = max(worst, off / entry_width(params, ledger, s, a, y))
    return worst


@inlined
def backup(params, ledger, t, s, a):
    """Optimistic reward plus the largest expectation over the box; over all laws for an unvisited pair."""
    reward = min(1.0, mean_reward(ledger, s, a) + params.scale * reward_width(params, ledger, t, s, a))
    n = ledger.before[s, a]
    if n == 0.0:
        return reward + ledger.values[ledger.order[0]]
    for y in range(ledger.values.shape[0]):
        p = ledger.transitions[s, a, y] / n
        width = params.scale * entry_width(params, ledger, s, a, y)
        ledger.estimate[y] = max(0.0, p - width)
        ledger.ceiling[y] = min(1.0, p + width)
    return reward + box_maximum(ledger.estimate, ledger.ceiling, ledger.values, ledger.order, ledger.row)


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
        ucrl2b.plan(params, state, t)
    return state.model.policy[s]


def parameters(instance: Any, horizon: int) -> UCRL2B:
    """delta = 1/2: the good event may then fail in a sixth of the runs, which some fifty runs decide."""
    return UCRL2B(delta=0.5)


CLAIM = Claim(
    slug="ucrl2b",
    title="UCRL2B",
    paper="Fruit, Pirotta and Lazaric 2020, Improved analysis of UCRL2 with empirical Bernstein inequality",
    setting="continuing MDP",
    algorithm=parameters,
    cases=watched_cases(max_runs=200),
    bounds=(Bound(theorem("ucrl2b/regret")),),
    watch=sys.modules[__name__],
    rate=Rate(
        theorem("ucrl2b/regret"),
        preset="practical: all radii x 0.3, no theorem",
        algorithm=lambda instance, horizon: UCRL2B(delta=0.5, scale=0.3),
        sweep="T",
        grid=(2_000, 8_000, 32_000, 128_000),
        case=shrinking_chain,
        n_runs=800,
    ),
    sabotages=(
        Sabotage(
            "tiny-radii", "all radii times 0.001", ("optimism",), lambda p: p._replace(scale=0.001),
            case="random", n_runs=60,
        ),
        late_episodes(act_until_tripled),
    ),
    lower_bound=minimax_if_hard,
    lower_bound_name="Jaksch et al. 2010, Theorem 5",
    user_horizon=20_000,
    notes="Optimistic rewards are cut at 1. The constants of the regret bound were not re-read: it is checked as a "
    "rate.",
)  # fmt: skip
