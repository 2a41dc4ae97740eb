"""KL-UCRL: Theorem 1 of Filippi, Cappe and Garivier (2010) and the steps of its proof."""

from __future__ import annotations

import math
import sys
from typing import Any

from kernels.jit import inlined
from kernels.steps import Step
from mdps.algorithms import kl_ucrl
from mdps.algorithms.kl_ucrl import KLUCRL
from mdps.doubling import open_episode
from mdps.planning.extended import kl_maximum
from proofs_check.claim import Bound, Case, Claim, Rate, Sabotage
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


def implausible(params: Any, instance: Any, horizon: int) -> float:
    """2 delta."""
    return float(2.0 * params.delta)


STEPS = shared_steps(
    Step(
        "plausible",
        "|rh - r| <= sqrt(log(4SA log T/delta)/(1.99 N)) and KL(Ph, P) N/C_P <= 1 at all t_k",
        "Filippi et al. 2010, Proposition 1: fails with probability at most 2 delta",
        "event",
        implausible,
        place=PLACE,
    )
)


@inlined
def log_steps(ledger):
    """log T, of horizons of at least 6, to which the theorem is restricted."""
    return math.log(max(6, ledger.n_steps))


@inlined
def reward_width(params, ledger, t, s, a):
    """The theorem's radius."""
    n_states, n_actions = ledger.visits.shape
    level = math.log(4.0 * n_states * n_actions * log_steps(ledger) / params.delta) / 1.99
    return math.sqrt(level / max(1.0, ledger.before[s, a]))


@inlined
def law_level(params, ledger):
    """C_P."""
    n_states, n_actions = ledger.visits.shape
    log_t = log_steps(ledger)
    b = math.log(2.0 * math.e * n_states * n_states * n_actions * log_t / params.delta)
    tail = b + 1.0 / log_t
    return n_states * (b + math.log(tail) * (1.0 + 1.0 / tail))


@inlined
def spread(params, ledger, t, s, a):
    """Two plausible laws are at most 2 sqrt(2 C_P/N) apart (Pinsker); their expectations of u by D times half of it."""
    return math.sqrt(2.0 * law_level(params, ledger) / max(1.0, ledger.before[s, a]))


@inlined
def law_distance(params, ledger, t, s, a):
    """KL(Ph, P) in units of its radius."""
    n = ledger.before[s, a]
    divergence = 0.0
    for y in range(ledger.values.shape[0]):
        p = ledger.transitions[s, a, y] / n
        if p > 0.0:
            divergence += p * math.log(p / ledger.laws[s, a, y])
    return divergence * n / law_level(params, ledger)


@inlined
def backup(params, ledger, t, s, a):
    """Optimistic reward plus the largest expectation over the KL ball; over all laws for an unvisited pair."""
    reward = min(1.0, mean_reward(ledger, s, a) + params.scale * reward_width(params, ledger, t, s, a))
    n = ledger.before[s, a]
    if n == 0.0:
        return reward + ledger.values[ledger.order[0]]
    for y in range(ledger.values.shape[0]):
        ledger.estimate[y] = ledger.transitions[s, a, y] / n
    return reward + kl_maximum(ledger.estimate, params.scale * law_level(params, ledger) / n, ledger.values, ledger.row)


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
        kl_ucrl.plan(params, state, t)
    return state.model.policy[s]


def parameters(instance: Any, horizon: int) -> KLUCRL:
    """Theorem 1 with delta = 0.1."""
    return KLUCRL(delta=0.1)


CLAIM = Claim(
    slug="kl-ucrl",
    title="KL-UCRL",
    paper="Filippi, Cappe and Garivier 2010, Optimism in reinforcement learning and Kullback-Leibler divergence",
    setting="continuing MDP",
    algorithm=parameters,
    cases=(
        *watched_cases(max_runs=200),
        Case("lights", lights, 100_000, max_runs=100, watched=False),
    ),
    bounds=(Bound(theorem("kl-ucrl/regret")),),
    watch=sys.modules[__name__],
    rate=Rate(
        theorem("kl-ucrl/variance"),
        preset="practical: both radii x 0.2, no theorem",
        algorithm=lambda instance, horizon: KLUCRL(delta=0.1, scale=0.2),
        sweep="T",
        grid=(2_000, 8_000, 32_000, 128_000),
        case=shrinking_chain,
        n_runs=1_500,
    ),
    sabotages=(
        Sabotage(
            "tiny-radii", "both radii times 1e-6", ("optimism",), lambda p: p._replace(scale=1e-6),
            case="random", n_runs=60,
        ),
        late_episodes(act_until_tripled),
    ),
    lower_bound=minimax_if_hard,
    lower_bound_name="Jaksch et al. 2010, Theorem 5",
    user_horizon=20_000,
    notes="Optimistic rewards are cut at 1. The radii use the horizon T. The constant of Theorem 1, C <= 24, is taken "
    "as 24. The variance-aware bound of Talebi and Maillard (2018) is what the rate layer checks.",
)  # fmt: skip
