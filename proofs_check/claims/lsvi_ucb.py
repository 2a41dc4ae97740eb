"""LSVI-UCB: Theorem 3.1 of Jin, Yang, Wang and Jordan (2020), its constants kept, and the steps of its proof."""

from __future__ import annotations

import math
import sys
from typing import Any, NamedTuple

import numpy as np

from kernels.jit import hook
from kernels.linalg import add_outer, cholesky, dot, inverse_norm, multiply, set_multiple_of_identity
from kernels.steps import Step, check
from mdps.algorithms import lsvi_ucb as algorithm_module
from mdps.algorithms.lsvi_ucb import LSVIUCB, State, covered, practical, regress
from mdps.instances.linear import simplex_linear
from mdps.linear import LinearMDP
from mdps.loops import Episodes, EpisodicProblem
from proofs_check.claim import Bound, Case, Claim, Rate, Sabotage
from theory.radii import lsvi_ucb_fixed_point
from theory.theorems import theorem

(CONCENTRATION, REGRESSION, BONUS, ESTIMATE, OPTIMISM, RANGE, WEIGHTS, TRACE, LOG_DET, POTENTIAL, IDENTITY,
 DECOMPOSITION) = range(12)  # fmt: skip

_STATE = ("episode", "stage", "state", "action")

STEPS = (
    Step(
        "concentration",
        "|sum_i phi_i (r_i + V_{h+1}(s'_i) - (r + P V_{h+1})(s_i, a_i))| in Lam_h^{-1} <= beta* - 4 H sqrt(d lam), "
        "for the values V of this run, beta* the radius that the proof accepts",
        "Jin et al. 2020, Lemma B.3, with the constants of Lemmas D.4 and D.6",
        "event",
        lambda params, instance, horizon: params.delta / 2.0,
        place=("episode", "stage"),
    ),
    Step(
        "regression",
        "Lam_h w_h = sum_i phi_i (r_i + V_{h+1}(s'_i)) with the V_{h+1} of this episode in every target",
        "Jin et al. 2020, Algorithm 1, lines 4-5; largest difference of the entries",
        place=("episode", "stage"),
    ),
    Step(
        "bonus",
        "Q_h = min(<w_h, phi> + beta |phi| in Lam_h^{-1}, H), Lam_h summed afresh",
        "Jin et al. 2020, Algorithm 1, line 6; difference of both sides",
        place=_STATE,
    ),
    Step(
        "estimation-error",
        "|<w_h, phi> - (r_h + P_h V_{h+1})| <= beta |phi| in Lam_h^{-1}",
        "Jin et al. 2020, Lemma B.4",
        "conditional",
        given=("concentration",),
        place=_STATE,
    ),
    Step(
        "optimism",
        "Q*_h <= Q_h at every stage, state and action",
        "Jin et al. 2020, Lemma B.5",
        "conditional",
        given=("concentration",),
        place=_STATE,
    ),
    Step("range", "V_h <= H", "Jin et al. 2020, Algorithm 1, line 6", place=("episode", "stage", "state")),
    Step(
        "weight-norm",
        "|w_h| <= 2 H sqrt(d k / lam)",
        "Jin et al. 2020, Lemma B.2",
        place=("episode", "stage"),
    ),
    Step(
        "trace",
        "sum_i |phi_i|^2 in Lam_h^{-1} <= d",
        "Jin et al. 2020, Lemma D.1",
        place=("episode", "stage"),
    ),
    Step(
        "log-det",
        "log det Lam_h - d log lam = sum log(1 + |phi_i|^2 in Lam_{i-1}^{-1}) to 1e-8, with the widths the rule used",
        "Abbasi-Yadkori, Pal and Szepesvari 2011, Lemma 11; difference of both sides",
        place=("episode", "stage"),
    ),
    Step(
        "elliptic-potential",
        "sum_i min(1, |phi_i|^2 in Lam_{i-1}^{-1}) <= 2 log(det Lam_h / lam^d)",
        "Jin et al. 2020, Lemma D.2",
        place=("episode", "stage"),
    ),
    Step(
        "value-difference",
        "V_1 - V_1^{pi_k} = sum_h E_{pi_k}[Q_h - r_h - P_h V_{h+1}], under the true model",
        "Jin et al. 2020, Lemma B.6, in expectation; difference of both sides",
        place=("episode",),
    ),
    Step(
        "bonus-sum",
        "V_1 - V_1^{pi_k} <= sum_h E_{pi_k}[2 beta |phi| in Lam_h^{-1}], under the true model",
        "Jin et al. 2020, Lemma B.6, in expectation",
        "conditional",
        given=("concentration",),
        place=("episode",),
    ),
)


class Watch(NamedTuple):
    """The regression from counts, independently of the algorithm's moments and inverses."""

    slack: float  # beta* - 4 H sqrt(d lam): what the proof grants to concentration, whatever beta the rule uses
    visits: Any  # (H, n_pairs)
    transitions: Any  # (H, n_pairs, n_states)
    rewards: Any  # sum of rewards, (H, n_pairs)
    gram: Any  # (H, d, d)
    factor: Any  # (d, d)
    backup: Any  # r + P V, (n_pairs,)
    deviation: Any  # (d,)
    target: Any  # (d,)
    scratch: Any  # (d,)
    occupancy: Any  # (H + 1, n_states)
    norms: Any  # |phi| in Lam_h^{-1}, (H, n_pairs)
    surplus: Any  # Q_h - r - P V_{h+1}, (H, n_pairs)
    logs: Any  # (H,): sum log(1 + w^2)
    clipped: Any  # (H,): sum min(1, w^2)


def allocate(params: LSVIUCB, instance: Episodes, horizon: int) -> Watch:
    """Arrays of the watch."""
    assert instance.features is not None
    h, s, d = instance.horizon, instance.n_states, instance.dimension
    n = s * instance.n_actions
    lam = params.regularization
    accepted = float(lsvi_ucb_fixed_point(horizon, d, h, params.delta, regularization=lam))
    return Watch(
        accepted - 4.0 * h * math.sqrt(d * lam), np.zeros((h, n)),
        np.zeros((h, n, s)), np.zeros((h, n)), np.zeros((h, d, d)), np.zeros((d, d)), np.zeros(n),
        np.zeros(d), np.zeros(d), np.zeros(d), np.zeros((h + 1, s)), np.zeros((h, n)), np.zeros((h, n)), np.zeros(h),
        np.zeros(h),
    )  # fmt: skip


@hook
def begin(watch, params, instance):
    """Forget the last run."""
    for h in range(watch.gram.shape[0]):
        set_multiple_of_identity(watch.gram[h], params.regularization)
        watch.logs[h] = 0.0
        watch.clipped[h] = 0.0
        for pair in range(watch.visits.shape[1]):
            watch.visits[h, pair] = 0.0
            watch.rewards[h, pair] = 0.0
            for y in range(watch.transitions.shape[2]):
                watch.transitions[h, pair, y] = 0.0


@hook
def _backup(watch, model, values, h):
    """watch.backup = r_h + P_h V, exactly."""
    for pair in range(watch.backup.shape[0]):
        row = h * model.stage_stride + pair
        total = model.rewards[row]
        for k in range(model.indptr[row], model.indptr[row + 1]):
            total += model.probabilities[k] * values[model.successors[k]]
        watch.backup[pair] = total


@hook
def _occupy(watch, model, policy):
    """Probability of each state at each stage under the episode's policy."""
    n_actions = model.n_actions
    for s in range(model.n_states):
        watch.occupancy[0, s] = model.initial[s]
    for h in range(model.horizon):
        for s in range(model.n_states):
            watch.occupancy[h + 1, s] = 0.0
        for s in range(model.n_states):
            row = h * model.stage_stride + s * n_actions + policy[h, s]
            for k in range(model.indptr[row], model.indptr[row + 1]):
                watch.occupancy[h + 1, model.successors[k]] += watch.occupancy[h, s] * model.probabilities[k]


@hook
def acted(records, run, watch, params, state, instance, episode, value):
    """After planning: the regressions of all stages, from the counts and the exact model."""
    model = instance.model
    horizon, d = state.weights.shape
    n_actions = model.n_actions
    lam, cap = params.regularization, float(horizon)
    for h in range(horizon - 1, -1, -1):
        values = state.values[h + 1]
        _backup(watch, model, values, h)
        cholesky(watch.gram[h], watch.factor)
        trace = 0.0
        for i in range(d):
            watch.deviation[i] = 0.0
            watch.target[i] = 0.0
        for pair in range(watch.backup.shape[0]):
            x = instance.features[pair // n_actions, pair % n_actions]
            norm = inverse_norm(watch.factor, x, watch.scratch)
            watch.norms[h, pair] = norm
            n = watch.visits[h, pair]
            if n > 0.0:
                trace += n * norm * norm
                response = watch.rewards[h, pair]
                for y in range(values.shape[0]):
                    response += watch.transitions[h, pair, y] * values[y]
                for i in range(d):
                    watch.target[i] += response * x[i]
                    watch.deviation[i] += (response - n * watch.backup[pair]) * x[i]
        deviation = inverse_norm(watch.factor, watch.deviation, watch.scratch)
        check(records, run, CONCENTRATION, deviation, watch.slack, 1e-9, episode, h, -1, -1)
        check(records, run, TRACE, trace, float(d), 1e-9, episode, h, -1, -1)
        w = state.weights[h]
        largest = 2.0 * horizon * math.sqrt(d * episode / lam)
        check(records, run, WEIGHTS, math.sqrt(dot(w, w)), largest, 1e-9, episode, h, -1, -1)
        multiply(watch.gram[h], w, watch.scratch)
        difference = 0.0
        scale = 1.0
        for i in range(d):
            difference = max(difference, abs(watch.scratch[i] - watch.target[i]))
            scale = max(scale, abs(watch.target[i]))
        check(records, run, REGRESSION, difference, 1e-8 * scale, 0.0, episode, h, -1, -1)
        for pair in range(watch.backup.shape[0]):
            s, a = pair // n_actions, pair % n_actions
            mean = dot(w, instance.features[s, a])
            bonus = state.radius * watch.norms[h, pair]
            q = state.q[h, pair]
            watch.surplus[h, pair] = q - watch.backup[pair]
            check(records, run, BONUS, abs(q - min(mean + bonus, cap)), 1e-7 * (1.0 + cap), 0.0, episode, h, s, a)
            check(records, run, ESTIMATE, abs(mean - watch.backup[pair]), bonus, 1e-9, episode, h, s, a)
            check(records, run, OPTIMISM, instance.optimal_q[h, s, a], q, 1e-9, episode, h, s, a)
        for s in range(values.shape[0]):
            check(records, run, RANGE, state.values[h, s], cap, 1e-12, episode, h, s, -1)
    _occupy(watch, model, state.policy)
    optimistic, surplus, bonuses = 0.0, 0.0, 0.0
    for s in range(model.n_states):
        optimistic += model.initial[s] * state.values[0, s]
        for h in range(horizon):
            pair = s * n_actions + state.policy[h, s]
            surplus += watch.occupancy[h, s] * watch.surplus[h, pair]
            bonuses += watch.occupancy[h, s] * 2.0 * state.radius * watch.norms[h, pair]
    check(records, run, IDENTITY, abs(optimistic - value - surplus), 1e-9 * (1.0 + cap), 0.0, episode, -1, -1, -1)
    check(records, run, DECOMPOSITION, optimistic - value, bonuses, 1e-9, episode, -1, -1, -1)


@hook
def stepped(records, run, watch, params, state, instance, episode, h, s, a, reward, following):
    """Before the update: the width that the rule used; then the counts."""
    pair = s * instance.model.n_actions + a
    watch.logs[h] += math.log(1.0 + state.squared[h, pair])
    watch.clipped[h] += min(1.0, state.squared[h, pair])
    watch.visits[h, pair] += 1.0
    watch.rewards[h, pair] += reward
    watch.transitions[h, pair, following] += 1.0
    add_outer(watch.gram[h], instance.features[s, a], 1.0)


@hook
def observed(records, run, watch, params, state, instance, episode):
    """After the episode: determinants against sums of widths."""
    d = watch.factor.shape[0]
    for h in range(watch.gram.shape[0]):
        log_det = cholesky(watch.gram[h], watch.factor) - d * math.log(params.regularization)
        check(records, run, LOG_DET, abs(log_det - watch.logs[h]), 1e-8 * (1.0 + log_det), 0.0, episode, h, -1, -1)
        check(records, run, POTENTIAL, watch.clipped[h], 2.0 * log_det, 1e-9, episode, h, -1, -1)


@hook
def observe_stale(params, state, h, s, a, reward, following):
    """Planted fault: the target of a past episode keeps the V_{h+1} of that episode."""
    pair = s * (state.q.shape[1] // state.values.shape[1]) + a
    regress(params, state, h, pair, reward + state.values[h + 1, following])


@hook
def observe_twice(params, state, h, s, a, reward, following):
    """Planted fault: Lam_h counts every observation twice, the targets once."""
    pair = s * (state.q.shape[1] // state.values.shape[1]) + a
    regress(params, state, h, pair, reward)
    regress(params, state, h, pair, 0.0)
    for i in range(state.features.shape[1]):
        state.next_moment[h, following, i] += state.features[pair, i]


def allocate_unclipped(params: LSVIUCB, problem: EpisodicProblem) -> State:
    """Planted fault: Q is not clipped at H."""
    return algorithm_module.allocate(params, problem)._replace(ceiling=np.inf)


def episodes_of(model: LinearMDP) -> Episodes:
    """A linear MDP as an episodic instance that states its features."""
    return Episodes(model.tabular(), model.features)


def theorem_parameters(instance: Episodes, n_episodes: int) -> LSVIUCB:
    """lam = 1, p = 0.1 and the smallest radius that the proof accepts."""
    return covered(instance.dimension, instance.horizon, n_episodes, delta=0.1)


#: The c of beta = c d H sqrt(i) in the practical preset.
PRACTICAL_SCALE = 0.1


def practical_parameters(instance: Episodes, n_episodes: int) -> LSVIUCB:
    """beta = 0.1 d H sqrt(i): no theorem."""
    return practical(instance.dimension, instance.horizon, n_episodes, PRACTICAL_SCALE)


def _small() -> Episodes:
    return episodes_of(simplex_linear(4, 2, 2, 2, n_anchors=2, seed=1))


def _medium() -> Episodes:
    return episodes_of(simplex_linear(8, 3, 3, 3, n_anchors=3, seed=2))


def _one_stage() -> Episodes:
    """One stage: the bound falls below the trivial one after about a million episodes."""
    features = np.array([[[1.0, 0.0], [0.0, 1.0]]])
    return episodes_of(LinearMDP(features, np.ones((1, 2, 1)), np.array([[0.0, 1.0]]), name="one stage, two actions"))


def _rate_case(n_episodes: int) -> tuple[Episodes, int]:
    return episodes_of(simplex_linear(10, 3, 3, 3, n_anchors=3, seed=3)), n_episodes


CLAIM = Claim(
    slug="lsvi-ucb",
    title="LSVI-UCB",
    paper="Jin, Yang, Wang and Jordan 2020, Provably efficient RL with linear function approximation",
    setting="episodic MDP",
    algorithm=theorem_parameters,
    cases=(
        Case("d=2, H=2", _small, 6_000, max_runs=200),
        Case("d=3, H=3", _medium, 20_000, max_runs=200, full_only=True),
        Case("one stage", _one_stage, 1_000_000, max_runs=200, full_only=True),
    ),
    bounds=(Bound(theorem("lsvi-ucb/explicit")),),
    watch=sys.modules[__name__],
    rate=Rate(
        theorem("lsvi-ucb/regret"), "practical: beta = 0.1 d H sqrt(log(2dKH/p)), no theorem", practical_parameters,
        "K", tuple(2**k for k in range(7, 13)), _rate_case, n_runs=20,
    ),
    sabotages=(
        Sabotage(
            "small-radius", "radius 200 times smaller than the proof accepts", ("estimation-error", "optimism"),
            lambda p: p._replace(radius=0.005 * p.radius), n_runs=10,
        ),
        Sabotage(
            "stale-targets", "past targets keep the value function of their own episode", ("regression",),
            overrides={"observe": observe_stale}, n_runs=2,
        ),
        Sabotage(
            "double-covariance", "Lam_h counts every observation twice", ("regression", "bonus", "log-det"),
            overrides={"observe": observe_twice}, n_runs=2,
        ),
        Sabotage(
            "no-clipping", "Q is not clipped at H", ("range", "bonus"),
            overrides={"allocate": allocate_unclipped}, n_runs=2,
        ),
    ),
    user_horizon=2_000,
    work=lambda i: i.horizon * i.n_states * i.n_actions * i.dimension * (1.0 + i.dimension / 32),
)  # fmt: skip
