"""The price of the curvature: GLM-UCB and OFULog as |theta| grows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from bandits.generalised import LogisticBandit
from kernels.engine import Trace
from proofs_check.claims.glm_ucb import theorem_parameters as glm_parameters
from proofs_check.claims.logistic_ofu import circle_on_grid, practical, relaxed_parameters, theorem_parameters
from proofs_check.ellipsoid_steps import hard_line
from proofs_check.experiment import Experiment, Run
from proofs_check.plotting import PALETTE, new_axes, plot_line
from theory.theorems import theorem

HORIZON = 400
LENGTHS = (1.0, 2.0, 3.0, 4.0, 5.0)


def _instance(length: float) -> Callable[[], LogisticBandit]:
    return lambda: circle_on_grid(8, length)


#: The practical presets divide every radius by the same ten.
RULES: dict[str, Callable[[LogisticBandit], Any]] = {
    "GLM-UCB, radius / 10 (practical)": lambda b: glm_parameters(b, HORIZON)._replace(scale=0.1),
    "OFULog, radius / 10 (practical)": lambda b: practical(theorem_parameters(b, HORIZON)),
    "OFULog": lambda b: theorem_parameters(b, HORIZON),
    "OFULog-r, radius / 10 (practical)": lambda b: relaxed_parameters(b, HORIZON)._replace(scale=0.1),
}


def _run(name: str, length: float) -> Run:
    build = _instance(length)
    return Run(f"{name}, S = {length:g}", lambda: RULES[name](build()), build, HORIZON, 4, full_runs=40)


EXPERIMENT = Experiment(
    slug="logistic-ofu",
    title="Logistic bandits: regret against kappa",
    caption=(
        "Regret after 400 rounds against kappa = 1/m'(S), S = |theta| = 1 to 5; eight actions on the unit circle, "
        "Bernoulli rewards through the logistic link. GLM-UCB, OFULog and its convex relaxation OFULog-r with a tenth "
        "of their radii (practical presets without a theorem; OFULog-r's set is still the whole ball, so that it plays "
        "one action for ever), and OFULog with the radius of its theorem. Mean and range over runs; dashed: the "
        "explicit bound for OFULog (above the trivial bound, grey: T times the largest gap); dotted: sqrt(m'(<theta, "
        "x*>)) d sqrt(T)/(16 sqrt 3), the order of the lower bound of Abeille et al. 2021."
    ),
    runs=tuple(_run(name, length) for name in RULES for length in LENGTHS),
)


def draw(recorded: dict[str, Trace]) -> Figure:
    """One colour for each rule."""
    figure, axes = new_axes(f"Logistic bandits, d = 2, T = {HORIZON}", r"$\kappa = 1/\dot\mu(S)$", "regret $R_T$")
    kappas = np.array([_instance(length)().curvature_inverse for length in LENGTHS])
    for name, color in zip(RULES, PALETTE):
        final = [recorded[f"{name}, S = {length:g}"].regret[:, -1] for length in LENGTHS]
        axes.plot(kappas, [v.mean() for v in final], "o-", color=color, label=f"{name} (n = {len(final[0])})")
        axes.fill_between(
            kappas, [v.min() for v in final], [v.max() for v in final], color=color, alpha=0.18, linewidth=0
        )
    last = np.array([float(HORIZON)])
    instances = [_instance(length)() for length in LENGTHS]
    bound = [theorem("logistic-ofu/regret").bound(b, theorem_parameters(b, HORIZON), last)[0] for b in instances]
    plot_line(axes, kappas, bound, "bound for OFULog", "bound", PALETTE[2])
    axes.plot(kappas, [b.trivial_regret(last)[0] for b in instances], color="0.4", linewidth=1.0, zorder=5,
              label="trivial: largest gap x T")  # fmt: skip
    lower = [np.sqrt(b.best_slope) * hard_line(b, last)[0] for b in instances]
    plot_line(axes, kappas, lower, "order of the lower bound", "lower")
    axes.set_ylim(0.1, 1e8)
    axes.legend(fontsize=7, loc="upper left", ncols=2)
    return figure
