"""UOB-REPS beside O-REPS: the price of not knowing the transitions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from kernels.engine import Trace
from mdps.adversarial import AdversarialMDP
from mdps.algorithms import o_reps, uob_reps
from mdps.instances.adversarial import layered
from proofs_check.experiment import Experiment, Run
from proofs_check.plotting import PALETTE, new_axes, plot_line, plot_regret
from theory.theorems import theorem

EPISODES = 256


def instance() -> AdversarialMDP:
    """Two layers of two states; the better table changes once."""
    return layered(2, 2, 2, EPISODES, n_blocks=2, seed=8)


ALGORITHMS: dict[str, Callable[[], Any]] = {
    "UOB-REPS": lambda: uob_reps.tuned(2, 2, 2, EPISODES),
    "UOB-REPS, practical: radius x 0.05": lambda: uob_reps.tuned(2, 2, 2, EPISODES)._replace(scale=0.05),
    "O-REPS, transitions known": lambda: o_reps.tuned(2, 2, 2, EPISODES),
}

EXPERIMENT = Experiment(
    slug="uob-reps",
    title="UOB-REPS: regret with unknown transitions",
    caption=(
        f"Regret on a random layered MDP (two layers of two states, two actions), {EPISODES} episodes with bandit "
        "feedback, losses switching between two tables in the middle. UOB-REPS with the theorem's parameters, with a "
        "confidence radius of a twentieth (practical: no theorem), and O-REPS, which knows the transitions (dashed: "
        "its theorem). Dotted grey: the order L|X| sqrt(|A|T ln), without a constant. Grey: the worst policies."
    ),
    runs=tuple(Run(name, make, instance, EPISODES, 3, full_runs=30) for name, make in ALGORITHMS.items()),
)


def draw(recorded: dict[str, Trace]) -> Figure:
    """One line for each algorithm."""
    figure, axes = new_axes("Two layers, bandit feedback", "episodes $T$", "regret $R_T$")
    for name, color in zip(ALGORITHMS, PALETTE):
        plot_regret(axes, recorded[name], name, color)
    t = recorded["O-REPS, transitions known"].checkpoints.astype(float)
    known, unknown = ALGORITHMS["O-REPS, transitions known"](), ALGORITHMS["UOB-REPS"]()
    plot_line(
        axes, t, theorem("o-reps/bandit-rate").bound(instance(), known, t), "O-REPS: theorem", "bound", PALETTE[2]
    )
    order = theorem("uob-reps/regret").bound(instance(), unknown, t)
    axes.plot(t, order, ":", color="0.6", linewidth=1.3, label="order of UOB-REPS, constant 1")
    axes.plot(t, np.asarray(instance().trivial_regret(t)), color="0.6", linewidth=1.0, label="worst policies")
    axes.set_ylim(0.05, 1e5)
    axes.legend(fontsize=7, loc="upper left")
    return figure
