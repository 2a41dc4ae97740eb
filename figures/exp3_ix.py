"""Exp3 against Exp3-IX: the distribution of the realised regret, where importance weighting has a heavy tail."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from bandits.adversaries.sequence import LossSequence
from bandits.algorithms import exp3, exp3_ix
from kernels.engine import Trace
from proofs_check.experiment import Experiment, Run
from proofs_check.plotting import PALETTE, new_axes
from theory.theorems import theorem

HORIZON = 10_000
#: Loss of the second arm throughout.
STEADY = 0.2


def turning() -> LossSequence:
    """Arm 0 loses nothing in the first half and 1 in the second; arm 1 always loses 0.2 (it is the better one).

    By half-time arm 1 has nearly no probability: an Exp3 whose last estimate of it was l/p with a tiny p does not
    come back in time. (A variant of the example in Lattimore and Szepesvari 2020, Section 11.5.)
    """
    losses = np.zeros((HORIZON, 2))
    losses[:, 1] = STEADY
    losses[HORIZON // 2 :, 0] = 1.0
    return LossSequence(losses, name="turning losses")


RULES = {
    "Exp3": lambda: exp3.tuned(2, HORIZON),
    "Exp3-IX": lambda: exp3_ix.tuned(2, HORIZON),
    "Exp3-IX at Exp3's rate": lambda: exp3_ix.neu(2, HORIZON),
}

EXPERIMENT = Experiment(
    slug="exp3-ix",
    title="Exp3 and Exp3-IX: tails of the realised regret",
    caption=(
        f"Share of the runs whose realised regret exceeds x, T = {HORIZON}, two arms: arm 0 loses 0 in the first half "
        f"and 1 in the second, arm 1 always {STEADY}. Exp3 keeps its promise in expectation (triangles: means; dashed: "
        "Lattimore and Szepesvari 2020, Theorem 11.2) but a share of its runs loses thousands; Exp3-IX at the same "
        "rate does not. Crosses: the theorem's bound 12.1 (1) on Exp3-IX at each failure probability."
    ),
    runs=tuple(Run(label, build, turning, HORIZON, 1000, full_runs=50_000) for label, build in RULES.items()),
)


def draw(recorded: dict[str, Trace]) -> Figure:
    """Survival functions on a logarithmic scale."""
    figure, axes = new_axes(
        "Realised regret of Exp3 and Exp3-IX", "regret $x$", r"share of runs with $\hat R_T > x$", log="y"
    )
    for (label, trace), color in zip(recorded.items(), PALETTE):
        sample = np.sort(trace.extra["realised"][:, -1])
        share = 1.0 - np.arange(len(sample)) / len(sample)
        axes.plot(
            sample, share, drawstyle="steps-pre", color=color, label=f"{label} (n = {len(sample)})", linewidth=1.6
        )
        axes.plot([sample.mean()], [1.0], "v", color=color, markersize=6, clip_on=False, zorder=5)
    bound = float(theorem("exp3/regret").bound(turning(), None, np.array([float(HORIZON)]))[0])
    axes.axvline(bound, color=PALETTE[0], linestyle="--", linewidth=1.2, label="Exp3: bound on the mean")
    deltas = np.geomspace(1.0 / len(next(iter(recorded.values())).regret), 0.5, 12)
    levels = [
        theorem("exp3-ix/regret").bound(turning(), exp3_ix.tuned(2, HORIZON, delta), np.array([float(HORIZON)]))[0]
        for delta in deltas
    ]
    axes.plot(levels, deltas, "x", color=PALETTE[1], markersize=5, label="Exp3-IX: bound at probability $\\delta$")
    axes.set_ylim(top=1.0)
    axes.legend(fontsize=7, loc="lower right")
    return figure
