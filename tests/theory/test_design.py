"""G-optimal designs: exact answers, the certificate, spans, an independent solver."""

from __future__ import annotations

import cvxpy
import numpy as np
import pytest

from theory.design import g_optimal, leverages, span_coordinates
from theory.errors import InvalidInput


def test_3_two_axes_and_their_sum():
    design = g_optimal([[1, 0], [0, 1], [1, 1]])
    np.testing.assert_allclose(design.weights, 1 / 3, atol=1e-4)
    assert design.rank == 2 and design.value == pytest.approx(2.0, abs=1e-4)


def test_3_quadratic_regression_on_an_interval():
    u = np.linspace(-1, 1, 41)
    design = g_optimal(np.column_stack([np.ones_like(u), u, u**2]))
    expected = np.where(np.isin(np.arange(41), [0, 20, 40]), 1 / 3, 0)
    np.testing.assert_allclose(design.weights, expected, atol=1e-4)


def test_3_two_extreme_angles():
    angles = np.array([0, 0.3, 1, 1.4])
    design = g_optimal(np.column_stack([np.cos(angles), np.sin(angles)]))
    np.testing.assert_allclose(design.weights, [0.5, 0, 0, 0.5], atol=1e-4)


@pytest.mark.parametrize(("n", "d"), [(1, 3), (2, 3), (40, 2), (60, 4), (200, 6)])
def test_certificate_and_support(n, d):
    x = np.random.default_rng(n).standard_normal((n, d))
    design = g_optimal(x, 1e-6)
    rank = min(n, d)
    assert design.rank == rank and design.weights.min() >= 0 and design.weights.sum() == pytest.approx(1.0, abs=1e-12)
    v = np.linalg.pinv((x * design.weights[:, None]).T @ x)
    assert np.einsum("ni,ij,nj->n", x, v, x).max() <= rank * (1 + 1e-6)
    assert np.count_nonzero(design.weights) <= rank * (rank + 1) // 2


def test_the_determinant_is_that_of_a_convex_solver():
    x = np.random.default_rng(3).standard_normal((25, 3))
    w = cvxpy.Variable(25, nonneg=True)
    problem = cvxpy.Problem(cvxpy.Maximize(cvxpy.log_det(x.T @ cvxpy.diag(w) @ x)), [cvxpy.sum(w) == 1])
    problem.solve(solver=cvxpy.SCS, eps=1e-9)
    weights = g_optimal(x).weights
    assert np.linalg.slogdet((x * weights[:, None]).T @ x)[1] == pytest.approx(problem.value, abs=1e-5)


def test_many_optimal_points_are_thinned():
    """Any weights with equal mass in each direction are optimal on a circle; three actions are enough."""
    angles = 2 * np.pi * np.arange(60) / 60
    design = g_optimal(np.column_stack([np.cos(angles), np.sin(angles)]))
    assert np.count_nonzero(design.weights) <= 3 and design.value == pytest.approx(2.0, abs=1e-6)


def test_a_linear_map_changes_nothing():
    x = np.random.default_rng(5).standard_normal((30, 3))
    m = np.array([[2.0, 0.3, 0], [0, 1, -0.5], [0.1, 0, 0.4]])
    assert g_optimal(x @ m).value == pytest.approx(g_optimal(x).value, rel=2e-6)


def test_coordinates_keep_inner_products():
    x = np.random.default_rng(6).standard_normal((5, 2)) @ np.random.default_rng(7).standard_normal((2, 4))
    z = span_coordinates(x)
    assert z.shape == (5, 2)
    np.testing.assert_allclose(z @ z.T, x @ x.T, atol=1e-12)
    assert leverages(z, np.full(5, 0.2)).mean() == pytest.approx(2.0, abs=1e-10)


def test_zero_actions_have_rank_zero():
    assert g_optimal(np.zeros((2, 3))).rank == 0


@pytest.mark.parametrize(
    ("actions", "tolerance", "message"),
    [([1.0, 2.0], 1e-6, "shape"), ([[np.nan, 1.0]], 1e-6, r"actions\[0, 0\] is nan"), ([[1.0]], 0.0, "tolerance")],
)
def test_malformed_input_is_refused(actions, tolerance, message):
    with pytest.raises(InvalidInput, match=message):
        g_optimal(actions, tolerance)
