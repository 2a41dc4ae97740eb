"""UCRL2B against UCRL2 on the instance of the lower bound."""

from __future__ import annotations

from functools import partial

import numpy as np
from matplotlib.figure import Figure

from figures.jao_composite import Float, draw_on_hard, hard
from kernels.engine import Trace
from mdps.algorithms.ucrl2 import UCRL2
from mdps.algorithms.ucrl2b import UCRL2B
from proofs_check.experiment import Experiment, Run
from theory.theorems import theorem

STEPS, DELTA, SCALE = 100_000, 0.05, 0.1
THEOREM, PRACTICAL = "UCRL2B", f"UCRL2B, radii x {SCALE:g} (no theorem)"
OTHER = "UCRL2"


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
        Run(THEOREM, lambda: UCRL2B(DELTA), partial(hard, STEPS), STEPS, 8, None, 40),
        Run(PRACTICAL, lambda: UCRL2B(DELTA, SCALE), partial(hard, STEPS), STEPS, 8, None, 40),
        Run(OTHER, lambda: UCRL2(DELTA), partial(hard, STEPS), STEPS, 8, None, 40),
    ),
)


def draw(recorded: dict[str, Trace]) -> Figure:
    """Regret against steps, log-log."""
    instance = hard(STEPS)
    measured = recorded[PRACTICAL].regret.mean(axis=0)[-1]

    def rate(steps: Float) -> Float:
        values = theorem("ucrl2b/regret").bound(instance, UCRL2B(DELTA), steps)
        return np.asarray(values * (measured / values[-1]))

    return draw_on_hard(recorded, "UCRL2B", instance, ("rate of the theorem, through the last point", rate), 1e8)
