"""Beta tails and quantiles against scipy and high precision."""

from __future__ import annotations

import math

import mpmath
import numpy as np
import pytest
from scipy.special import betaincinv
from scipy.stats import beta

from kernels.beta import beta_upper_quantile, log_beta, log_upper_tail

SHAPES = [(1.0, 1.0), (1.0, 40.0), (40.0, 1.0), (2.0, 3.0), (57.0, 7.0), (1.5, 20.25), (5001.0, 2.0), (900.0, 10_001.0)]


@pytest.mark.parametrize(("a", "b"), SHAPES)
def test_tails_against_scipy(a, b):
    for q in (1e-6, 1e-3, 0.1, 0.5, 0.9, 0.999):
        x = float(beta.ppf(q, a, b))
        if 0.0 < x < 1.0 - 1e-9:  # beyond, scipy's x has too few digits of 1 - x to compare
            assert log_upper_tail(a, b, -math.log1p(-x)) == pytest.approx(beta.logsf(x, a, b), rel=1e-8, abs=1e-10)


@pytest.mark.parametrize(("a", "b"), [(3.0, 2.0), (30.0, 1.0), (200.0, 50.0)])
def test_far_tails_against_forty_digits(a, b):
    with mpmath.workdps(40):
        for u in (0.01, 1.0, 6.0, 30.0):
            exact = mpmath.log(mpmath.betainc(b, a, 0, mpmath.exp(-mpmath.mpf(u)), regularized=True))
            assert log_upper_tail(a, b, u) == pytest.approx(float(exact), rel=1e-12, abs=1e-13)


@pytest.mark.parametrize(("a", "b"), SHAPES)
@pytest.mark.parametrize("log_p", [-0.05, -0.7, -2.0, -12.0, -40.0])
def test_quantiles_against_scipy_and_as_inverses(a, b, log_p):
    u = beta_upper_quantile(a, b, log_p)
    assert log_upper_tail(a, b, u) == pytest.approx(log_p, rel=1e-11)
    assert u == pytest.approx(-math.log(betaincinv(b, a, math.exp(log_p))), rel=1e-9)


def test_closed_forms():
    assert log_beta(3.0, 4.0) == pytest.approx(math.log(1.0 / 60.0), rel=1e-14)
    for log_p in (-0.3, -3.0, -30.0):
        # Beta(1, b): P(X > x) = (1 - x)^b; Beta(a, 1): P(X > x) = 1 - x^a.
        assert beta_upper_quantile(1.0, 7.0, log_p) == pytest.approx(-log_p / 7.0, rel=1e-13)
        y = -math.expm1(math.log1p(-math.exp(log_p)) / 9.0)
        assert beta_upper_quantile(9.0, 1.0, log_p) == pytest.approx(-math.log(y), rel=1e-12)
    assert log_upper_tail(2.0, 3.0, 0.0) == 0.0


def test_quantiles_increase_with_the_order_and_the_successes():
    orders = [beta_upper_quantile(5.0, 4.0, -x) for x in np.linspace(0.1, 20.0, 50)]
    successes = [beta_upper_quantile(a, 20.0 - a, -6.0) for a in np.arange(1.0, 20.0)]
    assert (np.diff(orders) > 0).all() and (np.diff(successes) > 0).all()
