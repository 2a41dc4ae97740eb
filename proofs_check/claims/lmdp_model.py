"""Latent MDPs with context in hindsight, model-optimistic solver (Zhou, Wang and Du 2023), with the relaxed box."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from mdps.algorithms.lmdp import ModelOptimistic
from mdps.instances.latent import permutation, two_state
from mdps.latent import LatentMDP, LatentProblem
from mdps.planning.latent import Backup, Float, Int, Plan, alpha_vectors
from proofs_check.claim import Case, Claim, Rate, Sabotage
from proofs_check.claims.lmdp import BOUNDS, FAULTS_OF_COUNTING, OWN_REWARDS, shrinking_permutation
from proofs_check.lmdp_steps import (
    STEPS,  # noqa: F401  (part of the watch)
    Notes,
    Radii,
    ended,  # noqa: F401
    notes_of,
    observed,  # noqa: F401
)
from theory.theorems import theorem


def plausible(scale: float, n_states: int, iota: float, visits: Int, p_hat: Float) -> Radii:
    """No bonus; p within 2c sqrt(Ph iota/N) + 5c^2 iota/N of Ph, entry by entry, and in [0, 1]."""
    size = np.maximum(visits, 1)[..., None]
    radius = scale * np.sqrt(4.0 * p_hat * iota / size) + 5.0 * scale**2 * iota / size
    free = visits[..., None] == 0
    low = np.where(free, 0.0, np.clip(p_hat - radius, 0.0, None))
    high = np.where(free, 1.0, np.clip(p_hat + radius, None, 1.0))
    nothing = np.zeros(visits.shape)
    return nothing, nothing, low, high


def allocate(params: Any, instance: LatentMDP, horizon: int) -> Notes:
    """Notes of one run."""
    return notes_of(plausible, params, instance, horizon)


def solve_with_point_estimates(params: Any, problem: LatentProblem, visits: Int, p_hat: Float) -> tuple[Backup, Plan]:
    """Planted fault: the box of a pair that was visited is Ph alone."""
    backup = params.backup(problem, visits, p_hat)
    seen = visits[..., None] > 0
    backup = backup._replace(low=np.where(seen, p_hat, backup.low), high=np.where(seen, p_hat, backup.high))
    return backup, alpha_vectors(problem.known, backup)


def parameters(instance: Any, horizon: int) -> ModelOptimistic:
    """The theorem's radii; delta = 0.2, so that two dozen runs decide the good event."""
    return ModelOptimistic(delta=0.2)


CLAIM = Claim(
    slug="lmdp-model",
    title="Latent MDP, model-optimistic",
    paper="Zhou, Wang and Du 2023, Horizon-free and variance-dependent RL for latent MDPs",
    setting="latent MDP",
    algorithm=parameters,
    cases=(
        Case("two-states", lambda: two_state(0.8, 3), 10_000, max_runs=100),
        OWN_REWARDS,
        Case("permutation", lambda: permutation(2), 50_000, max_runs=60, full_only=True),
    ),
    bounds=BOUNDS,
    watch=sys.modules[__name__],
    rate=Rate(
        theorem("lmdp/leading"),
        preset="practical: radii (2c, 5c^2) with c = 0.3, no theorem",
        algorithm=lambda instance, horizon: ModelOptimistic(delta=0.1, scale=0.3),
        sweep="K",
        grid=(1_000, 4_000, 16_000),
        case=shrinking_permutation,
        n_runs=25,
    ),
    sabotages=(
        *FAULTS_OF_COUNTING,
        Sabotage(
            "point-estimates", "no radius around Ph once a pair was visited", ("optimism",),
            overrides={"solve": solve_with_point_estimates}, horizon=2_000, case="two-states", n_runs=10,
        ),
        Sabotage(
            "tiny-radius", "the radii times 0.02", ("optimism",), lambda p: p._replace(scale=0.02),
            horizon=3_000, n_runs=10,
        ),
    ),
    user_horizon=5_000,
    notes="The model may differ between histories (a relaxation): it contains the published set, so optimism holds, "
    "and the regret split uses the radii alone.",
)  # fmt: skip
