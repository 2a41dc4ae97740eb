"""Hybrid RL: risk of H2O with three base algorithms against the number of rounds (figure D)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from matplotlib.figure import Figure

from kernels.engine import Trace
from mdps.algorithms.h2o import FQI, H2O, MLE, practical
from mdps.function_classes import FunctionApproximation
from mdps.instances.function_classes import lock_class
from proofs_check.experiment import Experiment, Run
from proofs_check.plotting import PALETTE, new_axes, plot_line
from theory.theorems import theorem

ROUNDS = 200
RUNS, FULL_RUNS = 6, 20
DELTA = 0.1
#: Share of the optimal policy in the offline law -> line style; with H = 4 C_* is 16, 4 and 1.
SHARES = {0.0: ":", 0.2: "--", 1.0: "-"}


def _lock(share: float) -> FunctionApproximation:
    return lock_class(4, offline_optimal=share)


def _instance(share: float) -> Callable[[], FunctionApproximation]:
    return lambda: _lock(share)


def _mabo(share: float) -> Callable[[], H2O]:
    return lambda: practical(_lock(share), ROUNDS, DELTA)


def _plain(params: H2O) -> Callable[[float], Callable[[], H2O]]:
    return lambda share: lambda: params


ALGORITHMS: dict[str, tuple[Callable[[float], Callable[[], H2O]], tuple[float, ...]]] = {
    "HyGLOW (practical: alpha x 0.01)": (_mabo, tuple(SHARES)),
    "H2O + FQI": (_plain(H2O(FQI(), DELTA)), tuple(SHARES)),
    "H2O + MLE": (_plain(H2O(MLE(), DELTA)), (0.2,)),
    "FQI, purely offline": (_plain(H2O(FQI(), DELTA, online_share=0)), tuple(SHARES)),
    "FQI, purely online": (_plain(H2O(FQI(), DELTA, offline_per_round=0)), (0.0,)),
    "FQI, online, epsilon-greedy (0.1)": (_plain(H2O(FQI(), DELTA, offline_per_round=0, exploration=0.1)), (0.0,)),
}


BANDED = "H2O + FQI"


def _label(name: str, share: float) -> str:
    return f"{name}, share {share:g}"


EXPERIMENT = Experiment(
    slug="glow-hybrid",
    title="Hybrid RL by offline algorithms",
    caption=(
        "Combination lock with H = 4, A = 2 (16 codes), offline data from a mixture of the optimal and the uniform "
        "policy. Mean risk of the uniform mixture of the policies played; band: 10th to 90th percentile of H2O + FQI "
        "at C_* = 4. Lines: C_* = 1 (solid), 4 (dashed), 16 (dotted); the purely online control has no offline data. "
        "HyGLOW runs with alpha x 0.01 (practical preset, no theorem); FQI and maximum likelihood have no parameters. "
        "Dash-dotted: the rate sqrt((C_* + C_cov) log T/T) of Theorem 4.1 for C_* = 4, with H and constant 1. Once "
        "the code is known for good a run loses nothing more, so that its risk falls like 1/T."
    ),
    runs=tuple(
        Run(_label(name, share), make(share), _instance(share), ROUNDS, RUNS, full_runs=FULL_RUNS)
        for name, (make, shares) in ALGORITHMS.items()
        for share in shares
    ),
)


def draw(recorded: dict[str, Trace]) -> Figure:
    """Risk against rounds, log-log."""
    figure, axes = new_axes("Hybrid RL on a lock (H = 4, A = 2)", "rounds T", "risk of the mixture", size=(7.6, 4.4))
    for (name, (_, shares)), color in zip(ALGORITHMS.items(), PALETTE):
        for share in shares:
            trace = recorded[_label(name, share)]
            risk = trace.regret / trace.checkpoints
            cover = _lock(share).optimal_concentrability
            label = f"{name}, $C_*$ = {cover:.0f}" if len(shares) > 1 or share > 0.0 else name
            style = SHARES[share] if len(shares) > 1 or share > 0.0 else "-"
            axes.plot(trace.checkpoints, risk.mean(axis=0), style, color=color, label=label, linewidth=1.4)
            if share == 0.2 and name == BANDED:
                low, high = np.quantile(risk, [0.1, 0.9], axis=0)
                axes.fill_between(trace.checkpoints, low, high, color=color, alpha=0.12, linewidth=0)
    grid = np.geomspace(2, ROUNDS, 40)
    instance = _lock(0.2)
    rate = theorem("glow/h2o-rate").bound(instance, H2O(FQI(), DELTA), grid) / grid
    plot_line(axes, grid, rate, r"$H\sqrt{(C_*+C_{cov})\,\log T/T}$ (rate)", "bound", color="0.4")
    axes.lines[-1].set_linestyle("-.")
    axes.set_ylim(bottom=2e-3, top=20.0)
    axes.legend(fontsize=7, loc="center left", bbox_to_anchor=(1.0, 0.5))
    return figure
