"""CombUCB1: regret on sets and on paths."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from bandits.algorithms.cucb import CombUCB1
from bandits.combinatorial import CombinatorialBandit, paths, subsets
from kernels.engine import Trace
from proofs_check.experiment import Experiment, Run
from proofs_check.plotting import PALETTE, new_axes, plot_line, plot_regret
from theory.theorems import theorem


def pairs() -> CombinatorialBandit:
    """Two of five items."""
    return subsets((0.9, 0.8, 0.4, 0.3, 0.2), 2)


def three_paths() -> CombinatorialBandit:
    """Three disjoint paths of two items."""
    return paths((0.9, 0.8, 0.5, 0.5, 0.3, 0.4), 2)


INSTANCES = {"2 of 5 items": pairs, "3 paths of 2 items": three_paths}

EXPERIMENT = Experiment(
    slug="cucb",
    title="CombUCB1 on two semi-bandits",
    caption=(
        "CombUCB1 with the theorem's width, mean and 10-90 % band. Dashed: Kveton et al. 2015, Theorem 5 (constants "
        "not re-read in the source); dotted: m (L - m) log T / D, the order of the lower bound, its constant unknown "
        "(drawn with one fiftieth, to compare slopes); grey: largest gap x T, above which a bound is vacuous."
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
        m, items = bandit.largest_set, bandit.n_items
        smallest = bandit.gaps[bandit.gaps > 1e-12].min()
        lower = m * (items - m) / smallest * np.log(t) / 50.0
        plot_line(axes, t, lower, "order of the lower bound / 50", "lower", color)
        axes.plot(t, bandit.trivial_regret(t), color=color, alpha=0.35, linewidth=1.0, label="largest gap x T")
    axes.set_xlim(left=2.0)
    axes.legend(fontsize=7, ncols=2, loc="upper left")
    axes.set_ylim(0.05, 1e7)
    return figure
