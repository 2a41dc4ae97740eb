"""UCRL2B against its reference implementation, closed forms, and bad input."""

from __future__ import annotations

import math

import numpy as np
import pytest

from kernels.engine import simulate
from mdps.algorithms import ucrl2b as algorithm
from mdps.algorithms.ucrl2 import UCRL2
from mdps.algorithms.ucrl2b import UCRL2B, allocate
from mdps.instances.chains import river_swim
from mdps.instances.random import random_mdp
from mdps.loops import Trajectory
from mdps.planning.extended import extended_value_iteration_box
from proofs_check.claims.ucrl2b import CLAIM
from tests.mdps.trajectories import assert_decides_as, assert_every_step_holds
from tests.reference.ucrl2b import ucrl2b
from theory.errors import InvalidInput
from theory.theorems import theorem


@pytest.mark.parametrize(
    ("mdp", "scale", "n_steps"),
    [
        (random_mdp(3, 2, seed=1, reward_law="bernoulli"), 0.05, 400),
        (random_mdp(4, 3, seed=5), 0.02, 400),
        (river_swim(4), 0.02, 400),
        (random_mdp(2, 2, seed=3, reward_law="bernoulli"), 1.0, 600),
    ],
)
def test_decides_as_the_reference_on_shared_stacks(mdp, scale, n_steps):
    found = assert_decides_as(
        lambda model, initial, n: ucrl2b(model, initial, n, 0.1, scale), UCRL2B(0.1, scale), mdp, n_steps
    )
    assert len(np.unique(found)) > 1


def test_radius_is_the_published_one():
    """N = 50, S = 3, A = 2, delta = 0.1, V = 0.21; N = 0 is read as 1."""
    level = math.log(6 * 3 * 2 * 50 / 0.1)
    radius = algorithm.bernstein_radius.py_func(0.1, 3, 2, 0.21, 50.0)
    assert radius == pytest.approx(2 * math.sqrt(0.21 * level / 50) + 6 * level / 50, rel=1e-14)
    assert algorithm.bernstein_radius.py_func(0.1, 3, 2, 0.0, 0.0) == pytest.approx(6 * math.log(360), rel=1e-14)


def test_variance_of_rewards():
    assert algorithm.reward_variance.py_func(3.0, 3.0, 4.0) == pytest.approx(0.1875)
    assert algorithm.reward_variance.py_func(0.3, 0.3 * 0.1, 3.0) == pytest.approx(0.0, abs=1e-17)
    assert algorithm.reward_variance.py_func(0.0, 0.0, 0.0) == 0.0


def test_radius_zero_is_the_exact_gain():
    p, r = river_swim(6).dense()
    exact = extended_value_iteration_box(r, p, np.zeros(p.shape), 1e-9, aperiodicity=0.9)
    assert exact.gain == pytest.approx(0.4286224339, abs=1e-8)


def test_rate_counts_the_transitions_that_exist():
    """RiverSwim-4: 4 sure steps left and 2 + 3 + 3 + 2 chances right are 14 transitions."""
    instance = Trajectory(river_swim(4))
    rate = theorem("ucrl2b/regret").bound(instance, UCRL2B(0.1), np.array([100.0]))[0]
    assert rate == pytest.approx(math.sqrt(instance.diameter * 14 * 100) * math.log(1000), rel=1e-12)


def test_learns_more_from_nearly_deterministic_models_than_hoeffding_radii():
    """With the theorems' radii on RiverSwim-3, where most probabilities have little variance."""
    model = Trajectory(river_swim(3))
    bernstein = simulate(UCRL2B(0.1), model, 100_000, 3).regret[:, -1]
    hoeffding = simulate(UCRL2(0.1), model, 100_000, 3).regret[:, -1]
    assert 0.0 < bernstein.max() < 0.5 * hoeffding.min()


def test_every_step_holds_and_is_exercised():
    assert_every_step_holds(CLAIM, 1_000)


@pytest.mark.parametrize(("delta", "scale"), [(0.0, 1.0), (1.0, 1.0), (0.1, -1.0), (0.1, np.inf)])
def test_bad_hyper_parameters_are_refused(delta, scale):
    with pytest.raises(InvalidInput, match=r"delta|scale"):
        allocate(UCRL2B(delta, scale), Trajectory(random_mdp(2, 2)).problem(10))
