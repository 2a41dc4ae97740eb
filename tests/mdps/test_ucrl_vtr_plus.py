"""UCRL-VTR+: its weights against plain sums, its radii by hand, bad input."""

from __future__ import annotations

import math

import numpy as np
import pytest

from kernels.engine import simulate
from mdps.algorithms.ucrl_vtr_plus import UCRLVTRPlus, play, radii_of, variance_and_error
from mdps.value_regression import Ridge
from proofs_check.value_targeted import mixed
from tests.reference.ucrl_vtr_plus import variance_and_error as plain
from theory.errors import InvalidInput

INSTANCE = mixed()


def test_weights_as_the_reference():
    problem, horizon = INSTANCE.problem(15), INSTANCE.horizon
    values, squares = [[[] for _ in range(horizon)] for _ in range(2)]
    for moment in play(UCRLVTRPlus(), problem, INSTANCE.world(2, 0), 15):
        for h in range(horizon):
            s, a, y = moment.walk.states[h], moment.walk.actions[h], moment.walk.states[h + 1]
            v = moment.values[h + 1]
            psi = sum(problem.mixture[s, a, z] * v[z] for z in range(INSTANCE.n_states))
            square = sum(problem.mixture[s, a, z] * v[z] ** 2 for z in range(INSTANCE.n_states))
            ridge = 1 / INSTANCE.parameter_bound**2
            variance, error = plain(psi, square, values[h], squares[h], moment.radii, horizon, ridge)
            assert moment.variances[h] == pytest.approx(variance, abs=1e-9)
            assert moment.errors[h] == pytest.approx(error, rel=1e-9)
            assert moment.weights[h] == pytest.approx(max(horizon**2 / INSTANCE.dimension, variance + error))
            values[h].append((psi, v[y], moment.weights[h]))
            squares[h].append((square, v[y] ** 2))


def test_exact_regressions_give_the_variance():
    rng = np.random.default_rng(0)
    p, v = rng.dirichlet(np.ones(4)), rng.random(4) * 3
    on_value, on_square = Ridge(4, 1e-12), Ridge(4, 1e-12)
    for ridge in (on_value, on_square):
        ridge.sigma = np.eye(4)
        ridge.targets = p.copy()
    variance, _ = variance_and_error(v, v**2, on_value, on_square, np.ones(3), 3)
    assert variance == pytest.approx(p @ v**2 - (p @ v) ** 2)


def test_the_radii_by_hand():
    k, d, h, delta, bound = 7, 3, 4, 0.1, 2.0
    log, lam = math.log(4 * 49 * 4 / 0.1), 0.25
    hat = 8 * math.sqrt(3 * math.log(1 + 7 / lam) * log) + 4 * math.sqrt(3) * log + 1
    tilde = 8 * math.sqrt(3 * 4**4 * math.log(1 + 7 * 4**4 / (3 * lam)) * log) + 4 * 16 * log + 1
    assert radii_of(k, d, h, delta, bound)[[0, 2]] == pytest.approx([hat, tilde])


@pytest.mark.parametrize(
    ("params", "message"),
    [(UCRLVTRPlus(delta=2.0), "delta of UCRLVTRPlus is 2"), (UCRLVTRPlus(scale=0.0), "scale of UCRLVTRPlus")],
)
def test_refuses_bad_parameters(params, message):
    with pytest.raises(InvalidInput, match=message):
        simulate(params, INSTANCE, 5, 1)
