"""The index policies of the stochastic bandit on one instance, with the Lai-Robbins slope and the minimax line."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from bandits.algorithms.alpha_ucb import AlphaUCB
from bandits.algorithms.asymptotically_optimal_ucb import AsymptoticallyOptimalUCB
from bandits.algorithms.bayes_ucb import BayesUCB
from bandits.algorithms.imed import IMED
from bandits.algorithms.kl_ucb import KLUCB
from bandits.algorithms.kl_ucb_plus_plus import KLUCBPlusPlus
from bandits.algorithms.moss import MOSS
from bandits.algorithms.moss_anytime import MOSSAnytime
from bandits.algorithms.thompson_beta import ThompsonBeta
from bandits.algorithms.ucb1 import UCB1
from bandits.algorithms.ucb_tuned import UCBTuned
from bandits.algorithms.ucb_v import UCBV
from bandits.instances.bernoulli import BernoulliBandit, bernoulli
from kernels.engine import Trace
from proofs_check.experiment import Experiment, Run
from proofs_check.plotting import PALETTE, new_axes, plot_line
from theory.lower_bounds import minimax_engine_best

HORIZON, N_RUNS = 20_000, 40
#: A solved quantile a round is a hundred times the work of the others: fewer runs.
BAYES, FEWER = "Bayes-UCB, c = 5 (knows T)", 5


def instance() -> BernoulliBandit:
    """Ten arms of small means (Garivier and Cappe 2011, scenario 2; Kaufmann, Korda and Munos 2012)."""
    return bernoulli(0.1, *[0.05] * 3, *[0.02] * 3, *[0.01] * 3)


#: Policies in families, one line style each: (label, () -> hyper-parameters).
FAMILIES: dict[str, tuple[tuple[str, Callable[[], Any]], ...]] = {
    "-": (
        ("UCB1", UCB1),
        ("alpha-UCB, alpha = 3", AlphaUCB),
        ("asymptotically optimal UCB", lambda: AsymptoticallyOptimalUCB(0.5)),
        ("UCB-V", UCBV),
        ("UCB1-Tuned (no theorem)", UCBTuned),
    ),
    "--": (
        ("MOSS (knows T)", MOSS),
        ("MOSS-anytime", MOSSAnytime),
    ),
    "-.": (
        ("KL-UCB", KLUCB),
        ("KL-UCB++ (knows T)", KLUCBPlusPlus),
        ("IMED", IMED),
        (BAYES, BayesUCB),
        ("Thompson, Beta(1, 1)", ThompsonBeta),
    ),
}

EXPERIMENT = Experiment(
    slug="ucb-family",
    title="Index policies on ten Bernoulli arms of small means",
    caption=(
        "Mean regret on Bernoulli arms of means 0.1, 0.05 (3), 0.02 (3), 0.01 (3), each algorithm with the parameters "
        f"of its theorem (if it has one). T = {HORIZON} is told to those that need it. Solid: Hoeffding and Bernstein "
        "widths; dashed: the MOSS family; dash-dotted: those built on the Bernoulli law. Dotted black: the asymptotic "
        "slope of Lai and Robbins, 17.45 log T, a slope and not a bound at these horizons. Dotted grey: what the worst "
        "of all ten-armed Bernoulli instances costs every algorithm at horizon T (Bubeck and Cesa-Bianchi 2012, Lemma "
        "3.2), which this easier instance may fall below. Grey: T times the largest gap."
    ),
    runs=tuple(
        Run(label, build, instance, HORIZON, N_RUNS, full_runs=2000)
        if label != BAYES
        else Run(label, build, instance, HORIZON, FEWER, full_runs=100)
        for family in FAMILIES.values()
        for label, build in family
    ),
)


def draw(recorded: dict[str, Trace]) -> Figure:
    """Regret over time, on logarithmic axes."""
    figure, axes = new_axes("Ten Bernoulli arms, best mean 0.1", "round $T$", "mean regret $R_T$", size=(8.2, 4.6))
    bandit = instance()
    colors = [color for color in PALETTE if color not in ("#000000", "#F0E442")]
    for style, family in FAMILIES.items():
        for (label, _), color in zip(family, colors):
            trace = recorded[label]
            axes.plot(
                trace.checkpoints, trace.regret.mean(axis=0), style, color=color, linewidth=1.5,
                label=f"{label} (n = {trace.n_runs})",
            )  # fmt: skip
    t = next(iter(recorded.values())).checkpoints.astype(float)
    t = t[t >= 100.0]
    top = 1.2 * max(float(trace.regret.mean(axis=0)[-1]) for trace in recorded.values())
    plot_line(axes, t, bandit.lai_robbins * np.log(t), "Lai-Robbins slope", "lower")
    worst = [minimax_engine_best(bandit.n_arms, float(horizon))[0] for horizon in t]
    plot_line(axes, t, worst, "minimax: worst instance (Lemma 3.2)", "lower", "#7F7F7F")
    axes.plot(t, bandit.trivial_regret(t), color="black", alpha=0.35, linewidth=1.0, label="trivial: largest gap x T")
    axes.set_xlim(100.0, t[-1])
    axes.set_ylim(5.0, top)
    axes.legend(fontsize=7, loc="center left", bbox_to_anchor=(1.0, 0.5))
    return figure
