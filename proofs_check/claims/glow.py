"""GLOW, its variant for pure ratios, HyGLOW, the reduction H2O with other bases, and GOLF."""

from __future__ import annotations

import dataclasses
import math
import sys
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from mdps.algorithms import glow, golf, h2o
from mdps.bellman_tests import Statistics
from mdps.function_classes import FunctionApproximation, FunctionProblem, OfflineData, Walks
from mdps.instances.function_classes import compensating, incomplete, lock_class, rare_state, two_armed
from mdps.model import MDP, Float, Int
from mdps.weight_classes import ReciprocalAverages, ratios
from proofs_check import glow_steps, golf_steps, h2o_steps, hyglow_steps
from proofs_check.claim import Bound, Case, Claim, Rate, Sabotage
from theory.theorems import theorem
from theory.theorems.glow import DERIVED, PRINTED, Constants, log_factor

PAPER = "Amortila, Foster, Jiang, Sekhari and Xie 2024, Harnessing density ratios for online reinforcement learning"
DELTA = 0.25


# ---------------------------------------------------------------------------------- the printed constants, as faults
class MarkedArrays(NamedTuple):
    """The arrays of an instance and the constants its proof is held to."""

    arrays: Any
    constants: Constants


@dataclass(frozen=True, eq=False)
class HeldToConstants(FunctionApproximation):
    """An instance on which the proof is checked with given constants instead of the derived ones."""

    constants: Constants = DERIVED

    def arrays(self) -> Any:
        """Names the experiment, constants included."""
        return MarkedArrays(super().arrays(), self.constants)


def held_to(constants: Constants, instance: FunctionApproximation) -> HeldToConstants:
    """The same instance, its proof held to ``constants``."""
    return HeldToConstants(
        instance.mdp, instance.functions, instance.weights, instance.offline, instance.models, instance.name, constants
    )  # fmt: skip


#: Counterexample to Lemma E.2 (b) as printed: the wrong function of :func:`two_armed` stays while
#: D <= 8/gamma_t + beta_t, and the printed lemma would have D <= 20/gamma_t + (7/18) beta_t. With gamma = 1, T = 40 and
#: K = 310 the tests at t = 40 have beta_t = 0.90.
WIDEST_ROUNDS, WIDEST_K = 40, 310


def widest_member() -> FunctionApproximation:
    """Two deterministic arms on which the width of Lemma E.2 (b) matters."""
    return two_armed(1.0, good=0.5)


def widest_parameters(params: Any) -> Any:
    """gamma = 1 and K = 310."""
    return params._replace(gamma=1.0, n_trajectories=WIDEST_K)


def two_rewards() -> FunctionApproximation:
    """A function with Delta = -2: it expects nothing now and 1 later where 1 is paid at once and nothing later."""
    mdp = MDP.from_dense(np.ones((2, 1, 1, 1)), np.array([[[1.0]], [[0.0]]]), name="paid at once")
    functions = np.array([[[[0.0]], [[1.0]]], [[[1.0]], [[0.0]]]])
    return FunctionApproximation(mdp, functions, name="paid at once")


def printed(**fields: Any) -> Constants:
    """The derived constants with the named ones as printed."""
    return DERIVED._replace(**fields)


# ------------------------------------------------------------------------------------------------------ other faults
def two_sided(params: Any, problem: FunctionProblem, data: Statistics, weights: Float, t: int, log_size: float) -> Any:
    """Planted fault: |Eh[Dh f wc]| - alpha Eh[wc^2] <= beta, with the beta of the one-sided test."""
    mirrored = data._replace(errors=-data.errors)
    both = (data, mirrored)
    return np.logical_and(*(glow.constrained(params, problem, side, weights, t, log_size) for side in both))


def averaged_over_pairs(
    params: Any, problem: FunctionProblem, data: Statistics, weights: Float, t: int, log_size: float
) -> Any:
    """Planted fault: the average is over the pairs that were seen, not over the tuples."""
    seen = np.maximum((data.counts > 0.0).sum(axis=(1, 2), keepdims=True), 1.0)
    share = params.n_trajectories * (t - 1) / (seen * np.maximum(data.counts, 1.0))
    cells = Statistics(data.errors * share, data.counts * share, data.starts)
    return glow.constrained(params, problem, cells, weights, t, log_size)


def unpenalised(
    params: Any, problem: FunctionProblem, data: Statistics, weights: Float, t: int, log_size: float
) -> Any:
    """Planted fault: no quadratic penalty."""
    return glow.constrained(params._replace(alpha_scale=0.0), problem, data, weights, t, log_size)


def early_threshold(
    params: Any, problem: FunctionProblem, data: Statistics, weights: Float, t: int, log_size: float
) -> Any:
    """Planted fault: beta_t is a twentieth of what it should be."""
    return glow.constrained(params._replace(beta_scale=0.05), problem, data, weights, t, log_size)


def ratios_to_the_past(problem: FunctionProblem, plays: Int) -> Float:
    """Planted fault: d^pi over the mixture before round t, which does not contain pi."""
    laws = problem.weights.occupancies  # type: ignore[attr-defined]
    past = np.tensordot(plays.astype(float), laws, axes=1) / max(int(plays.sum()), 1)
    return ratios(laws, past[None])


def parameters(instance: Any, n_rounds: int) -> glow.GLOW:
    """Theorem 3.1 with delta = 1/4, so that few runs decide its events."""
    return glow.theorem_3_1(instance, n_rounds, DELTA)


def batches(instance: Any, n_rounds: int) -> glow.GLOW:
    """gamma = sqrt(C_cov/T) and K = T L/2: the constants of the theory bite, version spaces shrink."""
    params = glow.theorem_3_2(instance, n_rounds, DELTA)
    return params._replace(n_trajectories=math.ceil(n_rounds * float(log_factor(instance, params, n_rounds)) / 2.0))


def practical(params: Any) -> Any:
    """The practical preset, in which version spaces shrink within the horizons of the faults."""
    return params._replace(alpha_scale=0.1, beta_scale=0.01)


GLOW_CLAIM = Claim(
    slug="glow",
    title="GLOW",
    paper=PAPER,
    setting="function approximation",
    algorithm=parameters,
    cases=(
        Case("lock", lock_class, 300, max_runs=100),
        Case("rare state", rare_state, 200, max_runs=100),
        Case("four observations", lambda: lock_class(block_size=4), 1_000, max_runs=10, full_only=True),
    ),
    bounds=(Bound(theorem("glow/regret-explicit")),),
    watch=sys.modules[glow_steps.__name__],
    rate=Rate(
        theorem("glow/regret"),
        preset="practical: alpha x 0.1, beta x 0.01, no theorem",
        algorithm=glow.practical,
        sweep="T",
        grid=(250, 500, 1_000, 2_000),
        case=lambda n_rounds: (lock_class(), n_rounds),
        n_runs=20,
    ),
    sabotages=(
        Sabotage(
            "no-clipping", "the weights are not clipped", ("second-moment-below", "second-moment-above"),
            lambda p: p._replace(clip_scale=np.inf), build=lambda: rare_state(0.02), horizon=200,
        ),
        Sabotage(
            "past-mixture", "the ratios are to the mixture of the rounds before, without the policy itself",
            ("ratio", "truncation"), lambda p: p._replace(gamma=1.0, alpha_scale=0.0, beta_scale=0.0016),
            overrides={"tested_weights": ratios_to_the_past}, build=compensating, horizon=20, n_runs=1,
        ),
        Sabotage(
            "two-sided", "the test is of the absolute value, with the beta of the one-sided test", ("version-space",),
            practical, overrides={"constrained": two_sided}, horizon=1_000, build=rare_state, n_runs=2,
        ),
        Sabotage(
            "average-over-pairs", "the average is over the pairs seen, not over the samples", ("version-space",),
            practical, overrides={"constrained": averaged_over_pairs}, horizon=1_500, build=lock_class, n_runs=2,
        ),
        Sabotage(
            "printed-members", "Lemma E.2 (b) with the printed 20/gamma_t and (7/18) beta_t", ("members",),
            widest_parameters, n_runs=1, horizon=WIDEST_ROUNDS,
            build=lambda: held_to(printed(spread=PRINTED.spread, width=PRINTED.width), widest_member()),
        ),
        Sabotage(
            "printed-potential", "Lemma E.3 with the printed 5 C_cov log T, at T = 1", ("potential",), n_runs=1,
            horizon=2, build=lambda: held_to(printed(potential=PRINTED.potential), lock_class()),
        ),
        Sabotage(
            "printed-residual", "|Delta_h f| <= 1, as the text has it", ("residual-range",), n_runs=1, horizon=2,
            build=lambda: held_to(printed(least_residual=PRINTED.least_residual), two_rewards()),
        ),
    ),
    user_horizon=2_000,
    notes="Oracle W: mixture ratios from exact occupancies, log|W| = log(P C(T+P, P)) by counting types. The faults "
    "printed-* are the printed constants, refuted on counterexamples.",
)  # fmt: skip

BATCHES = Claim(
    slug="glow-batches",
    title="GLOW, K episodes a round",
    paper=PAPER,
    setting="function approximation",
    algorithm=batches,
    cases=(
        Case("short lock", lambda: lock_class(2, code=(1, 0)), 100, max_runs=40),
        Case("two arms", lambda: two_armed(0.9, weights=None), 150, max_runs=20),
    ),
    bounds=(Bound(theorem("glow/regret-explicit")),),
    watch=sys.modules[glow_steps.__name__],
    sabotages=(
        Sabotage(
            "no-penalty",
            "without the term alpha_t wc^2",
            ("version-space",),
            overrides={"constrained": unpenalised},
            n_runs=2,
        ),
        Sabotage(
            "small-threshold",
            "beta_t is a twentieth of what it should be",
            ("version-space",),
            overrides={"constrained": early_threshold},
            n_runs=2,
        ),
    ),
    user_horizon=100,
    notes="The constants of Lemma E.4 with K = T L/2 episodes a round and gamma = sqrt(C_cov/T): functions leave "
    "within a hundred rounds, so that the steps are watched on shrinking version spaces.",
)


def pure_lock(horizon: int) -> FunctionApproximation:
    """The lock with the mixture ratios built from pure ones, and counted as such."""
    lock = lock_class(horizon)
    return dataclasses.replace(lock, weights=ReciprocalAverages(lock.occupancies))


PURE_RATIOS = Claim(
    slug="glow-pure-ratios",
    title="GLOW for pure density ratios",
    paper=PAPER,
    setting="function approximation",
    algorithm=lambda instance, n_rounds: glow.theorem_3_2(instance, n_rounds, DELTA),
    cases=(
        Case("one stage", lambda: pure_lock(1), 25, max_runs=40),
        Case("two stages", lambda: pure_lock(2), 25, max_runs=40),
        Case("two stages, longer", lambda: pure_lock(2), 50, max_runs=10, full_only=True),
    ),
    bounds=(Bound(theorem("glow/regret-explicit")),),
    watch=sys.modules[glow_steps.__name__],
    sabotages=(
        Sabotage(
            "past-mixture", "the averages leave out the policy itself", ("ratio",),
            overrides={"tested_weights": ratios_to_the_past}, n_runs=2,
        ),
        Sabotage(
            "no-penalty", "beta x 0.1 and no term alpha_t wc^2", ("version-space",),
            lambda p: p._replace(beta_scale=0.1), overrides={"constrained": unpenalised}, case="two stages", n_runs=2,
        ),
    ),
    user_horizon=30,
    notes="Theorem 3.2: K = 2T log(6|F||W|HT/delta) episodes a round, |Wbar| <= (2|W|)^T. A demonstration: at these "
    "sizes beta_t is above 1.",
)  # fmt: skip


# -------------------------------------------------------------------------------------------------------------- GOLF
def first_target_only(params: Any, problem: FunctionProblem, data: Statistics, beta: float) -> Any:
    """Planted fault: only the first stage is tested."""
    return np.asarray(golf.excess_losses(data, problem.functions)[:, 0] <= beta)


GOLF_CLAIM = Claim(
    slug="golf",
    title="GOLF",
    paper="Xie, Foster, Bai, Jiang and Kakade 2023, The role of coverage in online reinforcement learning",
    setting="function approximation",
    algorithm=lambda instance, n_rounds: golf.GOLF(DELTA),
    cases=(Case("short lock", lambda: lock_class(2, code=(1, 0)), 1_200, max_runs=25),),
    bounds=(Bound(theorem("glow/golf-explicit")),),
    watch=sys.modules[golf_steps.__name__],
    rate=Rate(
        theorem("glow/golf"),
        preset="beta = 23 log(2|F|^2 HT/delta)",
        algorithm=lambda instance, n_rounds: golf.GOLF(DELTA),
        sweep="T",
        grid=(500, 1_000, 2_000),
        case=lambda n_rounds: (lock_class(1), n_rounds),
        n_runs=20,
    ),
    sabotages=(
        Sabotage(
            "first-stage-only", "only the first stage is tested", ("version-space",),
            overrides={"constrained": first_target_only}, n_runs=2,
        ),
        Sabotage(
            "incomplete-class", "the class is realizable but not Bellman complete: what the theorem excludes",
            ("in-sample",), build=incomplete, horizon=1_500, n_runs=20,
        ),
        Sabotage(
            "narrow", "beta x 0.0001", ("q-star",), lambda p: p._replace(beta_scale=1e-4), horizon=50,
            build=rare_state,
        ),
    ),
    user_horizon=2_000,
    notes="GLOW with W = {f - f'}, no clipping and alpha = 1/2. beta is the published order with the constant of "
    "Freedman's inequality. On a class that is not complete it stays with a bad function for ever.",
)  # fmt: skip


# ------------------------------------------------------------------------------------------------- hybrid reductions
def hybrid_lock() -> FunctionApproximation:
    """The lock with offline data: a tenth of it from the optimal policy, the rest from uniform play."""
    return lock_class(offline_optimal=0.1)


def all_offline_at_once(
    params: Any, problem: FunctionProblem, offline: OfflineData, online: Walks, plays: Int, t: int
) -> Any:
    """Planted fault: every round sees all offline tuples, those of later rounds included."""
    data = h2o.hybrid_data(params, problem, offline, online, plays, len(offline.states) + 1)
    kept = h2o.hybrid_data(params, problem, offline, online, plays, t)
    extra = h2o.hybrid_data(params._replace(online_share=0), problem, offline, online, plays, len(offline.states) + 1)
    first = h2o.hybrid_data(params._replace(online_share=0), problem, offline, online, plays, t)
    return data._replace(
        following=kept.following + extra.following - first.following,
        rewards=kept.rewards + extra.rewards - first.rewards, round=t,
        n_samples=kept.n_samples + extra.n_samples - first.n_samples, n_offline=extra.n_offline,
    )  # fmt: skip


def mabo_one_sided(params: Any, problem: FunctionProblem, data: h2o.Tuples) -> Float:
    """Planted fault: the average error itself instead of its absolute value."""
    n, scale = max(data.n_samples, 1), params.gamma * data.round
    clipped = np.minimum(problem.weights.against(data.plays, data.n_offline), scale)  # type: ignore[attr-defined]
    first = np.einsum("fhsa,whsa->fwh", h2o.bellman_errors(problem, data), clipped) / n
    second = np.einsum("hsa,whsa->wh", data.following.sum(axis=3), clipped**2) / n
    stages = first - params.alpha_scale * 8.0 / scale * second
    return np.asarray(np.maximum(stages.sum(axis=2), stages.max(axis=2)).max(axis=1))


class OneSided(h2o.MABOCR):
    """MABO.CR without its absolute value."""

    def fit(self, problem: FunctionProblem, data: h2o.Tuples) -> Int:
        """The greedy policy of the function that the faulty objective prefers."""
        objective = mabo_one_sided(self, problem, data)
        return np.asarray(problem.policies[problem.policy_of[int(objective.argmin())]])


class Myopic(h2o.FQI):
    """Fitted Q-iteration towards the rewards alone."""

    def fit(self, problem: FunctionProblem, data: h2o.Tuples) -> Int:
        """The greedy policy of the last iterate, the values ahead forgotten."""
        return h2o.fitted_q(problem, data._replace(following=_all_to_the_first(data.following))).argmax(axis=2)


def _all_to_the_first(following: Float) -> Float:
    """The same counts of pairs, every successor being the bad state."""
    moved = np.zeros_like(following)
    moved[..., -1] = following.sum(axis=3)
    return moved


FAULTS = (
    Sabotage(
        "all-offline-data", "every round sees all offline tuples at once", ("data",),
        overrides={"hybrid_data": all_offline_at_once}, n_runs=2,
    ),
    Sabotage(
        "offline-only", "the episodes are not added to the data", ("data",), lambda p: p._replace(online_share=0),
        n_runs=2,
    ),
)  # fmt: skip

HYGLOW = Claim(
    slug="hyglow",
    title="HyGLOW",
    paper=PAPER,
    setting="function approximation",
    algorithm=lambda instance, n_rounds: h2o.hyglow(instance, n_rounds, DELTA),
    cases=(Case("hybrid lock", hybrid_lock, 100, max_runs=25),),
    bounds=(Bound(theorem("glow/hyglow")),),
    watch=sys.modules[hyglow_steps.__name__],
    rate=Rate(
        theorem("glow/hyglow-rate"),
        preset="practical: alpha x 0.01, no theorem",
        algorithm=h2o.practical,
        sweep="T",
        grid=(75, 150, 300),
        case=lambda n_rounds: (hybrid_lock(), n_rounds),
        n_runs=20,
    ),
    sabotages=(
        *FAULTS,
        Sabotage(
            "no-absolute-value", "the objective of MABO.CR without its absolute value", ("base",),
            lambda p: p._replace(base=OneSided(0.5)), n_runs=5,
        ),
        Sabotage(
            "printed-pair", "the pair of MABO.CR as printed, (40/gamma, 56 H^2 gamma log)", ("pair",), n_runs=1,
            horizon=2, build=lambda: held_to(
                printed(mabo_spread=PRINTED.mabo_spread, mabo_width=PRINTED.mabo_width), hybrid_lock()
            ),
        ),
        Sabotage(
            "printed-corollary", "Corollary 4.1 with the printed H^2 trajectories", ("corollary",), n_runs=1,
            horizon=2, build=lambda: held_to(printed(hybrid_power=PRINTED.hybrid_power), hybrid_lock()),
        ),
    ),
    user_horizon=500,
    notes="Oracle W: ratios to (nu + dbar)/2 from exact occupancies, mixtures counted. The pair of MABO.CR has 44 and "
    "284 where 40 and 56 are printed, and Corollary 4.1 is taken with H^4.",
)  # fmt: skip

H2O_FQI = Claim(
    slug="h2o-fqi",
    title="H2O with fitted Q-iteration",
    paper=PAPER,
    setting="function approximation",
    algorithm=lambda instance, n_rounds: h2o.H2O(h2o.FQI(), DELTA),
    cases=(Case("hybrid lock", hybrid_lock, 100, max_runs=25),),
    bounds=(Bound(theorem("glow/h2o-fqi")),),
    watch=sys.modules[h2o_steps.__name__],
    rate=Rate(
        theorem("glow/h2o-rate"),
        preset="the algorithm has no parameters",
        algorithm=lambda instance, n_rounds: h2o.H2O(h2o.FQI(), DELTA),
        sweep="T",
        grid=(50, 100, 200),
        case=lambda n_rounds: (hybrid_lock(), n_rounds),
        n_runs=20,
    ),
    sabotages=(
        *FAULTS,
        Sabotage(
            "myopic", "the targets have the value of the bad state ahead", ("base",),
            lambda p: p._replace(base=Myopic()), n_runs=5,
        ),
    ),
    user_horizon=500,
    notes="Close to Hy-Q. Needs Bellman completeness, which the lock's class has.",
)  # fmt: skip

H2O_MLE = Claim(
    slug="h2o-mle",
    title="H2O with maximum likelihood",
    paper=PAPER,
    setting="function approximation",
    algorithm=lambda instance, n_rounds: h2o.H2O(h2o.MLE(), DELTA),
    cases=(Case("hybrid lock", hybrid_lock, 50, max_runs=25),),
    bounds=(Bound(theorem("glow/h2o-mle")),),
    watch=sys.modules[h2o_steps.__name__],
    sabotages=FAULTS,
    user_horizon=200,
    notes="Stage by stage over the model class of the lock; the winner's stages are put together and planned exactly.",
)
