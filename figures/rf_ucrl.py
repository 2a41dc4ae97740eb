"""RF-UCRL and RF-Express: the number of episodes before stopping against epsilon."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from matplotlib.figure import Figure

from kernels.engine import Trace
from mdps.algorithms.rf_express import RFExpress
from mdps.algorithms.rf_ucrl import RFUCRL
from proofs_check.claims.rf_express import three_states
from proofs_check.experiment import Experiment, Run
from proofs_check.plotting import PALETTE, new_axes, plot_line
from theory.theorems import theorem

DELTA, LIMIT = 0.1, 2_000_000
EPSILONS = (0.5, 0.7, 1.0, 1.4, 2.0)
PRACTICAL = 0.01
KINDS = ("RF-UCRL, theorem's bonus", f"RF-Express, practical: bonus x {PRACTICAL:g}")


def _ucrl(epsilon: float) -> Callable[[], RFUCRL]:
    return lambda: RFUCRL(epsilon, DELTA)


def _express(epsilon: float) -> Callable[[], RFExpress]:
    return lambda: RFExpress(epsilon, DELTA, 15.0 * PRACTICAL)


def _label(kind: str, epsilon: float) -> str:
    return f"{kind}, epsilon = {epsilon:g}"


EXPERIMENT = Experiment(
    slug="rf-ucrl",
    title="RF-UCRL: episodes before stopping",
    caption=(
        "Episodes before RF-UCRL stops on a random model with three states, two actions and three stages, "
        f"delta = {DELTA}, with the theorem's constants, and RF-Express with a hundredth of its bonus (practical: "
        "no theorem; with its own bonus it would need about a hundred times more). Median, smallest and largest run. "
        "Dashed: RF-UCRL's order (S A H^4/eps^2)(log(1/delta) + S) without a constant. Left of the grey line the "
        "guarantee says something: no reward can make a policy lose more than H - 1."
    ),
    runs=(
        *(Run(_label(KINDS[0], e), _ucrl(e), three_states, LIMIT, 3, full_runs=10) for e in EPSILONS),
        *(Run(_label(KINDS[1], e), _express(e), three_states, LIMIT, 3, full_runs=10) for e in EPSILONS),
    ),
)


def draw(recorded: dict[str, Trace]) -> Figure:
    """Stopping time against epsilon, log-log; slope -2 is the theorem's."""
    figure, axes = new_axes(
        "Stopping times on three states, three stages", r"accuracy $\varepsilon$", "episodes before stopping"
    )
    for kind, color in zip(KINDS, PALETTE):
        times = [recorded[_label(kind, e)].extra["stopped"] for e in EPSILONS]
        shown = [i for i, t in enumerate(times) if (t >= 0).all()]
        x = np.array([EPSILONS[i] for i in shown])
        middle, low, high = (np.array([f(times[i]) for i in shown]) for f in (np.median, np.min, np.max))
        axes.errorbar(x, middle, [middle - low, high - middle], color=color, marker="o", capsize=3, label=kind)
    instance = three_states()
    grid = np.geomspace(min(EPSILONS), max(EPSILONS), 30)
    order = [float(theorem("rf-ucrl/sample-complexity").bound(instance, RFUCRL(e, DELTA), np.ones(1))[0]) for e in grid]
    plot_line(axes, grid, order, "Kaufmann et al. 2021, order", "bound")
    axes.axvline(instance.horizon - 1.0, color="0.6", linewidth=1.0, label="largest possible loss H - 1")
    axes.legend(fontsize=8)
    return figure
