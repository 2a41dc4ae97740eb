"""Rarely switching OFUL: what is saved, and what it costs, as the determinant has to grow by more."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from matplotlib.figure import Figure

from bandits.algorithms.rare_switching_oful import RareSwitchingOFUL
from bandits.linear import LinearBandit
from kernels.engine import Trace
from proofs_check.claims.oful import sphere
from proofs_check.claims.rare_switching_oful import theorem_parameters
from proofs_check.experiment import Experiment, Run
from proofs_check.plotting import PALETTE, new_axes, plot_line
from theory.lower_bounds import linear_ball
from theory.theorems import theorem

DIMENSION, HORIZON = 5, 10_000
GROWTHS = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0)


def instance() -> LinearBandit:
    """Twenty contexts of fifty actions."""
    return sphere(DIMENSION, 50, 20, seed=7)


def _algorithm(growth: float) -> Callable[[], RareSwitchingOFUL]:
    return lambda: theorem_parameters(instance(), HORIZON, growth)


EXPERIMENT = Experiment(
    slug="rare-switching-oful",
    title="Rarely switching OFUL: regret and switches against C",
    caption=(
        "Regret and number of renewals of the ellipsoid after 10,000 rounds against C (the ellipsoid is renewed when "
        "det V has grown by 1 + C), 20 contexts of 50 actions on the unit sphere of dimension 5, Gaussian noise, the "
        "parameters of the theorem (R = S = L = lam = 1, delta = 0.05). Mean and 10-90 % range over runs; dashed: the "
        "theorem's sqrt(1+C) bound on the regret and the deterministic bound d log(1 + T L^2/(d lam))/log(1+C) on the "
        "renewals; dotted: d sqrt(T)/(16 sqrt 3), a lower bound on the worst case over the unit ball."
    ),
    runs=tuple(Run(f"C = {c:g}", _algorithm(c), instance, HORIZON, 10, full_runs=50) for c in GROWTHS),
)


def draw(recorded: dict[str, Trace]) -> Figure:
    """Regret and switches on one axis of numbers, C on the other."""
    figure, axes = new_axes(f"Rarely switching OFUL, d = 5, T = {HORIZON:,}", "$C$", "regret, or number of renewals")
    traces = [recorded[f"C = {c:g}"] for c in GROWTHS]
    for label, values, color in (
        ("regret", [t.regret[:, -1] for t in traces], PALETTE[0]),
        ("renewals", [t.extra["summary"][:, 0] for t in traces], PALETTE[1]),
    ):
        low, high = np.array([np.quantile(v, [0.1, 0.9]) for v in values]).T
        axes.plot(GROWTHS, [v.mean() for v in values], "o-", label=f"{label} (n = {len(values[0])})", color=color)
        axes.fill_between(GROWTHS, low, high, color=color, alpha=0.18, linewidth=0)
    last = np.array([float(traces[0].checkpoints[-1])])
    for name, label, color in (("regret", "Theorem 4", PALETTE[0]), ("switches", "switches bound", PALETTE[1])):
        bound = theorem(f"rare-switching-oful/{name}").bound
        values = [bound(instance(), _algorithm(c)(), last)[0] for c in GROWTHS]
        plot_line(axes, GROWTHS, values, label, "bound", color)
    plot_line(
        axes, GROWTHS, np.full(len(GROWTHS), linear_ball(DIMENSION, last)[0]), "worst case over the ball", "lower"
    )
    axes.set_ylim(top=3e6)
    axes.legend(fontsize=7, loc="upper right", ncols=2)
    return figure
