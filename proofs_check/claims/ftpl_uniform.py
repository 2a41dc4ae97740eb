"""Follow the perturbed leader with uniform noise: both halves of Kalai and Vempala's proof, on exact laws."""

from __future__ import annotations

import sys
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from bandits.algorithms.ftpl_uniform import FTPLUniform, PerturbedState, tuned, uniform_law
from bandits.algorithms.ftpl_uniform import allocate as allocate_state
from bandits.model import BanditProblem
from kernels.jit import hook
from kernels.reductions import least, sum_of
from kernels.steps import Step, check
from proofs_check.claim import Bound, Claim, Sabotage
from proofs_check.claims import hedge
from proofs_check.claims.ftpl import LAW_STEP, Draws, allocate_draws, check_draw, clear_draws
from proofs_check.claims.ftrl_experts import COIN_FLIPS_NAME, coin_flips
from theory.theorems import theorem

SIMPLEX, STATED, SHIFT, LEADER, REGRET, LAW = range(6)

#: Rounding allowance, relative.
ROUNDING = 1e-9

_SOURCE = "Kalai and Vempala 2005, proof of Theorem 1.1"

STEPS = (
    Step("simplex", "|sum_i p_i - 1| <= 1e-9", "definition of p_t"),
    Step("stated", "the stated law is that of argmin L + U at the theorem's epsilon (difference)", _SOURCE),
    Step(
        "overlap", "<p_t - p_{t+1}, l_t> <= epsilon |l_t|_1: the cubes of noise before and after overlap",
        f"{_SOURCE}, Lemma 3.2", place=("round",),
    ),
    Step(
        "be-the-leader", "sum_s <p_{s+1}, l_s> - min_i L_i <= 2/epsilon in every round", f"{_SOURCE}, Lemma 3.1",
        place=("round",),
    ),
    Step(
        "regret", "sum_s <p_s, l_s> - min_i L_i <= epsilon sum_s |l_s|_1 + 2/epsilon in every round",
        "Kalai and Vempala 2005, Theorem 1.1", place=("round",),
    ),
    LAW_STEP,
)  # fmt: skip


class Watch(NamedTuple):
    """The theorem's epsilon; arrays for the laws of this round and the next; the draws; sums of <p_s, l_s>,
    <p_{s+1}, l_s> and |l_s|_1."""

    epsilon: float
    state: PerturbedState
    law: npt.NDArray[np.float64]
    draws: Draws
    sums: npt.NDArray[np.float64]


def allocate(params: FTPLUniform, instance: Any, horizon: int) -> Watch:
    """Arrays of the watch, with the theorem's epsilon."""
    k = instance.n_arms
    stated = tuned(k, horizon)
    arrays = allocate_state(stated, BanditProblem(k, horizon))
    return Watch(stated.epsilon, arrays, np.zeros(k), allocate_draws(k, horizon), np.zeros(3))


@hook
def begin(watch, params, adversary):
    """Forget the last run."""
    clear_draws(watch.draws)
    for i in range(watch.law.shape[0]):
        watch.state.total[i] = 0.0
    for i in range(watch.sums.shape[0]):
        watch.sums[i] = 0.0


@hook
def acted(records, run, watch, params, state, adversary, t, arm, row):
    """The arm of round t and its law are known."""
    own = watch.state
    uniform_law(own.total, watch.epsilon, own.ascending, own.nodes, own.weights, watch.law)
    check(records, run, SIMPLEX, abs(sum_of(state.probabilities) - 1.0), ROUNDING, 0.0, t, -1, -1, -1)
    for i in range(row.shape[0]):
        away = abs(state.probabilities[i] - watch.law[i])
        check(records, run, STATED, away, ROUNDING, 0.0, t, i, -1, -1)
    check_draw(records, run, LAW, watch.draws, watch.law, t, arm)


@hook
def observed(records, run, watch, params, state, adversary, t, arm, row):
    """The losses of round t are known; p_t is the law that was played."""
    own, sums = watch.state, watch.sums
    now = 0.0
    size = 0.0
    for i in range(row.shape[0]):
        now += state.probabilities[i] * row[i]
        size += row[i]
        own.total[i] += row[i]
    uniform_law(own.total, watch.epsilon, own.ascending, own.nodes, own.weights, own.probabilities)
    later = 0.0
    for i in range(row.shape[0]):
        later += own.probabilities[i] * row[i]
    sums[0] += now
    sums[1] += later
    sums[2] += size
    best = least(own.total)
    span = 2.0 / watch.epsilon
    check(records, run, SHIFT, now - later, watch.epsilon * size, ROUNDING, t, -1, -1, -1)
    check(records, run, LEADER, sums[1] - best, span, ROUNDING, t, -1, -1, -1)
    check(records, run, REGRET, sums[0] - best, watch.epsilon * sums[2] + span, ROUNDING, t, -1, -1, -1)


UNIFORM = Claim(
    slug="ftpl-uniform",
    title="Follow the perturbed leader, uniform noise (full information)",
    paper="Kalai and Vempala 2005, Efficient algorithms for online decision problems",
    setting="adversarial bandit",
    algorithm=lambda instance, horizon: tuned(instance.n_arms, horizon),
    cases=hedge.CASES,
    bounds=(Bound(theorem("ftpl/uniform")),),
    watch=sys.modules[__name__],
    sabotages=(
        Sabotage("quadruple-epsilon", "noise four times too small", ("stated",),
                 lambda p: p._replace(epsilon=4.0 * p.epsilon), n_runs=5),
        Sabotage("no-noise", "hardly any noise: the leader itself is followed", ("overlap", "regret"),
                 lambda p: p._replace(epsilon=100.0), n_runs=5),
    ),
    lower_bound=coin_flips,
    lower_bound_name=COIN_FLIPS_NAME,
)  # fmt: skip
