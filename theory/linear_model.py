"""Hypotheses of theorems on linear bandits: the model, with the constants that the algorithm was given."""

from __future__ import annotations

from typing import Any

from theory.hypotheses import CONFIDENCE, at_least
from theory.theorem import Hypothesis


def dominates(name: str, parameter: str, text: str) -> Hypothesis:
    """The bound that the algorithm was given, its ``parameter``, holds for the instance's ``name``."""

    def violation(instance: Any, params: Any, horizon: int) -> str | None:
        true, assumed = getattr(instance, name, None), getattr(params, parameter, None)
        if true is None or assumed is None:
            return f"the {'instance' if true is None else 'algorithm'} does not state it"
        excess = true - assumed
        return None if excess <= 1e-12 * assumed else f"the instance has {true:g}, {excess:g} above {assumed:g}"

    return Hypothesis(text, violation)


def _gap_at_most_two(instance: Any, params: Any, horizon: int) -> str | None:
    gap = getattr(instance, "max_gap", None)
    if gap is None:
        return "the instance does not state its max_gap"
    return None if gap <= 2.0 else f"the largest gap is {gap:g}, {gap - 2.0:g} too large"


def _regularized(instance: Any, params: Any, horizon: int) -> str | None:
    lam = getattr(params, "regularization", None)
    if lam is None:
        return "the algorithm does not state its regularization"
    return None if lam > 0.0 else f"lam = {lam:g}"


def _regularized_above_one(instance: Any, params: Any, horizon: int) -> str | None:
    lam, least = params.regularization, max(1.0, params.feature_bound**2)
    return None if lam >= least else f"lam = {lam:g} is below {least:g}"


REGULARIZED = Hypothesis("the regularisation lam is positive", _regularized)
LARGE_LAMBDA = Hypothesis("lam >= max(1, L^2)", _regularized_above_one)
GAP = Hypothesis("mean rewards lie in [-1, 1], so that no gap exceeds 2", _gap_at_most_two)
FEATURES = dominates("feature_bound", "feature_bound", "features have norm at most the L given to the algorithm")
PARAMETER = dominates(
    "parameter_bound", "parameter_bound", "the parameter has norm at most the S given to the algorithm"
)
NOISE = dominates("noise_subgaussian", "noise", "the noise is R-subgaussian for the R given to the algorithm")

#: The linear model of Abbasi-Yadkori, Pal and Szepesvari (2011) with ridge regression.
MODEL = (REGULARIZED, CONFIDENCE, FEATURES, PARAMETER, NOISE, at_least(1))
