"""LSVI-UCB++: its values against plain regressions, switching, bad input."""

from __future__ import annotations

import numpy as np
import pytest

from kernels.engine import simulate
from mdps.algorithms.lsvi_ucb_plus_plus import LSVIUCBPlusPlus, play, radii_of, weight
from mdps.instances.linear import simplex_linear
from mdps.loops import Episodes
from proofs_check.claims.lsvi_ucb_plus_plus import episodes
from tests.reference.lsvi_ucb_plus_plus import refresh
from theory.errors import InvalidInput

INSTANCE = episodes(simplex_linear(4, 2, 2, 2, seed=1))


@pytest.mark.parametrize("params", [LSVIUCBPlusPlus(), LSVIUCBPlusPlus(scale=0.02, floor=0.0)])
def test_values_as_the_reference(params):
    problem, horizon = INSTANCE.problem(40), INSTANCE.horizon
    radii = radii_of(2, horizon, 40, params.delta, params.scale)
    history = [[] for _ in range(horizon)]
    upper, lower = np.full((horizon, 4, 2), float(horizon)), np.zeros((horizon, 4, 2))
    updates = 0
    for moment in play(params, problem, INSTANCE.world(5, 0), 40):
        if moment.updated:
            upper, lower = refresh(problem.features, problem.rewards, history, radii, upper, lower)
            updates += 1
        assert np.allclose(upper, moment.upper, atol=1e-9) and np.allclose(lower, moment.lower, atol=1e-9)
        for h in range(horizon):
            s, a, y = moment.walk.states[h], moment.walk.actions[h], moment.walk.states[h + 1]
            history[h].append((problem.features[s, a], y, moment.weights[h]))
    assert 1 <= updates < 40


def test_one_hot_weights_by_hand():
    # one observation of weight 2 in direction e_1 with lam = 1/4: Sigma = diag(.75, .25), H = 2, floor 0
    sigma, sums = np.diag([0.75, 0.25]), np.array([[0.5, 0.0], [0.0, 0.0]])
    above, below = np.array([2.0, 1.0]), np.array([1.0, 0.0])
    radii = np.array([0.1, 0.1, 0.1])
    size = np.sqrt(1 / 0.75)
    first, square, least = 0.5 * 2 / 0.75, 0.5 * 4 / 0.75, 0.5 * 1 / 0.75
    spread = min(4 * 8 * 4 * (first - least + 0.2 * size), 8 * 8)
    expected = square - first**2 + 0.1 * size + 0.4 * size + spread + 2
    found = weight(LSVIUCBPlusPlus(floor=0.0), np.array([1.0, 0.0]), sigma, sums, above, below, radii, 2)
    assert found == pytest.approx(expected)


def test_the_floor_rules_with_the_papers_constants():
    for moment in play(LSVIUCBPlusPlus(), INSTANCE.problem(20), INSTANCE.world(1, 0), 20):
        for h in range(INSTANCE.horizon):
            phi = INSTANCE.features[moment.walk.states[h], moment.walk.actions[h]]
            size = np.sqrt(phi @ np.linalg.solve(moment.sigmas[h], phi))
            assert moment.weights[h] == pytest.approx((2 * 2**3 * 2**2) ** 2 * size)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        (LSVIUCBPlusPlus(delta=0.0), "delta of LSVIUCBPlusPlus is 0"),
        (LSVIUCBPlusPlus(scale=0.0), "scale of LSVIUCBPlusPlus"),
        (LSVIUCBPlusPlus(floor=-1.0), "floor of LSVIUCBPlusPlus"),
    ],
)
def test_refuses_bad_parameters(params, message):
    with pytest.raises(InvalidInput, match=message):
        simulate(params, INSTANCE, 5, 1)


def test_refuses_an_instance_without_features():
    with pytest.raises(InvalidInput, match="needs the features"):
        simulate(LSVIUCBPlusPlus(), Episodes(INSTANCE.mdp), 5, 1)
