"""What the figures of best-of-both-worlds algorithms share: the same rules in two regimes, side by side."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.gridspec import GridSpec

from kernels.engine import Trace
from proofs_check.plotting import PALETTE, new_axes, plot_regret, style


def two_panels(left: str, right: str) -> tuple[Figure, tuple[Axes, Axes]]:
    """A figure with two panels of the given titles on common logarithmic axes, regret against rounds."""
    figure, first = new_axes(left, "round $T$", "regret $R_T$", size=(9.6, 4.0))
    grid = GridSpec(1, 2, figure=figure)
    first.set_subplotspec(grid[0])
    with style():
        second = figure.add_subplot(grid[1], sharex=first, sharey=first)
        second.set(title=right, xlabel="round $T$")
    return figure, (first, second)


def plot_rules(
    panels: Iterable[Axes], recorded: Mapping[str, Trace], rules: Iterable[str], regimes: Iterable[str]
) -> Iterator[tuple[Axes, str]]:
    """Draw every rule, a colour each, in the panel of a regime; yields (panel, regime) for what else belongs there.

    The runs are labelled "rule, regime".
    """
    for axes, regime in zip(panels, regimes):
        for name, color in zip(rules, PALETTE):
            plot_regret(axes, recorded[f"{name}, {regime}"], name, color)
        yield axes, regime
