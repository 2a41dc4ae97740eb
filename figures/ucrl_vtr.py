"""Value-targeted regression on a mixture of kernels: the theorem's radius and a practical one."""

from __future__ import annotations

from typing import Any

from matplotlib.figure import Figure

from kernels.engine import Trace
from mdps.algorithms.ucrl_vtr import UCRLVTR
from proofs_check.experiment import Experiment, Run
from proofs_check.plotting import PALETTE, new_axes, plot_line, plot_regret
from proofs_check.value_targeted import hard
from theory.lower_bounds import linear_hypercube
from theory.theorems import theorem

EPISODES = 600


def instance() -> Any:
    """The hard instance of Zhou, Gu and Szepesvari for so many episodes."""
    return hard(3, 3, EPISODES)


EXPERIMENT = Experiment(
    slug="ucrl-vtr",
    title="UCRL-VTR on a hard linear mixture",
    caption=(
        "UCRL-VTR on the hard instance of Zhou, Gu and Szepesvari (2021), d = 3, H = 3, with the theorem's radius and "
        "with a fiftieth of it (practical, no theorem). Mean and 10-90 % band. Dashed: the explicit bound, vacuous "
        "here; dotted: the order d sqrt(K) of the lower bound with the constant of the hypercube bandit it is built "
        "from; grey: the largest possible regret."
    ),
    runs=(
        Run("theorem's radius", UCRLVTR, instance, EPISODES, 10, full_runs=100),
        Run("practical: radius x 0.02", lambda: UCRLVTR(scale=0.02), instance, EPISODES, 10, full_runs=100),
    ),
)


def draw(recorded: dict[str, Trace]) -> Figure:
    """Regret over episodes, log-log."""
    figure, axes = new_axes("A hard linear mixture", "episode $K$", "regret $R_K$")
    model = instance()
    for (label, trace), color in zip(recorded.items(), PALETTE):
        plot_regret(axes, trace, label, color)
        k = trace.checkpoints.astype(float)
    plot_line(axes, k, theorem("ucrl-vtr/regret").bound(model, UCRLVTR(), k), "theorem", "bound", PALETTE[0])
    plot_line(axes, k, linear_hypercube(model.dimension, k), "order of the lower bound", "lower", "black")
    axes.plot(k, model.trivial_regret(k), color="grey", alpha=0.5, linewidth=1.0, label="largest possible")
    axes.legend(fontsize=8)
    return figure
