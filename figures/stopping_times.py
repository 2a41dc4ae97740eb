"""What the figures of algorithms that stop share: episodes before stopping against the accuracy asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from kernels.engine import Trace
from proofs_check.plotting import PALETTE, new_axes, plot_line


def label_of(kind: str, epsilon: float) -> str:
    """Label of one run."""
    return f"{kind}, epsilon = {epsilon:g}"


def stopping_times(
    recorded: Mapping[str, Trace],
    title: str,
    accuracies: Mapping[str, Sequence[float]],
    order: tuple[str, Callable[[float], float]],
) -> tuple[Figure, Axes]:
    """Median, smallest and largest stopping time of every kind where all runs stopped, and an order (dashed), log-log.

    Args:
        accuracies: kind -> its epsilons; the runs are labelled by :func:`label_of`.
        order: (name, epsilon -> number of episodes).
    """
    figure, axes = new_axes(title, r"accuracy $\varepsilon$", "episodes before stopping")
    for (kind, epsilons), color in zip(accuracies.items(), PALETTE):
        times = [recorded[label_of(kind, e)].extra["stopped"] for e in epsilons]
        shown = [i for i, t in enumerate(times) if (t >= 0).all()]
        x = np.array([epsilons[i] for i in shown])
        middle, low, high = (np.array([f(times[i]) for i in shown]) for f in (np.median, np.min, np.max))
        axes.errorbar(x, middle, [middle - low, high - middle], color=color, marker="o", capsize=3, label=kind)
    every = [e for epsilons in accuracies.values() for e in epsilons]
    grid = np.geomspace(min(every), max(every), 30)
    name, episodes = order
    plot_line(axes, grid, [episodes(e) for e in grid], name, "bound")
    return figure, axes
