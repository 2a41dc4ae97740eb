"""Stability of one step against a negative loss, log-barrier and entropy, and the regret of the bandit forms."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure
from matplotlib.gridspec import GridSpec

from bandits.adversaries.constrained import StochasticallyConstrained
from bandits.algorithms import refined_log_barrier
from kernels.engine import Trace
from proofs_check.claims.exp3 import minimax
from proofs_check.claims.refined_log_barrier_iw import tuned
from proofs_check.experiment import Experiment, Run
from proofs_check.plotting import PALETTE, new_axes, plot_line, plot_regret
from theory.regularisers import LogBarrier, Shannon
from theory.theorems import theorem

ARMS, GAP, HORIZON = 3, 0.5, 10_000
#: Probabilities of the arm with the negative loss in the left panel.
SHARES = (1e-1, 1e-4)


def instance() -> StochasticallyConstrained:
    """Levels jump, arm 0 is better by 1/2 throughout."""
    return StochasticallyConstrained(ARMS, GAP)


RULES = {
    "gain estimator": lambda: refined_log_barrier.tuned(HORIZON),
    "importance weighting": lambda: tuned(HORIZON),
}

EXPERIMENT = Experiment(
    slug="refined-log-barrier",
    title="Refined log-barrier lemma",
    caption=(
        "Left: stability of one step over eta sum x l^2 for x = (q, 1 - q) and eta l = (-z, 0). The log-barrier stays "
        "below 1/2 whatever z (dashed: constants 1 of Dai et al. 2023 and 1/2); entropy leaves both once z > 1 and is "
        "269.7 at q = 1e-4, z = 20 (circle). Right: log-barrier FTRL without exploration, "
        f"K = {ARMS}, gap {GAP:g}, eta = sqrt(2 log T/T) at T = {HORIZON}: mean regret and 10-90 % band; dashed: "
        "A log T/eta + (eta/2) A T + 1; dotted: Bubeck and Cesa-Bianchi 2012, Lemma 3.2 (worst instance); grey: gap T."
    ),
    runs=tuple(Run(label, build, instance, HORIZON, 20, full_runs=500) for label, build in RULES.items()),
)


def draw(recorded: dict[str, Trace]) -> Figure:
    """The lemma on the left, its corollaries on the right."""
    figure, left = new_axes(
        "one step of FTRL", r"size of the negative loss $z = -\eta\ell$", r"stab$_t\,/\,(\eta \sum x\ell^2)$",
        size=(9.6, 4.0),
    )  # fmt: skip
    grid = GridSpec(1, 2, figure=figure)
    left.set_subplotspec(grid[0])
    right = figure.add_subplot(grid[1])
    z = np.geomspace(1e-2, 1e3, 80)
    for share, style in zip(SHARES, ("-", "-.")):
        x = np.array([share, 1.0 - share])
        # Losses that make x the leader at eta = 1: -log x for entropy, 1/x for the barrier.
        for psi, start, name, color in (
            (LogBarrier(), 1.0 / x, "log-barrier", PALETTE[0]),
            (Shannon(), -np.log(x), "entropy", PALETTE[1]),
        ):
            ratio = [psi.stability(start, np.array([-s, 0.0]), 1.0) / (share * s * s) for s in z]
            left.plot(z, ratio, style, color=color, label=f"{name}, q = {share:g}", linewidth=1.6)
    x = np.array([1e-4, 1.0 - 1e-4])
    worst = Shannon().stability(-np.log(x), np.array([-20.0, 0.0]), 1.0) / 0.04
    left.plot(20.0, worst, "o", mfc="none", color="black", label=f"{worst:.1f} at z = 20")
    plot_line(left, z[[0, -1]], [1.0, 1.0], "constant 1 (paper)", "bound")
    plot_line(left, z[[0, -1]], [0.5, 0.5], "constant 1/2", "bound", "grey")
    left.set_ylim(1e-5, 1e5)
    left.legend(fontsize=7, loc="upper left")
    for (label, _), color in zip(RULES.items(), PALETTE[2:]):
        plot_regret(right, recorded[label], label, color)
    t = recorded["gain estimator"].checkpoints.astype(float)
    right.set(
        title="bandit feedback, no exploration", xlabel="round $T$", ylabel="regret $R_T$", xscale="log", yscale="log"
    )
    right.spines[["top", "right"]].set_visible(False)
    right.grid(alpha=0.25)
    bound = theorem("refined-log-barrier/bandit").bound(instance(), refined_log_barrier.tuned(HORIZON), t)
    plot_line(right, t[t >= 2], bound[t >= 2], "theorem", "bound")
    enough = t >= ARMS
    plot_line(right, t[enough], minimax(instance(), t[enough]), "lower bound (worst instance)", "lower")
    right.plot(t, GAP * t, color="grey", linewidth=1.0, label="gap x T")
    right.set_xlim(left=10.0)
    right.set_ylim(0.5, 2e4)
    right.legend(fontsize=7, loc="upper left")
    return figure
