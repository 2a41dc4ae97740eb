"""Robust UCB: regret under heavy tails, beside a rule for light ones."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from bandits.algorithms.robust_ucb import RobustUCB
from bandits.algorithms.ucb1 import UCB1
from bandits.instances.heavy import HeavyBandit, heavy
from kernels.engine import Trace
from proofs_check.experiment import Experiment, Run
from proofs_check.plotting import PALETTE, new_axes, plot_line, plot_regret
from theory.theorems import theorem

HORIZON = 10_000


def instance() -> HeavyBandit:
    """Two arms; moments of order 2.5 and above do not exist."""
    return heavy(1.0, 0.0, tail=2.5, scale=0.1)


def theirs() -> RobustUCB:
    """The theorem's parameters."""
    return RobustUCB(instance().central_moment(2.0))


EXPERIMENT = Experiment(
    slug="robust-ucb",
    title="Median of means under heavy tails",
    caption=(
        "Two arms, gap 1, symmetric Lomax noise of tail index 2.5. Robust UCB (median of means, p = t^-3) with the "
        "theorem's width and with a tenth of it (practical: no theorem); UCB1 with the width for rewards in [0, 1], "
        "outside its theorem. Mean and 10-90 % band. Dashed: the theorem; dotted: (1/D)^(1/e) log T, the order of the "
        "lower bound, its constant unknown (drawn with one); grey: gap x T."
    ),
    runs=(
        Run("robust UCB, theorem's width", theirs, instance, HORIZON, 40, full_runs=400),
        Run("robust UCB, practical: width x 0.1", lambda: theirs()._replace(scale=0.1), instance, HORIZON, 40,
            full_runs=400),
        Run("UCB1, outside its theorem", UCB1, instance, HORIZON, 40, full_runs=400),
    ),
)  # fmt: skip


def draw(recorded: dict[str, Trace]) -> Figure:
    """Regret over rounds, log-log."""
    figure, axes = new_axes("Two heavy-tailed arms", "round $T$", "regret $R_T$")
    bandit = instance()
    for (name, trace), color in zip(recorded.items(), PALETTE):
        plot_regret(axes, trace, name, color)
        t = trace.checkpoints.astype(float)
    plot_line(axes, t, theorem("robust-ucb/regret").bound(bandit, theirs(), t), "theorem", "bound", PALETTE[0])
    plot_line(axes, t, np.log(t), "order of the lower bound", "lower", "black")
    axes.plot(t, bandit.trivial_regret(t), color="grey", alpha=0.5, linewidth=1.0, label="gap x T")
    axes.set_xlim(left=2.0)
    axes.set_ylim(0.5, 5e4)
    axes.legend(fontsize=7)
    return figure
