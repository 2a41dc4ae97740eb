"""LSVI-UCB: least-squares value iteration with the bonus beta |phi|."""

import math  # noqa: F401 (for the gaps)
from typing import NamedTuple

import numpy as np


class LSVIUCB(NamedTuple):
    """Hyper-parameters.

    Attributes:
        radius: beta >= 0, the factor on the bonus.
        delta: p, the failure probability that the radius was chosen for.
        regularization: lam > 0; 1 in the paper.
    """

    radius: float
    delta: float
    regularization: float


class State(NamedTuple):
    """The arrays of one run. A pair (s, a) has the number s * A + a.

    Attributes:
        radius: beta.
        features: phi, (S A, d).
        gram: Lam_h = lam I + sum phi phi', (H, d, d).
        reward_moment: sum phi r, (H, d).
        next_moment: for each state y the sum of phi over the steps that led to y, (H, S, d).
        weights: w_h, (H, d).
        squared: |phi|^2 in the norm of Lam_h^{-1}, (H, S A).
        q: Q_h, (H, S A). values: V_h, (H + 1, S), the last row zero.
        policy: greedy actions, integers (H, S).
    """

    radius: float
    features: np.ndarray
    gram: np.ndarray
    reward_moment: np.ndarray
    next_moment: np.ndarray
    weights: np.ndarray
    squared: np.ndarray
    q: np.ndarray
    values: np.ndarray
    policy: np.ndarray


def allocate(params, problem):
    """The arrays of one run; ``problem`` has n_states, n_actions, horizon and features (S, A, d)."""
    s, a, h, d = problem.n_states, problem.n_actions, problem.horizon, problem.features.shape[2]
    return State(
        radius=params.radius,
        features=problem.features.reshape(s * a, d).copy(),
        gram=np.zeros((h, d, d)),
        reward_moment=np.zeros((h, d)),
        next_moment=np.zeros((h, s, d)),
        weights=np.zeros((h, d)),
        squared=np.zeros((h, s * a)),
        q=np.zeros((h, s * a)),
        values=np.zeros((h + 1, s)),
        policy=np.zeros((h, s), np.int64),
    )


def init(params, state):
    """The start of a run: no data."""
    state.reward_moment[:] = 0.0
    state.next_moment[:] = 0.0
    state.weights[:] = 0.0
    state.squared[:] = 0.0
    state.q[:] = 0.0
    state.values[:] = 0.0
    state.policy[:] = 0
    raise NotImplementedError("gap 1: state.gram before the first step")


def observe(params, state, h, s, a, reward, following):
    """A step: action a in state s at stage h paid ``reward`` and led to the state ``following``."""
    raise NotImplementedError("gap 2: the Gram matrix and the two moments of stage h")


def regress(params, state, h, values):
    """The ridge regression of r + V(s') on phi over all past steps of stage h; fills ``state.weights[h]``.

    Args:
        values: V_{h+1} as it is now, (S,), for the targets of all episodes, however old.
    """
    raise NotImplementedError("gap 3: the moments give the right side of the normal equations")


def weight_bound(horizon, dimension, n_episodes, regularization):
    """Lemma B.2: the bound on |w_h| in episode k = ``n_episodes``."""
    raise NotImplementedError("gap 4: statement 1 of the text")


def practical_radius(dimension, horizon, n_steps, delta, c):
    """beta of Theorem 3.1 for a given constant c; ``n_steps`` is T = K H."""
    raise NotImplementedError("gap 5: c d H times the root of a logarithm")


def widths(params, state, h):
    """|phi(s, a)|^2 in the norm of Lam_h^{-1} of every pair; fills ``state.squared[h]``."""
    raise NotImplementedError("gap 6: a quadratic form for every row of state.features")


def optimistic(params, state, h):
    """Q_h of every pair from the weights and widths of stage h; fills ``state.q[h]``."""
    raise NotImplementedError("gap 7: mean, bonus, and the ceiling H")


def choose(params, state, h):
    """V_h and the greedy action of every state, ties to the lowest; fills their rows in values and policy."""
    raise NotImplementedError("gap 8: maximum and first best action over the pairs of a state")


def plan(params, state, episode):
    """Algorithm 1, lines 3 to 8: before every episode, from the last stage to the first."""
    for h in range(state.weights.shape[0] - 1, -1, -1):
        regress(params, state, h, state.values[h + 1])
        widths(params, state, h)
        optimistic(params, state, h)
        choose(params, state, h)
    return 1


def act(params, state, h, s, rng):
    """The greedy action."""
    return state.policy[h, s]


def tabular_q(visits, target_sum, radius, regularization, horizon):
    """Q_h(s, a) for one-hot features: no matrix is left.

    Args:
        visits: n, the past visits of (s, a) at this stage. target_sum: the sum of r + V_{h+1}(s') over them.
        radius: beta. regularization: lam. horizon: H.
    """
    raise NotImplementedError("gap 9: statement 4 of the text")
