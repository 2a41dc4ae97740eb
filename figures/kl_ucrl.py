"""KL-UCRL against UCRL2 on the instance of the lower bound."""

from __future__ import annotations

from matplotlib.figure import Figure

from kernels.engine import Trace
from mdps.algorithms.kl_ucrl import KLUCRL
from mdps.algorithms.ucrl2 import UCRL2
from mdps.instances.lower_bounds import jao_composite
from mdps.loops import Trajectory
from proofs_check.experiment import Experiment, Run
from proofs_check.plotting import new_axes, plot_line, plot_regret
from proofs_check.trajectory_steps import minimax_if_hard
from theory.theorems import theorem

STEPS, DELTA, SCALE = 100_000, 0.05, 0.02
THEOREM, PRACTICAL = "KL-UCRL", f"KL-UCRL, radii x {SCALE:g} (no theorem)"
OTHER = "UCRL2"


def hard() -> Trajectory:
    """S = 10, A = 11, D at most 40, the gap that is hard for the horizon."""
    return Trajectory(jao_composite(10, 11, 40.0, STEPS))


EXPERIMENT = Experiment(
    slug="kl-ucrl",
    title="KL-UCRL against UCRL2",
    caption=(
        "Regret of KL-UCRL and of UCRL2 on the composite instance of the lower bound (ten states, eleven actions, two "
        f"next states at most), delta = {DELTA:g}, with the radii of the theorems, and of KL-UCRL with radii {SCALE:g} "
        "times as large (practical, no theorem). Dashed: Theorem 1 of Filippi, Cappe and Garivier (2010), vacuous "
        "here; grey: the largest possible regret; dotted: the lower bound of Jaksch, Ortner and Auer "
        "(2010), Theorem 5. Mean with the 10-90 % band."
    ),
    runs=(
        Run(THEOREM, lambda: KLUCRL(DELTA), hard, STEPS, 8, None, 40),
        Run(PRACTICAL, lambda: KLUCRL(DELTA, SCALE), hard, STEPS, 8, None, 40),
        Run(OTHER, lambda: UCRL2(DELTA), hard, STEPS, 8, None, 40),
    ),
)


def draw(recorded: dict[str, Trace]) -> Figure:
    """Regret against steps, log-log."""
    figure, axes = new_axes("KL-UCRL on the lower bound's instance, S = 10, A = 11", "steps $T$", "regret")
    instance = hard()
    marks = recorded[THEOREM].checkpoints.astype(float)
    for label in (THEOREM, PRACTICAL, OTHER):
        plot_regret(axes, recorded[label], label)
    shown = marks[marks >= 2]
    bound = theorem("kl-ucrl/regret").bound(instance, KLUCRL(DELTA), shown)
    plot_line(axes, shown, bound, "Theorem 1 (upper bound, C = 24)", "bound")
    plot_line(axes, shown, instance.trivial_regret(shown), "largest possible regret", "bound", "0.6")
    plot_line(axes, shown, minimax_if_hard(instance, shown), "lower bound", "lower")
    axes.set_xlim(left=100.0)
    axes.set_ylim(bottom=10.0, top=1e10)
    axes.legend(fontsize=8, loc="upper left")
    return figure
