"""BPI-UCBVI: the number of episodes before stopping against epsilon, beside reward-free exploration."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from matplotlib.figure import Figure

from kernels.engine import Trace
from mdps.algorithms.bpi_ucvi import BPIUCVI
from mdps.algorithms.rf_ucrl import RFUCRL
from proofs_check.claims.bpi_ucvi import largest_loss, two_states
from proofs_check.experiment import Experiment, Run
from proofs_check.plotting import PALETTE, new_axes, plot_line
from theory.theorems import theorem

DELTA, LIMIT = 0.1, 3_000_000
EPSILONS = (0.1, 0.2, 0.4, 0.8)
PRACTICAL = 0.01
KINDS = ("BPI-UCBVI, theorem's bonus", f"BPI-UCBVI, practical: bonus x {PRACTICAL:g}", "RF-UCRL (any reward)")


def _algorithm(kind: str, epsilon: float) -> Callable[[], BPIUCVI | RFUCRL]:
    factories: dict[str, Callable[[], BPIUCVI | RFUCRL]] = {
        KINDS[0]: lambda: BPIUCVI(epsilon, DELTA),
        KINDS[1]: lambda: BPIUCVI(epsilon, DELTA, PRACTICAL),
        KINDS[2]: lambda: RFUCRL(epsilon, DELTA),
    }
    return factories[kind]


def _label(kind: str, epsilon: float) -> str:
    return f"{kind}, epsilon = {epsilon:g}"


EXPERIMENT = Experiment(
    slug="bpi-ucvi",
    title="BPI-UCBVI: episodes before stopping",
    caption=(
        "Episodes before BPI-UCBVI stops on two states, two actions and two stages with known rewards, "
        f"delta = {DELTA}, with the theorem's bonus and with a hundredth of it (practical: no theorem), and before "
        "RF-UCRL stops, which promises the same for every reward. Median, smallest and largest run. Dashed: the order "
        "of BPI-UCBVI without a constant. Left of the grey line the guarantee says something: no policy loses more."
    ),
    runs=tuple(
        Run(_label(kind, e), _algorithm(kind, e), two_states, LIMIT, 3, full_runs=10)
        for kind in KINDS
        for e in EPSILONS
    ),
)


def draw(recorded: dict[str, Trace]) -> Figure:
    """Stopping time against epsilon, log-log."""
    figure, axes = new_axes(
        "Stopping times on two states, two stages", r"accuracy $\varepsilon$", "episodes before stopping"
    )
    for kind, color in zip(KINDS, PALETTE):
        times = [recorded[_label(kind, e)].extra["stopped"] for e in EPSILONS]
        shown = [i for i, t in enumerate(times) if (t >= 0).all()]
        x = np.array([EPSILONS[i] for i in shown])
        middle, low, high = (np.array([f(times[i]) for i in shown]) for f in (np.median, np.min, np.max))
        axes.errorbar(x, middle, [middle - low, high - middle], color=color, marker="o", capsize=3, label=kind)
    instance = two_states()
    grid = np.geomspace(min(EPSILONS), max(EPSILONS), 30)
    name = "bpi-ucvi/sample-complexity"
    order = [float(theorem(name).bound(instance, BPIUCVI(e, DELTA), np.ones(1))[0]) for e in grid]
    plot_line(axes, grid, order, "Menard et al. 2021, order", "bound")
    axes.axvline(largest_loss(instance, 1), color="0.6", linewidth=1.0, label="largest possible loss")
    axes.legend(fontsize=7)
    return figure
