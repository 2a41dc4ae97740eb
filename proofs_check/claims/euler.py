"""EULER: the variance-adaptive rate of Zanette and Brunskill (2019) and the steps of its proof."""

from __future__ import annotations

import math
import sys
from typing import Any, NamedTuple

import numpy as np

from kernels.jit import inlined
from kernels.steps import Step, check
from mdps.algorithms import euler
from mdps.algorithms.euler import EULER
from mdps.instances.chains import river_swim
from mdps.instances.random import random_mdp
from mdps.loops import Episodes
from proofs_check.claim import Bound, Case, Claim, Rate, Sabotage, confidence
from proofs_check.episodes import DECOMPOSITION_STEP, PLACE, returns_step
from proofs_check.episodic_cases import gamble, minimax_if_hard, order
from proofs_check.row_steps import (
    PIGEONHOLE_STEP,
    Ledger,
    allocate_ledger,
    check_decomposition,
    check_pigeonhole,
    check_returns,
    clear,
    count_episode,
    count_errors,
    empirical_mean,
    empirical_variance,
    note_step,
    true_mean,
)
from theory.theorems import theorem
from theory.theorems.euler import leading_rate

COUNTS, RANGE, BACKUP, LOWER_BACKUP, REWARDS, VALUES, OPTIMISM, PESSIMISM, DECOMPOSITION, PIGEONHOLE, RETURNS = range(
    11
)


_GIVEN = ("rewards", "values")

STEPS = (
    Step(
        "counts",
        "N_k(row), N_k(row,y) and the sums of rewards are those of episodes 1 .. k-1",
        "Zanette and Brunskill 2019, Algorithm 1",
        place=PLACE,
    ),
    Step(
        "range",
        "0 <= Vlow and Q <= H - h (stages from 0), largest excess",
        "Zanette and Brunskill 2019, Algorithm 1",
        place=PLACE,
    ),
    Step(
        "backup",
        "Q = min{rh + b_r + Ph Vup + b, H - h} at every visited step, from counts kept independently, difference",
        "Zanette and Brunskill 2019, Algorithm 1",
        place=PLACE,
    ),
    Step(
        "lower-backup",
        "Vlow = max{0, rh - b_r + Ph Vlow - b} at every visited step, from counts kept independently, difference",
        "Zanette and Brunskill 2019, Algorithm 1",
        place=PLACE,
    ),
    Step(
        "rewards",
        "|rh - r| <= sqrt(2 Var(r) L/n) + 7L/(3(n-1)) after every visit, n >= 2",
        "empirical Bernstein inequality (Maurer and Pontil 2009), Zanette and Brunskill 2019, good event",
        "event",
        confidence,
        place=PLACE,
    ),
    Step(
        "values",
        "|(Ph - P) V*_{h+1}| <= sqrt(2 Var_P(V*_{h+1}) L/n) + HL/(3n) for all h after every visit, n >= 2",
        "Bernstein's inequality, Zanette and Brunskill 2019, good event",
        "event",
        confidence,
        place=PLACE,
    ),
    Step(
        "optimism",
        "V*_h(s) <= Vup_h(s)",
        "Zanette and Brunskill 2019, Proposition 4",
        "conditional",
        given=_GIVEN,
        place=PLACE,
    ),
    Step(
        "pessimism",
        "Vlow_h(s) <= V*_h(s)",
        "Zanette and Brunskill 2019, Proposition 4",
        "conditional",
        given=_GIVEN,
        place=PLACE,
    ),
    DECOMPOSITION_STEP,
    PIGEONHOLE_STEP,
    returns_step(confidence),
)


class Watch(NamedTuple):
    """The shared ledger, and L."""

    ledger: Ledger
    level: float


def allocate(params: EULER, instance: Any, horizon: int) -> Watch:
    """Arrays of the watch; L is computed here."""
    steps = horizon * instance.horizon
    level = math.log(4.0 * instance.n_states * instance.n_actions * steps / (params.delta / 7.0))
    return Watch(allocate_ledger(instance), level)


@inlined
def begin(watch, params, instance):
    """Forget the last run."""
    clear(watch.ledger, instance.model)


@inlined
def acted(records, run, watch, params, state, instance, episode, value):
    """Once a policy has been planned."""
    ledger = watch.ledger
    check(records, run, COUNTS, count_errors(ledger, state.counts), 1e-9, 0.0, episode, -1, -1, -1)
    n_stages, n_states, n_actions = state.q.shape
    excess = -np.inf
    for h in range(n_stages):
        for s in range(n_states):
            best, low, high = instance.optimal_values[h, s], state.lower[h, s], state.values[h, s]
            check(records, run, OPTIMISM, best, high, 1e-10, episode, h, s, -1)
            check(records, run, PESSIMISM, low, best, 1e-10, episode, h, s, -1)
            excess = max(excess, -low)
            for a in range(n_actions):
                excess = max(excess, state.q[h, s, a] - (n_stages - h))
    check(records, run, RANGE, excess, 0.0, 1e-12, episode, -1, -1, -1)
    check_decomposition(
        records, run, DECOMPOSITION, ledger, instance, state.q, state.values, state.policy, episode, value
    )


@inlined
def sample_variance(ledger, row):
    """Unbiased variance of the rewards of a row, n >= 2, from the sums kept here."""
    n = ledger.visits[row]
    mean = ledger.reward_sums[row] / n
    return max(0.0, ledger.square_sums[row] - n * mean * mean) / (n - 1.0)


@inlined
def distance(ledger, row, first, second, h):
    """|first[h] - second[h]|_{2,Ph}, from the counts kept here."""
    total = 0.0
    for y in range(ledger.transitions.shape[1]):
        total += ledger.transitions[row, y] * (first[h, y] - second[h, y]) ** 2
    return math.sqrt(total / ledger.visits[row])


@inlined
def stepped(records, run, watch, params, state, instance, episode, h, s, a, reward, following):
    """At every step: both backups of the pair, anew from the independent counts."""
    ledger = watch.ledger
    n_stages = state.q.shape[0]
    row = note_step(ledger, instance.model, h, s, a, reward, following)
    n = ledger.visits[row]
    upper, lower = np.float64(n_stages - h), 0.0
    if n >= 2.0:
        mean_reward = ledger.reward_sums[row] / n
        bonus = euler.reward_bonus(params, watch.level, sample_variance(ledger, row), n)
        apart = distance(ledger, row, state.values, state.lower, h + 1)
        mean = empirical_mean(ledger, row, state.values, h + 1)
        spread = empirical_variance(ledger, row, state.values, h + 1, mean)
        extra = euler.value_bonus(params, watch.level, n_stages, spread, apart, n)
        upper = min(upper, mean_reward + bonus + mean + extra)
        mean = empirical_mean(ledger, row, state.lower, h + 1)
        spread = empirical_variance(ledger, row, state.lower, h + 1, mean)
        extra = euler.value_bonus(params, watch.level, n_stages, spread, apart, n)
        lower = max(0.0, mean_reward - bonus + mean - extra)
    check(records, run, BACKUP, abs(state.q[h, s, a] - upper), 1e-9 * n_stages, 0.0, episode, h, s, a)
    check(records, run, LOWER_BACKUP, abs(state.lower[h, s] - lower), 1e-9 * n_stages, 0.0, episode, h, s, a)


@inlined
def observed(records, run, watch, params, state, instance, episode):
    """After the episode: count it, then the good event for the rows whose estimates moved."""
    ledger = watch.ledger
    count_episode(ledger)
    n_stages = state.q.shape[0]
    for i in range(n_stages):
        row = ledger.path[i]
        n = ledger.visits[row]
        if n >= 2.0:
            off = abs(ledger.reward_sums[row] / n - ledger.means[row])
            width = math.sqrt(2.0 * sample_variance(ledger, row) * watch.level / n)
            width += 7.0 * watch.level / (3.0 * (n - 1.0))
            check(records, run, REWARDS, off, width, 1e-12, episode, i, -1, row)
            for h in range(n_stages):
                mean = true_mean(ledger, row, instance.optimal_values, h + 1)
                spread = 0.0
                for y in range(ledger.laws.shape[1]):
                    spread += ledger.laws[row, y] * (instance.optimal_values[h + 1, y] - mean) ** 2
                off = abs(empirical_mean(ledger, row, instance.optimal_values, h + 1) - mean)
                width = math.sqrt(2.0 * spread * watch.level / n) + n_stages * watch.level / (3.0 * n)
                check(records, run, VALUES, off, width, 1e-12, episode, h, -1, row)


@inlined
def ended(records, run, watch, params, state, instance, episode):
    """The sums over all episodes."""
    check_pigeonhole(records, run, PIGEONHOLE, watch.ledger, episode)
    check_returns(records, run, RETURNS, watch.ledger, episode, params.delta)


@inlined
def observe_twice(params, state, h, s, a, reward, following):
    """Planted fault: every reward counts twice."""
    euler.observe(params, state, h, s, a, 2.0 * reward, following)


def parameters(instance: Any, horizon: int) -> EULER:
    """delta = 0.1."""
    return EULER(delta=0.1)


#: The leading term of the theorem.
RATE = order("euler/rate", "Zanette and Brunskill 2019, Theorem 1", "regret = O~(sqrt(Q* S A T))", leading_rate)

CLAIM = Claim(
    slug="euler",
    title="EULER",
    paper="Zanette and Brunskill 2019, Tighter problem-dependent regret bounds in reinforcement learning without "
    "domain knowledge using value function bounds",
    setting="episodic MDP",
    algorithm=parameters,
    cases=(
        Case(
            "random", lambda: Episodes(random_mdp(3, 2, horizon=3, seed=1, reward_law="bernoulli")), 1_000,
            max_runs=200,
        ),
        Case("river-swim", lambda: Episodes(river_swim(4, horizon=6)), 500, max_runs=200),
    ),
    bounds=(Bound(theorem("euler/regret")),),
    watch=sys.modules[__name__],
    rate=Rate(
        RATE,
        preset="practical: bonuses x 0.1, no theorem",
        algorithm=lambda instance, horizon: EULER(delta=0.1, scale=0.1),
        sweep="K",
        grid=(500, 2_000, 8_000, 32_000),
        case=lambda n: (Episodes(random_mdp(3, 2, horizon=3, seed=1, reward_law="bernoulli")), n),
        n_runs=60,
    ),
    sabotages=(
        Sabotage(
            "tiny-bonus", "all bonuses times 0.001", ("optimism", "pessimism"), lambda p: p._replace(scale=0.001),
            build=lambda: gamble(2, 4, 0.1), horizon=1_000,
        ),
        Sabotage(
            "double-rewards", "every reward counts twice", ("counts",), overrides={"observe": observe_twice}, n_runs=5
        ),
    ),
    lower_bound=minimax_if_hard,
    lower_bound_name="Domingues et al. 2021, Theorem 9",
    notes="Constants of the bonuses as remembered of the paper; the regret bound is checked as a rate.",
)  # fmt: skip
