"""RF-Express: the number of episodes before stopping against epsilon."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from matplotlib.figure import Figure

from figures.stopping_times import label_of, stopping_times
from kernels.engine import Trace
from mdps.algorithms.rf_express import RFExpress
from proofs_check.claims.rf_express import two_states
from proofs_check.experiment import Experiment, Run
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
        *(Run(label_of(KINDS[0], e), _theorem(e), two_states, LIMIT, 3, full_runs=10) for e in EPSILONS),
        *(Run(label_of(KINDS[1], e), _practical(e), two_states, LIMIT, 3, full_runs=10) for e in SMALL_EPSILONS),
    ),
)


def _bound(epsilon: float) -> float:
    """The theorem's number of episodes."""
    bound = theorem("rf-express/sample-complexity").bound
    return float(bound(two_states(), RFExpress(epsilon, DELTA), np.ones(1))[0])


def draw(recorded: dict[str, Trace]) -> Figure:
    """Stopping time against epsilon, log-log; slope -2 is the theorem's."""
    accuracies = dict(zip(KINDS, (EPSILONS, SMALL_EPSILONS)))
    name = "Menard et al. 2021, sample complexity"
    figure, axes = stopping_times(recorded, "RF-Express on two states, two stages", accuracies, (name, _bound))
    axes.axvline(two_states().horizon - 1.0, color="0.6", linewidth=1.0, label="largest possible loss H - 1")
    axes.legend(fontsize=8)
    return figure
