"""Discounted UCB: dynamic regret over the horizon, with sliding windows beside it."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from bandits.algorithms.d_ucb import DiscountedUCB, tuned_discount
from bandits.algorithms.sw_ucb import SlidingWindowUCB, tuned_window
from kernels.engine import Trace
from proofs_check.experiment import Experiment, Run
from proofs_check.forgetting import swap
from proofs_check.plotting import PALETTE, new_axes, plot_line

HORIZONS = tuple(2**k for k in range(10, 18))
GAP = 0.5


def discounted(horizon: int) -> Run:
    """D-UCB tuned to one horizon."""
    return Run(f"D-UCB, T = {horizon}", lambda: DiscountedUCB(tuned_discount(horizon, 1)),
               lambda: swap(horizon, GAP), horizon, 20, full_runs=200)  # fmt: skip


def windowed(horizon: int) -> Run:
    """SW-UCB tuned to one horizon."""
    return Run(f"SW-UCB, T = {horizon}", lambda: SlidingWindowUCB(tuned_window(horizon, 1)),
               lambda: swap(horizon, GAP), horizon, 20, full_runs=200)  # fmt: skip


EXPERIMENT = Experiment(
    slug="d-ucb",
    title="Tuned to the horizon: regret at the end",
    caption=(
        "Two Bernoulli arms 0.75 and 0.25 that change places at half the horizon; window and discount tuned to each "
        "horizon. Dynamic regret at the horizon, mean and 10-90 % band. Dashed: the rates sqrt(T) log T and "
        "sqrt(T log T) of the theorems, their constants unknown (drawn through the last point); dotted: sqrt(K T)/20, "
        "the minimax lower bound of fixed laws."
    ),
    runs=tuple(build(horizon) for build in (discounted, windowed) for horizon in HORIZONS),
)


def draw(recorded: dict[str, Trace]) -> Figure:
    """Regret at the horizon over the horizon, log-log."""
    figure, axes = new_axes("One change of the best arm", "horizon $T$", "dynamic regret at $T$")
    t = np.array(HORIZONS, dtype=float)
    rates = {"D-UCB": (np.sqrt(t) * np.log(t), "sqrt(T) log T"), "SW-UCB": (np.sqrt(t * np.log(t)), "sqrt(T log T)")}
    for (name, (rate, text)), color in zip(rates.items(), PALETTE):
        ends = [recorded[f"{name}, T = {horizon}"].regret[:, -1] for horizon in HORIZONS]
        low, high = np.array([np.quantile(e, (0.1, 0.9)) for e in ends]).T
        means = np.array([e.mean() for e in ends])
        axes.fill_between(t, low, high, color=color, alpha=0.2)
        axes.plot(t, means, color=color, marker="o", label=name)
        plot_line(axes, t, rate * means[-1] / rate[-1], f"rate {text}", "bound", color)
    plot_line(axes, t, np.sqrt(2.0 * t) / 20.0, "minimax lower bound, fixed laws", "lower", "black")
    axes.legend(fontsize=8)
    return figure
