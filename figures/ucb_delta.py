"""UCB(delta): regret against the gap at a fixed horizon, with both theorems and the lower bounds."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from matplotlib.figure import Figure

from bandits.algorithms.ucb_delta import UCBDelta
from bandits.instances.gaussian import GaussianBandit, gaussian
from kernels.engine import Trace
from proofs_check.experiment import Experiment, Run
from proofs_check.plotting import PALETTE, new_axes, plot_line
from theory.lower_bounds import minimax_gaussian
from theory.theorems import theorem

HORIZON = 1000
GAPS = tuple(float(gap) for gap in np.round(np.geomspace(0.03, 2.0, 14), 3))


def instance(gap: float) -> Callable[[], GaussianBandit]:
    """Two unit-variance Gaussian arms."""
    return lambda: gaussian(0.0, gap)


EXPERIMENT = Experiment(
    slug="ucb-delta",
    title="UCB(delta): regret against the gap",
    caption=(
        f"Two N(., 1) arms, T = {HORIZON}, delta = 1/T^2. Dots: mean regret, bars two standard errors; dashed: "
        "Lattimore and Szepesvari 2020, Theorems 7.1 and 7.2 (the latter is below the trivial bound only for gaps "
        "above 0.96); dotted: the asymptotic slope 2 log T / D of Lai and Robbins, which says nothing at small gaps "
        "and finite T, and the minimax lower bound sqrt((K-1)T)/27; grey: the trivial bound T D. The regret is "
        "largest where the gap can just not be seen in T rounds."
    ),
    runs=tuple(
        Run(f"gap {gap:g}", lambda: UCBDelta(1.0 / HORIZON**2), instance(gap), HORIZON, 200, full_runs=20_000)
        for gap in GAPS
    ),
)


def draw(recorded: dict[str, Trace]) -> Figure:
    """Regret at the horizon against the gap."""
    figure, axes = new_axes(r"UCB($\delta$), $\delta = 1/T^2$, $T = 1000$", r"gap $\Delta$", "regret $R_T$")
    finals = [recorded[f"gap {gap:g}"].regret[:, -1] for gap in GAPS]
    error = [2.0 * final.std(ddof=1) / np.sqrt(len(final)) for final in finals]
    axes.errorbar(
        GAPS, [final.mean() for final in finals], error, marker="o", markersize=4, capsize=2, linewidth=1.2,
        color=PALETTE[0], label=r"UCB($\delta$)",
    )  # fmt: skip
    fine, t = np.geomspace(GAPS[0], GAPS[-1], 200), np.array([float(HORIZON)])
    for name, label, color in (("regret", "Theorem 7.1", PALETTE[1]), ("minimax", "Theorem 7.2", PALETTE[3])):
        bound = [theorem(f"ucb-delta/{name}").bound(gaussian(0.0, gap), None, t)[0] for gap in fine]
        plot_line(axes, fine, bound, label, "bound", color)
    large = fine >= 0.2
    plot_line(axes, fine[large], 2.0 * np.log(HORIZON) / fine[large], "Lai-Robbins slope", "lower", PALETTE[2])
    plot_line(axes, fine, np.full(fine.shape, minimax_gaussian(2, t)[0]), "minimax", "lower")
    axes.plot(fine, HORIZON * fine, color="black", alpha=0.35, linewidth=1.0, label=r"trivial: $T\Delta$")
    axes.set_ylim(0.8, 2e5)
    axes.legend(fontsize=8, loc="upper left", ncols=2)
    return figure
