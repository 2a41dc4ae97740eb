"""GP-UCB (Srinivas, Krause, Kakade and Seeger 2010) and IGP-UCB (Chowdhury and Gopalan 2017) on finite domains."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from theory.hypotheses import CONFIDENCE, at_least
from theory.information import most_information
from theory.linear_model import NOISE, PARAMETER
from theory.theorem import Hypothesis, Theorem
from theory.theorems.phased_elimination import FIXED_ACTIONS
from theory.theorems.sup_lin_ucb import UNIT_FEATURES

Float = npt.NDArray[np.float64]


def domain(instance: Any) -> Float:
    """The features of the domain, shape (n, d): of a linear bandit those of its only context."""
    features = np.asarray(instance.features, dtype=np.float64)
    return features[0] if features.ndim == 3 else features


def bayes_beta(rounds: npt.ArrayLike, n_actions: int, delta: float) -> Float:
    """beta_t = 2 log(|D| t^2 pi^2/(6 delta))."""
    return np.asarray(2.0 * np.log(n_actions * np.asarray(rounds, dtype=np.float64) ** 2 * np.pi**2 / (6.0 * delta)))


def bayes(instance: Any, params: Any, horizons: Float) -> Float:
    """sqrt(C_1 T beta_T gm_T), C_1 = 8/log(1 + 1/s2)."""
    t, s2 = np.asarray(horizons, dtype=np.float64), params.noise_variance
    beta = bayes_beta(t, instance.n_actions, params.delta)
    return np.asarray(np.sqrt(8.0 / np.log1p(1.0 / s2) * t * beta * most_information(domain(instance), t, s2)))


def rkhs_radius(gain: npt.ArrayLike, norm: float, noise: float, delta: float) -> Float:
    """B + R sqrt(2 (gain + 1 + log(1/delta)))."""
    return np.asarray(norm + noise * np.sqrt(2.0 * (np.asarray(gain, dtype=np.float64) + 1.0 - np.log(delta))))


def rkhs(instance: Any, params: Any, horizons: Float) -> Float:
    """2 beta_T sqrt(4 (T+2) gm_T), s2 = 1 + 2/T."""
    t = np.asarray(horizons, dtype=np.float64)
    gain = most_information(domain(instance), t, 1.0 + 2.0 / t)
    radius = rkhs_radius(gain, params.parameter_bound, params.noise, params.delta)
    return np.asarray(2.0 * radius * np.sqrt(4.0 * (t + 2.0) * gain))


def _drawn(instance: Any, params: Any, horizon: int) -> str | None:
    return None if getattr(instance, "drawn", False) else "they are fixed"


def _right_noise(instance: Any, params: Any, horizon: int) -> str | None:
    true = getattr(instance, "noise_subgaussian", None)
    if true is None:
        return "the instance does not state its noise"
    return None if abs(true**2 - params.noise_variance) <= 1e-9 else f"it is {true**2:g}, not {params.noise_variance:g}"


DRAWN = Hypothesis("the means are a draw of the Gaussian process", _drawn)
RIGHT_NOISE = Hypothesis("the noise is Gaussian with the variance s2 of the algorithm", _right_noise)

THEOREMS = (
    Theorem(
        id="gp-ucb/bayes",
        source="Srinivas, Krause, Kakade and Seeger 2010, Theorem 1 (finite domain)",
        statement="w.p. 1-delta over f ~ GP and noise, for all T: R_T <= sqrt(C_1 T beta_T gm_T), "
        "beta_t = 2 log(|D| t^2 pi^2/(6 delta)), C_1 = 8/log(1 + 1/s2), k(x, x) <= 1",
        kind="high-probability",
        constants="explicit",
        hypotheses=(CONFIDENCE, DRAWN, RIGHT_NOISE, UNIT_FEATURES, at_least(1)),
        bound=bayes,
        remarks="gm_T by an upper bound of the largest information gain (theory.information)",
    ),
    Theorem(
        id="gp-ucb/rkhs",
        source="Chowdhury and Gopalan 2017, Theorem 3 (IGP-UCB)",
        statement="w.p. 1-delta: R_T <= 2 beta_T sqrt(4 (T+2) gm_T), beta_t = B + R sqrt(2 (gm_{t-1} + 1 + "
        "log(1/delta))), s2 = 1 + 2/T, k(x, x) <= 1, |f| <= B",
        kind="high-probability",
        constants="explicit",
        hypotheses=(CONFIDENCE, FIXED_ACTIONS, UNIT_FEATURES, PARAMETER, NOISE, at_least(1)),
        bound=rkhs,
        confirmed=False,
        remarks="the algorithm has the realised information gain for gm_{t-1}, which the proof allows",
    ),
)
