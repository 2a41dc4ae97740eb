"""UCRL2 on the composite instance of the lower bound: both bounds of Jaksch, Ortner and Auer (2010) and the regret."""

from __future__ import annotations

from matplotlib.figure import Figure

from kernels.engine import Trace
from mdps.algorithms.ucrl2 import UCRL2
from mdps.instances.lower_bounds import jao_composite
from mdps.loops import Trajectory
from proofs_check.experiment import Experiment, Run
from proofs_check.plotting import new_axes, plot_line, plot_regret
from proofs_check.trajectory_steps import minimax_if_hard
from theory.theorems import theorem

STEPS, DELTA, SCALE = 200_000, 0.05, 0.05
THEOREM, PRACTICAL = "UCRL2", f"UCRL2, radii x {SCALE:g} (no theorem)"


def hard() -> Trajectory:
    """S = 10, A = 11, D at most 40, the gap that is hard for the horizon."""
    return Trajectory(jao_composite(10, 11, 40.0, STEPS))


EXPERIMENT = Experiment(
    slug="ucrl2",
    title="UCRL2 and the lower bound",
    caption=(
        "Regret of UCRL2 on the composite instance of the lower bound (ten states, eleven actions), "
        f"delta = {DELTA:g}, with the radii of the theorem and with radii {SCALE:g} times as large (practical, no "
        "theorem). Dashed: Theorem 2 of Jaksch, Ortner and Auer (2010), vacuous here (grey: the largest possible "
        "regret); dotted: their Theorem 5, which no algorithm can beat on every instance of the family. Mean with the "
        "10-90 % band."
    ),
    runs=(
        Run(THEOREM, lambda: UCRL2(DELTA), hard, STEPS, 10, None, 40),
        Run(PRACTICAL, lambda: UCRL2(DELTA, SCALE), hard, STEPS, 10, None, 40),
    ),
)


def draw(recorded: dict[str, Trace]) -> Figure:
    """Regret against steps, log-log."""
    figure, axes = new_axes("UCRL2 on the lower bound's instance, S = 10, A = 11", "steps $T$", "regret")
    instance = hard()
    marks = recorded[THEOREM].checkpoints.astype(float)
    shown = marks[marks >= 2]
    for label in (THEOREM, PRACTICAL):
        plot_regret(axes, recorded[label], label)
    bound = theorem("ucrl2/regret").bound(instance, UCRL2(DELTA), shown)
    plot_line(axes, shown, bound, "Theorem 2 (upper bound)", "bound")
    plot_line(axes, shown, instance.trivial_regret(shown), "largest possible regret", "bound", "0.6")
    plot_line(axes, shown, minimax_if_hard(instance, shown), "Theorem 5 (lower bound)", "lower")
    axes.set_xlim(left=100.0)
    axes.set_ylim(bottom=10.0, top=1e10)
    axes.legend(fontsize=8, loc="upper left")
    return figure
