"""Layered processes whose transitions are known up to boxes low <= P_h(y | s, a) <= high."""

from __future__ import annotations

import warnings

import cvxpy as cp
import numpy as np

from mdps.planning.layered import Float
from theory.errors import InvalidInput

#: Probabilities that the solver leaves below its accuracy count as this much.
FLOOR = 1e-12
#: Of the interior-point solver: duality gap and constraints.
ACCURACY = 1e-9


def bernstein_box(counts: Float, log_term: float, scale: float = 1.0) -> tuple[Float, Float]:
    """(low, high) of Phat +- (2 sqrt(Phat l/max(1, N-1)) + 14 l/(3 max(1, N-1))), cut at 0 and 1.

    Jin, Jin, Luo, Sra and Yu 2020, eq. (5). Both have the shape (H - 1, S, A, S) of ``counts``.
    """
    visits = counts.sum(axis=3, keepdims=True)
    mean = counts / np.maximum(visits, 1.0)
    less = np.maximum(visits - 1.0, 1.0)
    radius = scale * (2.0 * np.sqrt(mean * log_term / less) + 14.0 * log_term / (3.0 * less))
    return np.maximum(mean - radius, 0.0), np.minimum(mean + radius, 1.0)


def largest_mean(low: Float, high: Float, values: Float) -> Float:
    """max of p . values over distributions low <= p <= high, for rows (..., S): mass goes to the best states first."""
    order = np.argsort(-values, kind="stable")
    low, room = low[..., order], (high - low)[..., order]
    before = np.cumsum(room, axis=-1) - room
    spare = 1.0 - low.sum(axis=-1, keepdims=True)
    return (low + np.clip(spare - before, 0.0, room)) @ values[order]


def upper_occupancy(low: Float, high: Float, initial: Float, policy: Float) -> Float:
    """u_h(s, a) = pi(a | s) max over transitions in the boxes of P(s_h = s), (H, S, A), by one recursion a state.

    Jin et al. 2020, Algorithm 3 (Comp-UOB).
    """
    horizon, n_states, _ = policy.shape
    reach = np.empty((horizon, n_states))
    for h in range(horizon):
        for s in range(n_states):
            ahead = np.eye(n_states)[s]
            for i in range(h - 1, -1, -1):
                ahead = (policy[i] * largest_mean(low[i], high[i], ahead)).sum(axis=1)
            reach[h, s] = initial @ ahead
    return policy * np.minimum(reach, 1.0)[:, :, None]


class BoxProjection:
    """argmin KL(q | w) over the q_h(s, a, y) of some transitions in the boxes: a convex program, built once.

    q has shape (H, S A, S); in the last layer, which leads nowhere, (S A, 1).

    Args:
        n_states, n_actions, horizon: sizes. initial: (S,).
    """

    def __init__(self, n_states: int, n_actions: int, horizon: int, initial: Float) -> None:
        pairs = n_states * n_actions
        self._q = [cp.Variable((pairs, n_states), nonneg=True) for _ in range(horizon - 1)]
        self._q.append(cp.Variable((pairs, 1), nonneg=True))
        self._low = [cp.Parameter((pairs, n_states), nonneg=True) for _ in range(horizon - 1)]
        self._high = [cp.Parameter((pairs, n_states), nonneg=True) for _ in range(horizon - 1)]
        self._logs = [cp.Parameter(q.shape) for q in self._q]
        of_state = np.kron(np.eye(n_states), np.ones((1, n_actions)))
        constraints = [of_state @ cp.sum(self._q[0], axis=1) == initial]
        for h in range(horizon - 1):
            mass = cp.reshape(cp.sum(self._q[h], axis=1), (pairs, 1), order="C") @ np.ones((1, n_states))
            constraints += [
                self._q[h] <= cp.multiply(self._high[h], mass),
                self._q[h] >= cp.multiply(self._low[h], mass),
                of_state @ cp.sum(self._q[h + 1], axis=1) == cp.sum(self._q[h], axis=0),
            ]
        terms = [-cp.sum(cp.entr(q)) - cp.sum(cp.multiply(w, q)) for q, w in zip(self._q, self._logs)]
        self._problem = cp.Problem(cp.Minimize(sum(terms)), constraints)

    def __call__(self, log_weights: list[Float], low: Float, high: Float) -> list[Float]:
        """log q of the projection of exp(log_weights).

        Raises:
            InvalidInput: if the solver gives up.
        """
        for h in range(len(self._low)):
            self._low[h].value = low[h].reshape(self._low[h].shape)
            self._high[h].value = high[h].reshape(self._high[h].shape)
        for parameter, weights in zip(self._logs, log_weights):
            parameter.value = weights
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # "may be inaccurate": the status says it, and is looked at
            self._problem.solve(solver=cp.CLARABEL, tol_gap_abs=ACCURACY, tol_gap_rel=ACCURACY, tol_feas=ACCURACY)
        if self._problem.status not in (cp.OPTIMAL, cp.OPTIMAL_INACCURATE):
            raise InvalidInput(f"the projection on the confidence set failed: {self._problem.status}")
        return [np.log(np.maximum(np.asarray(q.value), FLOOR)) for q in self._q]
