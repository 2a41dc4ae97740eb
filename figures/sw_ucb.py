"""Windows and discounts against a change of the best arm."""

from __future__ import annotations

import math

import numpy as np
from matplotlib.figure import Figure

from bandits.algorithms.d_ucb import DiscountedUCB, tuned_discount
from bandits.algorithms.sw_ucb import SlidingWindowUCB, tuned_window
from bandits.algorithms.ucb1 import UCB1
from bandits.instances.nonstationary import PiecewiseBandit
from kernels.engine import Trace
from proofs_check.experiment import Experiment, Run
from proofs_check.forgetting import one_change
from proofs_check.plotting import PALETTE, new_axes, plot_line, plot_regret

HORIZON = 20_000


def instance() -> PiecewiseBandit:
    """Three arms, the worst becomes the best at half the horizon."""
    return one_change(HORIZON)


EXPERIMENT = Experiment(
    slug="sw-ucb",
    title="Forgetting: one change of the best arm",
    caption=(
        "Three Bernoulli arms; at half the horizon the best arm becomes the worst. Dynamic regret, mean and 10-90 % "
        "band: sliding-window UCB and discounted UCB with window and discount tuned to the horizon and one change, and "
        "UCB1, which never forgets (outside its theorem). Dotted: sqrt(K T)/20, the minimax lower bound of bandits "
        "whose laws do not change, a fortiori one here."
    ),
    runs=(
        Run("SW-UCB", lambda: SlidingWindowUCB(tuned_window(HORIZON, 1)), instance, HORIZON, 40, full_runs=400),
        Run("D-UCB", lambda: DiscountedUCB(tuned_discount(HORIZON, 1)), instance, HORIZON, 40, full_runs=400),
        Run("UCB1, outside its theorem", UCB1, instance, HORIZON, 40, full_runs=400),
    ),
)


def draw(recorded: dict[str, Trace]) -> Figure:
    """Regret over rounds, log-log."""
    figure, axes = new_axes("One change of the best arm", "round $T$", "dynamic regret")
    for (name, trace), color in zip(recorded.items(), PALETTE):
        plot_regret(axes, trace, name, color)
        t = trace.checkpoints.astype(float)
    plot_line(axes, t, math.sqrt(3.0) * np.sqrt(t) / 20.0, "minimax lower bound, fixed laws", "lower", "black")
    axes.axvline(HORIZON / 2, color="grey", linewidth=1.0, alpha=0.6, label="the change")
    axes.set_xlim(left=2.0)
    axes.legend(fontsize=8)
    return figure
