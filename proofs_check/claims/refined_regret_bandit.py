"""The log-barrier lemma of refined regret at one layer: linear bandits without exploration, where the bound bites."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from kernels.driven import Check
from kernels.steps import Step
from mdps.adversarial import AdversarialMDP
from mdps.algorithms.refined_regret import RefinedRegret, linear_bandit
from mdps.dilated import Moment
from mdps.instances import adversarial
from mdps.planning.layered import Float
from proofs_check.claim import Bound, Case, Claim, Sabotage
from proofs_check.claims.refined_regret import mixed_leaders
from proofs_check.dilated_steps import PAPER, barrier_stability, expectation, worst
from theory.theorems import theorem

_PLACE = ("round", "layer", "context")

STEPS = (
    Step(
        "leader",
        "pi_t is the leader on the estimates: eta C_a - 1/p_a is the same for all actions (to the likeliest, relative)",
        f"{PAPER}, Section 3, first-order condition",
        place=(*_PLACE, "action"),
    ),
    Step("unbiased", "E_t Qhat_t = l_t (difference)", f"{PAPER}, bias term at gamma = 0", place=(*_PLACE, "action")),
    Step(
        "second-moment",
        "E_t sum_a pi_t Qhat_t^2 <= d, averaged over the contexts",
        f"{PAPER}, stability term: tr(Sigma Sigma^-1) = d",
        place=("round",),
    ),
    Step(
        "ftrl",
        "sum <pi_t - y, Qhat_t> <= (A ln T)/eta + sum stab_t in every context, for the best y",
        f"{PAPER}, log-barrier lemma, before the stability is bounded",
        place=_PLACE,
    ),
    Step(
        "stability",
        "stab_t <= (eta/2) sum_a pi_t Qhat_t^2, however negative the estimates",
        f"{PAPER}, log-barrier lemma, with 1/2",
        place=_PLACE,
    ),
)


class Notes:
    """Sums of a run, per context."""

    def __init__(self, params: RefinedRegret, instance: AdversarialMDP, horizon: int) -> None:
        shape = (1, instance.n_states, instance.n_actions)
        self.penalty = instance.n_actions * np.log(horizon) / params.learning_rate
        self.weight = 1.0 / horizon
        self.total: Float = np.zeros(shape)
        self.played: Float = np.zeros(shape[:2])
        self.stability: Float = np.zeros(shape[:2])


def allocate(params: RefinedRegret, instance: AdversarialMDP, horizon: int) -> Notes:
    """The sums of a run."""
    return Notes(params, instance, horizon)


def observed(check: Check, watch: Notes, params: Any, instance: AdversarialMDP, t: int, moment: Moment) -> None:
    """Every step after round t."""
    eta, pi, losses = params.learning_rate, moment.policy, instance.losses(t)
    likeliest = pi.argmax(axis=2)[..., None]
    behind = eta * (watch.total - np.take_along_axis(watch.total, likeliest, 2))
    slope = 1.0 / np.take_along_axis(pi, likeliest, 2) - 1.0 / pi
    worst(check, "leader", abs(behind + slope) / (1.0 + abs(behind)), 1e-8, t, tolerance=0.0)
    visits = instance.occupancy(pi)
    expected = expectation(moment.estimator, visits, losses, losses**2)
    worst(check, "unbiased", abs(expected.mean - losses), 1e-8, t, tolerance=0.0)
    check("second-moment", float((visits * expected.square).sum()), float(instance.dimension), t)
    stability = barrier_stability(pi, moment.estimate, eta)
    worst(check, "stability", stability, 0.5 * eta * (pi * moment.estimate**2).sum(axis=2), t)
    watch.total = watch.total + moment.estimate
    watch.played += (pi * moment.estimate).sum(axis=2)
    watch.stability += stability
    comparator = (1.0 - watch.weight) * watch.total.min(axis=2) + watch.weight * watch.total.mean(axis=2)
    worst(check, "ftrl", watch.played - comparator, watch.penalty + watch.stability, t)


def theorem_parameters(instance: AdversarialMDP, horizon: int) -> RefinedRegret:
    """The corollary's rate."""
    return linear_bandit(instance.n_actions, instance.dimension, horizon)


def estimate_in_identity(phi: Float, inverse: Float, shape: Any, pairs: Any, to_go: Float) -> Float:
    """Planted fault: the features stand for their whitened selves, phi . phi_t l."""
    seen = phi[np.arange(len(phi)), pairs]
    return ((phi @ seen[:, :, None])[:, :, 0] * to_go[:, None]).reshape(shape)  # type: ignore[no-any-return]


CLAIM = Claim(
    slug="refined-regret-bandit",
    title="Log-barrier linear bandit without exploration",
    paper="Dai, Luo, Wei and Zimmert 2023, Refined regret for adversarial MDPs with linear function approximation "
    "(log-barrier lemma, one layer)",
    setting="adversarial MDP",
    algorithm=theorem_parameters,
    cases=(
        Case("two arms", lambda: adversarial.armed(2, 400), 400, max_runs=16),
        Case("linear", lambda: adversarial.linear_bandit(2, 4, 200, seed=1), 200, max_runs=4),
        Case("long linear", lambda: adversarial.linear_bandit(2, 4, 4_000, seed=1), 4_000, max_runs=10, full_only=True),
        Case("contexts", lambda: adversarial.contextual(4, 3, 3, 4_000), 4_000, max_runs=10, full_only=True),
    ),
    bounds=(
        Bound(theorem("refined-regret/linear-bandit-tuned")),
        Bound(theorem("refined-regret/linear-bandit")),
    ),
    watch=sys.modules[__name__],
    sabotages=(
        Sabotage(
            "mixing", "a tenth of uniform exploration is mixed into the leader", ("leader",),
            overrides={"barrier_leaders": mixed_leaders}, n_runs=1,
        ),
        Sabotage(
            "identity", "the estimate without the inverse covariance", ("unbiased",),
            overrides={"linear_estimate": estimate_in_identity}, case="linear", n_runs=1,
        ),
    ),
    user_horizon=2_000,
)  # fmt: skip
