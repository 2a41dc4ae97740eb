"""UCBVI-CH: regret on RiverSwim with the theorem's bonus and with scaled ones, next to Theorem 1."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from matplotlib.figure import Figure

from kernels.engine import Trace
from mdps.algorithms.ucbvi_ch import UCBVICH
from mdps.instances.chains import river_swim
from mdps.loops import Episodes
from proofs_check.experiment import Experiment, Run
from proofs_check.plotting import new_axes, plot_line, plot_regret
from theory.theorems import theorem

N_STATES, HORIZON, EPISODES, DELTA = 6, 20, 20_000, 0.05
SCALES = (1.0, 0.02, 0.005, 0.002)


def instance() -> Episodes:
    """RiverSwim-6 with H = 20."""
    return Episodes(river_swim(N_STATES, horizon=HORIZON))


def _algorithm(scale: float) -> Callable[[], UCBVICH]:
    return lambda: UCBVICH(DELTA, scale)


def _label(scale: float) -> str:
    return "theorem's bonus" if scale == 1.0 else f"practical: bonus x {scale:g}"


EXPERIMENT = Experiment(
    slug="ucbvi-ch",
    title="UCBVI-CH on RiverSwim",
    caption=(
        f"Regret of UCBVI-CH on RiverSwim-{N_STATES}, H = {HORIZON}, delta = {DELTA:g}. With the theorem's bonus every "
        "Q is clipped at H for the whole run and action 0 is played; the scaled bonuses are practical presets that no "
        "theorem covers. Dashed: Theorem 1 of Azar, Osband and Munos (2017), far above the largest possible regret "
        "(grey) at this number of episodes. Mean with the 10-90 % band."
    ),
    runs=tuple(Run(_label(c), _algorithm(c), instance, EPISODES, 5, 100_000, 20) for c in SCALES),
)


def draw(recorded: dict[str, Trace]) -> Figure:
    """Regret against episodes, log-log."""
    figure, axes = new_axes(f"UCBVI-CH on RiverSwim-{N_STATES}, $H={HORIZON}$", "episodes $K$", "regret")
    for scale in SCALES:
        plot_regret(axes, recorded[_label(scale)], _label(scale))
    marks = recorded[_label(1.0)].checkpoints.astype(float)
    bound = theorem("ucbvi-ch/regret").bound(instance(), UCBVICH(DELTA), marks)
    plot_line(axes, marks, instance().trivial_regret(marks), "largest possible regret", "bound", "0.6")
    plot_line(axes, marks, bound, "Theorem 1", "bound")
    axes.set_ylim(bottom=0.5, top=1e3 * float(np.max(bound)))
    axes.legend(fontsize=7, loc="upper left", ncols=2)
    return figure
