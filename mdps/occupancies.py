"""Occupancies of a layered process as a set of measures: relative entropies and projections under known transitions.

q_h(s, a), (H, S, A), is an occupancy if sum_a q_0(s, a) = mu(s) and the outflow of every later state is its inflow.
Measures are kept as logarithms, so that small probabilities do not underflow.
"""

from __future__ import annotations

import numpy as np
from scipy.special import xlogy

from mdps.planning.layered import Float
from theory.errors import InvalidInput

#: Largest violation of a flow constraint at which Newton's method may stop, and its most steps.
FLOW_TOLERANCE, MOST_STEPS = 1e-12, 500
#: Damping of a Newton step, relative to the largest violation.
DAMPING = 1e-2


def relative_entropy(p: Float, log_q: Float) -> float:
    """sum p log(p/q) - p + q over all entries, unnormalised; 0 log 0 = 0."""
    with np.errstate(invalid="ignore"):
        products = np.where(p > 0.0, p * log_q, 0.0)
    return float(xlogy(p, p).sum() - products.sum() - p.sum() + np.exp(log_q).sum())


def reachable(transitions: Float, initial: Float) -> np.ndarray:
    """Whether some policy reaches a state, (H, S)."""
    seen = [initial > 0.0]
    for rows in transitions:
        seen.append((rows[seen[-1]] > 0.0).any(axis=(0, 1)))
    return np.stack(seen)


def flow_policy(q: Float) -> Float:
    """The policy of an occupancy, uniform where the occupancy is zero, (H, S, A)."""
    mass = q.sum(axis=2, keepdims=True)
    return np.where(mass > 0.0, q / np.where(mass > 0.0, mass, 1.0), 1.0 / q.shape[2])


def flow_residual(transitions: Float, initial: Float, q: Float) -> float:
    """The largest violation of a flow constraint."""
    out = q.sum(axis=2)
    inflow = np.einsum("hsay,hsa->hy", transitions, q[:-1])
    return float(max(abs(out[0] - initial).max(), abs(out[1:] - inflow).max(initial=0.0)))


class Projection:
    """KL projection on the occupancies of known transitions, by Newton's method on the dual.

    argmin_q KL(q | w) over occupancies is q proportional within each layer to w exp(v_h(s) - sum_y P_h(y | s, a)
    v_{h+1}(y)), where v maximises the concave sum_s mu(s) v_0(s) - sum_h log Z_h(v) (Zimin and Neu 2013, Section 3).
    A constant added to v_h changes nothing: the first reachable state of every layer has v = 0.

    Args:
        transitions: (H - 1, S, A, S). initial: (S,). n_actions: A.
    """

    def __init__(self, transitions: Float, initial: Float, n_actions: int) -> None:
        alive = reachable(transitions, initial)
        horizon, n_states = alive.shape
        rows = np.zeros((horizon, n_states, n_actions, horizon, n_states))
        for h in range(horizon):
            for s in range(n_states):
                rows[h, s, :, h, s] = 1.0
            if h < horizon - 1:
                rows[h, :, :, h + 1] -= transitions[h]
        free = alive.copy()
        free[np.arange(horizon), alive.argmax(axis=1)] = False
        target = np.zeros((horizon, n_states))
        target[0] = initial
        self.alive = alive
        self._rows = np.ascontiguousarray(rows.reshape(horizon, n_states * n_actions, -1)[:, :, free.ravel()])
        self._target = target[free]
        self._start = np.zeros(int(free.sum()))

    def _tilted(self, log_weights: Float, v: Float) -> tuple[Float, float]:
        """log q (H, S A) and the dual value at v."""
        tilted = log_weights + self._rows @ v
        most = tilted.max(axis=1)
        logs = most + np.log(np.exp(tilted - most[:, None]).sum(axis=1))
        return tilted - logs[:, None], float(self._target @ v - logs.sum())

    def __call__(self, log_weights: Float) -> Float:
        """log q of the projection of the measure exp(log_weights), (H, S, A); -inf at unreachable states.

        Raises:
            InvalidInput: if Newton's method does not meet the flow constraints.
        """
        shape = log_weights.shape
        flat = np.where(self.alive[:, :, None], log_weights, -np.inf).reshape(shape[0], -1)
        v = self._start.copy()
        log_q, value = self._tilted(flat, v)
        for _ in range(MOST_STEPS):
            q = np.exp(log_q)
            means = (q[:, None, :] @ self._rows)[:, 0]
            gradient = self._target - means.sum(axis=0)
            if abs(gradient).max(initial=0.0) <= FLOW_TOLERANCE:
                break
            scaled = self._rows.transpose(0, 2, 1) * q[:, None, :]
            hessian = (scaled @ self._rows).sum(axis=0) - means.T @ means
            # Far away most probabilities vanish and so does the curvature: damped in proportion to the gradient.
            hessian.flat[:: len(v) + 1] += 1e-14 * np.trace(hessian) + DAMPING * abs(gradient).max()
            step = np.linalg.solve(hessian, gradient)
            size = 1.0
            while True:
                found, new = self._tilted(flat, v + size * step)
                if new >= value + 1e-4 * size * float(gradient @ step) - 1e-13 * (1.0 + abs(value)) or size < 1e-8:
                    break
                size *= 0.5
            v, log_q, value = v + size * step, found, new
        else:
            if abs(gradient).max() > 1e-9:
                raise InvalidInput(f"the projection stopped {abs(gradient).max():.3g} off a flow constraint")
        return log_q.reshape(shape)
