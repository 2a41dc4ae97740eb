"""Linear Thompson sampling: what the inflation by sqrt(d) costs, beside OFUL."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from matplotlib.figure import Figure

from bandits.algorithms.lin_ts import uninflated
from bandits.linear import LinearBandit
from kernels.engine import Trace
from proofs_check.claims.lin_ts import theorem_parameters
from proofs_check.claims.oful import sphere
from proofs_check.claims.oful import theorem_parameters as oful_parameters
from proofs_check.experiment import Experiment, Run
from proofs_check.plotting import PALETTE, new_axes, plot_line, plot_regret
from theory.lower_bounds import linear_ball
from theory.theorems import theorem

DIMENSION, HORIZON = 10, 10_000


def instance() -> LinearBandit:
    """Twenty contexts of a hundred actions."""
    return sphere(DIMENSION, 100, 20, seed=7)


RULES: dict[str, Callable[[], Any]] = {
    "LinTS, the theorem's radius": lambda: theorem_parameters(instance(), HORIZON),
    "LinTS, uninflated (practical)": lambda: uninflated(theorem_parameters(instance(), HORIZON), DIMENSION),
    "OFUL": lambda: oful_parameters(instance(), HORIZON),
}

EXPERIMENT = Experiment(
    slug="lin-ts",
    title="Linear Thompson sampling, inflated and not, and OFUL",
    caption=(
        "Twenty contexts of 100 actions on the unit sphere of dimension 10, Gaussian noise of standard deviation 1, "
        "R = S = L = lam = 1. LinTS with the radius of Abeille and Lazaric (2017), delta = 0.2, that radius divided "
        "by sqrt(d) (a practical preset without a frequentist theorem), and OFUL, delta = 0.05. Mean and 10-90 % band "
        "over runs; dashed: their Theorem 1 (vacuous here: it lies above the trivial bound 2T, grey); dotted: "
        "d sqrt(T)/(16 sqrt 3), a lower bound on the worst case over the unit ball, not on this instance."
    ),
    runs=tuple(Run(label, rule, instance, HORIZON, 10, full_runs=50) for label, rule in RULES.items()),
)


def draw(recorded: dict[str, Trace]) -> Figure:
    """One colour for each rule."""
    figure, axes = new_axes("Linear Thompson sampling, d = 10", "round $T$", "regret $R_T$")
    for label, color in zip(RULES, PALETTE):
        plot_regret(axes, recorded[label], label, color)
    t = recorded["OFUL"].checkpoints.astype(float)
    bound = theorem("lin-ts/regret").bound(instance(), RULES["LinTS, the theorem's radius"](), t)
    plot_line(axes, t, bound, "Abeille-Lazaric, Theorem 1", "bound", PALETTE[0])
    axes.plot(t, 2.0 * t, color="0.7", linewidth=1.0, label="trivial: 2 T")
    t = t[t >= DIMENSION]
    plot_line(axes, t, linear_ball(DIMENSION, t), "worst case over the ball", "lower")
    axes.set_ylim(0.5, 1e9)
    axes.legend(fontsize=7, loc="upper left", ncols=2)
    return figure
