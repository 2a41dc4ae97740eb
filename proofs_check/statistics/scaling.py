"""Order bounds: how regret scales, judged by curves with their logarithms rather than by naked exponents.

Everywhere ``samples`` are either regret curves of whole runs, an array of shape (n_runs, n_points) whose columns
come from the same runs (prefixes of one run are dependent), or a sequence of n_points independent one-dimensional
samples (when the instance or its parameters move with the grid point). ``grid`` holds the n_points increasing values
of the horizon or other parameter.

All bands come from one bootstrap over whole runs of the logarithms of the means, studentised by the delta method and
made simultaneous by the largest |t| over the contrasts asked for. Their level is asymptotic in the number of runs, not
exact: hence the words "consistent" and "inconsistent" here, never "verified" or "refuted".
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from theory.errors import InvalidInput

from ._inputs import FloatArray, check_open_unit

Samples = NDArray[np.float64] | Sequence[ArrayLike]

# A studentised bootstrap of fewer runs has no 95 % quantile worth the name: its tail consists of resamples that
# repeat a handful of runs.
FEWEST_RUNS = 20


@dataclass(frozen=True)
class Band:
    """Estimates with limits that hold for all of them together. Arrays of one shape."""

    estimate: FloatArray
    lower: FloatArray
    upper: FloatArray
    alpha: float


@dataclass(frozen=True)
class SlopeFit:
    """Fit of log mean = a + slope log(grid), and the quadratic term of the fit with one more power.

    ``weights``: the linear functional with slope = weights @ log(means), so that a predicted curve can be put through
    the same fit (``reference_slope``). Intervals for slope and curvature hold together at level 1 - alpha.
    """

    slope: float
    slope_interval: tuple[float, float]
    curvature: float
    curvature_interval: tuple[float, float]
    weights: FloatArray
    alpha: float


@dataclass(frozen=True)
class Flatness:
    """Whether a ratio R/f is free of growth at the end of the grid; see ``flatness``.

    decision: "consistent", "inconsistent" or None (undecided). windows: (n_windows, 2) first and last grid value of
    the windows judged; growth: their fitted growth exponents with simultaneous limits. ratio: means of R/f at every
    grid value with simultaneous limits. tolerance: the equivalence margin on the exponent.
    """

    decision: str | None
    tolerance: float
    alpha: float
    windows: FloatArray
    growth: Band
    ratio: Band


def _check_grid(grid: ArrayLike, fewest: int) -> FloatArray:
    values = np.asarray(grid, dtype=np.float64)
    if values.ndim != 1 or len(values) < fewest:
        raise InvalidInput(f"grid of shape {values.shape}: expected at least {fewest} values")
    if not (np.all(np.isfinite(values)) and values[0] > 0.0 and np.all(np.diff(values) > 0.0)):
        raise InvalidInput(f"grid {values.tolist()}: expected positive, strictly increasing values")
    return values


def _check_block(block: FloatArray, first_point: int) -> FloatArray:
    """A block of curves that were run together, shape (n_runs, points of the block)."""
    if block.ndim != 2 or len(block) < FEWEST_RUNS:
        raise InvalidInput(
            f"samples of shape {block.shape} at grid point {first_point}: expected at least {FEWEST_RUNS} runs"
        )
    bad = ~np.isfinite(block)
    if bad.any():
        run, point = (int(i) for i in np.argwhere(bad)[0])
        raise InvalidInput(f"run {run}, grid point {first_point + point}: {block[run, point]!r} is not finite")
    means = block.mean(axis=0)
    if np.any(means <= 0.0):
        point = int(np.argmax(means <= 0.0))
        raise InvalidInput(
            f"mean at grid point {first_point + point} is {means[point]!r}: its logarithm needs it positive"
        )
    return block


def _blocks(samples: Samples, n_points: int) -> list[FloatArray]:
    """Independent blocks of jointly run grid points: one block of curves, or one block per grid point."""
    if isinstance(samples, np.ndarray):
        if samples.ndim != 2 or samples.shape[1] != n_points:
            raise InvalidInput(
                f"samples of shape {samples.shape}: expected (n_runs, {n_points}), one column per grid value"
            )
        return [_check_block(np.asarray(samples, dtype=np.float64), 0)]
    if len(samples) != n_points:
        raise InvalidInput(f"{len(samples)} samples for {n_points} grid values: expected one sample each")
    return [_check_block(np.asarray(x, dtype=np.float64).reshape(-1, 1), j) for j, x in enumerate(samples)]


class LogMeanBootstrap:
    """Log means over the grid, and their bootstrap law over whole runs.

    Attributes: log_means (n_points,); covariance (n_points, n_points), that of the bootstrap replicates.
    """

    def __init__(self, samples: Samples, n_points: int, n_bootstrap: int, rng: np.random.Generator) -> None:
        blocks = _blocks(samples, n_points)
        if n_bootstrap < 200:
            raise InvalidInput(f"n_bootstrap = {n_bootstrap!r}: expected at least 200")
        self.log_means = np.concatenate([np.log(block.mean(axis=0)) for block in blocks])
        self._delta_covariance = np.zeros((n_points, n_points))
        self._replicates = np.empty((n_bootstrap, n_points))
        self._replicate_covariances = np.zeros((n_bootstrap, n_points, n_points))
        at = 0
        for block in blocks:
            n_runs, width = block.shape
            part = slice(at, at + width)
            scaled = block / block.mean(axis=0)  # the log of a mean moves by log of the constant taken out
            products = (scaled[:, :, None] * scaled[:, None, :]).reshape(n_runs, width * width)
            self._delta_covariance[part, part] = self._covariance_of_log_means(
                np.ones((1, width)), products.mean(axis=0).reshape(1, width, width), n_runs
            )[0]
            shares = rng.multinomial(n_runs, np.full(n_runs, 1.0 / n_runs), size=n_bootstrap) / n_runs
            means = shares @ scaled
            second_moments = (shares @ products).reshape(n_bootstrap, width, width)
            with np.errstate(divide="ignore", invalid="ignore"):
                # A mean that is not positive (rare events, signed data) becomes nan: an unbounded error below.
                self._replicates[:, part] = np.log(np.where(means > 0.0, means, np.nan))
                self._replicate_covariances[:, part, part] = self._covariance_of_log_means(
                    means, second_moments, n_runs
                )
            at += width
        self._replicates += self.log_means
        usable = np.isfinite(self._replicates).all(axis=1)
        self.covariance = np.atleast_2d(np.cov(self._replicates[usable], rowvar=False))

    @staticmethod
    def _covariance_of_log_means(means: FloatArray, second_moments: FloatArray, n_runs: int) -> FloatArray:
        """Delta method: Cov(log mean_j, log mean_k) = Cov(X_j, X_k) / (n mean_j mean_k)."""
        return np.asarray((second_moments / (means[:, :, None] * means[:, None, :]) - 1.0) / (n_runs - 1))

    def band(self, contrasts: FloatArray, alpha: float) -> Band:
        """Simultaneous level 1 - alpha band for contrasts @ log_means; contrasts of shape (n_contrasts, n_points)."""
        estimate = contrasts @ self.log_means
        se = self._standard_errors(contrasts, self._delta_covariance[None])[0]
        errors = np.abs(self._replicates @ contrasts.T - estimate)
        replicate_se = self._standard_errors(contrasts, self._replicate_covariances)
        # Runs without any spread have no error to studentise (0/0); rounding leaves about 1e-16 of it.
        spread = errors > 1e-12
        t = np.zeros_like(errors)
        with np.errstate(divide="ignore", invalid="ignore"):
            np.divide(errors, replicate_se, out=t, where=spread)
        t[np.isnan(errors) | np.isnan(t)] = np.inf
        critical = float(np.quantile(t.max(axis=1), 1.0 - alpha, method="higher"))
        with np.errstate(invalid="ignore"):
            radius = np.where(se > 0.0, critical * se, 0.0)
        return Band(estimate, estimate - radius, estimate + radius, alpha)

    @staticmethod
    def _standard_errors(contrasts: FloatArray, covariances: FloatArray) -> FloatArray:
        variances = np.einsum("cj,bjk,ck->bc", contrasts, covariances, contrasts, optimize=True)
        return np.asarray(np.sqrt(np.maximum(variances, 0.0)))


def _ols_slope_weights(log_grid: FloatArray) -> FloatArray:
    centred = log_grid - log_grid.mean()
    return np.asarray(centred / (centred @ centred))


def local_slopes(samples: Samples, grid: ArrayLike, alpha: float, n_bootstrap: int, rng: np.random.Generator) -> Band:
    """Local exponents log(R_{j+1}/R_j) / log(T_{j+1}/T_j) with a simultaneous band. Arrays of shape (n_points - 1,)."""
    check_open_unit(alpha, "alpha")
    points = _check_grid(grid, 2)
    bootstrap = LogMeanBootstrap(samples, len(points), n_bootstrap, rng)
    contrasts = np.diff(np.eye(len(points)), axis=0) / np.diff(np.log(points))[:, None]
    return bootstrap.band(contrasts, alpha)


def fit_slope(samples: Samples, grid: ArrayLike, alpha: float, n_bootstrap: int, rng: np.random.Generator) -> SlopeFit:
    """Exponent of the mean by generalised least squares in log-log scale, with the bootstrap covariance.

    The quadratic term ("curvature") is that of the GLS fit with log(grid)^2 added: an interval off 0 says that no
    single exponent describes the curve. Compare the slope with ``reference_slope(f, grid, fit.weights)``, not with
    f's power: on 2^8..2^14 sqrt(T) log T has slope 0.634. Needs at least 3 grid values.
    """
    check_open_unit(alpha, "alpha")
    points = _check_grid(grid, 3)
    bootstrap = LogMeanBootstrap(samples, len(points), n_bootstrap, rng)
    log_grid = np.log(points) - np.log(points).mean()
    covariance = bootstrap.covariance
    scale = float(np.trace(covariance)) / len(points)
    # Prefix curves can be collinear to rounding; the ridge keeps GLS defined and, for runs without any spread, is OLS.
    ridged = covariance + (1e-6 * scale if scale > 0.0 else 1.0) * np.eye(len(points))

    def gls_weights(degree: int) -> FloatArray:
        design = np.vander(log_grid, degree + 1, increasing=True)
        whitened = np.linalg.solve(ridged, design)
        return np.asarray(np.linalg.solve(design.T @ whitened, whitened.T)[degree])

    contrasts = np.stack([gls_weights(1), gls_weights(2)])
    band = bootstrap.band(contrasts, alpha)
    return SlopeFit(
        slope=float(band.estimate[0]),
        slope_interval=(float(band.lower[0]), float(band.upper[0])),
        curvature=float(band.estimate[1]),
        curvature_interval=(float(band.lower[1]), float(band.upper[1])),
        weights=contrasts[0],
        alpha=alpha,
    )


def reference_slope(f: Callable[[FloatArray], FloatArray], grid: ArrayLike, weights: FloatArray | None = None) -> float:
    """The exponent that the curve f itself shows on this grid: by least squares, or by a fit's own ``weights``.

    f: vectorised, positive on the grid.
    """
    points = _check_grid(grid, 2)
    values = np.asarray(f(points), dtype=np.float64)
    if values.shape != points.shape or not np.all(values > 0.0):
        raise InvalidInput(f"f gives {values!r} on the grid: expected {len(points)} positive values")
    functional = _ols_slope_weights(np.log(points)) if weights is None else weights
    return float(functional @ np.log(values))


def flatness(
    ratio_samples: Samples,
    grid: ArrayLike,
    alpha: float,
    n_bootstrap: int,
    rng: np.random.Generator,
    *,
    tolerance: float = 0.05,
) -> Flatness:
    """Is R/f free of growth at the end of the grid? The test of an order claim R = O(f).

    ``ratio_samples`` are the samples of R divided by f at their grid values, f the theorem's own rate with its
    logarithms. The windows judged end at the last grid value, have at least three points, and start no earlier than
    the middle of the grid. In each, the growth exponent is the least-squares slope of log mean(R/f) on log(grid). With
    the simultaneous band of level 1 - alpha on these exponents the decision is

    - "consistent" if every upper limit is at most ``tolerance``: at the end of this grid R/f grows no faster
      than T^tolerance, the equivalence margin;
    - "inconsistent" if every lower limit is above ``tolerance``: R/f grows faster in all of them, the last
      included, so growth that has died out by the end of the grid does not count against the claim;
    - None otherwise (more runs, or a longer grid).

    Each decision is wrong with probability at most alpha asymptotically in the number of runs. It speaks of this grid
    only: an order bound allows any growth up to a larger T, and logarithmic factors whose local exponent is below the
    tolerance are not seen. Needs at least 3 grid values (5 for more than one window).
    """
    check_open_unit(alpha, "alpha")
    points = _check_grid(grid, 3)
    if not tolerance >= 0.0:
        raise InvalidInput(f"tolerance = {tolerance!r}: expected a number >= 0")
    n_points = len(points)
    bootstrap = LogMeanBootstrap(ratio_samples, n_points, n_bootstrap, rng)
    starts = range(min(n_points // 2, n_points - 3), n_points - 2)
    contrasts = np.zeros((len(starts), n_points))
    for row, start in enumerate(starts):
        contrasts[row, start:] = _ols_slope_weights(np.log(points[start:]))
    growth = bootstrap.band(contrasts, alpha)
    log_ratio = bootstrap.band(np.eye(n_points), alpha)
    decision = None
    if np.all(growth.upper <= tolerance):
        decision = "consistent"
    elif np.all(growth.lower > tolerance):
        decision = "inconsistent"
    return Flatness(
        decision=decision,
        tolerance=tolerance,
        alpha=alpha,
        windows=np.array([[points[start], points[-1]] for start in starts]),
        growth=growth,
        ratio=Band(np.exp(log_ratio.estimate), np.exp(log_ratio.lower), np.exp(log_ratio.upper), alpha),
    )
