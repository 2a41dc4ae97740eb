"""RF-UCRL: the reward-free guarantee of Kaufmann et al. (2021) and the steps of its proof."""

from __future__ import annotations

import math
import sys

import numpy as np
import numpy.typing as npt

from kernels.jit import inlined
from kernels.steps import Step, check
from mdps.algorithms.rf_ucrl import RFUCRL, plan
from mdps.loops import STOP, Episodes
from proofs_check.claim import Bound, Case, Claim, Sabotage
from proofs_check.claims import rf_express
from proofs_check.claims.rf_express import (
    ERROR,
    KL,
    STOPPING,
    Watch,
    check_bounds,
    count_step,
    due,
    largest_error,
    largest_gap,
    losses,
    three_states,
    two_states,
)
from theory.theorems import theorem

Float = npt.NDArray[np.float64]

#: Failure probability of the claim.
DELTA = 0.2


_PAIR = ("episode", "stage", "state", "action")

STEPS = (
    Step(
        "kl-event",
        "n KL(Ph, P) <= beta(n, delta) = log(2SAH/delta) + (S-1) log(e(1 + n/(S-1))) at every stage, state and action",
        "Kaufmann et al. 2021, event E; Jonsson et al. 2020, Proposition 1, over S A H rows gives delta/2",
        "event",
        lambda params, instance, horizon: params.delta / 2.0,
        place=_PAIR,
    ),
    Step(
        "recursion",
        "E_h = min(H-h, (H-h) sqrt(2 beta(n)/n) + Ph max_a E_{h+1}), H-h where n = 0, from counts of our own",
        "Kaufmann et al. 2021, definition of E; difference of both sides",
        place=_PAIR,
    ),
    Step(
        "greedy",
        "max_a E_h(s, a) <= E_h(s, pi(s)): exploration is greedy in E",
        "Kaufmann et al. 2021, sampling rule",
        place=("episode", "stage", "state"),
    ),
    Step(
        "estimation-error",
        "|V^pi(r) in the empirical model - V^pi(r)| <= max_a E_1(s_1, a) for every policy pi and every r in [0, 1]",
        "Kaufmann et al. 2021, E bounds the error of every value",
        "conditional",
        given=("kl-event",),
        place=("episode",),
    ),
    Step(
        "stopping",
        "when the rule stops, max_a E_1(s_1, a) <= epsilon/2, E from counts of our own",
        "Kaufmann et al. 2021, stopping rule",
        place=("episode",),
    ),
)


def allocate(params: RFUCRL, instance: Episodes, horizon: int) -> Watch:
    """Arrays of the watch, those of RF-Express."""
    return rf_express.allocate(params, instance, horizon)


begin = rf_express.begin


@inlined
def _beta(params, n, n_pairs, n_states, horizon):
    """beta(n, delta) of the paper, for S >= 2."""
    rest = n_states - 1.0
    return math.log(2.0 * n_pairs * horizon / params.delta) + rest * (1.0 + math.log1p(n / rest))


@inlined
def _recompute(watch, params, model):
    """E from the counts, and max_a E_1 over the states an episode may start in."""
    horizon, n_pairs, n_states = watch.transitions.shape
    for s in range(n_states):
        watch.reach[horizon, s] = 0.0
    for h in range(horizon - 1, -1, -1):
        left = horizon - 1.0 - h
        for s in range(n_states):
            watch.reach[h, s] = 0.0
        for pair in range(n_pairs):
            n = watch.visits[h, pair]
            value = left
            if n > 0.0:
                ahead = 0.0
                for y in range(n_states):
                    ahead += watch.transitions[h, pair, y] / n * watch.reach[h + 1, y]
                value = min(left, left * math.sqrt(2.0 * _beta(params, n, n_pairs, n_states, horizon) / n) + ahead)
            watch.width[h, pair] = value
            s = pair // model.n_actions
            watch.reach[h, s] = max(watch.reach[h, s], value)
    w = 0.0
    for s in range(n_states):
        if model.initial[s] > 0.0:
            w = max(w, watch.reach[0, s])
    return w


@inlined
def acted(records, run, watch, params, state, instance, episode, value):
    """At some episodes: E, its greedy policy, and what E bounds."""
    if not due(watch, episode):
        return
    own = _recompute(watch, params, instance.model)
    w = check_bounds(records, run, watch, state, instance.model, episode, own)
    check(records, run, ERROR, largest_error(watch, instance.model), w, 1e-9, episode, -1, -1, -1)


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
        check(records, run, STOPPING, w, params.epsilon / 2.0, 1e-12, episode, -1, -1, -1)


# ---------------------------------------------------------------------------------------------------- planted faults
@inlined
def plan_impatient(params, state, episode):
    """Planted fault: stop after 30 episodes whatever E says."""
    answer = plan(params, state, episode)
    if episode > 30:
        state.certificate[1] = 1.0
        return STOP
    return answer


# -------------------------------------------------------------------------------------------------------------- claim
def theorem_parameters(instance: Episodes, n_episodes: int) -> RFUCRL:
    """delta = 0.2 and the epsilon that so many episodes can buy if all pairs of a stage are visited equally often."""
    s, a, h = instance.n_states, instance.n_actions, instance.horizon
    n = n_episodes / (s * a)
    beta = math.log(2.0 * s * a * h / DELTA) + (s - 1.0) * (1.0 + math.log1p(n / max(s - 1.0, 1.0)))
    bought = sum(range(h)) * 2.0 * math.sqrt(2.0 * beta / n)
    # H - 1 is the largest loss: a larger epsilon says nothing either, and from 2 (H - 1) on no episode is played.
    return RFUCRL(min(bought, max(h - 1.0, 0.5)), DELTA)


CLAIM = Claim(
    slug="rf-ucrl",
    title="RF-UCRL",
    paper="Kaufmann, Menard, Domingues, Jonsson, Leurent and Valko 2021, Adaptive reward-free exploration",
    setting="episodic MDP",
    algorithm=theorem_parameters,
    cases=(
        Case("two states", two_states, 4_000, max_runs=100),
        Case("three states", three_states, 20_000, max_runs=100),
        Case("three states, long", three_states, 400_000, max_runs=50, full_only=True),
    ),
    bounds=(Bound(theorem("rf-ucrl/correct"), losses, largest=largest_gap),),
    watch=sys.modules[__name__],
    sabotages=(
        Sabotage(
            "impatient", "stops after 30 episodes: the threshold is dropped", ("stopping",),
            overrides={"plan": plan_impatient}, n_runs=5,
        ),
        Sabotage(
            "no-bonus", "E without the term (H-h) sqrt(2 beta(n)/n)", ("recursion", "estimation-error"),
            lambda p: p._replace(bonus_factor=0.0), n_runs=5,
        ),
        Sabotage(
            "small-bonus", "a tenth of the square root", ("recursion", "stopping"),
            lambda p: p._replace(bonus_factor=0.1), n_runs=5,
        ),
    ),
    user_horizon=10_000,
    notes="Rewards are ignored. The first state must be fixed, as in the paper; with several first states the largest "
    "bound over those seen is used.",
)  # fmt: skip
