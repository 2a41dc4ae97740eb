"""The hump: regret of two Gaussian arms at a fixed horizon, as a function of their gap."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from matplotlib.figure import Figure

from bandits.algorithms.moss import MOSS
from bandits.algorithms.thompson_gaussian import ThompsonGaussian
from bandits.algorithms.ucb1 import UCB1
from bandits.instances.gaussian import GaussianBandit, gaussian
from kernels.engine import Trace
from proofs_check.experiment import Experiment, Run
from proofs_check.plotting import PALETTE, new_axes, plot_line
from theory.lower_bounds import minimax_gaussian

HORIZON = 1000
GAPS = (0.02, 0.04, 0.07, 0.1, 0.15, 0.2, 0.3, 0.45, 0.7, 1.0)
ALGORITHMS: dict[str, Callable[[], object]] = {
    "Thompson, N(mean, 1/N)": ThompsonGaussian,
    "MOSS, sigma = 1": lambda: MOSS(1.0),
    "UCB1, width for sigma = 1": lambda: UCB1(8.0),
}


def pair(gap: float) -> Callable[[], GaussianBandit]:
    """Unit-variance arms of means 0 and gap."""
    return lambda: gaussian(0.0, gap)


def label_of(name: str, gap: float) -> str:
    """Label of one run."""
    return f"{name}, gap {gap:g}"


EXPERIMENT = Experiment(
    slug="thompson-gaussian",
    title="Two Gaussian arms: regret over the gap",
    caption=(
        f"Regret after T = {HORIZON} rounds on two unit-variance Gaussian arms, over their gap. Thompson sampling with "
        "a flat prior, MOSS for 1-subgaussian rewards, and UCB1 with its width scaled from rewards in [0, 1] to "
        "sigma = 1 (sqrt(8 log / N); its theorem is for [0, 1]). Means with two standard errors; dotted: the largest "
        "regret over all gaps is at least sqrt((K-1)T)/27 for every algorithm; grey: gap x T; dashed grey: the "
        "Lai-Robbins slope 2 log(T) / gap."
    ),
    runs=tuple(
        Run(label_of(name, gap), build, pair(gap), HORIZON, 300, full_runs=10_000)
        for name, build in ALGORITHMS.items()
        for gap in GAPS
    ),
)


def draw(recorded: dict[str, Trace]) -> Figure:
    """Mean final regret of every run against its gap."""
    figure, axes = new_axes(f"Two N(., 1) arms, T = {HORIZON}", r"gap $\Delta$", f"regret $R_{{{HORIZON}}}$", log="x")
    gaps = np.array(GAPS)
    for name, color in zip(ALGORITHMS, PALETTE):
        finals = [recorded[label_of(name, gap)].regret[:, -1] for gap in GAPS]
        error = [2 * x.std(ddof=1) / np.sqrt(len(x)) for x in finals]
        axes.errorbar(
            gaps, [x.mean() for x in finals], error, marker="o", markersize=4, capsize=2, linewidth=1.4, color=color,
            label=name,
        )  # fmt: skip
    top = axes.get_ylim()[1]
    axes.plot(gaps, gaps * HORIZON, color="0.65", linewidth=1.0, label="trivial: gap x T")
    axes.plot(gaps, 2.0 * np.log(HORIZON) / gaps, "--", color="0.65", linewidth=1.0, label="Lai-Robbins slope")
    lower = float(minimax_gaussian(2, float(HORIZON)))
    plot_line(axes, gaps, np.full(len(gaps), lower), "minimax lower bound", "lower")
    axes.set_ylim(0.0, 1.5 * top)
    axes.legend(fontsize=8, loc="upper left", ncols=2)
    return figure
