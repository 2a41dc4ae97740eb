"""UCRL-VTR+ beside UCRL-VTR on the hard mixture, practical radii."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from figures.hard_linear import Float, draw_on_hard_linear, through_last
from kernels.engine import Trace
from mdps.algorithms.ucrl_vtr import UCRLVTR
from mdps.algorithms.ucrl_vtr_plus import UCRLVTRPlus
from proofs_check.experiment import Experiment, Run
from proofs_check.value_targeted import hard
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
    model, first = instance(), next(iter(recorded.values()))

    def rate(episodes: Float) -> Float:
        return through_last(first, np.asarray(theorem("ucrl-vtr-plus/rate").bound(model, UCRLVTRPlus(), episodes)))

    return draw_on_hard_linear(recorded, "A hard linear mixture", model, ("rate of Theorem 5.3", rate))
