"""The statistics of verdicts; each test, its guarantee and its cost are explained in docs/statistics.md."""

from .confidence import (
    BettingSequence,
    EmpiricalBernsteinSequence,
    best_rho,
    clopper_pearson,
    clopper_pearson_upper,
    hoeffding_radius,
    maurer_pontil_radius,
    normal_mixture_radius,
    runs_to_certify,
    stitched_radius,
)
from .eprocess import BernoulliTest, MeanTest, SequentialBinomial, binomial_log_e
from .multiple import benjamini_hochberg, e_bh, holm
from .power import (
    crossing_probability,
    fewest_runs_to_verify,
    runs_for_mean,
    runs_for_mean_test,
    runs_for_probability,
)
from .scaling import Band, Flatness, SlopeFit, fit_slope, flatness, local_slopes, reference_slope

__all__ = [
    "Band",
    "BernoulliTest",
    "BettingSequence",
    "EmpiricalBernsteinSequence",
    "Flatness",
    "MeanTest",
    "SequentialBinomial",
    "SlopeFit",
    "benjamini_hochberg",
    "best_rho",
    "binomial_log_e",
    "clopper_pearson",
    "clopper_pearson_upper",
    "crossing_probability",
    "e_bh",
    "fewest_runs_to_verify",
    "fit_slope",
    "flatness",
    "hoeffding_radius",
    "holm",
    "local_slopes",
    "maurer_pontil_radius",
    "normal_mixture_radius",
    "reference_slope",
    "runs_for_mean",
    "runs_for_mean_test",
    "runs_for_probability",
    "runs_to_certify",
    "stitched_radius",
]
