"""UCB-V and UCB1 where the variances are small."""

from __future__ import annotations

from matplotlib.figure import Figure

from bandits.algorithms.ucb1 import UCB1
from bandits.algorithms.ucb_v import UCBV
from bandits.instances.bernoulli import BernoulliBandit, bernoulli
from figures.regret_lines import regret_over_time
from kernels.engine import Trace
from proofs_check.experiment import Experiment, Run
from theory.theorems import theorem


def instance() -> BernoulliBandit:
    """Suboptimal arms that pay very seldom: their variance is a fiftieth."""
    return bernoulli(0.2, 0.02, 0.02, 0.01)


EXPERIMENT = Experiment(
    slug="ucb-v",
    title="UCB-V and UCB1 on arms of small variance",
    caption=(
        "Bernoulli arms of means 0.2, 0.02, 0.02, 0.01, parameters of the theorems. Mean and 10-90 % band over runs; "
        "dashed: Audibert, Munos and Szepesvari 2009, Theorem 4 (UCB-V), and Auer, Cesa-Bianchi and Fischer 2002, "
        "Theorem 1 (UCB1); dotted: the asymptotic slope of Lai and Robbins times log T; grey: T times the largest gap."
    ),
    runs=(
        Run("UCB-V", UCBV, instance, 50_000, 100, full_runs=2000),
        Run("UCB1", UCB1, instance, 50_000, 100, full_runs=2000),
    ),
)


def draw(recorded: dict[str, Trace]) -> Figure:
    """Regret over time."""
    bandit = instance()
    return regret_over_time(
        recorded, "UCB-V on arms of small variance", bandit,
        {
            "UCB-V": ("UCB-V: Theorem 4", lambda t: theorem("ucb-v/regret").bound(bandit, UCBV(), t)),
            "UCB1": ("UCB1: Theorem 1", lambda t: theorem("ucb1/regret").bound(bandit, UCB1(), t)),
        },
    )  # fmt: skip
