"""Tsallis-INF in the stochastic and in the stochastically constrained regime, as in Zimmert and Seldin (2021)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from bandits.adversaries.bernoulli import BernoulliLosses
from bandits.adversaries.constrained import StochasticallyConstrained
from bandits.adversaries.phases import phase_ends
from bandits.algorithms import exp3
from bandits.algorithms.tsallis_inf import TsallisINF
from bandits.algorithms.tsallis_inf_rv import TsallisINFRV
from bandits.algorithms.ucb1 import UCB1
from bandits.instances.bernoulli import BernoulliBandit
from bandits.instances.nonstationary import PiecewiseBandit, piecewise
from figures.two_regimes import plot_rules, two_panels
from kernels.engine import Trace
from proofs_check.experiment import Experiment, Run
from proofs_check.plotting import PALETTE, plot_line
from theory.theorems import theorem

ARMS, GAP, RATIO = 8, 0.125, 1.6
HORIZON, FULL = 100_000, 1_000_000


def stochastic() -> BernoulliLosses:
    """Mean losses (1 - gap)/2 for the best arm and (1 + gap)/2 for the others."""
    return BernoulliLosses(np.array([(1 - GAP) / 2] + [(1 + GAP) / 2] * (ARMS - 1)))


def rewards() -> BernoulliBandit:
    """The same as rewards."""
    return BernoulliBandit(1.0 - np.asarray(stochastic().means))


def constrained() -> StochasticallyConstrained:
    """Both levels of the paper's adversary, phases growing by 1.6."""
    return StochasticallyConstrained(ARMS, GAP, RATIO)


def moving_rewards() -> PiecewiseBandit:
    """The same as rewards, phase by phase."""
    ends = phase_ends(RATIO, FULL)
    starts = [1, *(end + 1 for end in ends[:-1])]
    levels = 1.0 - constrained().levels
    return piecewise(starts, [np.clip(levels[n % 2], 0.0, 1.0) for n in range(len(starts))])


RULES: dict[str, Callable[[], Any]] = {
    "UCB1": UCB1,
    "Exp3, anytime": lambda: exp3.anytime(ARMS),
    "Tsallis-INF (IW)": TsallisINF,
    "Tsallis-INF (RV)": TsallisINFRV,
}
REGIMES = {
    "stochastic": (stochastic, rewards),
    "stochastically constrained": (constrained, moving_rewards),
}

EXPERIMENT = Experiment(
    slug="tsallis-inf",
    title="Tsallis-INF: best of both worlds",
    caption=(
        f"K = {ARMS}, gap {GAP}. Left: Bernoulli losses with fixed means. Right: the means of all arms jump "
        "between two levels while the gap stays, phases grow by 1.6 (Zimmert and Seldin 2021, Section 7); "
        "UCB1 averages over phases and is misled. Mean regret and 10-90 % band; dashed: the adversarial "
        "bounds 4 sqrt(KT) - 2 sqrt T (IW) and 2 sqrt(KT) + 14 K log T + 16 (RV); grey: never playing the "
        "best arm. All algorithms are anytime and run with their theorems' parameters."
    ),
    runs=tuple(
        Run(
            f"{name}, {regime}",
            build,
            pair[1] if name == "UCB1" else pair[0],
            HORIZON,
            20,
            full_horizon=FULL,
            full_runs=100,
        )
        for regime, pair in REGIMES.items()
        for name, build in RULES.items()
    ),
)


def draw(recorded: dict[str, Trace]) -> Figure:
    """The two regimes side by side on common axes."""
    figure, (left, right) = two_panels("stochastic losses", "stochastically constrained adversary")
    for axes, regime in plot_rules((left, right), recorded, RULES, REGIMES):
        t = recorded[f"{next(iter(RULES))}, {regime}"].checkpoints.astype(float)
        instance = REGIMES[regime][0]()
        for slug, name, color in (("iw", "IW", PALETTE[2]), ("rv", "RV", PALETTE[3])):
            bound = theorem(f"tsallis-inf/{slug}").bound(instance, None, t)
            plot_line(axes, t, bound, f"Tsallis-INF ({name}), theorem", "bound", color)
        axes.plot(t, GAP * t, color="grey", linewidth=1.0, label="trivial: gap x T")
    left.set_xlim(left=10.0)
    left.set_ylim(0.5, 3e4)
    left.legend(fontsize=7, loc="lower right")
    return figure
