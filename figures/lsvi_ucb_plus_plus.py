"""LSVI-UCB++ on the hard linear MDP: the paper's weights and practical ones."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from figures.hard_linear import Float, draw_on_hard_linear, through_last
from kernels.engine import Trace
from mdps.algorithms.lsvi_ucb_plus_plus import LSVIUCBPlusPlus
from mdps.instances.linear import zhou_gu_hard_linear
from proofs_check.claims.lsvi_ucb_plus_plus import episodes
from proofs_check.experiment import Experiment, Run
from theory.theorems import theorem

EPISODES = 600


def instance() -> Any:
    """The hard linear MDP of Zhou, Gu and Szepesvari for so many episodes."""
    return episodes(zhou_gu_hard_linear(3, 3, EPISODES))


EXPERIMENT = Experiment(
    slug="lsvi-ucb-plus-plus",
    title="LSVI-UCB++ on a hard linear MDP",
    caption=(
        "The linear twin of the hard instance of Zhou, Gu and Szepesvari (2021), d = 4, H = 3. LSVI-UCB++ with the "
        "paper's orders as radii and weights, and with radii x 0.02 and no floor of the weights (practical: no "
        "theorem). Mean and 10-90 % band. Dashed: the rate d sqrt(H^3 K) log K, its constant unknown (drawn through "
        "the last point); dotted: the order of the lower bound with the constant of the hypercube bandit; grey: the "
        "largest possible regret."
    ),
    runs=(
        Run("the paper's radii and weights", LSVIUCBPlusPlus, instance, EPISODES, 8, full_runs=100),
        Run("practical: radii x 0.02, no floor", lambda: LSVIUCBPlusPlus(scale=0.02, floor=0.0), instance, EPISODES, 8,
            full_runs=100),
    ),
)  # fmt: skip


def draw(recorded: dict[str, Trace]) -> Figure:
    """Regret over episodes, log-log."""
    model, first = instance(), next(iter(recorded.values()))

    def rate(episodes: Float) -> Float:
        return through_last(
            first, np.asarray(theorem("lsvi-ucb-plus-plus/rate").bound(model, LSVIUCBPlusPlus(), episodes))
        )

    return draw_on_hard_linear(recorded, "A hard linear MDP", model, ("rate", rate))
