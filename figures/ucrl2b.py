"""UCRL2B against UCRL2 on the instance of the lower bound."""

from __future__ import annotations

from matplotlib.figure import Figure

from kernels.engine import Trace
from mdps.algorithms.ucrl2 import UCRL2
from mdps.algorithms.ucrl2b import UCRL2B
from mdps.instances.lower_bounds import jao_composite
from mdps.loops import Trajectory
from proofs_check.experiment import Experiment, Run
from proofs_check.plotting import new_axes, plot_line, plot_regret
from proofs_check.trajectory_steps import minimax_if_hard
from theory.theorems import theorem

STEPS, DELTA, SCALE = 100_000, 0.05, 0.1
THEOREM, PRACTICAL = "UCRL2B", f"UCRL2B, radii x {SCALE:g} (no theorem)"
OTHER = "UCRL2"


def hard() -> Trajectory:
    """S = 10, A = 11, D at most 40, the gap that is hard for the horizon."""
    return Trajectory(jao_composite(10, 11, 40.0, STEPS))


EXPERIMENT = Experiment(
    slug="ucrl2b",
    title="UCRL2B against UCRL2",
    caption=(
        "Regret of UCRL2B and of UCRL2 on the composite instance of the lower bound (ten states, eleven actions, two "
        f"next states at most), delta = {DELTA:g}, with the radii of the theorems, and of UCRL2B with radii {SCALE:g} "
        "times as large (practical, no theorem). Dashed: the rate of the theorem (its constant is not known here) "
        "through the last point of the practical run; grey: the largest possible regret; dotted: the lower bound of "
        "Jaksch, Ortner and Auer "
        "(2010), Theorem 5. Mean with the 10-90 % band."
    ),
    runs=(
        Run(THEOREM, lambda: UCRL2B(DELTA), hard, STEPS, 8, None, 40),
        Run(PRACTICAL, lambda: UCRL2B(DELTA, SCALE), hard, STEPS, 8, None, 40),
        Run(OTHER, lambda: UCRL2(DELTA), hard, STEPS, 8, None, 40),
    ),
)


def draw(recorded: dict[str, Trace]) -> Figure:
    """Regret against steps, log-log."""
    figure, axes = new_axes("UCRL2B on the lower bound's instance, S = 10, A = 11", "steps $T$", "regret")
    instance = hard()
    marks = recorded[THEOREM].checkpoints.astype(float)
    for label in (THEOREM, PRACTICAL, OTHER):
        plot_regret(axes, recorded[label], label)
    shown = marks[marks >= 2]
    rate = theorem("ucrl2b/regret").bound(instance, UCRL2B(DELTA), shown)
    measured = recorded[PRACTICAL].regret.mean(axis=0)[-1]
    plot_line(axes, shown, rate * (measured / rate[-1]), "rate of the theorem, through the last point", "bound")
    plot_line(axes, shown, instance.trivial_regret(shown), "largest possible regret", "bound", "0.6")
    plot_line(axes, shown, minimax_if_hard(instance, shown), "lower bound", "lower")
    axes.set_xlim(left=100.0)
    axes.set_ylim(bottom=10.0, top=1e8)
    axes.legend(fontsize=8, loc="upper left")
    return figure
