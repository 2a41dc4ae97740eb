"""Scaling verdicts: slopes of known curves, coverage and errors of the bands, and bad input."""

from __future__ import annotations

import math

import numpy as np
import pytest

from proofs_check.statistics import (
    MeanTest,
    clopper_pearson,
    fit_slope,
    flatness,
    local_slopes,
    reference_slope,
)
from theory.errors import InvalidInput

GRID = 2.0 ** np.arange(8, 15)


def curves(n_runs: int, mean: np.ndarray, rng: np.random.Generator, cv: float = 0.5) -> np.ndarray:
    """Increasing regret curves of the given mean: a factor per run, and noise in every increment."""
    spread = math.sqrt(math.log1p(cv**2))
    factor = np.exp(spread * rng.standard_normal((n_runs, 1)) - spread**2 / 2)
    increments = np.diff(mean, prepend=0.0) * rng.gamma(5.0, 0.2, (n_runs, len(mean)))
    return np.asarray(factor * np.cumsum(increments, axis=1))


@pytest.mark.parametrize(
    ("f", "slope"),
    [
        (np.sqrt, 0.500),
        (lambda t: np.sqrt(t * np.log(t)), 0.567),
        (lambda t: np.sqrt(t) * np.log(t), 0.634),
        (lambda t: t ** (2 / 3), 0.667),
        (np.log, 0.134),
        (lambda t: np.log(t) ** 2, 0.268),
        (lambda t: np.sqrt(t) + 50.0, 0.238),
    ],
)
def test_reference_slopes(f, slope: float) -> None:  # type: ignore[no-untyped-def]
    assert reference_slope(f, GRID) == pytest.approx(slope, abs=5e-4)


@pytest.mark.parametrize(
    ("horizon", "expected"),
    [
        (256, (0.085, 0.170, 0.340)),
        (1024, (0.069, 0.138, 0.275)),
        (16384, (0.050, 0.100, 0.199)),
        (1e6, (0.035, 0.070, 0.141)),
    ],
)
def test_local_slopes_of_logarithms(horizon: float, expected: tuple[float, ...]) -> None:
    """Curves without noise: the local slope of sqrt(T) log^q T exceeds 1/2 by q log2(1 + log 2 / log T)."""
    grid = np.array([horizon, 2.0 * horizon])
    for q, excess in zip((0.5, 1.0, 2.0), expected):
        samples = np.tile(np.sqrt(grid) * np.log(grid) ** q, (20, 1))
        band = local_slopes(samples, grid, 0.05, 200, np.random.default_rng(0))
        assert band.estimate[0] - 0.5 == pytest.approx(excess, abs=1e-3)
        assert band.estimate[0] == pytest.approx(0.5 + q * math.log2(1 + math.log(2) / math.log(horizon)), abs=1e-9)
        assert band.upper[0] - band.lower[0] < 1e-9


def test_logarithms_by_slope_and_by_flatness() -> None:
    """sqrt(T) log T: its fitted exponent is nearer to 2/3 than to 1/2, its ratio to its own rate is flat."""
    rng = np.random.default_rng(1)
    mean = np.sqrt(GRID) * np.log(GRID)
    samples = curves(600, mean, rng)
    fit = fit_slope(samples, GRID, 0.05, 1000, rng)
    low, high = fit.slope_interval
    assert low > 0.55
    assert low <= reference_slope(lambda t: np.sqrt(t) * np.log(t), GRID, fit.weights) <= high
    assert flatness(samples / mean, GRID, 0.05, 1000, rng).decision == "consistent"
    assert flatness(samples / np.sqrt(GRID), GRID, 0.05, 1000, rng).decision == "inconsistent"
    # an upper bound that is not attained is no contradiction
    assert flatness(samples / GRID, GRID, 0.05, 1000, rng).decision == "consistent"


@pytest.mark.parametrize("exponent", [0.0, 0.05, 0.2])
def test_band_coverage_and_errors(exponent: float) -> None:
    rng = np.random.default_rng(2)
    n_simulations, alpha = 250, 0.1
    ratio_mean = GRID**exponent
    missed_growth = missed_ratio = 0
    decisions = []
    for _ in range(n_simulations):
        samples = curves(100, np.sqrt(GRID) * ratio_mean, rng) / np.sqrt(GRID)
        result = flatness(samples, GRID, alpha, 400, rng)
        decisions.append(result.decision)
        missed_growth += not np.all((result.growth.lower <= exponent) & (exponent <= result.growth.upper))
        missed_ratio += not np.all((result.ratio.lower <= ratio_mean) & (ratio_mean <= result.ratio.upper))
    # asymptotic level: at 100 runs allow half as much again, with exact limits on the simulated frequency
    for missed in (missed_growth, missed_ratio):
        assert float(clopper_pearson(missed, n_simulations, 1e-3)[0]) <= 1.5 * alpha
        assert missed > 0
    right = {0.0: "consistent", 0.2: "inconsistent"}.get(exponent)
    wrong = {0.0: ["inconsistent"], 0.05: ["consistent", "inconsistent"], 0.2: ["consistent"]}[exponent]
    n_wrong = sum(decision in wrong for decision in decisions)
    assert float(clopper_pearson(n_wrong, n_simulations, 1e-3)[0]) <= alpha
    if right is not None:
        assert decisions.count(right) > 0.8 * n_simulations


def test_growth_that_has_died_out_is_not_held_against_the_claim() -> None:
    rng = np.random.default_rng(3)
    grid = 2.0 ** np.arange(6, 16)
    saturating = 1.0 / (1.0 + 500.0 / grid)
    result = flatness(curves(2000, grid * saturating, rng) / grid, grid, 0.05, 1000, rng)
    assert result.growth.lower[0] > 0.05  # seen in the longest window
    assert result.decision != "inconsistent"


def test_growth_that_begins_at_the_end_is_seen() -> None:
    rng = np.random.default_rng(4)
    grid = 2.0 ** np.arange(6, 16)
    late = np.where(grid == grid[-1], 1.12, 1.0)
    result = flatness(curves(4000, grid * late, rng, cv=0.1) / grid, grid, 0.05, 1000, rng)
    assert result.growth.upper[0] < 0.05 < result.growth.lower[-1]  # the longest window alone would miss it
    assert result.decision is None


def test_runs_are_resampled_whole() -> None:
    """Sabotage: time points shuffled between runs lose the correlation of a curve with itself, and the band widens."""
    rng = np.random.default_rng(5)
    samples = curves(300, np.sqrt(GRID), rng, cv=1.0)
    whole = local_slopes(samples, GRID, 0.05, 800, np.random.default_rng(0))
    shuffled = rng.permuted(samples, axis=0)
    torn = local_slopes(shuffled, GRID, 0.05, 800, np.random.default_rng(0))
    np.testing.assert_allclose(whole.estimate, torn.estimate, rtol=1e-9)
    assert np.all(torn.upper - torn.lower > 2.0 * (whole.upper - whole.lower))


def test_independent_samples_per_point() -> None:
    """A list of samples is treated as independent: the same law as shuffled curves, not the same as whole curves."""
    rng = np.random.default_rng(6)
    samples = [np.sqrt(t) * rng.gamma(4.0, 0.25, size=200 + 10 * j) for j, t in enumerate(GRID)]
    fit = fit_slope(samples, GRID, 0.05, 1000, rng)
    assert fit.slope_interval[0] <= 0.5 <= fit.slope_interval[1]
    assert fit.curvature_interval[0] <= 0.0 <= fit.curvature_interval[1]
    # delta method: Var log mean = cv^2 / n, equal cv at every point
    sizes = np.array([len(x) for x in samples])
    log_grid = np.log(GRID)
    weights = sizes / sizes.sum()
    se = 0.5 / math.sqrt(float(sizes @ (log_grid - weights @ log_grid) ** 2))
    assert fit.slope_interval[1] - fit.slope_interval[0] == pytest.approx(2 * 2.25 * se, rel=0.2)


def test_curvature_is_seen() -> None:
    rng = np.random.default_rng(7)
    fit = fit_slope(curves(800, np.sqrt(GRID) + 50.0, rng), GRID, 0.05, 1000, rng)
    assert fit.curvature_interval[0] > 0.0


def test_results_repeat_with_the_seed() -> None:
    samples = curves(50, np.sqrt(GRID), np.random.default_rng(8))
    one = flatness(samples, GRID, 0.05, 300, np.random.default_rng(1))
    other = flatness(samples, GRID, 0.05, 300, np.random.default_rng(1))
    np.testing.assert_array_equal(one.growth.lower, other.growth.lower)
    scaled = flatness(7.0 * samples, GRID, 0.05, 300, np.random.default_rng(1))
    np.testing.assert_allclose(one.growth.lower, scaled.growth.lower, atol=1e-9)


def test_doubling_by_betting() -> None:
    """The finite-sample companion: H0 "E R_2T <= r E R_T" as a bounded mean of R_2T - r R_T at most 0."""
    rng = np.random.default_rng(9)
    horizon = 64
    linear = 0.25 * horizon * rng.beta(4.0, 4.0, size=(2000, 1)) * np.array([1.0, 2.0])
    for rate, expected in ((math.sqrt(2.0), "refuted"), (2.5, "verified")):
        difference = linear[:, 1] - rate * linear[:, 0]
        test = MeanTest(0.0, low=-rate * 0.25 * horizon, high=2 * 0.25 * horizon)
        test.update(difference)
        assert test.decision == expected


def test_rare_positive_samples_are_undecided_rather_than_wrong() -> None:
    samples = np.zeros((30, 7))
    samples[0] = GRID  # one run in thirty carries all the regret: a third of the resamples miss it
    result = flatness(samples / GRID, GRID, 0.05, 300, np.random.default_rng(2))
    assert result.decision is None
    assert not np.isfinite(result.ratio.upper).any()


def test_bad_input_is_refused() -> None:
    rng = np.random.default_rng(0)
    good = curves(30, np.sqrt(GRID), rng)
    cases = [
        (good[:, :3], GRID, "one column per grid value"),
        (good[:10], GRID, "at least 20 runs"),
        (good, GRID[::-1], "strictly increasing"),
        (good[:, :2], GRID[:2], "at least 3"),
        (-good, GRID, "mean at grid point 0"),
        (np.where(good == good[4, 2], np.nan, good), GRID, "run 4, grid point 2"),
        ([good[:, 0]] * 3, GRID, "3 samples for 7"),
    ]
    for samples, grid, message in cases:
        with pytest.raises(InvalidInput, match=message):
            flatness(samples, grid, 0.05, 300, rng)
    with pytest.raises(InvalidInput, match="n_bootstrap"):
        flatness(good, GRID, 0.05, 10, rng)
    with pytest.raises(InvalidInput, match="tolerance"):
        flatness(good, GRID, 0.05, 300, rng, tolerance=-0.1)
    with pytest.raises(InvalidInput, match="alpha"):
        fit_slope(good, GRID, 2.0, 300, rng)
    with pytest.raises(InvalidInput, match="positive values"):
        reference_slope(lambda t: t - 256.0, GRID)
