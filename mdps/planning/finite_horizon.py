"""Exact planning over a finite horizon: dynamic programming on the successor lists (Puterman 1994, chapter 4).

Stages are 0-based: h = 0..H-1, and the value after the last stage is zero, ``V[H] = 0``. The functions that take an
:class:`~mdps.model.MDP` return fresh arrays; those that take :class:`~mdps.model.TabularArrays` are compiled, allocate
nothing and may be called from other compiled code.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

from mdps.model import MDP, Float, Int, TabularArrays
from mdps.planning.policies import episodic_policy, required_horizon
from theory.errors import InvalidInput


# ------------------------------------------------------------------------------------------------ for compiled callers
@njit(nogil=True, error_model="numpy")
def policy_value(arrays: TabularArrays, policy: Int, buffer_now: Float, buffer_next: Float) -> float:
    """Value V_1^pi averaged over the initial distribution, by forward occupancy; compiled, allocates nothing.

    The occupancy d_h starts at the initial distribution and is pushed forward, d_{h+1}(y) = sum_s d_h(s) P_h(y | s,
    pi_h(s)); the value is sum_h sum_s d_h(s) r_h(s, pi_h(s)). States of zero mass cost one comparison, so this is
    cheaper than a backward pass, which must value every state.

    Args:
        arrays: the model, with a horizon.
        policy: actions, shape (H, S).
        buffer_now, buffer_next: two distinct writable arrays of shape (S,), overwritten.
    """
    return _forward_value(
        arrays.indptr,
        arrays.successors,
        arrays.probabilities,
        arrays.rewards,
        arrays.initial,
        arrays.n_states,
        arrays.n_actions,
        arrays.horizon,
        arrays.stage_stride,
        policy,
        buffer_now,
        buffer_next,
    )


@njit(nogil=True, error_model="numpy")
def optimal_value(arrays: TabularArrays, values: Float, policy: Int) -> float:
    """Backward induction into given buffers; compiled, allocates nothing.

    Args:
        arrays: the model, with a horizon.
        values: shape (H+1, S), overwritten with V*_h; the last row becomes zero.
        policy: integers, shape (H, S), overwritten with the optimal action of lowest index.

    Returns:
        V*_1 averaged over the initial distribution.
    """
    _backward_values(
        arrays.indptr,
        arrays.successors,
        arrays.probabilities,
        arrays.rewards,
        arrays.n_states,
        arrays.n_actions,
        arrays.horizon,
        arrays.stage_stride,
        values,
        policy,
    )
    total = 0.0
    for state in range(arrays.n_states):
        total += arrays.initial[state] * values[0, state]
    return total


@njit(nogil=True, error_model="numpy", cache=True)
def _forward_value(
    indptr, successors, probabilities, rewards, initial, n_states, n_actions, horizon, stage_stride, policy, now, ahead
):
    for state in range(n_states):
        now[state] = initial[state]
    value = 0.0
    for h in range(horizon):
        last = h == horizon - 1
        if not last:
            for state in range(n_states):
                ahead[state] = 0.0
        for state in range(n_states):
            mass = now[state]
            if mass == 0.0:
                continue
            row = h * stage_stride + state * n_actions + policy[h, state]
            value += mass * rewards[row]
            if not last:
                for k in range(indptr[row], indptr[row + 1]):
                    ahead[successors[k]] += mass * probabilities[k]
        now, ahead = ahead, now
    return value


@njit(nogil=True, error_model="numpy", cache=True)
def _backward_values(
    indptr, successors, probabilities, rewards, n_states, n_actions, horizon, stage_stride, values, policy
):
    for state in range(n_states):
        values[horizon, state] = 0.0
    for h in range(horizon - 1, -1, -1):
        row = h * stage_stride
        for state in range(n_states):
            best, best_action = -np.inf, 0
            for action in range(n_actions):
                q = rewards[row]
                for k in range(indptr[row], indptr[row + 1]):
                    q += probabilities[k] * values[h + 1, successors[k]]
                if q > best:
                    best, best_action = q, action
                row += 1
            values[h, state] = best
            policy[h, state] = best_action


# --------------------------------------------------------------------------------------------------- for Python callers
def backward_induction(mdp: MDP) -> tuple[Float, Float, Int]:
    """Optimal values, action values and policy of an episodic model (Puterman 1994, section 4.5).

    Returns:
        V: optimal values, shape (H+1, S); ``V[h, s]`` is the best expected sum of the rewards of stages h..H-1.
        Q: optimal action values, shape (H, S, A).
        policy: the optimal action of lowest index, shape (H, S).

    Raises:
        InvalidInput: if the model has no horizon.
    """
    horizon = required_horizon(mdp)
    values = np.empty((horizon + 1, mdp.n_states))
    policy = np.empty((horizon, mdp.n_states), dtype=np.int64)
    _backward_values(*_kernel_arrays(mdp), mdp.n_states, mdp.n_actions, horizon, _stage_stride(mdp), values, policy)
    return values, action_values(mdp, values), policy


def action_values(mdp: MDP, values: npt.ArrayLike) -> Float:
    """One-step backups ``Q[h, s, a] = r_h(s, a) + sum_y P_h(y | s, a) values[h+1, y]``, shape (H, S, A).

    Args:
        mdp: a model with a horizon.
        values: any next-stage values, shape (H+1, S); row 0 is not used.

    Raises:
        InvalidInput: if the model has no horizon or ``values`` has another shape.
    """
    horizon = required_horizon(mdp)
    v = np.ascontiguousarray(values, dtype=np.float64)
    if v.shape != (horizon + 1, mdp.n_states):
        raise InvalidInput(f"values have shape {v.shape}; expected {(horizon + 1, mdp.n_states)}")
    q = np.empty((horizon, mdp.n_states, mdp.n_actions))
    _backups(*_kernel_arrays(mdp), mdp.n_states, mdp.n_actions, horizon, _stage_stride(mdp), v, q)
    return q


def evaluate_policy(mdp: MDP, policy: npt.ArrayLike) -> Float:
    """Values of a policy, ``V[h, s] = sum_a pi_h(a | s) (r_h(s, a) + sum_y P_h(y | s, a) V[h+1, y])``.

    Args:
        mdp: a model with a horizon.
        policy: actions of shape (H, S), or probabilities of shape (H, S, A).

    Returns:
        Values, shape (H+1, S), the last row zero. Action values are ``action_values(mdp, V)``.

    Raises:
        InvalidInput: if the model has no horizon or the policy is malformed.
    """
    probabilities = episodic_policy(mdp, policy)
    horizon = required_horizon(mdp)
    values = np.zeros((horizon + 1, mdp.n_states))
    _policy_values(
        *_kernel_arrays(mdp), mdp.n_states, mdp.n_actions, horizon, _stage_stride(mdp), probabilities, values
    )
    return values


def occupancies(mdp: MDP, policy: npt.ArrayLike) -> Float:
    """State-action occupancies ``d[h, s, a] = P_pi(s_h = s, a_h = a)`` from the initial distribution, shape (H, S, A).

    Every stage sums to one, and ``(d * rewards).sum()`` is the value of the policy.

    Args:
        mdp: a model with a horizon.
        policy: actions of shape (H, S), or probabilities of shape (H, S, A).

    Raises:
        InvalidInput: if the model has no horizon or the policy is malformed.
    """
    probabilities = episodic_policy(mdp, policy)
    horizon = required_horizon(mdp)
    mass = np.zeros((horizon, mdp.n_states))
    mass[0] = mdp.initial
    occupancy = np.zeros((horizon, mdp.n_states, mdp.n_actions))
    indptr, successors, transition, _ = _kernel_arrays(mdp)
    _push_forward(indptr, successors, transition, _stage_stride(mdp), probabilities, mass, occupancy)
    return occupancy


def _kernel_arrays(mdp: MDP) -> tuple[Int, Int, Float, Float]:
    return mdp.indptr, mdp.successors, mdp.probabilities, mdp.rewards


def _stage_stride(mdp: MDP) -> int:
    return mdp.n_states * mdp.n_actions if mdp.stage_dependent else 0


@njit(nogil=True, error_model="numpy", cache=True)
def _backups(indptr, successors, probabilities, rewards, n_states, n_actions, horizon, stage_stride, values, q):
    for h in range(horizon):
        row = h * stage_stride
        for state in range(n_states):
            for action in range(n_actions):
                total = rewards[row]
                for k in range(indptr[row], indptr[row + 1]):
                    total += probabilities[k] * values[h + 1, successors[k]]
                q[h, state, action] = total
                row += 1


@njit(nogil=True, error_model="numpy", cache=True)
def _policy_values(
    indptr, successors, probabilities, rewards, n_states, n_actions, horizon, stage_stride, policy, values
):
    for h in range(horizon - 1, -1, -1):
        row = h * stage_stride
        for state in range(n_states):
            value = 0.0
            for action in range(n_actions):
                weight = policy[h, state, action]
                if weight > 0.0:
                    total = rewards[row]
                    for k in range(indptr[row], indptr[row + 1]):
                        total += probabilities[k] * values[h + 1, successors[k]]
                    value += weight * total
                row += 1
            values[h, state] = value


@njit(nogil=True, error_model="numpy", cache=True)
def _push_forward(indptr, successors, probabilities, stage_stride, policy, mass, occupancy):
    horizon, n_states, n_actions = policy.shape
    for h in range(horizon):
        row = h * stage_stride
        for state in range(n_states):
            here = mass[h, state]
            if here == 0.0:
                row += n_actions
                continue
            for action in range(n_actions):
                weight = here * policy[h, state, action]
                if weight > 0.0:
                    occupancy[h, state, action] = weight
                    if h + 1 < horizon:
                        for k in range(indptr[row], indptr[row + 1]):
                            mass[h + 1, successors[k]] += weight * probabilities[k]
                row += 1
