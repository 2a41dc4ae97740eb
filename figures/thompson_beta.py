"""Thompson sampling with Beta posteriors on two Bernoulli arms: theorem, competitors, Lai-Robbins slope."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from bandits.algorithms.kl_ucb import KLUCB
from bandits.algorithms.thompson_beta import ThompsonBeta
from bandits.algorithms.ucb1 import UCB1
from bandits.instances.bernoulli import BernoulliBandit, bernoulli
from kernels.engine import Trace
from proofs_check.experiment import Experiment, Run
from proofs_check.plotting import PALETTE, new_axes, plot_line, plot_regret
from theory.theorems import theorem


def two_arms() -> BernoulliBandit:
    """Means 0.9 and 0.5."""
    return bernoulli(0.9, 0.5)


ALGORITHMS = {"Thompson, Beta(1, 1)": ThompsonBeta, "KL-UCB": KLUCB, "UCB1": UCB1}

EXPERIMENT = Experiment(
    slug="thompson-beta",
    title="Thompson sampling on two Bernoulli arms",
    caption=(
        "Thompson sampling with uniform priors, KL-UCB and UCB1 on Bernoulli arms of means 0.9 and 0.5. Mean and 10-90 "
        "% band over runs; dashed: Agrawal and Goyal 2012, Theorem 1 (its numerals are indicative); dotted: the "
        "asymptotic slope of Lai and Robbins; grey: the largest regret any algorithm can have."
    ),
    runs=tuple(Run(label, build, two_arms, 30_000, 150, full_runs=5000) for label, build in ALGORITHMS.items()),
)


def draw(recorded: dict[str, Trace]) -> Figure:
    """Regret over time, both logarithmic: the theorem is two decades away."""
    figure, axes = new_axes("Two Bernoulli arms, means 0.9 and 0.5", "round $T$", "regret $R_T$")
    for label, color in zip(ALGORITHMS, PALETTE):
        plot_regret(axes, recorded[label], label, color)
    instance = two_arms()
    t = recorded["UCB1"].checkpoints.astype(float)
    bound = theorem("thompson-beta/two-arms").bound(instance, ThompsonBeta(), t)
    plot_line(axes, t, bound, "Theorem 1 (Thompson)", "bound", PALETTE[0])
    late = t >= 10.0
    plot_line(axes, t[late], instance.lai_robbins * np.log(t[late]), "Lai-Robbins slope", "lower")
    axes.plot(t, instance.trivial_regret(t), color="0.7", linewidth=1.0, label="trivial: gap x T")
    axes.set_ylim(0.2, 3e4)
    axes.legend(fontsize=7, loc="upper left", ncols=2)
    return figure
