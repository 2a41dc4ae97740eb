"""Optimistic Q-learning on the hard family of the lower bound, Hoeffding and Bernstein bonuses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from kernels.engine import Trace
from mdps.algorithms.q_learning_bernstein import QLearningBernstein
from mdps.algorithms.q_learning_hoeffding import QLearningHoeffding
from mdps.instances.lower_bounds import domingues_hard
from mdps.loops import Episodes
from proofs_check.episodic_cases import minimax_if_hard
from proofs_check.experiment import Experiment, Run
from proofs_check.plotting import new_axes, plot_line, plot_regret

N_ACTIONS, N_LEVELS, HORIZON, EPSILON, EPISODES, DELTA = 2, 2, 9, 0.3, 200_000, 0.05


def instance() -> Episodes:
    """A-ary tree of two levels, H = 9, advantage 0.3 at the last leaf and stage."""
    return Episodes(domingues_hard(N_ACTIONS, N_LEVELS, HORIZON, EPSILON, leaf=1, stage=4, action=1))


ALGORITHMS: tuple[tuple[str, Callable[[], Any]], ...] = (
    ("UCB-H, c = 1 (theorem)", lambda: QLearningHoeffding(DELTA)),
    ("UCB-B, c1 = 4, c2 = 2 (reading of the theorem)", lambda: QLearningBernstein(DELTA)),
    ("UCB-H, c = 0.05", lambda: QLearningHoeffding(DELTA, 0.05)),
    ("UCB-B, c1 = 0.01, c2 = 0.1", lambda: QLearningBernstein(DELTA, 0.01, 0.1)),
)

EXPERIMENT = Experiment(
    slug="q-learning-bernstein",
    title="Optimistic Q-learning on the hard family",
    caption=(
        f"Regret on the hard instance of Domingues et al. (2021) with A = {N_ACTIONS}, a tree of {N_LEVELS} levels, "
        f"H = {HORIZON} and epsilon = {EPSILON:g}, delta = {DELTA:g}. The first two use the constants of their "
        "theorems (the paper leaves c, c1, c2 open; see the docs page), the others are practical presets. Dotted: the "
        "minimax lower bound sqrt(H^3 SAK)/(48 sqrt 6) of the family whose epsilon moves with K, a floor for the worst "
        "member and not for this one. Grey: the largest possible regret. Mean with the 10-90 % band."
    ),
    runs=tuple(Run(label, make, instance, EPISODES, 4, 2_000_000, 20) for label, make in ALGORITHMS),
)


def draw(recorded: dict[str, Trace]) -> Figure:
    """Regret against episodes, log-log."""
    figure, axes = new_axes(f"Q-learning on the hard family, $H={HORIZON}$", "episodes $K$", "regret")
    for label, _ in ALGORITHMS:
        plot_regret(axes, recorded[label], label)
    marks = recorded[ALGORITHMS[0][0]].checkpoints.astype(float)
    trivial = instance().trivial_regret(marks)
    plot_line(axes, marks, trivial, "largest possible regret", "bound", "0.6")
    plot_line(axes, marks, minimax_if_hard(instance(), marks), "minimax lower bound", "lower")
    axes.set_ylim(bottom=0.5, top=500.0 * float(np.max(trivial)))
    axes.legend(fontsize=7, loc="upper left")
    return figure
