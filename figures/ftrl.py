"""The FTRL lemma, term by term: penalty and stability of every regulariser on one bandit, against its bound."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from bandits.adversaries.constrained import StochasticallyConstrained
from bandits.algorithms.ftrl import FTRL, tuned
from bandits.mixtures import BARRIER, ENTROPY, TSALLIS, Mixture
from kernels.engine import Trace
from proofs_check.claims import ftrl as claim
from proofs_check.experiment import Experiment, Run
from proofs_check.plotting import PALETTE, new_axes
from theory.lower_bounds import minimax_engine_best
from theory.theorems import theorem
from theory.theorems.ftrl import bandit_moment, penalty_range

ARMS, HORIZON, GAP = 4, 2_000, 0.25

RULES: dict[str, Mixture] = {
    "entropy": ENTROPY,
    "Tsallis 3/4": claim.HIGH_TSALLIS,
    "Tsallis 1/2": TSALLIS,
    "Tsallis 1/4": claim.LOW_TSALLIS,
    "log-barrier": BARRIER,
    "entropy\n+ barrier": claim.BARRIER_ENTROPY,
    "Tsallis 1/2\n+ entropy": claim.TSALLIS_ENTROPY,
    "all three": claim.EVERYTHING,
}


def instance() -> StochasticallyConstrained:
    """Four arms, levels jump, arm 0 is better by 1/4 throughout."""
    return StochasticallyConstrained(ARMS, GAP)


def algorithm(name: str) -> FTRL:
    """The rate that balances the two terms of the bound."""
    return tuned(RULES[name], ARMS, HORIZON)


EXPERIMENT = Experiment(
    slug="ftrl",
    title="FTRL: penalty and stability of every regulariser",
    caption=(
        f"Stochastically constrained adversary, K = {ARMS}, gap {GAP:g}, T = {HORIZON}, importance weighting, fixed "
        "rates that balance the two terms. Stacked: the theorem's penalty (psi(u) - min psi)/eta and its stability "
        "(eta/2) M T, M = min(K/s, K^a/tau, 1/b), plus 1 where the barrier needs a smoothed comparator. Points: mean "
        "regret with a 10-90 % band of the runs, dashed: gap x T (never playing the best arm); dotted: what Bubeck and "
        "Cesa-Bianchi 2012, Lemma 3.2, proves for every algorithm on its worst instance."
    ),
    runs=tuple(
        Run(name.replace("\n", " "), lambda name=name: algorithm(name), instance, HORIZON, 40, full_runs=1000)  # type: ignore[misc]
        for name in RULES
    ),
)


def draw(recorded: dict[str, Trace]) -> Figure:
    """One bar for each regulariser."""
    figure, axes = new_axes("", "", "regret $R_T$", log="", size=(8.2, 4.2))
    axes.set_title(f"FTRL bound, term by term, and measured regret ($T = {HORIZON}$)", pad=30)
    place = np.arange(len(RULES))
    penalty = np.array([penalty_range(m, ARMS, HORIZON) / algorithm(n).learning_rate for n, m in RULES.items()])
    stability = np.array(
        [0.5 * algorithm(n).learning_rate * bandit_moment(m, ARMS) * HORIZON for n, m in RULES.items()]
    )
    horizon = np.array([float(HORIZON)])
    total = np.array([theorem("ftrl/bandit").bound(instance(), algorithm(n), horizon)[0] for n in RULES])
    axes.bar(place, penalty, 0.6, color=PALETTE[5], label="theorem: penalty")
    axes.bar(place, stability, 0.6, bottom=penalty, color=PALETTE[4], label="theorem: stability")
    axes.bar(place, total - penalty - stability, 0.6, bottom=penalty + stability, color="black")
    samples = [recorded[name.replace("\n", " ")].regret[:, -1] for name in RULES]
    mean = np.array([s.mean() for s in samples])
    low, high = np.array([np.quantile(s, [0.1, 0.9]) for s in samples]).T
    axes.errorbar(
        place, mean, [mean - low, high - mean], fmt="o", color=PALETTE[1], capsize=3,
        label=f"measured regret (n = {len(samples[0])})",
    )  # fmt: skip
    axes.axhline(GAP * HORIZON, color="grey", linestyle="--", linewidth=1.2, label="gap x T")
    lower = minimax_engine_best(ARMS, HORIZON)[0]
    axes.axhline(lower, color="black", linestyle=":", linewidth=1.2, label="lower bound (worst instance)")
    axes.set_xticks(place, list(RULES), fontsize=8)
    figure.legend(
        *axes.get_legend_handles_labels(), fontsize=7, ncols=5, loc="upper center", bbox_to_anchor=(0.52, 0.93)
    )
    return figure
