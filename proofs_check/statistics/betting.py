"""The capital of a gambler who bets against a mean: the engine under the tests and confidence sequences.

For X_1, X_2, ... in [0, 1] with conditional mean at most m, a gambler who stakes the fraction f of the largest safe
bet 1/m that X_i exceeds m has capital

    K_n(f; m) = prod_{i <= n} (1 + (f/m) (X_i - m)) = prod_{i <= n} (1 - f + f X_i / m),        0 <= f <= 1,

a nonnegative supermartingale from 1 (Waudby-Smith and Ramdas 2024, section 4). The average over a fixed law of f,

    K_n(m) = sum_j w_j K_n(f_j; m),                                                                            (*)

is one again. By Cover's (1991) identity it is also what the gambler earns who stakes at each step the
capital-weighted mean of the f_j: a predictable bet that adapts itself to the variance. Compared with a plug-in bet,
(*) does not depend on the order of the observations and is monotone in m, so a confidence set is exactly an interval.
"""

from __future__ import annotations

import numpy as np

from ._inputs import FloatArray

_HALVINGS = np.arange(1, 13)
# Stakes: three bold ones, then halvings down to 2^-12. Data far smaller than their range and far below the bound call
# for stake 1, Bernoulli(p) data below the bound for 1 - p/m, a small effect for a small stake. Between two halvings
# at least 8/9 of the best growth rate is kept: it is nearly 2x - x^2 at x times the best stake, and 2/3 is the worst x.
BET_FRACTIONS: FloatArray = np.concatenate([[1.0, 0.9, 0.75], 0.5**_HALVINGS])
# Half of the capital on bold stakes (a quick decision about regret far below its range costs log 4 only), half on
# the halvings with weights that fall slowly, so that the rarest stake costs 4 nats.
BET_WEIGHTS: FloatArray = np.concatenate(
    [[0.25, 0.125, 0.125], 0.5 * (1.0 / (1.0 + _HALVINGS)) / np.sum(1.0 / (1.0 + _HALVINGS))]
)
_LOG_WEIGHTS = np.log(BET_WEIGHTS)


def log_mixture(log_capitals: FloatArray, log_weights: FloatArray) -> FloatArray:
    """log sum_j exp(log_weights_j + log_capitals_j) over the last axis, without overflow."""
    terms = log_capitals + log_weights
    top = np.max(terms, axis=-1, keepdims=True)
    # All stakes can be ruined at once only when every f_j is 1; then the capital is 0 and its logarithm -inf.
    safe = np.where(np.isfinite(top), top, 0.0)
    with np.errstate(divide="ignore"):
        mixed: FloatArray = safe[..., 0] + np.log(np.sum(np.exp(terms - safe), axis=-1))
    return mixed


def log_increments(x: FloatArray, m: float) -> FloatArray:
    """log(1 - f_j + f_j x_i / m) for every observation and stake.

    x: shape (..., n) in [0, 1]; m in (0, 1]. Returns shape (..., n, n_stakes); -inf where the full stake meets x = 0.
    """
    with np.errstate(divide="ignore"):
        return np.log1p(BET_FRACTIONS * (x[..., None] / m - 1.0))


def log_capital_path(x: FloatArray, m: float) -> FloatArray:
    """log K_n(m) of equation (*) for n = 1..N along the last axis of ``x``, shape (..., N), values in [0, 1]."""
    return log_mixture(np.cumsum(log_increments(x, m), axis=-2), _LOG_WEIGHTS)


class BettingCapital:
    """log K_n(m) of equation (*), updated by batches; O(number of stakes) time and memory per observation."""

    _CHUNK = 1 << 14

    def __init__(self, m: float) -> None:
        self._m = m
        self._log_capitals = np.zeros(len(BET_FRACTIONS))

    def update(self, x: FloatArray) -> FloatArray:
        """Bet on ``x``, shape (n,) in [0, 1]; return log K after each observation, shape (n,)."""
        path = np.empty(len(x))
        for start in range(0, len(x), self._CHUNK):
            part = slice(start, start + self._CHUNK)
            sums = self._log_capitals + np.cumsum(log_increments(x[part], self._m), axis=0)
            path[part] = log_mixture(sums, _LOG_WEIGHTS)
            self._log_capitals = sums[-1]
        return path


def _log_capital_and_slope(x: FloatArray, m: float) -> tuple[float, float]:
    """log K_n(m) and its derivative in log m."""
    n = len(x)
    log_capitals = np.empty(len(BET_FRACTIONS))
    slopes = np.empty(len(BET_FRACTIONS))
    for j, f in enumerate(BET_FRACTIONS):
        factors = 1.0 - f + f * (x / m)
        with np.errstate(divide="ignore"):
            log_capitals[j] = np.log(factors).sum()
        # d log(1 - f + f x/m) / d log m = -(f x/m) / (1 - f + f x/m) = -1 + (1 - f) / (1 - f + f x/m)
        slopes[j] = -n if f == 1.0 else -n + (1.0 - f) * np.sum(1.0 / factors)
    value = float(log_mixture(log_capitals, _LOG_WEIGHTS))
    return value, float(np.exp(_LOG_WEIGHTS + log_capitals - value) @ slopes)


def mean_lower_limit(x: FloatArray, log_threshold: float, current: float) -> float:
    """The smallest mean m >= current that the capital does not exclude: inf {m : log K_n(m) < log_threshold}.

    x: shape (n,) in [0, 1]. K_n(m) decreases in m, and log K_n is convex in log m (a log-sum-exp of sums of
    log(1 - f + f x e^{-log m}), each convex). So Newton's iteration in log m, started at an excluded mean, increases
    towards the limit and never passes it: wherever it is stopped, only excluded means have been given up.
    """
    if not x.any():
        return current
    if current > 0.0:
        start = current
    else:
        # At the sample mean every stake has log-capital <= 0 (Jensen); walk down from there to an excluded mean.
        start, step = float(x.mean()), 1
        while _log_capital_and_slope(x, start)[0] < log_threshold:
            start *= 0.5**step
            step *= 2
            if start < 1e-300:
                return current
    theta = float(np.log(start))
    value, slope = _log_capital_and_slope(x, start)
    if value <= log_threshold:
        return current
    # Newton converges quadratically from the left; 60 steps are never reached unless rounding stalls it.
    for _ in range(60):
        step_theta = (log_threshold - value) / slope
        theta += step_theta
        value, slope = _log_capital_and_slope(x, float(np.exp(theta)))
        if step_theta < 1e-10 or value - log_threshold < 1e-10:
            break
    return max(current, float(np.exp(theta)))
