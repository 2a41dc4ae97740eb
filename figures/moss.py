"""MOSS: the price of the worst case, R_T / sqrt(KT), as the horizon grows."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from matplotlib.figure import Figure

from bandits.algorithms.kl_ucb import KLUCB
from bandits.algorithms.moss import MOSS
from bandits.algorithms.ucb1 import UCB1
from bandits.instances.bernoulli import BernoulliBandit, bernoulli
from kernels.engine import Trace
from proofs_check.experiment import Experiment, Run
from proofs_check.plotting import PALETTE, new_axes, plot_line
from theory.lower_bounds import minimax_engine_best

ARMS = 10
HORIZONS = (200, 800, 3200, 12_800)
#: Gaps in units of sqrt(K / T); those above LARGEST_GAP are left out.
SCALES = (0.5, 1.0, 2.0, 4.0, 8.0)
LARGEST_GAP = 0.5
ALGORITHMS = {"UCB1": UCB1, "KL-UCB": KLUCB, "MOSS": MOSS}


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


EXPERIMENT = Experiment(
    slug="moss",
    title="MOSS: worst-case regret over sqrt(KT)",
    caption=(
        "Ten Bernoulli arms, all (1-e)/2 but the last, (1+e)/2. Each point is the largest mean regret over gaps e = c "
        "sqrt(K/T), c = 1/2, 1, 2, 4, 8 (as far as e <= 1/2), divided by sqrt(KT); parameters of the theorems. Bars: "
        "two standard errors. Dotted: what the worst of these instances costs every algorithm at least (Bubeck and "
        "Cesa-Bianchi 2012, Lemma 3.2, at its best e). MOSS's bounds are 19.5 to 49 on this axis, above the frame."
    ),
    runs=tuple(
        Run(label_of(name, t, c), build, instance(t, c), t, 40, full_runs=2000)
        for name, build in ALGORITHMS.items()
        for t in HORIZONS
        for c in scales(t)
    ),
)


def draw(recorded: dict[str, Trace]) -> Figure:
    """The worst ratio against T."""
    figure, axes = new_axes(
        "Ten arms: the worst gap at every horizon", "horizon $T$", r"largest mean regret $/ \sqrt{KT}$", log="x"
    )
    t = np.array(HORIZONS, dtype=float)
    for name, color in zip(ALGORITHMS, PALETTE):
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
    axes.set_ylim(0.0, 1.3 * axes.get_ylim()[1])
    axes.legend(fontsize=8, loc="upper left", ncols=2)
    return figure
