"""Following the perturbed leader beside Hedge: the same curve with Gumbel noise, a worse one with uniform noise."""

from __future__ import annotations

from matplotlib.figure import Figure

from bandits.adversaries.shifting import GapShifting
from bandits.algorithms import ftpl, ftpl_uniform, hedge
from kernels.engine import Trace
from proofs_check.claims.ftrl_experts import coin_flips
from proofs_check.experiment import Experiment, Run
from proofs_check.plotting import PALETTE, new_axes, plot_line, plot_regret
from theory.theorems import theorem

ARMS, HORIZON = 5, 3_000


def shifting() -> GapShifting:
    """Gap 0.3 in even phases, 0.05 in odd ones."""
    return GapShifting(ARMS, 0.3, 0.05)


RULES = {
    "Hedge": lambda: hedge.tuned(ARMS, HORIZON),
    "FTPL, Gumbel noise": lambda: ftpl.tuned(ARMS, HORIZON),
    "FTPL, uniform noise": lambda: ftpl_uniform.tuned(ARMS, HORIZON),
}
BOUNDS = {"FTPL, Gumbel noise": "hedge/fixed-rate", "FTPL, uniform noise": "ftpl/uniform"}

EXPERIMENT = Experiment(
    slug="ftpl",
    title="Following the perturbed leader",
    caption=(
        f"Full information, K = {ARMS}, best arm ahead by 0.3 or 0.05 in phases that grow by 1.6, all rates tuned for "
        f"T = {HORIZON}. Mean regret and 10-90 % band; Hedge and FTPL with Gumbel noise have the same law and hence "
        "the same curve. Dashed: log K/eta + eta T/8, and epsilon K T + 2/epsilon (Kalai, Vempala 2005); dotted: what "
        "fair coins cost every algorithm (worst instance); grey: never playing the best arm."
    ),
    runs=tuple(Run(label, build, shifting, HORIZON, 40, full_runs=1000) for label, build in RULES.items()),
)


def draw(recorded: dict[str, Trace]) -> Figure:
    """One colour for each rule."""
    figure, axes = new_axes("Following the perturbed leader", "round $T$", "regret $R_T$")
    for (label, build), color, width in zip(RULES.items(), PALETTE, (3.5, 1.6, 1.6)):
        trace = recorded[label]
        plot_regret(axes, trace, label, color)
        axes.lines[-1].set_linewidth(width)
        t = trace.checkpoints.astype(float)
        if label in BOUNDS:
            plot_line(
                axes, t, theorem(BOUNDS[label]).bound(shifting(), build(), t), f"{label}, theorem", "bound", color
            )
    plot_line(axes, t, coin_flips(shifting(), t), "lower bound (worst instance)", "lower")
    axes.plot(t, shifting().trivial_regret(t), color="grey", linewidth=1.0, label="trivial")
    axes.set_xlim(left=10.0)
    axes.set_ylim(0.5, 5e3)
    axes.legend(fontsize=7, ncols=2, loc="upper left")
    return figure
