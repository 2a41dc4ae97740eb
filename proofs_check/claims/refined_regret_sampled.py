"""Refined regret with sampled covariances: the relative concentration that replaces matrix geometric resampling."""

from __future__ import annotations

import math
import sys
from typing import Any

import numpy as np

from kernels.driven import Check
from kernels.steps import Step
from mdps.adversarial import AdversarialMDP
from mdps.algorithms.refined_regret import RefinedRegret, practical
from mdps.covariance import Sampled, covering_samples, gram
from mdps.dilated import Moment, linear_estimate
from mdps.instances.adversarial import layered, simplex_layered
from mdps.planning.layered import Float, Int, second_moment
from proofs_check.claim import Case, Claim, Sabotage
from proofs_check.dilated_steps import PAPER, expectation, worst

#: Probability with which the concentration may fail in a run.
DELTA = 0.1

_PAIR = ("episode", "stage", "state", "action")

STEPS = (
    Step(
        "concentration",
        "the eigenvalues of Sigma^+^(1/2) (gamma I + Sigma) Sigma^+^(1/2) are within 2 sqrt(gamma) of 1 "
        "in every layer and episode, W = 4 d log(d/delta')/gamma^2, delta' = delta/(H K)",
        f"{PAPER}, Section 5 (alternative to matrix geometric resampling)",
        "event",
        lambda params, instance, horizon: DELTA,
        place=("episode", "stage"),
    ),
    Step(
        "bias",
        "Q_k - E_k Qhat_k = phi^T (I - Sigma^+ Sigma) theta_k, Sigma the true covariance (difference, relative)",
        f"{PAPER}, bias term",
        place=_PAIR,
    ),
    Step(
        "bias-size",
        "|Q_k - E_k Qhat_k| <= (sqrt(gamma) + 2 sqrt(gamma (1 + gamma))) sqrt(d) H |phi| in Sigma^+",
        f"{PAPER}, bias term with the relative error of Sigma^+",
        "conditional",
        given=("concentration",),
        place=_PAIR,
    ),
    Step(
        "second-moment",
        "E_k Qhat_k^2 <= (1 + 2 sqrt(gamma)) H^2 |phi|^2 in Sigma^+",
        f"{PAPER}, stability term with the relative error of Sigma^+",
        "conditional",
        given=("concentration",),
        place=_PAIR,
    ),
    Step(
        "trace",
        "tr(Sigma_h Sigma_h^+) <= (1 + 2 sqrt(gamma)) d",
        f"{PAPER}, bonus term with the relative error of Sigma^+",
        "conditional",
        given=("concentration",),
        place=("episode", "stage"),
    ),
)


class Notes:
    """The features of the instance and their pseudo-inverses."""

    def __init__(self, instance: AdversarialMDP) -> None:
        self.phi: Float = np.asarray(instance.features, dtype=np.float64).reshape(
            instance.horizon, -1, instance.dimension
        )
        self.fits = np.linalg.pinv(self.phi)


def allocate(params: RefinedRegret, instance: AdversarialMDP, horizon: int) -> Notes:
    """Once a run."""
    return Notes(instance)


def observed(check: Check, watch: Notes, params: Any, instance: AdversarialMDP, t: int, moment: Moment) -> None:
    """Every step after episode t."""
    gamma, d, horizon, pi = params.regularization, instance.dimension, instance.horizon, moment.policy
    visits, losses = instance.occupancy(pi), instance.losses(t)
    covariance = gram(np.asarray(instance.features), visits)
    roots = np.linalg.cholesky(moment.inverse)
    values = np.linalg.eigvalsh(np.swapaxes(roots, 1, 2) @ (covariance + gamma * np.eye(d)) @ roots)
    error = 2.0 * math.sqrt(gamma)
    worst(check, "concentration", abs(values - 1.0).max(axis=1), error, t)
    _, q = instance.values(pi, losses)
    expected = expectation(moment.estimator, visits, q, second_moment(instance.transitions, pi, losses))
    width = ((watch.phi @ moment.inverse) * watch.phi).sum(axis=2)
    theta = watch.fits @ q.reshape(horizon, -1, 1)
    bias = q - expected.mean
    pull = (watch.phi @ (theta - moment.inverse @ covariance @ theta)).reshape(pi.shape)
    worst(check, "bias", abs(bias - pull), 1e-9, t, tolerance=0.0)
    scale = (math.sqrt(gamma) + error * math.sqrt(1.0 + gamma)) * math.sqrt(d) * horizon
    worst(check, "bias-size", abs(bias), scale * np.sqrt(width).reshape(pi.shape), t)
    worst(check, "second-moment", expected.square, (1.0 + error) * horizon**2 * width.reshape(pi.shape), t)
    worst(check, "trace", (visits.reshape(horizon, -1) * width).sum(axis=1), (1.0 + error) * d, t)


def sampling(instance: AdversarialMDP, horizon: int) -> RefinedRegret:
    """The practical preset with the theorem's number of samples."""
    params = practical(instance.n_actions, instance.dimension, instance.horizon, horizon)
    confidence = DELTA / (instance.horizon * horizon)
    samples = covering_samples(instance.dimension, confidence, params.regularization)
    return params._replace(covariance=Sampled(samples))


def estimate_of_another_layer(phi: Float, inverse: Float, shape: tuple[int, ...], pairs: Int, to_go: Float) -> Float:
    """Planted fault: the inverse covariances of the layers in reverse order."""
    return linear_estimate(phi, inverse[::-1], shape, pairs, to_go)


CLAIM = Claim(
    slug="refined-regret-sampled",
    title="Log-barrier policy optimisation with sampled covariances",
    paper="Dai, Luo, Wei and Zimmert 2023, Refined regret for adversarial MDPs with linear function approximation "
    "(covariance from simulated trajectories)",
    setting="adversarial MDP",
    algorithm=sampling,
    cases=(
        Case("layered", lambda: layered(n_episodes=4), 4, max_runs=400),
        Case("linear", lambda: simplex_layered(n_episodes=4, seed=4), 4, max_runs=400),
    ),
    bounds=(),
    watch=sys.modules[__name__],
    sabotages=(
        Sabotage(
            "few-samples", "30 trajectories instead of 4 d log(d/delta')/gamma^2", ("concentration",),
            lambda p: p._replace(covariance=Sampled(30)), case="layered", n_runs=20,
        ),
        Sabotage(
            "wrong-layer", "the estimate of a layer takes the covariance of another", ("bias",),
            overrides={"linear_estimate": estimate_of_another_layer}, n_runs=1,
        ),
    ),
    user_horizon=50,
    notes="The practical preset: only the concentration and what follows from it are checked, not a regret bound.",
)  # fmt: skip
