"""UCBVI-CH: optimistic value iteration on counts, with Chernoff-Hoeffding bonuses."""

import math  # noqa: F401 (for the gaps)
from typing import NamedTuple

import numpy as np


class UCBVI(NamedTuple):
    """Hyper-parameters.

    Attributes:
        delta: the bounds of the proof hold with probability at least 1 - delta.
        scale: factor on the bonus; 1 in the theorem.
    """

    delta: float
    scale: float


class State(NamedTuple):
    """The arrays of one run. Transitions do not depend on the stage, so the counts of all stages are pooled.

    Attributes:
        transitions: N(s, a, y) of the episodes before this one, (S, A, S).
        visits: N(s, a) of the episodes before this one, (S, A).
        rewards: known mean rewards, (H, S, A).
        q: Q_h, (H, S, A), starts at H and never grows. values: V_h, (H + 1, S), the last row zero.
        policy: greedy actions of this episode, integers (H, S).
        states, actions: the steps of this episode, integers (H + 1,) and (H,).
        log_factor: L, one entry.
    """

    transitions: np.ndarray
    visits: np.ndarray
    rewards: np.ndarray
    q: np.ndarray
    values: np.ndarray
    policy: np.ndarray
    states: np.ndarray
    actions: np.ndarray
    log_factor: np.ndarray


def log_factor(n_states, n_actions, n_steps, delta):
    """L of the bonus; ``n_steps`` is T = K H, the steps of all episodes."""
    raise NotImplementedError("gap 1: the logarithm of 5 S A T over delta")


def bonus(n, horizon, logs):
    """The bonus of a pair that was visited n >= 1 times; ``logs`` is L."""
    raise NotImplementedError("gap 2: 7 H L over the root of n")


def allocate(params, problem):
    """The arrays of one run; ``problem`` has n_states, n_actions, horizon, n_episodes and rewards (H, S, A)."""
    s, a, h = problem.n_states, problem.n_actions, problem.horizon
    logs = log_factor(s, a, problem.n_episodes * h, params.delta)
    return State(
        transitions=np.zeros((s, a, s)),
        visits=np.zeros((s, a)),
        rewards=problem.rewards.copy(),
        q=np.zeros((h, s, a)),
        values=np.zeros((h + 1, s)),
        policy=np.zeros((h, s), np.int64),
        states=np.zeros(h + 1, np.int64),
        actions=np.zeros(h, np.int64),
        log_factor=np.array([logs]),
    )


def init(params, state):
    """The start of a run: no data, every value as large as it can be."""
    horizon = state.actions.shape[0]
    state.transitions[:] = 0.0
    state.visits[:] = 0.0
    state.q[:] = horizon
    state.values[:] = horizon
    state.values[horizon] = 0.0
    state.policy[:] = 0


def observe(params, state, h, s, a, reward, following):
    """A step: action a in state s at stage h led to the state ``following``. It is kept, not yet counted."""
    raise NotImplementedError("gap 3: write s, a and the next state into state.states and state.actions")


def count_episode(params, state):
    """Count the steps of the last episode in ``state.transitions`` and ``state.visits``."""
    raise NotImplementedError("gap 4: the H steps that observe kept")


def improve(params, state):
    """The backward pass: new Q_h, V_h and greedy actions for h = H, ..., 1; a pair without visits keeps its Q_h."""
    raise NotImplementedError(
        "gap 5: optimistic backups where there are visits, then maximum and first best action of every state"
    )


def plan(params, state, episode):
    """Before episode 1, 2, ...: what the last episode taught. Returns 1: the policy may have changed."""
    if episode > 1:
        count_episode(params, state)
        improve(params, state)
    return 1


def act(params, state, h, s, rng):
    """The greedy action."""
    return state.policy[h, s]


def deviation_width(variance, n, horizon, logs):
    """The width of statement 1: n >= 1 visits, the variance of V*_{h+1} under P; ``logs`` is L."""
    raise NotImplementedError("gap 6: a term of order 1/sqrt(n) with the variance and a term of order 1/n")


def pigeonhole_bound(n_states, n_actions, horizon, n_episodes):
    """The bound of statement 4 on the sum over all steps of 1 / sqrt(max(1, N))."""
    raise NotImplementedError("gap 7: statement 4 of the text")
