"""What HyGLOW adds to the steps of the reduction: the arithmetic of its pair and of its corollary."""

from __future__ import annotations

from typing import Any

import numpy as np

from kernels.driven import Check
from kernels.steps import Step
from proofs_check import h2o_steps
from proofs_check.h2o_steps import Notes, allocate, observed  # noqa: F401  (part of the watch)
from theory.theorems.glow import DERIVED, hyglow_episodes, hyglow_risk

#: At which the corollary is evaluated; the statement is about every accuracy.
EPSILON, ROUNDS = 0.1, 1e9

STEPS = (
    *h2o_steps.STEPS,
    Step(
        "pair", "144 (1/12 + 8/9 + 1) <= 284 and 40 + 4 <= 44: the pair of MABO.CR covers its terms (printed: 56, 40)",
        "Amortila et al. 2024, proof that MABO.CR is CC-bounded; inherits the width of Lemma E.2 (b)",
    ),
    Step(
        "corollary", "Theorem 4.1 at the best scale gives risk <= eps after the corollary's episodes (printed: H^2)",
        "Amortila et al. 2024, Corollary 4.1; a b ~ H^2 asks for H^4",
    ),
)  # fmt: skip


def begin(check: Check, watch: Notes, params: Any, instance: Any) -> None:
    """The steps of the reduction that need no data, and the arithmetic."""
    h2o_steps.begin(check, watch, params, instance)
    constants = getattr(instance, "constants", DERIVED)
    check("pair", 144.0 * (1.0 / 12.0 + 8.0 / 9.0 + 1.0), constants.mabo_width, 0)
    check("pair", 40.0 + 4.0, constants.mabo_spread, 0)
    episodes = hyglow_episodes(constants, instance, params.delta, EPSILON, ROUNDS)
    scales = np.geomspace(1e-12, 1.0, 4001)  # the best of a grid, within a relative 1e-4 of the best
    risk = float(hyglow_risk(instance, params.delta, scales, episodes, ROUNDS).min())
    check("corollary", risk, EPSILON * (1.0 + 1e-4), 0)
