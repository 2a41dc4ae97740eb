"""KL-UCRL against its reference implementation, closed forms, and bad input."""

from __future__ import annotations

import math

import numpy as np
import pytest

from kernels.engine import simulate
from mdps.algorithms.kl_ucrl import KLUCRL, allocate, levels
from mdps.instances.chains import river_swim
from mdps.instances.random import random_mdp
from mdps.loops import Trajectory
from mdps.planning.extended import extended_value_iteration_kl
from proofs_check.claims.kl_ucrl import CLAIM
from proofs_check.trajectory_steps import lights
from tests.mdps.trajectories import assert_decides_as, assert_every_step_holds
from tests.reference.kl_ucrl import kl_best, kl_ucrl
from theory.errors import InvalidInput
from theory.theorems import theorem
from theory.theorems.kl_ucrl import bias_variances


@pytest.mark.parametrize(
    ("mdp", "scale", "n_steps"),
    [
        (random_mdp(3, 2, seed=1, reward_law="bernoulli"), 0.02, 300),
        (random_mdp(4, 3, seed=5), 0.005, 300),
        (river_swim(4), 0.05, 300),
        (random_mdp(2, 2, seed=3, reward_law="bernoulli"), 1.0, 300),
    ],
)
def test_decides_as_the_reference_on_shared_stacks(mdp, scale, n_steps):
    found = assert_decides_as(
        lambda model, initial, n: kl_ucrl(model, initial, n, 0.1, scale), KLUCRL(0.1, scale), mdp, n_steps
    )
    assert len(np.unique(found)) > 1


def test_levels_are_the_published_ones():
    """S = 3, A = 2, T = e^5, delta = 0.1: B = log(2e 9 2 5/0.1), by hand."""
    reward, law = levels(0.1, 3, 2, round(math.exp(5)))
    log_t = math.log(round(math.exp(5)))
    b = math.log(360 * math.e * log_t)
    assert law == pytest.approx(3 * (b + math.log(b + 1 / log_t) * (1 + 1 / (b + 1 / log_t))), rel=1e-14)
    assert reward == pytest.approx(math.log(240 * log_t) / 1.99, rel=1e-14)


def test_inner_maximum_of_the_reference_is_feasible_and_best():
    """Two states: the KL ball around Ber(p) ends where KL(p, q) = radius."""
    q = kl_best([0.7, 0.3], 0.05, [0.0, 1.0])
    assert 0.7 * math.log(0.7 / (1 - q)) + 0.3 * math.log(0.3 / q) == pytest.approx(0.05, rel=1e-9)
    assert q > 0.3


def test_radius_zero_is_the_exact_gain():
    p, r = river_swim(6).dense()
    exact = extended_value_iteration_kl(r, p, np.zeros(r.shape), 1e-9, aperiodicity=0.9)
    assert exact.gain == pytest.approx(0.4286224339, abs=1e-8)


def test_variances_of_the_bias():
    """Against dense arrays; a deterministic model has none."""
    instance = Trajectory(river_swim(4))
    p, _ = instance.mdp.dense()
    h = instance.arrays().values
    dense = (p @ h**2 - (p @ h) ** 2).reshape(-1)
    np.testing.assert_allclose(bias_variances(instance), dense, atol=1e-10)
    assert (bias_variances(lights()) == 0.0).all()


def test_learns_where_its_theorem_bites():
    bound = float(theorem("kl-ucrl/regret").bound(lights(), KLUCRL(0.1), np.array([1e5]))[0])
    assert bound == pytest.approx(48 * math.sqrt(2e5 * math.log(math.log(1e5) / 0.1)), rel=1e-14)
    assert bound < 0.5 * lights().trivial_regret(np.array([1e5]))[0]
    trace = simulate(KLUCRL(0.1), lights(), 100_000, 1)
    assert 0.0 < trace.extra["realised"][0, -1] < 50.0


def test_every_step_holds_and_is_exercised():
    assert_every_step_holds(CLAIM, 1_000)


@pytest.mark.parametrize(("delta", "scale"), [(0.0, 1.0), (1.0, 1.0), (0.1, -1.0), (0.1, np.inf)])
def test_bad_hyper_parameters_are_refused(delta, scale):
    with pytest.raises(InvalidInput, match=r"delta|scale"):
        allocate(KLUCRL(delta, scale), Trajectory(random_mdp(2, 2)).problem(10))
