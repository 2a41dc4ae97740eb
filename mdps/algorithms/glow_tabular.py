"""GLOW over all tabular functions, F = [0, 1]^{H x S x A}: optimism by mixed-integer linear programming."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator
from typing import NamedTuple

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import coo_array

from kernels.driven import DRIVEN
from mdps.bellman_tests import box_suprema, box_weights
from mdps.function_classes import FunctionProblem, FunctionWorld, Walks
from mdps.model import Float
from mdps.weight_classes import Box, Listed
from theory.errors import InvalidInput

PROTOCOL = DRIVEN

#: A box test may be missed by this much (times 1 + beta) before another cut is added.
CUT_TOLERANCE = 1e-4
#: Cuts after which the program gives up.
MOST_CUTS = 500


class GLOWTabular(NamedTuple):
    """Algorithm 1 of Amortila et al. (2024) with every function as F; the class of the instance is not used.

    Attributes:
        gamma: scale of the clipping, in (0, 1].
        delta: failure probability.
        log_functions: log|F| that L is charged, >= 0: of a cover of F, which the user states.
        n_trajectories: K, episodes of a round.
        alpha_scale, beta_scale: multiply alpha_t and beta_t; 1 in the theorems.
    """

    gamma: float
    delta: float = 0.1
    log_functions: float = 0.0
    n_trajectories: int = 1
    alpha_scale: float = 1.0
    beta_scale: float = 1.0


class Counts(NamedTuple):
    """n(s, a, s') and sums of rewards of every stage, (H, S, A, S) and (H, S, A); first states, (S,)."""

    following: Float
    rewards: Float
    starts: Float


class Moment(NamedTuple):
    """What a round shows to a watch: f^(t), (H, S, A), and the round's episodes."""

    function: Float
    walks: Walks


def allocate(params: GLOWTabular, problem: FunctionProblem) -> FunctionProblem:
    """Nothing to prepare but the checks.

    Raises:
        InvalidInput: if a hyper-parameter is out of its range.
    """
    if not 0.0 < params.gamma <= 1.0:
        raise InvalidInput(f"GLOW: gamma is {params.gamma}; expected a number in (0, 1]")
    if not 0.0 < params.delta < 1.0:
        raise InvalidInput(f"GLOW: delta is {params.delta}; expected a number in (0, 1)")
    if int(params.n_trajectories) != params.n_trajectories or params.n_trajectories < 1:
        raise InvalidInput(f"GLOW: n_trajectories is {params.n_trajectories}; expected an integer >= 1")
    if not 0.0 < params.alpha_scale < math.inf:
        raise InvalidInput(f"GLOW: alpha_scale is {params.alpha_scale}; expected a finite number > 0")
    if not isinstance(problem.weights, Listed | Box):
        given = type(problem.weights).__name__  # ratios of a class's policies; tabular functions have others
        raise InvalidInput(f"GLOW: W is {given}; expected Listed or Box")
    for name in ("beta_scale", "log_functions"):
        if not 0.0 <= getattr(params, name) < math.inf:
            raise InvalidInput(f"GLOW: {name} is {getattr(params, name)}; expected a finite number >= 0")
    return problem


class _Rows:
    """Linear constraints low <= row . x <= high, collected entry by entry."""

    def __init__(self, n_variables: int) -> None:
        self.shape = n_variables
        self.entries: list[tuple[int, int, float]] = []
        self.low: list[float] = []
        self.high: list[float] = []

    def add(self, columns: list[int], values: list[float], low: float, high: float) -> None:
        """One more row."""
        row = len(self.low)
        self.entries += [(row, column, value) for column, value in zip(columns, values)]
        self.low.append(low)
        self.high.append(high)

    def constraint(self) -> LinearConstraint:
        """As scipy takes them."""
        i, j, v = zip(*self.entries)
        matrix = coo_array((v, (i, j)), shape=(len(self.low), self.shape)).tocsr()
        return LinearConstraint(matrix, np.array(self.low), np.array(self.high))


def bellman_errors(f: Float, counts: Counts) -> Float:
    """e(z) = n f_h - R - sum_s' n(z, s') max f_{h+1}(s', .), (H, S, A)."""
    ahead = np.concatenate([f[1:].max(axis=2), np.zeros((1, f.shape[1]))])
    return np.asarray(
        counts.following.sum(axis=3) * f - counts.rewards - np.einsum("hsay,hy->hsa", counts.following, ahead)
    )


class Thresholds(NamedTuple):
    """The tests of a round: Eh_h[Dh_h f wc - alpha wc^2] <= beta, wc = min(w, clip), over n_samples tuples a stage."""

    n_samples: float
    clip: float
    alpha: float
    beta: float


#: What a solution violates: from (f, counts, tests) to pairs of a stage and a weight (S, A), each a cut to be added.
Violated = Callable[[Float, Counts, Thresholds], list[tuple[int, Float]]]


def nothing_more(f: Float, counts: Counts, tests: Thresholds) -> list[tuple[int, Float]]:
    """For listed weights, whose rows are all there from the start."""
    return []


def worst_of_the_box(f: Float, counts: Counts, tests: Thresholds) -> list[tuple[int, Float]]:
    """For all weights into [0, clip]: at each stage that fails, the weight that f violates most."""
    errors, n = bellman_errors(f, counts)[None], counts.following.sum(axis=3)
    suprema = box_suprema(errors, n, tests.n_samples, tests.clip, tests.alpha)[0]
    worst = box_weights(errors, n, tests.clip, tests.alpha)[0]
    failing = np.flatnonzero(suprema > tests.beta + CUT_TOLERANCE * (1.0 + abs(tests.beta)))
    return [(h, worst[h]) for h in failing.tolist()]


def most_optimistic(counts: Counts, weights: Float, violated: Violated, tests: Thresholds) -> Float:
    """argmax of Eh[max_a f_1(x_1, a)] over the tabular f in [0, 1] that pass every test, (H, S, A).

    Variables f_h(s, a), V_h(s) and binary z_h(s, a): V_h = max_a f_h(s, a) by V >= f, V <= f + 1 - z, sum_a z = 1 (an
    inequality alone would let V be too large, which makes the tests easier), V_{H+1} = 0. One row for each stage and
    weight; then cuts, until nothing is violated.

    Args:
        weights: (n_weights, H, S, A), each tested from the start.

    Raises:
        InvalidInput: if no function passes the tests, or the cuts do not end.
    """
    h_max, n_states, n_actions, _ = counts.following.shape
    n = counts.following.sum(axis=3)
    pairs = h_max * n_states * n_actions

    def f_at(h: int, s: int, a: int) -> int:
        return (h * n_states + s) * n_actions + a

    def v_at(h: int, s: int) -> int:
        return pairs + h * n_states + s

    def z_at(h: int, s: int, a: int) -> int:
        return pairs + h_max * n_states + f_at(h, s, a)

    rows = _Rows(2 * pairs + h_max * n_states)
    for h in range(h_max):
        for s in range(n_states):
            for a in range(n_actions):
                rows.add([v_at(h, s), f_at(h, s, a)], [1.0, -1.0], 0.0, np.inf)
                rows.add([v_at(h, s), f_at(h, s, a), z_at(h, s, a)], [1.0, -1.0, 1.0], -np.inf, 1.0)
            rows.add([z_at(h, s, a) for a in range(n_actions)], [1.0] * n_actions, 1.0, 1.0)

    def test(h: int, weight: Float) -> None:
        """(1/M) sum_z [e(z) wc(z) - alpha n wc^2] <= beta for one stage and weight, linear in f and V."""
        wc = np.minimum(np.where(n[h] > 0.0, weight, 0.0), tests.clip)
        columns, values = [], []
        for s, a in zip(*np.nonzero(wc)):
            columns.append(f_at(h, int(s), int(a)))
            values.append(n[h, s, a] * wc[s, a] / tests.n_samples)
        if h + 1 < h_max:
            for y, flow in enumerate(np.einsum("sa,say->y", wc, counts.following[h])):
                columns.append(v_at(h + 1, y))
                values.append(-flow / tests.n_samples)
        constant = float((counts.rewards[h] * wc + tests.alpha * n[h] * wc**2).sum()) / tests.n_samples
        if columns:
            rows.add(columns, values, -np.inf, tests.beta + constant)

    for weight in weights:
        for h in range(h_max):
            test(h, weight[h])
    cost = np.zeros(rows.shape)
    cost[pairs : pairs + n_states] = -counts.starts / max(counts.starts.sum(), 1.0)
    whole = np.zeros(rows.shape)
    whole[pairs + h_max * n_states :] = 1.0
    for _ in range(MOST_CUTS):
        found = milp(cost, constraints=rows.constraint(), bounds=Bounds(0.0, 1.0), integrality=whole)
        if found.x is None:
            raise InvalidInput(f"no tabular function passes the tests of this round ({found.message})")
        f = np.clip(found.x[:pairs], 0.0, 1.0).reshape(h_max, n_states, n_actions)
        cuts = violated(f, counts, tests)
        if not cuts:
            return f
        for h, weight in cuts:
            test(h, weight)
    raise InvalidInput(f"{MOST_CUTS} cuts did not settle the tests of this round; expected fewer")


def play(
    params: GLOWTabular, problem: FunctionProblem, world: FunctionWorld, horizon: int
) -> Generator[Moment, None, None]:
    """Rounds t = 1, 2, ...; in the first, f = 1 everywhere."""
    h, s, a = problem.horizon, problem.n_states, problem.n_actions
    counts = Counts(np.zeros((h, s, a, s)), np.zeros((h, s, a)), np.zeros(s))
    weights = problem.weights.at(np.zeros(len(problem.policies), np.int64))
    sizes = params.log_functions + problem.weights.log_size(horizon)
    log_size = float(sizes + math.log(6.0 * horizon * h / params.delta))
    violated: Violated = worst_of_the_box if isinstance(problem.weights, Box) else nothing_more
    function = np.ones((h, s, a))
    for t in range(1, horizon + 1):
        if t > 1:
            gamma_t, n_samples = params.gamma * t, float(params.n_trajectories * (t - 1))
            beta = params.beta_scale * 36.0 * gamma_t / n_samples * log_size
            tests = Thresholds(n_samples, gamma_t, params.alpha_scale * 8.0 / gamma_t, beta)
            function = most_optimistic(counts, weights, violated, tests)
        policy = function.argmax(axis=2)
        walks = world.trajectories(policy, params.n_trajectories)
        np.add.at(counts.starts, walks.states[:, 0], 1.0)
        for i in range(h):
            np.add.at(counts.following[i], (walks.states[:, i], walks.actions[:, i], walks.states[:, i + 1]), 1.0)
            np.add.at(counts.rewards[i], (walks.states[:, i], walks.actions[:, i]), walks.rewards[:, i])
        yield Moment(function, walks)
