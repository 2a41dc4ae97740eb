"""MOSS-anytime: the price of not knowing the horizon, as the worst case over sqrt(KT)."""

from __future__ import annotations

from matplotlib.figure import Figure

from bandits.algorithms.moss import MOSS
from bandits.algorithms.moss_anytime import MOSSAnytime
from bandits.algorithms.ucb1 import UCB1
from figures.worst_gap import Algorithms, draw_worst_gap, runs_at_every_gap
from kernels.engine import Trace
from proofs_check.experiment import Experiment

ALGORITHMS: Algorithms = {
    "MOSS-anytime": lambda horizon: MOSSAnytime,
    "MOSS (knows T)": lambda horizon: MOSS,
    "UCB1": lambda horizon: UCB1,
}

EXPERIMENT = Experiment(
    slug="moss-anytime",
    title="MOSS-anytime: worst-case regret over sqrt(KT)",
    caption=(
        "Ten Bernoulli arms, all (1-e)/2 but the last, (1+e)/2. Each point is the largest mean regret over gaps e = c "
        "sqrt(K/T), c = 1/2, 1, 2, 4, 8 (as far as e <= 1/2), divided by sqrt(KT); parameters of the theorems. Bars: "
        "two standard errors. Dotted: what the worst of these instances costs every algorithm at least (Bubeck and "
        "Cesa-Bianchi 2012, Lemma 3.2, at its best e). The bound of Degenne and Perchet 2016 is 113 on this axis, far "
        "above the frame."
    ),
    runs=runs_at_every_gap(ALGORITHMS),
)


def draw(recorded: dict[str, Trace]) -> Figure:
    """The worst ratio against T."""
    return draw_worst_gap(recorded, ALGORITHMS, "Ten arms: the worst gap at every horizon")
