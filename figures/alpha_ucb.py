"""alpha-UCB: how the regret depends on alpha, with Theorem 2.1 and the Lai-Robbins slope."""

from __future__ import annotations

from collections.abc import Callable

from matplotlib.figure import Figure

from bandits.algorithms.alpha_ucb import AlphaUCB
from bandits.instances.bernoulli import BernoulliBandit, bernoulli
from figures.regret_lines import regret_over_time
from kernels.engine import Trace
from proofs_check.experiment import Experiment, Run
from theory.theorems import theorem

ALPHAS = {"alpha = 3": 3.0, "alpha = 2.1": 2.1, "alpha = 1 (no theorem)": 1.0}


def instance() -> BernoulliBandit:
    """Five arms."""
    return bernoulli(0.8, 0.5, 0.45, 0.4, 0.3)


def rule(alpha: float) -> Callable[[], AlphaUCB]:
    """alpha-UCB."""
    return lambda: AlphaUCB(alpha)


EXPERIMENT = Experiment(
    slug="alpha-ucb",
    title="alpha-UCB on five Bernoulli arms",
    caption=(
        "Means 0.8, 0.5, 0.45, 0.4, 0.3. Mean and 10-90 % band over runs; dashed: Bubeck and Cesa-Bianchi 2012, "
        "Theorem 2.1, for alpha = 3 and for 2.1, whose constant alpha/(alpha - 2) is larger; dotted: the asymptotic "
        "slope of Lai and Robbins times log T; grey: T times the largest gap. The regret falls with alpha down to 1, "
        "where the theorem says nothing."
    ),
    runs=tuple(Run(label, rule(alpha), instance, 50_000, 100, full_runs=2000) for label, alpha in ALPHAS.items()),
)


def draw(recorded: dict[str, Trace]) -> Figure:
    """Regret over time."""
    bandit, bound = instance(), theorem("alpha-ucb/regret").bound
    return regret_over_time(
        recorded, r"$\alpha$-UCB on five Bernoulli arms", bandit,
        {
            "alpha = 3": ("Theorem 2.1, alpha = 3", lambda t: bound(bandit, AlphaUCB(3.0), t)),
            "alpha = 2.1": ("Theorem 2.1, alpha = 2.1", lambda t: bound(bandit, AlphaUCB(2.1), t)),
        },
    )  # fmt: skip
