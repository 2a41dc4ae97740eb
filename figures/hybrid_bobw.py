"""The hybrid regulariser in both regimes: logarithmic where the gap stays, of order sqrt T on the hidden arm."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from bandits.adversaries.constrained import StochasticallyConstrained
from bandits.adversaries.hidden import HiddenArm
from bandits.algorithms import exp3
from bandits.algorithms.hybrid_bobw import HybridBOBW
from bandits.algorithms.tsallis_inf import TsallisINF
from figures.two_regimes import plot_rules, two_panels
from kernels.engine import Trace
from proofs_check.claims.exp3 import minimax
from proofs_check.experiment import Experiment, Run
from proofs_check.plotting import PALETTE, plot_line
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
    figure, (left, right) = two_panels("a gap that stays", "hidden arm")
    for axes, regime in plot_rules((left, right), recorded, RULES, REGIMES):
        instance = REGIMES[regime]()
        t = recorded[f"hybrid, {regime}"].checkpoints.astype(float)
        bound = theorem("hybrid-bobw/adversarial").bound(instance, HybridBOBW(), t)
        plot_line(axes, t, bound, "hybrid, adversarial theorem", "bound", PALETTE[0])
        plot_line(axes, t[t >= ARMS], minimax(instance, t[t >= ARMS]), "lower bound (worst instance)", "lower")
        axes.plot(t, instance.trivial_regret(t), color="grey", linewidth=1.0, label="trivial: gap x T")
    stochastic = theorem("hybrid-bobw/stochastic").bound(REGIMES["constrained"](), HybridBOBW(), t)
    left.plot(t, stochastic, "-.", color=PALETTE[0], linewidth=1.3, label="hybrid, stochastic theorem")
    left.set_xlim(left=10.0)
    left.set_ylim(0.5, 2e4)
    left.legend(fontsize=7, loc="upper left", ncols=2)
    return figure
