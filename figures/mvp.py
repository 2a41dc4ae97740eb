"""MVP on the lower bound's instance, with the theorem's bonus and a small share of it."""

from __future__ import annotations

from matplotlib.figure import Figure

from kernels.engine import Trace
from mdps.algorithms.mvp import MVP
from proofs_check.claims.mvp import RATE
from proofs_check.hard_figures import draw_hard, hard_experiment

DELTA, SCALE = 0.05, 0.002
THEOREM, PRACTICAL = "MVP", f"MVP, bonus x {SCALE:g} (no theorem)"

EXPERIMENT = hard_experiment(
    "mvp",
    "Monotonic value propagation",
    "Regret of MVP on the hard instance of Domingues et al. (2021), six states, two actions, nine stages, delta = "
    f"{DELTA:g}, with the bonus of Zhang, Chen, Lee and Du (2023) and with {SCALE:g} times it (practical, no theorem). "
    "Dashed: the theorem's rate without its logarithms through the last point of the "
    "practical run; grey: the largest possible regret; dotted: the lower bound of Domingues et al. (2021), Theorem 9, "
    "of the same order sqrt(SAH^3K). Mean with the 10-90 % band.",
    ((THEOREM, lambda: MVP(DELTA)), (PRACTICAL, lambda: MVP(DELTA, SCALE))),
    n_episodes=100_000,
    n_runs=6,
    full_runs=40,
)


def draw(recorded: dict[str, Trace]) -> Figure:
    """Regret against episodes, log-log."""
    return draw_hard(recorded, "MVP, S = 6, A = 2, H = 9", RATE, MVP(DELTA), PRACTICAL)
