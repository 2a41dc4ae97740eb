"""CombUCB1: regret on sets and on paths."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from matplotlib.figure import Figure

from bandits.algorithms.cucb import CombUCB1
from bandits.combinatorial import CombinatorialBandit, paths, subsets
from bandits.model import Float
from kernels.engine import Trace
from proofs_check.experiment import Experiment, Run
from proofs_check.plotting import PALETTE, new_axes, plot_line, plot_regret
from theory.lower_bounds import lai_robbins_of_paths, lai_robbins_of_sets
from theory.theorems import theorem


def pairs() -> CombinatorialBandit:
    """Two of five items."""
    return subsets((0.9, 0.8, 0.4, 0.3, 0.2), 2)


def three_paths() -> CombinatorialBandit:
    """Three disjoint paths of two items."""
    return paths((0.9, 0.8, 0.5, 0.5, 0.3, 0.4), 2)


INSTANCES = {"2 of 5 items": pairs, "3 paths of 2 items": three_paths}
SLOPES: dict[str, Callable[[Float], float]] = {
    "2 of 5 items": lambda means: lai_robbins_of_sets(means, 2),
    "3 paths of 2 items": lambda means: lai_robbins_of_paths(means.reshape(3, 2)),
}

EXPERIMENT = Experiment(
    slug="cucb",
    title="CombUCB1 on two semi-bandits",
    caption=(
        "CombUCB1 with the theorem's width, mean and 10-90 % band. Dashed: Kveton et al. 2015, Theorem 5 (constants "
        "not re-read in the source); dotted: the least asymptotic slope of a consistent policy (Anantharam et al. 1987 "
        "for sets, Combes et al. 2015 for paths) times log T; grey: largest gap x T, above which a bound is vacuous."
    ),
    runs=tuple(Run(label, CombUCB1, build, 4_000, 20, 100_000, 40) for label, build in INSTANCES.items()),
)


def draw(recorded: dict[str, Trace]) -> Figure:
    """One colour for each instance."""
    figure, axes = new_axes("Combinatorial semi-bandits", "round $T$", "regret $R_T$")
    for (label, build), color in zip(INSTANCES.items(), PALETTE):
        bandit, trace = build(), recorded[label]
        t = trace.checkpoints.astype(float)
        plot_regret(axes, trace, label, color)
        plot_line(axes, t, theorem("cucb/regret").bound(bandit, CombUCB1(), t), "Theorem 5", "bound", color)
        plot_line(axes, t, SLOPES[label](bandit.means) * np.log(t), "asymptotic lower bound", "lower", color)
        axes.plot(t, bandit.trivial_regret(t), color=color, alpha=0.35, linewidth=1.0, label="largest gap x T")
    axes.set_xlim(left=2.0)
    axes.legend(fontsize=7, ncols=2, loc="upper left")
    axes.set_ylim(0.05, 1e7)
    return figure
