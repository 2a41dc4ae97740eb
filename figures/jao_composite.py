"""What the figures of UCRL2 and its kin share: the composite instance of the lower bound, and the lines drawn on it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

from kernels.engine import Trace
from mdps.instances.lower_bounds import jao_composite
from mdps.loops import Trajectory
from proofs_check.plotting import new_axes, plot_line, plot_regret
from proofs_check.trajectory_steps import minimax_if_hard

Float = npt.NDArray[np.float64]


def hard(n_steps: int) -> Trajectory:
    """S = 10, A = 11, D at most 40, the gap that is hard for the horizon."""
    return Trajectory(jao_composite(10, 11, 40.0, n_steps))


def draw_on_hard(
    recorded: Mapping[str, Trace],
    algorithm: str,
    instance: Trajectory,
    bound: tuple[str, Callable[[Float], Float]],
    top: float,
) -> Figure:
    """Regret against steps, log-log, with a theorem's bound, the largest possible regret and the lower bound.

    Args:
        recorded: label -> trace, all on ``instance``.
        bound: (name, steps -> value).
        top: upper end of the regrets shown.
    """
    figure, axes = new_axes(f"{algorithm} on the lower bound's instance, S = 10, A = 11", "steps $T$", "regret")
    for label, trace in recorded.items():
        plot_regret(axes, trace, label)
    marks = next(iter(recorded.values())).checkpoints.astype(float)
    shown = marks[marks >= 2]
    name, value = bound
    plot_line(axes, shown, value(shown), name, "bound")
    plot_line(axes, shown, instance.trivial_regret(shown), "largest possible regret", "bound", "0.6")
    plot_line(axes, shown, minimax_if_hard(instance, shown), "lower bound", "lower")
    axes.set_xlim(left=100.0)
    axes.set_ylim(bottom=10.0, top=top)
    axes.legend(fontsize=8, loc="upper left")
    return figure
