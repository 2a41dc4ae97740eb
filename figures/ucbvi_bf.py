"""UCBVI-BF against UCBVI-CH with the constants of their theorems, where these are small enough to be seen."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from kernels.engine import Trace
from mdps.algorithms.ucbvi_bf import UCBVIBF
from mdps.algorithms.ucbvi_ch import UCBVICH
from proofs_check.episodic_cases import two_states
from proofs_check.experiment import Experiment, Run
from proofs_check.plotting import new_axes, plot_line, plot_regret
from theory.theorems import theorem

EPISODES, DELTA = 500_000, 0.05
CH, BF = "UCBVI-CH", "UCBVI-BF"

EXPERIMENT = Experiment(
    slug="ucbvi-bf",
    title="Bernstein against Hoeffding bonuses",
    caption=(
        f"Regret of UCBVI-CH and UCBVI-BF on a model with two states, two actions and two stages, delta = {DELTA:g}, "
        "both with the bonuses of their theorems. The next stage's value varies little, and the Bernstein-Freedman "
        "bonus sees it. The flat start is not learning: both play action 0, the better one here, until the clipped "
        "values differ. Dashed: Theorems 1 and 2 of Azar, Osband and Munos (2017), still above the largest possible "
        "regret (grey). Mean with the 10-90 % band."
    ),
    runs=(
        Run(CH, lambda: UCBVICH(DELTA), two_states, EPISODES, 4, 5_000_000, 8),
        Run(BF, lambda: UCBVIBF(DELTA), two_states, EPISODES, 4, 5_000_000, 8),
    ),
)


def draw(recorded: dict[str, Trace]) -> Figure:
    """Regret against episodes, log-log."""
    figure, axes = new_axes("UCBVI on two states, two stages; theorem's bonuses", "episodes $K$", "regret")
    marks = recorded[CH].checkpoints.astype(float)
    colors = [plot_regret(axes, recorded[label], label) for label in (CH, BF)]
    bounds = (
        ("Theorem 1 (CH)", theorem("ucbvi-ch/regret").bound(two_states(), UCBVICH(DELTA), marks)),
        ("Theorem 2 (BF)", theorem("ucbvi-bf/regret").bound(two_states(), UCBVIBF(DELTA), marks)),
    )
    for (label, bound), color in zip(bounds, colors):
        plot_line(axes, marks, bound, label, "bound", color)
    plot_line(axes, marks, two_states().trivial_regret(marks), "largest possible regret", "bound", "0.6")
    axes.set_ylim(bottom=0.5, top=2000.0 * float(np.max(bounds[1][1])))
    axes.legend(fontsize=8, loc="upper left", ncols=2)
    return figure
