"""RF-UCRL and RF-Express: the number of episodes before stopping against epsilon."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from matplotlib.figure import Figure

from figures.stopping_times import label_of, stopping_times
from kernels.engine import Trace
from mdps.algorithms.rf_express import RFExpress
from mdps.algorithms.rf_ucrl import RFUCRL
from proofs_check.claims.rf_express import three_states
from proofs_check.experiment import Experiment, Run
from theory.theorems import theorem

DELTA, LIMIT = 0.1, 2_000_000
EPSILONS = (0.5, 0.7, 1.0, 1.4, 2.0)
PRACTICAL = 0.01
KINDS = ("RF-UCRL, theorem's bonus", f"RF-Express, practical: bonus x {PRACTICAL:g}")


def _ucrl(epsilon: float) -> Callable[[], RFUCRL]:
    return lambda: RFUCRL(epsilon, DELTA)


def _express(epsilon: float) -> Callable[[], RFExpress]:
    return lambda: RFExpress(epsilon, DELTA, 15.0 * PRACTICAL)


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
        *(Run(label_of(KINDS[0], e), _ucrl(e), three_states, LIMIT, 3, full_runs=10) for e in EPSILONS),
        *(Run(label_of(KINDS[1], e), _express(e), three_states, LIMIT, 3, full_runs=10) for e in EPSILONS),
    ),
)


def _order(epsilon: float) -> float:
    """The order of RF-UCRL's sample complexity."""
    bound = theorem("rf-ucrl/sample-complexity").bound
    return float(bound(three_states(), RFUCRL(epsilon, DELTA), np.ones(1))[0])


def draw(recorded: dict[str, Trace]) -> Figure:
    """Stopping time against epsilon, log-log; slope -2 is the theorem's."""
    title = "Stopping times on three states, three stages"
    accuracies = dict.fromkeys(KINDS, EPSILONS)
    figure, axes = stopping_times(recorded, title, accuracies, ("Kaufmann et al. 2021, order", _order))
    axes.axvline(three_states().horizon - 1.0, color="0.6", linewidth=1.0, label="largest possible loss H - 1")
    axes.legend(fontsize=8)
    return figure
