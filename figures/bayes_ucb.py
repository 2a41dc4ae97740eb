"""Bayes-UCB with the theorem's c = 5 and with c = 0, as the paper runs it."""

from __future__ import annotations

from collections.abc import Callable

from matplotlib.figure import Figure

from bandits.algorithms.bayes_ucb import BayesUCB
from bandits.algorithms.kl_ucb import KLUCB
from bandits.instances.bernoulli import BernoulliBandit, bernoulli
from figures.regret_lines import regret_over_time
from kernels.engine import Trace
from proofs_check.experiment import Experiment, Run
from theory.theorems import theorem

HORIZON = 5_000


def instance() -> BernoulliBandit:
    """Five arms."""
    return bernoulli(0.8, 0.5, 0.45, 0.4, 0.3)


def rule(power: float) -> Callable[[], BayesUCB]:
    """Bayes-UCB."""
    return lambda: BayesUCB(power)


EXPERIMENT = Experiment(
    slug="bayes-ucb",
    title="Bayes-UCB on five Bernoulli arms",
    caption=(
        f"Means 0.8, 0.5, 0.45, 0.4, 0.3, T = {HORIZON} (Bayes-UCB knows it). Mean and 10-90 % band over runs; "
        "dotted: the asymptotic slope of Lai and Robbins times log T, which is also the limit that Kaufmann, Cappe "
        "and Garivier 2012 prove for c >= 5; dashed: a finite-time bound derived from their Lemma 1 for c = 5 (to be "
        "read at the last round, which the algorithm is told), and KL-UCB's (Lattimore and Szepesvari 2020, Theorem "
        "10.6); grey: T times the largest gap. The factor log^c T that the proof asks for is dear."
    ),
    runs=(
        Run("Bayes-UCB, c = 5", rule(5.0), instance, HORIZON, 60, full_runs=1000),
        Run("Bayes-UCB, c = 0 (no theorem)", rule(0.0), instance, HORIZON, 60, full_runs=1000),
        Run("KL-UCB", KLUCB, instance, HORIZON, 60, full_runs=1000),
    ),
)


def draw(recorded: dict[str, Trace]) -> Figure:
    """Regret over time."""
    bandit = instance()
    bound, finite = theorem("kl-ucb/regret").bound, theorem("bayes-ucb/finite").bound
    return regret_over_time(
        recorded, "Bayes-UCB on five Bernoulli arms", bandit,
        {
            "Bayes-UCB, c = 5": ("derived bound", lambda t: finite(bandit, BayesUCB(5.0), t)),
            "KL-UCB": ("KL-UCB: Theorem 10.6", lambda t: bound(bandit, KLUCB(), t)),
        },
    )  # fmt: skip
