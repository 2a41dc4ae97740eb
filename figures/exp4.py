"""Exp4 beside Exp3 on seasonal losses: the price of many experts is a logarithm, that of ignoring them is linear."""

from __future__ import annotations

from dataclasses import replace

from matplotlib.figure import Figure

from bandits.adversaries.advised import AdvisedLosses
from bandits.algorithms import exp3, exp4
from kernels.engine import Trace
from proofs_check.claims.exp3 import minimax
from proofs_check.claims.exp4 import seasons
from proofs_check.experiment import Experiment, Run
from proofs_check.plotting import PALETTE, new_axes, plot_line, plot_regret
from theory.theorems import theorem

ARMS, HORIZON = 4, 10_000


def instance() -> AdvisedLosses:
    """Four seasons: four fixed arms, four shifts of the season and uniform play as experts."""
    return seasons(ARMS)


RULES = {
    "Exp4": lambda: exp4.tuned(instance().n_experts, ARMS, HORIZON),
    "Exp3 (ignores the experts)": lambda: exp3.tuned(ARMS, HORIZON),
}

EXPERIMENT = Experiment(
    slug="exp4",
    title="Exp4 on seasonal losses",
    caption=(
        f"K = {ARMS} arms, in season t mod {ARMS} one of them loses 0.1, the others 0.8; nine experts: each fixed arm, "
        "every shift of the season (one is always right), uniform play. Regret against the best expert, mean and "
        f"10-90 % band, rates tuned for T = {HORIZON}. Dashed: log M/eta + eta K T/2 (Lattimore and Szepesvari 2020, "
        "Theorem 18.1); dotted: Bubeck and Cesa-Bianchi 2012, Lemma 3.2 (worst instance); grey: wrong in every round."
    ),
    runs=tuple(Run(label, build, instance, HORIZON, 20, full_runs=500) for label, build in RULES.items()),
)


def draw(recorded: dict[str, Trace]) -> Figure:
    """One colour for each rule."""
    figure, axes = new_axes("Seasons and experts", "round $T$", "regret against the best expert")
    for (label, _), color in zip(RULES.items(), PALETTE):
        trace = recorded[label]
        against = trace.regret + instance().advantage(trace.checkpoints)
        plot_regret(axes, replace(trace, regret=against), label, color)
    t = recorded["Exp4"].checkpoints.astype(float)
    plot_line(
        axes, t, theorem("exp4/fixed-rate").bound(instance(), RULES["Exp4"](), t), "Exp4, theorem", "bound", PALETTE[0]
    )
    plot_line(axes, t[t >= ARMS], minimax(instance(), t[t >= ARMS]), "lower bound (worst instance)", "lower")
    axes.plot(t, 0.7 * t, color="grey", linewidth=1.0, label="trivial")
    axes.set_xlim(left=10.0)
    axes.set_ylim(0.5, 2e4)
    axes.legend(fontsize=7, loc="upper left")
    return figure
