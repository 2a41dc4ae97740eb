"""The proof of GOLF's regret bound under Bellman completeness, watched round by round with exact residuals."""

from __future__ import annotations

from typing import Any

import numpy as np

from kernels.driven import Check
from kernels.steps import Step
from proofs_check import glow_steps
from proofs_check.claim import confidence
from proofs_check.glow_steps import BOUNDARY, Notes
from theory.theorems.glow import DERIVED, golf_beta, potential_bound

_PLACE = ("round", "stage", "function")

STEPS = (
    Step(
        "version-space", "F^(t) is the set of the algorithm, from counts of our own (number of functions that differ)",
        "Jin, Liu and Miryoosefi 2021, Algorithm 1", place=_PLACE,
    ),
    Step(
        "q-star", "Q* belongs to F^(t) (0 if it does)",
        "Jin, Liu and Miryoosefi 2021, Lemma 40; Freedman's inequality with 23 log(2|F|^2 HT/delta)", "event",
        confidence, place=_PLACE,
    ),
    Step(
        "in-sample", "sum_{i<t} E_{d^(i)}[(Delta_h f)^2] <= 4 beta for every f in F^(t) and h",
        "Jin, Liu and Miryoosefi 2021, Lemma 39, with the same constants; needs completeness", "event",
        confidence, place=_PLACE,
    ),
    Step(
        "decomposition", "E[f_1(x_1, pi_f)] - J(pi_f) = sum_h E_{d_h^{pi_f}}[Delta_h f], absolute difference",
        "Amortila et al. 2024, Lemma D.4", place=_PLACE,
    ),
    Step(
        "potential", "sum_t E_{d^(t)}[d^(t)/dtil^(t+1)] <= C_cov (1 + 4 log(1+T))",
        "Xie et al. 2023, proof of Theorem 1; Amortila et al. 2024, Lemma E.3", place=_PLACE,
    ),
)  # fmt: skip

allocate = glow_steps.allocate


def begin(check: Check, watch: Notes, params: Any, instance: Any) -> None:
    """The decomposition of every function's error needs no data."""
    for i, p in enumerate(instance.policy_of):
        gain = float(instance.mdp.initial @ watch.first_values[i])
        value = float(instance.policy_values[p])
        check("decomposition", abs(gain - value - float((watch.laws[p] * watch.residuals[i]).sum())), 0.0, 0, -1, i)


def observed(check: Check, watch: Notes, params: Any, instance: Any, t: int, moment: Any) -> None:
    """Round t: its version space against a recomputation, then what its policy adds."""
    beta = golf_beta(instance, params, watch.n_rounds)
    counts = watch.following.sum(axis=2)
    targets = watch.rewards + np.einsum("hzy,fhy->fhz", watch.following, watch.ahead)
    # g -> sum over the tuples of (g - r - max f_{h+1})^2, without the part that g does not touch.
    losses = (counts * watch.functions**2)[None] - 2.0 * targets[:, None] * watch.functions[None]
    losses = losses.sum(axis=3)
    excess = np.stack([losses[f, f] - losses[f].min(axis=0) for f in range(len(losses))])
    inside = (excess <= params.beta_scale * beta - BOUNDARY).all(axis=1)
    outside = (excess > params.beta_scale * beta + BOUNDARY).any(axis=1)
    wrong = (inside & ~moment.members) | (outside & moment.members)
    check("version-space", float(wrong.sum()), 0.0, t, -1, int(wrong.argmax()))
    check("q-star", 0.0 if moment.members[instance.q_star_index] else 1.0, 0.0, t, -1, instance.q_star_index)
    squares = np.where(moment.members[:, None], (watch.played * watch.residuals**2).sum(axis=2), -np.inf)
    f, h = np.unravel_index(int(squares.argmax()), squares.shape)
    check("in-sample", float(squares[f, h]), 4.0 * beta, t, h, f)
    law = watch.laws[int(instance.policy_of[moment.chosen])]
    total = watch.played + law
    watch.sums["potential"] += np.where(law > 0.0, law**2 / np.where(total > 0.0, total, 1.0), 0.0).sum(axis=1)
    worst = watch.sums["potential"]
    allowed = float(potential_bound(DERIVED, instance.coverability, np.array(float(t))))
    check("potential", float(worst.max()), allowed, t, int(worst.argmax()))
    glow_steps.count(watch, instance, moment, law)
