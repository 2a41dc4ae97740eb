"""O-REPS with bandit feedback: sqrt(2 L X A T log(XA/L)) and the steps of its proof."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from kernels.driven import Check
from kernels.steps import Step
from mdps.adversarial import AdversarialMDP, Walk
from mdps.algorithms.o_reps import OREPS, MirrorMoment, tuned
from mdps.instances.adversarial import layered
from mdps.planning.layered import Float, occupancy
from proofs_check import mirror_steps
from proofs_check.claim import Bound, Case, Claim, Sabotage
from proofs_check.mirror_steps import PAPER, Notes, check_descent
from theory.theorems import theorem

STEPS = (
    *mirror_steps.STEPS,
    Step(
        "estimate",
        "q_t lhat_t = l_t at the visited pairs and lhat_t = 0 elsewhere, so that E_t lhat_t = l_t (difference)",
        f"{PAPER}, Section 3.2",
        place=("episode",),
    ),
    Step(
        "second-moment",
        "E_t sum q_t lhat_t^2 = sum l_t^2 <= X A",
        f"{PAPER}, proof of Theorem 2",
        place=("episode",),
    ),
)


def allocate(params: OREPS, instance: AdversarialMDP, horizon: int) -> Notes:
    """The sums of a run."""
    return Notes(params, instance, horizon)


def observed(check: Check, watch: Notes, params: Any, instance: AdversarialMDP, t: int, moment: MirrorMoment) -> None:
    """Every step after episode t."""
    check_descent(check, watch, instance, t, moment)
    losses, q = instance.losses(t), instance.occupancy(moment.policy)
    at = np.arange(instance.horizon), moment.walk.states, moment.walk.actions
    expected = np.zeros(losses.shape)
    expected[at] = losses[at]
    check("estimate", float(abs(q * moment.estimate - expected).max()), 1e-9, t, tolerance=0.0)
    check("second-moment", float((losses**2).sum()), float(losses.size), t)


class WithoutFlows:
    """Planted fault: a projection that only normalises the layers."""

    def __init__(self, *_: Any) -> None:
        pass

    def __call__(self, log_weights: Float) -> Float:
        """Layers that sum to one."""
        shifted = log_weights - log_weights.max(axis=(1, 2), keepdims=True)
        log_q = shifted - np.log(np.exp(shifted).sum(axis=(1, 2), keepdims=True))
        return np.maximum(log_q, -100.0)  # so that dividing by it stays finite


class ByPolicy:
    """Planted fault: weights are projected back by the policy they imply, not in relative entropy."""

    def __init__(self, transitions: Float, initial: Float, n_actions: int) -> None:
        self.transitions, self.initial = transitions, initial

    def __call__(self, log_weights: Float) -> Float:
        """The occupancy of the policy proportional to the weights."""
        weights = np.exp(log_weights - log_weights.max(axis=2, keepdims=True))
        return np.log(occupancy(self.transitions, self.initial, weights / weights.sum(axis=2, keepdims=True)))  # type: ignore[no-any-return]


def estimate_by_the_state(log_q: Float, walk: Walk) -> Float:
    """Planted fault: divided by the probability of the state instead of the pair."""
    estimate = np.zeros(log_q.shape)
    at = np.arange(len(log_q)), walk.states, walk.actions
    estimate[at] = walk.losses / np.exp(log_q).sum(axis=2)[at[0], at[1]]
    return estimate


def theorem_parameters(instance: AdversarialMDP, horizon: int) -> OREPS:
    """The theorem's rate."""
    return tuned(instance.n_states, instance.n_actions, instance.horizon, horizon)


CLAIM = Claim(
    slug="o-reps",
    title="O-REPS, bandit feedback",
    paper="Zimin and Neu 2013, Online learning in episodic Markovian decision processes by relative entropy policy "
    "search (bandit feedback)",
    setting="adversarial MDP",
    algorithm=theorem_parameters,
    cases=(
        Case("layered", lambda: layered(n_episodes=240), 240, max_runs=12),
        Case("two states", lambda: layered(2, 3, 2, 2_000, seed=5), 2_000, max_runs=12, full_only=True),
    ),
    bounds=(Bound(theorem("o-reps/bandit")), Bound(theorem("o-reps/bandit-rate"))),
    watch=sys.modules[__name__],
    sabotages=(
        Sabotage("no-flows", "layers are normalised, flows ignored", ("flow", "policy"),
                 overrides={"Projection": WithoutFlows}, n_runs=1),
        Sabotage("by-the-policy", "weights are projected by the policy they imply", ("three-points",),
                 overrides={"Projection": ByPolicy}, n_runs=1),
        Sabotage("by-the-state", "losses are divided by the probability of the state", ("estimate",),
                 overrides={"estimate_losses": estimate_by_the_state}, n_runs=1),
    ),
    user_horizon=500,
)  # fmt: skip
