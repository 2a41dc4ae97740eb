"""Exact planning in layered processes: occupancies, values and the best policy for losses.

Stage h runs from 0 to H - 1; transitions are (H - 1, S, A, S), the last stage leads nowhere. Policies are (H, S, A)
probabilities, losses (H, S, A), initial distributions (S,). All sums are exact up to rounding.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Float = npt.NDArray[np.float64]
Int = npt.NDArray[np.int64]


def occupancy(transitions: Float, initial: Float, policy: Float) -> Float:
    """q_h(s, a), the probability of being at (s, a) in stage h, shape (H, S, A); every stage sums to one."""
    q = np.empty(policy.shape)
    state = initial
    last = len(policy) - 1
    for h in range(last + 1):
        q[h] = state[:, None] * policy[h]
        if h < last:
            state = q[h].reshape(-1) @ transitions[h].reshape(-1, len(initial))
    return q


def evaluate(transitions: Float, policy: Float, losses: Float) -> tuple[Float, Float]:
    """(V, Q) of a policy, V (H + 1, S) with V_H = 0 and Q (H, S, A) the expected loss-to-go, its own stage included."""
    horizon, n_states, _ = policy.shape
    v, q = np.zeros((horizon + 1, n_states)), np.empty(policy.shape)
    for h in range(horizon - 1, -1, -1):
        q[h] = losses[h] + transitions[h] @ v[h + 1] if h < horizon - 1 else losses[h]
        v[h] = (policy[h] * q[h]).sum(axis=1)
    return v, q


def least_loss(transitions: Float, losses: Float) -> tuple[Float, Int]:
    """(V*, greedy actions) for summed losses: (H + 1, S) and (H, S), ties to the lowest action."""
    horizon, n_states, _ = losses.shape
    v, actions = np.zeros((horizon + 1, n_states)), np.zeros((horizon, n_states), np.int64)
    for h in range(horizon - 1, -1, -1):
        q = losses[h] + transitions[h] @ v[h + 1] if h < horizon - 1 else losses[h]
        actions[h] = q.argmin(axis=1)
        v[h] = q.min(axis=1)
    return v, actions


def second_moment(transitions: Float, policy: Float, losses: Float) -> Float:
    """E[L_h^2 | s_h = s, a_h = a] of the loss-to-go L_h on a trajectory of the policy, shape (H, S, A).

    L_h = l_h + L_{h+1}, hence E L_h^2 = l_h^2 + 2 l_h E V_{h+1} + E E[L_{h+1}^2 | s'].
    """
    horizon = len(policy)
    v, _ = evaluate(transitions, policy, losses)
    squares = np.empty(policy.shape)
    for h in range(horizon - 1, -1, -1):
        squares[h] = losses[h] ** 2
        if h < horizon - 1:
            after = (policy[h + 1] * squares[h + 1]).sum(axis=1)
            squares[h] += 2.0 * losses[h] * (transitions[h] @ v[h + 1]) + transitions[h] @ after
    return squares


def deterministic(actions: npt.ArrayLike, n_actions: int) -> Float:
    """(H, S) actions as (H, S, A) probabilities."""
    return np.eye(n_actions)[np.asarray(actions, dtype=np.int64)]
