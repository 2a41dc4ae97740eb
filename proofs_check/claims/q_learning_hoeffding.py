"""Q-learning with UCB-Hoeffding: Theorem 1 of Jin, Allen-Zhu, Bubeck and Jordan (2018) and the steps of its proof."""

from __future__ import annotations

import math
import sys
from typing import Any

from kernels.jit import inlined
from kernels.steps import Step
from mdps.algorithms import q_learning_hoeffding
from mdps.algorithms.q_learning_hoeffding import QLearningHoeffding, bonus_of
from mdps.q_learning import learn, step_size
from proofs_check.claim import Bound, Claim, Rate, Sabotage, confidence
from proofs_check.episodic_cases import gamble, minimax_if_hard, shrinking_stage_gamble
from proofs_check.q_learning_steps import (
    CASES,
    PLACE,
    acted,  # noqa: F401  (part of the watch)
    advance,
    allocate,  # noqa: F401
    begin,  # noqa: F401
    ended,  # noqa: F401
    observed,  # noqa: F401
    shared_steps,
    visit,
)
from theory.theorems import theorem

STEPS = shared_steps(
    Step(
        "deviation",
        "|sum_i a_t^i (r + V*_{h+1}(s') - Q*_h(s,a))| <= sqrt(H^3 i/t), i = log(2SAT/p)",
        "Jin et al. 2018, eq. (4.4); Azuma-Hoeffding with range H, union over (h,s,a,t)",
        "event",
        confidence,
        place=PLACE,
    )
)


@inlined
def stepped(records, run, watch, params, state, instance, episode, h, s, a, reward, following):
    """Before the update: V_{h+1} is still that of the beginning of the episode."""
    ahead = state.table.values[h + 1, following]
    t = visit(watch, h, s, a, ahead)
    width = math.sqrt(state.policy.shape[0] ** 3 * watch.iota / t)
    advance(watch, instance, h, s, a, reward, following, ahead, params.c * width, width)


@inlined
def observe_with_plain_averages(params, state, h, s, a, reward, following):
    """Planted fault: step size 1/t instead of (H+1)/(H+t)."""
    table = state.table
    table.visits[h, s, a] += 1
    t = table.visits[h, s, a]
    target = reward + table.values[h + 1, following] + bonus_of(state.level, t)
    learn(table, state.policy, h, s, a, 1.0 / t, target)


@inlined
def observe_without_clipping(params, state, h, s, a, reward, following):
    """Planted fault: V = max Q, not clipped at H."""
    q_learning_hoeffding.observe(params, state, h, s, a, reward, following)
    state.table.values[h, s] = state.table.q[h, s, state.policy[h, s]]


@inlined
def observe_this_stage(params, state, h, s, a, reward, following):
    """Planted fault: bootstraps from V_h instead of V_{h+1}."""
    table = state.table
    table.visits[h, s, a] += 1
    t = table.visits[h, s, a]
    target = reward + table.values[h, following] + bonus_of(state.level, t)
    learn(table, state.policy, h, s, a, step_size(table.q.shape[0], t), target)


def parameters(instance: Any, horizon: int) -> QLearningHoeffding:
    """Theorem 1 with p = 0.1, c = 1."""
    return QLearningHoeffding(delta=0.1)


CLAIM = Claim(
    slug="q-learning-hoeffding",
    title="Q-learning, UCB-Hoeffding",
    paper="Jin, Allen-Zhu, Bubeck and Jordan 2018, Is Q-learning provably efficient?",
    setting="episodic MDP",
    algorithm=parameters,
    cases=CASES,
    bounds=(Bound(theorem("q-learning-hoeffding/regret")),),
    watch=sys.modules[__name__],
    rate=Rate(
        theorem("q-learning-hoeffding/regret"),
        preset="practical: c = 0.1, no theorem",
        algorithm=lambda instance, horizon: QLearningHoeffding(delta=0.1, c=0.1),
        sweep="K",
        grid=(500, 2_000, 8_000, 32_000),
        case=shrinking_stage_gamble,
        n_runs=100,
    ),
    sabotages=(
        Sabotage(
            "small-bonus", "the bonus times 0.02", ("optimism",), lambda p: p._replace(c=0.02),
            build=lambda: gamble(2, 4, 0.1), horizon=1_000,
        ),
        Sabotage(
            "plain-averages", "step size 1/t instead of (H+1)/(H+t)", ("update",),
            overrides={"observe": observe_with_plain_averages},
        ),
        Sabotage(
            "unclipped", "V is not clipped at H", ("range",), overrides={"observe": observe_without_clipping}
        ),
        Sabotage(
            "wrong-stage", "the update bootstraps from V_h instead of V_{h+1}", ("update",),
            overrides={"observe": observe_this_stage},
        ),
    ),
    lower_bound=minimax_if_hard,
    lower_bound_name="minimax, Domingues et al. 2021, Theorem 9 (hard family only)",
    notes="The paper's c is unspecified: c = 1 with i = log(2SAT/p) is derived (docs/papers/q-learning-hoeffding.md).",
)  # fmt: skip
