"""MOSS: the price of the worst case, R_T / sqrt(KT), as the horizon grows."""

from __future__ import annotations

from matplotlib.figure import Figure

from bandits.algorithms.kl_ucb import KLUCB
from bandits.algorithms.moss import MOSS
from bandits.algorithms.ucb1 import UCB1
from figures.worst_gap import Algorithms, draw_worst_gap, runs_at_every_gap
from kernels.engine import Trace
from proofs_check.experiment import Experiment

ALGORITHMS: Algorithms = {"UCB1": lambda t: UCB1, "KL-UCB": lambda t: KLUCB, "MOSS": lambda t: MOSS}


EXPERIMENT = Experiment(
    slug="moss",
    title="MOSS: worst-case regret over sqrt(KT)",
    caption=(
        "Ten Bernoulli arms, all (1-e)/2 but the last, (1+e)/2. Each point is the largest mean regret over gaps e = c "
        "sqrt(K/T), c = 1/2, 1, 2, 4, 8 (as far as e <= 1/2), divided by sqrt(KT); parameters of the theorems. Bars: "
        "two standard errors. Dotted: what the worst of these instances costs every algorithm at least (Bubeck and "
        "Cesa-Bianchi 2012, Lemma 3.2, at its best e). MOSS's bounds are 19.5 to 49 on this axis, above the frame."
    ),
    runs=runs_at_every_gap(ALGORITHMS),
)


def draw(recorded: dict[str, Trace]) -> Figure:
    """The worst ratio against T."""
    return draw_worst_gap(recorded, ALGORITHMS, "Ten arms: the worst gap at every horizon")
