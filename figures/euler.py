"""EULER on the lower bound's instance, with the bonuses as published and a small share of them."""

from __future__ import annotations

from matplotlib.figure import Figure

from kernels.engine import Trace
from mdps.algorithms.euler import EULER
from proofs_check.claims.euler import RATE
from proofs_check.hard_figures import draw_hard, hard_experiment

DELTA, SCALE = 0.05, 0.03
THEOREM, PRACTICAL = "EULER", f"EULER, bonuses x {SCALE:g} (no theorem)"

EXPERIMENT = hard_experiment(
    "euler",
    "EULER",
    "Regret of EULER on the hard instance of Domingues et al. (2021), six states, two actions, nine stages, delta = "
    f"{DELTA:g}, with its bonuses and with {SCALE:g} times them (practical, no theorem). The model is stage-dependent "
    "and counted stage by stage; the theorem is about stationary ones. Dashed: the leading term of its rate through "
    "the last point of the practical run; grey: the largest possible regret; dotted: the lower bound of Domingues et "
    "al. (2021), Theorem 9. Mean with the 10-90 % band.",
    ((THEOREM, lambda: EULER(DELTA)), (PRACTICAL, lambda: EULER(DELTA, SCALE))),
    n_episodes=30_000,
    n_runs=5,
    full_runs=40,
)


def draw(recorded: dict[str, Trace]) -> Figure:
    """Regret against episodes, log-log."""
    return draw_hard(recorded, "EULER, S = 6, A = 2, H = 9", RATE, EULER(DELTA), PRACTICAL)
