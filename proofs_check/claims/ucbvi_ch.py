"""UCBVI-CH: Theorem 1 of Azar, Osband and Munos (2017) and the steps of its proof."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from kernels.jit import inlined
from kernels.steps import Step, check
from mdps.algorithms import ucbvi_ch
from mdps.algorithms.ucbvi_ch import UCBVICH
from mdps.loops import CHANGED, SAME
from mdps.optimism import fold
from proofs_check.claim import Bound, Case, Claim, Rate, Sabotage, confidence
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
        "|(Ph - P) V*_{h+1}(s,a)| <= 2 sqrt(Var_P(V*_{h+1}) L/N) + 14HL/(3N) for all h after every visit of (s,a)",
        "Azar et al. 2017, Appendix B, c_1 with the true variance",
        "event",
        confidence,
        place=PLACE,
    ),
    Step(
        "optimism",
        "Q*(h,s,a) <= Q_k(h,s,a) for all h, s, a",
        "Azar et al. 2017, Lemma 18; 7HL/sqrt N exceeds the width of the event",
        "conditional",
        given=("deviation",),
        place=PLACE,
    ),
)


@inlined
def stepped(records, run, watch, params, state, instance, episode, h, s, a, reward, following):
    """At every step; the bonus is computed anew from the independent count."""
    visits = watch.ledger.visits[s, a]
    bonus = ucbvi_ch.bonus_of(params.scale * 7.0 * state.policy.shape[0] * watch.log_factor, max(visits, 1))
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
            deviation = abs(empirical_mean(watch, s, a, instance.optimal_values, h + 1) - true)
            width = deviation_width(watch.variance[h, s, a], n, n_stages, watch.log_factor)
            check(records, run, DEVIATION, deviation, width, 1e-12, episode, h, s, a)


@inlined
def init_twice_too_high(params, state):
    """Planted fault: Q starts at 2H, and nothing clips it at H."""
    ucbvi_ch.init(params, state)
    n_stages = state.policy.shape[0]
    state.model.q[...] = 2.0 * n_stages
    state.model.values[:n_stages] = 2.0 * n_stages


@inlined
def count_at_once(params, state, h, s, a, reward, following):
    """Planted fault: the model is updated, and a new policy planned, in the middle of the episode."""
    ucbvi_ch.observe(params, state, h, s, a, reward, following)
    n_stages = state.policy.shape[0]
    if h == n_stages // 2:
        fold(state.model)
        ucbvi_ch.improve(params, state)


@inlined
def plan_without_minimum(params, state, episode):
    """Planted fault: Q = min{H, r + Ph V + b}, without the Q of the last episode."""
    state.model.q[...] = state.policy.shape[0]
    state.model.stale[...] = True
    ucbvi_ch.plan(params, state, episode)
    return CHANGED


@inlined
def plan_with_an_old_model(params, state, episode):
    """Planted fault: the counts grow, but Q is computed in odd episodes only."""
    if episode % 2 == 1:
        return ucbvi_ch.plan(params, state, episode)
    fold(state.model)
    return SAME


def parameters(instance: Any, horizon: int) -> UCBVICH:
    """Theorem 1 with delta = 0.1; in runs of 1e5 episodes and more delta = 1/2, so that a dozen of them decide."""
    return UCBVICH(delta=0.5 if horizon >= 100_000 else 0.1)


def rate(instance: Any, params: Any, episodes: Any) -> Any:
    """H^{3/2} L sqrt(S A K)."""
    s, a, h = instance.n_states, instance.n_actions, instance.horizon
    return h**1.5 * log_factor(instance, params, episodes) * np.sqrt(s * a * episodes)


CLAIM = Claim(
    slug="ucbvi-ch",
    title="UCBVI-CH",
    paper="Azar, Osband and Munos 2017, Minimax regret bounds for reinforcement learning",
    setting="episodic MDP",
    algorithm=parameters,
    cases=(
        *WATCHED_CASES,
        Case("one-state", one_state, 450_000, max_runs=14),
        Case("two-states", two_states, 150_000, max_runs=14),
        Case("two-states-long", two_states, 6_000_000, max_runs=4, full_only=True),
    ),
    bounds=(Bound(theorem("ucbvi-ch/regret")),),
    watch=sys.modules[__name__],
    rate=Rate(
        order(
            "ucbvi-ch/rate", "leading term of Azar, Osband and Munos 2017, Theorem 1",
            "regret = O(H^{3/2} L sqrt(SAK))", rate,
        ),
        preset="practical: bonus x 0.02, no theorem",
        algorithm=lambda instance, horizon: UCBVICH(delta=0.1, scale=0.02),
        sweep="K",
        grid=(500, 2_000, 8_000, 32_000),
        case=shrinking_gamble,
        n_runs=100,
    ),
    sabotages=(
        TINY_BONUS,
        Sabotage(
            "unclipped", "Q starts at 2H and is not clipped at H", ("range",), overrides={"init": init_twice_too_high}
        ),
        Sabotage(
            "counts-within-episode", "the model is updated and a new policy planned in the middle of an episode",
            ("counts",), lambda p: p._replace(scale=0.01), overrides={"observe": count_at_once},
        ),
        *faults_of_planning(plan_without_minimum, plan_with_an_old_model),
    ),
    notes="The counts are pooled over stages: on a stage-dependent model Theorem 1 does not apply and is refused.",
)  # fmt: skip
