"""UCB-Advantage: the rate of Zhang, Zhou and Ji (2020) and the steps of its proof."""

from __future__ import annotations

import math
import sys
from typing import Any, NamedTuple

import numpy as np

from kernels.jit import inlined
from kernels.steps import Step, check
from mdps.algorithms import ucb_advantage
from mdps.algorithms.ucb_advantage import UCBAdvantage
from mdps.model import Float, Int
from proofs_check.claim import Bound, Case, Claim, Rate, Sabotage, confidence
from proofs_check.episodes import DECOMPOSITION_STEP, PLACE, returns_step
from proofs_check.episodic_cases import gamble, hard_tree, minimax_if_hard, order, random_stages
from proofs_check.row_steps import (
    Ledger,
    allocate_ledger,
    check_decomposition,
    check_returns,
    clear,
    count_episode,
    note_step,
    true_mean,
)
from theory.theorems import theorem
from theory.theorems.ucb_advantage import leading_rate

COUNTS, SHARE, UPDATES, MONOTONE, UPDATE, REFERENCE, SIMPLE, SPLIT, OPTIMISM, DECOMPOSITION, RETURNS = range(11)

#: Sums kept independently for a triple: over all visits, Vref(s'), its square, P Vref; over the current stage, V(s'),
#: V*(s'), (V - Vref)(s'), its square, P (V - Vref).
_REF, _REF_SQUARE, _REF_MEAN, _VALUE, _BEST, _ADV, _ADV_SQUARE, _ADV_MEAN = range(8)


STEPS = (
    Step(
        "counts",
        "n and m count the visits, and stages end after H, floor((1+1/H)H), ... visits, absolute difference",
        "Zhang et al. 2020, Algorithm 1 and section 3.1",
        place=PLACE,
    ),
    Step(
        "share",
        "n <= (2H + 1) m at the end of a stage",
        "e_{i+1} >= (1 + 1/(2H)) e_i; Zhang et al. 2020, section 3.1",
        place=PLACE,
    ),
    Step(
        "updates",
        "number of updates <= SAH (1 + log(max(1, K/H))/log(1 + 1/(2H)))",
        "low switching cost, Zhang et al. 2020, section 3.1 and Theorem 2",
        place=PLACE,
    ),
    Step("monotone", "Q_h(s,a) never rises", "Zhang et al. 2020, Algorithm 1", place=PLACE),
    Step(
        "update",
        "Q = min{r + v/m + bbar, r + ref/n + adv/m + b, Q} from sums kept independently, absolute difference",
        "Zhang et al. 2020, eqs. (5)-(6)",
        place=PLACE,
    ),
    Step(
        "reference",
        "Vref_h(s) is H before N0 visits of (h, s) and V_h(s) of that moment afterwards, absolute difference",
        "Zhang et al. 2020, Algorithm 1",
        place=PLACE,
    ),
    Step(
        "simple",
        "|sum over the stage of (V*(s') - P V*)|/m <= 2 sqrt(H^2 i/m) at its end",
        "Zhang et al. 2020, proof of Proposition 4 (Hoeffding)",
        "event",
        confidence,
        place=PLACE,
    ),
    Step(
        "split",
        "|sum (Vref(s') - P Vref)|/n + |sum over the stage of ((V - Vref)(s') - P(V - Vref))|/m <= b at its end",
        "Zhang et al. 2020, proof of Proposition 4 (Freedman)",
        "event",
        confidence,
        place=PLACE,
    ),
    Step(
        "optimism",
        "Q*_h(s,a) <= Q_h(s,a) after every update",
        "Zhang et al. 2020, Proposition 4",
        "conditional",
        given=("simple", "split"),
        place=PLACE,
    ),
    DECOMPOSITION_STEP,
    returns_step(confidence),
)


class Watch(NamedTuple):
    """The shared ledger, and the sums of every triple kept independently.

    Attributes:
        visits, in_stage, length: n, m and e_i, (H, S, A). sums: see above, (H, S, A, 8).
        last: Q before the step, (H, S, A). seen: visits of (h, s), (H, S). reference: Vref, (H + 1, S).
        level: i. settled: N0.
    """

    ledger: Ledger
    visits: Int
    in_stage: Int
    length: Int
    sums: Float
    last: Float
    seen: Int
    reference: Float
    level: float
    settled: float


def allocate(params: UCBAdvantage, instance: Any, horizon: int) -> Watch:
    """Arrays of the watch; i and N0 are computed here."""
    s, a, h = instance.n_states, instance.n_actions, instance.horizon
    t = float(h * horizon)
    level = math.log(2.0 / (params.delta / (2.0 * t * (h * h * t**3 + 7.0))))
    integers = np.zeros((3, h, s, a), np.int64)
    return Watch(
        allocate_ledger(instance), integers[0], integers[1], integers[2], np.zeros((h, s, a, 8)), np.zeros((h, s, a)),
        np.zeros((h, s), np.int64), np.zeros((h + 1, s)), level, params.c * s * a * h**6 * level,
    )  # fmt: skip


@inlined
def begin(watch, params, instance):
    """Forget the last run."""
    clear(watch.ledger, instance.model)
    n_stages = watch.last.shape[0]
    watch.visits[...] = 0
    watch.in_stage[...] = 0
    watch.length[...] = n_stages
    watch.sums[...] = 0.0
    for h in range(n_stages):
        watch.last[h, :, :] = n_stages - h
    watch.seen[...] = 0
    watch.reference[...] = n_stages
    watch.reference[n_stages, :] = 0.0


@inlined
def acted(records, run, watch, params, state, instance, episode, value):
    """Before the episode."""
    check_decomposition(
        records, run, DECOMPOSITION, watch.ledger, instance, state.q, state.values, state.policy, episode, value
    )


@inlined
def stepped(records, run, watch, params, state, instance, episode, h, s, a, reward, following):
    """At every step, before the algorithm learns from it: V_{h+1} is that of the beginning of the episode."""
    row = note_step(watch.ledger, instance.model, h, s, a, reward, following)
    value, reference = state.values[h + 1, following], watch.reference[h + 1, following]
    sums = watch.sums
    watch.visits[h, s, a] += 1
    watch.in_stage[h, s, a] += 1
    mean_reference = true_mean(watch.ledger, row, watch.reference, h + 1)
    sums[h, s, a, _REF] += reference
    sums[h, s, a, _REF_SQUARE] += reference * reference
    sums[h, s, a, _REF_MEAN] += mean_reference
    sums[h, s, a, _VALUE] += value
    sums[h, s, a, _BEST] += instance.optimal_values[h + 1, following]
    sums[h, s, a, _ADV] += value - reference
    sums[h, s, a, _ADV_SQUARE] += (value - reference) ** 2
    sums[h, s, a, _ADV_MEAN] += true_mean(watch.ledger, row, state.values, h + 1) - mean_reference


@inlined
def check_update(records, run, watch, params, state, instance, episode, h, s, a, reward):
    """The end of a stage: the update, its events, and optimism; then the next stage."""
    sums, n_stages = watch.sums, watch.last.shape[0]
    n, m = np.float64(watch.visits[h, s, a]), np.float64(watch.in_stage[h, s, a])
    check(records, run, SHARE, n, (2.0 * n_stages + 1.0) * m, 0.0, episode, h, s, a)
    simple = 2.0 * n_stages * math.sqrt(watch.level / m)
    ref_variance = max(0.0, sums[h, s, a, _REF_SQUARE] / n - (sums[h, s, a, _REF] / n) ** 2)
    adv_variance = max(0.0, sums[h, s, a, _ADV_SQUARE] / m - (sums[h, s, a, _ADV] / m) ** 2)
    x, y = watch.level / n, watch.level / m
    split = 2.0 * math.sqrt(ref_variance * x) + 2.0 * math.sqrt(adv_variance * y)
    split += 5.0 * n_stages * (x + y + x**0.75 + y**0.75)
    first = sums[h, s, a, _VALUE] / m + params.scale * simple
    second = sums[h, s, a, _REF] / n + sums[h, s, a, _ADV] / m + params.scale * split
    expected = min(watch.last[h, s, a], reward + min(first, second))
    q, best = state.q[h, s, a], instance.optimal_q[h, s, a]
    check(records, run, UPDATE, abs(q - expected), 1e-9 * n_stages, 0.0, episode, h, s, a)
    row = h * instance.model.stage_stride + s * instance.model.n_actions + a
    off = abs(sums[h, s, a, _BEST] / m - (best - instance.model.rewards[row]))
    check(records, run, SIMPLE, off, simple, 1e-12, episode, h, s, a)
    off = abs(sums[h, s, a, _REF] - sums[h, s, a, _REF_MEAN]) / n
    off += abs(sums[h, s, a, _ADV] - sums[h, s, a, _ADV_MEAN]) / m
    check(records, run, SPLIT, off, split, 1e-12, episode, h, s, a)
    check(records, run, OPTIMISM, best, q, 1e-10, episode, h, s, a)
    watch.in_stage[h, s, a] = 0
    for i in range(_VALUE, 8):
        sums[h, s, a, i] = 0.0
    watch.length[h, s, a] = watch.length[h, s, a] + watch.length[h, s, a] // n_stages


@inlined
def observed(records, run, watch, params, state, instance, episode):
    """After the episode: the triples that it visited."""
    ledger = watch.ledger
    n_stages, n_actions = watch.last.shape[0], watch.last.shape[2]
    for h in range(n_stages):
        pair = ledger.path[h] - h * instance.model.stage_stride
        s, a = pair // n_actions, pair % n_actions
        if watch.in_stage[h, s, a] == watch.length[h, s, a]:
            check_update(records, run, watch, params, state, instance, episode, h, s, a, ledger.gains[h])
        wrong = abs(state.visits[h, s, a] - watch.visits[h, s, a]) + abs(
            state.in_stage[h, s, a] - watch.in_stage[h, s, a]
        )
        check(records, run, COUNTS, np.float64(wrong), 0.0, 0.0, episode, h, s, a)
        check(records, run, MONOTONE, state.q[h, s, a], watch.last[h, s, a], 1e-12, episode, h, s, a)
        watch.last[h, s, a] = state.q[h, s, a]
        watch.seen[h, s] += 1
        if watch.seen[h, s] - 1 < watch.settled <= watch.seen[h, s]:
            watch.reference[h, s] = state.values[h, s]
        apart = abs(state.reference[h, s] - watch.reference[h, s])
        check(records, run, REFERENCE, apart, 1e-12, 0.0, episode, h, s, -1)
    count_episode(ledger)


@inlined
def ended(records, run, watch, params, state, instance, episode):
    """The number of updates, and the martingale of the returns."""
    n_stages, n_states, n_actions = watch.last.shape
    each = 1.0 + math.log(max(1.0, episode / n_stages)) / math.log(1.0 + 0.5 / n_stages)
    right = n_stages * n_states * n_actions * each
    check(records, run, UPDATES, np.float64(state.flags[1]), right, 1e-12, episode, -1, -1, -1)
    check_returns(records, run, RETURNS, watch.ledger, episode, params.delta)


@inlined
def observe_bad_reference(params, state, h, s, a, reward, following):
    """Planted fault: the reference of a state is frozen at its first visit."""
    state.reference[h, s] = min(state.reference[h, s], state.values[h, s])
    ucb_advantage.observe(params, state, h, s, a, reward, following)


def parameters(instance: Any, horizon: int) -> UCBAdvantage:
    """delta = 0.1, N0 with constant 1."""
    return UCBAdvantage(delta=0.1)


#: The leading term of the theorem.
RATE = order("ucb-advantage/rate", "Zhang, Zhou and Ji 2020, Theorem 1", "regret = O~(sqrt(H^2 S A T))", leading_rate)

CLAIM = Claim(
    slug="ucb-advantage",
    title="UCB-Advantage",
    paper="Zhang, Zhou and Ji 2020, Almost optimal model-free RL via reference-advantage decomposition",
    setting="episodic MDP",
    algorithm=parameters,
    cases=(
        Case("random", random_stages, 4_000, max_runs=100),
        Case("hard", hard_tree, 2_000, max_runs=100),
    ),
    bounds=(Bound(theorem("ucb-advantage/regret")),),
    watch=sys.modules[__name__],
    rate=Rate(
        RATE,
        preset="practical: bonuses x 0.01, N0 x 1e-6, no theorem",
        algorithm=lambda instance, horizon: UCBAdvantage(delta=0.1, c=1e-6, scale=0.01),
        sweep="K",
        grid=(1_000, 4_000, 16_000, 64_000),
        case=lambda n: (random_stages(), n),
        n_runs=60,
    ),
    sabotages=(
        Sabotage(
            "tiny-bonus", "both bonuses times 1e-5", ("optimism",), lambda p: p._replace(scale=1e-5),
            build=lambda: gamble(2, 4, 0.1), horizon=2_000,
        ),
        Sabotage(
            "early-reference", "the reference follows the values from the first visit on", ("reference",),
            overrides={"observe": observe_bad_reference}, n_runs=5,
        ),
    ),
    lower_bound=minimax_if_hard,
    lower_bound_name="Domingues et al. 2021, Theorem 9",
    notes="p = delta/(2T(H^2 T^3 + 7)) and the constants of the bonuses as remembered of the paper. N0 is beyond every "
    "feasible run: the reference stays H unless its constant is scaled.",
)  # fmt: skip
