"""What the claims on linear bandits share: ridge regression once more, the ellipsoid, the potential, optimism.

The steps are stated once; claims that watch them list them in ``STEPS`` and call the hooks here from their own. The
regression is summed and factored anew in every round, from the actions played and the rewards paid alone.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from kernels.jit import hook
from kernels.linalg import add_outer, cholesky, quadratic_form, set_multiple_of_identity
from kernels.steps import Step, check

Float = npt.NDArray[np.float64]

COVERAGE_STEP = Step(
    "coverage",
    "|thh_t - theta| in the norm of V_t <= sqrt(beta_t), for all t",
    "Abbasi-Yadkori, Pal and Szepesvari 2011, Theorem 2",
    "event",
    lambda params, instance, horizon: float(params.delta),
    place=("round",),
)
OPTIMISM_STEP = Step(
    "optimism",
    "<theta, x*_t> <= index of the action played",
    "Abbasi-Yadkori, Pal and Szepesvari 2011, proof of Theorem 3",
    "conditional",
    given=("coverage",),
    place=("round", "context", "action"),
)
LOG_DET_STEP = Step(
    "log-det",
    "log det V_t - log det V_0 = sum log(1 + |x_s|^2 in V_{s-1}^{-1}) to 1e-8, with the widths the rule used",
    "Abbasi-Yadkori, Pal and Szepesvari 2011, Lemma 11; difference of both sides",
    place=("round",),
)
POTENTIAL_STEP = Step(
    "elliptic-potential",
    "sum min(1, |x_s|^2 in V_{s-1}^{-1}) <= 2 (log det V_t - log det V_0), with the widths the rule used",
    "Abbasi-Yadkori, Pal and Szepesvari 2011, Lemma 11",
    place=("round",),
)
TRACE_STEP = Step(
    "determinant-trace",
    "log det V_t - log det V_0 <= d log(1 + t L^2/(d lam))",
    "Abbasi-Yadkori, Pal and Szepesvari 2011, Lemma 10",
    place=("round",),
)
#: Watched together by :func:`check_potential`, at three consecutive positions of ``STEPS``.
POTENTIAL_STEPS = (LOG_DET_STEP, POTENTIAL_STEP, TRACE_STEP)


class Regression(NamedTuple):
    """V_t and sum x_s r_s, its factor and estimate, and the running sums of the potential."""

    gram: Float
    factor: Float
    moment: Float
    estimate: Float
    scratch: Float
    sums: Float  # by the positions below


#: log det V_t/V_0; sum log(1 + w^2); sum min(1, w^2); regret; a count of the claim's own.
LOG_DET, LOGS, CLIPPED, TOTAL, COUNTED = range(5)


def allocate_regression(dimension: int) -> Regression:
    """Arrays for features of length ``dimension``."""
    d = dimension
    return Regression(np.zeros((d, d)), np.zeros((d, d)), np.zeros(d), np.zeros(d), np.zeros(d), np.zeros(5))


@hook
def factorise(regression, regularization):
    """The factor of V_t and log det V_t - log det V_0."""
    log_det = cholesky(regression.gram, regression.factor)
    regression.sums[LOG_DET] = log_det - regression.moment.shape[0] * math.log(regularization)


@hook
def forget(regression, regularization):
    """Back to V_0 = lam I."""
    set_multiple_of_identity(regression.gram, regularization)
    for i in range(regression.moment.shape[0]):
        regression.moment[i] = 0.0
    for i in range(regression.sums.shape[0]):
        regression.sums[i] = 0.0
    factorise(regression, regularization)


@hook
def take(regression, x, reward, regularization):
    """One more observation."""
    add_outer(regression.gram, x, 1.0)
    for i in range(x.shape[0]):
        regression.moment[i] += reward * x[i]
    factorise(regression, regularization)


@hook
def distance(regression, estimate, theta):
    """|estimate - theta| in the norm of the regression's V."""
    for i in range(theta.shape[0]):
        regression.scratch[i] = estimate[i] - theta[i]
    return math.sqrt(max(quadratic_form(regression.gram, regression.scratch), 0.0))


@hook
def best_mean(means, context):
    """<theta, x*> of a context."""
    best = means[context, 0]
    for a in range(1, means.shape[1]):
        best = max(means[context, a], best)
    return best


@hook
def add_width(regression, width, regret):
    """The width |x_t| that the rule used and the regret of the round, into the sums."""
    regression.sums[LOGS] += math.log(1.0 + width * width)
    regression.sums[CLIPPED] += min(1.0, width * width)
    regression.sums[TOTAL] += regret


@hook
def check_potential(records, run, first, regression, regularization, squared_bound, t):
    """:data:`POTENTIAL_STEPS` after t rounds, ``first`` the position of the first of them; |x|^2 <= squared_bound."""
    log_det, d = regression.sums[LOG_DET], regression.moment.shape[0]
    difference = abs(log_det - regression.sums[LOGS])
    check(records, run, first, difference, 1e-8 * (1.0 + log_det), 0.0, t, -1, -1, -1)
    check(records, run, first + 1, regression.sums[CLIPPED], 2.0 * log_det, 1e-9, t, -1, -1, -1)
    most = d * math.log(1.0 + t * squared_bound / (d * regularization))
    check(records, run, first + 2, log_det, most, 1e-9, t, -1, -1, -1)


def hard_line(instance: Any, horizons: Float) -> Float:
    """d sqrt T / (16 sqrt 3) from T = d/2 on, nan before: the worst case over the unit ball (LS Theorem 24.2)."""
    t = np.asarray(horizons, dtype=float)
    line = instance.dimension * np.sqrt(t) / (16.0 * math.sqrt(3.0))
    return np.asarray(np.where(t >= 0.5 * instance.dimension, line, np.nan))


HARD_LINE_NAME = "Lattimore and Szepesvari, Theorem 24.2: d sqrt(T)/(16 sqrt 3) (worst case over the unit ball)"
