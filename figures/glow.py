"""GLOW on the combination lock: regret against the number of rounds (figure A)."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from matplotlib.figure import Figure

from kernels.engine import Trace
from mdps.algorithms.glow import GLOW, practical, theorem_3_1
from mdps.algorithms.golf import GOLF
from mdps.function_classes import FunctionApproximation
from mdps.instances.function_classes import lock_class
from proofs_check.experiment import Experiment, Run
from proofs_check.plotting import new_axes, plot_line, plot_regret
from theory.theorems import theorem

DELTA = 0.1
LONGEST, FULL_LONGEST = 4_000, 200_000
RUNS, FULL_RUNS = 3, 10
#: Everything but GOLF is tuned to its horizon: one experiment for each of these.
GRID = (250, 1_000, 4_000)


def _no_clipping(instance: FunctionApproximation, n_rounds: int, delta: float) -> GLOW:
    return practical(instance, n_rounds, delta)._replace(clip_scale=math.inf)


def _no_penalty(instance: FunctionApproximation, n_rounds: int, delta: float) -> GLOW:
    return practical(instance, n_rounds, delta)._replace(alpha_scale=0.0)


VARIANTS = {
    "GLOW, practical (alpha x 0.1, beta x 0.01)": practical,
    "GLOW, practical, no clipping": _no_clipping,
    "GLOW, practical, no penalty": _no_penalty,
}
THEORY, GOLF_LABEL = "GLOW, constants of Theorem 3.1", "GOLF (needs completeness)"


def _tuned(make: Callable[[FunctionApproximation, int, float], GLOW], n_rounds: int) -> Callable[[], GLOW]:
    return lambda: make(lock_class(), n_rounds, DELTA)


def _label(variant: str, n_rounds: int) -> str:
    return f"{variant}, T = {n_rounds}"


EXPERIMENT = Experiment(
    slug="glow",
    title="GLOW on the combination lock",
    caption=(
        "Combination lock with H = 3, A = 2: right actions stay in the good state with probability 0.9, the last pays "
        "Bernoulli(0.9) or Bernoulli(0.1); F holds the optimal functions of all eight codes, W the exact mixture "
        "ratios (C_cov = 2.8). GLOW with the constants of Theorem 3.1 cannot exclude anything within these horizons: "
        "its regret is linear. The practical preset (alpha x 0.1, beta x 0.01; no theorem) finds the code after about "
        "sqrt(T L) rounds, and so does GOLF with its own constants, for which this class is complete. Bands: 10th to "
        "90th percentile; points: mean and range of runs "
        "tuned to their horizon. Dashed: the rate "
        "H sqrt(C_cov T log(|F||W|/delta)) with constant 1. Dotted: the largest "
        "regret that a policy of the class can have."
    ),
    runs=(
        Run(THEORY, _tuned(theorem_3_1, FULL_LONGEST), lock_class, LONGEST, RUNS, FULL_LONGEST, RUNS),
        Run(GOLF_LABEL, lambda: GOLF(DELTA), lock_class, LONGEST, RUNS, 4 * LONGEST, RUNS),
        *(
            Run(_label(variant, n), _tuned(make, n), lock_class, n, RUNS, full_runs=FULL_RUNS)
            for variant, make in VARIANTS.items()
            for n in GRID
        ),
    ),
)


def draw(recorded: dict[str, Trace]) -> Figure:
    """Regret against rounds, log-log; points are runs tuned to their own horizon."""
    figure, axes = new_axes("GLOW on the combination lock (H = 3, A = 2)", "rounds T", "regret", size=(7.4, 4.2))
    plot_regret(axes, recorded[THEORY], THEORY)
    plot_regret(axes, recorded[GOLF_LABEL], GOLF_LABEL)
    for variant, marker in zip(VARIANTS, "osv"):
        ends = [recorded[_label(variant, n)].regret[:, -1] for n in GRID]
        middle = np.array([end.mean() for end in ends])
        spread = np.array([[m - end.min(), end.max() - m] for m, end in zip(middle, ends)]).T
        axes.errorbar(GRID, middle, spread, marker=marker, capsize=3, label=variant, fillstyle="none")
    instance = lock_class()
    grid = np.geomspace(50, int(recorded[THEORY].checkpoints[-1]), 60)
    rate = theorem("glow/regret").bound(instance, practical(instance, LONGEST, DELTA), grid)
    plot_line(axes, grid, rate, r"$H\sqrt{C_{cov}\,T\,\log(|F||W|/\delta)}$ (rate)", "bound")
    plot_line(axes, grid, instance.trivial_regret(grid), "worst policy of the class", "lower", color="0.5")
    axes.set_xlim(left=50)
    axes.set_ylim(bottom=20)
    axes.legend(fontsize=7, loc="center left", bbox_to_anchor=(1.0, 0.5))
    return figure
