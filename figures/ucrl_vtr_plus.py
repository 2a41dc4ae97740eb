"""UCRL-VTR+ beside UCRL-VTR on the hard mixture, practical radii."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from kernels.engine import Trace
from mdps.algorithms.ucrl_vtr import UCRLVTR
from mdps.algorithms.ucrl_vtr_plus import UCRLVTRPlus
from proofs_check.experiment import Experiment, Run
from proofs_check.plotting import PALETTE, new_axes, plot_line, plot_regret
from proofs_check.value_targeted import hard
from theory.lower_bounds import linear_hypercube
from theory.theorems import theorem

EPISODES = 500


def instance() -> Any:
    """The hard instance of Zhou, Gu and Szepesvari for so many episodes."""
    return hard(4, 3, EPISODES)


EXPERIMENT = Experiment(
    slug="ucrl-vtr-plus",
    title="Weighted and plain value-targeted regression",
    caption=(
        "The hard instance of Zhou, Gu and Szepesvari (2021), d = 4, H = 3. UCRL-VTR+ with the theorem's radius and "
        "with a hundredth of it, UCRL-VTR with a fiftieth of its radius (practical: no theorem). Mean, 10-90 % band. "
        "Dashed: the rate of Theorem 5.3, its constant unknown (drawn through the last point); dotted: the order "
        "d sqrt(K) of the lower bound with the constant of the hypercube bandit; grey: the largest possible regret."
    ),
    runs=(
        Run("UCRL-VTR+, theorem's radius", UCRLVTRPlus, instance, EPISODES, 8, full_runs=100),
        Run("UCRL-VTR+, practical: radius x 0.01", lambda: UCRLVTRPlus(scale=0.01), instance, EPISODES, 8,
            full_runs=100),
        Run("UCRL-VTR, practical: radius x 0.02", lambda: UCRLVTR(scale=0.02), instance, EPISODES, 8, full_runs=100),
    ),
)  # fmt: skip


def draw(recorded: dict[str, Trace]) -> Figure:
    """Regret over episodes, log-log."""
    figure, axes = new_axes("A hard linear mixture", "episode $K$", "regret $R_K$")
    model = instance()
    for (label, trace), color in zip(recorded.items(), PALETTE):
        plot_regret(axes, trace, label, color)
        k = trace.checkpoints.astype(float)
    rate = np.asarray(theorem("ucrl-vtr-plus/rate").bound(model, UCRLVTRPlus(), k))
    last = next(iter(recorded.values())).regret[:, -1].mean()
    plot_line(axes, k[4:], rate[4:] * last / rate[-1], "rate of Theorem 5.3", "bound", PALETTE[0])
    plot_line(axes, k, linear_hypercube(model.dimension, k), "order of the lower bound", "lower", "black")
    axes.plot(k, model.trivial_regret(k), color="grey", alpha=0.5, linewidth=1.0, label="largest possible")
    axes.legend(fontsize=7)
    return figure
