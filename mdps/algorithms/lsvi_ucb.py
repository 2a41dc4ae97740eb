"""LSVI-UCB (Jin, Yang, Wang and Jordan 2020): least-squares value iteration with the bonus beta |phi|."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from kernels.jit import compiled, inlined
from kernels.linalg import (
    REFACTOR_EVERY,
    add_outer,
    cholesky,
    cholesky_inverse,
    dot,
    multiply,
    set_multiple_of_identity,
    sherman_morrison,
)
from mdps.loops import CHANGED, SAME, EpisodicProblem
from mdps.model import Float, Int
from theory.errors import InvalidInput
from theory.radii import lsvi_ucb, lsvi_ucb_fixed_point


class LSVIUCB(NamedTuple):
    """Q_h = min(<w_h, phi> + beta |phi| in the norm of Lam_h^{-1}, H), w_h the ridge regression of r + V_{h+1}.

    Ties go to the lowest action.

    Attributes:
        radius: beta >= 0. None: the smallest one that the proof accepts at the last episode
            (:func:`theory.radii.lsvi_ucb_fixed_point`); the paper's own c d H sqrt(i) leaves c unspecified and is
            :func:`practical`.
        delta: failure probability p. regularization: lam > 0 (1 in the paper).
    """

    radius: float | None = None
    delta: float = 0.05
    regularization: float = 1.0


def covered(dimension: int, horizon: int, n_episodes: int, delta: float = 0.05, regularization: float = 1.0) -> LSVIUCB:
    """The theorem's parameters with the radius as a number: the proof's fixed point at the last episode."""
    radius = float(lsvi_ucb_fixed_point(n_episodes, dimension, horizon, delta, regularization=regularization))
    return LSVIUCB(radius, delta, regularization)


def practical(dimension: int, horizon: int, n_episodes: int, scale: float, delta: float = 0.05) -> LSVIUCB:
    """The paper's beta = c d H sqrt(log(2 d K H / p)) with c = ``scale``: which c the proof covers is not known."""
    return LSVIUCB(float(lsvi_ucb(dimension, horizon, n_episodes * horizon, delta, scale)), delta)


class State(NamedTuple):
    """One run. The last axis of the arrays over (s, a) is the pair ``s * n_actions + a``."""

    radius: float  # beta
    ceiling: float  # H, where Q is clipped
    features: Float  # phi, (n_pairs, d)
    columns: Float  # the same transposed, (d, n_pairs)
    gram: Float  # Lam_h, (H, d, d)
    inverse: Float  # Lam_h^{-1}, (H, d, d)
    factor: Float  # scratch of the refactorisation, (d, d)
    reward_moment: Float  # sum phi r, (H, d)
    next_moment: Float  # sum of phi over the transitions into s', (H, n_states, d)
    image: Float  # Lam_h^{-1} phi of the last update, (d,)
    target: Float  # sum phi (r + V_{h+1}(s')), scratch (d,)
    weights: Float  # w_h, (H, d)
    squared: Float  # |phi|^2 in the norm of Lam_h^{-1}, (H, n_pairs)
    values: Float  # V_h, (H + 1, n_states)
    q: Float  # Q_h, (H, n_pairs)
    product: Float  # scratch, (n_pairs,)
    updates: Int  # (H,)
    policy: Int  # (H, n_states)


def allocate(params: LSVIUCB, problem: EpisodicProblem) -> State:
    """Arrays of one run; the paper's radius is computed here.

    Raises:
        InvalidInput: if the instance has no features or a hyper-parameter is out of its range.
    """
    d = problem.features.shape[2]
    if d == 0:
        raise InvalidInput("LSVI-UCB needs the features of a linear MDP; the instance has none")
    if not 0.0 < params.delta < 1.0:
        raise InvalidInput(f"LSVI-UCB: delta is {params.delta}; expected a number in (0, 1)")
    if not 0.0 < params.regularization < math.inf:
        raise InvalidInput(f"LSVI-UCB: regularization is {params.regularization}; expected a finite number > 0")
    h, s = problem.horizon, problem.n_states
    radius = params.radius
    if radius is None:
        radius = float(
            lsvi_ucb_fixed_point(problem.n_episodes, d, h, params.delta, regularization=params.regularization)
        )
    if not 0.0 <= radius < math.inf:
        raise InvalidInput(f"LSVI-UCB: radius is {radius}; expected a finite number >= 0")
    features = np.ascontiguousarray(problem.features.reshape(-1, d))
    n = len(features)
    return State(
        radius, float(h), features, np.ascontiguousarray(features.T),
        np.zeros((h, d, d)), np.zeros((h, d, d)), np.zeros((d, d)), np.zeros((h, d)), np.zeros((h, s, d)),
        np.zeros(d), np.zeros(d), np.zeros((h, d)), np.zeros((h, n)), np.zeros((h + 1, s)), np.zeros((h, n)),
        np.zeros(n), np.zeros(h, np.int64), np.zeros((h, s), np.int64),
    )  # fmt: skip


@compiled
def init(params, state):
    """Lam_h = lam I, no data."""
    for h in range(state.weights.shape[0]):
        set_multiple_of_identity(state.gram[h], params.regularization)
        set_multiple_of_identity(state.inverse[h], 1.0 / params.regularization)
        for i in range(state.weights.shape[1]):
            state.reward_moment[h, i] = 0.0
            for s in range(state.next_moment.shape[1]):
                state.next_moment[h, s, i] = 0.0
        look_at(state, h)
        state.updates[h] = 0
        for s in range(state.policy.shape[1]):
            state.policy[h, s] = 0
    for s in range(state.values.shape[1]):
        state.values[state.weights.shape[0], s] = 0.0


@compiled
def look_at(state, h):
    """|phi|^2 in the norm of Lam_h^{-1} for every pair, from the inverse."""
    for pair in range(state.squared.shape[1]):
        multiply(state.inverse[h], state.features[pair], state.target)
        state.squared[h, pair] = dot(state.features[pair], state.target)


@inlined
def plan(params, state, episode):
    """Algorithm 1, lines 3-8: all past targets are formed with the current V_{h+1}.

    The target sum_i phi_i (r_i + V(s'_i)) is summed over the successors s', which costs O(S d) whatever the episode.
    """
    answer = SAME
    horizon, dimension = state.weights.shape
    n_states = state.values.shape[1]
    n_actions = state.q.shape[1] // n_states
    for h in range(horizon - 1, -1, -1):
        for i in range(dimension):
            state.target[i] = state.reward_moment[h, i]
        for s in range(n_states):
            value = state.values[h + 1, s]
            for i in range(dimension):
                state.target[i] += value * state.next_moment[h, s, i]
        multiply(state.inverse[h], state.target, state.weights[h])  # line 5
        for pair in range(n_states * n_actions):
            state.q[h, pair] = state.radius * math.sqrt(state.squared[h, pair])
        for i in range(dimension):
            for pair in range(n_states * n_actions):
                state.q[h, pair] += state.weights[h, i] * state.columns[i, pair]
        for s in range(n_states):  # line 6
            best, best_action = -np.inf, 0
            for a in range(n_actions):
                pair = s * n_actions + a
                state.q[h, pair] = min(state.q[h, pair], state.ceiling)
                if state.q[h, pair] > best:
                    best, best_action = state.q[h, pair], a
            state.values[h, s] = best
            if state.policy[h, s] != best_action:
                state.policy[h, s] = best_action
                answer = CHANGED
    return answer


@inlined
def act(params, state, h, s, rng):
    """Line 10: greedy."""
    return state.policy[h, s]


@inlined
def regress(params, state, h, pair, target):
    """One more observation of stage h with a known part ``target`` of its response."""
    x = state.features[pair]
    add_outer(state.gram[h], x, 1.0)
    for i in range(x.shape[0]):
        state.reward_moment[h, i] += target * x[i]
    state.updates[h] += 1
    growth = sherman_morrison(state.inverse[h], x, state.image)
    if state.updates[h] % REFACTOR_EVERY == 0:
        cholesky(state.gram[h], state.factor)
        cholesky_inverse(state.factor, state.inverse[h])
        look_at(state, h)
        return
    for j in range(state.product.shape[0]):
        state.product[j] = 0.0
    for i in range(x.shape[0]):
        for j in range(state.product.shape[0]):
            state.product[j] += state.image[i] * state.columns[i, j]
    for j in range(state.product.shape[0]):
        state.squared[h, j] = max(state.squared[h, j] - state.product[j] * state.product[j] / growth, 0.0)


@inlined
def observe(params, state, h, s, a, reward, following):
    """Line 4 of the next episode: Lam_h += phi phi', and the two parts of the targets."""
    pair = s * (state.q.shape[1] // state.values.shape[1]) + a
    regress(params, state, h, pair, reward)
    for i in range(state.features.shape[1]):
        state.next_moment[h, following, i] += state.features[pair, i]
