"""What the figures of minimax algorithms share: the worst of several gaps at every horizon, over sqrt(KT)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from bandits.instances.bernoulli import BernoulliBandit, bernoulli
from kernels.engine import Trace
from proofs_check.experiment import Run
from proofs_check.plotting import PALETTE, new_axes, plot_line
from theory.lower_bounds import minimax_engine_best

ARMS = 10
HORIZONS = (200, 800, 3200, 12_800)
#: Gaps in units of sqrt(K / T); those above LARGEST_GAP are left out.
SCALES = (0.5, 1.0, 2.0, 4.0, 8.0)
LARGEST_GAP = 0.5
#: name -> horizon -> () -> hyper-parameters.
Algorithms = Mapping[str, Callable[[int], Callable[[], Any]]]


def scales(horizon: int) -> list[float]:
    """The multiples of sqrt(K / T) that are tried at a horizon."""
    return [c for c in SCALES if c * np.sqrt(ARMS / horizon) <= LARGEST_GAP]


def instance(horizon: int, scale: float) -> Callable[[], BernoulliBandit]:
    """All arms (1 - e)/2 but the last, (1 + e)/2, e = scale sqrt(K / T)."""
    e = scale * np.sqrt(ARMS / horizon)
    return lambda: bernoulli(*[(1.0 - e) / 2.0] * (ARMS - 1), (1.0 + e) / 2.0)


def label_of(name: str, horizon: int, scale: float) -> str:
    """Label of one run."""
    return f"{name}, T = {horizon}, gap {scale:g} sqrt(K/T)"


def runs_at_every_gap(algorithms: Algorithms) -> tuple[Run, ...]:
    """Each algorithm at every horizon and gap."""
    return tuple(
        Run(label_of(name, t, c), build(t), instance(t, c), t, 40, full_runs=2000)
        for name, build in algorithms.items()
        for t in HORIZONS
        for c in scales(t)
    )


def draw_worst_gap(recorded: Mapping[str, Trace], algorithms: Algorithms, title: str) -> Figure:
    """The largest mean regret over the gaps, divided by sqrt(KT), with two standard errors, against T."""
    figure, axes = new_axes(title, "horizon $T$", r"largest mean regret $/ \sqrt{KT}$", log="x")
    t = np.array(HORIZONS, dtype=float)
    for name, color in zip(algorithms, PALETTE):
        ratio, error = [], []
        for horizon in HORIZONS:
            finals = [recorded[label_of(name, horizon, c)].regret[:, -1] for c in scales(horizon)]
            worst = max(finals, key=lambda x: float(x.mean()))
            unit = np.sqrt(ARMS * horizon)
            ratio.append(worst.mean() / unit)
            error.append(2 * worst.std(ddof=1) / np.sqrt(len(worst)) / unit)
        axes.errorbar(t, ratio, error, marker="o", markersize=4, capsize=2, linewidth=1.4, color=color, label=name)
    lower = np.array([minimax_engine_best(ARMS, horizon)[0] for horizon in HORIZONS])
    plot_line(axes, t, lower / np.sqrt(ARMS * t), "every algorithm (Lemma 3.2)", "lower")
    axes.set_ylim(0.0, 1.35 * axes.get_ylim()[1])
    axes.legend(fontsize=8, loc="upper left", ncols=2)
    return figure
