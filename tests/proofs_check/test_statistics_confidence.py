"""Confidence limits: known numbers, and coverage at all numbers of runs at once."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import special
from statsmodels.stats.proportion import proportion_confint

from proofs_check.statistics import (
    BettingSequence,
    EmpiricalBernsteinSequence,
    best_rho,
    clopper_pearson,
    clopper_pearson_upper,
    crossing_probability,
    hoeffding_radius,
    maurer_pontil_radius,
    normal_mixture_radius,
    runs_to_certify,
    stitched_radius,
)
from proofs_check.statistics.betting import BET_FRACTIONS, BET_WEIGHTS, log_capital_path, log_mixture
from theory.errors import InvalidInput

TIMES = np.array([100.0, 1000.0, 10000.0])


def test_normal_mixture_radii_of_the_mean() -> None:
    radii = [float(normal_mixture_radius(t, 0.05, best_rho(t, 0.05))) / t for t in TIMES]
    np.testing.assert_allclose(radii, [0.303521, 0.095982, 0.030352], atol=5e-7)


def test_tuned_rho_is_nearly_the_best() -> None:
    rho = best_rho(1000.0, 0.05)
    others = [float(normal_mixture_radius(1000.0, 0.05, rho * factor)) for factor in np.geomspace(0.05, 20.0, 401)]
    assert float(normal_mixture_radius(1000.0, 0.05, rho)) <= 1.002 * min(others)


def test_stitched_radius_against_its_rounded_form() -> None:
    # The form quoted by Howard et al. 2021, whose constants 1.7, 0.72 and 5.2 are those of Theorem 1 rounded upwards.
    rounded = 1.7 * np.sqrt((np.log(np.log(2.0 * TIMES)) + 0.72 * math.log(5.2 / 0.05)) / TIMES)
    np.testing.assert_allclose(rounded, [0.380563, 0.124602, 0.040361], atol=5e-7)
    exact = stitched_radius(TIMES, 0.05) / TIMES
    assert np.all(exact <= rounded)
    assert np.all(exact >= 0.995 * rounded)


def test_stitched_constants() -> None:
    assert special.zeta(1.4) == pytest.approx(3.105547, abs=5e-7)
    assert (2**0.25 + 2**-0.25) / math.sqrt(2.0) == pytest.approx(1.43550, abs=5e-6)
    # With c > 0 and v -> infinity the sub-gamma terms vanish.
    ratio = stitched_radius(1e12, 0.05, c=1.0) / stitched_radius(1e12, 0.05)
    assert 1.0 < float(ratio) < 1.0001
    assert float(stitched_radius(0.3, 0.05)) == float(stitched_radius(1.0, 0.05))


def test_fixed_n_radii() -> None:
    assert float(maurer_pontil_radius(0.07**2, 1000, 0.05)) == pytest.approx(0.014629, abs=5e-7)
    assert float(hoeffding_radius(1000, 0.05)) == pytest.approx(0.038702, abs=5e-7)


def test_clopper_pearson_numbers() -> None:
    assert float(clopper_pearson_upper(0, 300, 0.05)) == pytest.approx(0.009936, abs=5e-7)
    assert float(clopper_pearson_upper(0, 59, 0.05)) == pytest.approx(1.0 - 0.05 ** (1 / 59), rel=1e-12)
    assert [runs_to_certify(delta, 0.05) for delta in (0.05, 0.01, 0.001)] == [59, 299, 2995]
    for delta in (0.2, 0.05, 0.01):
        n = runs_to_certify(delta, 0.03)
        assert float(clopper_pearson_upper(0, n, 0.03)) <= delta < float(clopper_pearson_upper(0, n - 1, 0.03))
    assert float(clopper_pearson_upper(7, 7, 0.05)) == 1.0


def test_clopper_pearson_agrees_with_statsmodels() -> None:
    for n in (1, 7, 50, 1000):
        k = np.unique(np.linspace(0, n, 9).astype(int))
        low, high = clopper_pearson(k, n, 0.07)
        expected_low, expected_high = proportion_confint(k, n, alpha=0.07, method="beta")
        # statsmodels leaves nan where the limit is 0 or 1 by definition
        np.testing.assert_allclose(low, np.where(k == 0, 0.0, expected_low), rtol=1e-10)
        np.testing.assert_allclose(high, np.where(k == n, 1.0, expected_high), rtol=1e-10)


# --- anytime coverage, exactly: on two-point data the capital depends on the counts only -------------------------


def two_point_log_capital(k: np.ndarray, n: int, small: float, large: float, m: float) -> np.ndarray:
    """log capital against mean m after n observations of which k were ``large`` and the others ``small``."""
    with np.errstate(divide="ignore", invalid="ignore"):
        ups = np.where(k[:, None] == 0, 0.0, k[:, None] * np.log1p(BET_FRACTIONS * (large / m - 1.0)))
        downs = np.where(k[:, None] == n, 0.0, (n - k[:, None]) * np.log1p(BET_FRACTIONS * (small / m - 1.0)))
    return log_mixture(ups + downs, np.log(BET_WEIGHTS))


LAWS = {"rare": (0.0, 1.0, 0.01), "fair": (0.0, 1.0, 0.5), "skewed": (0.1, 0.9, 0.05)}


def test_the_gambler_starts_with_capital_one() -> None:
    assert BET_WEIGHTS.sum() == pytest.approx(1.0, abs=1e-15)
    assert np.all(BET_WEIGHTS > 0.0) and np.all((BET_FRACTIONS > 0.0) & (BET_FRACTIONS <= 1.0))


def test_two_point_capital_is_the_general_one() -> None:
    x = np.where(np.random.default_rng(3).random(300) < 0.05, 0.9, 0.1)
    path = log_capital_path(x, 0.14)
    counts = np.cumsum(x > 0.5)
    expected = [two_point_log_capital(counts[[i]], i + 1, 0.1, 0.9, 0.14)[0] for i in range(300)]
    np.testing.assert_allclose(path, expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("law", LAWS)
def test_exact_anytime_miscoverage_of_betting(law: str) -> None:
    small, large, p = LAWS[law]
    mean = p * large + (1 - p) * small
    threshold = math.log(2.0 / 0.05)

    def excluded(k: np.ndarray, n: int) -> np.ndarray:
        up = two_point_log_capital(k, n, small, large, mean)
        down = two_point_log_capital(n - k, n, 1.0 - large, 1.0 - small, 1.0 - mean)
        return np.asarray((up >= threshold) | (down >= threshold))

    miscoverage = crossing_probability(p, 5000, excluded)[-1]
    assert 0.01 < miscoverage <= 0.05  # valid, and not valid by being useless


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("boundary", ["mixture", "stitched"])
def test_exact_anytime_miscoverage_of_sub_gaussian_boundaries(law: str, boundary: str) -> None:
    small, large, p = LAWS[law]
    sigma = (large - small) / 2.0  # Hoeffding's lemma

    def excluded(k: np.ndarray, n: int) -> np.ndarray:
        deviation = np.abs((k - n * p) * (large - small)) / sigma
        if boundary == "mixture":
            radius = normal_mixture_radius(n, 0.05, best_rho(500.0, 0.05))
        else:
            radius = stitched_radius(n, 0.025)
        return np.asarray(deviation >= radius)

    assert crossing_probability(p, 5000, excluded)[-1] <= 0.05


def test_running_intersection_of_fixed_n_intervals_loses_coverage() -> None:
    """Sabotage: Clopper-Pearson intervals without alpha spending, looked at after every run."""
    tables = {n: clopper_pearson(np.arange(n + 1), n, 0.05) for n in range(1, 301)}

    def excluded(k: np.ndarray, n: int) -> np.ndarray:
        low, high = tables[n]
        return np.asarray((low[k] > 0.5) | (high[k] < 0.5))

    miscoverage = crossing_probability(0.5, 300, excluded)
    assert miscoverage[4] <= 0.05
    assert miscoverage[-1] > 0.15


# --- the confidence sequences as they are used --------------------------------------------------------------------


@pytest.mark.parametrize("sequence", [BettingSequence, EmpiricalBernsteinSequence])
def test_simulated_coverage_over_all_looks(sequence: type) -> None:
    rng = np.random.default_rng(20210)
    n_simulations, alpha = 400, 0.1
    missed = 0
    for _ in range(n_simulations):
        x = 3.0 + 4.0 * rng.beta(0.3, 1.2, size=400)  # mean 3 + 4/5
        cs = sequence(alpha, low=3.0, high=7.0)
        for batch in np.split(x, [5, 20, 60, 150]):
            cs.update(batch)
        missed += not cs.interval[0] <= 3.8 <= cs.interval[1]
    # A sequence of miscoverage alpha fails this with probability at most 1e-4.
    assert float(clopper_pearson(missed, n_simulations, 2e-4)[0]) <= alpha


def test_betting_interval_is_the_set_of_means_not_excluded() -> None:
    rng = np.random.default_rng(5)
    x = rng.beta(2.0, 5.0, size=150)
    cs = BettingSequence(0.05)
    cs.update(x)
    low, high = cs.interval
    threshold = math.log(2.0 / 0.05)

    def is_excluded(m: float) -> bool:
        return bool(log_capital_path(x, m)[-1] >= threshold or log_capital_path(1.0 - x, 1.0 - m)[-1] >= threshold)

    grid = np.linspace(0.002, 0.998, 499)
    for m in grid:
        if abs(m - low) > 1e-6 and abs(m - high) > 1e-6:
            assert is_excluded(float(m)) == (not low < m < high)
    assert is_excluded(low - 1e-7) and not is_excluded(low + 1e-7)
    assert is_excluded(high + 1e-7) and not is_excluded(high - 1e-7)


def test_betting_interval_does_not_depend_on_order_and_only_shrinks() -> None:
    rng = np.random.default_rng(6)
    x = rng.random(500)
    one, other = BettingSequence(0.05), BettingSequence(0.05)
    one.update(x)
    other.update(x[::-1])
    np.testing.assert_allclose(one.interval, other.interval, rtol=1e-8)
    before = one.interval
    for batch in np.split(rng.random(600), 6):
        one.update(batch)
        assert before[0] <= one.interval[0] <= one.interval[1] <= before[1]
        before = one.interval
    assert not one.contradicted


def plug_in_width(x: np.ndarray, alpha: float) -> float:
    """Width of the hedged-capital set with predictable plug-in bets, last time only, by bisection (an oracle)."""
    i = np.arange(1, len(x) + 1)

    def lower(y: np.ndarray) -> float:
        means = (0.5 + np.cumsum(y)) / (i + 1)
        variances = (0.25 + np.cumsum((y - means) ** 2)) / (i + 1)
        before = np.concatenate([[0.25], variances[:-1]])
        bets = np.sqrt(2.0 * math.log(2.0 / alpha) / (before * i * np.log1p(i)))
        a, b = 0.0, float(y.mean())
        for _ in range(50):
            m = (a + b) / 2.0
            excluded = np.log1p(np.minimum(bets, 0.5 / m) * (y - m)).sum() >= math.log(2.0 / alpha)
            a, b = (m, b) if excluded else (a, m)
        return a

    return 1.0 - lower(1.0 - x) - lower(x)


@pytest.mark.parametrize(
    ("law", "largest_ratio"),
    [("fair", 1.05), ("rare", 1.15), ("small scale", 0.6)],
)
def test_betting_width_against_plug_in_bets(law: str, largest_ratio: float) -> None:
    rng = np.random.default_rng(8)
    ratios = []
    for _ in range(8):
        if law == "fair":
            x = (rng.random(1000) < 0.5).astype(float)
        elif law == "rare":
            x = (rng.random(1000) < 0.02).astype(float)
        else:
            x = np.clip(0.01 + 0.002 * rng.standard_normal(1000), 0.0, 1.0)
        cs = BettingSequence(0.05)
        cs.update(x)
        ratios.append((cs.interval[1] - cs.interval[0]) / plug_in_width(x, 0.05))
    assert np.mean(ratios) < largest_ratio


def test_betting_on_data_far_smaller_than_their_range() -> None:
    rng = np.random.default_rng(9)
    x = 50.0 + 10.0 * rng.standard_normal(1000)
    cs = BettingSequence(0.05, low=0.0, high=5000.0)
    cs.update(x)
    low, high = cs.interval
    assert 45.0 < low < 50.0 < high < 80.0
    # The lower limit feels the variance; the upper one cannot, because of rare values near 5000 (see docs).
    assert 50.0 - low < 3.0
    assert high - 50.0 > 10.0


def test_degenerate_data() -> None:
    zeros = BettingSequence(0.05)
    zeros.update(np.zeros(200))
    assert zeros.interval[0] == 0.0
    assert 0.01 < zeros.interval[1] < 0.04
    ones = BettingSequence(0.05)
    ones.update(np.ones(200))
    np.testing.assert_allclose(ones.interval, (1.0 - zeros.interval[1], 1.0), rtol=1e-9)
    assert math.isnan(BettingSequence(0.1).estimate)


def test_a_drifting_mean_is_reported() -> None:
    for cs in (BettingSequence(0.05), EmpiricalBernsteinSequence(0.05)):
        cs.update(np.full(500, 0.1))
        cs.update(np.full(5000, 0.9))
        assert cs.contradicted
        assert cs.interval[0] <= cs.interval[1]


def test_empirical_bernstein_does_not_depend_on_batches() -> None:
    x = np.random.default_rng(10).random(300) ** 2
    whole, parts = EmpiricalBernsteinSequence(0.05), EmpiricalBernsteinSequence(0.05)
    whole.update(x)
    for batch in np.split(x, [1, 2, 50, 51]):
        parts.update(batch)
    np.testing.assert_allclose(whole.interval, parts.interval, rtol=1e-12)
    assert whole.interval[1] - whole.interval[0] < 0.2


def test_empirical_bernstein_is_the_theorem_step_by_step() -> None:
    """Waudby-Smith and Ramdas 2024, Theorem 2, transcribed as a plain loop."""
    x = np.random.default_rng(11).beta(1.0, 4.0, size=200)
    alpha, total, squares = 0.05, 0.5, 0.25
    mean, variance = 0.5, 0.25
    sum_bets = sum_weighted = sum_penalties = 0.0
    low, high = 0.0, 1.0
    for i, value in enumerate(x, start=1):
        bet = min(math.sqrt(2.0 * math.log(2.0 / alpha) / (variance * i * math.log(1.0 + i))), 0.5)
        sum_bets += bet
        sum_weighted += bet * value
        sum_penalties += (value - mean) ** 2 * (-math.log(1.0 - bet) - bet)
        radius = (math.log(2.0 / alpha) + sum_penalties) / sum_bets
        low = max(low, sum_weighted / sum_bets - radius)
        high = min(high, sum_weighted / sum_bets + radius)
        total += value
        mean = total / (i + 1)
        squares += (value - mean) ** 2
        variance = squares / (i + 1)
    cs = EmpiricalBernsteinSequence(alpha)
    cs.update(x)
    np.testing.assert_allclose(cs.interval, (low, high), rtol=1e-10)


@pytest.mark.parametrize("value", [-0.1, 1.5, math.nan, math.inf])
def test_values_outside_the_range_are_named(value: float) -> None:
    cs = BettingSequence(0.05)
    cs.update([0.5, 0.5])
    with pytest.raises(InvalidInput, match="observation 3 is"):
        cs.update([0.2, value])
    assert cs.n == 2


def test_bad_parameters_are_refused() -> None:
    for alpha in (0.0, 1.0, -0.1, math.nan):
        with pytest.raises(InvalidInput, match="alpha"):
            BettingSequence(alpha)
    with pytest.raises(InvalidInput, match="low < high"):
        BettingSequence(0.05, low=1.0, high=1.0)
    with pytest.raises(InvalidInput, match="k ="):
        clopper_pearson(5, 4, 0.05)
    with pytest.raises(InvalidInput, match="at least two"):
        maurer_pontil_radius(0.1, 1, 0.05)
    with pytest.raises(InvalidInput, match="eta"):
        stitched_radius(10.0, 0.05, eta=1.0)
    with pytest.raises(InvalidInput, match="rho"):
        normal_mixture_radius(10.0, 0.05, 0.0)
    with pytest.raises(InvalidInput, match="shape"):
        BettingSequence(0.05).update(np.zeros((2, 2)))
