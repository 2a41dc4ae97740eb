"""BPI-UCBVI: the number of episodes before stopping against epsilon, beside reward-free exploration."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from matplotlib.figure import Figure

from figures.stopping_times import label_of, stopping_times
from kernels.engine import Trace
from mdps.algorithms.bpi_ucvi import BPIUCVI
from mdps.algorithms.rf_ucrl import RFUCRL
from proofs_check.claims.bpi_ucvi import largest_loss, two_states
from proofs_check.experiment import Experiment, Run
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
        Run(label_of(kind, e), _algorithm(kind, e), two_states, LIMIT, 3, full_runs=10)
        for kind in KINDS
        for e in EPSILONS
    ),
)


def _order(epsilon: float) -> float:
    """The order of BPI-UCBVI's sample complexity."""
    bound = theorem("bpi-ucvi/sample-complexity").bound
    return float(bound(two_states(), BPIUCVI(epsilon, DELTA), np.ones(1))[0])


def draw(recorded: dict[str, Trace]) -> Figure:
    """Stopping time against epsilon, log-log."""
    title = "Stopping times on two states, two stages"
    accuracies = dict.fromkeys(KINDS, EPSILONS)
    figure, axes = stopping_times(recorded, title, accuracies, ("Menard et al. 2021, order", _order))
    axes.axvline(largest_loss(two_states(), 1), color="0.6", linewidth=1.0, label="largest possible loss")
    axes.legend(fontsize=7)
    return figure
