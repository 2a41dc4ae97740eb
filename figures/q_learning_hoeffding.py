"""Model-free against model-based optimism on RiverSwim: four algorithms with scaled bonuses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from kernels.engine import Trace
from mdps.algorithms.q_learning_bernstein import QLearningBernstein
from mdps.algorithms.q_learning_hoeffding import QLearningHoeffding
from mdps.algorithms.ucbvi_bf import UCBVIBF
from mdps.algorithms.ucbvi_ch import UCBVICH
from mdps.instances.chains import river_swim
from mdps.loops import Episodes
from proofs_check.experiment import Experiment, Run
from proofs_check.plotting import new_axes, plot_line, plot_regret

N_STATES, HORIZON, EPISODES, DELTA = 6, 20, 20_000, 0.05


def instance() -> Episodes:
    """RiverSwim-6 with H = 20."""
    return Episodes(river_swim(N_STATES, horizon=HORIZON))


ALGORITHMS: tuple[tuple[str, Callable[[], Any]], ...] = (
    ("UCBVI-CH, bonus x 0.005", lambda: UCBVICH(DELTA, 0.005)),
    ("UCBVI-BF, bonus x 0.02", lambda: UCBVIBF(DELTA, 0.02)),
    ("Q-learning UCB-H, c = 0.02", lambda: QLearningHoeffding(DELTA, 0.02)),
    ("Q-learning UCB-B, c1 = 0.001, c2 = 0.04", lambda: QLearningBernstein(DELTA, 0.001, 0.04)),
    ("Q-learning UCB-H, c = 1 (theorem)", lambda: QLearningHoeffding(DELTA)),
)

EXPERIMENT = Experiment(
    slug="q-learning-hoeffding",
    title="Optimism with and without a model on RiverSwim",
    caption=(
        f"Regret on RiverSwim-{N_STATES}, H = {HORIZON}, delta = {DELTA:g}, of UCBVI and of optimistic Q-learning with "
        "scaled bonuses (practical presets, no theorem) and of UCB-H with c = 1. Q-learning treats the stages "
        "separately and so learns H models where UCBVI pools one; its two scaled curves lie on each other. Grey: the "
        "largest possible regret. Mean with the 10-90 % band."
    ),
    runs=tuple(Run(label, make, instance, EPISODES, 5, 500_000, 20) for label, make in ALGORITHMS),
)


def draw(recorded: dict[str, Trace]) -> Figure:
    """Regret against episodes, log-log."""
    figure, axes = new_axes(f"Optimism on RiverSwim-{N_STATES}, $H={HORIZON}$", "episodes $K$", "regret")
    for label, _ in ALGORITHMS:
        plot_regret(axes, recorded[label], label)
    marks = recorded[ALGORITHMS[0][0]].checkpoints.astype(float)
    trivial = instance().trivial_regret(marks)
    plot_line(axes, marks, trivial, "largest possible regret", "bound", "0.6")
    axes.set_ylim(bottom=0.5, top=200.0 * float(np.max(trivial)))
    axes.legend(fontsize=7, loc="upper left")
    return figure
