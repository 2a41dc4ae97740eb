"""epsilon_t-greedy: the schedule needs the gap."""

from __future__ import annotations

from matplotlib.figure import Figure

from bandits.algorithms.epsilon_greedy import EpsilonGreedy
from bandits.algorithms.ucb1 import UCB1
from bandits.instances.bernoulli import BernoulliBandit, bernoulli
from figures.regret_lines import regret_over_time
from kernels.engine import Trace
from proofs_check.experiment import Experiment, Run
from theory.theorems import theorem

GAP = 0.2
OWN, WIDE = "epsilon-greedy, d = gap", "epsilon-greedy, d = 1 (no theorem)"


def instance() -> BernoulliBandit:
    """Two arms a fifth apart."""
    return bernoulli(0.6, 0.4)


EXPERIMENT = Experiment(
    slug="epsilon-greedy",
    title="epsilon-greedy with and without the gap",
    caption=(
        "Bernoulli arms of means 0.6 and 0.4, c = 10. Mean and 10-90 % band over runs; dashed: Auer, Cesa-Bianchi and "
        "Fischer 2002, Theorem 3 summed over the rounds (d = 0.2), and their Theorem 1 (UCB1); dotted: the asymptotic "
        "slope of Lai and Robbins times log T; grey: T times the gap. Given the gap, the schedule explores for 500 "
        "rounds and pays a large constant; given d = 1 it explores a twenty-fifth of that, which is "
        "cheaper here and has no theorem: on closer arms it stays with the worse one."
    ),
    runs=(
        Run(OWN, lambda: EpsilonGreedy(GAP), instance, 50_000, 200, full_runs=2000),
        Run(WIDE, lambda: EpsilonGreedy(1.0), instance, 50_000, 200, full_runs=2000),
        Run("UCB1", UCB1, instance, 50_000, 200, full_runs=2000),
    ),
)


def draw(recorded: dict[str, Trace]) -> Figure:
    """Regret over time."""
    bandit, bound = instance(), theorem("epsilon-greedy/regret").bound
    return regret_over_time(
        recorded, "epsilon-greedy on means 0.6 and 0.4", bandit,
        {
            OWN: ("Theorem 3, d = gap", lambda t: bound(bandit, EpsilonGreedy(GAP), t)),
            "UCB1": ("UCB1: Theorem 1", lambda t: theorem("ucb1/regret").bound(bandit, UCB1(), t)),
        },
    )  # fmt: skip
