"""RF-Express: the reward-free guarantee of Menard et al. (2021) and the steps of its proof."""

from __future__ import annotations

import math
import sys
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from kernels.engine import Trace
from kernels.jit import inlined
from kernels.steps import Step, check
from mdps.algorithms.rf_express import RFExpress, plan
from mdps.instances.random import random_mdp
from mdps.loops import STOP, Episodes
from mdps.model import MDP
from proofs_check.claim import Bound, Case, Claim, Sabotage
from theory.theorems import theorem

Float = npt.NDArray[np.float64]

#: Failure probability of the claim.
DELTA = 0.2

KL, RECURSION, GREEDY, ERROR, STOPPING = range(5)

#: Policies over which the estimation error is maximised: all deterministic ones if there are at most so many,
#: otherwise so many drawn at random.
MOST_POLICIES = 256

_PAIR = ("episode", "stage", "state", "action")

STEPS = (
    Step(
        "kl-event",
        "n KL(Ph, P) <= beta(n, delta) = log(3SAH/delta) + S log(8e(n+1)) at every stage, state and action",
        "Menard et al. 2021, event E; Jonsson et al. 2020, Proposition 1, gives delta/3",
        "event",
        lambda params, instance, horizon: params.delta / 3.0,
        place=_PAIR,
    ),
    Step(
        "recursion",
        "W_h = min(H, 15 H^2 beta(n)/n + (1 + 1/H) Ph max_a W_{h+1}), H where n = 0, from counts of our own",
        "Menard et al. 2021, definition of W; difference of both sides",
        place=_PAIR,
    ),
    Step(
        "greedy",
        "max_a W_h(s, a) <= W_h(s, pi(s)): exploration is greedy in W",
        "Menard et al. 2021, sampling rule",
        place=("episode", "stage", "state"),
    ),
    Step(
        "estimation-error",
        "|V^pi(r) in the empirical model - V^pi(r)| <= 3e sqrt(w) + w for every policy pi and every reward r in [0, 1]",
        "Menard et al. 2021, Lemma 1",
        "conditional",
        given=("kl-event",),
        place=("episode",),
    ),
    Step(
        "stopping",
        "when the rule stops, 3e sqrt(w) + w <= epsilon/2, w from counts of our own",
        "Menard et al. 2021, stopping rule",
        place=("episode",),
    ),
)


class Watch(NamedTuple):
    """Counts independent of the algorithm's, and scratch for W and for the errors of policies."""

    visits: Any  # (H, n_pairs)
    transitions: Any  # (H, n_pairs, n_states)
    due: Any  # count of a pair at which its divergence is looked at next, (H, n_pairs)
    width: Any  # W, (H, n_pairs)
    reach: Any  # max_a W, (H + 1, n_states)
    policies: Any  # (n_policies, H, n_states)
    mass: Any  # occupancies now and next, true and empirical, (4, n_states)
    kernel: Any  # one row of the true kernel, (n_states,)
    next: Any  # episode at which W and the errors are looked at next, one entry


def some_policies(n_states: int, n_actions: int, horizon: int, most: int = MOST_POLICIES) -> npt.NDArray[np.int64]:
    """All deterministic policies, or ``most`` of them drawn at random (seed 0), shape (n, horizon, n_states)."""
    cells = horizon * n_states
    if cells * math.log(n_actions) <= math.log(most) + 1e-9:
        codes = np.arange(n_actions**cells)
        digits = codes[:, None] // n_actions ** np.arange(cells) % n_actions
    else:
        digits = np.random.default_rng(0).integers(n_actions, size=(most, cells))
    return np.ascontiguousarray(digits.reshape(-1, horizon, n_states), dtype=np.int64)


def allocate(params: Any, instance: Episodes, horizon: int) -> Watch:
    """Arrays of the watch."""
    h, s, n = instance.horizon, instance.n_states, instance.n_states * instance.n_actions
    return Watch(
        np.zeros((h, n)), np.zeros((h, n, s)), np.zeros((h, n)), np.zeros((h, n)), np.zeros((h + 1, s)),
        some_policies(s, instance.n_actions, h), np.zeros((4, s)), np.zeros(s), np.zeros(1, np.int64),
    )  # fmt: skip


@inlined
def begin(watch, params, instance):
    """Forget the last run."""
    for h in range(watch.visits.shape[0]):
        for pair in range(watch.visits.shape[1]):
            watch.visits[h, pair] = 0.0
            watch.due[h, pair] = 1.0
            for y in range(watch.transitions.shape[2]):
                watch.transitions[h, pair, y] = 0.0
    watch.next[0] = 1


@inlined
def _beta(params, n, n_pairs, n_states, horizon):
    """beta(n, delta) of the paper."""
    return math.log(3.0 * n_pairs * horizon / params.delta) + n_states * math.log(8.0 * math.e * (n + 1.0))


@inlined
def true_row(watch, model, h, pair):
    """watch.kernel = P_h(.|pair), dense."""
    for y in range(watch.kernel.shape[0]):
        watch.kernel[y] = 0.0
    row = h * model.stage_stride + pair
    for k in range(model.indptr[row], model.indptr[row + 1]):
        watch.kernel[model.successors[k]] += model.probabilities[k]


@inlined
def _recompute(watch, params, model):
    """W from the counts, and w = max_a W_1 over the states an episode may start in."""
    horizon, n_pairs, n_states = watch.transitions.shape
    for s in range(n_states):
        watch.reach[horizon, s] = 0.0
    for h in range(horizon - 1, -1, -1):
        for s in range(n_states):
            watch.reach[h, s] = 0.0
        for pair in range(n_pairs):
            n = watch.visits[h, pair]
            value = float(horizon)
            if n > 0.0:
                ahead = 0.0
                for y in range(n_states):
                    ahead += watch.transitions[h, pair, y] / n * watch.reach[h + 1, y]
                bonus = 15.0 * horizon**2 * _beta(params, n, n_pairs, n_states, horizon) / n
                value = min(value, bonus + (1.0 + 1.0 / horizon) * ahead)
            watch.width[h, pair] = value
            s = pair // model.n_actions
            watch.reach[h, s] = max(watch.reach[h, s], value)
    w = 0.0
    for s in range(n_states):
        if model.initial[s] > 0.0:
            w = max(w, watch.reach[0, s])
    return w


@inlined
def largest_error(watch, model):
    """max over policies and rewards in [0, 1] of |V^pi empirical - V^pi|: sum over stages of half the l1 distance.

    For a fixed policy the value is <occupancy, r>, both occupancies sum to one at every stage, and the best r is 1
    where their difference is positive. Unvisited rows of the empirical model are uniform.
    """
    horizon, n_states = watch.visits.shape[0], watch.kernel.shape[0]
    largest = 0.0
    for p in range(watch.policies.shape[0]):
        total = 0.0
        for s in range(n_states):
            watch.mass[0, s] = model.initial[s]
            watch.mass[1, s] = model.initial[s]
        for h in range(horizon):
            for s in range(n_states):
                total += 0.5 * abs(watch.mass[0, s] - watch.mass[1, s])
                watch.mass[2, s] = 0.0
                watch.mass[3, s] = 0.0
            for s in range(n_states):
                pair = s * model.n_actions + watch.policies[p, h, s]
                true_row(watch, model, h, pair)
                n = watch.visits[h, pair]
                for y in range(n_states):
                    share = watch.transitions[h, pair, y] / n if n > 0.0 else 1.0 / n_states
                    watch.mass[2, y] += watch.mass[0, s] * watch.kernel[y]
                    watch.mass[3, y] += watch.mass[1, s] * share
            for s in range(n_states):
                watch.mass[0, s] = watch.mass[2, s]
                watch.mass[1, s] = watch.mass[3, s]
        largest = max(largest, total)
    return largest


@inlined
def due(watch, episode):
    """Whether the episode is looked at: the first ten, then geometrically spaced ones."""
    if episode < watch.next[0] and episode > 10:
        return False
    watch.next[0] = 1 + episode + episode // 8
    return True


@inlined
def check_bounds(records, run, watch, state, model, episode, own):
    """The error bounds, the watch's own being in ``watch.width`` and ``reach``, ``own`` that of the first state.

    Returns the algorithm's bound at the first state (``own`` in the first episode): one that is too small is caught
    when it is held against the error, whatever makes it so.
    """
    horizon, n_pairs, n_states = watch.transitions.shape
    for h in range(horizon):
        for pair in range(n_pairs):
            s, a = pair // model.n_actions, pair % model.n_actions
            difference = abs(state.width[h, pair] - watch.width[h, pair])
            check(records, run, RECURSION, difference, 1e-9 * horizon, 0.0, episode, h, s, a)
        for s in range(n_states):
            chosen = watch.width[h, s * model.n_actions + state.policy[h, s]]
            check(records, run, GREEDY, watch.reach[h, s], chosen, 1e-9, episode, h, s, -1)
    w = own if episode == 1 else 0.0
    for s in range(n_states):
        if episode > 1 and model.initial[s] > 0.0:
            w = max(w, state.reach[0, s])
    return w


@inlined
def acted(records, run, watch, params, state, instance, episode, value):
    """At some episodes: W, its greedy policy, and what W bounds."""
    if not due(watch, episode):
        return
    own = _recompute(watch, params, instance.model)
    w = check_bounds(records, run, watch, state, instance.model, episode, own)
    error = largest_error(watch, instance.model)
    check(records, run, ERROR, error, 3.0 * math.e * math.sqrt(w) + w, 1e-9, episode, -1, -1, -1)


@inlined
def count_step(watch, model, h, pair, following):
    """Count a step; n KL(empirical, true) of its row, or -1 if it is not looked at.

    A row is looked at for its first 20 counts, then about 20 times in each doubling.
    """
    watch.visits[h, pair] += 1.0
    watch.transitions[h, pair, following] += 1.0
    n = watch.visits[h, pair]
    if n < watch.due[h, pair]:
        return -1.0
    watch.due[h, pair] = math.floor(n * 1.035) + 1.0
    true_row(watch, model, h, pair)
    divergence = 0.0
    for y in range(watch.transitions.shape[2]):
        share = watch.transitions[h, pair, y] / n
        if share > 0.0:
            divergence += share * math.log(share / watch.kernel[y])
    return max(n * divergence, 0.0)


@inlined
def stepped(records, run, watch, params, state, instance, episode, h, s, a, reward, following):
    """Count, and hold the divergence of the row against beta."""
    pair = s * instance.model.n_actions + a
    divergence = count_step(watch, instance.model, h, pair, following)
    if divergence >= 0.0:
        horizon, n_pairs, n_states = watch.transitions.shape
        level = _beta(params, watch.visits[h, pair], n_pairs, n_states, horizon)
        check(records, run, KL, divergence, level, 1e-9, episode, h, s, a)


@inlined
def ended(records, run, watch, params, state, instance, episode):
    """If the rule stopped: was it allowed to, and is what it certified true?"""
    if state.certificate[1] == 1.0:
        error = largest_error(watch, instance.model)
        check(records, run, ERROR, error, state.certificate[0], 1e-9, episode, -1, -1, -1)
        w = _recompute(watch, params, instance.model)
        check(records, run, STOPPING, 3.0 * math.e * math.sqrt(w) + w, params.epsilon / 2.0, 1e-12, episode, -1, -1, -1)


# ------------------------------------------------------------------------------------------- what is claimed of a run
#: Rewards tried against a plug-in policy; any number gives a lower bound on its worst loss.
MOST_REWARDS = 400


def reward_functions(n_states: int, n_actions: int, horizon: int, n_random: int = 40) -> Float:
    """Rewards (n, H, S, A) in [0, 1]: zero, the indicator of every (h, s, a) and of every (h, s), uniform, 0/1.

    At most MOST_REWARDS of them, drawn with a fixed seed, if the model is large.
    """
    cells = horizon * n_states * n_actions
    rng = np.random.default_rng(0)
    states = np.repeat(np.eye(horizon * n_states), n_actions, axis=1)
    parts = [np.zeros((1, cells)), np.eye(cells), states, rng.random((n_random, cells)),
             rng.integers(2, size=(n_random, cells)).astype(float)]  # fmt: skip
    rewards = np.concatenate(parts)
    if len(rewards) > MOST_REWARDS:
        rewards = rewards[np.sort(rng.choice(len(rewards), MOST_REWARDS, replace=False))]
    return rewards.reshape(-1, horizon, n_states, n_actions)


def empirical_kernels(counts: Float, mdp: MDP) -> tuple[Float, Float]:
    """The empirical kernels (n_runs, H, S, A, S), unvisited rows uniform, and the true one (H, S, A, S)."""
    n_runs, horizon, _, n_states = counts.shape
    shape = (horizon, n_states, mdp.n_actions, n_states)
    totals = counts.sum(axis=-1, keepdims=True)
    empirical = np.where(totals > 0.0, counts / np.maximum(totals, 1.0), 1.0 / n_states)
    return empirical.reshape(n_runs, *shape), np.broadcast_to(mdp.dense()[0], shape)


def certified_loss(counts: Float, mdp: MDP) -> Float:
    """An upper bound on V*(r) - V^{pi_r}(r) for every reward r in [0, 1] at once, shape (n_runs,).

    |V^pi empirical - V^pi| <= max_pi E_pi sum_h (H - h) TV(Ph_h, P_h) by the simulation lemma, since the values ahead
    of stage h lie in [0, H - h]; the maximum over policies is dynamic programming in the true model; pi_r loses at
    most twice as much.
    """
    empirical, kernel = empirical_kernels(counts, mdp)
    horizon = kernel.shape[0]
    ahead = np.zeros((len(counts), mdp.n_states))
    for h in reversed(range(horizon)):
        distance = 0.5 * np.abs(empirical[:, h] - kernel[h]).sum(axis=-1)
        ahead = ((horizon - 1 - h) * distance + np.einsum("say,ny->nsa", kernel[h], ahead)).max(axis=-1)
    return np.asarray(2.0 * ahead @ mdp.initial)


def plug_in_gaps(counts: Float, mdp: MDP, rewards: Float) -> Float:
    """V*(r) - V^{pi_r}(r) in the true model, pi_r optimal in the empirical one (lowest action on ties).

    Args:
        counts: transition counts of each run, (n_runs, H, S * A, S).
        mdp: the true model. rewards: (n_rewards, H, S, A).

    Returns:
        shape (n_runs, n_rewards).
    """
    empirical, kernel = empirical_kernels(counts, mdp)
    best = np.zeros((len(rewards), mdp.n_states))
    guess = np.zeros((len(counts), *best.shape))
    value = np.zeros_like(guess)
    for h in reversed(range(kernel.shape[0])):
        best = (rewards[:, h] + np.einsum("say,ry->rsa", kernel[h], best)).max(axis=-1)
        q = rewards[:, h] + np.einsum("nsay,nry->nrsa", empirical[:, h], guess)
        true = rewards[:, h] + np.einsum("say,nry->nrsa", kernel[h], value)
        chosen = q.argmax(axis=-1)[..., None]
        guess = np.take_along_axis(q, chosen, axis=-1)[..., 0]
        value = np.take_along_axis(true, chosen, axis=-1)[..., 0]
    return np.asarray((best - value) @ mdp.initial)


def losses(trace: Trace, instance: Episodes, params: Any) -> Float:
    """What the plug-in policy of a run that stopped loses for the worst reward; 0 for a run that has not stopped.

    A loss certified to be at most epsilon is given as certified, an upper bound: no reward at all costs more.
    Otherwise it is the largest loss over the rewards of :func:`reward_functions`, a lower bound.
    """
    stopped, counts = trace.extra["stopped"] >= 0, trace.extra["summary"]
    loss = np.where(stopped, certified_loss(counts, instance.mdp), 0.0)
    open_question = loss > params.epsilon
    if open_question.any():
        rewards = reward_functions(instance.n_states, instance.n_actions, instance.horizon)
        loss[open_question] = plug_in_gaps(counts[open_question], instance.mdp, rewards).max(axis=1)
    return loss


def stopping_times(trace: Trace, instance: Episodes, params: Any) -> Float:
    """Episodes before stopping; for a run that has not stopped, the episodes it was given."""
    stopped = trace.extra["stopped"].astype(float)
    return np.where(stopped >= 0.0, stopped, float(trace.checkpoints[-1]))


def largest_gap(instance: Episodes, n_episodes: int) -> float:
    """H - 1: whatever the model, the policy that is optimal in it wastes nothing of the last reward, which it knows."""
    return float(instance.horizon - 1)


# ---------------------------------------------------------------------------------------------------- planted faults
@inlined
def plan_impatient(params, state, episode):
    """Planted fault: stop after 1000 episodes whatever W says."""
    answer = plan(params, state, episode)
    if episode > 1000:
        state.certificate[1] = 1.0
        return STOP
    return answer


@inlined
def observe_pooled(params, state, h, s, a, reward, following):
    """Planted fault: a transition is counted at every stage instead of its own."""
    horizon, n_pairs, n_states = state.transitions.shape
    pair = s * (n_pairs // n_states) + a
    for stage in range(horizon):
        state.visits[stage, pair] += 1.0
        state.transitions[stage, pair, following] += 1.0
        n = state.visits[stage, pair]
        beta = _beta(params, n, n_pairs, n_states, horizon)
        state.bonus[stage, pair] = params.bonus_factor * horizon**2 * beta / n
    state.path[h] = pair
    state.first[0] = 1
    if h == 0:
        state.first[1] = s


# ---------------------------------------------------------------------------------------------------------- instances
def two_states() -> Episodes:
    """Two stages, two states, two actions: the first action steers; six rows must be learnt."""
    kernel = np.array([[[0.9, 0.1], [0.1, 0.9]], [[0.5, 0.5], [0.5, 0.5]]])
    rewards = np.array([[0.0, 0.0], [0.5, 1.0]])
    return Episodes(MDP.from_dense(kernel, rewards, horizon=2, name="two states, two stages"))


def three_states() -> Episodes:
    """A random stage-dependent model with three states, two actions and three stages."""
    return Episodes(random_mdp(3, 2, horizon=3, seed=4, stage_dependent=True))


def theorem_parameters(instance: Episodes, n_episodes: int) -> RFExpress:
    """delta = 0.2 and the epsilon that so many episodes can buy, which makes the rule stop shortly before the last.

    If all pairs of a stage are visited equally often, w = sum_h (1 + 1/H)^(h-1) 15 H^2 beta(K/SA) SA/K.
    """
    s, a, h = instance.n_states, instance.n_actions, instance.horizon
    n = n_episodes / (s * a)
    beta = math.log(3.0 * s * a * h / DELTA) + s * math.log(8.0 * math.e * (n + 1.0))
    w = min(float(h), sum((1.0 + 1.0 / h) ** i for i in range(h)) * 15.0 * h**2 * beta / n)
    return RFExpress(2.0 * (3.0 * math.e * math.sqrt(w) + w), DELTA)


CLAIM = Claim(
    slug="rf-express",
    title="RF-Express",
    paper="Menard, Domingues, Jonsson, Kaufmann, Leurent and Valko 2021, Fast active learning for pure exploration",
    setting="episodic MDP",
    algorithm=theorem_parameters,
    cases=(
        Case("two states", two_states, 200_000, max_runs=100),
        Case("three states", three_states, 50_000, max_runs=100),
        Case("two states, until it stops", two_states, 8_000_000, max_runs=50, full_only=True),
    ),
    bounds=(
        Bound(theorem("rf-express/correct"), losses, largest=largest_gap),
        Bound(theorem("rf-express/sample-complexity"), stopping_times, largest=lambda instance, k: float(k)),
    ),
    watch=sys.modules[__name__],
    sabotages=(
        Sabotage(
            "impatient", "stops after 1000 episodes: the threshold is dropped", ("stopping",),
            overrides={"plan": plan_impatient}, n_runs=5,
        ),
        Sabotage(
            "no-bonus", "W without the term 15 H^2 beta(n)/n", ("recursion", "estimation-error"),
            lambda p: p._replace(bonus_factor=0.0), n_runs=5,
        ),
        Sabotage(
            "small-bonus", "1.5 H^2 beta(n)/n instead of 15", ("recursion", "stopping"),
            lambda p: p._replace(bonus_factor=1.5), n_runs=5,
        ),
        Sabotage(
            "pooled-counts", "a transition counts at every stage", ("recursion",),
            overrides={"observe": observe_pooled}, n_runs=5,
        ),
    ),
    user_horizon=10_000,
    notes="Rewards are ignored. The first state must be fixed, as in the paper; with several first states w is the "
    "largest over those seen.",
)  # fmt: skip
