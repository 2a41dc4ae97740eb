"""Bellman sweeps over successor lists, the common machinery of the infinite-horizon planners.

A sweep reads one array of values and writes another, so the result does not depend on the number of threads. Large
models are swept by a pool of threads over equal ranges of states (the kernels release the interpreter's lock).

Rounding is part of every certificate. With unit roundoff u = 2^-53 a computed backup of a row of n successors, summed
in four running sums, is off by at most (n/4 + 8) u (|r| + 2 |V|) (Higham 2002, section 4.2), and a row whose
probabilities sum to 1 + e instead of 1 by |e| |V|. ``rounding`` returns the sum of the two.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType

import numpy as np
import numpy.typing as npt
from numba import njit

from mdps.model import MDP, Float, Int

UNIT_ROUNDOFF = 2.0**-53

#: Below this many successors one thread is faster than handing out the work.
SUCCESSORS_PER_THREAD = 250_000


class NotConverged(RuntimeError):
    """A planner gave up: at its limit of sweeps, or because float64 cannot carry the numbers it met on the way."""


class Sweeps:
    """Backups V -> max_a { r(s, a) + move * sum_y P(y | s, a) V(y) + stay * V(s) } over all states at once.

    ``move = discount, stay = 0`` is the discounted operator; ``move = a, stay = 1 - a`` the aperiodic transform of the
    average-reward operator (Puterman 1994, section 8.5.4). Use as a context manager: it owns its threads.

    Args:
        indptr, successors, probabilities, rewards: rows ordered by state, then action.
        n_states, n_actions: their numbers; successors are kept as 32-bit integers, which halves their traffic, and
            unsigned, because each signed index would be tested for counting from the end.
    """

    def __init__(
        self, indptr: Int, successors: npt.NDArray, probabilities: Float, rewards: Float, n_states: int, n_actions: int
    ) -> None:
        self._rows = (indptr, successors.astype(np.uint32), probabilities, rewards, n_actions)
        n_threads = max(1, min(_available_cores(), len(successors) // SUCCESSORS_PER_THREAD, n_states))
        edges = np.linspace(0, n_states, n_threads + 1).astype(np.int64)
        self._chunks = list(zip(edges[:-1].tolist(), edges[1:].tolist()))
        self._pool = ThreadPoolExecutor(n_threads) if n_threads > 1 else None
        self._largest_reward = float(np.abs(rewards).max())
        width = int(np.diff(indptr).max())
        self._relative_rounding = (width / 4.0 + 8.0) * UNIT_ROUNDOFF
        self._row_error = float(np.abs(np.add.reduceat(probabilities, indptr[:-1]) - 1.0).max())

    @classmethod
    def of(cls, mdp: MDP) -> Sweeps:
        """The sweeps of a stationary model."""
        return cls(mdp.indptr, mdp.successors, mdp.probabilities, mdp.rewards, mdp.n_states, mdp.n_actions)

    def __enter__(self) -> Sweeps:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._pool is not None:
            self._pool.shutdown()

    def improve(self, move: float, stay: float, values: Float, out: Float, policy: Int) -> tuple[float, float]:
        """Write the best backup to ``out`` and its action (ties: lowest index) to ``policy``.

        Returns:
            The least and the largest entry of ``out - values``.
        """
        return self._run(_improve, move, stay, values, out, policy)

    def follow(self, move: float, stay: float, values: Float, out: Float, policy: Int) -> tuple[float, float]:
        """The backup of the given actions only; otherwise as :meth:`improve`."""
        return self._run(_follow, move, stay, values, out, policy)

    def _run(
        self, kernel: Callable, move: float, stay: float, values: Float, out: Float, policy: Int
    ) -> tuple[float, float]:
        if self._pool is None:
            ((start, stop),) = self._chunks
            return kernel(*self._rows, move, stay, values, out, policy, start, stop)
        jobs = [self._pool.submit(kernel, *self._rows, move, stay, values, out, policy, *c) for c in self._chunks]
        extremes = [job.result() for job in jobs]
        return min(low for low, _ in extremes), max(high for _, high in extremes)

    def rounding(self, largest_value: float) -> float:
        """Bound on the error of one computed backup of values of modulus at most ``largest_value``."""
        return self._relative_rounding * (self._largest_reward + 2.0 * largest_value) + self._row_error * largest_value

    @property
    def largest_reward(self) -> float:
        """Largest modulus of a mean reward."""
        return self._largest_reward


def _available_cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


_ONE, _TWO, _THREE, _FOUR = (np.uint64(k) for k in (1, 2, 3, 4))


# Unsigned positions and selects instead of branches make these loops twice as fast as the plain spelling.
@njit(nogil=True, error_model="numpy", cache=True, inline="always")
def _expectation(successors, probabilities, values, start, stop):
    """sum_k probabilities[k] values[successors[k]] in four running sums: faster, and a quarter of the rounding."""
    a = 0.0
    b = 0.0
    c = 0.0
    d = 0.0
    k = np.uint64(start)
    end = np.uint64(stop)
    while k + _THREE < end:
        a += probabilities[k] * values[successors[k]]
        b += probabilities[k + _ONE] * values[successors[k + _ONE]]
        c += probabilities[k + _TWO] * values[successors[k + _TWO]]
        d += probabilities[k + _THREE] * values[successors[k + _THREE]]
        k += _FOUR
    while k < end:
        a += probabilities[k] * values[successors[k]]
        k += _ONE
    return (a + b) + (c + d)


@njit(nogil=True, error_model="numpy", cache=True)
def _improve(
    indptr, successors, probabilities, rewards, n_actions, move, stay, values, out, policy, first_state, last_state
):
    low = np.inf
    high = -np.inf
    row = np.uint64(first_state * n_actions)
    for state in range(np.uint64(first_state), np.uint64(last_state)):
        here = values[state]
        best = -np.inf
        best_action = 0
        for action in range(n_actions):
            q = rewards[row] + move * _expectation(successors, probabilities, values, indptr[row], indptr[row + _ONE])
            best_action = action if q > best else best_action
            best = q if q > best else best
            row += _ONE
        best += stay * here
        out[state] = best
        policy[state] = best_action
        low = min(low, best - here)
        high = max(high, best - here)
    return low, high


@njit(nogil=True, error_model="numpy", cache=True)
def _follow(
    indptr, successors, probabilities, rewards, n_actions, move, stay, values, out, policy, first_state, last_state
):
    low = np.inf
    high = -np.inf
    for state in range(np.uint64(first_state), np.uint64(last_state)):
        here = values[state]
        row = state * np.uint64(n_actions) + np.uint64(policy[state])
        value = rewards[row] + move * _expectation(successors, probabilities, values, indptr[row], indptr[row + _ONE])
        value += stay * here
        out[state] = value
        low = min(low, value - here)
        high = max(high, value - here)
    return low, high
