"""Successive elimination: regret against its theorem and the Lai-Robbins slope."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from bandits.algorithms.successive_elimination import SuccessiveElimination
from bandits.algorithms.ucb1 import UCB1
from bandits.instances.bernoulli import BernoulliBandit, bernoulli
from kernels.engine import Trace
from proofs_check.experiment import Experiment, Run
from proofs_check.plotting import PALETTE, new_axes, plot_line, plot_regret
from theory.theorems import theorem

DELTA = 0.05


def instance() -> BernoulliBandit:
    """Three arms, two of them far from the best."""
    return bernoulli(0.9, 0.5, 0.4)


EXPERIMENT = Experiment(
    slug="successive-elimination",
    title="Successive elimination on three Bernoulli arms",
    caption=(
        "Successive elimination with delta = 0.05, and UCB1 on the same rewards. Mean and 10-90 % band; dashed: the "
        "bound that holds with probability 1 - delta; dotted: the asymptotic slope of Lai and Robbins times log T, "
        "which binds algorithms of sublinear regret on every instance; one that stops for good at a fixed delta may "
        "cross it. Grey: the largest gap times T."
    ),
    runs=(
        Run("successive elimination", lambda: SuccessiveElimination(DELTA), instance, 50_000, 200, full_runs=2000),
        Run("UCB1", UCB1, instance, 50_000, 200, full_runs=2000),
    ),
)


def draw(recorded: dict[str, Trace]) -> Figure:
    """Regret over rounds, log-log."""
    figure, axes = new_axes("Three Bernoulli arms", "round $T$", "regret $R_T$")
    bandit = instance()
    for (name, trace), color in zip(recorded.items(), PALETTE):
        plot_regret(axes, trace, name, color)
        t = trace.checkpoints.astype(float)
    bound = theorem("successive-elimination/regret").bound(bandit, SuccessiveElimination(DELTA), t)
    plot_line(axes, t, bound, "w.p. 0.95 (successive elimination)", "bound", PALETTE[0])
    plot_line(axes, t, bandit.lai_robbins * np.log(t), "Lai-Robbins slope", "lower", "black")
    axes.plot(t, bandit.trivial_regret(t), color="grey", alpha=0.5, linewidth=1.0, label="largest gap x T")
    axes.set_xlim(left=2.0)
    axes.set_ylim(0.1, 1e4)
    axes.legend(fontsize=8)
    return figure
