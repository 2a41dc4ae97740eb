"""Exp3++ beside Exp3 and Tsallis-INF on stochastic losses and on the stochastically constrained adversary."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from bandits.adversaries.bernoulli import BernoulliLosses
from bandits.adversaries.constrained import StochasticallyConstrained
from bandits.algorithms import exp3
from bandits.algorithms.exp3_plus_plus import Exp3PlusPlus
from bandits.algorithms.tsallis_inf import TsallisINF
from figures.two_regimes import plot_rules, two_panels
from kernels.engine import Trace
from proofs_check.claims.exp3 import minimax
from proofs_check.claims.exp3_plus_plus import PRACTICAL_BETA
from proofs_check.experiment import Experiment, Run
from proofs_check.plotting import PALETTE, plot_line
from theory.theorems import theorem

ARMS, GAP = 2, 0.6
HORIZON, FULL = 100_000, 1_000_000

RULES: dict[str, Callable[[], Any]] = {
    "Exp3++": Exp3PlusPlus,
    f"Exp3++, practical beta = {PRACTICAL_BETA:g}": lambda: Exp3PlusPlus(beta=PRACTICAL_BETA),
    "Exp3, anytime": lambda: exp3.anytime(ARMS),
    "Tsallis-INF (IW)": TsallisINF,
}
REGIMES: dict[str, Callable[[], Any]] = {
    "stochastic": lambda: BernoulliLosses(np.array([(1 - GAP) / 2] + (ARMS - 1) * [(1 + GAP) / 2])),
    "stochastically constrained": lambda: StochasticallyConstrained(ARMS, GAP),
}

EXPERIMENT = Experiment(
    slug="exp3-plus-plus",
    title="Exp3++ in both regimes",
    caption=(
        f"K = {ARMS}, gap {GAP:g}. Left: Bernoulli losses with fixed means; right: means jump between levels, the "
        "gap stays. Mean regret, 10-90 % band. Exp3++ with the theorem's alpha = 3, beta = 256, whose exploration is "
        f"still at its cap, and with beta = {PRACTICAL_BETA:g} (no theorem). Dashed: 4 sqrt(KT log K) (Seldin and "
        "Slivkins 2014); dotted: Bubeck and Cesa-Bianchi 2012, Lemma 3.2 (worst instance); grey: gap x T."
    ),
    runs=tuple(
        Run(f"{name}, {regime}", build, instance, HORIZON, 10, full_horizon=FULL, full_runs=100)
        for regime, instance in REGIMES.items()
        for name, build in RULES.items()
    ),
)


def draw(recorded: dict[str, Trace]) -> Figure:
    """The two regimes side by side on common axes."""
    figure, (left, right) = two_panels("stochastic losses", "stochastically constrained adversary")
    for axes, regime in plot_rules((left, right), recorded, RULES, REGIMES):
        instance = REGIMES[regime]()
        t = recorded[f"{next(iter(RULES))}, {regime}"].checkpoints.astype(float)
        bound = theorem("exp3-plus-plus/adversarial").bound(instance, None, t)
        plot_line(axes, t, bound, "Exp3++, theorem", "bound", PALETTE[0])
        plot_line(axes, t[t >= ARMS], minimax(instance, t[t >= ARMS]), "lower bound (worst instance)", "lower")
        axes.plot(t, GAP * t, color="grey", linewidth=1.0, label="trivial: gap x T")
    left.set_xlim(left=10.0)
    left.set_ylim(0.5, 2e4)
    left.legend(fontsize=7, loc="upper left")
    return figure
