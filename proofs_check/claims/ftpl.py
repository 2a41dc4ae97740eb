"""Follow the perturbed leader with Gumbel noise: it draws by Hedge's law, and so has Hedge's bound."""

from __future__ import annotations

import math
import sys
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from bandits.algorithms.ftpl import FTPL, perturbed_leader, tuned
from bandits.ftrl import shannon_weights
from kernels.jit import hook
from kernels.steps import Step, check
from proofs_check.claim import Bound, Claim, Sabotage
from proofs_check.claims import hedge
from proofs_check.claims.ftrl_experts import COIN_FLIPS_NAME, coin_flips
from theory.theorems import theorem

Float = npt.NDArray[np.float64]

#: Failure probability of the event that the arms follow their law.
FAILURE = 0.05

LAW = len(hedge.STEPS)


def failure(params: Any, instance: Any, horizon: int) -> float:
    """Allowed by Ville's inequality, split over 2 K supermartingales."""
    return FAILURE


LAW_STEP = Step(
    "law",
    "lambda |sum_s 1{A_s = i} - p_{s,i}| - (e^lambda - 1 - lambda) sum_s p_{s,i} (1 - p_{s,i}) <= log(2 K/0.05) for "
    "every arm in every round",
    "Freedman 1975; Ville's inequality",
    "event",
    failure,
)

STEPS = (*hedge.STEPS, LAW_STEP)


class Draws(NamedTuple):
    """lambda, log(2K/0.01); sums of 1{A = i} - p_i and of p_i (1 - p_i), (K,)."""

    tilt: float
    level: float
    excess: Float
    variance: Float


class Watch(NamedTuple):
    """Hedge's watch, and the draws."""

    hedge: hedge.Watch
    draws: Draws


def allocate_draws(n_arms: int, horizon: int) -> Draws:
    """Empty sums; lambda is the best one for the variance T/4."""
    level = math.log(2.0 * n_arms / FAILURE)
    return Draws(math.sqrt(8.0 * level / horizon), level, np.zeros(n_arms), np.zeros(n_arms))


@hook
def clear_draws(draws):
    """Forget the last run."""
    for i in range(draws.excess.shape[0]):
        draws.excess[i] = 0.0
        draws.variance[i] = 0.0


@hook
def check_draw(records, run, step, draws, law, t, arm):
    """Count the arm of round t against its law."""
    growth = math.exp(draws.tilt) - 1.0 - draws.tilt
    for i in range(law.shape[0]):
        draws.excess[i] += (1.0 if i == arm else 0.0) - law[i]
        draws.variance[i] += law[i] * (1.0 - law[i])
        left = draws.tilt * abs(draws.excess[i]) - growth * draws.variance[i]
        check(records, run, step, left, draws.level, 0.0, t, i, -1, -1)


def allocate(params: FTPL, instance: Any, horizon: int) -> Watch:
    """Arrays of the watch."""
    return Watch(hedge.allocate(params, instance, horizon), allocate_draws(instance.n_arms, horizon))  # type: ignore[arg-type]


@hook
def begin(watch, params, adversary):
    """Forget the last run."""
    hedge.begin(watch.hedge, params, adversary)
    clear_draws(watch.draws)


@hook
def acted(records, run, watch, params, state, adversary, t, arm, row):
    """The arm of round t and its law are known."""
    hedge.acted(records, run, watch.hedge, params, state, adversary, t, arm, row)
    check_draw(records, run, LAW, watch.draws, watch.hedge.played, t, arm)


@hook
def observed(records, run, watch, params, state, adversary, t, arm, row):
    """The losses of round t are known."""
    hedge.observed(records, run, watch.hedge, params, state, adversary, t, arm, row)


@hook
def act_wide(params, state, t, rng):
    """Planted fault: the noise is four times too large for the law that is stated."""
    shannon_weights(state.total, params.learning_rate, 1.0, state.probabilities)
    return perturbed_leader(state, 4.0 / params.learning_rate, rng)


CLAIM = Claim(
    slug="ftpl",
    title="Follow the perturbed leader, Gumbel noise (full information)",
    paper="Kalai and Vempala 2005, Efficient algorithms for online decision problems; Gumbel noise gives Hedge",
    setting="adversarial bandit",
    algorithm=lambda instance, horizon: tuned(instance.n_arms, horizon),
    cases=hedge.CASES,
    bounds=(Bound(theorem("ftpl/gumbel")),),
    watch=sys.modules[__name__],
    sabotages=(
        Sabotage("quadruple-rate", "eta four times too large", ("weights",),
                 lambda p: p._replace(learning_rate=4.0 * p.learning_rate), n_runs=5),
        Sabotage("wide-noise", "noise four times too large for the law", ("law",), overrides={"act": act_wide},
                 case="period of seven", n_runs=40),
    ),
    lower_bound=coin_flips,
    lower_bound_name=COIN_FLIPS_NAME,
)  # fmt: skip
