"""Extended value iteration: the average-reward optimum over a set of plausible models (Jaksch, Ortner, Auer 2010, 3.1).

Each sweep takes, in every state and action, the plausible transition law that leads to the highest expected value. The
three sets of the literature have one compiled *inner maximum* each,

- ``l1_maximum``: a ball in the l1 norm (UCRL2; Jaksch, Ortner, Auer 2010, figure 2),
- ``box_maximum``: an interval for every entry (UCRL2B, UOB-REPS),
- ``kl_maximum``: a Kullback-Leibler ball (KL-UCRL; Filippi, Cappe, Garivier 2010, algorithm 2),

and one compiled iteration each. They allocate nothing and may be called from compiled loops; the functions without
``_kernel`` take plain arrays, check them and allocate the buffers.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numba import njit

from mdps.model import ROW_SUM_TOLERANCE, Float, Int
from mdps.planning.sweeps import NotConverged
from theory.errors import InvalidInput


# ------------------------------------------------------------------------------------------------------ inner maxima
@njit(nogil=True, error_model="numpy", cache=True)
def sort_descending(values: Float, order: Int) -> None:
    """Sort the permutation ``order`` so that ``values[order]`` does not increase, ties in their present order.

    By insertion: linear time when the order hardly changed since the last sweep, and no memory.
    """
    for i in range(1, len(order)):
        state = order[i]
        value = values[state]
        j = i
        while j > 0 and values[order[j - 1]] < value:
            order[j] = order[j - 1]
            j -= 1
        order[j] = state


@njit(nogil=True, error_model="numpy", cache=True)
def l1_maximum(p_hat: Float, radius: float, values: Float, order: Int, out: Float) -> float:
    """max { p . values : p a distribution, |p - p_hat|_1 <= radius }; the maximiser is left in ``out``.

    Up to radius / 2 of mass moves to the best state, taken from the worst ones (Jaksch, Ortner, Auer 2010, figure 2).

    Args:
        p_hat: a distribution, shape (S,) (any non-negative row of sum at most 1 if ``radius`` >= 2).
        radius: >= 0.
        values: shape (S,).
        order: states by decreasing value (:func:`sort_descending`).
        out: buffer of shape (S,).
    """
    total = 0.0
    for state in range(len(out)):
        out[state] = p_hat[state]
        total += p_hat[state]
    best = order[0]
    out[best] = min(1.0, p_hat[best] + 0.5 * radius)
    excess = total - 1.0 + (out[best] - p_hat[best])
    j = len(order) - 1
    while excess > 0.0 and j > 0:
        worst = order[j]
        cut = min(out[worst], excess)
        out[worst] -= cut
        excess -= cut
        j -= 1
    return _dot(out, values)


@njit(nogil=True, error_model="numpy", cache=True)
def box_maximum(lower: Float, upper: Float, values: Float, order: Int, out: Float) -> float:
    """max { p . values : p a distribution, lower <= p <= upper }; the maximiser is left in ``out``.

    Start from the lower bounds and fill the best states up to their upper bounds.

    Args:
        lower, upper: shape (S,), 0 <= lower <= upper, sum of lower <= 1 <= sum of upper.
        values, order, out: as in :func:`l1_maximum`.
    """
    left = 1.0
    for state in range(len(out)):
        out[state] = lower[state]
        left -= lower[state]
    for j in range(len(order)):
        if left <= 0.0:
            break
        state = order[j]
        added = min(upper[state] - lower[state], left)
        out[state] += added
        left -= added
    return _dot(out, values)


@njit(nogil=True, error_model="numpy", cache=True)
def kl_maximum(p_hat: Float, radius: float, values: Float, out: Float) -> float:
    """max { q . values : q a distribution, KL(p_hat, q) <= radius }; the maximiser is left in ``out``.

    Filippi, Cappe, Garivier 2010, algorithm 2 and section 4: on the support of p_hat, q is proportional to
    p_hat / (nu - values) with nu the root of f(nu) = radius,
    f(nu) = sum p_hat log(nu - values) + log sum p_hat / (nu - values),
    unless a best state lies outside the support and f(best value) < radius: that state then gets the mass
    1 - exp(f(best value) - radius) and nu is the best value.

    Args:
        p_hat: a distribution, shape (S,).
        radius: >= 0, in nats.
        values: shape (S,).
        out: buffer of shape (S,).
    """
    n = len(out)
    best, worst = 0, 0
    for state in range(n):
        out[state] = p_hat[state]
        # among equal best states one outside the support is preferred: it can take mass at once
        if values[state] > values[best] or (values[state] == values[best] and p_hat[state] == 0.0):
            best = state
        if values[state] < values[worst]:
            worst = state
    top, span = values[best], values[best] - values[worst]
    if not radius > 0.0 or span == 0.0:
        return _dot(out, values)
    # in units of the span: nu = top + x span, and nu - values[s] = (x + shortfall[s]) span; f does not see the unit
    mean, variance = 0.0, 0.0
    at_top, inverse, supported_top = 0.0, 0.0, False
    for state in range(n):
        if p_hat[state] > 0.0:
            mean += p_hat[state] * (top - values[state]) / span
    for state in range(n):
        if p_hat[state] > 0.0:
            shortfall = (top - values[state]) / span
            variance += p_hat[state] * (shortfall - mean) ** 2
            supported_top |= shortfall == 0.0
            at_top += p_hat[state] * math.log(shortfall)
            inverse += p_hat[state] / shortfall
    if mean == 0.0:
        return _dot(out, values)
    remaining, x = 1.0, 0.0  # mass left on the support of p_hat
    if not supported_top:  # otherwise f is infinite at the top
        at_top += math.log(inverse)
        if at_top < radius:
            remaining = math.exp(at_top - radius)
    if remaining == 1.0:
        x = _kl_root(p_hat, radius, values, top, span, math.sqrt(0.5 * variance / radius))
    total = 0.0
    for state in range(n):
        if p_hat[state] > 0.0:
            out[state] = p_hat[state] / (x + (top - values[state]) / span)
            total += out[state]
    for state in range(n):
        out[state] *= remaining / total
    if remaining < 1.0:
        out[best] = 1.0 - remaining
    return _dot(out, values)


@njit(nogil=True, error_model="numpy", cache=True)
def _kl_root(p_hat, radius, values, top, span, x):
    """Root of f = radius in x > 0, where f decreases: safeguarded Newton in (log x, log f), nearly straight there."""
    low, high = 0.0, np.inf
    for _ in range(200):
        f, slope = _kl_dual(p_hat, values, top, span, x)
        if f > radius:
            low = x
        else:
            high = x
        step = x * math.exp(-math.log(f / radius) / slope)
        if not low < step < high:
            if high == np.inf:
                step = 4.0 * x
            elif low == 0.0:
                step = x / 16.0
            else:
                step = math.sqrt(low) * math.sqrt(high)
        if abs(step - x) <= 1e-15 * x or step < 1e-290:
            # at the lower end all but a vanishing mass sits on the best states; a smaller x changes nothing
            break
        x = step
    return x


@njit(nogil=True, error_model="numpy", cache=True)
def _kl_dual(p_hat, values, top, span, x):
    """f and d log f / d log x. With w = x / (x + shortfall): f = -E log w + log E w, x f' = -Var w / E w."""
    mean_log, mean, square = 0.0, 0.0, 0.0  # of log w, 1 - w, (1 - w)^2
    kept = 0.0  # E w
    for state in range(len(p_hat)):
        if p_hat[state] > 0.0:
            shortfall = (top - values[state]) / span
            mean_log -= p_hat[state] * math.log1p(shortfall / x)
            lost = shortfall / (x + shortfall)
            mean += p_hat[state] * lost
            square += p_hat[state] * lost * lost
            kept += p_hat[state] * x / (x + shortfall)
    f = (math.log1p(-mean) if mean < 0.5 else math.log(kept)) - mean_log
    return f, -(square - mean * mean) / (kept * f)


@njit(nogil=True, error_model="numpy", cache=True)
def _dot(p, values):
    total = 0.0
    for state in range(len(p)):
        if p[state] > 0.0:
            total += p[state] * values[state]
    return total


# --------------------------------------------------------------------------------------------------------- iterations
@njit(nogil=True, error_model="numpy", cache=True)
def l1_kernel(rewards, p_hat, radius, aperiodicity, epsilon, max_sweeps, values, ahead, order, row, policy):
    """Extended value iteration over l1 balls; compiled, allocates nothing.

    Args:
        rewards: optimistic mean rewards, shape (S, A).
        p_hat: centres, shape (S, A, S).
        radius: of each ball, shape (S, A).
        aperiodicity: 1 for the algorithm as published; a < 1 iterates with a P + (1 - a) I instead.
        epsilon: stop when the span of the last change is below it.
        max_sweeps: give up after so many.
        values: first iterate, shape (S,); overwritten with the last one, shifted to minimum zero.
        ahead, row: buffers of shape (S,).
        order: any permutation of the states, int64; overwritten.
        policy: int64, shape (S,); overwritten with the greedy actions (ties: lowest index).

    Returns:
        least change, greatest change (they bracket the optimistic gain), and the number of sweeps, which is
        ``max_sweeps + 1`` if the span never fell below epsilon.
    """
    n_states, n_actions = rewards.shape
    low, high = -np.inf, np.inf
    for n_sweeps in range(1, max_sweeps + 1):
        sort_descending(values, order)
        for state in range(n_states):
            ahead[state] = -np.inf
            for action in range(n_actions):
                q = l1_maximum(p_hat[state, action], radius[state, action], values, order, row)
                _offer(rewards[state, action] + aperiodicity * q, state, action, ahead, policy)
        low, high = _finish(values, ahead, 1.0 - aperiodicity)
        if high - low < epsilon:
            return low, high, n_sweeps
    return low, high, max_sweeps + 1


@njit(nogil=True, error_model="numpy", cache=True)
def box_kernel(rewards, lower, upper, aperiodicity, epsilon, max_sweeps, values, ahead, order, row, policy):
    """Extended value iteration over boxes ``lower <= p <= upper`` (both (S, A, S)); otherwise as :func:`l1_kernel`."""
    n_states, n_actions = rewards.shape
    low, high = -np.inf, np.inf
    for n_sweeps in range(1, max_sweeps + 1):
        sort_descending(values, order)
        for state in range(n_states):
            ahead[state] = -np.inf
            for action in range(n_actions):
                q = box_maximum(lower[state, action], upper[state, action], values, order, row)
                _offer(rewards[state, action] + aperiodicity * q, state, action, ahead, policy)
        low, high = _finish(values, ahead, 1.0 - aperiodicity)
        if high - low < epsilon:
            return low, high, n_sweeps
    return low, high, max_sweeps + 1


@njit(nogil=True, error_model="numpy", cache=True)
def kl_kernel(rewards, p_hat, radius, aperiodicity, epsilon, max_sweeps, values, ahead, row, policy):
    """Extended value iteration over KL balls; otherwise as :func:`l1_kernel`, without ``order``."""
    n_states, n_actions = rewards.shape
    low, high = -np.inf, np.inf
    for n_sweeps in range(1, max_sweeps + 1):
        for state in range(n_states):
            ahead[state] = -np.inf
            for action in range(n_actions):
                q = kl_maximum(p_hat[state, action], radius[state, action], values, row)
                _offer(rewards[state, action] + aperiodicity * q, state, action, ahead, policy)
        low, high = _finish(values, ahead, 1.0 - aperiodicity)
        if high - low < epsilon:
            return low, high, n_sweeps
    return low, high, max_sweeps + 1


@njit(nogil=True, error_model="numpy", cache=True)
def _offer(q, state, action, ahead, policy):
    if q > ahead[state]:
        ahead[state] = q
        policy[state] = action


@njit(nogil=True, error_model="numpy", cache=True)
def _finish(values, ahead, stay):
    """End a sweep: the extremes of the change, and ``values`` replaced by the new ones with minimum zero."""
    low, high, least = np.inf, -np.inf, np.inf
    for state in range(len(values)):
        ahead[state] += stay * values[state]
        change = ahead[state] - values[state]
        low, high, least = min(low, change), max(high, change), min(least, ahead[state])
    for state in range(len(values)):
        values[state] = ahead[state] - least
    return low, high


# -------------------------------------------------------------------------------------------------- for Python callers
@dataclass(frozen=True, eq=False)
class ExtendedSolution:
    """Optimum over a set of plausible models.

    Attributes:
        gain_lower, gain_upper: they bracket the largest gain of any policy in any plausible model.
        values: relative values, shape (S,), minimum zero; at aperiodicity a they are those of the model divided by a.
        policy: greedy actions, shape (S,), ties to the lowest index.
        n_sweeps: number of sweeps.
    """

    gain_lower: float
    gain_upper: float
    values: Float
    policy: Int
    n_sweeps: int

    @property
    def gain(self) -> float:
        """Middle of the bracket."""
        return 0.5 * (self.gain_lower + self.gain_upper)


def extended_value_iteration_l1(
    rewards: npt.ArrayLike,
    p_hat: npt.ArrayLike,
    radius: npt.ArrayLike,
    epsilon: float,
    *,
    aperiodicity: float = 1.0,
    max_sweeps: int = 1_000_000,
) -> ExtendedSolution:
    """Extended value iteration over the l1 balls |p - p_hat|_1 <= radius (Jaksch, Ortner, Auer 2010, section 3.1).

    Args:
        rewards: optimistic mean rewards, shape (S, A).
        p_hat: centres, shape (S, A, S), rows are distributions.
        radius: >= 0, shape (S, A).
        epsilon: span of the last change below which it stops, > 0 (UCRL2: 1 / sqrt t).
        aperiodicity: 1 as published; below 1 converges on periodic models too (radius zero).
        max_sweeps: give up after so many.

    Raises:
        InvalidInput: a malformed argument.
        NotConverged: at ``max_sweeps`` (several closed classes, or a periodic model at aperiodicity 1).
    """
    r, p = _checked(rewards, p_hat, epsilon, aperiodicity)
    b = _radii(radius, r.shape)
    values, ahead, row = np.zeros(len(r)), np.empty(len(r)), np.empty(len(r))
    order, policy = np.arange(len(r)), np.empty(len(r), dtype=np.int64)
    low, high, n = l1_kernel(r, p, b, aperiodicity, epsilon, max_sweeps, values, ahead, order, row, policy)
    return _result(low, high, values, policy, n, max_sweeps)


def extended_value_iteration_box(
    rewards: npt.ArrayLike,
    p_hat: npt.ArrayLike,
    radius: npt.ArrayLike,
    epsilon: float,
    *,
    aperiodicity: float = 1.0,
    max_sweeps: int = 1_000_000,
) -> ExtendedSolution:
    """Extended value iteration over the boxes |p - p_hat| <= radius, entry by entry (Fruit, Pirotta, Lazaric 2020).

    Args:
        radius: >= 0, shape (S, A, S). The others as :func:`extended_value_iteration_l1`.

    Raises:
        InvalidInput, NotConverged: as :func:`extended_value_iteration_l1`.
    """
    r, p = _checked(rewards, p_hat, epsilon, aperiodicity)
    b = _radii(radius, p.shape)
    lower, upper = np.maximum(p - b, 0.0), np.minimum(p + b, 1.0)
    values, ahead, row = np.zeros(len(r)), np.empty(len(r)), np.empty(len(r))
    order, policy = np.arange(len(r)), np.empty(len(r), dtype=np.int64)
    low, high, n = box_kernel(r, lower, upper, aperiodicity, epsilon, max_sweeps, values, ahead, order, row, policy)
    return _result(low, high, values, policy, n, max_sweeps)


def extended_value_iteration_kl(
    rewards: npt.ArrayLike,
    p_hat: npt.ArrayLike,
    radius: npt.ArrayLike,
    epsilon: float,
    *,
    aperiodicity: float = 1.0,
    max_sweeps: int = 1_000_000,
) -> ExtendedSolution:
    """Extended value iteration over the balls KL(p_hat, p) <= radius (Filippi, Cappe, Garivier 2010).

    Args:
        radius: >= 0, in nats, shape (S, A). The others as :func:`extended_value_iteration_l1`.

    Raises:
        InvalidInput, NotConverged: as :func:`extended_value_iteration_l1`.
    """
    r, p = _checked(rewards, p_hat, epsilon, aperiodicity)
    b = _radii(radius, r.shape)
    values, ahead, row = np.zeros(len(r)), np.empty(len(r)), np.empty(len(r))
    policy = np.empty(len(r), dtype=np.int64)
    low, high, n = kl_kernel(r, p, b, aperiodicity, epsilon, max_sweeps, values, ahead, row, policy)
    return _result(low, high, values, policy, n, max_sweeps)


def _checked(rewards: npt.ArrayLike, p_hat: npt.ArrayLike, epsilon: float, aperiodicity: float) -> tuple[Float, Float]:
    r = np.ascontiguousarray(rewards, dtype=np.float64)
    p = np.ascontiguousarray(p_hat, dtype=np.float64)
    if r.ndim != 2 or r.size == 0 or p.shape != (*r.shape, len(r)):
        raise InvalidInput(f"rewards have shape {r.shape} and p_hat {p.shape}; expected (S, A) and (S, A, S)")
    if not np.isfinite(r).all():
        where = tuple(int(i) for i in np.argwhere(~np.isfinite(r))[0])
        raise InvalidInput(f"reward at index {where} is {r[where]}; expected a finite number")
    bad = (np.abs(p.sum(axis=2) - 1.0) > ROW_SUM_TOLERANCE) | ~(p >= 0.0).all(axis=2)
    if bad.any():
        where = tuple(int(i) for i in np.argwhere(bad)[0])
        raise InvalidInput(f"p_hat at index {where} is {p[where]}; expected a distribution")
    if not (math.isfinite(epsilon) and epsilon > 0.0):
        raise InvalidInput(f"epsilon is {epsilon}; expected a finite number > 0")
    if not 0.0 < aperiodicity <= 1.0:
        raise InvalidInput(f"aperiodicity is {aperiodicity}; expected a number in (0, 1]")
    return r, p


def _radii(radius: npt.ArrayLike, shape: tuple[int, ...]) -> Float:
    b = np.ascontiguousarray(radius, dtype=np.float64)
    if b.shape != shape:
        raise InvalidInput(f"radius has shape {b.shape}; expected {shape}")
    if not (b >= 0.0).all():
        where = tuple(int(i) for i in np.argwhere(~(b >= 0.0))[0])
        raise InvalidInput(f"radius at index {where} is {b[where]}; expected a number >= 0")
    return b


def _result(low: float, high: float, values: Float, policy: Int, n_sweeps: int, max_sweeps: int) -> ExtendedSolution:
    if n_sweeps > max_sweeps:
        raise NotConverged(f"the optimistic gain is only known to lie in [{low}, {high}] after {max_sweeps} sweeps")
    return ExtendedSolution(low, high, values, policy, n_sweeps)
