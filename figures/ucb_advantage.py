"""UCB-Advantage on the lower bound's instance, with the bonuses as published and a small share of them."""

from __future__ import annotations

from matplotlib.figure import Figure

from kernels.engine import Trace
from mdps.algorithms.ucb_advantage import UCBAdvantage
from proofs_check.claims.ucb_advantage import RATE
from proofs_check.hard_figures import draw_hard, hard_experiment

DELTA, C, SCALE = 0.05, 1e-6, 0.03
THEOREM = "UCB-Advantage"
PRACTICAL = f"UCB-Advantage, bonuses x {SCALE:g}, N0 x {C:g} (no theorem)"

EXPERIMENT = hard_experiment(
    "ucb-advantage",
    "UCB-Advantage",
    "Regret of UCB-Advantage on the hard instance of Domingues et al. (2021), six states, two actions, nine stages, "
    f"delta = {DELTA:g}, with its bonuses and N0, and with {SCALE:g} times the bonuses and {C:g} times N0 (practical, "
    "no theorem). Dashed: the leading term of the theorem's rate, without logarithms, through the last point of the "
    "practical run; grey: the largest possible regret; dotted: the lower bound of Domingues et al. (2021), Theorem 9, "
    "of the same order. Mean with the 10-90 % band.",
    ((THEOREM, lambda: UCBAdvantage(DELTA)), (PRACTICAL, lambda: UCBAdvantage(DELTA, C, SCALE))),
    n_episodes=200_000,
    n_runs=6,
    full_runs=40,
)


def draw(recorded: dict[str, Trace]) -> Figure:
    """Regret against episodes, log-log."""
    return draw_hard(recorded, "UCB-Advantage, S = 6, A = 2, H = 9", RATE, UCBAdvantage(DELTA), PRACTICAL)
