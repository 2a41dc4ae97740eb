"""Mirror descent on occupancies, watched: the mirror-descent inequality with each of its terms exact."""

from __future__ import annotations

from typing import Any

import numpy as np

from kernels.driven import Check
from kernels.steps import Step
from mdps.adversarial import AdversarialMDP
from mdps.algorithms.o_reps import MirrorMoment
from mdps.occupancies import flow_residual, relative_entropy
from mdps.planning.layered import deterministic

PAPER = "Zimin and Neu 2013"

STEPS = (
    Step("flow", "q_t meets every flow constraint (largest violation)", f"{PAPER}, Section 3", place=("episode",)),
    Step(
        "policy",
        "the policy played has the occupancy q_t under the true transitions (largest difference)",
        f"{PAPER}, Section 3",
        place=("episode",),
    ),
    Step(
        "start",
        "KL(q* | q_1) <= L log(XA/L)",
        f"{PAPER}, proof of Theorem 1 (q_1 of largest entropy)",
        place=("episode",),
    ),
    Step(
        "three-points",
        "KL(q* | qtilde_{t+1}) = KL(q* | q_{t+1}) + KL(q_{t+1} | qtilde_{t+1}), qtilde = q_t exp(-eta lhat) "
        "(difference, relative)",
        "generalised Pythagorean theorem: the constraints are equalities",
        place=("episode",),
    ),
    Step(
        "mirror-descent",
        "sum <q_t - q*, lhat_t> <= (KL(q* | q_1) + sum KL(q_t | qtilde_{t+1}))/eta",
        f"{PAPER}, proof of Theorem 1",
        place=("episode",),
    ),
    Step(
        "stability",
        "KL(q_t | qtilde_{t+1}) <= (eta^2/2) sum q_t lhat_t^2",
        f"{PAPER}, proof of Theorem 1, by exp(-x) <= 1 - x + x^2/2 for x >= 0",
        place=("episode",),
    ),
)


class Notes:
    """Sums of a run, against the occupancy of the best fixed policy."""

    def __init__(self, params: Any, instance: AdversarialMDP, horizon: int) -> None:
        _, actions = instance.best(horizon)
        self.star = instance.occupancy(deterministic(actions, instance.n_actions))
        self.rate = params.learning_rate
        self.first = 0.0
        self.left = self.right = 0.0


def check_descent(check: Check, notes: Notes, instance: AdversarialMDP, t: int, moment: MirrorMoment) -> None:
    """Every step of :data:`STEPS` after episode t."""
    q, eta = np.exp(moment.log_occupancy), notes.rate
    check("flow", flow_residual(instance.transitions, np.asarray(instance.initial), q), 1e-9, t, tolerance=0.0)
    check("policy", float(abs(instance.occupancy(moment.policy) - q).max()), 1e-9, t, tolerance=0.0)
    if t == 1:
        notes.first = relative_entropy(notes.star, moment.log_occupancy)
        most = instance.horizon * np.log(instance.n_states * instance.n_actions)
        check("start", notes.first, most, t)
    moved = moment.log_occupancy - eta * moment.estimate
    stability = float((q * (np.expm1(-eta * moment.estimate) + eta * moment.estimate)).sum())
    after = np.exp(moment.next_log_occupancy)
    total = relative_entropy(notes.star, moved)
    parts = relative_entropy(notes.star, moment.next_log_occupancy) + relative_entropy(after, moved)
    check("three-points", abs(total - parts), 1e-8 * (1.0 + total), t, tolerance=0.0)
    check("stability", stability, 0.5 * eta**2 * float((q * moment.estimate**2).sum()), t)
    notes.left += float(((q - notes.star) * moment.estimate).sum())
    notes.right += stability / eta
    check("mirror-descent", notes.left, notes.first / eta + notes.right, t)
