"""KL-UCRL: Theorem 1 of Filippi, Cappe and Garivier (2010) and the steps of its proof."""

from __future__ import annotations

import math
import sys
from typing import Any, NamedTuple

from kernels.jit import inlined
from kernels.steps import Step
from mdps.algorithms import kl_ucrl
from mdps.algorithms.kl_ucrl import KLUCRL
from mdps.doubling import open_episode
from mdps.instances.chains import river_swim
from mdps.instances.random import random_mdp
from mdps.loops import Trajectory
from mdps.model import Float, Int
from mdps.planning.extended import kl_maximum, sort_descending
from proofs_check import trajectory_steps
from proofs_check.claim import Bound, Case, Claim, Rate, Sabotage
from proofs_check.trajectory_steps import (
    PLACE,
    add_count,
    begin,  # noqa: F401  (part of the watch)
    check_turn,
    ended,  # noqa: F401
    episode_checks,
    lights,
    mean_reward,
    minimax_if_hard,
    observed,  # noqa: F401
    open_ledger,
    shared_steps,
    shrinking_chain,
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


class Watch(NamedTuple):
    """The fields of :class:`proofs_check.trajectory_steps.Ledger`, and the numerators of the two radii."""

    visits: Float
    transitions: Float
    reward_sums: Float
    square_sums: Float
    before: Float
    policy: Int
    clock: Int
    values: Float
    order: Int
    row: Float
    estimate: Float
    ceiling: Float
    laws: Float
    means: Float
    gain: float
    diameter: float
    sums: Float
    reward_level: float
    law_level: float


def allocate(params: KLUCRL, instance: Any, horizon: int) -> Watch:
    """Arrays of the watch; the levels are computed here from the paper's formulas."""
    log_t = math.log(max(6, horizon))
    s, a = instance.n_states, instance.n_actions
    b = math.log(2.0 * math.e * s * s * a * log_t / params.delta)
    tail = b + 1.0 / log_t
    return Watch(
        *trajectory_steps.allocate(params, instance, horizon),
        reward_level=math.log(4.0 * s * a * log_t / params.delta) / 1.99,
        law_level=s * (b + math.log(tail) * (1.0 + 1.0 / tail)),
    )


@inlined
def reward_width(params, ledger, t, s, a):
    """The theorem's radius."""
    return math.sqrt(ledger.reward_level / max(1.0, ledger.before[s, a]))


@inlined
def spread(params, ledger, t, s, a):
    """Two plausible laws are at most 2 sqrt(2 C_P/N) apart (Pinsker); their expectations of u by D times half of it."""
    return math.sqrt(2.0 * ledger.law_level / max(1.0, ledger.before[s, a]))


@inlined
def law_distance(params, ledger, t, s, a):
    """KL(Ph, P) in units of its radius."""
    n = ledger.before[s, a]
    divergence = 0.0
    for y in range(ledger.values.shape[0]):
        p = ledger.transitions[s, a, y] / n
        if p > 0.0:
            divergence += p * math.log(p / ledger.laws[s, a, y])
    return divergence * n / ledger.law_level


@inlined
def backup(params, ledger, t, s, a):
    """Optimistic reward plus the largest expectation over the KL ball; over all laws for an unvisited pair."""
    reward = min(1.0, mean_reward(ledger, s, a) + params.scale * reward_width(params, ledger, t, s, a))
    n = ledger.before[s, a]
    if n == 0.0:
        return reward + ledger.values[ledger.order[0]]
    for y in range(ledger.values.shape[0]):
        ledger.estimate[y] = ledger.transitions[s, a, y] / n
    return reward + kl_maximum(ledger.estimate, params.scale * ledger.law_level / n, ledger.values, ledger.row)


check_episode = episode_checks(sort_descending, reward_width, law_distance, spread, backup)


@inlined
def acted(records, run, watch, params, state, instance, t, s, a):
    """Before every step; when an episode begins, all that the proof says of it."""
    if check_turn(records, run, watch, state.model, t, s, a):
        open_ledger(records, run, watch, state.model, t)
        check_episode(records, run, watch, params, t)
    add_count(watch, s, a)


@inlined
def act_until_tripled(params, state, t, s, rng):
    """Planted fault: an episode ends only when a pair has been played twice as often as before it."""
    model = state.model
    a = model.policy[s]
    if t == 1 or model.visits[s, a] - model.before[s, a] >= 2.0 * max(1.0, model.before[s, a]):
        open_episode(model, t)
        kl_ucrl.plan(params, state, t)
    return model.policy[s]


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
        Case("random", lambda: Trajectory(random_mdp(3, 2, seed=1, reward_law="bernoulli")), 2_000, max_runs=200),
        Case("river-swim", lambda: Trajectory(river_swim(6)), 5_000, max_runs=200),
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
        Sabotage(
            "late-episodes", "an episode ends only when a count has tripled", ("doubling",),
            overrides={"act": act_until_tripled}, n_runs=5,
        ),
    ),
    lower_bound=minimax_if_hard,
    lower_bound_name="Jaksch et al. 2010, Theorem 5",
    user_horizon=20_000,
    notes="Optimistic rewards are cut at 1. The radii use the horizon T. The constant of Theorem 1, C <= 24, is taken "
    "as 24. The variance-aware bound of Talebi and Maillard (2018) is what the rate layer checks.",
)  # fmt: skip
