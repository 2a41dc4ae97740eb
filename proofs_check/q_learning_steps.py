"""The proof steps that the two optimistic Q-learning algorithms share (Jin, Allen-Zhu, Bubeck and Jordan 2018)."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from kernels.jit import inlined
from kernels.steps import Step, check
from mdps.instances.chains import river_swim
from mdps.loops import Episodes
from mdps.model import Float, Int
from mdps.q_learning import step_size
from proofs_check.claim import Case, confidence
from proofs_check.episodes import (
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
from proofs_check.episodic_cases import hard_tree, random_stages

(
    WEIGHT_SUM, WEIGHT_LOW, WEIGHT_HIGH, WEIGHT_SQUARES, WEIGHT_LARGEST, COUNTS, UPDATE, RANGE, DEVIATION, OPTIMISM,
    UPPER, DECOMPOSITION, VARIANCE_LAW, VARIANCE_BOUND, PIGEONHOLE, RETURNS,
) = range(16)  # fmt: skip


#: The cases of both claims.
CASES = (
    Case("random", random_stages, 4_000),
    Case("river-swim", lambda: Episodes(river_swim(6, horizon=10)), 1_000, max_runs=200),
    Case("hard", hard_tree, 2_000, max_runs=200),
    Case("random-long", random_stages, 100_000, max_runs=50, full_only=True),
)


def shared_steps(deviation: Step) -> tuple[Step, ...]:
    """The steps in the order of the indices above; the event differs between the algorithms."""
    lemma = "Jin et al. 2018, Lemma 4.1"
    count = ("t",)
    return (
        Step("weight-sum", "sum_i a_t^i = 1 for every t, absolute difference", lemma, place=count),
        Step("weight-low", "1/sqrt t <= sum_i a_t^i/sqrt i", lemma, place=count),
        Step("weight-high", "sum_i a_t^i/sqrt i <= 2/sqrt t", lemma, place=count),
        Step("weight-squares", "sum_i (a_t^i)^2 <= 2H/t", lemma, place=count),
        Step("weight-largest", "max_i a_t^i <= 2H/t", lemma, place=count),
        Step("counts", "N_h(s,a) counts the visits, absolute difference", "Jin et al. 2018, Algorithm 1", place=PLACE),
        Step(
            "update",
            "Q = a_t^0 H + sum_i a_t^i (r + V^{k_i}_{h+1}(s') + b_i), recomputed independently, absolute difference",
            "Jin et al. 2018, eq. (4.3)",
            place=PLACE,
        ),
        Step("range", "V_h <= H", "Jin et al. 2018, Algorithm 1", place=PLACE),
        deviation,
        Step(
            "optimism",
            "Q*_h(s,a) <= Q_h(s,a) after every update",
            "Jin et al. 2018, Lemma 4.3, left side",
            "conditional",
            given=("deviation",),
            place=PLACE,
        ),
        Step(
            "upper",
            "Q_h - Q*_h <= a_t^0 H + sum_i a_t^i (V^{k_i}_{h+1} - V*_{h+1})(s') + beta_t, beta_t = 2 sum_i a_t^i b_i",
            "Jin et al. 2018, Lemma 4.3, right side",
            "conditional",
            given=("deviation",),
            place=PLACE,
        ),
        Step(
            "decomposition",
            "V_{k,1} - V^pi_1 = E_pi sum_h (min{H, Q_k} - r - P V_{k,h+1}), absolute difference",
            "value difference lemma",
            place=PLACE,
        ),
        *variance_steps("Jin et al. 2018, Lemma C.5"),
        Step(
            "pigeonhole",
            "sum_k sum_h 1/sqrt(N_h after the visit) <= 2 H sqrt(SAK)",
            "Jin et al. 2018, proof of Theorem 1, last display",
            place=PLACE,
        ),
        returns_step(confidence),
    )


class Watch(NamedTuple):
    """Independent recursions of every (h, s, a), each (H, S, A).

    Attributes:
        ledger: the shared bookkeeping. visits: N_h(s, a).
        q: a_t^0 H + sum_i a_t^i (r + V + b). upper: the right side of Lemma 4.3. noise: sum_i a_t^i (r + V*(s') - Q*).
        half_beta: sum_i a_t^i b_i. first, second: sums of V_{h+1}(s') and of its square.
        width: of the event, for each stage of the episode, (H,).
        n_episodes: K. iota: log(2SAT/p).
    """

    ledger: Ledger
    visits: Int
    q: Float
    upper: Float
    noise: Float
    half_beta: Float
    first: Float
    second: Float
    width: Float
    n_episodes: int
    iota: float


def allocate(params: Any, instance: Any, horizon: int) -> Watch:
    """Arrays of the watch."""
    shape = (instance.horizon, instance.n_states, instance.n_actions)
    rows = np.zeros((6, *shape))
    steps = horizon * instance.horizon
    iota = math.log(2 * instance.n_states * instance.n_actions * steps / params.delta)
    return Watch(
        allocate_ledger(instance), np.zeros(shape, np.int64), rows[0], rows[1], rows[2], rows[3], rows[4], rows[5],
        np.zeros(instance.horizon), horizon, iota,
    )  # fmt: skip


@inlined
def begin(watch, params, instance):
    """Forget the last run."""
    n_stages = instance.model.horizon
    clear(watch.ledger)
    watch.visits[...] = 0
    watch.q[...] = n_stages
    watch.upper[...] = n_stages
    watch.noise[...] = 0.0
    watch.half_beta[...] = 0.0
    watch.first[...] = 0.0
    watch.second[...] = 0.0


@inlined
def check_weights(records, run, n_stages, largest):
    """Lemma 4.1 for t = 1 .. largest, with the algorithm's step size."""
    total, tilted, squares, top = 0.0, 0.0, 0.0, 0.0
    for t in range(1, largest + 1):
        rate = step_size(n_stages, t)
        total = (1.0 - rate) * total + rate
        tilted = (1.0 - rate) * tilted + rate / math.sqrt(t)
        squares = (1.0 - rate) ** 2 * squares + rate**2
        top = max((1.0 - rate) * top, rate)
        check(records, run, WEIGHT_SUM, abs(total - 1.0), 1e-12, 0.0, t, -1, -1, -1)
        check(records, run, WEIGHT_LOW, 1.0 / math.sqrt(t), tilted, 1e-12, t, -1, -1, -1)
        check(records, run, WEIGHT_HIGH, tilted, 2.0 / math.sqrt(t), 1e-12, t, -1, -1, -1)
        check(records, run, WEIGHT_SQUARES, squares, 2.0 * n_stages / t, 1e-12, t, -1, -1, -1)
        check(records, run, WEIGHT_LARGEST, top, 2.0 * n_stages / t, 1e-12, t, -1, -1, -1)


@inlined
def acted(records, run, watch, params, state, instance, episode, value):
    """Before the episode: decomposition and, when the policy is new, the law of total variance."""
    table, ledger = state.table, watch.ledger
    n_stages = table.q.shape[0]
    for h in range(n_stages):
        for s in range(table.q.shape[1]):
            ledger.chosen[h, s] = min(np.float64(n_stages), table.q[h, s, state.policy[h, s]])
    residual = expected_residual(instance.model, ledger, state.policy, table.values)
    difference = expected_first_value(instance.model, table.values) - value
    check(records, run, DECOMPOSITION, abs(difference - residual), 1e-10 * (1.0 + n_stages), 0.0, episode, -1, -1, -1)
    if not same_policy(ledger, state.policy):
        by_stages, of_return = total_variance(instance.model, ledger, state.policy)
        check(records, run, VARIANCE_LAW, abs(by_stages - of_return), 1e-10 * n_stages**2, 0.0, episode, -1, -1, -1)
        check(records, run, VARIANCE_BOUND, by_stages, np.float64(n_stages**2), 1e-12, episode, -1, -1, -1)
    ledger.sums[0] = value


@inlined
def rate_of(watch, h, s, a):
    """The step size of the visit that is just being made, from the count kept here."""
    n_stages = watch.q.shape[0]
    return (n_stages + 1.0) / (n_stages + watch.visits[h, s, a])


@inlined
def visit(watch, h, s, a, ahead):
    """Count a visit of (s, a) at stage h that led to the value ``ahead``; returns t, the visits so far."""
    watch.visits[h, s, a] += 1
    watch.first[h, s, a] += ahead
    watch.second[h, s, a] += ahead * ahead
    return watch.visits[h, s, a]


@inlined
def advance(watch, instance, h, s, a, reward, following, ahead, bonus, width):
    """The recursions of Lemmas 4.2 and 4.3 with the bonus of this visit and the width of the event."""
    rate = rate_of(watch, h, s, a)
    optimal = instance.optimal_values[h + 1, following]
    keep = 1.0 - rate
    watch.q[h, s, a] = keep * watch.q[h, s, a] + rate * (reward + ahead + bonus)
    watch.upper[h, s, a] = keep * watch.upper[h, s, a] + rate * (ahead - optimal + 2.0 * bonus)
    watch.noise[h, s, a] = keep * watch.noise[h, s, a] + rate * (reward + optimal - instance.optimal_q[h, s, a])
    watch.half_beta[h, s, a] = keep * watch.half_beta[h, s, a] + rate * bonus
    watch.width[h] = width
    note_step(watch.ledger, h, s, a, reward, following)


@inlined
def observed(records, run, watch, params, state, instance, episode):
    """After the episode: the rows that it updated."""
    ledger, table = watch.ledger, state.table
    n_stages = table.q.shape[0]
    for h in range(n_stages):
        s, a = ledger.states[h], ledger.actions[h]
        q, optimal = table.q[h, s, a], instance.optimal_q[h, s, a]
        wrong = abs(np.float64(table.visits[h, s, a] - watch.visits[h, s, a]))
        check(records, run, COUNTS, wrong, 0.0, 0.0, episode, h, s, a)
        error = abs(q - watch.q[h, s, a])
        check(records, run, UPDATE, error, 1e-9 * (1.0 + n_stages), 0.0, episode, h, s, a)
        check(records, run, RANGE, table.values[h, s], np.float64(n_stages), 1e-12, episode, h, s, a)
        check(records, run, DEVIATION, abs(watch.noise[h, s, a]), watch.width[h], 1e-12, episode, h, s, a)
        check(records, run, OPTIMISM, optimal, q, 1e-10, episode, h, s, a)
        check(records, run, UPPER, q - optimal, watch.upper[h, s, a], 1e-10, episode, h, s, a)
        ledger.sums[3] += 1.0 / math.sqrt(np.float64(table.visits[h, s, a]))
    count_episode(ledger)


@inlined
def ended(records, run, watch, params, state, instance, episode):
    """The sums over all episodes, and the weights up to the largest possible count."""
    n_stages, n_states, n_actions = state.table.q.shape
    check_weights(records, run, n_stages, episode)
    right = 2.0 * n_stages * math.sqrt(np.float64(n_states * n_actions * episode))
    check(records, run, PIGEONHOLE, watch.ledger.sums[3], right, 1e-12, episode, -1, -1, -1)
    width = returns_width(n_stages, episode, params.delta)
    check(records, run, RETURNS, abs(watch.ledger.sums[2]), width, 1e-9, episode, -1, -1, -1)
