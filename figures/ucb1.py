"""UCB1: regret against Theorem 1 and the Lai-Robbins slope, on an easy and a hard pair of arms."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from bandits.algorithms.ucb1 import UCB1
from bandits.instances.bernoulli import BernoulliBandit, bernoulli
from kernels.engine import Trace
from proofs_check.experiment import Experiment, Run
from proofs_check.plotting import PALETTE, new_axes, plot_line, plot_regret
from theory.theorems import theorem


def easy() -> BernoulliBandit:
    """A large gap: the logarithm rules from the start."""
    return bernoulli(0.9, 0.5)


def close() -> BernoulliBandit:
    """A gap of a tenth: the regret is linear until the arms can be told apart."""
    return bernoulli(0.55, 0.45)


INSTANCES = {"means 0.9, 0.5": easy, "means 0.55, 0.45": close}

EXPERIMENT = Experiment(
    slug="ucb1",
    title="UCB1: regret on two pairs of Bernoulli arms",
    caption=(
        "UCB1 with the width of its theorem on two Bernoulli bandits. Mean and 10-90 % band over runs; dashed: Auer, "
        "Cesa-Bianchi and Fischer 2002, Theorem 1; dotted: the asymptotic slope of Lai and Robbins times log T; grey: "
        "the regret of always playing the worse arm, which no algorithm exceeds."
    ),
    runs=tuple(Run(label, UCB1, build, 50_000, 200, full_runs=2000) for label, build in INSTANCES.items()),
)


def draw(recorded: dict[str, Trace]) -> Figure:
    """One colour for each instance."""
    figure, axes = new_axes("UCB1 on two Bernoulli arms", "round $T$", "regret $R_T$")
    for (label, build), color in zip(INSTANCES.items(), PALETTE):
        instance, trace = build(), recorded[label]
        t = trace.checkpoints.astype(float)
        plot_regret(axes, trace, label, color)
        plot_line(axes, t, theorem("ucb1/regret").bound(instance, UCB1(), t), "Theorem 1", "bound", color)
        plot_line(axes, t, instance.lai_robbins * np.log(t), "Lai-Robbins slope", "lower", color)
        axes.plot(t, instance.trivial_regret(t), color=color, alpha=0.35, linewidth=1.0, label="trivial: gap x T")
    axes.set_xlim(left=2.0)
    axes.set_ylim(0.05, 3e5)
    axes.legend(fontsize=7, ncols=2, loc="upper left")
    return figure
