"""The end of optimism (Lattimore and Szepesvari 2017): where optimism and sampling stay far from optimal."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from bandits.algorithms.lin_ts import uninflated
from bandits.linear import LinearBandit
from kernels.engine import Trace
from proofs_check.claims.lin_ts import theorem_parameters as lin_ts_parameters
from proofs_check.claims.oful import theorem_parameters as oful_parameters
from proofs_check.experiment import Experiment, Run
from proofs_check.plotting import PALETTE, new_axes, plot_line
from theory.lower_bounds import end_of_optimism
from theory.theorems import theorem

HORIZON = 50_000
EPSILONS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.4)


def _instance(epsilon: float) -> Callable[[], LinearBandit]:
    actions = [[1.0, 0.0], [0.0, 1.0], [1.0 - epsilon, 2.0 * epsilon]]
    return lambda: LinearBandit.fixed(actions, [1.0, 0.0], name=f"end of optimism, epsilon {epsilon:g}")


RULES: dict[str, Callable[[LinearBandit], Any]] = {
    "OFUL": lambda instance: oful_parameters(instance, HORIZON),
    "LinTS, uninflated (practical)": lambda instance: uninflated(lin_ts_parameters(instance, HORIZON), 2),
}


def _run(name: str, epsilon: float) -> Run:
    build = _instance(epsilon)
    return Run(f"{name}, epsilon = {epsilon:g}", lambda: RULES[name](build()), build, HORIZON, 10, full_runs=100)


EXPERIMENT = Experiment(
    slug="end-of-optimism",
    title="The end of optimism",
    caption=(
        "Regret over log T at T = 50,000 on the actions (1,0), (0,1), (1-e,2e) with theta = (1,0) and N(0,1) noise, "
        "against e. Playing (0,1), which costs 1, would tell the other two apart for a constant; OFUL (parameters of "
        "its theorem) and Thompson sampling (practical preset) give it up early. Mean and 10-90 % band over runs; "
        "dashed: OFUL's Theorem 19.2 (Lattimore and Szepesvari 2020) over log T; grey: T e over log T, always playing "
        "the third action; dotted: the asymptotic lower bound min(8, 2/e) of Lattimore and Szepesvari 2017, "
        "which for small e is not reached at this horizon (OFUL lies below it there): what shows is the rise of OFUL's "
        "regret over the bound as e falls from 0.4 to 0.1."
    ),
    runs=tuple(_run(name, epsilon) for name in RULES for epsilon in EPSILONS),
)


def draw(recorded: dict[str, Trace]) -> Figure:
    """One colour for each rule."""
    figure, axes = new_axes("The end of optimism, T = 50,000", r"$\epsilon$", r"regret $R_T / \log T$")
    logs = np.log(HORIZON)
    for name, color in zip(RULES, PALETTE):
        final = [recorded[f"{name}, epsilon = {e:g}"].regret[:, -1] / logs for e in EPSILONS]
        low, high = np.array([np.quantile(values, [0.1, 0.9]) for values in final]).T
        axes.plot(EPSILONS, [v.mean() for v in final], "o-", color=color, label=f"{name} (n = {len(final[0])})")
        axes.fill_between(EPSILONS, low, high, color=color, alpha=0.18, linewidth=0)
    last = np.array([float(HORIZON)])
    bound = [
        theorem("oful/regret").bound(_instance(e)(), oful_parameters(_instance(e)(), HORIZON), last)[0] / logs
        for e in EPSILONS
    ]
    plot_line(axes, EPSILONS, bound, "Theorem 19.2, OFUL", "bound", PALETTE[0])
    axes.plot(EPSILONS, HORIZON * np.array(EPSILONS) / logs, color="0.7", linewidth=1.0, label=r"$T \epsilon/\log T$")
    plot_line(axes, EPSILONS, end_of_optimism(EPSILONS), r"lower bound min(8, 2/$\epsilon$)", "lower")
    axes.set_ylim(1.0, 1e6)
    axes.legend(fontsize=7, loc="upper left", ncols=2)
    return figure
