"""Phased elimination: the certificate of the designs, and the invariants of elimination."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from bandits.algorithms.phased_elimination import Moment, PhasedElimination
from bandits.linear import LinearBandit
from kernels.steps import Step
from proofs_check.claim import Bound, Case, Claim, Rate, Sabotage
from proofs_check.claims.oful import circle, sphere
from proofs_check.ellipsoid_steps import HARD_LINE_NAME, hard_line
from theory.design import Design
from theory.theorems import theorem
from theory.theorems.phased_elimination import longest_phase

STEPS = (
    Step(
        "accuracy",
        "in every phase <thh - theta, x> <= eps_l for the active x other than x*, and >= -eps_l for x*",
        "Lattimore and Szepesvari 2020, Theorem 22.1: k events of probability delta/(k l(l+1)) in phase l",
        "event",
        lambda params, instance, horizon: float(params.delta),
        place=("round", "phase", "action"),
    ),
    Step(
        "certificate",
        "max |x|^2 in V(pi)^+ <= rank (1 + tol) over the active set",
        "Kiefer and Wolfowitz 1960; Lattimore and Szepesvari 2020, Theorem 21.1",
        place=("round", "phase"),
    ),
    Step(
        "support",
        "the design has at most r(r+1)/2 actions",
        "Lattimore and Szepesvari 2020, Theorem 21.1",
        place=("round", "phase"),
    ),
    Step(
        "phase-length",
        "sum_x T_l(x) <= min(k, d(d+1)/2) + (2 R^2 d (1+tol)/eps_l^2) log(k l(l+1)/delta)",
        "Lattimore and Szepesvari 2020, proof of Theorem 22.1",
        place=("round", "phase"),
    ),
    Step(
        "width",
        "|x|^2 in V_l^{-1} <= eps_l^2 / (2 R^2 log(k l(l+1)/delta)) for active x, from the pulls made",
        "Lattimore and Szepesvari 2020, proof of Theorem 22.1",
        place=("round", "phase"),
    ),
    Step(
        "phase-data",
        "the values are those of least squares on this phase's data alone",
        "Lattimore and Szepesvari 2020, Algorithm 12, step 3; largest difference",
        place=("round", "phase"),
    ),
    Step(
        "best-kept",
        "the best action is never dropped",
        "Lattimore and Szepesvari 2020, proof of Theorem 22.1",
        "conditional",
        given=("accuracy",),
        place=("round", "phase"),
    ),
    Step(
        "survivors",
        "gap of every action that stays after phase l <= 4 eps_l",
        "Lattimore and Szepesvari 2020, proof of Theorem 22.1",
        "conditional",
        given=("accuracy",),
        place=("round", "phase"),
    ),
    Step(
        "round",
        "regret of a round of phase l >= 2 is at most 8 eps_l",
        "Lattimore and Szepesvari 2020, proof of Theorem 22.1",
        "conditional",
        given=("accuracy",),
        place=("round", "phase", "action"),
    ),
)


class Watch:
    """V_l and sum x r of the phase, summed from the rounds."""

    def __init__(self, instance: LinearBandit) -> None:
        self.actions, self.gaps = instance.features[0], instance.gaps[0]
        self.means = instance.means[0]
        self.best = int(np.argmin(self.gaps))
        self.gram = np.zeros((instance.dimension, instance.dimension))
        self.moment = np.zeros(instance.dimension)


def allocate(params: PhasedElimination, instance: LinearBandit, horizon: int) -> Watch:
    """Notes of one run."""
    return Watch(instance)


def observed(
    check: Callable[..., None], watch: Watch, params: PhasedElimination, instance: LinearBandit, t: int, moment: Moment
) -> None:
    """The design when a phase begins, the regret of every round, the estimates when a phase ends."""
    phase, epsilon = moment.phase, 0.5**moment.phase
    x = watch.actions[moment.active]
    if moment.first:
        watch.gram[:], watch.moment[:] = 0.0, 0.0
        weights, rank = moment.design.weights, int(np.linalg.matrix_rank(x))
        inverse = np.linalg.pinv((x * weights[:, None]).T @ x, rcond=1e-9, hermitian=True)
        largest = float(np.einsum("ni,ij,nj->n", x, inverse, x).max())
        check("certificate", largest, rank * (1.0 + params.tolerance), t, phase, tolerance=1e-7)
        check("support", np.count_nonzero(weights), rank * (rank + 1) / 2, t, phase)
        check("phase-length", moment.counts.sum(), longest_phase(instance, params, phase), t, phase)
    played = watch.actions[moment.action]
    watch.gram += np.outer(played, played)
    watch.moment += moment.reward * played
    if phase >= 2:
        check("round", watch.gaps[moment.action], 8.0 * epsilon, t, phase, moment.action)
    if moment.values is None or moment.kept is None:
        return
    inverse = np.linalg.pinv(watch.gram, rcond=1e-9, hermitian=True)
    logs = math.log(instance.n_actions * phase * (phase + 1) / params.delta)
    widths = np.einsum("ni,ij,nj->n", x, inverse, x)
    check("width", widths.max(), epsilon**2 / (2.0 * params.noise**2 * logs), t, phase, tolerance=1e-7)
    own = x @ inverse @ watch.moment
    check("phase-data", np.abs(own - moment.values).max(), 0.0, t, phase, tolerance=1e-6)
    excess = own - watch.means[moment.active]
    for action, error in zip(moment.active, excess):
        check("accuracy", -error if action == watch.best else error, epsilon, t, phase, int(action))
    check("best-kept", 0.0 if watch.best in moment.kept else 1.0, 0.0, t, phase)
    check("survivors", watch.gaps[moment.kept].max(), 4.0 * epsilon, t, phase)


def uniform_design(params: PhasedElimination, actions: Any) -> Design:
    """Planted fault: the uniform distribution, taken for a design of value d."""
    n = len(actions)
    rank = int(np.linalg.matrix_rank(actions))
    return Design(np.full(n, 1.0 / n), float(rank), rank)


def keep_all(active: Any, values: Any, epsilon: float) -> Any:
    """Planted fault: nothing is ever dropped."""
    return active


def keep_the_leader(active: Any, values: Any, epsilon: float) -> Any:
    """Planted fault: all but the leader are dropped."""
    return active[values.max() - values <= 0.0]


def remember(data: Any) -> None:
    """Planted fault: the data of earlier phases stay."""


def unbalanced() -> LinearBandit:
    """Many actions along one axis and one along the other: a uniform design neglects the one."""
    return LinearBandit.fixed(
        [*([1.0 - 0.01 * i, 0.02 * i] for i in range(12)), [0.0, 1.0]], [-0.6, 0.9], scale=0.25, name="unbalanced"
    )


def theorem_parameters(instance: LinearBandit, horizon: int) -> PhasedElimination:
    """The instance's own R; delta = 0.05."""
    return PhasedElimination(instance.noise_subgaussian)


def _small() -> LinearBandit:
    return circle(10, scale=0.25)


CLAIM = Claim(
    slug="phased-elimination",
    title="Phased elimination with G-optimal designs",
    paper="Lattimore and Szepesvari 2020, Bandit Algorithms, Chapter 22",
    setting="linear bandit",
    algorithm=theorem_parameters,
    cases=(
        Case("circle", _small, 600, max_runs=200),
        Case("unbalanced", unbalanced, 600, max_runs=200),
        Case("sphere d=5", lambda: sphere(5, 50, seed=3, scale=0.5), 20_000, max_runs=40, full_only=True),
    ),
    bounds=(Bound(theorem("phased-elimination/regret"), anytime=True),),
    watch=sys.modules[__name__],
    rate=Rate(
        theorem("phased-elimination/order"), "the theorem's parameters", theorem_parameters, "T",
        tuple(2**k for k in range(8, 13)), lambda horizon: (_small(), horizon), n_runs=20, prefix=True,
    ),
    sabotages=(
        Sabotage(
            "uniform-design", "the uniform distribution in the place of the design", ("certificate", "width"),
            overrides={"design_of": uniform_design}, case="unbalanced", n_runs=2,
        ),
        Sabotage(
            "nothing-dropped", "no action is ever dropped", ("survivors", "round"),
            overrides={"survivors": keep_all}, n_runs=2,
        ),
        Sabotage(
            "leader-only", "all actions but the leader are dropped", ("best-kept",),
            overrides={"survivors": keep_the_leader}, build=lambda: circle(60, scale=0.25), horizon=300, n_runs=20,
        ),
        Sabotage(
            "old-data", "least squares on the data of all phases", ("phase-data",),
            overrides={"forget": remember}, n_runs=3,
        ),
        Sabotage(
            "small-noise", "pulls for a tenth of the noise", ("accuracy",),
            lambda p: p._replace(noise=0.1 * p.noise), n_runs=40,
        ),
    ),
    lower_bound=hard_line,
    lower_bound_name=HARD_LINE_NAME,
    user_horizon=5_000,
)  # fmt: skip
