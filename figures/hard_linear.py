"""What figures of episodic algorithms with linear features share: the hard instance of Zhou, Gu and Szepesvari."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

from kernels.engine import Trace
from proofs_check.plotting import PALETTE, new_axes, plot_line, plot_regret
from theory.lower_bounds import linear_hypercube

Float = npt.NDArray[np.float64]


def through_last(trace: Trace, rate: Float) -> Float:
    """A rate of unknown constant, scaled to the last mean regret of a run; nan at the first four checkpoints."""
    return np.where(np.arange(len(rate)) >= 4, rate * trace.regret[:, -1].mean() / rate[-1], np.nan)


def draw_on_hard_linear(
    recorded: Mapping[str, Trace], title: str, model: Any, bound: tuple[str, Callable[[Float], Float]]
) -> Figure:
    """Regret of every run with its band, a bound (name, episodes -> value), the lower bound and the largest regret."""
    figure, axes = new_axes(title, "episode $K$", "regret $R_K$")
    for (label, trace), color in zip(recorded.items(), PALETTE):
        plot_regret(axes, trace, label, color)
    k = next(iter(recorded.values())).checkpoints.astype(float)
    name, value = bound
    plot_line(axes, k, value(k), name, "bound", PALETTE[0])
    plot_line(axes, k, linear_hypercube(model.dimension, k), "order of the lower bound", "lower")
    axes.plot(k, model.trivial_regret(k), color="grey", alpha=0.5, linewidth=1.0, label="largest possible")
    axes.legend(fontsize=7)
    return figure
