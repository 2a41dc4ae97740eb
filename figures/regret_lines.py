"""What the figures of index policies share: regret over time, a theorem's bound, lower bounds and the trivial bound."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

from kernels.engine import Trace
from proofs_check.plotting import PALETTE, new_axes, plot_line, plot_regret

Float = npt.NDArray[np.float64]
Line = Callable[[Float], Float]


def regret_over_time(
    recorded: Mapping[str, Trace],
    title: str,
    instance: Any,
    bounds: Mapping[str, tuple[str, Line]],
    *,
    lower: Mapping[str, Line] | None = None,
    first: float = 10.0,
) -> Figure:
    """Mean regret of every run with its 10-90 % band, on logarithmic axes.

    Args:
        recorded: label -> trace, all on ``instance``.
        bounds: label of a run -> (name, theorem's bound as a function of the rounds): dashed in the run's colour, as
            far as it is below the trivial bound.
        lower: label -> lower bound (dotted); the Lai-Robbins slope of the instance is always drawn.
        first: first round shown.
    """
    figure, axes = new_axes(title, "round $T$", "regret $R_T$")
    colors = [color for color in PALETTE if color not in ("#000000", "#F0E442")]
    top, bottom = 0.0, np.inf
    of = dict(zip(recorded, colors))
    for label, trace in recorded.items():
        plot_regret(axes, trace, label, of[label])
        top = max(top, float(trace.regret.mean(axis=0)[-1]))
        bottom = min(bottom, float(trace.regret.mean(axis=0)[trace.checkpoints >= first][0]))
    t = next(iter(recorded.values())).checkpoints.astype(float)
    t = t[t >= first]
    trivial = instance.trivial_regret(t)
    for label, (name, bound) in bounds.items():
        values = np.asarray(bound(t), dtype=float)
        top = max(top, float(np.min([values[-1], trivial[-1]])))
        plot_line(axes, t, np.where(values <= trivial, values, np.nan), name, "bound", of[label])
    slopes: dict[str, Line] = {"Lai-Robbins slope": lambda x: instance.lai_robbins * np.log(x)}
    for (label, line), color in zip({**slopes, **(lower or {})}.items(), ("black", "#8C564B", "#7F7F7F")):
        plot_line(axes, t, line(t), label, "lower", color)
    axes.plot(t, trivial, color="black", alpha=0.35, linewidth=1.0, label="trivial: largest gap x T")
    axes.set_xlim(first, t[-1])
    axes.set_ylim(0.3 * bottom, 30.0 * top)
    axes.legend(fontsize=7, ncols=2, loc="upper left")
    return figure
