"""BPI-UCBVI: the best-policy guarantee of Menard et al. (2021) and the steps of its proof."""

from __future__ import annotations

import math
import sys
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from kernels.engine import Trace
from kernels.jit import inlined
from kernels.steps import Step, check
from mdps.algorithms.bpi_ucvi import BPIUCVI, plan
from mdps.instances.random import random_mdp
from mdps.loops import STOP, Episodes
from mdps.model import MDP
from mdps.planning.finite_horizon import backward_induction, evaluate_policy
from proofs_check.claim import Bound, Case, Claim, Sabotage
from theory.theorems import theorem

Float = npt.NDArray[np.float64]

#: Failure probability of the claim.
DELTA = 0.2

CONFIDENCE, UPPER, LOWER, GAP, CONSISTENT, STOPPING = range(6)

_PAIR = ("episode", "stage", "state", "action")
_STATE = ("episode", "stage", "state")
_PAPER = "Menard et al. 2021, BPI-UCBVI"

STEPS = (
    Step(
        "confidence",
        "Qlow_h <= Q*_h <= Qup_h fails nowhere in a run",
        f"{_PAPER}, event and optimism",
        "event",
        lambda params, instance, horizon: params.delta,
        place=_PAIR,
    ),
    Step(
        "upper",
        "V*_h(s) <= Vup_h(s)",
        f"{_PAPER}, optimism",
        "conditional",
        given=("confidence",),
        place=_STATE,
    ),
    Step(
        "lower",
        "Vlow_h(s) <= V*_h(s)",
        f"{_PAPER}, pessimism",
        "conditional",
        given=("confidence",),
        place=_STATE,
    ),
    Step(
        "gap",
        "V*_h(s) - V^pi_h(s) <= G_h(s, pi(s)) for the greedy policy pi",
        f"{_PAPER}, G bounds the gap",
        "conditional",
        given=("confidence",),
        place=_STATE,
    ),
    Step(
        "recursion",
        "Qup_h = min(H, r + 3 sqrt(Var b*/n) + 14 H^2 b/n + Ph(Vup - Vlow)/H + Ph Vup), H where n = 0, from counts of "
        "our own",
        f"{_PAPER}, upper bounds; difference of both sides",
        place=_PAIR,
    ),
    Step(
        "stopping",
        "when the rule stops, G_1(s_1, pi(s_1)) <= epsilon, G from counts of our own",
        f"{_PAPER}, stopping rule",
        place=("episode",),
    ),
)


class Watch(NamedTuple):
    """Counts of our own and scratch for the three recursions."""

    visits: Any  # (H, n_pairs)
    transitions: Any  # (H, n_pairs, n_states)
    rewards: Any  # (H, n_pairs)
    upper: Any  # Qup, (H, n_pairs)
    values: Any  # Vup, Vlow, G of the greedy policy, V of the greedy policy, (4, H + 1, n_states)
    next: Any  # episode at which the bounds are looked at next, one entry


def allocate(params: BPIUCVI, instance: Episodes, horizon: int) -> Watch:
    """Arrays of the watch."""
    h, s, n = instance.horizon, instance.n_states, instance.n_states * instance.n_actions
    rewards = np.ascontiguousarray(instance.problem(1).rewards.reshape(h, n))
    return Watch(
        np.zeros((h, n)), np.zeros((h, n, s)), rewards, np.zeros((h, n)), np.zeros((4, h + 1, s)),
        np.zeros(1, np.int64),
    )  # fmt: skip


@inlined
def begin(watch, params, instance):
    """Forget the last run."""
    for h in range(watch.visits.shape[0]):
        for pair in range(watch.visits.shape[1]):
            watch.visits[h, pair] = 0.0
            for y in range(watch.transitions.shape[2]):
                watch.transitions[h, pair, y] = 0.0
    watch.next[0] = 1


@inlined
def _recompute(watch, params, model):
    """Upper, lower and gap values from the counts, action by action, and the greedy policy's true value."""
    horizon, n_pairs, n_states = watch.transitions.shape
    n_actions = model.n_actions
    top = float(horizon)
    for h in range(horizon - 1, -1, -1):
        for s in range(n_states):
            up_best, low_best, gap_best, own = -1.0, 0.0, 0.0, 0.0
            for a in range(n_actions):
                pair = s * n_actions + a
                n = watch.visits[h, pair]
                up, low, gap = top, 0.0, top
                if n > 0.0:
                    mean, second, below, ahead = 0.0, 0.0, 0.0, 0.0
                    for y in range(n_states):
                        share = watch.transitions[h, pair, y] / n
                        mean += share * watch.values[0, h + 1, y]
                        below += share * watch.values[1, h + 1, y]
                        ahead += share * watch.values[2, h + 1, y]
                    for y in range(n_states):
                        second += watch.transitions[h, pair, y] / n * (watch.values[0, h + 1, y] - mean) ** 2
                    single = math.log(3.0 * n_pairs * horizon / params.delta) + math.log(8.0 * math.e * (n + 1.0))
                    many = single + (n_states - 1.0) * math.log(8.0 * math.e * (n + 1.0))
                    root, rest = math.sqrt(second * single / n), top * top * many / n
                    wide = 3.0 * root + 14.0 * rest + (mean - below) / top
                    up = min(top, watch.rewards[h, pair] + wide + mean)
                    low = max(0.0, watch.rewards[h, pair] - wide + below)
                    gap = min(top, 6.0 * root + 36.0 * rest + (1.0 + 3.0 / top) * ahead)
                watch.upper[h, pair] = up
                low_best = max(low_best, low)
                if up > up_best:
                    value = watch.rewards[h, pair]
                    row = h * model.stage_stride + pair
                    for k in range(model.indptr[row], model.indptr[row + 1]):
                        value += model.probabilities[k] * watch.values[3, h + 1, model.successors[k]]
                    up_best = up
                    gap_best = gap
                    own = value
            watch.values[0, h, s] = up_best
            watch.values[1, h, s] = low_best
            watch.values[2, h, s] = gap_best
            watch.values[3, h, s] = own


@inlined
def acted(records, run, watch, params, state, instance, episode, value):
    """At the first ten episodes, then at geometrically spaced ones: the bounds, and what they bound."""
    if episode < watch.next[0] and episode > 10:
        return
    watch.next[0] = 1 + episode + episode // 8
    model = instance.model
    horizon, n_states = watch.transitions.shape[0], watch.transitions.shape[2]
    _recompute(watch, params, model)
    for h in range(horizon):
        for s in range(n_states):
            best = instance.optimal_values[h, s]
            for a in range(model.n_actions):
                pair = s * model.n_actions + a
                q = instance.optimal_q[h, s, a]
                check(records, run, CONFIDENCE, state.lower[h, pair], q, 1e-9, episode, h, s, a)
                check(records, run, CONFIDENCE, q, state.upper[h, pair], 1e-9, episode, h, s, a)
                difference = abs(state.upper[h, pair] - watch.upper[h, pair])
                check(records, run, CONSISTENT, difference, 1e-9 * horizon, 0.0, episode, h, s, a)
            check(records, run, UPPER, best, watch.values[0, h, s], 1e-9, episode, h, s, -1)
            check(records, run, LOWER, watch.values[1, h, s], best, 1e-9, episode, h, s, -1)
            check(records, run, GAP, best - watch.values[3, h, s], state.values[2, h, s], 1e-9, episode, h, s, -1)


@inlined
def stepped(records, run, watch, params, state, instance, episode, h, s, a, reward, following):
    """Count."""
    pair = s * instance.model.n_actions + a
    watch.visits[h, pair] += 1.0
    watch.transitions[h, pair, following] += 1.0


@inlined
def ended(records, run, watch, params, state, instance, episode):
    """If the rule stopped: was it allowed to?"""
    if state.certificate[1] == 1.0:
        _recompute(watch, params, instance.model)
        gap = watch.values[2, 0, state.first[0]]
        check(records, run, STOPPING, gap, params.epsilon, 1e-12, episode, -1, -1, -1)


# ------------------------------------------------------------------------------------------- what is claimed of a run
def losses(trace: Trace, instance: Episodes, params: Any) -> Float:
    """V*_1 - V^pi_1 of the policy recommended by a run that stopped, exactly; 0 for a run that has not stopped."""
    best = float(instance.mdp.initial @ backward_induction(instance.mdp)[0][0])
    out = np.zeros(trace.n_runs)
    for run, policy in enumerate(trace.extra["summary"].astype(np.int64)):
        if trace.extra["stopped"][run] >= 0:
            out[run] = best - float(instance.mdp.initial @ evaluate_policy(instance.mdp, policy)[0])
    return out


def largest_loss(instance: Episodes, n_episodes: int) -> float:
    """The best minus the worst value of a policy."""
    best = backward_induction(instance.mdp)[0][0]
    p, r = instance.mdp.dense()
    flipped = MDP.from_dense(p, 1.0 - r, horizon=instance.horizon, initial=instance.mdp.initial)
    worst = instance.horizon - backward_induction(flipped)[0][0]
    return float(instance.mdp.initial @ (best - worst))


# ---------------------------------------------------------------------------------------------------- planted faults
@inlined
def plan_impatient(params, state, episode):
    """Planted fault: stop after 100 episodes whatever G says."""
    answer = plan(params, state, episode)
    if episode > 100:
        state.certificate[1] = 1.0
        return STOP
    return answer


# -------------------------------------------------------------------------------------------------------------- claim
def two_states() -> Episodes:
    """Two stages, two states, two actions: the first action steers to the rewarding state."""
    kernel = np.array([[[0.9, 0.1], [0.1, 0.9]], [[0.5, 0.5], [0.5, 0.5]]])
    rewards = np.array([[0.0, 0.0], [0.5, 1.0]])
    return Episodes(MDP.from_dense(kernel, rewards, horizon=2, name="two states, two stages, known rewards"))


def three_states() -> Episodes:
    """A random stage-dependent model with three states, two actions and three stages."""
    return Episodes(random_mdp(3, 2, horizon=3, seed=4, stage_dependent=True))


def theorem_parameters(instance: Episodes, n_episodes: int) -> BPIUCVI:
    """delta = 0.2 and the epsilon that G's terms in 1/n come to if all pairs are visited equally often."""
    s, a, h = instance.n_states, instance.n_actions, instance.horizon
    n = n_episodes / (s * a)
    b = math.log(3.0 * s * a * h / DELTA) + s * math.log(8.0 * math.e * (n + 1.0))
    return BPIUCVI(sum((1.0 + 3.0 / h) ** i for i in range(h)) * 36.0 * h**2 * b / n, DELTA)


CLAIM = Claim(
    slug="bpi-ucvi",
    title="BPI-UCBVI",
    paper="Menard, Domingues, Jonsson, Kaufmann, Leurent and Valko 2021, Fast active learning for pure exploration",
    setting="episodic MDP",
    algorithm=theorem_parameters,
    cases=(
        Case("two states", two_states, 150_000, max_runs=50),
        Case("three states", three_states, 1_000_000, max_runs=20, full_only=True),
    ),
    bounds=(Bound(theorem("bpi-ucvi/correct"), losses, largest=largest_loss),),
    watch=sys.modules[__name__],
    sabotages=(
        Sabotage(
            "impatient", "stops after 100 episodes: the threshold is dropped", ("stopping",),
            overrides={"plan": plan_impatient}, n_runs=5,
        ),
        Sabotage(
            "no-bonus", "no term in 1/sqrt(n) and 1/n", ("confidence", "recursion"),
            lambda p: p._replace(bonus_factor=0.0), n_runs=20,
        ),
    ),
    user_horizon=10_000,
    notes="Rewards are known and deterministic; the first state is fixed.",
)  # fmt: skip
