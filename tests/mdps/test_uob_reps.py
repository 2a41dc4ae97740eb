"""UOB-REPS: boxes and upper occupancies against linear programs, agreement with a reference, limits, bad input."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import linprog

from kernels.engine import simulate
from mdps.algorithms import uob_reps
from mdps.algorithms.uob_reps import UOBREPS, doubled, tuned
from mdps.instances.adversarial import armed, layered
from mdps.occupancies import Projection
from mdps.uncertain import BoxProjection, bernstein_box, largest_mean, upper_occupancy
from tests.reference.uob_reps import box, reach, reference
from theory.errors import InvalidInput


def boxes(seed=0, n_states=3, n_actions=2, layers=3):
    """A random model, boxes around it, a random policy and a random start."""
    rng = np.random.default_rng(seed)
    rows = rng.dirichlet(np.ones(n_states), size=(layers - 1, n_states, n_actions))
    width = 0.3 * rng.random(rows.shape)
    policy = rng.dirichlet(np.ones(n_actions), size=(layers, n_states))
    return rows, np.maximum(rows - width, 0.0), np.minimum(rows + width, 1.0), policy, rng.dirichlet(np.ones(n_states))


@pytest.mark.parametrize("seed", range(3))
def test_the_largest_mean_of_a_box_is_that_of_a_linear_program(seed):
    _, low, high, _, _ = boxes(seed, 4)
    values = np.random.default_rng(seed + 9).normal(size=4)
    found = largest_mean(low[0], high[0], values)
    for s in range(4):
        for a in range(2):
            exact = linprog(-values, A_eq=np.ones((1, 4)), b_eq=[1.0], bounds=list(zip(low[0, s, a], high[0, s, a])))
            assert found[s, a] == pytest.approx(-exact.fun, abs=1e-9)


@pytest.mark.parametrize("seed", range(2))
def test_upper_occupancies_are_those_of_linear_programs(seed):
    rows, low, high, policy, initial = boxes(seed)
    upper = upper_occupancy(low, high, initial, policy)
    for h in range(3):
        for s in range(3):
            assert upper[h, s] == pytest.approx(policy[h, s] * reach(low, high, initial, policy, h, s), abs=1e-6)
    exact = upper_occupancy(rows, rows, initial, policy)
    mdp = layered(3, 2, 3, 2, seed=seed)
    other = upper_occupancy(mdp.transitions, mdp.transitions, mdp.initial, policy)
    assert np.allclose(other, mdp.occupancy(policy), atol=1e-12)
    assert (upper >= exact - 1e-12).all()


def test_boxes_of_counts():
    counts = np.random.default_rng(0).integers(0, 9, size=(2, 2, 2, 2)).astype(float)
    counts[0, 0, 0] = 0.0
    low, high = bernstein_box(counts, 3.0)
    for found, expected in zip((low, high), box(counts, 3.0)):
        assert np.allclose(found, expected)
    assert low[0, 0, 0].tolist() == [0.0, 0.0] and high[0, 0, 0].tolist() == [1.0, 1.0]
    narrow = bernstein_box(counts * 1e6, 3.0)
    assert (narrow[1] - narrow[0]).max() <= 1.0 and (narrow[1] - narrow[0])[1].max() < 0.01


def test_a_box_without_width_is_the_projection_under_known_transitions():
    mdp = layered(3, 2, 3, 2, seed=2)
    log_w = np.random.default_rng(1).normal(size=(3, 3, 2))
    exact = np.exp(Projection(mdp.transitions, mdp.initial, 2)(log_w))
    rows = np.maximum(mdp.transitions, 1e-300)
    # KL over (s, a, y) with weights w P: the conditional law of y costs nothing under the true P.
    weights = [(log_w[h][:, :, None] + np.log(rows[h])).reshape(6, 3) for h in range(2)] + [log_w[2].reshape(6, 1)]
    found = BoxProjection(3, 2, 3, mdp.initial)(weights, mdp.transitions, mdp.transitions)
    mass = np.stack([np.exp(q).sum(axis=1) for q in found]).reshape(3, 3, 2)
    assert np.allclose(mass, exact, atol=1e-4)  # the root of the solver's duality gap


def test_decisions_agree_with_the_reference():
    mdp = layered(2, 2, 3, 7, seed=5)
    params = UOBREPS(0.4, 0.2, 0.1)
    for run in range(2):
        policies, uppers, paths = reference(mdp, 0.4, 0.2, 0.1, 7, 2, run)
        moments = list(uob_reps.play(params, mdp.problem(7), mdp.world(2, run), 7))
        assert moments[-1].epoch > 1
        for moment, policy, upper, path in zip(moments, policies, uppers, paths, strict=True):
            assert np.allclose(moment.policy, policy, atol=1e-4)
            assert list(zip(moment.walk.states, moment.walk.actions)) == path
            for h, (s, a) in enumerate(path):
                assert moment.upper[h, s, a] == pytest.approx(upper[h], abs=1e-4)


def test_an_epoch_ends_when_a_count_has_doubled():
    assert doubled(np.array([1.0, 0.0]), np.zeros(2))
    assert not doubled(np.array([5.0, 0.0]), np.array([3.0, 0.0]))
    assert doubled(np.array([6.0, 0.0]), np.array([3.0, 0.0]))


def test_parameters_of_the_theorem():
    params = tuned(3, 2, 3, 1000, 0.1)
    expected = np.sqrt(3 * np.log(3 * 18 / 0.1) / (1000 * 18))
    assert params[:3] == pytest.approx((expected, expected, 0.1)) and params.scale == 1.0


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"learning_rate": 0.0}, "learning_rate is 0.0"),
        ({"implicit": -1.0}, "implicit is -1.0"),
        ({"scale": float("nan")}, "scale is nan"),
        ({"delta": 1.0}, "delta is 1.0; expected in"),
    ],
)
def test_bad_hyper_parameters_are_refused(changes, message):
    with pytest.raises(InvalidInput, match=message):
        simulate(UOBREPS(0.1, 0.1)._replace(**changes), armed(2, 5), 5, 1)


def test_one_layer_runs_and_an_empty_set_is_refused():
    trace = simulate(UOBREPS(0.1, 0.05), armed(3, 30), 30, 1)
    assert 0.0 <= trace.regret[0, -1] <= 30.0
    project = BoxProjection(2, 1, 2, np.array([1.0, 0.0]))
    with pytest.raises(InvalidInput, match="failed: infeasible"):
        project([np.zeros((2, 2)), np.zeros((2, 1))], np.zeros((1, 2, 1, 2)), np.full((1, 2, 1, 2), 0.2))
