"""What the watches of episodic algorithms share: independent counts, and the identities and events of their proofs.

The functions are compiled and allocate nothing. They work on the true model and on counts kept here, never on numbers
that the watched algorithm has cached.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from kernels.jit import inlined
from kernels.steps import Step
from mdps.model import Float, Int

#: What the indices of a violation mean in every claim on episodes.
PLACE = ("episode", "stage", "state", "action")

DECOMPOSITION_STEP = Step(
    "decomposition",
    "V_{k,1} - V^pi_1 = E_pi sum_h (Q_k - r - P V_{k,h+1}), absolute difference",
    "value difference lemma",
    place=PLACE,
)


def variance_steps(source: str) -> tuple[Step, Step]:
    """The law of total variance of the episode's return, and its bound; ``source`` is the lemma of the paper."""
    return (
        Step(
            "variance-law",
            "E_pi sum_h Var_P(V^pi_{h+1}) = variance of the return given s_1, absolute difference",
            f"law of total variance; {source}",
            place=PLACE,
        ),
        Step("variance-bound", "E_pi sum_h Var_P(V^pi_{h+1}) <= H^2", source, place=PLACE),
    )


def returns_step(probability: Callable[[Any, Any, int], float]) -> Step:
    """Realised and pseudo-regret differ by a martingale; :func:`check_returns` gives its two sides."""
    return Step(
        "returns",
        "|sum_k (V^{pi_k} - return_k)| <= H sqrt(K log(2/delta)/2)",
        "Azuma-Hoeffding: realised and pseudo-regret differ by a martingale",
        "event",
        probability,
        place=PLACE,
    )


class Ledger(NamedTuple):
    """What is known of a run from outside the algorithm.

    Attributes:
        visits: N(s, a) over all stages of the earlier episodes, (S, A). transitions: N(s, a, y), (S, A, S).
        states, actions: the current episode, (H + 1,) and (H,).
        policy: the last policy whose total variance was computed, (H, S).
        chosen: Q_h(s, pi_h(s)) of the current episode, (H, S), filled by the watch.
        scratch: (6, S).
        sums: [V^pi of the episode, return so far, sum of V^pi - returns, pigeonhole sum], (4,).
    """

    visits: Int
    transitions: Int
    states: Int
    actions: Int
    policy: Int
    chosen: Float
    scratch: Float
    sums: Float


def allocate_ledger(instance: Any) -> Ledger:
    """Arrays for an :class:`~mdps.loops.Episodes`."""
    s, a, h = instance.n_states, instance.n_actions, instance.horizon
    return Ledger(
        np.zeros((s, a), np.int64), np.zeros((s, a, s), np.int64), np.zeros(h + 1, np.int64), np.zeros(h, np.int64),
        np.zeros((h, s), np.int64), np.zeros((h, s)), np.zeros((6, s)), np.zeros(4),
    )  # fmt: skip


@inlined
def clear(ledger):
    """Before the first episode."""
    ledger.visits[...] = 0
    ledger.transitions[...] = 0
    ledger.policy[...] = -1
    ledger.sums[...] = 0.0


@inlined
def note_step(ledger, h, s, a, reward, following):
    """A step of the episode; counted by :func:`count_episode`."""
    ledger.states[h] = s
    ledger.actions[h] = a
    ledger.states[h + 1] = following
    ledger.sums[1] += reward


@inlined
def count_episode(ledger):
    """After the episode: counts, and the martingale sum of V^pi - return."""
    for h in range(ledger.actions.shape[0]):
        s, a = ledger.states[h], ledger.actions[h]
        ledger.visits[s, a] += 1
        ledger.transitions[s, a, ledger.states[h + 1]] += 1
    ledger.sums[2] += ledger.sums[0] - ledger.sums[1]
    ledger.sums[1] = 0.0


@inlined
def returns_width(n_stages, n_episodes, delta):
    """H sqrt(K log(2/delta) / 2): Azuma-Hoeffding for K returns in [0, H], both sides with probability delta."""
    return n_stages * math.sqrt(0.5 * n_episodes * math.log(2.0 / delta))


@inlined
def expected_residual(model, ledger, policy, values):
    """E_pi sum_h (Q_h(s_h, a_h) - r_h - P V_{h+1}), Q_h(s, pi_h(s)) being ``ledger.chosen`` (value difference lemma).

    It equals E V_1(s_1) - V^pi for every Q and V with V_h(s) = Q_h(s, pi_h(s)).

    Args:
        values: V, at least (H + 1, S).
    """
    now, after = ledger.scratch[0], ledger.scratch[1]
    for s in range(model.n_states):
        now[s] = model.initial[s]
    total = 0.0
    for h in range(model.horizon):
        for s in range(model.n_states):
            after[s] = 0.0
        for s in range(model.n_states):
            mass = now[s]
            if mass > 0.0:
                row = h * model.stage_stride + s * model.n_actions + policy[h, s]
                ahead = 0.0
                for k in range(model.indptr[row], model.indptr[row + 1]):
                    y, p = model.successors[k], model.probabilities[k]
                    ahead += p * values[h + 1, y]
                    after[y] += mass * p
                total += mass * (ledger.chosen[h, s] - model.rewards[row] - ahead)
        now, after = after, now
    return total


@inlined
def expected_first_value(model, values):
    """E V_1(s_1) over the initial distribution."""
    total = 0.0
    for s in range(model.n_states):
        total += model.initial[s] * values[0, s]
    return total


@inlined
def same_policy(ledger, policy):
    """Whether ``policy`` is the one remembered; remembers it."""
    same = True
    for h in range(policy.shape[0]):
        for s in range(policy.shape[1]):
            if ledger.policy[h, s] != policy[h, s]:
                same = False
                ledger.policy[h, s] = policy[h, s]
    return same


@inlined
def total_variance(model, ledger, policy):
    """The two sides of the law of total variance for a deterministic policy and mean rewards.

    Returns:
        (E_pi sum_h Var_{P_h}(V^pi_{h+1}) by stage variances, the same as the expected variance of the return given
        s_1, by second moments of the return; both averaged over the initial distribution).
    """
    # Backward from the last stage: V, M = E[(sum of rewards)^2], W = expected sum of the stage variances.
    value, value_after = ledger.scratch[0], ledger.scratch[1]
    moment, moment_after = ledger.scratch[2], ledger.scratch[3]
    spread, spread_after = ledger.scratch[4], ledger.scratch[5]
    for s in range(model.n_states):
        value_after[s] = 0.0
        moment_after[s] = 0.0
        spread_after[s] = 0.0
    for h in range(model.horizon - 1, -1, -1):
        for s in range(model.n_states):
            row = h * model.stage_stride + s * model.n_actions + policy[h, s]
            mean, second, later = 0.0, 0.0, 0.0
            for k in range(model.indptr[row], model.indptr[row + 1]):
                y, p = model.successors[k], model.probabilities[k]
                mean += p * value_after[y]
                second += p * moment_after[y]
                later += p * spread_after[y]
            variance = 0.0
            for k in range(model.indptr[row], model.indptr[row + 1]):
                variance += model.probabilities[k] * (value_after[model.successors[k]] - mean) ** 2
            r = model.rewards[row]
            value[s] = r + mean
            moment[s] = r * r + 2.0 * r * mean + second
            spread[s] = variance + later
        value, value_after = value_after, value
        moment, moment_after = moment_after, moment
        spread, spread_after = spread_after, spread
    by_stages = 0.0
    of_return = 0.0
    for s in range(model.n_states):
        by_stages += model.initial[s] * spread_after[s]
        of_return += model.initial[s] * (moment_after[s] - value_after[s] ** 2)
    return by_stages, of_return
