"""Q-learning with UCB-Hoeffding bonuses: optimistic values without a model."""

import math
from typing import NamedTuple

import numpy as np


class QLearning(NamedTuple):
    """Hyper-parameters.

    Attributes:
        delta: p, the failure probability of the proof.
        c: factor on the bonus; 1 suffices for optimism.
    """

    delta: float
    c: float


class State(NamedTuple):
    """The arrays of one run.

    Attributes:
        q: Q_h, (H, S, A), starts at H. values: V_h = min{H, max_a Q_h}, (H + 1, S), the last row zero.
        visits: N_h(s, a), (H, S, A).
        policy: greedy actions, integers (H, S).
        iota: log(2 S A T / p), one entry.
    """

    q: np.ndarray
    values: np.ndarray
    visits: np.ndarray
    policy: np.ndarray
    iota: np.ndarray


def learning_rate(horizon, t):
    """alpha_t, the share of the new target in the t-th update, t >= 1."""
    raise NotImplementedError("gap 1: (H + 1) over (H + t)")


def weights(horizon, t):
    """The weights that t updates give to the start and to the targets: alpha_t^0, alpha_t^1, ..., alpha_t^t.

    Returns:
        (t + 1,), for t >= 0; [1] for t = 0.
    """
    raise NotImplementedError("gap 2: each update shrinks the weights of the past and adds its own")


def bonus(t, horizon, iota, c):
    """b_t, the bonus of the t-th update."""
    raise NotImplementedError("gap 3: c times the root of H^3 iota / t")


def allocate(params, problem):
    """The arrays of one run; ``problem`` has n_states, n_actions, horizon and n_episodes."""
    s, a, h = problem.n_states, problem.n_actions, problem.horizon
    iota = math.log(2.0 * s * a * problem.n_episodes * h / params.delta)
    return State(
        q=np.zeros((h, s, a)),
        values=np.zeros((h + 1, s)),
        visits=np.zeros((h, s, a)),
        policy=np.zeros((h, s), np.int64),
        iota=np.array([iota]),
    )


def init(params, state):
    """The start of a run: no visits, every value as large as it can be."""
    horizon = state.q.shape[0]
    state.q[:] = horizon
    state.values[:] = horizon
    state.values[horizon] = 0.0
    state.visits[:] = 0.0
    state.policy[:] = 0


def plan(params, state, episode):
    """Nothing to plan: observe keeps the policy up to date. Returns 1: it may have changed."""
    return 1


def observe(params, state, h, s, a, reward, following):
    """A step: action a in state s at stage h paid ``reward`` and led to the state ``following``.

    Updates visits, q, values and policy of (h, s), and nothing else.
    """
    raise NotImplementedError(
        "gap 4: count, update Q with target r + V + b, then V = min{H, max Q} and the greedy action"
    )


def act(params, state, h, s, rng):
    """The greedy action: the first of the largest Q_h(s, .)."""
    raise NotImplementedError("gap 5: look it up")


def unrolled(horizon, targets):
    """Q after the t updates with these targets r + V + b, in one sum (statement 2).

    Args:
        targets: (t,), in the order of the updates.
    """
    raise NotImplementedError("gap 6: the start, H, and the targets, weighted")


def beta(t, horizon, iota, c):
    """beta_t of statement 4: twice the weighted sum of the bonuses of t >= 1 updates."""
    raise NotImplementedError("gap 7: 2 sum_i alpha_t^i b_i")
