"""LUCB: samples until the answer over a shrinking gap."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from bandits.algorithms.lucb import LUCB
from bandits.instances.bernoulli import BernoulliBandit, bernoulli
from kernels.engine import Trace
from proofs_check.experiment import Experiment, Run
from proofs_check.identification import pulls_to_answer
from proofs_check.plotting import PALETTE, new_axes, plot_line
from theory.identification import least_samples
from theory.theorems import theorem

GAPS = (0.4, 0.2, 0.1, 0.05)
DELTA = 0.05


def pair(gap: float) -> BernoulliBandit:
    """Two arms symmetric about one half."""
    return bernoulli(0.5 + gap / 2.0, 0.5 - gap / 2.0)


def run(gap: float) -> Run:
    """LUCB at one gap; the horizon is far beyond the stop."""
    return Run(f"gap {gap:g}", lambda: LUCB(DELTA), lambda: pair(gap), int(600.0 / gap**2), 50, full_runs=500)


EXPERIMENT = Experiment(
    slug="lucb",
    title="LUCB: samples over the gap",
    caption=(
        "Pulls before LUCB answers on two Bernoulli arms around one half, delta = 0.05: mean and 10-90 % band. Dashed: "
        "292 H log(H/delta) + 16 (constants not re-read in the source); dotted: T* kl(delta, 1 - delta), below which "
        "no delta-correct algorithm is (Garivier and Kaufmann 2016, Theorem 1)."
    ),
    runs=tuple(run(gap) for gap in GAPS),
)


def draw(recorded: dict[str, Trace]) -> Figure:
    """Samples over the gap, log-log."""
    figure, axes = new_axes("Two Bernoulli arms", "gap", "pulls before the answer")
    pulls = [pulls_to_answer(recorded[f"gap {gap:g}"], pair(gap), None) for gap in GAPS]
    low, high = np.array([np.quantile(p, (0.1, 0.9)) for p in pulls]).T
    axes.fill_between(GAPS, low, high, color=PALETTE[0], alpha=0.2)
    axes.plot(GAPS, [p.mean() for p in pulls], color=PALETTE[0], marker="o", label="LUCB")
    bound = [float(theorem("lucb/samples").bound(pair(gap), LUCB(DELTA), np.ones(1))[0]) for gap in GAPS]
    plot_line(axes, np.array(GAPS), np.array(bound), "292 H log(H/delta) + 16", "bound", PALETTE[0])
    least = [least_samples(pair(gap), DELTA) for gap in GAPS]
    plot_line(axes, np.array(GAPS), np.array(least), "T* kl(delta, 1 - delta)", "lower", "black")
    axes.legend(fontsize=8)
    return figure
