"""Divergences against arbitrary-precision values, inequalities and brute force."""

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from theory.divergences import (
    bernoulli_kl,
    bernoulli_kl_bounds,
    bernoulli_kl_lower,
    bernoulli_kl_upper,
    finite_kl,
    gaussian_kl,
    kl_to_larger_mean,
)
from theory.errors import InvalidInput

inner = st.floats(1e-6, 1.0 - 1e-6)


def exact_kl(p, q):
    with mpmath.workdps(60):
        p, q = mpmath.mpf(p), mpmath.mpf(q)
        return p * mpmath.log(p / q) + (1 - p) * mpmath.log((1 - p) / (1 - q))


@given(inner, inner)
@settings(deadline=None)
def test_bernoulli_kl_has_the_exact_value(p, q):
    exact = exact_kl(p, q)
    # 1 - q is rounded once, which a divergence of order (p-q)^2/(q(1-q)) feels as a few units in the last place of 1-q.
    assert float(bernoulli_kl(p, q)) == pytest.approx(float(exact), rel=1e-9, abs=0.0)


@pytest.mark.parametrize("distance", [1e-3, 1e-6, 1e-9, 1e-12])
def test_bernoulli_kl_keeps_its_digits_for_close_arguments(distance):
    p = 0.375
    q = p + distance
    exact = float(exact_kl(p, q))
    assert float(bernoulli_kl(p, q)) == pytest.approx(exact, rel=1e-13, abs=0.0)
    naive = p * np.log(p / q) + (1 - p) * np.log((1 - p) / (1 - q))
    if distance <= 1e-9:
        assert abs(naive - exact) > 1e-3 * exact


def test_bernoulli_kl_at_the_ends():
    assert bernoulli_kl(0.0, 0.0) == 0.0 and bernoulli_kl(1.0, 1.0) == 0.0
    assert bernoulli_kl(0.5, 0.0) == np.inf and bernoulli_kl(0.5, 1.0) == np.inf
    assert bernoulli_kl(0.0, 0.5) == pytest.approx(np.log(2.0), rel=1e-15)
    assert bernoulli_kl(0.5, 1e-310) == pytest.approx(0.5 * np.log(0.25) - 0.5 * np.log(1e-310), rel=1e-6)


@given(inner, inner)
@settings(deadline=None)
def test_pinsker_and_chi_squared_enclose(p, q):
    low, high = bernoulli_kl_bounds(p, q)
    value = bernoulli_kl(p, q)
    assert low * (1 - 1e-12) <= value <= high * (1 + 1e-12)


@given(st.floats(0.0, 1.0), st.floats(0.0, 20.0))
@settings(deadline=None)
def test_upper_and_lower_bounds_invert_the_divergence(mean, level):
    upper, lower = float(bernoulli_kl_upper(mean, level)), float(bernoulli_kl_lower(mean, level))
    assert lower <= mean + 1e-15 and upper >= mean
    assert bernoulli_kl(mean, upper) <= level + 1e-12
    if upper < 1.0 - 1e-9:
        assert bernoulli_kl(mean, min(1.0, upper + 1e-9)) > level
    assert lower == pytest.approx(1.0 - float(bernoulli_kl_upper(1.0 - mean, level)), abs=1e-15)


def test_bounds_at_extreme_levels():
    assert bernoulli_kl_upper(1.0, 0.0) == 1.0
    assert bernoulli_kl_upper(0.3, np.inf) == 1.0
    assert bernoulli_kl_upper(0.3, 0.0) == pytest.approx(0.3, abs=1e-7)
    with pytest.raises(InvalidInput, match="level"):
        bernoulli_kl_upper(0.3, -1.0)


def test_arguments_outside_the_unit_interval_are_named():
    with pytest.raises(InvalidInput, match=r"q\[1\] = .*1\.5"):
        bernoulli_kl(0.2, [0.1, 1.5])
    with pytest.raises(InvalidInput, match="p"):
        bernoulli_kl(np.nan, 0.5)
    with pytest.raises(InvalidInput, match="variance"):
        gaussian_kl(0.0, 1.0, 0.0)


def test_gaussian_kl():
    assert gaussian_kl(0.0, 1.0) == 0.5
    assert gaussian_kl(0.0, 1.0, 0.25) == 2.0


@given(st.lists(st.floats(0.01, 1.0), min_size=2, max_size=6), st.data())
@settings(deadline=None)
def test_finite_kl_agrees_with_its_definition(raw, data):
    p = np.array(raw) / np.sum(raw)
    q = np.array(data.draw(st.lists(st.floats(0.01, 1.0), min_size=len(raw), max_size=len(raw))))
    q /= q.sum()
    assert finite_kl(p, q) == pytest.approx(float(np.sum(p * np.log(p / q))), rel=1e-9, abs=1e-14)


def test_finite_kl_with_zeros():
    assert finite_kl([0.0, 1.0], [0.5, 0.5]) == pytest.approx(np.log(2.0), rel=1e-14)
    assert finite_kl([0.5, 0.5], [0.0, 1.0]) == np.inf


@given(st.floats(0.02, 0.9), st.floats(0.05, 0.98))
@settings(deadline=None)
def test_least_divergence_to_a_larger_mean_of_a_coin(p, mean):
    expected = float(bernoulli_kl(p, mean)) if mean > p else 0.0
    assert kl_to_larger_mean([0.0, 1.0], [1.0 - p, p], mean) == pytest.approx(expected, rel=1e-9, abs=1e-13)


def test_least_divergence_matches_a_search_over_laws():
    support, p, mean = np.array([0.1, 0.4, 0.7]), np.array([0.5, 0.3, 0.2]), 0.62
    # The best law lives on the support and the upper end 1: search the simplex of four points on a fine grid.
    grid = np.arange(1, 80) / 80.0
    best = np.inf
    for q1 in grid:
        for q2 in grid[grid < 1.0 - q1]:
            rest = 1.0 - q1 - q2  # shared by the points .7 and 1
            for q3 in np.linspace(1e-6, rest, 120):
                q = np.array([q1, q2, q3])
                if q @ support + (rest - q3) >= mean:
                    best = min(best, float(np.sum(p * np.log(p / q))))
    value = kl_to_larger_mean(support, p, mean)
    assert value <= best
    assert best == pytest.approx(value, rel=0.02)


def test_least_divergence_at_the_ends():
    assert kl_to_larger_mean([0.2], [1.0], 0.1) == 0.0
    assert kl_to_larger_mean([0.2], [1.0], 1.0) == np.inf
    # A point mass at x: the best law puts (mean - x)/(1 - x) on 1.
    assert kl_to_larger_mean([0.2], [1.0], 0.6) == pytest.approx(-np.log(1.0 - 0.5), rel=1e-12)
    with pytest.raises(InvalidInput, match="above the upper end"):
        kl_to_larger_mean([0.2, 1.3], [0.5, 0.5], 0.6)
