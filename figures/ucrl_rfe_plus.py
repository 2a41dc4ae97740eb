"""UCRL-RFE+: suboptimality against the number of episodes, beside UCRL-RFE."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from figures.ucrl_rfe import DELTA, FULL, GAP, HORIZON, instance
from kernels.engine import Trace
from mdps.algorithms import ucrl_rfe, ucrl_rfe_plus
from mdps.algorithms.ucrl_rfe import UCRLRFE
from mdps.algorithms.ucrl_rfe_plus import UCRLRFEPlus
from proofs_check.experiment import Experiment, Run
from proofs_check.plotting import PALETTE, new_axes, plot_line, plot_regret
from theory.theorems import theorem

SMALL, SMALL_PLUS = ucrl_rfe.PRACTICAL_RADIUS, ucrl_rfe_plus.PRACTICAL_RADIUS
LABELS = (
    "UCRL-RFE+, theorem's radii",
    f"UCRL-RFE+, practical: radii x {SMALL_PLUS:g}",
    f"UCRL-RFE, practical: radius x {SMALL:g}",
)

EXPERIMENT = Experiment(
    slug="ucrl-rfe-plus",
    title="UCRL-RFE+: suboptimality after reward-free exploration",
    caption=(
        f"UCRL-RFE+ and UCRL-RFE on three states with d = 3, H = 4 and gap {GAP:g}: the largest loss over R "
        "of the policies planned after k episodes, mean and 10-90 % band. Practical radii: no theorem. Dashed: the "
        "theorem's order sqrt(H^4 d (H + d)/K) without a constant, so only its slope speaks."
    ),
    runs=(
        Run(LABELS[0], lambda: UCRLRFEPlus(FULL, DELTA), instance, HORIZON, 8, full_horizon=FULL, full_runs=20),
        Run(LABELS[1], lambda: UCRLRFEPlus(FULL, DELTA, SMALL_PLUS), instance, HORIZON, 8, full_horizon=FULL,
            full_runs=20),
        Run(LABELS[2], lambda: UCRLRFE(FULL, DELTA, SMALL), instance, HORIZON, 8, full_horizon=FULL, full_runs=20),
    ),
)  # fmt: skip


def draw(recorded: dict[str, Trace]) -> Figure:
    """Suboptimality against episodes."""
    figure, axes = new_axes("UCRL-RFE+, three states, d = 3, H = 4", "episodes $k$", "suboptimality, worst $r$ in $R$")
    for label, color in zip(LABELS, PALETTE):
        plot_regret(axes, recorded[label], label, color)
    model = instance()
    k = np.geomspace(1, recorded[LABELS[0]].checkpoints[-1], 40)
    order = theorem("ucrl-rfe-plus/order").bound(model, UCRLRFEPlus(FULL), k)
    plot_line(axes, k, order, "order of the theorem", "bound")
    axes.axhline(model.largest_loss, color="0.6", linewidth=1.0, label="largest possible loss")
    axes.set_ylim(1e-3, 1e5)
    axes.legend(fontsize=7, loc="upper right")
    return figure
