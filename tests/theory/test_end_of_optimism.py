"""The asymptotic constant of the three-action instance against the semidefinite program that defines it."""

from __future__ import annotations

import cvxpy
import numpy as np
import pytest

from theory.errors import InvalidInput
from theory.lower_bounds import end_of_optimism


@pytest.mark.parametrize("epsilon", [0.05, 0.2, 0.4])
def test_the_closed_form_is_the_program_with_a_large_free_allocation(epsilon):
    x = np.array([[1.0, 0.0], [0.0, 1.0], [1.0 - epsilon, 2.0 * epsilon]])
    gaps = np.array([0.0, 1.0, epsilon])
    a = cvxpy.Variable(2, nonneg=True)
    # The best action costs nothing; 10^5 pulls of it stand for infinitely many.
    h = 1e5 * np.outer(x[0], x[0]) + a[0] * np.outer(x[1], x[1]) + a[1] * np.outer(x[2], x[2])
    constraints = [cvxpy.bmat([[h, x[i][:, None]], [x[i][None], np.array([[gaps[i] ** 2 / 2]])]]) >> 0 for i in (1, 2)]
    problem = cvxpy.Problem(cvxpy.Minimize(gaps[1:] @ a), constraints)
    problem.solve(solver=cvxpy.CLARABEL)
    assert problem.value == pytest.approx(float(end_of_optimism(epsilon)), rel=2e-2)


def test_an_epsilon_outside_the_example_is_refused():
    with pytest.raises(InvalidInput, match="epsilon must lie in"):
        end_of_optimism([0.1, 0.7])
