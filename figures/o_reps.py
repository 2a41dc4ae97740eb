"""O-REPS: regret over sqrt(T) with bandit feedback and full information, with the theorems."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from kernels.engine import Trace
from mdps.adversarial import AdversarialMDP
from mdps.algorithms import o_reps, o_reps_full
from mdps.instances.adversarial import layered
from proofs_check.experiment import Experiment, Run
from proofs_check.plotting import PALETTE, new_axes, plot_line
from theory.theorems import theorem

LENGTHS = (128, 512, 2048)

FEEDBACK: dict[str, tuple[Callable[[int], Any], str]] = {
    "bandit feedback": (lambda t: o_reps.tuned(3, 2, 3, t), "o-reps/bandit"),
    "full information": (lambda t: o_reps_full.tuned(3, 2, t), "o-reps/full"),
}


def _instance(n_episodes: int) -> AdversarialMDP:
    return layered(n_episodes=n_episodes)


EXPERIMENT = Experiment(
    slug="o-reps",
    title="O-REPS: regret in the number of episodes",
    caption=(
        "Regret over sqrt(T) of O-REPS with the theorem's rate on a random layered MDP (three layers of three states, "
        "two actions), losses switching between two tables in four blocks; a new run for every T. Mean over runs; "
        "dashed: the theorems; grey: the worst policies. Flat is the order sqrt(T)."
    ),
    runs=tuple(
        Run(f"{name}, T = {t}", partial(make, t), partial(_instance, t), t, 3, full_runs=20)
        for name, (make, _) in FEEDBACK.items()
        for t in LENGTHS
    ),
)


def draw(recorded: dict[str, Trace]) -> Figure:
    """One line for each feedback."""
    figure, axes = new_axes("O-REPS, the theorem's rate", "episodes $T$", r"$R_T/\sqrt{T}$")
    root = np.sqrt(np.array(LENGTHS, dtype=float))
    for (name, (make, bound)), color in zip(FEEDBACK.items(), PALETTE):
        means = np.array([recorded[f"{name}, T = {t}"].regret[:, -1].mean() for t in LENGTHS])
        axes.plot(LENGTHS, means / root, "o-", color=color, markersize=4, linewidth=1.6, label=name)
        values = [float(theorem(bound).bound(_instance(t), make(t), np.array([float(t)]))[0]) for t in LENGTHS]
        plot_line(axes, LENGTHS, values / root, f"{name}: theorem", "bound", color)
    trivial = [float(_instance(t).trivial_regret(t)[0]) for t in LENGTHS]
    axes.plot(LENGTHS, trivial / root, color="0.6", linewidth=1.0, label="worst policies")
    axes.set_xticks(LENGTHS, [str(t) for t in LENGTHS])
    axes.minorticks_off()
    axes.set_ylim(top=8 * max(trivial / root))
    axes.legend(fontsize=8, loc="upper left", ncols=2)
    return figure
