"""Explore-then-commit: regret against the gap, with the exact value, the theorem and two lower bounds."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from matplotlib.figure import Figure

from bandits.algorithms.etc import ETC
from bandits.instances.gaussian import GaussianBandit, gaussian
from kernels.engine import Trace
from proofs_check.experiment import Experiment, Run
from proofs_check.plotting import PALETTE, new_axes, plot_line
from theory.lower_bounds import minimax_gaussian
from theory.theorems import theorem
from theory.theorems.etc import gaussian_regret, tuned_exploration

HORIZON = 1000
GAPS = tuple(float(gap) for gap in np.round(np.geomspace(0.08, 2.0, 12), 3))


def instance(gap: float) -> Callable[[], GaussianBandit]:
    """Two unit-variance Gaussian arms."""
    return lambda: gaussian(0.0, gap)


def tuned(gap: float) -> int:
    """The theorem's m, as far as it fits into the horizon."""
    return min(tuned_exploration(gap, HORIZON), HORIZON // 2)


def algorithm(gap: float) -> Callable[[], ETC]:
    """ETC tuned to the gap."""
    return lambda: ETC(tuned(gap))


EXPERIMENT = Experiment(
    slug="etc",
    title="Explore-then-commit: regret against the gap",
    caption=(
        f"Two N(., 1) arms, T = {HORIZON}, exploration tuned to each gap. Dots: mean regret, bars two standard errors; "
        "line: the exact regret m D + (T - 2m) D Phi(-D sqrt(m/2)); dashed: Lattimore and Szepesvari 2020, eq. (6.6); "
        "dotted: the asymptotic lower bound 2 log T / D of Lai and Robbins (for algorithms consistent on all "
        "gaps, not reached at small gaps and finite T) and the minimax bound sqrt((K-1)T)/27, which is about the worst "
        "gap; grey: the trivial bound T D. ETC knows the gap and still pays about twice the asymptotic bound."
    ),
    runs=tuple(
        Run(f"gap {gap:g}", algorithm(gap), instance(gap), HORIZON, 400, full_runs=20_000) for gap in GAPS
    ),
)  # fmt: skip


def draw(recorded: dict[str, Trace]) -> Figure:
    """Regret at the horizon against the gap."""
    figure, axes = new_axes("Explore-then-commit, $T = 1000$", r"gap $\Delta$", "regret $R_T$", log="x")
    finals = [recorded[f"gap {gap:g}"].regret[:, -1] for gap in GAPS]
    mean = [final.mean() for final in finals]
    error = [2.0 * final.std(ddof=1) / np.sqrt(len(final)) for final in finals]
    axes.errorbar(GAPS, mean, error, fmt="o", markersize=4, capsize=2, color=PALETTE[0], label="ETC, tuned $m$")
    fine = np.geomspace(GAPS[0], GAPS[-1], 400)
    m = np.array([tuned(gap) for gap in fine])
    axes.plot(fine, gaussian_regret(fine, HORIZON, m), color=PALETTE[0], linewidth=1.2, label="exact")
    t = np.array([float(HORIZON)])
    bound = [float(theorem("etc/tuned").bound(gaussian(0.0, gap), None, t)[0]) for gap in fine]
    plot_line(axes, fine, bound, "eq. (6.6)", "bound", PALETTE[1])
    large = fine >= 0.25
    plot_line(axes, fine[large], 2.0 * np.log(HORIZON) / fine[large], "Lai-Robbins slope", "lower", PALETTE[2])
    plot_line(axes, fine, np.full(fine.shape, minimax_gaussian(2, t)[0]), "minimax", "lower")
    axes.plot(fine, HORIZON * fine, color="black", alpha=0.35, linewidth=1.0, label="trivial: $T\\Delta$")
    axes.set_ylim(0.0, 1.15 * max(bound))
    axes.legend(fontsize=8, loc="upper right", ncols=2)
    return figure
