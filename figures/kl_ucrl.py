"""KL-UCRL against UCRL2 on the instance of the lower bound."""

from __future__ import annotations

from functools import partial

from matplotlib.figure import Figure

from figures.jao_composite import draw_on_hard, hard
from kernels.engine import Trace
from mdps.algorithms.kl_ucrl import KLUCRL
from mdps.algorithms.ucrl2 import UCRL2
from proofs_check.experiment import Experiment, Run
from theory.theorems import theorem

STEPS, DELTA, SCALE = 100_000, 0.05, 0.02
THEOREM, PRACTICAL = "KL-UCRL", f"KL-UCRL, radii x {SCALE:g} (no theorem)"
OTHER = "UCRL2"


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
        Run(THEOREM, lambda: KLUCRL(DELTA), partial(hard, STEPS), STEPS, 8, None, 40),
        Run(PRACTICAL, lambda: KLUCRL(DELTA, SCALE), partial(hard, STEPS), STEPS, 8, None, 40),
        Run(OTHER, lambda: UCRL2(DELTA), partial(hard, STEPS), STEPS, 8, None, 40),
    ),
)


def draw(recorded: dict[str, Trace]) -> Figure:
    """Regret against steps, log-log."""
    instance = hard(STEPS)
    bound = partial(theorem("kl-ucrl/regret").bound, instance, KLUCRL(DELTA))
    return draw_on_hard(recorded, "KL-UCRL", instance, ("Theorem 1 (upper bound, C = 24)", bound), 1e10)
