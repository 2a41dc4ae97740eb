"""UCRL2 on the composite instance of the lower bound: both bounds of Jaksch, Ortner and Auer (2010) and the regret."""

from __future__ import annotations

from functools import partial

from matplotlib.figure import Figure

from figures.jao_composite import draw_on_hard, hard
from kernels.engine import Trace
from mdps.algorithms.ucrl2 import UCRL2
from proofs_check.experiment import Experiment, Run
from theory.theorems import theorem

STEPS, DELTA, SCALE = 200_000, 0.05, 0.05
THEOREM, PRACTICAL = "UCRL2", f"UCRL2, radii x {SCALE:g} (no theorem)"


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
        Run(THEOREM, lambda: UCRL2(DELTA), partial(hard, STEPS), STEPS, 10, None, 40),
        Run(PRACTICAL, lambda: UCRL2(DELTA, SCALE), partial(hard, STEPS), STEPS, 10, None, 40),
    ),
)


def draw(recorded: dict[str, Trace]) -> Figure:
    """Regret against steps, log-log."""
    instance = hard(STEPS)
    bound = partial(theorem("ucrl2/regret").bound, instance, UCRL2(DELTA))
    return draw_on_hard(recorded, "UCRL2", instance, ("Theorem 2 (upper bound)", bound), 1e10)
