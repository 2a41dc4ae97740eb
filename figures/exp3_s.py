"""Exp3.S beside Exp3 and Exp3-IX where the best arm switches: regret against the best arm of every round."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from matplotlib.figure import Figure

from bandits.adversaries.switching import SwitchingLosses
from bandits.algorithms import exp3, exp3_ix, exp3_s
from kernels.engine import Trace
from proofs_check.claims.exp3_s import minimax_segments, switching_cost
from proofs_check.experiment import Experiment, Run
from proofs_check.plotting import PALETTE, new_axes, plot_line, plot_regret
from theory.theorems import theorem

ARMS, PERIOD, SEGMENTS = 2, 4_000, 5
HORIZON = PERIOD * SEGMENTS


def switching() -> SwitchingLosses:
    """Losses 0 for the best arm and 1 for the other; they change places every 4,000 rounds."""
    return SwitchingLosses(ARMS, PERIOD)


RULES = {
    "Exp3.S": lambda: exp3_s.tuned(ARMS, HORIZON, SEGMENTS),
    "Exp3": lambda: exp3.tuned(ARMS, HORIZON),
    "Exp3-IX": lambda: exp3_ix.tuned(ARMS, HORIZON),
}

EXPERIMENT = Experiment(
    slug="exp3-s",
    title="Exp3.S where the best arm switches",
    caption=(
        f"Two arms that lose 0 and 1 and change places every {PERIOD} rounds; regret against the best arm of every "
        f"round, mean and 10-90 % band. All rates are tuned for T = {HORIZON}, Exp3.S for {SEGMENTS} segments. Dashed: "
        "K (S log(KT) + e)/gamma + (e-1) gamma t with the S of round t (Auer et al. 2002, Th. 8.1); dotted: S hidden "
        "arms of Bubeck and Cesa-Bianchi 2012, Lemma 3.2 (worst instance); grey: the worse arm in every round."
    ),
    runs=tuple(Run(label, build, switching, HORIZON, 20, full_runs=500) for label, build in RULES.items()),
)


def draw(recorded: dict[str, Trace]) -> Figure:
    """One colour for each rule."""
    figure, axes = new_axes("A best arm that switches", "round $T$", "regret against the switching arm", log="")
    for (label, _), color in zip(RULES.items(), PALETTE):
        trace = recorded[label]
        moving = trace.regret + switching_cost(switching(), trace.checkpoints)
        plot_regret(axes, replace(trace, regret=moving), label, color)
    t = np.linspace(100, HORIZON, 400)
    bound = theorem("exp3-s/untuned").bound(switching(), RULES["Exp3.S"](), t)
    plot_line(axes, t, bound, "Exp3.S, theorem", "bound", PALETTE[0])
    plot_line(axes, t, minimax_segments(switching(), t), "lower bound (worst instance)", "lower")
    axes.plot(t, t, color="grey", linewidth=1.0, label="trivial: T")
    axes.set_ylim(0.0, 0.6 * HORIZON)
    axes.legend(fontsize=7, loc="upper left")
    return figure
