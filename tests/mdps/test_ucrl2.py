"""UCRL2 against its reference implementation, closed forms, invariances, and bad input."""

from __future__ import annotations

import math

import numpy as np
import pytest

from kernels.engine import simulate
from mdps.algorithms import ucrl2 as algorithm
from mdps.algorithms.ucrl2 import UCRL2, allocate
from mdps.exact import gain
from mdps.instances.chains import river_swim
from mdps.instances.lower_bounds import jao_composite
from mdps.instances.random import random_mdp
from mdps.loops import Trajectory
from mdps.model import MDP
from mdps.planning.extended import extended_value_iteration_l1
from proofs_check.claims.ucrl2 import CLAIM
from proofs_check.trajectory_steps import lights, minimax_if_hard
from tests.mdps.trajectories import assert_decides_as, assert_every_step_holds
from tests.reference.ucrl2 import ucrl2
from theory.errors import HypothesisViolated, InvalidInput
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
        lambda model, initial, n: ucrl2(model, initial, n, 0.1, scale), UCRL2(0.1, scale), mdp, n_steps
    )
    assert len(np.unique(found)) > 1


def test_radii_are_the_published_ones():
    """N = 10, t = 100, S = 3, A = 2, delta = 0.1, by hand."""
    reward = algorithm.reward_radius.py_func(0.1, 3, 2, 100, 10.0)
    law = algorithm.law_radius.py_func(0.1, 3, 2, 100, 10.0)
    assert reward == pytest.approx(math.sqrt(7 * math.log(12_000) / 20), rel=1e-14)
    assert law == pytest.approx(math.sqrt(42 * math.log(4_000) / 10), rel=1e-14)


def test_empty_and_full_plausible_sets():
    """Acceptance check 2: radius zero gives the exact gain (.4286224339 on RiverSwim), radius 2 the best reward."""
    p, r = river_swim(6).dense()
    exact = extended_value_iteration_l1(r, p, np.zeros(r.shape), 1e-9, aperiodicity=0.9)
    assert exact.gain == pytest.approx(0.4286224339, abs=1e-8)
    assert exact.gain == pytest.approx(gain(river_swim(6)), abs=1e-8)
    assert extended_value_iteration_l1(r, p, np.full(r.shape, 2.0), 1e-9).gain == pytest.approx(1.0, abs=1e-9)


def test_learns_where_its_theorem_bites():
    """At T = 500,000 on the two-state model of diameter 1 the bound is half the largest loss; the regret far below."""
    instance = lights()
    assert instance.diameter == 1.0
    bound = float(theorem("ucrl2/regret").bound(instance, UCRL2(0.5), np.array([5e5]))[0])
    assert bound == pytest.approx(34 * 2 * math.sqrt(2 * 5e5 * math.log(1e6)), rel=1e-14)
    assert bound < 0.6 * instance.trivial_regret(np.array([5e5]))[0]
    trace = simulate(UCRL2(0.5), instance, 500_000, 1)
    assert 0.0 < trace.extra["realised"][0, -1] < 100.0


def test_every_step_holds_and_is_exercised():
    assert_every_step_holds(CLAIM, 1_000)


def test_tiny_radii_are_caught():
    sabotage = next(s for s in CLAIM.sabotages if s.id == "tiny-radii")
    instance = CLAIM.cases[0].build()
    trace = simulate(sabotage.params(UCRL2(0.5)), instance, 2_000, 60, watch=CLAIM.watch)
    broken = {step.id for i, step in enumerate(CLAIM.steps) if trace.records.violations[:, i].any()}
    assert "optimism" in broken and "plausible" not in broken


def test_lower_bound_needs_its_instance():
    hard = Trajectory(jao_composite(10, 11, 40.0, 20_000))
    line = minimax_if_hard(hard, np.array([100.0, 20_000.0]))
    assert np.isnan(line[0]) and line[1] == pytest.approx(0.015 * math.sqrt(hard.diameter * 110 * 20_000))
    assert np.isnan(minimax_if_hard(lights(), np.array([1e6]))).all()


@pytest.mark.parametrize(("delta", "scale"), [(0.0, 1.0), (1.0, 1.0), (0.1, -1.0), (0.1, np.nan)])
def test_bad_hyper_parameters_are_refused(delta, scale):
    with pytest.raises(InvalidInput, match=r"delta|scale"):
        allocate(UCRL2(delta, scale), Trajectory(random_mdp(2, 2)).problem(10))


def test_theorem_refuses_a_model_that_does_not_communicate():
    p = [[[0.5, 0.5], [0.5, 0.5]], [[0.0, 1.0], [0.0, 1.0]]]
    one_way = Trajectory(MDP.from_dense(p, [[0.0, 0.0], [1.0, 0.5]]))
    with pytest.raises(HypothesisViolated, match="communicating"):
        theorem("ucrl2/regret").require(one_way, UCRL2(), 100)
