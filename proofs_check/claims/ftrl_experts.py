"""The FTRL lemma for any mixture of regularisers under full information."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from bandits.adversaries.constrained import StochasticallyConstrained
from bandits.adversaries.shifting import GapShifting
from bandits.algorithms.ftrl_experts import FTRLExperts, anytime, tuned
from bandits.mixtures import BARRIER, ENTROPY, TSALLIS
from kernels.jit import hook
from kernels.steps import Step, check
from proofs_check.claim import Bound, Case, Claim, Sabotage
from proofs_check.claims.ftrl import (
    BARRIER_ENTROPY,
    ESTIMATOR,
    EVERYTHING,
    LEMMA_STEPS,
    MOMENT,
    PAPER,
    QUADRUPLE,
    Watch,
    lemma,
)
from proofs_check.claims.ftrl import acted as acted
from proofs_check.claims.ftrl import begin as begin
from proofs_check.mixture_steps import ROUNDING, allocate_books, local_norm
from theory.lower_bounds import experts_coin_flips
from theory.theorems import theorem
from theory.theorems.ftrl import full_information_moment, penalty_range

STEPS = (
    *LEMMA_STEPS,
    Step("losses", "the cumulative losses move by l_t (difference)", "full information"),
    Step(
        "second-moment",
        "sum_i l_i^2/psi''(w_i) <= 1/(s + tau + b)",
        "definition of M in ftrl/full-information",
        place=("round",),
    ),
)


def allocate(params: FTRLExperts, instance: Any, horizon: int) -> Watch:
    """Arrays of the watch, with the rates that the theorem's parameters have."""
    k, mixture = instance.n_arms, params.mixture
    stated = tuned(mixture, k, horizon) if params.decay == 0.0 else anytime(mixture, k, horizon)
    smoothing = 1.0 / horizon if mixture.barrier > 0.0 else 0.0
    span = penalty_range(mixture, k, horizon)
    books = allocate_books(k, mixture, stated.learning_rate, stated.decay, smoothing, span)
    return Watch(books, full_information_moment(mixture), np.zeros(1))


@hook
def observed(records, run, watch, params, state, adversary, t, arm, row):
    """The losses of round t have been added."""
    books = watch.books
    lemma(records, run, watch, state, t)
    for i in range(row.shape[0]):
        away = abs(books.estimate[i] - row[i])
        check(records, run, ESTIMATOR, away, ROUNDING * (1.0 + abs(row[i])), 0.0, t, i, -1, -1)
    check(records, run, MOMENT, local_norm(books), watch.moment, ROUNDING, t, -1, -1, -1)


@hook
def observe_played(params, state, t, arm, row):
    """Planted fault: only the loss of the arm played is added."""
    state.total[arm] += row[arm]


def coin_flips(instance: Any, horizons: np.ndarray) -> np.ndarray:
    """What fair coins cost every algorithm at each horizon."""
    return np.array([experts_coin_flips(instance.n_arms, int(t)) for t in horizons])


COIN_FLIPS_NAME = "Cesa-Bianchi and Lugosi 2006, Theorem 3.7: fair coins, every algorithm (worst case over instances)"

CASES = (
    Case("gap-shifting", lambda: GapShifting(4, 0.5, 0.1), 1_000),
    Case("gap-shifting, ten arms", lambda: GapShifting(10, 0.3, 0.1), 4_000, full_only=True),
    Case("constrained", lambda: StochasticallyConstrained(4, 0.3), 2_000, full_only=True),
)


def _claim(slug: str, title: str, algorithm: Any, sabotages: tuple[Sabotage, ...] = (QUADRUPLE,)) -> Claim:
    return Claim(
        slug=slug, title=title, paper=PAPER, setting="adversarial bandit", algorithm=algorithm, cases=CASES,
        bounds=(Bound(theorem("ftrl/full-information")),), watch=sys.modules[__name__], sabotages=sabotages,
        lower_bound=coin_flips, lower_bound_name=COIN_FLIPS_NAME,
    )  # fmt: skip


EVERYTHING_CLAIM = _claim(
    "ftrl-experts", "FTRL, full information, with entropy, Tsallis entropy and log-barrier at once",
    lambda instance, horizon: tuned(EVERYTHING, instance.n_arms, horizon),
    (
        QUADRUPLE,
        Sabotage("bandit", "only the loss of the arm played is added", ("losses",),
                 overrides={"observe": observe_played}, n_runs=5),
    ),
)  # fmt: skip
ENTROPY_CLAIM = _claim(
    "ftrl-experts-entropy", "FTRL, full information, with entropy, anytime",
    lambda instance, horizon: anytime(ENTROPY, instance.n_arms, horizon),
)  # fmt: skip
TSALLIS_CLAIM = _claim(
    "ftrl-experts-tsallis", "FTRL, full information, with 1/2-Tsallis entropy",
    lambda instance, horizon: tuned(TSALLIS, instance.n_arms, horizon),
)  # fmt: skip
BARRIER_CLAIM = _claim(
    "ftrl-experts-barrier", "FTRL, full information, with the log-barrier",
    lambda instance, horizon: tuned(BARRIER, instance.n_arms, horizon),
)  # fmt: skip
BARRIER_ENTROPY_CLAIM = _claim(
    "ftrl-experts-barrier-entropy", "FTRL, full information, with entropy and a little log-barrier, anytime",
    lambda instance, horizon: anytime(BARRIER_ENTROPY, instance.n_arms, horizon),
)  # fmt: skip
