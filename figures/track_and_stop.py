"""Track-and-Stop: samples over log(1/delta) approach the characteristic time; LUCB beside it."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from bandits.algorithms.lucb import LUCB
from bandits.algorithms.track_and_stop import TrackAndStop
from bandits.instances.bernoulli import BernoulliBandit, bernoulli
from kernels.engine import Trace
from proofs_check.experiment import Experiment, Run
from proofs_check.identification import pulls_to_answer
from proofs_check.plotting import PALETTE, new_axes, plot_line
from theory.complexity import characteristic_time
from theory.divergences import bernoulli_kl
from theory.identification import least_samples

DELTAS = (0.1, 1e-2, 1e-4, 1e-8, 1e-16)


def instance() -> BernoulliBandit:
    """Three arms, T* = 11.4."""
    return bernoulli(0.9, 0.5, 0.4)


def label(algorithm: str, delta: float) -> str:
    """Name of a run."""
    return f"{algorithm}, delta = {delta:g}"


def track(delta: float) -> Run:
    """Track-and-Stop at one delta."""
    return Run(label("Track-and-Stop", delta), lambda: TrackAndStop(delta), instance, 4_000, 100, full_runs=1000)


def lucb(delta: float) -> Run:
    """LUCB at one delta."""
    return Run(label("LUCB", delta), lambda: LUCB(delta), instance, 12_000, 100, full_runs=1000)


EXPERIMENT = Experiment(
    slug="track-and-stop",
    title="Samples until the best arm is known",
    caption=(
        "Pulls before the answer over log(1/delta), mean and 10-90 % band, on Bernoulli arms 0.9, 0.5, 0.4. Dashed: "
        "the characteristic time T*, the limit of Track-and-Stop (Garivier and Kaufmann 2016, Theorem 14); dotted: no "
        "delta-correct algorithm is below T* kl(delta, 1 - delta) (their Theorem 1)."
    ),
    runs=tuple(build(delta) for build in (track, lucb) for delta in DELTAS),
)


def draw(recorded: dict[str, Trace]) -> Figure:
    """One curve for each algorithm, over log(1/delta)."""
    figure, axes = new_axes("Best of three Bernoulli arms", r"$1/\delta$", r"pulls / $\log(1/\delta)$")
    x = 1.0 / np.array(DELTAS)
    for name, color in zip(("Track-and-Stop", "LUCB"), PALETTE):
        pulls = [pulls_to_answer(recorded[label(name, delta)], instance(), None) for delta in DELTAS]
        scaled = [p / np.log(1.0 / delta) for p, delta in zip(pulls, DELTAS)]
        axes.fill_between(x, *np.array([np.quantile(p, (0.1, 0.9)) for p in scaled]).T, color=color, alpha=0.2)
        axes.plot(x, [p.mean() for p in scaled], color=color, marker="o", label=name)
    time = characteristic_time(instance().means, bernoulli_kl).time
    plot_line(axes, x, np.full(len(x), time), "T*, limit of Track-and-Stop", "bound", "black")
    least = [least_samples(instance(), delta) / np.log(1.0 / delta) for delta in DELTAS]
    plot_line(axes, x, np.array(least), "lower bound T* kl(delta, 1 - delta)", "lower", "black")
    axes.legend(fontsize=8)
    return figure
