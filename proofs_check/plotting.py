"""One look for every figure: colour-blind safe, readable in print, no LaTeX needed."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator
from typing import Any, Literal

import matplotlib

matplotlib.use("Agg")  # figures are written to files, never shown

import matplotlib.style
import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from kernels.engine import Trace

#: Okabe and Ito's palette, distinguishable under all common colour-vision deficiencies.
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#F0E442")

#: Letters are outlines in SVG (the same picture on every machine) and embedded TrueType in PDF (no Type 3 fonts).
_RC: Any = {
    "text.usetex": False,
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.alpha": 0.25,
    "legend.edgecolor": "none",
    "figure.dpi": 110,
    "savefig.bbox": "tight",
    "svg.fonttype": "path",
    "pdf.fonttype": 42,
}


@contextlib.contextmanager
def style() -> Iterator[None]:
    """The style of every figure for what is drawn and saved inside, whatever matplotlibrc the user has."""
    with matplotlib.style.context(_RC, after_reset=True):
        yield


def render(figure: Figure, form: str, name: str, title: str) -> bytes:
    """The file of a figure: equal figures give equal bytes (no dates, no random names; ``name`` salts those of SVG)."""
    undated = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}.get(form, {})
    buffer = io.BytesIO()
    with style(), matplotlib.rc_context({"svg.hashsalt": name}):
        figure.savefig(buffer, format=form, metadata={"Title": title, **undated})
    return buffer.getvalue()


def new_axes(
    title: str, xlabel: str, ylabel: str, *, log: str = "xy", size: tuple[float, float] = (5.6, 3.8)
) -> tuple[Figure, Axes]:
    """A figure with one set of axes; ``log`` names the logarithmic axes ("", "x", "y" or "xy")."""
    with style():
        figure = Figure(figsize=size, layout="constrained")
        axes = figure.add_subplot()
        axes.set_prop_cycle(color=PALETTE)
        axes.set(title=title, xlabel=xlabel, ylabel=ylabel)
        if "x" in log:
            axes.set_xscale("log")
        if "y" in log:
            axes.set_yscale("log")
    return figure, axes


def plot_regret(axes: Axes, trace: Trace, label: str, color: str | None = None) -> str:
    """Mean regret with a band from the 10th to the 90th percentile of the runs; returns the colour used."""
    mean = trace.regret.mean(axis=0)
    low, high = np.quantile(trace.regret, [0.1, 0.9], axis=0)
    shown = mean > 0 if axes.get_yscale() == "log" else np.ones(len(mean), bool)
    x = trace.checkpoints[shown]
    (line,) = axes.plot(x, mean[shown], label=f"{label} (n = {trace.n_runs})", color=color, linewidth=1.6)
    floor = mean[shown].min() * 0.2 if axes.get_yscale() == "log" and shown.any() else -np.inf
    axes.fill_between(x, np.maximum(low[shown], floor), high[shown], color=line.get_color(), alpha=0.18, linewidth=0)
    return str(line.get_color())


def plot_line(
    axes: Axes, x: npt.ArrayLike, y: npt.ArrayLike, label: str, kind: Literal["bound", "lower"], color: str = "black"
) -> None:
    """A theorem's bound (dashed) or a lower bound (dotted)."""
    x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    shown = np.isfinite(y) & ((y > 0) | (axes.get_yscale() != "log"))
    axes.plot(x[shown], y[shown], "--" if kind == "bound" else ":", label=label, color=color, linewidth=1.3)
