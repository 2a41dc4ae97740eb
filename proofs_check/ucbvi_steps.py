"""The proof steps that UCBVI-CH and UCBVI-BF share (Azar, Osband and Munos 2017)."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from kernels.jit import inlined
from kernels.steps import Step, check
from mdps.instances.chains import river_swim
from mdps.instances.random import random_mdp
from mdps.loops import Episodes, EpisodicArrays
from mdps.model import Float, Int
from mdps.optimism import LANES
from proofs_check.claim import Case, Sabotage, confidence
from proofs_check.episodes import (
    DECOMPOSITION_STEP,
    PLACE,
    Ledger,
    allocate_ledger,
    clear,
    count_episode,
    expected_first_value,
    expected_residual,
    note_step,
    returns_step,
    returns_width,
    same_policy,
    total_variance,
    variance_steps,
)
from proofs_check.episodic_cases import gamble
from theory.radii import ucbvi_log

(
    COUNTS, RANGE, MONOTONE, BACKUP, DEVIATION, ENTRIES, OPTIMISM, DECOMPOSITION, VARIANCE_LAW, VARIANCE_BOUND,
    PIGEONHOLE, RETURNS,
) = range(12)  # fmt: skip


#: The cases of both claims on which their bounds are vacuous, for the proof steps.
WATCHED_CASES = (
    Case("random", lambda: Episodes(random_mdp(3, 2, horizon=3, seed=1)), 2_000),
    Case("river-swim", lambda: Episodes(river_swim(6, horizon=10)), 1_000, max_runs=200),
)


#: Both algorithms are to fail with too small a bonus.
TINY_BONUS = Sabotage(
    "tiny-bonus", "the bonus times 0.001", ("optimism",), lambda p: p._replace(scale=0.001),
    build=lambda: gamble(2, 4, 0.1), horizon=1_000,
)  # fmt: skip


def faults_of_planning(
    without_minimum: Callable[..., Any], with_an_old_model: Callable[..., Any]
) -> tuple[Sabotage, Sabotage]:
    """The faults of two ``plan``: one forgets the last Q, one computes Q in every second episode."""
    return (
        Sabotage(
            "no-minimum", "Q is not kept below the Q of the last episode", ("monotone",),
            lambda p: p._replace(scale=0.002), overrides={"plan": without_minimum},
        ),
        Sabotage(
            "old-model", "Q is computed in every second episode only", ("backup",), lambda p: p._replace(scale=0.01),
            overrides={"plan": with_an_old_model},
        ),
    )  # fmt: skip


def shared_steps(deviation: Step, optimism: Step) -> tuple[Step, ...]:
    """The steps in the order of the indices above; the two given ones differ between the algorithms."""
    return (
        Step(
            "counts",
            "N_k(s,a) and N_k(s,a,y) are the visits in episodes 1 .. k-1, also while episode k is played",
            "Azar et al. 2017, Algorithm 1",
            place=PLACE,
        ),
        Step("range", "Q_k(h,s,a) <= H", "Azar et al. 2017, Algorithm 2", place=PLACE),
        Step("monotone", "Q_k(h,s,a) <= Q_{k-1}(h,s,a)", "Azar et al. 2017, Algorithm 2", place=PLACE),
        Step(
            "backup",
            "Q_k(h,s,a) <= r + Ph V_{k,h+1} + b_k at every visited step, from counts kept independently",
            "Azar et al. 2017, Algorithm 2; first line of the regret recursion",
            place=PLACE,
        ),
        deviation,
        Step(
            "entries",
            "|Ph(y|s,a) - P(y|s,a)| <= 2 sqrt(p(1-p)L/N) + 2L/(3N) for all y",
            "Azar et al. 2017, Appendix B, c_2",
            "event",
            confidence,
            place=("episode", "state", "action", "next state"),
        ),
        optimism,
        DECOMPOSITION_STEP,
        *variance_steps("Azar et al. 2017, Lemma 8"),
        Step(
            "pigeonhole",
            "sum_k sum_h 1/sqrt(max(1, N_k)) <= 2 sqrt(SAKH) + HSA",
            "pooled counts frozen within an episode; Azar et al. 2017, eq. (9)",
            place=PLACE,
        ),
        returns_step(confidence),
    )


class Watch(NamedTuple):
    """Independent counts, the last Q (H, A, S'), the variance of V* at each (h, s, a), L, and the visits N'_h(s).

    Only UCBVI-BF reads the last, (H + 1, S), which count the state after the last step too.
    """

    ledger: Ledger
    last_q: Float
    variance: Float
    log_factor: float
    n_episodes: int
    arrivals: Int


def allocate(params: Any, instance: Any, horizon: int) -> Watch:
    """Arrays of the watch."""
    s, a, h = instance.n_states, instance.n_actions, instance.horizon
    arrays: EpisodicArrays = instance.arrays()
    p, _ = instance.mdp.dense()
    p = np.broadcast_to(p, (h, s, a, s))
    ahead = arrays.optimal_values[1:, None, None, :]
    mean = (p * ahead).sum(axis=-1)
    variance = np.ascontiguousarray((p * (ahead - mean[..., None]) ** 2).sum(axis=-1))
    padded = -(-s // LANES) * LANES
    log_factor = float(ucbvi_log(s, a, horizon * h, params.delta))
    return Watch(
        allocate_ledger(instance), np.zeros((h, a, padded)), variance, log_factor, horizon,
        np.zeros((h + 1, s), np.int64),
    )  # fmt: skip


@inlined
def begin(watch, params, instance):
    """Forget the last run."""
    clear(watch.ledger)
    watch.last_q[...] = instance.model.horizon
    watch.arrivals[...] = 0


@inlined
def check_counts(records, run, watch, model, episode):
    """The algorithm's counts at the steps of the last (or current) episode against those kept here."""
    ledger = watch.ledger
    for h in range(ledger.actions.shape[0]):
        s, a, y = ledger.states[h], ledger.actions[h], ledger.states[h + 1]
        wrong = abs(model.visits[a, s] - ledger.visits[s, a])
        wrong += abs(model.transitions[a, s // LANES, y, s % LANES] - ledger.transitions[s, a, y])
        check(records, run, COUNTS, wrong, 0.0, 0.0, episode, h, s, a)


@inlined
def check_values(records, run, watch, state, instance, episode):
    """Range, monotonicity and optimism at every (h, s, a); the worst of each is recorded."""
    model = state.model
    n_stages, n_actions, n_states = model.q.shape[0], model.q.shape[1], instance.model.n_states
    top, rise, short = -np.inf, -np.inf, -np.inf
    at_top, at_rise, at_short = 0, 0, 0
    for h in range(n_stages):
        for a in range(n_actions):
            for s in range(n_states):
                q = model.q[h, a, s]
                where = (h * n_states + s) * n_actions + a
                if q > top:
                    top = q
                    at_top = where
                if q - watch.last_q[h, a, s] > rise:
                    rise = q - watch.last_q[h, a, s]
                    at_rise = where
                if instance.optimal_q[h, s, a] - q > short:
                    short = instance.optimal_q[h, s, a] - q
                    at_short = where
                watch.last_q[h, a, s] = q
    sa = n_states * n_actions
    i, j, k = at_top // sa, at_top // n_actions % n_states, at_top % n_actions
    check(records, run, RANGE, top, float(n_stages), 1e-12, episode, i, j, k)
    i, j, k = at_rise // sa, at_rise // n_actions % n_states, at_rise % n_actions
    check(records, run, MONOTONE, rise, 0.0, 1e-12, episode, i, j, k)
    i, j, k = at_short // sa, at_short // n_actions % n_states, at_short % n_actions
    q = model.q[i, k, j]
    check(records, run, OPTIMISM, q + short, q, 1e-10, episode, i, j, k)


@inlined
def check_identities(records, run, watch, state, instance, episode, value):
    """Bonus-sum decomposition and, when the policy is new, the law of total variance."""
    model, ledger = state.model, watch.ledger
    n_stages = model.q.shape[0]
    for h in range(n_stages):
        for s in range(instance.model.n_states):
            ledger.chosen[h, s] = model.q[h, state.policy[h, s], s]
    residual = expected_residual(instance.model, ledger, state.policy, model.values)
    difference = expected_first_value(instance.model, model.values) - value
    check(records, run, DECOMPOSITION, abs(difference - residual), 1e-10 * (1.0 + n_stages), 0.0, episode, -1, -1, -1)
    if not same_policy(ledger, state.policy):
        by_stages, of_return = total_variance(instance.model, ledger, state.policy)
        check(records, run, VARIANCE_LAW, abs(by_stages - of_return), 1e-10 * n_stages**2, 0.0, episode, -1, -1, -1)
        check(records, run, VARIANCE_BOUND, by_stages, float(n_stages**2), 1e-12, episode, -1, -1, -1)


@inlined
def acted(records, run, watch, params, state, instance, episode, value):
    """Everything that is checked once a policy has been planned."""
    if episode > 1:
        check_counts(records, run, watch, state.model, episode)
    check_values(records, run, watch, state, instance, episode)
    check_identities(records, run, watch, state, instance, episode, value)
    watch.ledger.sums[0] = value


@inlined
def empirical_mean(watch, s, a, values, h):
    """Ph(s, a) values[h], from the counts kept here (N >= 1)."""
    total = 0.0
    for y in range(watch.ledger.transitions.shape[2]):
        total += watch.ledger.transitions[s, a, y] * values[h, y]
    return total / watch.ledger.visits[s, a]


@inlined
def empirical_variance(watch, s, a, values, h, mean):
    """Var_{Ph(s, a)}(values[h]), from the counts kept here."""
    total = 0.0
    for y in range(watch.ledger.transitions.shape[2]):
        total += watch.ledger.transitions[s, a, y] * (values[h, y] - mean) ** 2
    return total / watch.ledger.visits[s, a]


@inlined
def step_taken(records, run, watch, state, episode, h, s, a, reward, following, bonus):
    """A step: Q against its backup with the given bonus, and the pigeonhole sum with the algorithm's own count."""
    ledger, model = watch.ledger, state.model
    if ledger.visits[s, a] > 0:
        right = model.rewards[h, a, s] + empirical_mean(watch, s, a, model.values, h + 1) + bonus
        check(records, run, BACKUP, model.q[h, a, s], right, 1e-10, episode, h, s, a)
    ledger.sums[3] += 1.0 / math.sqrt(max(1.0, model.visits[a, s]))
    note_step(ledger, h, s, a, reward, following)


@inlined
def deviation_width(variance, n, n_stages, log_factor):
    """c_1(v, n) = 2 sqrt(v L / n) + 14 H L / (3n)."""
    return 2.0 * math.sqrt(variance * log_factor / n) + 14.0 * n_stages * log_factor / (3.0 * n)


@inlined
def check_entries(records, run, watch, model, episode):
    """c_2 for every successor of the pairs visited in the episode just counted."""
    ledger = watch.ledger
    for h in range(ledger.actions.shape[0]):
        s, a = ledger.states[h], ledger.actions[h]
        n = np.float64(ledger.visits[s, a])
        row = s * model.n_actions + a
        for k in range(model.indptr[row], model.indptr[row + 1]):
            y, p = model.successors[k], model.probabilities[k]
            width = 2.0 * math.sqrt(p * (1.0 - p) * watch.log_factor / n) + 2.0 * watch.log_factor / (3.0 * n)
            check(records, run, ENTRIES, abs(ledger.transitions[s, a, y] / n - p), width, 1e-12, episode, s, a, y)


@inlined
def episode_over(records, run, watch, state, instance, episode):
    """After the last step: the algorithm must not have counted yet; then count here."""
    check_counts(records, run, watch, state.model, episode)
    count_episode(watch.ledger)
    for h in range(watch.arrivals.shape[0]):
        watch.arrivals[h, watch.ledger.states[h]] += 1
    check_entries(records, run, watch, instance.model, episode)


@inlined
def ended(records, run, watch, params, state, instance, episode):
    """The sums over all episodes."""
    n_stages, n_actions, n_states = state.model.q.shape[0], state.model.q.shape[1], instance.model.n_states
    pairs = n_states * n_actions
    right = 2.0 * math.sqrt(np.float64(pairs * episode * n_stages)) + n_stages * pairs
    check(records, run, PIGEONHOLE, watch.ledger.sums[3], right, 1e-12, episode, -1, -1, -1)
    width = returns_width(n_stages, episode, params.delta)
    check(records, run, RETURNS, abs(watch.ledger.sums[2]), width, 1e-9, episode, -1, -1, -1)
