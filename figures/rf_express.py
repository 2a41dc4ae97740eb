"""RF-Express: the number of episodes before stopping against epsilon."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from matplotlib.figure import Figure

from kernels.engine import Trace
from mdps.algorithms.rf_express import RFExpress
from proofs_check.claims.rf_express import two_states
from proofs_check.experiment import Experiment, Run
from proofs_check.plotting import PALETTE, new_axes, plot_line
from theory.theorems import theorem

DELTA = 0.1
EPSILONS = (2.5, 3.5, 5.0, 7.0, 10.0)
PRACTICAL = 0.01
SMALL_EPSILONS = (0.25, 0.35, 0.5, 0.7, 1.0)
LIMIT = 2_000_000


def _theorem(epsilon: float) -> Callable[[], RFExpress]:
    return lambda: RFExpress(epsilon, DELTA)


def _practical(epsilon: float) -> Callable[[], RFExpress]:
    return lambda: RFExpress(epsilon, DELTA, 15.0 * PRACTICAL)


def _label(kind: str, epsilon: float) -> str:
    return f"{kind}, epsilon = {epsilon:g}"


KINDS = ("theorem's bonus", f"practical: bonus x {PRACTICAL:g}")

EXPERIMENT = Experiment(
    slug="rf-express",
    title="RF-Express: episodes before stopping",
    caption=(
        "Episodes before RF-Express stops on a model with two states, two actions and two stages, delta = "
        f"{DELTA}, with the theorem's bonus 15 H^2 beta(n)/n and with a hundredth of it (practical preset: no "
        "theorem). Median with the smallest and largest run. Dashed: the theorem's bound on the number of episodes, "
        "whose constant exceeds 5587 e^6. On this model no reward can make the plug-in policy lose more than H - 1 = "
        "1: the guarantee says something only left of the grey line, which takes about five million episodes to reach."
    ),
    runs=(
        *(Run(_label(KINDS[0], e), _theorem(e), two_states, LIMIT, 3, full_runs=10) for e in EPSILONS),
        *(Run(_label(KINDS[1], e), _practical(e), two_states, LIMIT, 3, full_runs=10) for e in SMALL_EPSILONS),
    ),
)


def draw(recorded: dict[str, Trace]) -> Figure:
    """Stopping time against epsilon, log-log; slope -2 is the theorem's."""
    figure, axes = new_axes(
        "RF-Express on two states, two stages", r"accuracy $\varepsilon$", "episodes before stopping"
    )
    for kind, epsilons, color in zip(KINDS, (EPSILONS, SMALL_EPSILONS), PALETTE):
        times = [recorded[_label(kind, e)].extra["stopped"] for e in epsilons]
        shown = [i for i, t in enumerate(times) if (t >= 0).all()]
        x = np.array([epsilons[i] for i in shown])
        middle, low, high = (np.array([f(times[i]) for i in shown]) for f in (np.median, np.min, np.max))
        axes.errorbar(x, middle, [middle - low, high - middle], color=color, marker="o", capsize=3, label=kind)
    instance = two_states()
    grid = np.geomspace(min(SMALL_EPSILONS), max(EPSILONS), 30)
    bound = [
        float(theorem("rf-express/sample-complexity").bound(instance, RFExpress(e, DELTA), np.ones(1))[0]) for e in grid
    ]
    plot_line(axes, grid, bound, "Menard et al. 2021, sample complexity", "bound")
    axes.axvline(instance.horizon - 1.0, color="0.6", linewidth=1.0, label="largest possible loss H - 1")
    axes.legend(fontsize=8)
    return figure
