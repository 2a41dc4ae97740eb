"""Hedge on fair coins: the exact price that every algorithm pays climbs to the bound as the number of arms grows."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from bandits.adversaries.bernoulli import BernoulliLosses
from bandits.algorithms.hedge import anytime, tuned
from kernels.engine import Trace
from proofs_check.experiment import Experiment, Run
from proofs_check.plotting import PALETTE, new_axes, plot_line
from theory.lower_bounds import experts_coin_flips
from theory.theorems import theorem

ARMS = (2, 4, 8, 16, 64, 256)
HORIZON = 2_000

RULES = {"tuned": lambda k: tuned(k, HORIZON), "anytime": lambda k: anytime(k)}


def coins(n_arms: int) -> BernoulliLosses:
    """Every loss is a fair coin."""
    return BernoulliLosses(np.full(n_arms, 0.5))


EXPERIMENT = Experiment(
    slug="hedge",
    title="Hedge on fair coins",
    caption=(
        f"Full information, losses are fair coins, T = {HORIZON}: mean realised regret over sqrt((T/2) log K), four "
        "standard errors, Hedge with the tuned rate and with eta_t = 2 sqrt(log K/t). Dotted: T/2 - E min_i "
        "Bin(T, 1/2), the exact expected regret of EVERY algorithm. Dashed: the bounds sqrt((T/2) log K) (tuned) "
        "and sqrt(T log K) (anytime)."
    ),
    runs=tuple(
        Run(f"{name}, {k} arms", lambda name=name, k=k: RULES[name](k), lambda k=k: coins(k), HORIZON, 100,  # type: ignore[misc]
            full_runs=4000)
        for k in ARMS
        for name in RULES
    ),
)  # fmt: skip


def draw(recorded: dict[str, Trace]) -> Figure:
    """One point for each number of arms and schedule."""
    figure, axes = new_axes(
        f"Hedge on fair coins, $T = {HORIZON}$", "number of arms $K$",
        r"realised regret / $\sqrt{(T/2)\,\log K}$", log="x",
    )  # fmt: skip
    arms = np.array(ARMS, dtype=float)
    unit = np.sqrt(0.5 * HORIZON * np.log(arms))
    horizon = np.array([float(HORIZON)])
    for name, slug, color, side in zip(RULES, ("regret", "anytime"), PALETTE, (0.96, 1.04)):
        samples = [recorded[f"{name}, {k} arms"].extra["realised"][:, -1] for k in ARMS]
        mean = np.array([s.mean() for s in samples]) / unit
        error = 4.0 * np.array([s.std(ddof=1) / np.sqrt(len(s)) for s in samples]) / unit
        axes.errorbar(
            arms * side, mean, error, fmt="o", color=color, capsize=3, markersize=4,
            label=f"{name} (n = {len(samples[0])})",
        )  # fmt: skip
        bound = np.array([theorem(f"hedge/{slug}").bound(coins(k), None, horizon)[0] for k in ARMS])
        plot_line(axes, arms, bound / unit, f"{name}, theorem", "bound", color)
    exact = np.array([experts_coin_flips(k, HORIZON) for k in ARMS])
    plot_line(axes, arms, exact / unit, "every algorithm (exact lower bound)", "lower")
    axes.set_xticks(ARMS, [str(k) for k in ARMS])
    axes.minorticks_off()
    axes.set_ylim(0.0, 1.9)
    axes.legend(fontsize=7, ncols=2, loc="lower right")
    return figure
