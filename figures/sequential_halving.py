"""Sequential halving: the probability of a wrong answer over the budget."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from bandits.algorithms.sequential_halving import SequentialHalving
from bandits.instances.bernoulli import BernoulliBandit, bernoulli
from kernels.engine import Trace
from proofs_check.experiment import Experiment, Run
from proofs_check.identification import wrong_answer
from proofs_check.plotting import PALETTE, new_axes, plot_line
from proofs_check.statistics import clopper_pearson
from theory.theorems.sequential_halving import error_probability

BUDGETS = (50, 100, 200, 400, 800, 1600)


def instance() -> BernoulliBandit:
    """Eight arms, the best by a tenth."""
    return bernoulli(0.6, *[0.5] * 3, *[0.4] * 4)


def run(budget: int) -> Run:
    """One budget."""
    return Run(f"T = {budget}", lambda: SequentialHalving(budget), instance, budget, 2_000, full_runs=100_000)


EXPERIMENT = Experiment(
    slug="sequential-halving",
    title="Sequential halving: errors over the budget",
    caption=(
        "Share of wrong answers of sequential halving on eight Bernoulli arms (0.6, 3 x 0.5, 4 x 0.4), with exact "
        "95 % limits. Dashed: 3 log2(K) exp(-T/(16 sigma^2 H_2 log2 K)), sigma = 1/2, vacuous where it exceeds one; "
        "dotted, from T = 1 on: the fixed-budget lower bound exp(-400 T/(H log K))/6 (Carpentier and Locatelli 2016, "
        "constants not re-read in the source), which leaves the frame at T = 20."
    ),
    runs=tuple(run(budget) for budget in BUDGETS),
)


def draw(recorded: dict[str, Trace]) -> Figure:
    """Errors over the budget, logarithmic."""
    figure, axes = new_axes("Eight Bernoulli arms", "budget $T$", "share of wrong answers")
    bandit = instance()
    counts = [wrong_answer(recorded[f"T = {budget}"], bandit, None) for budget in BUDGETS]
    limits = np.array([clopper_pearson(int(c.sum()), len(c), 0.05) for c in counts])
    means = np.array([c.mean() for c in counts])
    axes.fill_between(BUDGETS, np.maximum(limits[:, 0], 1e-6), limits[:, 1], color=PALETTE[0], alpha=0.2)
    axes.plot(BUDGETS, np.where(means > 0.0, means, np.nan), color=PALETTE[0], marker="o", label="sequential halving")
    t = np.geomspace(1.0, 20_000, 400)
    plot_line(axes, t, error_probability(0.5, bandit.means, t), "theorem", "bound", PALETTE[0])
    gaps = bandit.gaps[bandit.gaps > 0.0]
    hardness = float((gaps**-2.0).sum())
    lower = np.exp(-400.0 * t / (hardness * np.log(bandit.n_arms))) / 6.0
    plot_line(axes, t, lower, "lower bound", "lower", "black")
    axes.set_ylim(1e-4, 30.0)
    axes.legend(fontsize=8)
    return figure
