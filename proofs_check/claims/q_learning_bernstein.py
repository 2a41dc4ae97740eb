"""Q-learning with UCB-Bernstein: Theorem 2 of Jin, Allen-Zhu, Bubeck and Jordan (2018) and the steps of its proof."""

from __future__ import annotations

import math
import sys
from typing import Any

import numpy as np

from kernels.jit import inlined
from kernels.steps import Step
from mdps.algorithms import q_learning_bernstein
from mdps.algorithms.q_learning_bernstein import QLearningBernstein, beta_of
from mdps.q_learning import learn, step_size
from proofs_check.claim import Bound, Claim, Rate, Sabotage, confidence
from proofs_check.episodic_cases import gamble, minimax_if_hard, order, shrinking_stage_gamble
from proofs_check.q_learning_steps import (
    CASES,
    PLACE,
    acted,  # noqa: F401  (part of the watch)
    advance,
    allocate,  # noqa: F401
    begin,  # noqa: F401
    ended,  # noqa: F401
    observed,  # noqa: F401
    rate_of,
    shared_steps,
    visit,
)
from theory.theorems import theorem

STEPS = shared_steps(
    Step(
        "deviation",
        "|sum_i a_t^i (r + V*_{h+1}(s') - Q*_h(s,a))| <= beta_t/2",
        "Jin et al. 2018, Lemma C.4 in the reading c1 = 4, c2 = 2 of its unspecified constants",
        "event",
        confidence,
        place=PLACE,
    )
)


@inlined
def stepped(records, run, watch, params, state, instance, episode, h, s, a, reward, following):
    """Before the update: V_{h+1} is still that of the beginning of the episode; W_t from plain sums."""
    ahead = state.table.values[h + 1, following]
    n_stages = state.policy.shape[0]
    pairs = state.policy.shape[1] * state.table.q.shape[2]
    t = visit(watch, h, s, a, ahead)
    variance = max(0.0, watch.second[h, s, a] / t - (watch.first[h, s, a] / t) ** 2)
    lower_order = math.sqrt(np.float64(n_stages) ** 7 * pairs)
    beta = beta_of(params, n_stages, watch.iota, lower_order, variance, t)
    rate = rate_of(watch, h, s, a)
    bonus = (beta - (1.0 - rate) * 2.0 * watch.half_beta[h, s, a]) / (2.0 * rate)
    advance(watch, instance, h, s, a, reward, following, ahead, bonus, 0.5 * beta)


@inlined
def observe_with_full_bonus(params, state, h, s, a, reward, following):
    """Planted fault: b_t = beta_t instead of the difference that makes 2 sum_i a_t^i b_i = beta_t."""
    table = state.table
    n_stages = table.q.shape[0]
    before = state.beta[h, s, a]
    q_learning_bernstein.observe(params, state, h, s, a, reward, following)
    rate = step_size(n_stages, table.visits[h, s, a])
    beta = state.beta[h, s, a]
    taken = (beta - (1.0 - rate) * before) / (2.0 * rate)
    learn(table, state.policy, h, s, a, 1.0, table.q[h, s, a] + rate * (beta - taken))


@inlined
def observe_without_clipping(params, state, h, s, a, reward, following):
    """Planted fault: V = max Q, not clipped at H."""
    q_learning_bernstein.observe(params, state, h, s, a, reward, following)
    state.table.values[h, s] = state.table.q[h, s, state.policy[h, s]]


def parameters(instance: Any, horizon: int) -> QLearningBernstein:
    """Theorem 2 with p = 0.1 and the reading c1 = 4, c2 = 2."""
    return QLearningBernstein(delta=0.1)


def leading(instance: Any, params: Any, episodes: Any) -> Any:
    """sqrt(H^3 S A T i), the leading term of Theorem 2."""
    s, a, h = instance.n_states, instance.n_actions, instance.horizon
    steps = np.asarray(episodes, dtype=float) * h
    return np.sqrt(h**3 * s * a * steps * np.log(s * a * steps / params.delta))


CLAIM = Claim(
    slug="q-learning-bernstein",
    title="Q-learning, UCB-Bernstein",
    paper="Jin, Allen-Zhu, Bubeck and Jordan 2018, Is Q-learning provably efficient?",
    setting="episodic MDP",
    algorithm=parameters,
    cases=CASES,
    bounds=(Bound(theorem("q-learning-bernstein/regret")),),
    watch=sys.modules[__name__],
    rate=Rate(
        order(
            "q-learning-bernstein/rate", "leading term of Jin et al. 2018, Theorem 2", "regret = O(sqrt(H^3 S A T i))",
            leading,
        ),
        preset="practical: c1 = 0.1, c2 = 0.2, no theorem",
        algorithm=lambda instance, horizon: QLearningBernstein(delta=0.1, c1=0.1, c2=0.2),
        sweep="K",
        grid=(500, 2_000, 8_000, 32_000),
        case=shrinking_stage_gamble,
        n_runs=100,
    ),
    sabotages=(
        Sabotage(
            "small-bonus", "both constants times 0.02", ("deviation",),
            lambda p: p._replace(c1=0.02 * p.c1, c2=0.02 * p.c2), build=lambda: gamble(2, 4, 0.1), horizon=1_000,
        ),
        Sabotage(
            "full-bonus", "b_t = beta_t instead of (beta_t - (1 - a_t) beta_{t-1}) / (2 a_t)", ("update",),
            overrides={"observe": observe_with_full_bonus},
        ),
        Sabotage(
            "unclipped", "V is not clipped at H", ("range",), overrides={"observe": observe_without_clipping}
        ),
    ),
    lower_bound=minimax_if_hard,
    lower_bound_name="minimax, Domingues et al. 2021, Theorem 9 (hard family only)",
    notes="The paper's c1 and c2 are unspecified; c1 = 4, c2 = 2 is a reading. The minimum is its second term for "
    "every t if H <= 4, and otherwise up to about 4 H^4 S A i visits: at feasible sizes the variance does not enter.",
)  # fmt: skip
