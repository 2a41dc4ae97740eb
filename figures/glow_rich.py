"""GLOW on a lock behind rich observations: regret against the size of the blocks (figure B)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from matplotlib.figure import Figure

from kernels.engine import Trace
from mdps.algorithms.glow import GLOW, practical
from mdps.algorithms.q_learning_hoeffding import QLearningHoeffding
from mdps.function_classes import FunctionApproximation
from mdps.instances.function_classes import lock_class
from mdps.loops import Episodes
from proofs_check.experiment import Experiment, Run
from proofs_check.plotting import PALETTE, new_axes, plot_line
from theory.theorems import theorem

BLOCKS = (1, 4, 16, 64)
ROUNDS, EPISODES = 1_000, 16_000
BONUSES = (0.02, 0.1)
DELTA = 0.1
GLOW_LABEL = f"GLOW, practical, T = {ROUNDS:,}"


def _lock(block_size: int) -> FunctionApproximation:
    return lock_class(2, code=(1, 0), block_size=block_size)


def _instance(block_size: int) -> Callable[[], FunctionApproximation]:
    return lambda: _lock(block_size)


def _tabular(block_size: int) -> Callable[[], Episodes]:
    return lambda: Episodes(_lock(block_size).mdp)


def _glow(block_size: int) -> Callable[[], GLOW]:
    return lambda: practical(_lock(block_size), ROUNDS, DELTA)


def _learner(bonus: float) -> Callable[[], QLearningHoeffding]:
    return lambda: QLearningHoeffding(DELTA, bonus)


def _ucb(bonus: float) -> str:
    return f"optimistic Q-learning, bonus x {bonus:g}, T = {EPISODES:,}"


def _label(algorithm: str, block_size: int) -> str:
    return f"{algorithm}, m = {block_size}"


EXPERIMENT = Experiment(
    slug="glow-rich",
    title="GLOW behind rich observations",
    caption=(
        "Combination lock with two stages; each latent state shows itself as one of m observations that no other "
        "emits, so that C_cov stays what it is for the latent lock. Regret of GLOW (practical preset: alpha x 0.1, "
        "beta x 0.01, no theorem; F and W induced by the four codes) does not depend on m. Optimistic Q-learning "
        "(Jin et al. 2018, bonuses scaled down, no theorem), which learns every observation by itself, pays in "
        "proportion to m. Mean and range of the runs. Dashed: the rate of Theorem 3.1 with constant 1."
    ),
    runs=(
        *(Run(_label(GLOW_LABEL, m), _glow(m), _instance(m), ROUNDS, 3, full_runs=10) for m in BLOCKS),
        *(
            Run(_label(_ucb(bonus), m), _learner(bonus), _tabular(m), EPISODES, 3, full_runs=10)
            for bonus in BONUSES
            for m in BLOCKS
        ),
    ),
)


def draw(recorded: dict[str, Trace]) -> Figure:
    """Regret at the horizon against m, log-log."""
    figure, axes = new_axes("Lock behind rich observations (H = 2, A = 2)", "observations per latent state m", "regret")
    for label, marker, color in zip((GLOW_LABEL, *map(_ucb, BONUSES)), "osv", PALETTE):
        ends = [recorded[_label(label, m)].regret[:, -1] for m in BLOCKS]
        middle = np.array([end.mean() for end in ends])
        spread = np.array([[m - end.min(), end.max() - m] for m, end in zip(middle, ends)]).T
        axes.errorbar(BLOCKS, middle, spread, marker=marker, capsize=3, label=label, color=color, fillstyle="none")
    rates = [
        float(theorem("glow/regret").bound(_lock(m), practical(_lock(m), ROUNDS, DELTA), np.array([float(ROUNDS)]))[0])
        for m in BLOCKS
    ]
    plot_line(axes, BLOCKS, rates, r"$H\sqrt{C_{cov}\,T\,\log(|F||W|/\delta)}$ (rate)", "bound")
    axes.set_xticks(BLOCKS, [str(m) for m in BLOCKS])
    axes.minorticks_off()
    axes.legend(fontsize=7)
    return figure
