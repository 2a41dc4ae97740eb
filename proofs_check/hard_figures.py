"""Figures of episodic algorithms on the hard instance of Domingues et al. (2021), with its lower bound."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from kernels.engine import Trace
from mdps.instances.lower_bounds import domingues_hard
from mdps.loops import Episodes
from proofs_check.episodic_cases import minimax_if_hard
from proofs_check.experiment import Experiment, Run
from proofs_check.plotting import new_axes, plot_line, plot_regret
from theory.theorem import Theorem


def hard_model() -> Episodes:
    """S = 6, A = 2, H = 9, gap 0.1, stage-dependent."""
    return Episodes(domingues_hard(n_actions=2, n_levels=2, horizon=9, epsilon=0.1))


def hard_experiment(
    slug: str,
    title: str,
    caption: str,
    algorithms: Sequence[tuple[str, Callable[[], Any]]],
    *,
    n_episodes: int,
    n_runs: int,
    full_runs: int,
    instance: Callable[[], Episodes] = hard_model,
) -> Experiment:
    """One run for each (label, () -> hyper-parameters) on the hard instance."""
    runs = tuple(Run(label, make, instance, n_episodes, n_runs, None, full_runs) for label, make in algorithms)
    return Experiment(slug, title, caption, runs)


def draw_hard(
    recorded: dict[str, Trace],
    title: str,
    theorem: Theorem,
    params: Any,
    rate_through: str,
    instance: Callable[[], Episodes] = hard_model,
) -> Figure:
    """Regret against episodes, log-log, with the theorem's rate through the last point of the run ``rate_through``."""
    figure, axes = new_axes(title, "episodes $K$", "regret")
    for label, trace in recorded.items():
        plot_regret(axes, trace, label)
    marks = recorded[rate_through].checkpoints.astype(float)
    shown = marks[marks >= 2]
    rate = np.asarray(theorem.bound(instance(), params, shown), dtype=float)
    last = float(recorded[rate_through].regret.mean(axis=0)[-1])
    plot_line(axes, shown, rate * (last / rate[-1]), "theorem's rate, through the last point", "bound")
    trivial = np.asarray(instance().trivial_regret(marks), dtype=float)
    plot_line(axes, marks, trivial, "largest possible regret", "bound", "0.6")
    plot_line(axes, marks, minimax_if_hard(instance(), marks), "lower bound", "lower")
    axes.set_ylim(bottom=0.5, top=1000.0 * float(trivial[-1]))
    axes.legend(fontsize=8, loc="upper left")
    return figure
