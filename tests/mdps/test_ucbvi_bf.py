"""UCBVI-BF against its reference implementation, the radii of the paper, and its planted faults."""

from __future__ import annotations

import numpy as np
import pytest

from kernels.engine import simulate
from mdps.algorithms import ucbvi_bf as algorithm
from mdps.algorithms.ucbvi_bf import UCBVIBF, allocate
from mdps.algorithms.ucbvi_ch import UCBVICH
from mdps.instances.chains import river_swim
from mdps.instances.random import random_mdp
from mdps.loops import Episodes
from proofs_check.claims.ucbvi_bf import CLAIM
from proofs_check.episodic_cases import two_states
from tests.mdps.episodic import assert_decides_as, assert_every_step_holds, assert_fault_is_caught
from tests.reference.ucbvi_bf import ucbvi_bf
from theory.errors import InvalidInput
from theory.radii import ucbvi_bf as published_bonus


@pytest.mark.parametrize(
    ("mdp", "scale", "n_episodes"),
    [
        (random_mdp(3, 2, horizon=3, seed=5), 0.02, 120),
        (random_mdp(10, 3, horizon=4, seed=2), 0.01, 60),  # two blocks of eight states
        (river_swim(4, horizon=6), 0.002, 120),
        (random_mdp(2, 3, horizon=2, seed=8), 1.0, 300),
    ],
)
def test_decides_as_the_reference_on_shared_stacks(mdp, scale, n_episodes):
    found = assert_decides_as(
        lambda model, k: ucbvi_bf(model, k, 0.1, scale), UCBVIBF(0.1, scale), mdp, n_episodes, runs=5
    )
    assert len(np.unique(found)) > 1


def test_cap_of_the_correction():
    """min{100^2 H^2 S^2 A L^2/N', H^2} leaves H^2 only after millions of visits, so the formula is tested alone."""
    cap = algorithm.cap_of.py_func
    assert cap(3, 2, 2, 10.0, 1.0) == 9.0
    assert cap(3, 2, 2, 10.0, 1e4 * 9 * 4 * 2 * 100.0) == pytest.approx(1.0)


def test_bonus_is_the_published_one():
    bonus = algorithm.bonus_of.py_func(UCBVIBF(), 5, 12.0, 1.7, 20.0, 8.0)
    assert bonus == pytest.approx(float(published_bonus(8.0, 1.7, 20.0, 5, 12.0)), rel=1e-14)


@pytest.mark.parametrize("sabotage", [s for s in CLAIM.sabotages if s.id != "no-minimum"], ids=lambda s: s.id)
def test_each_fault_is_caught_by_its_step(sabotage):
    assert_fault_is_caught(CLAIM, sabotage)


def test_every_step_holds_and_is_exercised():
    assert_every_step_holds(CLAIM, 500)


def test_learns_faster_than_hoeffding_bonuses():
    """With the theorems' constants, on the claim's model of little variance."""
    bf = simulate(UCBVIBF(0.1), two_states(), 150_000, 2).regret[:, -1]
    ch = simulate(UCBVICH(0.1), two_states(), 150_000, 2).regret[:, -1]
    assert 0 < bf.max() < 0.1 * ch.min()


@pytest.mark.parametrize(("delta", "scale"), [(0.0, 1.0), (1.0, 1.0), (0.1, -1.0), (0.1, np.inf)])
def test_bad_hyper_parameters_are_refused(delta, scale):
    with pytest.raises(InvalidInput, match=r"delta|scale"):
        allocate(UCBVIBF(delta, scale), Episodes(random_mdp(2, 2, horizon=2)).problem(10))
