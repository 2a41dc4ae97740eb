"""UCBVI-BF: Theorem 2 of Azar, Osband and Munos (2017) and the steps of its proof."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from kernels.jit import inlined
from kernels.steps import Step, check
from mdps.algorithms import ucbvi_bf
from mdps.algorithms.ucbvi_bf import UCBVIBF
from mdps.loops import CHANGED, SAME
from mdps.optimism import fold
from proofs_check.claim import Bound, Case, Claim, Rate, confidence
from proofs_check.episodic_cases import one_state, order, shrinking_gamble, two_states
from proofs_check.ucbvi_steps import (
    DEVIATION,
    PLACE,
    TINY_BONUS,
    WATCHED_CASES,
    acted,  # noqa: F401  (part of the watch)
    allocate,  # noqa: F401
    begin,  # noqa: F401
    deviation_width,
    empirical_mean,
    empirical_variance,
    ended,  # noqa: F401
    episode_over,
    faults_of_planning,
    shared_steps,
    step_taken,
)
from theory.theorems import theorem
from theory.theorems.ucbvi_ch import log_factor

STEPS = shared_steps(
    Step(
        "deviation",
        "|(Ph - P) V*_{h+1}(s,a)| <= 2 sqrt(Var_{Ph}(V*_{h+1}) L/N) + 14HL/(3N) for all h after every visit of (s,a)",
        "Azar et al. 2017, Appendix B, c_1 with the empirical variance",
        "event",
        confidence,
        place=PLACE,
    ),
    Step(
        "optimism",
        "Q*(h,s,a) <= Q_k(h,s,a) for all h, s, a",
        "Azar et al. 2017, Lemma 18",
        "conditional",
        given=("deviation",),
        place=PLACE,
    ),
)


@inlined
def stepped(records, run, watch, params, state, instance, episode, h, s, a, reward, following):
    """At every step; the bonus is computed anew from the independent counts."""
    n_stages, n_states = state.policy.shape
    n_actions = state.model.q.shape[1]
    bonus = np.inf
    visits = watch.ledger.visits[s, a]
    if visits > 0:
        mean = empirical_mean(watch, s, a, state.model.values, h + 1)
        variance = empirical_variance(watch, s, a, state.model.values, h + 1, mean)
        correction = 0.0
        for y in range(n_states):
            cap = np.float64(n_stages) ** 2
            if watch.arrivals[h + 1, y] > 0:
                cap = ucbvi_bf.cap_of(n_stages, n_states, n_actions, watch.log_factor, watch.arrivals[h + 1, y])
            correction += watch.ledger.transitions[s, a, y] * cap / visits
        bonus = ucbvi_bf.bonus_of(params, n_stages, watch.log_factor, variance, correction, visits)
    step_taken(records, run, watch, state, episode, h, s, a, reward, following, bonus)


@inlined
def observed(records, run, watch, params, state, instance, episode):
    """After the episode: count it, then the good event for the pairs whose estimate moved."""
    episode_over(records, run, watch, state, instance, episode)
    n_stages = state.policy.shape[0]
    for i in range(n_stages):
        s, a = watch.ledger.states[i], watch.ledger.actions[i]
        n = np.float64(watch.ledger.visits[s, a])
        for h in range(n_stages - 1):  # V*_{H+1} = 0
            true = instance.optimal_q[h, s, a] - instance.model.rewards[s * instance.model.n_actions + a]
            mean = empirical_mean(watch, s, a, instance.optimal_values, h + 1)
            variance = empirical_variance(watch, s, a, instance.optimal_values, h + 1, mean)
            width = deviation_width(variance, n, n_stages, watch.log_factor)
            check(records, run, DEVIATION, abs(mean - true), width, 1e-12, episode, h, s, a)


@inlined
def plan_with_an_old_model(params, state, episode):
    """Planted fault: the counts grow, but Q is computed in odd episodes only."""
    if episode % 2 == 1:
        return ucbvi_bf.plan(params, state, episode)
    fold(state.model)
    ucbvi_bf.count_arrivals(state)
    return SAME


@inlined
def plan_without_minimum(params, state, episode):
    """Planted fault: Q = min{H, r + Ph V + b}, without the Q of the last episode."""
    state.model.q[...] = state.policy.shape[0]
    state.model.stale[...] = True
    ucbvi_bf.plan(params, state, episode)
    return CHANGED


def parameters(instance: Any, horizon: int) -> UCBVIBF:
    """Theorem 2 with delta = 0.1; in runs of 1e5 episodes and more delta = 1/2, so that a dozen of them decide."""
    return UCBVIBF(delta=0.5 if horizon >= 100_000 else 0.1)


def rate(instance: Any, params: Any, episodes: Any) -> Any:
    """H L sqrt(S A K)."""
    s, a, h = instance.n_states, instance.n_actions, instance.horizon
    return h * log_factor(instance, params, episodes) * np.sqrt(s * a * episodes)


CLAIM = Claim(
    slug="ucbvi-bf",
    title="UCBVI-BF",
    paper="Azar, Osband and Munos 2017, Minimax regret bounds for reinforcement learning",
    setting="episodic MDP",
    algorithm=parameters,
    cases=(
        *WATCHED_CASES,
        Case("two-states", two_states, 100_000, max_runs=14),
        Case("one-state-long", one_state, 3_500_000, max_runs=4, full_only=True),
    ),
    bounds=(Bound(theorem("ucbvi-bf/regret")),),
    watch=sys.modules[__name__],
    rate=Rate(
        order(
            "ucbvi-bf/rate", "leading term of Azar, Osband and Munos 2017, Theorem 2",
            "regret = O(H L sqrt(SAK))", rate,
        ),
        preset="practical: bonus x 0.2, no theorem",
        algorithm=lambda instance, horizon: UCBVIBF(delta=0.1, scale=0.2),
        sweep="K",
        grid=(500, 2_000, 8_000, 32_000),
        case=shrinking_gamble,
        n_runs=100,
    ),
    sabotages=(
        TINY_BONUS,
        *faults_of_planning(plan_without_minimum, plan_with_an_old_model),
    ),
    notes="The counts are pooled over stages: on a stage-dependent model Theorem 2 does not apply and is refused. The "
    "caps of the correction term stay at H^2 until a state was visited 1e4 S^2 A L^2 times at a stage.",
)  # fmt: skip
