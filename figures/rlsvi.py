"""RLSVI on the lower bound's instance: the theorem's noise, and much less of it."""

from __future__ import annotations

from matplotlib.figure import Figure

from kernels.engine import Trace
from mdps.algorithms.rlsvi import RLSVI
from proofs_check.hard_figures import draw_hard, hard_experiment
from theory.theorems import theorem

SCALE = 0.0001
THEOREM, PRACTICAL = "RLSVI", f"RLSVI, noise variance x {SCALE:g} (no theorem)"

EXPERIMENT = hard_experiment(
    "rlsvi",
    "Randomised least-squares value iteration",
    "Regret of tabular RLSVI on the hard instance of Domingues et al. (2021), six states, two actions, nine stages, "
    f"with the noise of Russo's theorem and with {SCALE:g} times its variance (practical, no theorem). Dashed: the "
    "theorem's rate (its constant is unknown) through the last point of the practical run; grey: the largest possible "
    "regret; dotted: the lower bound of Domingues et al. (2021), Theorem 9. Mean with the 10-90 % band.",
    ((THEOREM, RLSVI), (PRACTICAL, lambda: RLSVI(SCALE))),
    n_episodes=40_000,
    n_runs=6,
    full_runs=40,
)


def draw(recorded: dict[str, Trace]) -> Figure:
    """Regret against episodes, log-log."""
    return draw_hard(recorded, "RLSVI, S = 6, A = 2, H = 9", theorem("rlsvi/regret"), RLSVI(), PRACTICAL)
