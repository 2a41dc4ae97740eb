"""SupLinUCB: widths of the bins, the invariants of elimination, the size of the bins."""

from __future__ import annotations

import dataclasses
import math
import sys
from typing import NamedTuple

import numpy as np

from bandits.algorithms.sup_lin_ucb import SupLinUCB, base, leader, store
from bandits.linear import LinearBandit
from kernels.jit import hook
from kernels.linalg import add_outer, cholesky, cholesky_solve, dot, inverse_norm, set_multiple_of_identity
from kernels.steps import Step, check
from proofs_check.claim import Bound, Case, Claim, Rate, Sabotage
from proofs_check.claims.oful import sphere
from proofs_check.ellipsoid_steps import HARD_LINE_NAME, Float, hard_line
from theory.theorems import theorem
from theory.theorems.sup_lin_ucb import exploration, n_stages

(WIDTHS, OWN_BIN, BEST_ALIVE, SURVIVORS, STORED, UNSTORED, BIN_SIZE, BIN_TRACE) = range(8)

STEPS = (
    Step(
        "widths",
        "|estimate - mean| <= (alpha + 1) |x| in A_s^{-1}, for the stage that decides, all its actions and rounds",
        "Chu, Li, Reyzin and Schapire 2011, Lemma 1: T K S two-sided events of probability delta/(TKS)",
        "event",
        lambda params, instance, horizon: float(params.delta),
        place=("round", "stage", "action"),
    ),
    Step(
        "own-bin",
        "mean and width of the stage that decides are those of ridge regression on the rounds of its bin alone",
        "Chu, Li, Reyzin and Schapire 2011, Algorithm 3; larger difference",
        place=("round", "stage", "action"),
    ),
    Step(
        "best-alive",
        "the best action survives every stage",
        "Chu, Li, Reyzin and Schapire 2011, Lemma 5",
        "conditional",
        given=("widths",),
        place=("round", "stage"),
    ),
    Step(
        "survivors",
        "regret of an action alive in stage s >= 2 is at most 2^{3-s}",
        "Chu, Li, Reyzin and Schapire 2011, Lemma 5",
        "conditional",
        given=("widths",),
        place=("round", "stage", "action"),
    ),
    Step(
        "stored-wide",
        "a round is stored in bin s only if its width exceeds 2^-s",
        "Chu, Li, Reyzin and Schapire 2011, Algorithm 3",
        place=("round", "stage"),
    ),
    Step(
        "unstored",
        "a round that no bin stores has all widths at most 1/sqrt T, so regret at most 2/sqrt T",
        "Chu, Li, Reyzin and Schapire 2011, proof of Theorem 1",
        "conditional",
        given=("widths",),
        place=("round", "stage"),
    ),
    Step(
        "bin-size",
        "rounds in bin s: 2^-s |bin s| <= (alpha + 1) sqrt(2 |bin s| log det A_s)",
        "Chu, Li, Reyzin and Schapire 2011, Lemma 6, by the elliptic potential",
        place=("round", "stage"),
    ),
    Step(
        "bin-determinant",
        "log det A_s <= d log(1 + |bin s|/d)",
        "Abbasi-Yadkori, Pal and Szepesvari 2011, Lemma 10",
        place=("round", "stage"),
    ),
)


class Watch(NamedTuple):
    """Regressions of the bins once more; first axis: the stage."""

    gram: Float
    factor: Float
    moment: Float
    log_det: Float
    stored: Float
    estimate: Float  # scratch
    scratch: Float
    constants: Float  # alpha + 1, 1/sqrt T


def allocate(params: SupLinUCB, instance: LinearBandit, horizon: int) -> Watch:
    """Arrays of the watch."""
    s, d = n_stages(horizon), instance.dimension
    alpha = exploration(params.noise, horizon, instance.n_actions, params.delta)
    return Watch(
        np.zeros((s, d, d)), np.zeros((s, d, d)), np.zeros((s, d)), np.zeros(s), np.zeros(s), np.zeros(d), np.zeros(d),
        np.array([params.scale * (alpha + 1.0), 1.0 / math.sqrt(horizon)]),
    )  # fmt: skip


@hook
def begin(watch, params, instance):
    """Forget the last run."""
    for s in range(watch.stored.shape[0]):
        set_multiple_of_identity(watch.gram[s], 1.0)
        watch.log_det[s] = cholesky(watch.gram[s], watch.factor[s])
        watch.stored[s] = 0.0
        for i in range(watch.moment.shape[1]):
            watch.moment[s, i] = 0.0


@hook
def acted(records, run, watch, params, state, instance, t, context, action):
    """The stage that decided: its regression, its survivors."""
    s, into = state.last[1], state.last[0]
    cholesky_solve(watch.factor[s], watch.moment[s], watch.estimate)
    best = 0
    for a in range(instance.means.shape[1]):
        if instance.means[context, a] > instance.means[context, best]:
            best = a
    widest = 0.0
    for a in range(instance.means.shape[1]):
        if not state.alive[a]:
            continue
        x = instance.features[context, a]
        mean = dot(watch.estimate, x)
        width = watch.constants[0] * inverse_norm(watch.factor[s], x, watch.scratch)
        widest = max(width, widest)
        check(records, run, WIDTHS, abs(mean - instance.means[context, a]), width, 1e-9, t, s + 1, a, -1)
        off = max(abs(mean - state.mean[a]), abs(width - state.width[a]))
        check(records, run, OWN_BIN, off, 0.0, 1e-7, t, s + 1, a, -1)
        if s >= 1:
            check(records, run, SURVIVORS, instance.gaps[context, a], 0.5 ** (s - 2.0), 1e-9, t, s + 1, a, -1)
    # Another action as good as the best may stand for it.
    alive_gap = np.inf
    for a in range(instance.means.shape[1]):
        if state.alive[a]:
            alive_gap = min(instance.gaps[context, a], alive_gap)
    check(records, run, BEST_ALIVE, alive_gap, 0.0, 1e-9, t, s + 1, -1, -1)
    if into >= 0:
        x = instance.features[context, action]
        width = watch.constants[0] * inverse_norm(watch.factor[into], x, watch.scratch)
        check(records, run, STORED, 0.5 ** (into + 1.0), width, 1e-9, t, into + 1, -1, -1)
    else:
        check(records, run, UNSTORED, widest, watch.constants[1], 1e-7, t, s + 1, -1, -1)
        check(records, run, UNSTORED, instance.gaps[context, action], 2.0 * watch.constants[1], 1e-7, t, s + 1, -1, -1)


@hook
def observed(records, run, watch, params, state, instance, t, context, action, reward):
    """A bin that grew."""
    s = state.last[0]
    if s < 0:
        return
    x = instance.features[context, action]
    add_outer(watch.gram[s], x, 1.0)
    for i in range(x.shape[0]):
        watch.moment[s, i] += reward * x[i]
    watch.log_det[s] = cholesky(watch.gram[s], watch.factor[s])
    watch.stored[s] += 1.0
    n, d = watch.stored[s], x.shape[0]
    most = watch.constants[0] * math.sqrt(2.0 * n * watch.log_det[s])
    check(records, run, BIN_SIZE, 0.5 ** (s + 1.0) * n, most, 1e-9, t, s + 1, -1, -1)
    check(records, run, BIN_TRACE, watch.log_det[s], d * math.log(1.0 + n / d), 1e-9, t, s + 1, -1, -1)


@hook
def observe_in_every_bin(params, state, t, features, context, action, reward):
    """Planted fault: every round enters all bins, so that the rewards of a bin decide what it stores."""
    for s in range(state.stored.shape[0]):
        store(state, s, features[context, action], reward)


@hook
def act_storing_always(params, state, t, features, context, rng):
    """Planted fault: LinUCB on the first bin, every round stored in it."""
    for a in range(state.alive.shape[0]):
        state.alive[a] = True
    base(state, 0, features, context)
    state.last[0] = 0
    state.last[1] = 0
    return leader(state)


def theorem_parameters(instance: LinearBandit, horizon: int) -> SupLinUCB:
    """The instance's own R; delta = 0.05."""
    return SupLinUCB(instance.noise_subgaussian)


def with_quiet_context(bandit: LinearBandit) -> LinearBandit:
    """The features of the last context shrunk to a thousandth.

    With |x| = 1 the widths never fall to 1/sqrt T, since |x|^2 in A^{-1} >= 1/(1 + T): only such a context shows the
    branch of the rounds that no bin stores.
    """
    features = bandit.features.copy()
    features[-1] *= 1e-3
    return dataclasses.replace(bandit, features=features, name=f"{bandit.name}, one quiet context")


def _small() -> LinearBandit:
    return with_quiet_context(sphere(2, 5, 10, seed=5, noise="uniform", scale=0.1))


CLAIM = Claim(
    slug="sup-lin-ucb",
    title="SupLinUCB",
    paper="Chu, Li, Reyzin and Schapire 2011, Contextual bandits with linear payoff functions",
    setting="linear bandit",
    algorithm=theorem_parameters,
    cases=(
        Case("contexts", _small, 4_000),
        Case("sphere d=4", lambda: with_quiet_context(sphere(4, 10, 8, seed=2, scale=0.2)), 4_000),
        Case("long", _small, 400_000, max_runs=60, full_only=True, watched=False),
    ),
    bounds=(Bound(theorem("sup-lin-ucb/regret")),),
    watch=sys.modules[__name__],
    rate=Rate(
        theorem("sup-lin-ucb/order"), "the theorem's parameters", theorem_parameters, "T",
        tuple(2**k for k in range(9, 15)), lambda horizon: (_small(), horizon), n_runs=30,
    ),
    sabotages=(
        Sabotage(
            "all-bins", "every round is stored in every bin", ("own-bin",),
            overrides={"observe": observe_in_every_bin}, n_runs=5,
        ),
        Sabotage(
            "store-always", "every round is stored in the first bin", ("stored-wide",),
            overrides={"act": act_storing_always}, n_runs=5,
        ),
        Sabotage(
            "small-widths", "a hundredth of the width", ("widths",), lambda p: p._replace(scale=0.01), n_runs=60,
        ),
    ),
    lower_bound=hard_line,
    lower_bound_name=HARD_LINE_NAME,
    notes="the explicit bound bites from horizons of some 10^5 on (case 'long' of --full)",
)  # fmt: skip
