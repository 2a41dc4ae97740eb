"""Optimistic Q-learning with Bernstein bonuses: reference, the telescoping of its bonus, faults."""

from __future__ import annotations

import numpy as np
import pytest

from mdps.algorithms.q_learning_bernstein import QLearningBernstein, allocate
from mdps.instances.chains import river_swim
from mdps.instances.random import random_mdp
from mdps.loops import Episodes
from proofs_check.claims.q_learning_bernstein import CLAIM
from tests.mdps.episodic import assert_decides_as, assert_every_step_holds, assert_fault_is_caught
from tests.reference.q_learning_bernstein import q_learning_bernstein
from theory.errors import InvalidInput


@pytest.mark.parametrize(
    ("mdp", "c1", "c2", "n_episodes"),
    [
        (random_mdp(3, 2, horizon=3, seed=5, stage_dependent=True), 1e-3, 0.1, 150),  # the variance decides
        (random_mdp(2, 3, horizon=2, seed=8), 4.0, 2.0, 400),
        (river_swim(4, horizon=6), 1e-5, 0.05, 120),
    ],
)
def test_decides_as_the_reference_on_shared_stacks(mdp, c1, c2, n_episodes):
    found = assert_decides_as(
        lambda model, k: q_learning_bernstein(model, k, 0.1, c1, c2),
        QLearningBernstein(0.1, c1, c2),
        mdp,
        n_episodes,
        runs=5,
    )
    assert len(np.unique(found)) > 1


def test_the_variance_matters_in_the_first_reference_case():
    """Without W_t the decisions differ, so that the agreement above is about the Bernstein branch."""
    mdp = random_mdp(3, 2, horizon=3, seed=5, stage_dependent=True)
    with pytest.raises(AssertionError):
        assert_decides_as(
            lambda model, k: q_learning_bernstein(model, k, 0.1, 1e6, 0.1), QLearningBernstein(0.1, 1e-3, 0.1), mdp, 150
        )


@pytest.mark.parametrize("sabotage", CLAIM.sabotages[:2], ids=lambda s: s.id)
def test_each_fault_is_caught_by_its_step(sabotage):
    assert_fault_is_caught(CLAIM, sabotage)


def test_every_step_holds_and_is_exercised():
    assert_every_step_holds(CLAIM, 2_000)


@pytest.mark.parametrize(("delta", "c1", "c2"), [(0.0, 1, 1), (1.5, 1, 1), (0.1, -1.0, 1.0), (0.1, 1.0, np.inf)])
def test_bad_hyper_parameters_are_refused(delta, c1, c2):
    with pytest.raises(InvalidInput, match=r"delta|c1|c2"):
        allocate(QLearningBernstein(delta, c1, c2), Episodes(random_mdp(2, 2, horizon=2)).problem(10))
