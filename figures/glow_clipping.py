"""What clipping trades: the terms of GLOW's regret bound against the scale gamma (figure C)."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from matplotlib.figure import Figure

from kernels.engine import Trace
from mdps.algorithms.glow import GLOW, practical
from mdps.instances.function_classes import lock_class
from proofs_check.experiment import Experiment, Run
from proofs_check.glow_steps import Terms, terms_of
from proofs_check.plotting import PALETTE, new_axes, plot_line

ROUNDS = 1_500
DELTA = 0.1
FACTORS = (0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 10.0, 40.0)


def _at(factor: float, n_rounds: int = ROUNDS) -> GLOW:
    params = practical(lock_class(), n_rounds, DELTA)
    return params._replace(gamma=min(1.0, factor * params.gamma))


def _algorithm(factor: float) -> Callable[[], GLOW]:
    return lambda: _at(factor)


def _label(factor: float) -> str:
    return f"gamma x {factor:g}"


EXPERIMENT = Experiment(
    slug="glow-clipping",
    title="GLOW: what clipping trades",
    caption=(
        f"Combination lock with H = 3, A = 2, T = {ROUNDS:,} rounds of GLOW (practical preset: alpha x 0.1, beta x "
        "0.01, no theorem) for several scales gamma. Exact sums over rounds and stages: A, the residuals under "
        "clipped ratios; B, the mass on which ratios are clipped, of order 1/gamma; the thresholds beta_t, in "
        "proportion to gamma; and the regret. Vertical line: gamma of Theorem 3.1. One run for each "
        "gamma; in this lock runs hardly differ."
    ),
    runs=tuple(Run(_label(factor), _algorithm(factor), lock_class, ROUNDS, 1) for factor in FACTORS),
)


def draw(recorded: dict[str, Trace]) -> Figure:
    """The terms against gamma, log-log."""
    figure, axes = new_axes("Terms of the regret bound, lock H = 3", r"clipping scale $\gamma$", "sum over rounds")
    instance = lock_class()
    terms: list[Terms] = []
    for factor in FACTORS:
        chosen = recorded[_label(factor)].extra["summary"][0].astype(np.int64)
        terms.append(terms_of(instance, _at(factor), chosen))
    gammas = np.array([_at(factor).gamma for factor in FACTORS])
    regret = np.array([recorded[_label(factor)].regret[0, -1] for factor in FACTORS])
    series = (
        (r"$\sum A_t$: residuals", [t.errors for t in terms], "o"),
        (r"$\sum B_t$: clipped mass", [t.lost for t in terms], "s"),
        (r"$\sum\beta_t$: thresholds", [t.thresholds for t in terms], "v"),
        ("regret", regret.tolist(), "D"),
    )
    for (label, values, marker), color in zip(series, PALETTE):
        axes.plot(gammas, values, marker=marker, label=label, color=color, fillstyle="none")
    total = np.array([t.errors + t.lost + t.thresholds for t in terms])
    plot_line(axes, gammas, total, r"$\sum A_t + B_t + \beta_t$", "bound")
    best = _at(1.0).gamma
    axes.axvline(best, color="0.6", linewidth=1.0, label=rf"$\gamma = {best:.3g}$, Theorem 3.1")
    axes.set_ylim(bottom=0.1 * math.floor(regret.min()))
    axes.legend(fontsize=7, loc="center left", bbox_to_anchor=(1.0, 0.5))
    return figure
