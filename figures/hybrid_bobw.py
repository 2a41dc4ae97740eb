"""The hybrid regulariser in both regimes: logarithmic where the gap stays, of order sqrt T on the hidden arm."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.gridspec import GridSpec

from bandits.adversaries.constrained import StochasticallyConstrained
from bandits.adversaries.hidden import HiddenArm
from bandits.algorithms import exp3
from bandits.algorithms.hybrid_bobw import HybridBOBW
from bandits.algorithms.tsallis_inf import TsallisINF
from kernels.engine import Trace
from proofs_check.claims.exp3 import minimax
from proofs_check.experiment import Experiment, Run
from proofs_check.plotting import PALETTE, new_axes, plot_line, plot_regret
from theory.theorems import theorem

ARMS, GAP = 4, 0.25
HORIZON, FULL = 10_000, 200_000

RULES: dict[str, Callable[[], Any]] = {
    "hybrid": HybridBOBW,
    "Tsallis-INF (IW)": TsallisINF,
    "Exp3, anytime": lambda: exp3.anytime(ARMS),
}
REGIMES: dict[str, Callable[[], Any]] = {
    "constrained": lambda: StochasticallyConstrained(ARMS, GAP),
    "hidden": lambda: HiddenArm(ARMS, 2.0 * float(np.sqrt(ARMS / HORIZON))),
}

EXPERIMENT = Experiment(
    slug="hybrid-bobw",
    title="Hybrid regulariser in both regimes",
    caption=(
        f"K = {ARMS}. Left: means jump between levels, the gap {GAP:g} stays. Right: fair coins but one hidden arm, "
        f"better by 2 sqrt(K/T) at T = {HORIZON}. Mean regret, 10-90 % band; all rules anytime with their theorems' "
        "parameters. Dashed: the hybrid's adversarial bound, dash-dotted (left): its stochastic bound (sum B_t^2)/D; "
        "dotted: Bubeck and Cesa-Bianchi 2012, Lemma 3.2 (worst instance of each T); grey: gap x T."
    ),
    runs=tuple(
        Run(f"{name}, {regime}", build, instance, HORIZON, 20, full_horizon=FULL, full_runs=100)
        for regime, instance in REGIMES.items()
        for name, build in RULES.items()
    ),
)


def draw(recorded: dict[str, Trace]) -> Figure:
    """The two regimes side by side on common axes."""
    figure, left = new_axes("a gap that stays", "round $T$", "regret $R_T$", size=(9.6, 4.0))
    grid = GridSpec(1, 2, figure=figure)
    left.set_subplotspec(grid[0])
    right = figure.add_subplot(grid[1], sharex=left, sharey=left)
    right.set(title="hidden arm", xlabel="round $T$")
    right.spines[["top", "right"]].set_visible(False)
    right.grid(alpha=0.25)
    for axes, (regime, build) in zip((left, right), REGIMES.items()):
        for name, color in zip(RULES, PALETTE):
            plot_regret(axes, recorded[f"{name}, {regime}"], name, color)
        t = recorded[f"hybrid, {regime}"].checkpoints.astype(float)
        bound = theorem("hybrid-bobw/adversarial").bound(build(), HybridBOBW(), t)
        plot_line(axes, t, bound, "hybrid, adversarial theorem", "bound", PALETTE[0])
        plot_line(axes, t[t >= ARMS], minimax(build(), t[t >= ARMS]), "lower bound (worst instance)", "lower")
        axes.plot(t, build().trivial_regret(t), color="grey", linewidth=1.0, label="trivial: gap x T")
    stochastic = theorem("hybrid-bobw/stochastic").bound(REGIMES["constrained"](), HybridBOBW(), t)
    left.plot(t, stochastic, "-.", color=PALETTE[0], linewidth=1.3, label="hybrid, stochastic theorem")
    left.set_xlim(left=10.0)
    left.set_ylim(0.5, 2e4)
    left.legend(fontsize=7, loc="upper left", ncols=2)
    return figure
