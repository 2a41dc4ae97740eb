"""IMED, KL-UCB and Thompson sampling: the same slope in the limit."""

from __future__ import annotations

from matplotlib.figure import Figure

from bandits.algorithms.imed import IMED
from bandits.algorithms.kl_ucb import KLUCB
from bandits.algorithms.thompson_beta import ThompsonBeta
from bandits.instances.bernoulli import BernoulliBandit, bernoulli
from figures.regret_lines import regret_over_time
from kernels.engine import Trace
from proofs_check.experiment import Experiment, Run
from theory.theorems import theorem


def instance() -> BernoulliBandit:
    """Five arms."""
    return bernoulli(0.8, 0.5, 0.45, 0.4, 0.3)


EXPERIMENT = Experiment(
    slug="imed",
    title="IMED on five Bernoulli arms",
    caption=(
        "Means 0.8, 0.5, 0.45, 0.4, 0.3, parameters of the theorems. Mean and 10-90 % band over runs; dotted: the "
        "asymptotic slope of Lai and Robbins times log T, which is also the limit that Honda and Takemura 2015 prove "
        "for IMED (no bound with constants is hosted for it); dashed: KL-UCB's (Lattimore and Szepesvari 2020, Theorem "
        "10.6); grey: T times the largest gap."
    ),
    runs=(
        Run("IMED", IMED, instance, 50_000, 100, full_runs=2000),
        Run("KL-UCB", KLUCB, instance, 50_000, 100, full_runs=2000),
        Run("Thompson, Beta(1, 1)", ThompsonBeta, instance, 50_000, 100, full_runs=2000),
    ),
)


def draw(recorded: dict[str, Trace]) -> Figure:
    """Regret over time."""
    bandit = instance()
    bound = theorem("kl-ucb/regret").bound
    return regret_over_time(
        recorded, "IMED on five Bernoulli arms", bandit,
        {"KL-UCB": ("KL-UCB: Theorem 10.6", lambda t: bound(bandit, KLUCB(), t))},
    )  # fmt: skip
