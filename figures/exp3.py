"""Exp3: regret divided by sqrt(KT) against the number of arms, on the hidden arm of the minimax lower bound."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from bandits.adversaries.hidden import HiddenArm
from bandits.algorithms.exp3 import tuned
from bandits.algorithms.tsallis_inf import TsallisINF
from kernels.engine import Trace
from proofs_check.experiment import Experiment, Run
from proofs_check.plotting import PALETTE, new_axes, plot_line
from theory.lower_bounds import minimax_engine_best
from theory.theorems import theorem

ARMS = (2, 4, 8, 16, 32, 64)
HORIZON = 10_000


def hidden(n_arms: int) -> HiddenArm:
    """One arm better by 2 sqrt(K / T)."""
    return HiddenArm(n_arms, 2.0 * math.sqrt(n_arms / HORIZON))


RULES: dict[str, Callable[[int], Any]] = {"Exp3": lambda k: tuned(k, HORIZON), "Tsallis-INF": lambda k: TsallisINF()}


def _run(name: str, n_arms: int) -> Run:
    return Run(
        f"{name}, {n_arms} arms",
        lambda: RULES[name](n_arms),
        lambda: hidden(n_arms),
        HORIZON,
        40,
        full_runs=1000,
    )


EXPERIMENT = Experiment(
    slug="exp3",
    title="Exp3: regret per sqrt(KT) on the hidden arm",
    caption=(
        f"Exp3 (rate of Lattimore and Szepesvari 2020, Theorem 11.2) and Tsallis-INF (importance weighting) at T = "
        f"{HORIZON}: all arms lose like coins of mean (1 + e)/2, one hidden arm (1 - e)/2, e = 2 sqrt(K/T). Points: "
        "mean regret with a 10-90 % band of the runs; dashed: the bounds sqrt(2 log K) and 4 - 2/sqrt K; dotted: what "
        "Bubeck and Cesa-Bianchi 2012, Lemma 3.2, proves for every algorithm at its own best e; grey: the regret of "
        "never finding the arm."
    ),
    runs=tuple(_run(name, k) for k in ARMS for name in RULES),
)


def draw(recorded: dict[str, Trace]) -> Figure:
    """One colour for each algorithm, one point for each number of arms."""
    figure, axes = new_axes(
        f"Exp3 on the hidden arm, $T = {HORIZON}$", "number of arms $K$", r"regret $R_T / \sqrt{KT}$", log="x"
    )
    arms = np.array(ARMS, dtype=float)
    root = np.sqrt(arms * HORIZON)
    for name, slug, color in zip(RULES, ("exp3/regret", "tsallis-inf/iw"), PALETTE):
        samples = [recorded[f"{name}, {k} arms"].regret[:, -1] for k in ARMS]
        mean = np.array([sample.mean() for sample in samples]) / root
        low, high = np.array([np.quantile(sample, [0.1, 0.9]) for sample in samples]).T / root
        axes.plot(arms, mean, "o-", color=color, label=f"{name} (n = {len(samples[0])})", markersize=4)
        axes.fill_between(arms, low, high, color=color, alpha=0.18, linewidth=0)
        bound = [theorem(slug).bound(hidden(k), None, np.array([float(HORIZON)]))[0] for k in ARMS]
        plot_line(axes, arms, np.array(bound) / root, f"{name}, theorem", "bound", color)
    lower = np.array([minimax_engine_best(k, HORIZON)[0] for k in ARMS])
    plot_line(axes, arms, lower / root, "lower bound for all algorithms", "lower")
    trivial = np.array([hidden(k).trivial_regret(np.array([HORIZON]))[0] * (1 - 1 / k) for k in ARMS])
    axes.plot(arms, trivial / root, color="grey", linewidth=1.0, label="uniform play")
    axes.set_xticks(ARMS, [str(k) for k in ARMS])
    axes.minorticks_off()
    axes.set_ylim(0.0, 5.6)
    axes.legend(fontsize=7, ncols=2, loc="upper left")
    return figure
