"""UCB of constant regret beside UCB(delta) and the asymptotically optimal UCB: a curve that becomes flat."""

from __future__ import annotations

from matplotlib.figure import Figure

from bandits.algorithms.asymptotically_optimal_ucb import AsymptoticallyOptimalUCB
from bandits.algorithms.ucb_constant import UCBConstant
from bandits.instances.gaussian import GaussianBandit, gaussian
from figures.regret_lines import regret_over_time
from kernels.engine import Trace
from proofs_check.experiment import Experiment, Run
from theory.theorems import theorem

OWN = "UCB of constant regret, delta = 0.1"


def instance() -> GaussianBandit:
    """Three unit-variance Gaussian arms."""
    return gaussian(1.0, 0.5, 0.0)


EXPERIMENT = Experiment(
    slug="ucb-constant",
    title="UCB of constant regret on three Gaussian arms",
    caption=(
        "N(., 1) arms of means 1, 0.5, 0. Mean and 10-90 % band over runs; dashed: Abbasi-Yadkori, Pal and Szepesvari "
        "2011, Theorem 7, with probability 0.9 for all rounds at once, and Lattimore and Szepesvari 2020, Theorem 8.1, "
        "of the expectation; dotted: the asymptotic slope of Lai and Robbins, which binds algorithms that are "
        "consistent on every instance: one whose regret is constant in nine of ten runs is not; grey: T times the "
        "largest gap."
    ),
    runs=(
        Run(OWN, UCBConstant, instance, 50_000, 100, full_runs=2000),
        Run("asymptotically optimal UCB", AsymptoticallyOptimalUCB, instance, 50_000, 100, full_runs=2000),
    ),
)


def draw(recorded: dict[str, Trace]) -> Figure:
    """Regret over time."""
    bandit = instance()
    constant, expected = (theorem(f"{slug}/regret").bound for slug in ("ucb-constant", "asymptotically-optimal-ucb"))
    return regret_over_time(
        recorded, "Three Gaussian arms", bandit,
        {
            OWN: ("Theorem 7, delta = 0.1", lambda t: constant(bandit, UCBConstant(), t)),
            "asymptotically optimal UCB": ("Theorem 8.1", lambda t: expected(bandit, AsymptoticallyOptimalUCB(), t)),
        },
    )  # fmt: skip
