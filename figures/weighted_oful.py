"""Weighted OFUL+ and OFUL as the noise grows quiet: regret against the variance."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from bandits.algorithms.oful import OFUL
from bandits.algorithms.weighted_oful import practical
from bandits.heteroscedastic import HeteroscedasticBandit
from kernels.engine import Trace
from proofs_check.claims.weighted_oful import shocks, theorem_parameters
from proofs_check.experiment import Experiment, Run
from proofs_check.plotting import PALETTE, new_axes, plot_line
from theory.lower_bounds import linear_ball
from theory.theorems import theorem

DIMENSION, HORIZON = 5, 10_000
VARIANCES = (1.0, 0.1, 0.01, 1e-3, 1e-4)


def _instance(variance: float) -> Callable[[], HeteroscedasticBandit]:
    return lambda: shocks(DIMENSION, 20, (variance,) * 10, seed=7)


#: OFUL knows the bound R of the noise and not its variance.
RULES: dict[str, Callable[[HeteroscedasticBandit], Any]] = {
    "weighted OFUL+ (practical)": lambda instance: practical(theorem_parameters(instance, HORIZON)),
    "weighted OFUL+": lambda instance: theorem_parameters(instance, HORIZON),
    "OFUL": lambda instance: OFUL(instance.noise_bound),
}


def _run(name: str, variance: float) -> Run:
    build = _instance(variance)
    return Run(f"{name}, variance {variance:g}", lambda: RULES[name](build()), build, HORIZON, 10, full_runs=50)


EXPERIMENT = Experiment(
    slug="weighted-oful",
    title="Weighted OFUL+ against the variance of the noise",
    caption=(
        "Regret after 10,000 rounds against the variance of the noise: shocks of size R = 1, rarer and rarer; ten "
        "contexts of 20 actions on the unit sphere of dimension 5. Weighted OFUL+ with the radius of its theorem (it "
        "explores throughout), the practical preset with 1/200 of its deviation part (no theorem), and OFUL with "
        "R = 1. Mean and 10-90 % band over runs; dashed: the bound derived from the theorem's radius (above the "
        "trivial bound); dotted: s d sqrt(T)/(16 sqrt 3), a lower bound on the worst case over the unit ball for "
        "Gaussian noise of that variance s^2."
    ),
    runs=tuple(_run(name, variance) for name in RULES for variance in VARIANCES),
)


def draw(recorded: dict[str, Trace]) -> Figure:
    """One colour for each rule."""
    figure, axes = new_axes("Noise of small variance, d = 5, T = 10,000", "variance of the noise", "regret $R_T$")
    for name, color in zip(RULES, PALETTE):
        final = [recorded[f"{name}, variance {v:g}"].regret[:, -1] for v in VARIANCES]
        low, high = np.array([np.quantile(values, [0.1, 0.9]) for values in final]).T
        axes.plot(VARIANCES, [v.mean() for v in final], "o-", color=color, label=f"{name} (n = {len(final[0])})")
        axes.fill_between(VARIANCES, low, high, color=color, alpha=0.18, linewidth=0)
    last = np.array([float(HORIZON)])
    bound = [
        theorem("weighted-oful/regret").bound(_instance(v)(), theorem_parameters(_instance(v)(), HORIZON), last)[0]
        for v in VARIANCES
    ]
    plot_line(axes, VARIANCES, bound, "bound, the theorem's radius", "bound", PALETTE[1])
    worst = np.sqrt(VARIANCES) * linear_ball(DIMENSION, last)[0]
    plot_line(axes, VARIANCES, worst, "worst case, Gaussian noise", "lower")
    trivial = _instance(1.0)().trivial_regret(last)[0]
    axes.axhline(trivial, color="0.7", linewidth=1.0, label="trivial: largest gap x T")
    axes.set_ylim(0.05, 1e9)
    axes.legend(fontsize=7, loc="upper left", ncols=2)
    return figure
