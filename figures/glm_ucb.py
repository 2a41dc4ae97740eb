"""GLM-UCB: the radius of the theorem and fractions of it, on a logistic bandit."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from matplotlib.figure import Figure

from bandits.algorithms.glm_ucb import GLMUCB
from bandits.generalised import LogisticBandit
from kernels.engine import Trace
from proofs_check.claims.glm_ucb import logistic_circle, theorem_parameters
from proofs_check.ellipsoid_steps import hard_line
from proofs_check.experiment import Experiment, Run
from proofs_check.plotting import PALETTE, new_axes, plot_line, plot_regret
from theory.theorems import theorem

HORIZON = 600
SCALES = {"the theorem's radius": 1.0, "a third (practical)": 1.0 / 3.0, "a tenth (practical)": 0.1}


def instance() -> LogisticBandit:
    """Eight actions on the unit circle, |theta| = 2."""
    return logistic_circle(8, 2.0, 0.3)


def _algorithm(scale: float) -> Callable[[], GLMUCB]:
    return lambda: theorem_parameters(instance(), HORIZON)._replace(scale=scale)


EXPERIMENT = Experiment(
    slug="glm-ucb",
    title="GLM-UCB on a logistic bandit",
    caption=(
        "Eight actions on the unit circle, |theta| = 2 (kappa = 9.5), Bernoulli rewards through the logistic link, "
        "lam = 1, delta = 0.05. GLM-UCB with the radius of its theorem and with a third and a tenth of it (practical "
        "presets without a theorem). Mean and 10-90 % band over runs; dashed: the explicit bound, linear in kappa "
        "(above the trivial bound here, grey: T times the largest gap); dotted: sqrt(m'(<theta, x*>)) d sqrt(T)/(16 "
        "sqrt 3), the local order of the worst case."
    ),
    runs=tuple(Run(label, _algorithm(scale), instance, HORIZON, 10, full_runs=50) for label, scale in SCALES.items()),
)


def draw(recorded: dict[str, Trace]) -> Figure:
    """One colour for each radius."""
    figure, axes = new_axes("GLM-UCB, logistic link", "round $T$", "regret $R_T$")
    for label, color in zip(SCALES, PALETTE):
        plot_regret(axes, recorded[label], label, color)
    problem = instance()
    t = recorded["the theorem's radius"].checkpoints.astype(float)
    bound = theorem("glm-ucb/regret").bound(problem, _algorithm(1.0)(), t)
    plot_line(axes, t, bound, "bound", "bound", PALETTE[0])
    axes.plot(t, problem.trivial_regret(t), color="0.7", linewidth=1.0, label="trivial: largest gap x T")
    plot_line(axes, t, np.sqrt(problem.best_slope) * hard_line(problem, t), "local worst case (order)", "lower")
    axes.set_ylim(0.02, 1e6)
    axes.legend(fontsize=7, loc="upper left", ncols=2)
    return figure
