"""GLOW over tabular functions: the mixed-integer program against a grid of functions, and its cuts for the box."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from kernels.engine import simulate
from mdps.algorithms import glow_tabular as module
from mdps.algorithms.glow_tabular import (
    Counts,
    GLOWTabular,
    Thresholds,
    bellman_errors,
    most_optimistic,
    nothing_more,
    worst_of_the_box,
)
from mdps.bellman_tests import box_suprema
from mdps.function_classes import FunctionApproximation
from mdps.instances.function_classes import lock_class
from mdps.model import MDP
from mdps.planning.finite_horizon import backward_induction
from mdps.weight_classes import Box, Listed
from theory.errors import InvalidInput

STEP = 0.1


def some_counts(seed):
    """One state, two actions, two stages."""
    rng = np.random.default_rng(seed)
    n = rng.integers(0, 6, (2, 1, 2, 1)).astype(float)
    n[0, 0, 0, 0] += 10.0 - n[0].sum() if n[0].sum() < 10 else 0.0
    return Counts(n, n[..., 0] * rng.uniform(0.0, 0.5, (2, 1, 2)), np.array([10.0]))


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_6_the_program_equals_enumeration_over_a_grid(seed):
    """|X| = 1, A = 2, H = 2, W a finite list: the best value of a grid of functions, up to the grid's step."""
    counts = some_counts(seed)
    rng = np.random.default_rng(seed + 10)
    weights = rng.exponential(1.0, (3, 2, 1, 2))
    n, clip, alpha, beta = 10.0, 2.0, 0.05, 0.02
    f = most_optimistic(counts, weights, nothing_more, Thresholds(n, clip, alpha, beta))
    clipped = np.minimum(weights, clip)

    def passes(g, slack):
        errors = bellman_errors(g, counts)
        tests = (errors * clipped - alpha * counts.following.sum(axis=3) * clipped**2).sum(axis=(2, 3)) / n
        return bool((tests <= beta + slack).all())

    assert passes(f, 1e-7)
    grid = np.arange(0.0, 1.0 + STEP / 2, STEP)
    values = [
        max(a, b)
        for a, b, c, d in product(grid, repeat=4)
        if passes(np.array([[[a, b]], [[c, d]]]), 0.0)
    ]  # fmt: skip
    # No function of the grid beats the program; and rounding its solution down a step in stage 1 stays feasible.
    assert max(values) <= f[0].max() + 1e-7
    assert f[0].max() <= max(values) + 2 * STEP


@pytest.mark.parametrize("seed", [0, 1])
def test_cuts_settle_the_box(seed):
    counts = some_counts(seed)
    n, clip, alpha, beta = 10.0, 2.0, 0.3, 0.004
    f = most_optimistic(counts, np.zeros((0, 2, 1, 2)), worst_of_the_box, Thresholds(n, clip, alpha, beta))
    visits = counts.following.sum(axis=3)
    assert (box_suprema(bellman_errors(f, counts)[None], visits, n, clip, alpha) <= beta + 1e-4 * (1 + beta)).all()
    fine = np.linspace(0.0, 1.0, 11)
    for a, b, c, d in product(fine, repeat=4):
        g = np.array([[[a, b]], [[c, d]]])
        if max(a, b) > f[0].max() + 1e-6:  # the cuts leave out nothing that passes
            assert (box_suprema(bellman_errors(g, counts)[None], visits, n, clip, alpha) > beta).any()


def test_the_maximum_is_an_equality():
    """Were V_{h+1} >= max f_{h+1} only, V could be 1 and every f_1 would pass."""
    n = np.zeros((2, 1, 2, 1))
    n[:, 0, 0, 0] = 10.0
    counts = Counts(n, np.zeros((2, 1, 2)), np.array([10.0]))
    tests = Thresholds(10.0, 1.0, 0.0, 0.0)
    f = most_optimistic(counts, np.ones((1, 2, 1, 2)), nothing_more, tests)
    assert f[0].max() == pytest.approx(1.0)  # an action that was never tried can pay 1, now or next
    counts = counts._replace(following=n[:, :, :1], rewards=np.zeros((2, 1, 1)))
    only = most_optimistic(counts, np.ones((1, 2, 1, 1)), nothing_more, tests)
    assert only == pytest.approx(np.zeros((2, 1, 1)), abs=1e-9)


#: The indicators of the pairs, at all stages.
PAIRS = Listed(np.broadcast_to(4.0 * np.eye(4).reshape(4, 1, 2, 2), (4, 2, 2, 2)).copy())


@pytest.mark.parametrize("weights", [PAIRS, Box(3.0)], ids=["indicators", "box"])
def test_it_learns_a_small_lock(weights):
    lock = lock_class(2, weights=weights)
    params = GLOWTabular(1.0, beta_scale=0.001, alpha_scale=0.05, n_trajectories=20)
    trace = simulate(params, lock, 8, 1)
    assert trace.regret[0, -1] < 6 * lock.optimum


def test_the_first_round_is_optimistic_everywhere():
    lock = lock_class(2, weights=PAIRS)
    first = next(module.play(GLOWTabular(0.5), lock.problem(3), lock.world(0, 0), 3))
    assert (first.function == 1.0).all()


def test_an_impossible_round_is_named():
    mdp = MDP.from_dense(np.ones((1, 1, 1)), [[0.5]], horizon=1)
    instance = FunctionApproximation(mdp, backward_induction(mdp)[1][None], Listed(np.ones((1, 1, 1, 1))))
    assert simulate(GLOWTabular(0.5), instance, 3, 1).regret[0, -1] == 0.0
    counts = Counts(np.full((1, 1, 1, 1), 4.0), np.full((1, 1, 1), -8.0), np.array([4.0]))
    with pytest.raises(InvalidInput, match="no tabular function passes"):
        most_optimistic(counts, np.ones((1, 1, 1, 1)), nothing_more, Thresholds(4.0, 1.0, 0.0, 0.5))


@pytest.mark.parametrize(
    ("params", "message"),
    [
        (GLOWTabular(0.0), "gamma is 0.0"),
        (GLOWTabular(0.5, delta=0.0), "delta is 0.0"),
        (GLOWTabular(0.5, n_trajectories=0), "n_trajectories is 0"),
        (GLOWTabular(0.5, alpha_scale=0.0), "alpha_scale is 0.0"),
        (GLOWTabular(0.5, log_functions=-1.0), "log_functions is -1.0"),
        (GLOWTabular(0.5), "W is OracleMixtures"),
    ],
)
def test_bad_hyper_parameters_are_refused(params, message):
    weights = None if message.startswith("W is") else PAIRS
    with pytest.raises(InvalidInput, match=message):
        module.allocate(params, lock_class(2, weights=weights).problem(10))
