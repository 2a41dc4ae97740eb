"""UCB1-Tuned beside UCB1 and UCB-V: better in practice, without a theorem."""

from __future__ import annotations

from matplotlib.figure import Figure

from bandits.algorithms.ucb1 import UCB1
from bandits.algorithms.ucb_tuned import UCBTuned
from bandits.algorithms.ucb_v import UCBV
from bandits.instances.bernoulli import BernoulliBandit, bernoulli
from figures.regret_lines import regret_over_time
from kernels.engine import Trace
from proofs_check.experiment import Experiment, Run
from theory.theorems import theorem


def instance() -> BernoulliBandit:
    """Five arms."""
    return bernoulli(0.8, 0.5, 0.45, 0.4, 0.3)


EXPERIMENT = Experiment(
    slug="ucb-tuned",
    title="UCB1-Tuned on five Bernoulli arms",
    caption=(
        "Means 0.8, 0.5, 0.45, 0.4, 0.3. Mean and 10-90 % band over runs. No theorem is known for UCB1-Tuned; dashed "
        "are those of UCB1 (Auer, Cesa-Bianchi and Fischer 2002, Theorem 1) and of UCB-V (Audibert, Munos and "
        "Szepesvari 2009, Theorem 4), in their colours; dotted: the asymptotic slope of Lai and Robbins times log T; "
        "grey: T times the largest gap."
    ),
    runs=(
        Run("UCB1-Tuned (no theorem)", UCBTuned, instance, 50_000, 100, full_runs=2000),
        Run("UCB1", UCB1, instance, 50_000, 100, full_runs=2000),
        Run("UCB-V", UCBV, instance, 50_000, 100, full_runs=2000),
    ),
)


def draw(recorded: dict[str, Trace]) -> Figure:
    """Regret over time."""
    bandit = instance()
    return regret_over_time(
        recorded, "UCB1-Tuned on five Bernoulli arms", bandit,
        {
            "UCB1": ("UCB1: Theorem 1", lambda t: theorem("ucb1/regret").bound(bandit, UCB1(), t)),
            "UCB-V": ("UCB-V: Theorem 4", lambda t: theorem("ucb-v/regret").bound(bandit, UCBV(), t)),
        },
    )  # fmt: skip
