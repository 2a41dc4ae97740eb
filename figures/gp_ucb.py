"""GP-UCB and IGP-UCB: a draw of the prior, and a linear kernel beside OFUL."""

from __future__ import annotations

from matplotlib.figure import Figure

from bandits.linear import LinearBandit
from kernels.engine import Trace
from proofs_check.claims.gp_ucb import bayes_parameters, prior_draws, rkhs_parameters
from proofs_check.claims.oful import circle
from proofs_check.claims.oful import theorem_parameters as oful_parameters
from proofs_check.experiment import Experiment, Run
from proofs_check.plotting import PALETTE, new_axes, plot_line, plot_regret
from theory.lower_bounds import linear_ball
from theory.theorems import theorem

HORIZON = 500
LABELS = ("GP-UCB, prior draws", "IGP-UCB, linear kernel", "OFUL, same instance")


def linear() -> LinearBandit:
    """Twelve actions on the unit circle."""
    return circle(12, scale=0.3)


EXPERIMENT = Experiment(
    slug="gp-ucb",
    title="GP-UCB and IGP-UCB",
    caption=(
        "GP-UCB on means drawn from a Gaussian process (squared exponential kernel of length 0.2 on 25 points of "
        "[0, 1], noise of standard deviation 0.3), and IGP-UCB with a linear kernel beside OFUL on twelve actions of "
        "the unit circle (noise 0.3). Parameters of the theorems, delta = 0.05; IGP-UCB's s2 = 1 + 2/T is that of the "
        "last round. Mean and 10-90 % band over runs; dashed: Srinivas et al. 2010, Theorem 1, and Chowdhury and "
        "Gopalan 2017, Theorem 3, with an upper bound of the largest information gain; dotted: d sqrt(T)/(16 sqrt 3), "
        "d = 2, a lower bound on the worst case over the unit ball for noise 1."
    ),
    runs=(
        Run(LABELS[0], lambda: bayes_parameters(prior_draws(), HORIZON), prior_draws, HORIZON, 12, full_runs=60),
        Run(LABELS[1], lambda: rkhs_parameters(linear(), HORIZON), linear, HORIZON, 12, full_runs=60),
        Run(LABELS[2], lambda: oful_parameters(linear(), HORIZON), linear, HORIZON, 12, full_runs=60),
    ),
)


def draw(recorded: dict[str, Trace]) -> Figure:
    """One colour for each rule."""
    figure, axes = new_axes("Kernel bandits on finite domains", "round $T$", "regret $R_T$")
    for label, color in zip(LABELS, PALETTE):
        plot_regret(axes, recorded[label], label, color)
    t = recorded[LABELS[0]].checkpoints.astype(float)
    first = theorem("gp-ucb/bayes").bound(prior_draws(), bayes_parameters(prior_draws(), HORIZON), t)
    plot_line(axes, t, first, "Theorem 1 (prior draws)", "bound", PALETTE[0])
    second = theorem("gp-ucb/rkhs").bound(linear(), rkhs_parameters(linear(), HORIZON), t)
    plot_line(axes, t, second, "IGP-UCB, Theorem 3", "bound", PALETTE[1])
    axes.plot(t, linear().trivial_regret(t), color="0.7", linewidth=1.0, label="trivial, circle: 2 T")
    plot_line(axes, t, linear_ball(2, t), "worst case over the ball", "lower")
    axes.set_ylim(0.05, 3e5)
    axes.legend(fontsize=7, loc="upper left", ncols=2)
    return figure
