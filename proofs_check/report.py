"""One self-contained HTML report: opens without a network, shows what was found and how to repeat it."""

from __future__ import annotations

import importlib.metadata
import io
import math
import platform
import textwrap
import urllib.parse
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jinja2
import matplotlib
import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from proofs_check.api import Report
from proofs_check.check import CaseResult, ClaimResult, RateResult
from proofs_check.plotting import PALETTE, new_axes, plot_line, plot_regret, style
from theory.errors import InvalidInput

_PACKAGES = (
    "regretlab",
    "numpy",
    "scipy",
    "numba",
    "llvmlite",
    "cvxpy",
    "pandas",
    "pyarrow",
    "gymnasium",
    "matplotlib",
)


#: What is counted on the horizontal axis, where it is not rounds.
UNITS = {
    "episodic MDP": "episodes", "linear mixture MDP": "episodes", "latent MDP": "episodes",
    "adversarial MDP": "episodes", "reward-free MDP": "episodes", "continuing MDP": "steps",
}  # fmt: skip


def versions() -> dict[str, str]:
    """Versions of Python, the platform and the packages that the numbers depend on."""
    found = {"python": platform.python_version(), "platform": f"{platform.system()} {platform.machine()}"}
    for package in _PACKAGES:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            found[package] = "not installed"
    return found


def regret_figure(result: ClaimResult, shown: CaseResult) -> Figure:
    """Mean regret with its band against the theorem's bound, the lower bound and the trivial bound, log-log."""
    unit = UNITS.get(result.claim.setting, "rounds")
    figure, axes = new_axes(f"{result.claim.title} on {shown.instance.name}", unit, "cumulative regret")
    x = shown.trace.checkpoints
    plot_regret(axes, shown.trace, "regret, mean and 10-90 % of runs", PALETTE[0])
    for (name, values), color in zip(shown.bounds, PALETTE[1:]):
        plot_line(axes, x, values, f"bound {name}", "bound", color)
    if shown.lower is not None and np.isfinite(shown.lower).any():
        plot_line(axes, x, shown.lower, result.claim.lower_bound_name or "lower bound", "lower")
    if shown.trivial is not None:
        axes.plot(x, shown.trivial, "-", color="0.6", linewidth=0.9, label="trivial bound")
    axes.legend(fontsize=7.5)
    return figure


def rate_figure(result: RateResult) -> Figure:
    """The ratio R / f along the grid, relative to its first value, with simultaneous limits."""
    sweep = result.rate.sweep
    figure, axes = new_axes(f"rate in {sweep}: {result.rate.preset}", sweep, "R / f")
    axes.plot(result.grid, result.ratio, "o-", color=PALETTE[0], label="measured R / f")
    axes.fill_between(result.grid, result.low, result.high, color=PALETTE[0], alpha=0.2, linewidth=0)
    middle = float(np.exp(np.mean(np.log(result.ratio))))
    axes.axhline(middle, linestyle="--", color="black", linewidth=1.0, label="flat")
    reach = max(float(np.max(result.high)) / middle, middle / float(np.min(result.low)), 2.0) * 1.2
    axes.set_ylim(middle / reach, middle * reach)
    axes.legend(fontsize=7.5)
    return figure


#: Digits and sign of an exponent.
_RAISED = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")


def _tick(value: float, _position: int | None = None) -> str:
    """The label of a tick on a logarithmic axis in plain text: 0.1, 200, 10⁴, 2×10⁵."""
    if 0.01 <= value < 1000:
        return f"{value:g}"
    mantissa, exponent = f"{value:.0e}".split("e")
    power = "10" + str(int(exponent)).translate(_RAISED)
    return power if mantissa == "1" else f"{mantissa}×{power}"


def _lighten(figure: Figure) -> None:
    """Make a figure cheap to draw, for a page that holds hundreds.

    Set margins instead of measured ones, which take a drawing of their own; and labels in plain text at whole decades
    (at 1, 2 and 5 of each, where fewer than two are in view), without the unlabelled ticks between them. Long titles
    and names are broken into lines.
    """
    figure.set_layout_engine(None)
    for axes in figure.axes:
        axes.set_position((0.12, 0.13, 0.86, 0.76))
        axes.set_title(textwrap.fill(axes.get_title(), 66), fontsize=9.5)
        legend = axes.get_legend()
        for name in [] if legend is None else legend.get_texts():
            name.set_text(textwrap.fill(name.get_text(), 56))
        for axis in (axes.xaxis, axes.yaxis):
            if axis.get_scale() == "log":
                low, high = axis.get_view_interval()
                axis.set_major_locator(LogLocator(subs=(1, 2, 5) if high < 100 * low else (1,)))
                axis.set_minor_locator(NullLocator())
                axis.set_major_formatter(FuncFormatter(_tick))


def _picture(figure: Figure) -> str:
    """The figure as a data URI: SVG whose letters are text, without what no reader sees."""
    _lighten(figure)
    buffer = io.BytesIO()
    with style(), matplotlib.rc_context({"svg.fonttype": "none", "savefig.bbox": None}):
        figure.savefig(buffer, format="svg", metadata=dict.fromkeys(("Creator", "Date", "Format", "Type")))
    return "data:image/svg+xml," + urllib.parse.quote(" ".join(buffer.getvalue().decode().split()), safe=" /,;=()")


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return "" if math.isnan(value) else f"{value:.4g}"
    if isinstance(value, int):
        return f"{value:,}"
    return str(value)


def render(report: Report) -> str:
    """The report as HTML text; everything that came from outside is escaped."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("proofs_check", "templates"), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["cell"] = _cell
    sections = []
    for result in report.results:
        pictures = [_picture(regret_figure(result, shown)) for shown in result.cases]
        if result.rate is not None:
            pictures.append(_picture(rate_figure(result.rate)))
        sections.append(
            {
                "claim": result.claim,
                "theorems": [bound.theorem for bound in result.claim.bounds],
                "bounds": [v for v in result.verdicts if v.layer != "step"],
                "steps": [v for v in result.verdicts if v.layer == "step"],
                "pictures": pictures,
                "sabotages": result.sabotages,
                "params": [(shown.case.id, repr(shown.params)) for shown in result.cases],
                "seconds": result.seconds,
                "interrupted": result.interrupted,
            }
        )
    words = [v.verdict for result in report.results for v in result.verdicts]
    return environment.get_template("report.html.j2").render(
        sections=sections,
        counts={word: words.count(word) for word in ("verified", "refuted", "undecided", "vacuous")},
        skipped=report.skipped,
        options=report.options,
        versions=versions(),
        when=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
    )


def write_report(report: Report, path: Path) -> None:
    """Write the report.

    Raises:
        InvalidInput: if the file cannot be written.
    """
    text = render(report)
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InvalidInput(f"cannot write the report {path}: {error.strerror}") from error
