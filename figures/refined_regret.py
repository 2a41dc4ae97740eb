"""Refined regret: growth of regret, stability, magnitude of estimates, covariance estimates, and numbers of actions."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from kernels.engine import Trace
from mdps.adversarial import AdversarialMDP
from mdps.algorithms import luo_wei_lee, refined_regret, refined_regret_reduced
from mdps.algorithms.estimator_study import EstimatorStudy
from mdps.algorithms.refined_regret_reduced import MagnitudeReduced
from mdps.covariance import Resampled, Sampled, series_length
from mdps.instances.adversarial import layered, linear_bandit, opposite_directions
from proofs_check.dilated_steps import barrier_stability, entropy_stability
from proofs_check.experiment import Experiment, Run
from proofs_check.plotting import PALETTE, new_axes, plot_line
from theory.theorems import theorem

# F1: regret against the number of episodes.
LENGTHS = (2**8, 2**10, 2**12)


def _instance(n_episodes: int) -> Callable[[], AdversarialMDP]:
    return lambda: layered(n_episodes=n_episodes)


def _without_bonus(n_episodes: int) -> Any:
    return refined_regret.practical(2, 6, 3, n_episodes)._replace(bonus_scale=0.0)


PRESETS: dict[str, Callable[[int], Any]] = {
    "Algorithm 1": lambda k: refined_regret.practical(2, 6, 3, k),
    "Algorithm 2": lambda k: refined_regret_reduced.practical(2, 6, 3, k),
    "plain entropy": lambda k: luo_wei_lee.practical(2, 6, 3, k),
    "Algorithm 1, beta = 0": _without_bonus,
}

# F3: smallest estimates against gamma.
GAMMAS = (1e-1, 1e-2, 1e-3, 1e-4, 1e-5)


def _rarely(gamma: float) -> EstimatorStudy:
    """The last two actions together with probability gamma^2."""
    rare = 0.5 * gamma**2
    return EstimatorStudy((0.5 - rare, 0.5 - rare, rare, rare), gamma)


# F4: error of the inverse covariance against the number of trajectories.
SAMPLES = (100, 1_000, 10_000, 100_000)
GAMMA, ACCURACY = 0.1, 0.1
LENGTH = series_length(GAMMA, ACCURACY)


def _sampled(n: int) -> EstimatorStudy:
    return EstimatorStudy((0.7, 0.3), GAMMA, Sampled(n))


def _resampled(n: int) -> EstimatorStudy:
    return EstimatorStudy((0.7, 0.3), GAMMA, Resampled(max(1, n // LENGTH), LENGTH))


WAYS = {"mean of W features": _sampled, "geometric resampling": _resampled}

# F5: regret against the number of actions, one layer.
ACTIONS, DIMENSION, ROUNDS = (5, 20, 80, 320), 5, 400


def _bandit(n_actions: int) -> Callable[[], AdversarialMDP]:
    return lambda: linear_bandit(DIMENSION, n_actions, ROUNDS, n_blocks=1, seed=3)


def _entropy(n_actions: int) -> MagnitudeReduced:
    """No bonus, gamma = 1/T, eta = sqrt(ln A/(d T))."""
    return MagnitudeReduced(math.sqrt(math.log(n_actions) / (DIMENSION * ROUNDS)), 0.0, 1.0 / ROUNDS)


BANDITS: dict[str, Callable[[int], Any]] = {
    "log-barrier": lambda a: refined_regret.linear_bandit(a, DIMENSION, ROUNDS),
    "entropy, reduced": _entropy,
}

EXPERIMENT = Experiment(
    slug="refined-regret",
    title="Refined regret for adversarial MDPs",
    caption=(
        "Top left: regret against the number of episodes on a random layered MDP (H = 3, S = 3, A = 2, one-hot "
        "features), losses switching between two tables in four blocks, all algorithms with practical presets that no "
        "theorem covers; grey: the regret of the worst policies. Top middle: exact one-step stability over the bound "
        "eta sum x l^2 of the log-barrier lemma, one loss -|l| on an action of probability 1e-4 (dashed: the lemma's "
        "constant). Top right: the smallest loss estimate any path can give against 1/gamma, on features that attain "
        "the orders; dashed: the bounds H/gamma and H/sqrt(gamma). Bottom left: relative error of the inverse "
        f"covariance at gamma = {GAMMA} against the number of simulated trajectories. Bottom middle: linear bandits, "
        f"d = {DIMENSION}, {ROUNDS} rounds; dashed: sqrt(2AdT ln T) + 2, which exceeds T from A = 20 on."
    ),
    runs=(
        *(
            Run(f"{name}, K = {k}", partial(make, k), _instance(k), k, 2, full_runs=20)
            for name, make in PRESETS.items()
            for k in LENGTHS
        ),
        *(
            Run(f"gamma = {g:g}", partial(_rarely, g), partial(opposite_directions, g), 1, 1)
            for g in GAMMAS
        ),
        *(
            Run(f"{way}, {n}", partial(make, n), _instance(1), 1, 6, full_runs=40)
            for way, make in WAYS.items()
            for n in SAMPLES
        ),
        *(
            Run(f"{name}, A = {a}", partial(make, a), _bandit(a), ROUNDS, 2, full_runs=20)
            for name, make in BANDITS.items()
            for a in ACTIONS
        ),
    ),
)  # fmt: skip


def _growth(axes: Axes, recorded: dict[str, Trace]) -> None:
    for (name, _), color in zip(PRESETS.items(), PALETTE):
        finals = [recorded[f"{name}, K = {k}"].regret[:, -1] for k in LENGTHS]
        means = np.array([f.mean() for f in finals])
        slope = np.polyfit(np.log(LENGTHS), np.log(means), 1)[0]
        axes.plot(LENGTHS, means, "o-", color=color, markersize=4, linewidth=1.4, label=f"{name}: slope {slope:.2f}")
    trivial = [float(layered(n_episodes=k).trivial_regret(k)[0]) for k in LENGTHS]
    axes.plot(LENGTHS, trivial, color="0.6", linewidth=1.0, label="worst policies")
    axes.set(title="Regret (practical presets)", xlabel="episodes $K$", ylabel="regret $R_K$")
    axes.set_ylim(top=40 * max(trivial))
    axes.set_xticks(LENGTHS, [str(k) for k in LENGTHS])
    axes.minorticks_off()
    axes.legend(fontsize=7, loc="upper left")


def _stability(axes: Axes) -> None:
    sizes = np.geomspace(0.1, 100.0, 60)
    x = np.array([1e-4, 1.0 - 1e-4])
    for name, function, color in (("log-barrier", barrier_stability, 0), ("entropy", entropy_stability, 1)):
        ratio = [float(function(x, np.array([-z, 0.0]), 1.0)) / float(x[0] * z * z) for z in sizes]
        axes.plot(sizes, ratio, color=PALETTE[color], label=name, linewidth=1.6)
    plot_line(axes, sizes, np.ones(len(sizes)), "log-barrier lemma: 1", "bound")
    axes.set(title="One-step stability", xlabel=r"$\eta|\ell|$", ylabel=r"stability / $(\eta\sum x\ell^2)$")
    axes.legend(fontsize=7)


def _magnitude(axes: Axes, recorded: dict[str, Trace]) -> None:
    inverse = 1.0 / np.array(GAMMAS)
    found = np.array([recorded[f"gamma = {g:g}"].extra["summary"][0] for g in GAMMAS])
    for column, name, color, bound in ((1, "plain", 1, inverse), (2, "magnitude-reduced", 0, np.sqrt(inverse))):
        axes.plot(inverse, -found[:, column], "o-", color=PALETTE[color], markersize=4, label=name)
        plot_line(axes, inverse, bound, "its bound", "bound", PALETTE[color])
    axes.set(title="Smallest estimate", xlabel=r"$1/\gamma$", ylabel=r"$-\min\hat Q$")
    axes.legend(fontsize=7)


def _covariance(axes: Axes, recorded: dict[str, Trace]) -> None:
    for way, color in zip(WAYS, PALETTE):
        errors = [recorded[f"{way}, {n}"].extra["summary"][:, 0] for n in SAMPLES]
        axes.plot(SAMPLES, [e.mean() for e in errors], "o-", color=color, markersize=4, label=way)
    plot_line(axes, SAMPLES, np.full(len(SAMPLES), 2.0 * math.sqrt(GAMMA)), r"$2\sqrt{\gamma}$", "bound")
    axes.set(title="Inverse covariance", xlabel="trajectories", ylabel="largest relative error")
    axes.legend(fontsize=7)


def _actions(axes: Axes, recorded: dict[str, Trace]) -> None:
    for name, color in zip(BANDITS, PALETTE):
        means = [recorded[f"{name}, A = {a}"].regret[:, -1].mean() for a in ACTIONS]
        axes.plot(ACTIONS, means, "o-", color=color, markersize=4, label=name)
    bound = [
        float(theorem("refined-regret/linear-bandit-tuned").bound(_bandit(a)(), None, np.array([float(ROUNDS)]))[0])
        for a in ACTIONS
    ]
    plot_line(axes, ACTIONS, bound, "log-barrier theorem", "bound", PALETTE[0])
    axes.set_xticks(ACTIONS, [str(a) for a in ACTIONS])
    axes.minorticks_off()
    axes.set(title=f"Linear bandits, T = {ROUNDS}", xlabel="actions $A$", ylabel="regret $R_T$")
    axes.legend(fontsize=7)


def draw(recorded: dict[str, Trace]) -> Figure:
    """Five panels."""
    figure, first = new_axes("", "", "", size=(11.5, 6.6))
    grid = figure.add_gridspec(2, 3)
    first.set_subplotspec(grid[0, 0])
    panels = [first, *(figure.add_subplot(grid[i, j]) for i, j in ((0, 1), (0, 2), (1, 0), (1, 1)))]
    for axes in panels[1:]:
        axes.set(xscale="log", yscale="log")
        axes.grid(alpha=0.25)
        axes.spines[["top", "right"]].set_visible(False)
    _growth(panels[0], recorded)
    _stability(panels[1])
    _magnitude(panels[2], recorded)
    _covariance(panels[3], recorded)
    _actions(panels[4], recorded)
    return figure
