"""Latent MDPs with context in hindsight, value-optimistic solver: Zhou, Wang and Du (2023) and the steps of its proof.

A second claim, ``lmdp-horizon``, is about the horizon: total reward 1, H growing, policies from a finite class.
"""

from __future__ import annotations

import math
import sys
from dataclasses import replace
from typing import Any

import numpy as np

from kernels.engine import Trace
from mdps.algorithms import lmdp
from mdps.algorithms.lmdp import Estimates, ValueOptimistic
from mdps.instances.latent import gamble, permutation, random_latent, two_state
from mdps.latent import Batch, LatentMDP, LatentProblem
from mdps.planning.latent import (
    Backup,
    Float,
    Int,
    Plan,
    alpha_vectors,
    memoryless,
    root_value,
    stationary_policies,
    successors,
)
from proofs_check.claim import Bound, Case, Claim, Rate, Sabotage
from proofs_check.lmdp_steps import (
    STEPS,  # noqa: F401  (part of the watch)
    Notes,
    Radii,
    along,
    bonus,
    ended,  # noqa: F401
    notes_of,
    observed,  # noqa: F401
)
from theory.theorems import theorem


def plausible(scale: float, n_states: int, iota: float, visits: Int, p_hat: Float) -> Radii:
    """(4c)^2 |supp Ph| iota/N under the root, (4c)^2 S iota/N; no freedom in p."""
    n = np.maximum(visits, 1)
    first = (4.0 * scale) ** 2 * np.count_nonzero(p_hat, axis=3) * iota / n
    second = np.where(visits > 0, (4.0 * scale) ** 2 * n_states * iota / n, np.inf)
    return first, second, p_hat, p_hat


def allocate(params: Any, instance: LatentMDP, horizon: int) -> Notes:
    """Notes of one run."""
    return notes_of(plausible, params, instance, horizon)


# -------------------------------------------------------------------------------------------------- planted faults
def observe_in_all_contexts(estimates: Estimates, batch: Batch) -> bool:
    """Planted fault: the context told in hindsight is ignored, every context counts every episode."""
    before = estimates.counts[0].sum()
    estimates.counts[...] += batch.transitions.sum(axis=0)
    for s, a, following in zip(batch.states[:-1], batch.actions, batch.states[1:]):
        estimates.counts[:, s, a, following] += 1
    n = estimates.counts.sum(axis=3)
    estimates.visits[...] = n
    estimates.p_hat[...] = estimates.counts / np.maximum(n, 1)[..., None]
    return bool(np.log2(1 + estimates.counts[0].sum()) // 1 > np.log2(1 + before) // 1)


def live_estimates(estimates: Estimates) -> tuple[Int, Float]:
    """Planted fault: N as it was at the last trigger, Ph of all counts."""
    n = np.maximum(estimates.counts.sum(axis=3), 1)
    return estimates.visits.copy(), estimates.counts / n[..., None]


def solve_without_floor(params: Any, problem: LatentProblem, visits: Int, p_hat: Float) -> tuple[Backup, Plan]:
    """Planted fault: the branch 16 S iota/N of the bonus is left out."""
    backup = params.backup(problem, visits, p_hat)
    backup = backup._replace(second=np.where(visits > 0, 0.0, np.inf))
    return backup, alpha_vectors(problem.known, backup)


def solve_with_mixed_contexts(params: Any, problem: LatentProblem, visits: Int, p_hat: Float) -> tuple[Backup, Plan]:
    """Planted fault: the variance of the average alpha of all contexts."""
    backup, plan = lmdp.solve(params, problem, visits, p_hat)
    known, controller = problem.known, plan.controller
    values = np.zeros(plan.values.shape)
    centre, first, second = (along(controller, x) for x in (backup.centre, backup.first, backup.second))
    rewards = along(controller, known.rewards)
    for t in range(known.horizon - 1, -1, -1):
        at = controller.stage == t
        ahead = successors(known, controller, values)
        mixed = np.broadcast_to((known.weights[:, None] * ahead).sum(axis=1, keepdims=True), ahead.shape)
        total = rewards + bonus(centre, first, second, mixed) + (centre * ahead).sum(axis=2)
        values[at] = np.minimum(1.0, total)[at]
    return backup, Plan(controller, values, root_value(known, controller, values))


# ------------------------------------------------------------------------------------------------------- instances
def parameters(instance: Any, horizon: int) -> ValueOptimistic:
    """The theorem's constants; delta = 0.2, so that two dozen runs decide the good event."""
    return ValueOptimistic(delta=0.2)


def shrinking_permutation(n_episodes: int) -> tuple[LatentMDP, int]:
    """The hard instance for K episodes: M = 2, S = 6, A = 2, epsilon = sqrt(MSA iota/K)/10 at delta = 0.1."""
    m, s, a, h = 2, 6, 2, 5
    iota = 2.0 * math.log(2.0 * m * s * a * h * n_episodes / 0.1)
    epsilon = min(0.4, 0.1 * math.sqrt(m * s * a * iota / n_episodes))
    return permutation(m, a, epsilon=epsilon, secrets=[1, 1]), n_episodes


def long_gamble(horizon: int) -> tuple[LatentMDP, int]:
    """One decision, then H - 1 stages that pay it out: total reward 1. 4000 episodes; Pi is the constant policies.

    Seven actions with gaps up to 0.27, of the order at which regret is largest in so many episodes. Their ratios are
    small on purpose: estimates are renewed when counts double, and with one gap regret would move in steps of two.
    """
    success = [0.6 - gap for gap in (0.27, 0.23, 0.2, 0.17, 0.14, 0.11, 0.0)]
    base = gamble([success, success], horizon)
    always = tuple(memoryless(base.model, [a] * base.n_states) for a in range(base.n_actions))
    return replace(base, policies=always), 4_000


def plans(trace: Trace, instance: Any, params: Any) -> Float:
    """How often the policy was planned."""
    return trace.extra["summary"][:, 0]


#: What both solvers are watched on, and the faults planted in what they share.
OWN_REWARDS = Case("own-rewards", lambda: random_latent(3, 2, 2, 3, shared_rewards=False, seed=3), 600, max_runs=100)
FAULTS_OF_COUNTING = (
    Sabotage(
        "all-contexts", "every context counts every episode", ("good-event",),
        overrides={"observe": observe_in_all_contexts}, build=lambda: two_state(0.95, 3), horizon=20_000, n_runs=10,
    ),
    Sabotage(
        "live-estimates", "Ph of all counts with the frozen N", ("counts",),
        overrides={"statistics": live_estimates}, horizon=500, case="own-rewards", n_runs=5,
    ),
)  # fmt: skip
#: The regret theorem has no constants and is judged by its rate; what has some is the number of plans.
BOUNDS = (Bound(theorem("lmdp/plans"), outcome=plans, largest=lambda instance, horizon: float(horizon)),)
TINY = Sabotage(
    "tiny-bonus", "the bonuses with c = 0.005", ("optimism",), lambda p: p._replace(scale=0.005),
    build=lambda: two_state(0.8, 3), horizon=3_000, n_runs=10,
)  # fmt: skip

CLAIM = Claim(
    slug="lmdp",
    title="Latent MDP, value-optimistic",
    paper="Zhou, Wang and Du 2023, Horizon-free and variance-dependent RL for latent MDPs",
    setting="latent MDP",
    algorithm=parameters,
    cases=(
        Case("two-states", lambda: two_state(0.8, 3), 20_000, max_runs=100),
        OWN_REWARDS,
        Case("permutation", lambda: permutation(6), 50_000, max_runs=60, full_only=True),
        Case("five-stages", lambda: two_state(0.7, 5), 50_000, max_runs=60, full_only=True),
    ),
    bounds=BOUNDS,
    watch=sys.modules[__name__],
    rate=Rate(
        theorem("lmdp/leading"),
        preset="practical: bonuses (4c, 16c^2) with c = 0.1, no theorem",
        algorithm=lambda instance, horizon: ValueOptimistic(delta=0.1, scale=0.1),
        sweep="K",
        grid=(1_000, 4_000, 16_000),
        case=shrinking_permutation,
        n_runs=25,
    ),
    sabotages=(
        *FAULTS_OF_COUNTING,
        Sabotage(
            "no-floor", "the branch 16 S iota/N of the bonus is dropped", ("monotone",),
            overrides={"solve": solve_without_floor}, horizon=500, case="own-rewards", n_runs=5,
        ),
        Sabotage(
            "mixed-contexts", "the variance is that of the average alpha of all contexts", ("recursion",),
            lambda p: p._replace(scale=0.03), overrides={"solve": solve_with_mixed_contexts},
            horizon=2_000, case="two-states", n_runs=5,
        ),
        TINY,
    ),
    user_horizon=5_000,
    notes="The bound's constants are not published where we could read them: the regret is judged by its rate, the "
    "proof by its steps. With the theorem's bonuses nothing is learnt before N = 16 S iota, about 1000 visits.",
)  # fmt: skip

HORIZON_CLAIM = Claim(
    slug="lmdp-horizon",
    title="Latent MDP: regret over the horizon",
    paper=CLAIM.paper,
    setting="latent MDP",
    algorithm=parameters,
    cases=(Case("long-gamble", lambda: long_gamble(24)[0], 1_500, max_runs=100),),
    bounds=BOUNDS,
    watch=sys.modules[__name__],
    rate=Rate(
        theorem("lmdp/regret"),
        preset="practical: bonuses (4c, 16c^2) with c = 0.1, no theorem",
        algorithm=lambda instance, horizon: ValueOptimistic(delta=0.1, scale=0.1),
        sweep="H",
        grid=(3, 9, 33),
        case=long_gamble,
        n_runs=25,
    ),
    sabotages=(
        replace(TINY, build=lambda: replace(two_state(0.8, 6), policies=stationary_policies(two_state(0.8, 6).model))),
    ),
    user_horizon=5_000,
    notes="Pi is a finite list of policies: planning is one evaluation of each, whatever H.",
)
