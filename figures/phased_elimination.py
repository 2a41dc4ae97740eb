"""Phased elimination and OFUL on a fixed action set, with the bounds of both."""

from __future__ import annotations

from matplotlib.figure import Figure

from bandits.linear import LinearBandit
from kernels.engine import Trace
from proofs_check.claims.oful import sphere
from proofs_check.claims.oful import theorem_parameters as oful_parameters
from proofs_check.claims.phased_elimination import theorem_parameters
from proofs_check.experiment import Experiment, Run
from proofs_check.plotting import PALETTE, new_axes, plot_line, plot_regret
from theory.lower_bounds import linear_ball
from theory.theorems import theorem

DIMENSION, HORIZON = 5, 10_000
LABELS = ("phased elimination", "OFUL")


def instance() -> LinearBandit:
    """Fifty actions on the unit sphere of dimension 5."""
    return sphere(DIMENSION, 50, seed=7, scale=0.5)


EXPERIMENT = Experiment(
    slug="phased-elimination",
    title="Phased elimination and OFUL on a fixed action set",
    caption=(
        "Fifty fixed actions on the unit sphere of dimension 5, Gaussian noise of standard deviation 0.5, both rules "
        "with the parameters of their theorems (R = 0.5, delta = 0.05; OFUL: S = L = lam = 1). Mean, 10-90 % band over "
        "runs; dashed: the explicit bound for phased elimination, derived from Lattimore and Szepesvari 2020, Theorem "
        "22.1, and their Theorem 19.2 for OFUL; grey: T times the largest gap; dotted: d sqrt(T)/(16 sqrt 3), a lower "
        "bound on the worst case over the unit ball, not on this instance."
    ),
    runs=(
        Run(LABELS[0], lambda: theorem_parameters(instance(), HORIZON), instance, HORIZON, 10, full_runs=40),
        Run(LABELS[1], lambda: oful_parameters(instance(), HORIZON), instance, HORIZON, 10, full_runs=40),
    ),
)


def draw(recorded: dict[str, Trace]) -> Figure:
    """One colour for each rule."""
    figure, axes = new_axes("Elimination and optimism, d = 5, 50 fixed actions", "round $T$", "regret $R_T$")
    problem = instance()
    parameters = (theorem_parameters(problem, HORIZON), oful_parameters(problem, HORIZON))
    names = (("phased-elimination/regret", "bound for elimination"), ("oful/regret", "Theorem 19.2, OFUL"))
    for label, params, (name, text), color in zip(LABELS, parameters, names, PALETTE):
        plot_regret(axes, recorded[label], label, color)
        t = recorded[label].checkpoints.astype(float)
        plot_line(axes, t, theorem(name).bound(problem, params, t), text, "bound", color)
    axes.plot(t, problem.trivial_regret(t), color="0.7", linewidth=1.0, label="trivial: largest gap x T")
    t = t[t >= DIMENSION]
    plot_line(axes, t, linear_ball(DIMENSION, t), "worst case over the ball", "lower")
    axes.set_ylim(0.3, 3e6)
    axes.legend(fontsize=7, loc="upper left", ncols=2)
    return figure
