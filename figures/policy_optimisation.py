"""Tabular policy optimisation beside mirror descent on occupancies and the log-barrier algorithm, one instance."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from matplotlib.figure import Figure

from kernels.engine import Trace
from mdps.adversarial import AdversarialMDP
from mdps.algorithms import o_reps, policy_optimisation, refined_regret
from mdps.instances.adversarial import layered
from proofs_check.experiment import Experiment, Run
from proofs_check.plotting import PALETTE, new_axes, plot_line, plot_regret
from theory.theorems import theorem

EPISODES = 2_048


def instance() -> AdversarialMDP:
    """The better table changes once, in the middle."""
    return layered(n_episodes=EPISODES, n_blocks=2)


ALGORITHMS: dict[str, tuple[Callable[[], Any], str]] = {
    "policy optimisation": (lambda: policy_optimisation.tuned(3, 2, 3, EPISODES), "policy-optimisation/regret"),
    "O-REPS": (lambda: o_reps.tuned(3, 2, 3, EPISODES), "o-reps/bandit-rate"),
    "refined regret, practical": (lambda: refined_regret.practical(2, 6, 3, EPISODES), ""),
}

EXPERIMENT = Experiment(
    slug="policy-optimisation",
    title="Tabular adversarial MDPs: policy optimisation and mirror descent",
    caption=(
        "Regret against the best fixed policy so far on a random layered MDP (three layers of three states, two "
        f"actions), {EPISODES:,} episodes, the losses switch between two tables in the middle, bandit feedback, known "
        "transitions. Policy optimisation and O-REPS with their theorems' parameters (dashed: the theorems), Algorithm "
        "1 of refined regret with its practical preset, which no theorem covers. Grey: the worst policies."
    ),
    runs=tuple(Run(name, make, instance, EPISODES, 4, full_runs=40) for name, (make, _) in ALGORITHMS.items()),
)


def draw(recorded: dict[str, Trace]) -> Figure:
    """One line for each algorithm."""
    figure, axes = new_axes("A layered MDP, bandit feedback", "episodes $T$", "regret $R_T$")
    for (name, (make, bound)), color in zip(ALGORITHMS.items(), PALETTE):
        trace = recorded[name]
        plot_regret(axes, trace, name, color)
        if bound:
            t = trace.checkpoints.astype(float)
            plot_line(axes, t, theorem(bound).bound(instance(), make(), t), f"{name}: theorem", "bound", color)
    t = recorded["O-REPS"].checkpoints
    axes.plot(t, instance().trivial_regret(t), color="0.6", linewidth=1.0, label="worst policies")
    axes.set_ylim(0.3, 3e6)
    axes.legend(fontsize=7, loc="upper left")
    return figure
