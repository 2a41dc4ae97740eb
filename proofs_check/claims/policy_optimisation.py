"""Tabular policy optimisation with dilated bonuses: its explicit bound and the steps of its proof."""

from __future__ import annotations

import math
import sys
from typing import Any

import numpy as np

from kernels.driven import Check
from kernels.steps import Step
from mdps.adversarial import AdversarialMDP
from mdps.algorithms.policy_optimisation import OptimisationMoment, PolicyOptimisation, tuned
from mdps.dilated import dilate
from mdps.instances.adversarial import armed, layered
from mdps.planning.layered import Float, Int, deterministic, occupancy, second_moment
from proofs_check.claim import Bound, Case, Claim, Sabotage
from proofs_check.dilated_steps import DILATED, entropy_stability, expectation, worst
from theory.theorems import theorem

_PAIR = ("episode", "stage", "state", "action")
_STATE = ("episode", "stage", "state")

STEPS = (
    Step(
        "leader",
        "pi_t is the leader on sum (Qhat - B): eta C_a + ln p_a is the same for all actions (to the likeliest)",
        f"{DILATED}, first-order condition",
        place=_PAIR,
    ),
    Step("bias", "Q - E Qhat = Q gamma/(q + gamma) (difference)", f"{DILATED}, bias term", place=_PAIR),
    Step("second-moment", "E Qhat^2 <= H^2/(q + gamma)", f"{DILATED}, stability term", place=_PAIR),
    Step("range", "eta (Qhat - B) >= -1 on every path", "condition of exponential weights", place=("episode",)),
    Step(
        "ftrl",
        "sum <pi_t - y, Qhat_t - B_t> <= (ln A)/eta + sum stab_t at every state, for the best y",
        f"{DILATED}, exponential weights, before the stability is bounded",
        place=_STATE,
    ),
    Step("stability", "stab_t <= eta sum_a pi_t (Qhat - B)^2", f"{DILATED}, exponential weights", place=_STATE),
    Step("bonus-sign", "0 <= B_t", DILATED, place=("episode",)),
    Step(
        "bonus-size",
        "B_t <= 2 H^2 ((1+1/H)^H - 1) and 2 eta B_t <= 1/H",
        f"{DILATED}, by b <= 2H and 4 (e-1) eta H^3 <= 1",
        place=("episode",),
    ),
    Step(
        "per-state",
        "sum <pi_t - pi*, Q_t - B_t> <= (ln A)/eta + sum [b_t + <pi_t, B_t>/H] + martingale",
        f"{DILATED}, condition of the dilated-bonus lemma",
        place=_STATE,
    ),
    Step(
        "telescoping",
        "sum_h E_pi* [<pi_t - pi*, B_t> + b_t + <pi_t, B_t>/H] = (1+1/H) E <pi_t, B_t(s_1)> (difference)",
        f"{DILATED}, dilated-bonus lemma",
        place=("episode",),
    ),
    Step(
        "bonus-cost",
        "V^pi_t(b_t) = 2 gamma H sum q/(q + gamma) (difference)",
        f"{DILATED}, bonus term; at most 2 gamma H X A",
        place=("episode",),
    ),
    Step("regret", "R_t <= H (ln A)/eta + 2 e gamma H X A t + martingale", f"{DILATED}, assembled", place=("episode",)),
)


class Notes:
    """What a run has added up, per state or action, against the best fixed policy of the run."""

    def __init__(self, params: PolicyOptimisation, instance: AdversarialMDP, horizon: int) -> None:
        _, actions = instance.best(horizon)
        self.star = deterministic(actions, instance.n_actions)
        self.states = occupancy(instance.transitions, np.asarray(instance.initial), self.star).sum(axis=2)
        self.penalty = math.log(instance.n_actions) / params.learning_rate
        self.total = np.zeros(self.star.shape)
        shape = self.states.shape
        self.played, self.stability, self.martingale = np.zeros(shape), np.zeros(shape), np.zeros(shape)
        self.left, self.right = np.zeros(shape), np.zeros(shape)
        self.regret = 0.0


def allocate(params: PolicyOptimisation, instance: AdversarialMDP, horizon: int) -> Notes:
    """The sums of a run."""
    return Notes(params, instance, horizon)


def observed(
    check: Check, watch: Notes, params: Any, instance: AdversarialMDP, t: int, moment: OptimisationMoment
) -> None:
    """Every step after episode t."""
    eta, gamma, horizon, pi = params.learning_rate, params.implicit, instance.horizon, moment.policy
    losses, start, star = instance.losses(t), np.asarray(instance.initial), watch.star
    v, q = instance.values(pi, losses)
    visits = instance.occupancy(pi)
    likeliest = pi.argmax(axis=2)[..., None]
    behind = eta * (watch.total - np.take_along_axis(watch.total, likeliest, 2))
    slope = np.log(pi) - np.log(np.take_along_axis(pi, likeliest, 2))
    worst(check, "leader", abs(behind + slope) / (1.0 + abs(behind)), 1e-8, t, tolerance=0.0)
    expected = expectation(moment.estimator, visits, q, second_moment(instance.transitions, pi, losses))
    worst(check, "bias", abs(q - expected.mean - q * gamma / (visits + gamma)), 1e-9, t, tolerance=0.0)
    worst(check, "second-moment", expected.square, horizon**2 / (visits + gamma), t)
    check("range", eta * (float(moment.dilated.max()) - expected.least), 1.0, t)
    change = moment.estimate - moment.dilated
    watch.total = watch.total + change
    stability = entropy_stability(pi, change, eta)
    watch.played += (pi * change).sum(axis=2)
    watch.stability += stability
    worst(check, "ftrl", watch.played - watch.total.min(axis=2), watch.penalty + watch.stability, t)
    worst(check, "stability", stability, eta * (pi * change**2).sum(axis=2), t)
    check("bonus-sign", -float(moment.dilated.min()), 0.0, t)
    largest = min(2.0 * horizon**2 * ((1.0 + 1.0 / horizon) ** horizon - 1.0), 0.5 / (eta * horizon))
    check("bonus-size", float(moment.dilated.max()), largest, t)
    dilated = (pi * moment.dilated).sum(axis=2)
    paid = moment.bonus[:, :, 0] + dilated / horizon
    ahead = float(start @ dilated[0])
    inside = float((watch.states * (((pi - star) * moment.dilated).sum(axis=2) + paid)).sum())
    check("telescoping", abs(inside - (1.0 + 1.0 / horizon) * ahead), 1e-9 * (1.0 + ahead), t, tolerance=0.0)
    value, cost = float((visits * moment.bonus).sum()), 2.0 * gamma * horizon * float((visits / (visits + gamma)).sum())
    check("bonus-cost", abs(value - cost), 1e-9 * (1.0 + cost), t, tolerance=0.0)
    watch.martingale += ((pi - star) * (expected.mean - moment.estimate)).sum(axis=2)
    watch.martingale += 2.0 * eta * (pi * (moment.estimate**2 - expected.square)).sum(axis=2)
    watch.left += ((pi - star) * (q - moment.dilated)).sum(axis=2)
    watch.right += paid
    worst(check, "per-state", watch.left, watch.penalty + watch.right + watch.martingale, t)
    watch.regret += float(start @ v[0] - (instance.occupancy(star) * losses).sum())
    fixed = horizon * watch.penalty + 2.0 * math.e * gamma * horizon * losses.size * t
    check("regret", watch.regret, fixed + float((watch.states * watch.martingale).sum()), t)


def estimate_by_the_likeliest(denominator: Float, pairs: Int, to_go: Float) -> Float:
    """Planted fault: divided by the largest q + gamma of the layer."""
    estimate = np.zeros(denominator.shape)
    at = np.arange(len(pairs)), pairs // denominator.shape[2], pairs % denominator.shape[2]
    estimate[at] = to_go / denominator.max(axis=(1, 2))
    return estimate


def undilated(transitions: Float, policy: Float, bonus: Float, factor: float) -> Float:
    """Planted fault: B = b + E B."""
    return dilate(transitions, policy, bonus, 1.0)


def quarter_bonus(policy: Float, denominator: Float, implicit: float) -> Float:
    """Planted fault: a quarter of the bonus."""
    bonus = 0.5 * implicit * len(policy) * (policy / denominator).sum(axis=2, keepdims=True)
    return np.broadcast_to(bonus, policy.shape)


def theorem_parameters(instance: AdversarialMDP, horizon: int) -> PolicyOptimisation:
    """The theorem's."""
    return tuned(instance.n_states, instance.n_actions, instance.horizon, horizon)


CLAIM = Claim(
    slug="policy-optimisation",
    title="Tabular policy optimisation with dilated bonuses",
    paper="Luo, Wei and Lee 2021, Policy optimization in adversarial MDPs: improved exploration via dilated bonuses "
    "(tabular, known transitions)",
    setting="adversarial MDP",
    algorithm=theorem_parameters,
    cases=(
        Case("layered", lambda: layered(n_episodes=200), 200, max_runs=4),
        Case("two arms", lambda: armed(2, 400), 400, max_runs=40, watched=False),
        Case("layered, long", lambda: layered(2, 2, 2, 2**13, n_blocks=1, seed=3), 2**13, max_runs=3,
             full_only=True, watched=False),
    ),
    bounds=(Bound(theorem("policy-optimisation/regret")),),
    watch=sys.modules[__name__],
    sabotages=(
        Sabotage("wrong-denominator", "the estimate is divided by the largest probability of the layer", ("bias",),
                 overrides={"visited_estimate": estimate_by_the_likeliest}, n_runs=1),
        Sabotage("undilated", "the bonus recursion without the factor 1 + 1/H", ("telescoping",),
                 overrides={"dilate": undilated}, n_runs=1),
        Sabotage("quarter-bonus", "a quarter of the bonus", ("bonus-cost",),
                 overrides={"state_bonus": quarter_bonus}, n_runs=1),
    ),
    user_horizon=500,
)  # fmt: skip
