"""One self-contained HTML report: opens without a network, shows what was found and how to repeat it."""

from __future__ import annotations

import base64
import importlib.metadata
import io
import math
import platform
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jinja2
import numpy as np
from matplotlib.figure import Figure

from proofs_check.api import Report
from proofs_check.check import CaseResult, ClaimResult, RateResult
from proofs_check.plotting import PALETTE, new_axes, plot_line, plot_regret
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
    if shown.lower is not None:
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


def _picture(figure: Figure) -> str:
    """The figure as a data URI."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="svg")
    return "data:image/svg+xml;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")


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
