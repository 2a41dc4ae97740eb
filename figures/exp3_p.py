"""Exp3.P beside Exp3 and Exp3-IX: upper quantiles of the realised regret against what is promised with probability."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from bandits.adversaries.hidden import HiddenArm
from bandits.algorithms import exp3, exp3_ix, exp3_p
from kernels.engine import Trace
from proofs_check.experiment import Experiment, Run
from proofs_check.plotting import PALETTE, new_axes, plot_line
from theory.lower_bounds import minimax_engine_best
from theory.theorems import theorem

ARMS = (2, 4, 8, 16, 32)
HORIZON, DELTA = 10_000, 0.05


def hidden(n_arms: int) -> HiddenArm:
    """One arm better by 2 sqrt(K / T)."""
    return HiddenArm(n_arms, 2.0 * float(np.sqrt(n_arms / HORIZON)))


RULES = {
    "Exp3.P": lambda k: exp3_p.tuned_for(k, HORIZON, DELTA),
    "Exp3-IX": lambda k: exp3_ix.tuned(k, HORIZON, DELTA),
    "Exp3": lambda k: exp3.tuned(k, HORIZON),
}
BOUNDS = {"Exp3.P": ("exp3-p/regret-delta", "exp3-p/untuned"), "Exp3-IX": ("exp3-ix/regret",)}

EXPERIMENT = Experiment(
    slug="exp3-p",
    title="Exp3.P: regret with high probability",
    caption=(
        f"Hidden arm, advantage 2 sqrt(K/T), T = {HORIZON}: 95 % quantile of realised regret over sqrt(KT) (points) "
        f"and its median (small points). Dashed, at delta = {DELTA:g}: 5.15 sqrt(TK log(K/delta)) and the untuned form "
        "(3.12) for Exp3.P (Bubeck and Cesa-Bianchi 2012), Theorem 12.1 (1) of Lattimore and Szepesvari 2020 for "
        "Exp3-IX. Dotted: Lemma 3.2 of Bubeck and Cesa-Bianchi, in expectation, for every algorithm."
    ),
    runs=tuple(
        Run(f"{name}, {k} arms", lambda name=name, k=k: RULES[name](k), lambda k=k: hidden(k), HORIZON, 60,  # type: ignore[misc]
            full_runs=2000)
        for k in ARMS
        for name in RULES
    ),
)  # fmt: skip


def draw(recorded: dict[str, Trace]) -> Figure:
    """One colour for each rule, one point for each number of arms."""
    figure, axes = new_axes(
        f"Realised regret on the hidden arm, $T = {HORIZON}$", "number of arms $K$",
        r"$\hat R_T / \sqrt{KT}$", log="x",
    )  # fmt: skip
    arms = np.array(ARMS, dtype=float)
    root = np.sqrt(arms * HORIZON)
    horizon = np.array([float(HORIZON)])
    for (name, build), color in zip(RULES.items(), PALETTE):
        samples = [recorded[f"{name}, {k} arms"].extra["realised"][:, -1] for k in ARMS]
        high = np.array([np.quantile(s, 0.95) for s in samples]) / root
        axes.plot(arms, high, "o-", color=color, markersize=4, label=f"{name}, 95 % quantile (n = {len(samples[0])})")
        axes.plot(arms, np.array([np.median(s) for s in samples]) / root, ".:", color=color, alpha=0.6)
        for slug, shade in zip(BOUNDS.get(name, ()), (color, PALETTE[4])):
            bound = np.array([theorem(slug).bound(hidden(k), build(k), horizon)[0] for k in ARMS])
            label = {"exp3-p/untuned": "Exp3.P, (3.12)"}.get(slug, f"{name}, theorem")
            plot_line(axes, arms, bound / root, label, "bound", shade)
    lower = np.array([minimax_engine_best(k, HORIZON)[0] for k in ARMS])
    plot_line(axes, arms, lower / root, "lower bound for all algorithms", "lower")
    axes.set_xticks(ARMS, [str(k) for k in ARMS])
    axes.minorticks_off()
    axes.set_ylim(0.0, 18.0)
    axes.legend(fontsize=7, ncols=2, loc="upper left")
    return figure
