"""UCRL-RFE: suboptimality against the number of episodes, exact maximisation and its surrogate."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from kernels.engine import Trace
from mdps.algorithms.ucrl_rfe import PRACTICAL_RADIUS, UCRLRFE
from mdps.algorithms.ucrl_rfe_l1 import UCRLRFEL1
from mdps.instances.reward_free import three_state_hard
from mdps.reward_free import RewardFreeMDP
from proofs_check.experiment import Experiment, Run
from proofs_check.plotting import PALETTE, new_axes, plot_line, plot_regret
from theory.theorems import theorem

DELTA, HORIZON, FULL = 0.1, 400, 4000
GAP = 0.05


def instance() -> RewardFreeMDP:
    """Three states, four actions, four stages."""
    return three_state_hard(3, 4, gap=GAP)


LABELS = (
    "theorem's radius",
    f"practical: radius x {PRACTICAL_RADIUS:g}",
    f"1-norm surrogate, practical: radius x {PRACTICAL_RADIUS:g}",
)

EXPERIMENT = Experiment(
    slug="ucrl-rfe",
    title="UCRL-RFE: suboptimality after reward-free exploration",
    caption=(
        f"UCRL-RFE on the three-state instance with d = 3, H = 4 and gap {GAP:g}: the largest loss over R of the "
        "policies planned after k episodes, mean and 10-90 % band. With the theorem's radius (delta = 0.1) nothing is "
        "learnt before the bonuses fall below their cut; with a practical radius (no theorem) some tens of episodes "
        "do. Dashed: the bound put together from the proof, vacuous here. Curves end where every run has loss 0."
    ),
    runs=(
        Run(LABELS[0], lambda: UCRLRFE(FULL, DELTA), instance, HORIZON, 8, full_horizon=FULL, full_runs=20),
        Run(LABELS[1], lambda: UCRLRFE(FULL, DELTA, PRACTICAL_RADIUS), instance, HORIZON, 8, full_horizon=FULL,
            full_runs=20),
        Run(LABELS[2], lambda: UCRLRFEL1(FULL, DELTA, PRACTICAL_RADIUS), instance, HORIZON, 8, full_horizon=FULL,
            full_runs=20),
    ),
)  # fmt: skip


def draw(recorded: dict[str, Trace]) -> Figure:
    """Suboptimality against episodes."""
    figure, axes = new_axes("UCRL-RFE, three states, d = 3, H = 4", "episodes $k$", "suboptimality, worst $r$ in $R$")
    for label, color in zip(LABELS, PALETTE):
        plot_regret(axes, recorded[label], label, color)
    model = instance()
    k = np.geomspace(1, 10.0 * recorded[LABELS[0]].checkpoints[-1], 40)
    bound = theorem("ucrl-rfe/suboptimality").bound(model, UCRLRFE(FULL, DELTA), k)
    plot_line(axes, k, bound, "Zhang et al. 2021, from the proof", "bound")
    axes.axhline(model.largest_loss, color="0.6", linewidth=1.0, label="largest possible loss")
    axes.set_ylim(1e-3, 1e8)
    axes.legend(fontsize=7, loc="upper right")
    return figure
