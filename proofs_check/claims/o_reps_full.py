"""O-REPS with full information: L sqrt(2 T log(XA/L)) and the steps of its proof."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from kernels.driven import Check
from kernels.steps import Step
from mdps.adversarial import AdversarialMDP
from mdps.algorithms.o_reps import MirrorMoment
from mdps.algorithms.o_reps_full import OREPSFull, tuned
from mdps.instances.adversarial import layered
from mdps.planning.layered import Float
from proofs_check import mirror_steps
from proofs_check.claim import Bound, Case, Claim, Sabotage
from proofs_check.claims.o_reps import WithoutFlows
from proofs_check.mirror_steps import PAPER, Notes, check_descent
from theory.theorems import theorem

STEPS = (
    *mirror_steps.STEPS,
    Step("regret", "sum <q_t - q*, l_t> <= L log(XA/L)/eta + eta L t/2", f"{PAPER}, Theorem 1", place=("episode",)),
)


def allocate(params: OREPSFull, instance: AdversarialMDP, horizon: int) -> Notes:
    """The sums of a run."""
    return Notes(params, instance, horizon)


def observed(check: Check, watch: Notes, params: Any, instance: AdversarialMDP, t: int, moment: MirrorMoment) -> None:
    """Every step after episode t."""
    check_descent(check, watch, instance, t, moment)
    bound = theorem("o-reps/full-rate").bound(instance, params, np.array(float(t)))
    check("regret", watch.left, float(bound), t)


def ascend(log_q: Float, losses: Float, rate: float) -> Float:
    """Planted fault: losses are taken for rewards."""
    return log_q + rate * losses


def theorem_parameters(instance: AdversarialMDP, horizon: int) -> OREPSFull:
    """The theorem's rate."""
    return tuned(instance.n_states, instance.n_actions, horizon)


CLAIM = Claim(
    slug="o-reps-full",
    title="O-REPS, full information",
    paper="Zimin and Neu 2013, Online learning in episodic Markovian decision processes by relative entropy policy "
    "search (full information)",
    setting="adversarial MDP",
    algorithm=theorem_parameters,
    cases=(
        Case("layered", lambda: layered(n_episodes=120), 120, max_runs=32),
        Case("large", lambda: layered(6, 4, 5, 400, n_tables=3, seed=1), 400, max_runs=12, full_only=True),
    ),
    bounds=(Bound(theorem("o-reps/full")), Bound(theorem("o-reps/full-rate"))),
    watch=sys.modules[__name__],
    sabotages=(
        Sabotage("no-flows", "layers are normalised, flows ignored", ("flow", "policy"),
                 overrides={"Projection": WithoutFlows}, n_runs=1),
        Sabotage("ascent", "losses are taken for rewards", ("three-points", "regret"),
                 overrides={"descend": ascend}, n_runs=1),
    ),
    user_horizon=500,
)  # fmt: skip
