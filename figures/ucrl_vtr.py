"""Value-targeted regression on a mixture of kernels: the theorem's radius and a practical one."""

from __future__ import annotations

from functools import partial
from typing import Any

from matplotlib.figure import Figure

from figures.hard_linear import draw_on_hard_linear
from kernels.engine import Trace
from mdps.algorithms.ucrl_vtr import UCRLVTR
from proofs_check.experiment import Experiment, Run
from proofs_check.value_targeted import hard
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
    model = instance()
    bound = partial(theorem("ucrl-vtr/regret").bound, model, UCRLVTR())
    return draw_on_hard_linear(recorded, "A hard linear mixture", model, ("theorem", bound))
