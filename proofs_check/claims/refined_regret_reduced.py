"""Refined regret, Algorithm 2 (magnitude-reduced estimator, entropy): the explicit bound, and every step."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from kernels.driven import Check
from mdps.adversarial import AdversarialMDP
from mdps.algorithms.refined_regret_reduced import MagnitudeReduced, practical, tuned
from mdps.dilated import Moment, linear_estimate
from mdps.instances.adversarial import armed
from mdps.planning.layered import Float, Int
from proofs_check.claim import Bound, Case, Claim, Rate, Sabotage
from proofs_check.claims.refined_regret import FAULTS_OF_BONUS, LENGTHS, WATCHED_CASES, changing_once
from proofs_check.dilated_steps import MAGNITUDE, REDUCED, Notes, check_episode, dilated_steps
from theory.theorems import theorem

STEPS = (*dilated_steps("ln A", "ln p", "2 H^2", "H/sqrt(gamma)"), MAGNITUDE)


def allocate(params: Any, instance: AdversarialMDP, horizon: int) -> Notes:
    """The sums of a run."""
    return Notes(params, instance, horizon, REDUCED)


def observed(check: Check, watch: Notes, params: Any, instance: AdversarialMDP, t: int, moment: Moment) -> None:
    """Every step after episode t."""
    expected = check_episode(check, watch, instance, t, moment)
    check("range", params.learning_rate * (float(moment.dilated.max()) - expected.least), 1.0, t)


def without_the_negative_part(phi: Float, inverse: Float, correction: Float, pairs: Int, to_go: Float) -> Float:
    """Planted fault: H m is added, the negative part is not taken off."""
    return linear_estimate(phi, inverse, correction.shape, pairs, to_go) + len(phi) * correction


def negative_part_of_the_estimate(phi: Float, inverse: Float, correction: Float, pairs: Int, to_go: Float) -> Float:
    """Planted fault: the negative part of phi . thetahat is taken, as if every loss-to-go were H."""
    plain = linear_estimate(phi, inverse, correction.shape, pairs, to_go)
    return plain - np.minimum(plain, 0.0) + len(phi) * correction


def theorem_parameters(instance: AdversarialMDP, horizon: int) -> MagnitudeReduced:
    """The theorem's, for the instance's sizes."""
    return tuned(instance.n_actions, instance.dimension, instance.horizon, horizon)


def preset(instance: AdversarialMDP, horizon: int) -> MagnitudeReduced:
    """The practical preset, for the instance's sizes."""
    return practical(instance.n_actions, instance.dimension, instance.horizon, horizon)


CLAIM = Claim(
    slug="refined-regret-reduced",
    title="Entropy policy optimisation with the magnitude-reduced estimator",
    paper="Dai, Luo, Wei and Zimmert 2023, Refined regret for adversarial MDPs with linear function approximation "
    "(Algorithm 2)",
    setting="adversarial MDP",
    algorithm=theorem_parameters,
    cases=(
        *WATCHED_CASES,
        Case("one layer", lambda: armed(2, 800), 800, max_runs=48, watched=False),
    ),
    bounds=(Bound(theorem("refined-regret/reduced")),),
    watch=sys.modules[__name__],
    sabotages=(
        Sabotage(
            "no-negative-part", "H m is added, the negative part is not taken off", ("bias",),
            overrides={"reduced_estimate": without_the_negative_part}, case="linear", n_runs=1,
        ),
        Sabotage(
            "negative-estimate", "the negative part is that of the estimate, not of H times the product", ("bias",),
            overrides={"reduced_estimate": negative_part_of_the_estimate}, case="linear", n_runs=1,
        ),
        *FAULTS_OF_BONUS,
    ),
    rate=Rate(
        theorem("refined-regret/reduced-order"),
        "practical: eta = 5 sqrt(ln A/(d H^2 K)), beta = 0.02 eta H^2, gamma = 0.1/sqrt(K), no theorem", preset, "K",
        LENGTHS, changing_once, n_runs=20,
    ),
    user_horizon=300,
    notes="With one-hot features no product phi^T Sigma^+ phi' is negative and the estimator is the plain one.",
)  # fmt: skip
