"""PSRL: the Bayesian regret bound of Osband, Russo and Van Roy (2013) and the steps of its proof."""

from __future__ import annotations

import math
import sys
from typing import Any, NamedTuple

import numpy as np

from kernels.jit import inlined
from kernels.steps import Step, check
from mdps.algorithms import psrl
from mdps.algorithms.psrl import PSRL
from mdps.priors import DirichletPrior
from proofs_check.claim import Bound, Case, Claim, Rate, Sabotage
from proofs_check.episodes import DECOMPOSITION_STEP, PLACE
from proofs_check.episodic_cases import minimax_if_hard, order
from proofs_check.row_steps import (
    PIGEONHOLE_STEP,
    Ledger,
    allocate_ledger,
    check_decomposition,
    check_pigeonhole,
    clear,
    count_episode,
    count_errors,
    l1_error,
    note_step,
)
from theory.theorems import theorem
from theory.theorems.psrl import bayes_regret

COUNTS, SIMPLEX, PLANNED, PLAYED, DECOMPOSITION, TRUE_MODEL, SAMPLED_MODEL, PIGEONHOLE = range(8)


def one_in_episodes(params: Any, instance: Any, horizon: int) -> float:
    """1/m, m the number of episodes."""
    return 1.0 / horizon


STEPS = (
    Step(
        "counts",
        "N_k(row), N_k(row,y) and the sums of rewards are those of episodes 1 .. k-1",
        "Osband et al. 2013, Algorithm 1",
        place=PLACE,
    ),
    Step(
        "simplex",
        "sampled laws are distributions and sampled means lie in [0, 1]: largest error",
        "Osband et al. 2013, Algorithm 1",
        place=PLACE,
    ),
    Step(
        "planned",
        "V_k(h,s) = max_a (r_k + P_k V_k(h+1)) in the sampled model, largest error, attained by the policy played",
        "Osband et al. 2013, Algorithm 1",
        place=PLACE,
    ),
    Step("played", "the action is the policy's, absolute difference", "Osband et al. 2013, Algorithm 1", place=PLACE),
    DECOMPOSITION_STEP,
    Step(
        "true-model",
        "the true model is in M_m: |Ph - P|_1 <= sqrt(14 S log(2SAm t_m)/max(1,N)), |Rh - R| <= sqrt(7 log(2SAm t_m)/"
        "(2 max(1,N)))",
        "Osband et al. 2013, proof of Theorem 1 (section 5.2): P(M* not in M_k) <= 1/m, at k = m",
        "event",
        one_in_episodes,
        place=PLACE,
    ),
    Step(
        "sampled-model",
        "the sampled model is in M_m as well: given the past it has the law of the true one",
        "Osband et al. 2013, Lemma 1 and section 5.2",
        "event",
        one_in_episodes,
        place=PLACE,
    ),
    PIGEONHOLE_STEP,
)


class Watch(NamedTuple):
    """The shared ledger, and the number m of episodes."""

    ledger: Ledger
    n_episodes: int


def allocate(params: PSRL, instance: Any, horizon: int) -> Watch:
    """Arrays of the watch."""
    return Watch(allocate_ledger(instance), horizon)


@inlined
def begin(watch, params, instance):
    """Forget the last run; read the model of this one."""
    clear(watch.ledger, instance.model)


@inlined
def acted(records, run, watch, params, state, instance, episode, value):
    """Once a policy has been planned: the sampled model and what was made of it."""
    ledger = watch.ledger
    check(records, run, COUNTS, count_errors(ledger, state.counts), 1e-9, 0.0, episode, -1, -1, -1)
    off = 0.0
    for row in range(state.means.shape[0]):
        total, least = 0.0, 0.0
        for y in range(state.laws.shape[1]):
            total += state.laws[row, y]
            least = min(least, state.laws[row, y])
        off = max(off, abs(total - 1.0) - least + max(0.0, state.means[row] - 1.0) + max(0.0, -state.means[row]))
    check(records, run, SIMPLEX, off, 1e-12, 0.0, episode, -1, -1, -1)
    n_stages, n_states, n_actions = state.q.shape
    wrong = 0.0
    for h in range(n_stages):
        for s in range(n_states):
            best, played = -np.inf, -np.inf
            for a in range(n_actions):
                row = h * instance.model.stage_stride + s * n_actions + a
                q = state.means[row]
                if h + 1 < n_stages:
                    for y in range(n_states):
                        q += state.laws[row, y] * state.values[h + 1, y]
                best = max(best, q)
                if a == state.policy[h, s]:
                    played = q
            wrong = max(wrong, abs(best - state.values[h, s]) + best - played)
    check(records, run, PLANNED, wrong, 1e-9 * n_stages, 0.0, episode, -1, -1, -1)
    check_decomposition(
        records, run, DECOMPOSITION, ledger, instance, state.q, state.values, state.policy, episode, value
    )
    if episode == watch.n_episodes:
        check_sets(records, run, watch, state, episode)


@inlined
def check_sets(records, run, watch, state, episode):
    """Both models against the confidence set of the last episode, radii from the watch's own counts."""
    ledger = watch.ledger
    rows, n_states = ledger.laws.shape
    level = math.log(2.0 * rows * episode * ((episode - 1) * ledger.path.shape[0] + 1.0))
    for row in range(rows):
        n = max(1.0, ledger.visits[row])
        law_radius, mean_radius = math.sqrt(14.0 * n_states * level / n), math.sqrt(3.5 * level / n)
        if ledger.visits[row] > 0.0:
            mean = ledger.reward_sums[row] / n
            off = 0.0
            for y in range(n_states):
                off += abs(ledger.transitions[row, y] / n - state.laws[row, y])
            check(records, run, TRUE_MODEL, l1_error(ledger, row), law_radius, 1e-12, episode, -1, -1, row)
            check(records, run, TRUE_MODEL, abs(mean - ledger.means[row]), mean_radius, 1e-12, episode, -1, -1, row)
            check(records, run, SAMPLED_MODEL, off, law_radius, 1e-12, episode, -1, -1, row)
            check(records, run, SAMPLED_MODEL, abs(mean - state.means[row]), mean_radius, 1e-12, episode, -1, -1, row)


@inlined
def stepped(records, run, watch, params, state, instance, episode, h, s, a, reward, following):
    """Keep the step; the action must be the policy's, whose value is the regret's."""
    check(records, run, PLAYED, np.float64(abs(a - state.policy[h, s])), 0.0, 0.0, episode, h, s, a)
    note_step(watch.ledger, instance.model, h, s, a, reward, following)


@inlined
def observed(records, run, watch, params, state, instance, episode):
    """Count the episode."""
    count_episode(watch.ledger)


@inlined
def ended(records, run, watch, params, state, instance, episode):
    """The sum over all episodes."""
    check_pigeonhole(records, run, PIGEONHOLE, watch.ledger, episode)


@inlined
def observe_half(params, state, h, s, a, reward, following):
    """Planted fault: every success counts as half of one."""
    psrl.observe(params, state, h, s, a, 0.5 * reward, following)


@inlined
def act_by_first_stage(params, state, h, s, rng):
    """Planted fault: the policy of the first stage is played at every stage."""
    return state.policy[0, s]


def parameters(instance: Any, horizon: int) -> PSRL:
    """The prior that models are drawn from."""
    return PSRL(concentration=1.0)


CLAIM = Claim(
    slug="psrl",
    title="PSRL",
    paper="Osband, Russo and Van Roy 2013, (More) efficient reinforcement learning via posterior sampling",
    setting="episodic MDP",
    algorithm=parameters,
    cases=(
        Case("prior", lambda: DirichletPrior(3, 2, 3), 25, max_runs=400),
        Case("prior-long", lambda: DirichletPrior(2, 2, 2), 8_000, max_runs=100, watched=False),
    ),
    bounds=(Bound(theorem("psrl/bayes-regret")),),
    watch=sys.modules[__name__],
    rate=Rate(
        order(
            "psrl/rate", "Osband, Russo and Van Roy 2013, Theorem 1",
            "E regret = O(H S sqrt(A T log(SAT)))", bayes_regret,
        ),
        preset="the theorem's algorithm",
        algorithm=lambda instance, horizon: PSRL(concentration=1.0),
        sweep="K",
        grid=(100, 400, 1_600, 6_400),
        case=lambda n: (DirichletPrior(3, 2, 3), n),
        n_runs=200,
        prefix=True,
    ),
    sabotages=(
        Sabotage(
            "half-rewards", "every success counts as half of one", ("counts",),
            overrides={"observe": observe_half}, n_runs=5,
        ),
        Sabotage(
            "first-stage", "the policy of the first stage is played at every stage", ("played",),
            overrides={"act": act_by_first_stage}, n_runs=5,
        ),
    ),
    lower_bound=minimax_if_hard,
    lower_bound_name="Domingues et al. 2021, Theorem 9",
    notes="Bayesian regret: every replication plays a model drawn from the prior. Counts are pooled over stages on "
    "stationary models.",
)  # fmt: skip
