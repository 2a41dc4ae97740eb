"""Latent MDPs: regret over K, over the horizon, over the variance, and on the hard family of the lower bound."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from kernels.engine import Trace
from mdps.algorithms.lmdp import ModelOptimistic, ValueOptimistic
from mdps.algorithms.lmdp_baselines import Blind, L1Ball, Memoryless, Told
from mdps.instances.latent import deterministic, gamble, permutation, two_state
from mdps.latent import LatentMDP
from mdps.planning.latent import memoryless
from proofs_check.experiment import Experiment, Run
from proofs_check.plotting import PALETTE, new_axes, plot_line, plot_regret
from theory.theorems import theorem
from theory.theorems.lmdp import guessing_floor

#: Factor c of the practical presets: bonuses (4c, 16c^2), radii (2c, 5c^2), width c of the ball.
VALUE, MODEL, BALL = 0.1, 0.3, 0.05
SMALL_VALUE = 0.05

EPISODES = 20_000
BASELINES = {
    "value-optimistic, theorem (c = 1)": ValueOptimistic(),
    f"value-optimistic, c = {VALUE:g}": ValueOptimistic(scale=VALUE),
    f"model-optimistic, c = {MODEL:g}": ModelOptimistic(scale=MODEL),
    f"contexts told, c = {VALUE:g}": Told(scale=VALUE),
    f"memoryless, c = {VALUE:g}": Memoryless(scale=VALUE),
    f"context-blind, c = {VALUE:g}": Blind(scale=VALUE),
}

HORIZONS = (3, 9, 33)
HORIZON_EPISODES = 4_000
LONG = {
    f"value-optimistic, c = {VALUE:g}": ValueOptimistic(scale=VALUE),
    f"L1 ball, c = {BALL:g}": L1Ball(scale=BALL),
}

CHANCES = (0.5, 0.9, 0.99)
CERTAIN = "deterministic, Var* = 0"

CONTEXTS = (1, 2, 6)
HARD_EPISODES = 8_000
HARD = {
    f"value-optimistic, c = {VALUE:g}": ValueOptimistic(scale=VALUE),
    f"model-optimistic, c = {MODEL:g}": ModelOptimistic(scale=MODEL),
    f"contexts told, c = {VALUE:g}": Told(scale=VALUE),
}


def memory() -> LatentMDP:
    """Two states, H = 3: the optimum needs the history."""
    return two_state(0.8, 3)


def long_gamble(horizon: int) -> LatentMDP:
    """Seven actions once, total reward 1 whatever H; the class of policies is the constant ones."""
    success = [0.6 - gap for gap in (0.27, 0.23, 0.2, 0.17, 0.14, 0.11, 0.0)]
    base = gamble([success, success], horizon)
    return replace(base, policies=tuple(memoryless(base.model, [a] * base.n_states) for a in range(base.n_actions)))


def chance(p: float) -> LatentMDP:
    """A gamble of success p; three other actions are worse by 0.03 to 0.06 standard deviations."""
    success = [p - gap * math.sqrt(p * (1.0 - p)) for gap in (0.06, 0.042, 0.03, 0.0)]
    return gamble([success, success], 3)


def certain() -> LatentMDP:
    """Var* = 0: deterministic transitions and one value for all contexts."""
    return deterministic(2, 3, 2, 3, seed=4)


def hard(n_contexts: int) -> LatentMDP:
    """S = 6, gap sqrt(MSA/K), secrets alternating."""
    epsilon = min(0.4, math.sqrt(n_contexts * 6 * 2 / HARD_EPISODES))
    return permutation(n_contexts, 2, epsilon=epsilon, secrets=[(m + 1) % 2 for m in range(n_contexts)])


def _run(
    label: str, params: Any, build: Callable[[], LatentMDP], horizon: int, n_runs: int, full_horizon: int | None = None
) -> Run:
    """A run whose full size has ten times as many replications."""
    return Run(label, lambda: params, build, horizon, n_runs, full_horizon, 10 * n_runs)


EXPERIMENT = Experiment(
    slug="lmdp",
    title="Latent MDPs with context in hindsight",
    caption=(
        "(a) Two states, two contexts, H = 3: mean and 10-90 % band; regret against the best history policy, of the "
        "one who is told the context against the best with context (so it may exceed the trivial line of the others). "
        "Dashed: the order of the upper bound, constant 1. (b) One decision paid out over H - 1 stages, total reward "
        "1, K = 4000, finite class of policies: regret over H with twice the standard errors. The L1 ball pays its "
        "bonus at every stage. (c) Gambles of success p, gaps 0.03 to 0.06 standard deviations "
        f"(c = {SMALL_VALUE:g}), and a deterministic instance; dashed: sqrt(Var* M Gamma S A K iota), constant 1. "
        "(d) The hard family, S = 6, A = 2, K = 8000, gap sqrt(MSA/K): regret over sqrt(MSAK) and twice its "
        "standard errors; dotted: a lower bound with its constant, averaged over secrets, at its own worst gap; "
        "grey: what no algorithm exceeds. "
        "Except for one curve, all sizes of bonuses are practical presets (bonuses (4c, 16c^2), radii (2c, 5c^2)), "
        "which no theorem covers."
    ),
    runs=(
        *(_run(f"a: {label}", p, memory, EPISODES, 3, 200_000) for label, p in BASELINES.items()),
        *(
            _run(f"b: {label}, H = {h}", p, functools.partial(long_gamble, h), HORIZON_EPISODES, 6)
            for label, p in LONG.items()
            for h in HORIZONS
        ),
        *(
            _run(
                f"c: p = {p:g}", ValueOptimistic(scale=SMALL_VALUE), functools.partial(chance, p), EPISODES, 6, 200_000
            )
            for p in CHANCES
        ),
        _run(f"c: {CERTAIN}", ValueOptimistic(scale=SMALL_VALUE), certain, EPISODES, 4, 200_000),
        *(
            _run(f"d: {label}, M = {m}", p, functools.partial(hard, m), HARD_EPISODES, 6)
            for label, p in HARD.items()
            for m in CONTEXTS
        ),
    ),
)


def _means(axes: Axes, x: tuple[int, ...], traces: list[Trace], scale: Any, label: str, color: str) -> None:
    """Mean final regret times a scale, with twice its standard error."""
    final = [trace.regret[:, -1] for trace in traces]
    mean = np.array([values.mean() for values in final]) * scale
    error = np.array([2.0 * values.std() / math.sqrt(len(values)) for values in final]) * scale
    axes.errorbar(x, mean, yerr=error, label=f"{label} (n = {len(final[0])})", color=color, marker="o", capsize=3)


def _episodes(axes: Axes, recorded: dict[str, Trace]) -> None:
    axes.set(title="(a) two contexts, history needed", xlabel="episodes $K$", ylabel="regret", xscale="log",
             yscale="log")  # fmt: skip
    instance, trace = memory(), recorded[f"a: {next(iter(BASELINES))}"]
    k = trace.checkpoints.astype(float)
    for (label, _), color in zip(BASELINES.items(), PALETTE):
        plot_regret(axes, recorded[f"a: {label}"], label, color)
    plot_line(axes, k, theorem("lmdp/regret").bound(instance, ValueOptimistic(), k), "order, constant 1", "bound")
    axes.plot(k, instance.trivial_regret(k), color="grey", linewidth=1.0, alpha=0.6, label="trivial")
    axes.set_ylim(0.3, 3e4)
    axes.legend(fontsize=6, loc="upper left")


def _horizons(axes: Axes, recorded: dict[str, Trace]) -> None:
    axes.set(title="(b) total reward 1, K = 4000", xlabel="horizon $H$", ylabel="regret", xscale="log")
    for (label, _), color in zip(LONG.items(), (PALETTE[1], PALETTE[5])):
        _means(axes, HORIZONS, [recorded[f"b: {label}, H = {h}"] for h in HORIZONS], np.ones(len(HORIZONS)), label,
               color)  # fmt: skip
    built = [long_gamble(h) for h in HORIZONS]
    k = np.array([float(HORIZON_EPISODES)])
    first = recorded[f"b: {next(iter(LONG))}, H = {HORIZONS[0]}"].regret[:, -1].mean()
    order = np.array([theorem("lmdp/regret").bound(i, ValueOptimistic(), k)[0] for i in built])
    plot_line(axes, HORIZONS, first * order / order[0], "upper bound's growth in H (one log)", "bound")
    axes.set_ylim(bottom=0.0)
    axes.set_xticks(HORIZONS, [str(h) for h in HORIZONS])
    axes.minorticks_off()
    axes.legend(fontsize=6, loc="lower right")


def _variances(axes: Axes, recorded: dict[str, Trace]) -> None:
    axes.set(title=f"(c) variance of the return (c = {SMALL_VALUE:g})", xlabel="episodes $K$", ylabel="regret",
             xscale="log", yscale="log")  # fmt: skip
    for p, color in zip(CHANCES, PALETTE):
        trace, instance = recorded[f"c: p = {p:g}"], chance(p)
        plot_regret(axes, trace, f"p = {p:g}, Var* = {instance.variance:.2g}", color)
        k = trace.checkpoints.astype(float)
        bound = theorem("lmdp/leading").bound(instance, ValueOptimistic(), k)
        plot_line(axes, k, bound, "leading term, constant 1" if p == CHANCES[0] else "", "bound", color)
    plot_regret(axes, recorded[f"c: {CERTAIN}"], CERTAIN, PALETTE[3])
    axes.legend(fontsize=6)


def _contexts(axes: Axes, recorded: dict[str, Trace]) -> None:
    axes.set(title="(d) the lower bound's family, K = 8000", xlabel="contexts $M$",
             ylabel="regret / sqrt(MSAK)")  # fmt: skip
    scale = np.array([1.0 / math.sqrt(m * 6 * 2 * HARD_EPISODES) for m in CONTEXTS])
    for (label, _), color in zip(HARD.items(), (PALETTE[1], PALETTE[2], PALETTE[3])):
        _means(axes, CONTEXTS, [recorded[f"d: {label}, M = {m}"] for m in CONTEXTS], scale, label, color)
    gaps = [hard(m).optimal_value - 0.5 for m in CONTEXTS]
    floor = np.array(
        [max(float(guessing_floor(m, 2, 0.5, e, HARD_EPISODES)) for e in np.geomspace(1e-3, 0.4, 60)) for m in CONTEXTS]
    )
    plot_line(axes, CONTEXTS, floor * scale, "lower bound, largest over the gap", "lower")
    axes.plot(CONTEXTS, np.array(gaps) * HARD_EPISODES * scale, color="grey", linewidth=1.0, label="trivial: gap x K")
    axes.set_ylim(bottom=0.0)
    axes.set_xticks(CONTEXTS)
    axes.legend(fontsize=6, loc="center right")


def draw(recorded: dict[str, Trace]) -> Figure:
    """Four panels."""
    figure, first = new_axes("", "", "", log="", size=(10.5, 7.6))
    grid = figure.add_gridspec(2, 2)
    first.set_subplotspec(grid[0, 0])
    panels = [first, *(figure.add_subplot(grid[at]) for at in ((0, 1), (1, 0), (1, 1)))]
    for axes, paint in zip(panels, (_episodes, _horizons, _variances, _contexts)):
        axes.grid(True, alpha=0.25)
        axes.spines[["top", "right"]].set_visible(False)
        paint(axes, recorded)
    return figure
