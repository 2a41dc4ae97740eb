"""Five rules for linear bandits on one instance: OFUL, Thompson sampling, elimination and SupLinUCB."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from matplotlib.figure import Figure

from bandits.algorithms.lin_ts import uninflated
from bandits.linear import LinearBandit
from kernels.engine import Trace
from proofs_check.claims.lin_ts import theorem_parameters as lin_ts_parameters
from proofs_check.claims.oful import sphere
from proofs_check.claims.oful import theorem_parameters as oful_parameters
from proofs_check.claims.phased_elimination import theorem_parameters as elimination_parameters
from proofs_check.claims.sup_lin_ucb import theorem_parameters
from proofs_check.experiment import Experiment, Run
from proofs_check.plotting import PALETTE, new_axes, plot_line, plot_regret
from theory.lower_bounds import linear_ball
from theory.theorems import theorem

DIMENSION, HORIZON = 5, 10_000


def instance() -> LinearBandit:
    """Twenty fixed actions on the unit sphere of dimension 5."""
    return sphere(DIMENSION, 20, seed=7, scale=0.3)


RULES: dict[str, tuple[Callable[[], Any], int]] = {
    "OFUL": (lambda: oful_parameters(instance(), HORIZON), 20),
    "LinTS": (lambda: lin_ts_parameters(instance(), HORIZON), 20),
    "LinTS, uninflated (practical)": (lambda: uninflated(lin_ts_parameters(instance(), HORIZON), DIMENSION), 20),
    "phased elimination": (lambda: elimination_parameters(instance(), HORIZON), 8),
    "SupLinUCB": (lambda: theorem_parameters(instance(), HORIZON), 20),
}

EXPERIMENT = Experiment(
    slug="sup-lin-ucb",
    title="Rules for linear bandits on one fixed action set",
    caption=(
        "Twenty fixed actions on the unit sphere of dimension 5, Gaussian noise of standard deviation 0.3. Every rule "
        "with the parameters of its theorem, but uninflated LinTS, a practical preset. Mean and 10-90 % band over "
        "runs; dashed: the explicit bound for SupLinUCB, derived from Chu, Li, Reyzin and Schapire 2011, Theorem 1, "
        "for a run of that length (here above the trivial bound, grey: T times the largest gap); dotted: d sqrt(T)/(16 "
        "sqrt 3), a lower bound on the worst case over the unit ball, not on this instance."
    ),
    runs=tuple(Run(label, rule, instance, HORIZON, n, full_runs=4 * n) for label, (rule, n) in RULES.items()),
)


def draw(recorded: dict[str, Trace]) -> Figure:
    """One colour for each rule."""
    figure, axes = new_axes("Linear bandits, d = 5, 20 fixed actions", "round $T$", "regret $R_T$")
    for label, color in zip(RULES, PALETTE):
        plot_regret(axes, recorded[label], label, color)
    problem = instance()
    t = recorded["SupLinUCB"].checkpoints.astype(float)
    t = t[t >= DIMENSION]
    bound = theorem("sup-lin-ucb/regret").bound(problem, RULES["SupLinUCB"][0](), t)
    plot_line(axes, t, bound, "bound for SupLinUCB", "bound", PALETTE[4])
    axes.plot(t, problem.trivial_regret(t), color="0.7", linewidth=1.0, label="trivial: largest gap x T")
    plot_line(axes, t, linear_ball(DIMENSION, t), "worst case over the ball", "lower")
    axes.set_ylim(0.3, 1e8)
    axes.legend(fontsize=7, loc="upper left", ncols=2)
    return figure
