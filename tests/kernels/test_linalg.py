"""Compiled linear algebra against numpy."""

from __future__ import annotations

import math

import numpy as np
import pytest

from kernels import linalg


def _positive_definite(d: int, seed: int) -> np.ndarray:
    a = np.random.default_rng(seed).standard_normal((d, d))
    return a @ a.T + 0.1 * np.eye(d)


@pytest.mark.parametrize("d", [1, 2, 7])
def test_cholesky_solves_and_inverts(d):
    matrix = _positive_definite(d, d)
    b = np.arange(1.0, d + 1.0)
    factor, inverse, out, scratch = np.zeros((d, d)), np.zeros((d, d)), np.zeros(d), np.zeros(d)
    log_det = linalg.cholesky(matrix, factor)
    np.testing.assert_allclose(log_det, np.linalg.slogdet(matrix)[1], rtol=0, atol=1e-12 * d)
    np.testing.assert_allclose(factor, np.linalg.cholesky(matrix), atol=1e-12)
    linalg.cholesky_solve(factor, b, out)
    np.testing.assert_allclose(matrix @ out, b, atol=1e-10)
    linalg.cholesky_inverse(factor, inverse)
    np.testing.assert_allclose(inverse @ matrix, np.eye(d), atol=1e-10)
    np.testing.assert_allclose(linalg.inverse_norm(factor, b, scratch), math.sqrt(b @ np.linalg.solve(matrix, b)))
    np.testing.assert_allclose(linalg.quadratic_form(matrix, b), b @ matrix @ b)
    linalg.multiply(matrix, b, out)
    np.testing.assert_allclose(out, matrix @ b)


def test_solving_in_place_is_allowed():
    matrix, b = _positive_definite(4, 0), np.ones(4)
    factor = np.zeros((4, 4))
    linalg.cholesky(matrix, factor)
    linalg.cholesky_solve(factor, b, b)
    np.testing.assert_allclose(matrix @ b, np.ones(4), atol=1e-10)


def test_an_indefinite_matrix_has_no_logarithm():
    assert math.isnan(linalg.cholesky(np.array([[1.0, 2.0], [2.0, 1.0]]), np.zeros((2, 2))))


def test_rank_one_updates_give_the_inverse_and_the_determinant():
    """1000 updates: V^{-1} to 1e-9 and log det V = sum log(1 + |x|^2 in V^{-1}) to 1e-8."""
    d, rng = 6, np.random.default_rng(1)
    matrix, inverse, image = np.eye(d), np.eye(d), np.zeros(d)
    total = 0.0
    for _ in range(1000):
        x = rng.standard_normal(d)
        expected = np.linalg.solve(matrix, x)
        growth = linalg.sherman_morrison(inverse, x, image)
        np.testing.assert_allclose(image, expected, rtol=1e-8, atol=1e-12)
        linalg.add_outer(matrix, x, 1.0)
        total += math.log(growth)
    np.testing.assert_allclose(inverse @ matrix, np.eye(d), atol=1e-9)
    assert abs(total - np.linalg.slogdet(matrix)[1]) < 1e-8


def test_potential_of_the_cycling_basis():
    """d = 5, T = 500, lam = 1: sum |x|^2 = 25.936888, log det = 23.075603 (closed form: d H_100, d log 101)."""
    d = 5
    inverse, image = np.zeros((d, d)), np.zeros(d)
    linalg.set_multiple_of_identity(inverse, 1.0)
    growths = [linalg.sherman_morrison(inverse, np.eye(d)[t % d], image) for t in range(500)]
    assert abs(sum(g - 1.0 for g in growths) - 25.936888) < 1e-6
    assert abs(sum(math.log(g) for g in growths) - 23.075603) < 1e-6
    assert abs(sum(math.log(g) for g in growths) - d * math.log(101.0)) < 1e-10
