"""Asymptotically optimal UCB and UCB(delta): the constant in front of log T."""

from __future__ import annotations

from matplotlib.figure import Figure

from bandits.algorithms.asymptotically_optimal_ucb import AsymptoticallyOptimalUCB
from bandits.algorithms.ucb_delta import UCBDelta
from bandits.instances.gaussian import GaussianBandit, gaussian
from figures.regret_lines import regret_over_time
from kernels.engine import Trace
from proofs_check.experiment import Experiment, Run
from theory.theorems import theorem

HORIZON = 50_000


def instance() -> GaussianBandit:
    """Three unit-variance Gaussian arms."""
    return gaussian(1.0, 0.5, 0.0)


EXPERIMENT = Experiment(
    slug="asymptotically-optimal-ucb",
    title="Asymptotically optimal UCB on three Gaussian arms",
    caption=(
        "N(., 1) arms of means 1, 0.5, 0, parameters of the theorems. Mean and 10-90 % band over runs; dashed: "
        "Lattimore and Szepesvari 2020, Theorem 8.1; dotted: the asymptotic slope sum 2/D_i of Lai and Robbins times "
        "log T, which the first algorithm attains in the limit; grey: T times the largest gap. UCB(delta) is tuned to "
        "the last horizon and explores at that rate from the start."
    ),
    runs=(
        Run("asymptotically optimal UCB", AsymptoticallyOptimalUCB, instance, HORIZON, 100, full_runs=2000),
        Run("UCB(1/T^2)", lambda: UCBDelta(1.0 / HORIZON**2), instance, HORIZON, 100, full_runs=2000),
    ),
)


def draw(recorded: dict[str, Trace]) -> Figure:
    """Regret over time."""
    bandit = instance()
    bound = theorem("asymptotically-optimal-ucb/regret").bound
    return regret_over_time(
        recorded, "Three Gaussian arms", bandit,
        {"asymptotically optimal UCB": ("Theorem 8.1", lambda t: bound(bandit, AsymptoticallyOptimalUCB(), t))},
    )  # fmt: skip
