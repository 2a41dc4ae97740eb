"""KL-UCB and its competitors on ten arms of small means, with the Lai-Robbins slope."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from bandits.algorithms.kl_ucb import KLUCB
from bandits.algorithms.moss import MOSS
from bandits.algorithms.thompson_beta import ThompsonBeta
from bandits.algorithms.ucb1 import UCB1
from bandits.instances.bernoulli import BernoulliBandit, bernoulli
from kernels.engine import Trace
from proofs_check.experiment import Experiment, Run
from proofs_check.plotting import PALETTE, new_axes, plot_line, plot_regret


def ten_arms() -> BernoulliBandit:
    """The instance of Garivier and Cappe (2011, scenario 2) and of Kaufmann, Korda and Munos (2012)."""
    return bernoulli(0.1, *[0.05] * 3, *[0.02] * 3, *[0.01] * 3)


ALGORITHMS = {
    "UCB1": UCB1,
    "MOSS (knows T)": MOSS,
    "KL-UCB": KLUCB,
    "Thompson, Beta(1, 1)": ThompsonBeta,
}

EXPERIMENT = Experiment(
    slug="kl-ucb",
    title="KL-UCB on ten Bernoulli arms of small means",
    caption=(
        "Regret on Bernoulli arms of means 0.1, 0.05 (3), 0.02 (3), 0.01 (3), each algorithm with the parameters of "
        "its theorem (KL-UCB with log f(t), f(t) = 1 + t log^2 t). Mean and 10-90 % band over runs; dotted: the "
        "asymptotic slope of Lai and Robbins, 17.45 log T: a slope, not a bound at these horizons."
    ),
    runs=tuple(Run(label, build, ten_arms, 20_000, 60, full_runs=5000) for label, build in ALGORITHMS.items()),
)


def draw(recorded: dict[str, Trace]) -> Figure:
    """Linear regret over logarithmic time, where the asymptotic statement is a straight line."""
    figure, axes = new_axes("Ten Bernoulli arms, best mean 0.1", "round $T$", "regret $R_T$", log="x")
    for label, color in zip(ALGORITHMS, PALETTE):
        plot_regret(axes, recorded[label], label, color)
    t = recorded["KL-UCB"].checkpoints.astype(float)
    late = t >= 100.0
    plot_line(axes, t[late], ten_arms().lai_robbins * np.log(t[late]), "Lai-Robbins slope", "lower")
    axes.set_xlim(left=10.0)
    axes.legend(fontsize=8, loc="upper left")
    return figure
