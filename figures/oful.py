"""OFUL: regret against the horizon for several dimensions, with the theorem's bounds."""

from __future__ import annotations

from collections.abc import Callable

from matplotlib.figure import Figure

from bandits.algorithms.oful import OFUL
from bandits.linear import LinearBandit
from kernels.engine import Trace
from proofs_check.claims.oful import sphere, theorem_parameters
from proofs_check.experiment import Experiment, Run
from proofs_check.plotting import PALETTE, new_axes, plot_line, plot_regret
from theory.lower_bounds import linear_ball
from theory.theorems import theorem

DIMENSIONS = (2, 5, 10)
HORIZON = 10_000


def _instance(dimension: int) -> Callable[[], LinearBandit]:
    return lambda: sphere(dimension, 10 * dimension, 20, seed=7, scale=1.0)


def _algorithm(dimension: int) -> Callable[[], OFUL]:
    return lambda: theorem_parameters(_instance(dimension)(), HORIZON)


EXPERIMENT = Experiment(
    slug="oful",
    title="OFUL: regret in T and d",
    caption=(
        "OFUL with the parameters of its theorem (R = S = L = lam = 1, delta = 0.05) on linear bandits with 20 "
        "contexts of 10 d actions, uniform on the unit sphere of dimension d; Gaussian noise of standard deviation 1. "
        "Mean and 10-90 % band over runs; dashed: Lattimore and Szepesvari 2020, Theorem 19.2; dotted: d sqrt(T)/(16 "
        "sqrt 3), a lower bound on the worst case over the unit ball for d = 10, not on these instances."
    ),
    runs=tuple(
        Run(f"d = {d}", _algorithm(d), _instance(d), HORIZON, 20, full_horizon=100_000, full_runs=50)
        for d in DIMENSIONS
    ),
)


def draw(recorded: dict[str, Trace]) -> Figure:
    """Regret and bound, one colour for each dimension."""
    figure, axes = new_axes("OFUL on random linear bandits", "round $T$", "regret $R_T$")
    for d, color in zip(DIMENSIONS, PALETTE):
        trace = recorded[f"d = {d}"]
        plot_regret(axes, trace, f"d = {d}", color)
        t = trace.checkpoints.astype(float)
        instance = _instance(d)()
        bound = theorem("oful/regret").bound(instance, theorem_parameters(instance, HORIZON), t)
        plot_line(axes, t, bound, f"Theorem 19.2, d = {d}", "bound", color)
    t = recorded[f"d = {DIMENSIONS[-1]}"].checkpoints.astype(float)
    axes.plot(t, 2.0 * t, color="0.7", linewidth=1.0, label="trivial: 2 T")
    t = t[t >= DIMENSIONS[-1]]
    plot_line(axes, t, linear_ball(DIMENSIONS[-1], t), "worst case over the ball, d = 10", "lower")
    axes.set_ylim(bottom=0.5, top=40.0 * t[-1])
    axes.legend(fontsize=7, loc="upper left", ncols=2)
    return figure
