"""Thompson sampling with Beta(1, 1) priors: theta_i ~ Beta(S_i + 1, N_i - S_i + 1), play the largest."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from theory.divergences import bernoulli_kl
from theory.hypotheses import REWARDS_IN_UNIT, SOME_GAP, TWO_OR_MORE_ARMS, arms, at_least, family
from theory.lower_bounds import lai_robbins
from theory.reading import positive_gaps
from theory.theorem import Hypothesis, Theorem

Float = npt.NDArray[np.float64]


def two_arms_pulls(instance: Any, params: Any, horizons: Float) -> Float:
    """40 log T / D^2 + 48 / D^4 + 18 for the suboptimal arm of two. Shape of ``horizons``."""
    gap = positive_gaps(instance)[0]
    return 40.0 * np.log(horizons) / gap**2 + 48.0 / gap**4 + 18.0


def two_arms_regret(instance: Any, params: Any, horizons: Float) -> Float:
    """D (40 log T / D^2 + 48 / D^4 + 18)."""
    return positive_gaps(instance)[0] * two_arms_pulls(instance, params, horizons)


def asymptotic(instance: Any, params: Any, horizons: Float) -> Float:
    """log T sum_{D_i > 0} D_i / d(mu_i, mu*)."""
    return lai_robbins(instance.means, bernoulli_kl) * np.log(horizons)


def minimax(instance: Any, params: Any, horizons: Float) -> Float:
    """sqrt(K T log T)."""
    horizons = np.asarray(horizons, dtype=np.float64)
    return np.sqrt(instance.n_arms * horizons * np.log(horizons))


def bayes(instance: Any, params: Any, horizons: Float) -> Float:
    """sqrt(K T log K / 2)."""
    return np.sqrt(instance.n_arms * np.asarray(horizons, dtype=np.float64) * np.log(instance.n_arms) / 2.0)


def _drawn_from_prior(instance: Any, params: Any, horizon: int) -> str | None:
    prior = getattr(instance, "prior", None)
    if prior is None:
        return "the instance is fixed (it states no prior), and a Bayesian bound says nothing of a fixed one"
    return None if tuple(prior) == (1.0, 1.0) else f"its prior is Beta{tuple(prior)}, the algorithm's is Beta(1, 1)"


THEOREMS = (
    Theorem(
        id="thompson-beta/two-arms",
        source="Agrawal and Goyal 2012, Theorem 1",
        statement="K = 2: E R_T <= D (40 log T / D^2 + 48 / D^4 + 18)",
        kind="expected",
        constants="explicit",
        hypotheses=(family("bernoulli"), arms(2), SOME_GAP, at_least(1)),
        bound=two_arms_regret,
        remarks="the printed derivation has an arithmetic slip in the 1/D^4 term and treats 24 log T / D^2 as an "
        "integer: the numerals are indicative",
    ),
    Theorem(
        id="thompson-beta/two-arms-pulls",
        source="Agrawal and Goyal 2012, Theorem 1",
        statement="K = 2: E N_2(T) <= 40 log T / D^2 + 48 / D^4 + 18 for the suboptimal arm",
        kind="expected",
        constants="explicit",
        hypotheses=(family("bernoulli"), arms(2), SOME_GAP, at_least(1)),
        bound=two_arms_pulls,
        remarks="of the suboptimal arm's pull count; numerals indicative as in thompson-beta/two-arms",
    ),
    Theorem(
        id="thompson-beta/asymptotic",
        source="Agrawal and Goyal 2013, Theorem 1",
        statement="E R_T <= (1 + e) sum_{D_i>0} D_i log T / d(mu_i, mu*) + O(K/e^2) for every e in (0, 1)",
        kind="expected",
        constants="order",
        hypotheses=(family("bernoulli"), SOME_GAP, at_least(2)),
        bound=asymptotic,
        confirmed=False,
        remarks="the constant of O(K/e^2) is not given; the limit of R_T / log T is the Lai-Robbins constant",
    ),
    Theorem(
        id="thompson-beta/minimax",
        source="Agrawal and Goyal 2013, Theorem 2",
        statement="E R_T = O(sqrt(K T log T))",
        kind="expected",
        constants="order",
        hypotheses=(REWARDS_IN_UNIT, at_least(2)),
        bound=minimax,
        confirmed=False,
        remarks="rewards in [0, 1] that are not 0/1 need the Bernoulli randomisation",
    ),
    Theorem(
        id="thompson-beta/bayes",
        source="Lattimore and Szepesvari 2020, Theorem 36.5",
        statement="Bayesian regret BR_T <= sqrt(K T log K / 2) for the prior the algorithm uses",
        kind="expected",
        constants="explicit",
        hypotheses=(
            family("bernoulli"),
            TWO_OR_MORE_ARMS,
            Hypothesis("the means are drawn from the algorithm's prior", _drawn_from_prior),
            at_least(1),
        ),
        bound=bayes,
        remarks="averaged over the prior; holds for any prior over reward tables in [0, 1]",
    ),
)
