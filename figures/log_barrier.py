"""Log-barrier FTRL beside Exp3 and Tsallis-INF on a best arm whose gap shifts, with the theorem's bound."""

from __future__ import annotations

from matplotlib.figure import Figure

from bandits.adversaries.shifting import GapShifting
from bandits.algorithms import exp3, log_barrier
from bandits.algorithms.tsallis_inf import TsallisINF
from kernels.engine import Trace
from proofs_check.experiment import Experiment, Run
from proofs_check.plotting import PALETTE, new_axes, plot_line, plot_regret
from theory.theorems import theorem

ARMS, HORIZON = 5, 50_000


def shifting() -> GapShifting:
    """Gap 0.4 in even phases, 0.1 in odd ones."""
    return GapShifting(ARMS, 0.4, 0.1)


RULES = {
    "log-barrier": lambda: log_barrier.tuned(ARMS, HORIZON),
    "Exp3": lambda: exp3.tuned(ARMS, HORIZON),
    "Tsallis-INF (IW)": TsallisINF,
}

EXPERIMENT = Experiment(
    slug="log-barrier",
    title="Log-barrier FTRL on a shifting gap",
    caption=(
        f"K = {ARMS} Bernoulli arms, the best one ahead by 0.4 or 0.1 in phases that grow by 1.6. Mean regret, "
        f"10-90 % band; log-barrier and Exp3 with the rates tuned for T = {HORIZON}. Dashed: (K-1) log T/eta + "
        "eta T/2 + 1 for the log-barrier and log K/eta + eta K T/2 for Exp3, which hold at every T of the "
        "run; grey: never playing the best arm."
    ),
    runs=tuple(Run(label, build, shifting, HORIZON, 20, full_runs=500) for label, build in RULES.items()),
)


def draw(recorded: dict[str, Trace]) -> Figure:
    """One colour for each algorithm."""
    figure, axes = new_axes("A best arm with a shifting gap", "round $T$", "regret $R_T$")
    for (label, build), color in zip(RULES.items(), PALETTE):
        trace = recorded[label]
        t = trace.checkpoints.astype(float)
        plot_regret(axes, trace, label, color)
        name = {"log-barrier": "log-barrier/fixed-rate", "Exp3": "exp3/fixed-rate"}.get(label, "tsallis-inf/iw")
        plot_line(axes, t, theorem(name).bound(shifting(), build(), t), f"{label}, theorem", "bound", color)
    axes.plot(t, shifting().trivial_regret(t), color="grey", linewidth=1.0, label="trivial")
    axes.set_xlim(left=10.0)
    axes.set_ylim(1.0, 3e4)
    axes.legend(fontsize=7, ncols=2, loc="upper left")
    return figure
