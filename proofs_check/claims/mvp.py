"""MVP: the burn-in-free rate of Zhang, Chen, Lee and Du (2023) and the steps of its proof."""

from __future__ import annotations

import math
import sys
from typing import Any, NamedTuple

import numpy as np

from kernels.jit import inlined
from kernels.steps import Step, check
from mdps.algorithms import mvp
from mdps.algorithms.mvp import MVP
from mdps.instances.random import random_mdp
from mdps.loops import Episodes
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
)
from theory.theorems import theorem
from theory.theorems.mvp import rate

BATCHES, HALF, EPOCHS, RANGE, BACKUP, DEVIATION, OPTIMISM, DECOMPOSITION, RETURNS = range(9)


STEPS = (
    Step(
        "batches",
        "N, rh, s2 - rh^2 and Ph are those of the visits 2^(j-1)+1 .. 2^j of (h,s,a), kept independently: difference",
        "Zhang et al. 2023, Algorithm 1, lines 6-8",
        place=PLACE,
    ),
    Step(
        "half",
        "visits of (h,s,a) so far <= 4 N: the last closed batch holds a quarter of them",
        "Zhang et al. 2023, Remark 1",
        place=PLACE,
    ),
    Step(
        "epochs",
        "number of plannings <= SAH (log2 K + 1)",
        "Zhang et al. 2023, section 4.2: each estimate is updated at most log2 K + 1 times",
        place=PLACE,
    ),
    Step("range", "Q_h(s,a) <= H", "Zhang et al. 2023, eq. (18)", place=PLACE),
    Step(
        "backup",
        "Q_h(s,a) = min{rh + Ph V_{h+1} + b, H} from the batches kept independently, largest difference",
        "Zhang et al. 2023, eq. (18)",
        place=PLACE,
    ),
    Step(
        "deviation",
        "|rh - r + (Ph - P) V*_{h+1}| <= 2 sqrt(Var_Ph(V*) i/N) + 2 sqrt((s2 - rh^2) i/N) + 28 H i/(3N), last batch",
        "empirical Bernstein (Maurer and Pontil 2009, Theorem 4) for rewards and for V*, used in Zhang et al. 2023, "
        "proof of optimism",
        "event",
        confidence,
        place=PLACE,
    ),
    Step(
        "optimism",
        "Q*_h(s,a) <= Q_h(s,a)",
        "Zhang et al. 2023, optimism lemma (monotonicity of the bonus)",
        "conditional",
        given=("deviation",),
        place=PLACE,
    ),
    DECOMPOSITION_STEP,
    returns_step(confidence),
)


class Watch(NamedTuple):
    """The shared ledger, and batches kept independently; rows are (h, s, a).

    Attributes:
        total: visits, (n_rows,). open: [visits, rewards, squares, next states ...] since the last power of two,
            (n_rows, 3 + S). closed: the same of the last closed batch.
        seen: plannings that were compared, (1,). level: i. n_episodes: K.
    """

    ledger: Ledger
    total: Int
    open: Float
    closed: Float
    seen: Int
    level: float
    n_episodes: int


def allocate(params: MVP, instance: Any, horizon: int) -> Watch:
    """Arrays of the watch; i is computed here."""
    s, a, h = instance.n_states, instance.n_actions, instance.horizon
    n = s * a * h
    level = math.log(200.0 * s * a * h * h * horizon * horizon / params.delta)
    return Watch(
        allocate_ledger(instance), np.zeros(n, np.int64), np.zeros((n, 3 + s)), np.zeros((n, 3 + s)),
        np.zeros(1, np.int64), level, horizon,
    )  # fmt: skip


@inlined
def begin(watch, params, instance):
    """Forget the last run."""
    clear(watch.ledger, instance.model)
    watch.total[...] = 0
    watch.open[...] = 0.0
    watch.closed[...] = 0.0
    watch.seen[0] = 0


@inlined
def spread_of(batch, row):
    """s2 - rh^2 of a closed batch."""
    mean = batch[row, 1] / batch[row, 0]
    return max(0.0, batch[row, 2] / batch[row, 0] - mean * mean)


@inlined
def moments(batch, row, values, h):
    """(Ph V, Var_Ph(V)) of a closed batch."""
    n_states = values.shape[1]
    mean, second = 0.0, 0.0
    for y in range(n_states):
        mean += batch[row, 3 + y] * values[h, y]
    mean /= batch[row, 0]
    for y in range(n_states):
        second += batch[row, 3 + y] * (values[h, y] - mean) ** 2
    return mean, second / batch[row, 0]


@inlined
def check_estimates(records, run, watch, params, state, instance, episode):
    """After a planning: estimates, backups, the good event and optimism, pair by pair."""
    n_stages, n_states, n_actions = state.q.shape
    batch = watch.closed
    apart, wrong, top = 0.0, 0.0, -np.inf
    for h in range(n_stages):
        for s in range(n_states):
            for a in range(n_actions):
                row = (h * n_states + s) * n_actions + a
                q, n = state.q[h, s, a], batch[row, 0]
                apart += abs(state.visits[row] - n)
                expected = np.float64(n_stages)
                if n > 0.0:
                    reward, spread = batch[row, 1] / n, spread_of(batch, row)
                    apart += abs(state.means[row] - reward) + abs(state.spreads[row] - spread)
                    for y in range(n_states):
                        apart += abs(state.laws[row, y] - batch[row, 3 + y] / n)
                    mean, scatter = moments(batch, row, state.values, h + 1)
                    bonus = mvp.bonus_of(params, watch.level, n_stages, scatter, spread, n)
                    expected = min(np.float64(n_stages), reward + mean + bonus)
                    mean, scatter = moments(batch, row, instance.optimal_values, h + 1)
                    share = watch.level / n
                    width = 2.0 * math.sqrt(scatter * share) + 2.0 * math.sqrt(spread * share)
                    off = abs(reward + mean - instance.optimal_q[h, s, a])
                    right = width + 28.0 * n_stages * share / 3.0
                    check(records, run, DEVIATION, off, right, 1e-12, episode, h, s, a)
                wrong = max(wrong, abs(q - expected))
                top = max(top, q)
                check(records, run, OPTIMISM, instance.optimal_q[h, s, a], q, 1e-10, episode, h, s, a)
    check(records, run, BATCHES, apart, 1e-9, 0.0, episode, -1, -1, -1)
    check(records, run, BACKUP, wrong, 1e-9 * n_stages, 0.0, episode, -1, -1, -1)
    check(records, run, RANGE, top, np.float64(n_stages), 1e-12, episode, -1, -1, -1)


@inlined
def acted(records, run, watch, params, state, instance, episode, value):
    """Once a policy has been planned."""
    check_decomposition(
        records, run, DECOMPOSITION, watch.ledger, instance, state.q, state.values, state.policy, episode, value
    )
    if state.flags[1] != watch.seen[0]:
        watch.seen[0] = state.flags[1]
        check_estimates(records, run, watch, params, state, instance, episode)


@inlined
def stepped(records, run, watch, params, state, instance, episode, h, s, a, reward, following):
    """Keep the step in its batch; close the batch at a power of two."""
    note_step(watch.ledger, instance.model, h, s, a, reward, following)
    row = (h * state.q.shape[1] + s) * state.q.shape[2] + a
    if watch.total[row] > 0:
        visits = np.float64(watch.total[row])
        check(records, run, HALF, visits, 4.0 * state.visits[row], 0.0, episode, h, s, a)
    watch.total[row] += 1
    watch.open[row, 0] += 1.0
    watch.open[row, 1] += reward
    watch.open[row, 2] += reward * reward
    watch.open[row, 3 + following] += 1.0
    power = 1
    while power < watch.total[row]:
        power *= 2
    if power == watch.total[row] and power <= watch.n_episodes:
        for i in range(watch.open.shape[1]):
            watch.closed[row, i] = watch.open[row, i]
            watch.open[row, i] = 0.0


@inlined
def observed(records, run, watch, params, state, instance, episode):
    """Count the episode."""
    count_episode(watch.ledger)


@inlined
def ended(records, run, watch, params, state, instance, episode):
    """The number of plannings, and the martingale of the returns."""
    rows = np.float64(watch.total.shape[0])
    check(records, run, EPOCHS, np.float64(state.flags[1]), rows * (math.log2(watch.n_episodes) + 1.0), 1e-12,
          episode, -1, -1, -1)  # fmt: skip
    check_returns(records, run, RETURNS, watch.ledger, episode, params.delta)


@inlined
def observe_no_move(params, state, h, s, a, reward, following):
    """Planted fault: the next state of every visit is read as the state itself."""
    mvp.observe(params, state, h, s, a, reward, s)


def parameters(instance: Any, horizon: int) -> MVP:
    """delta = 0.1."""
    return MVP(delta=0.1)


#: The theorem's rate without its logarithms.
RATE = order("mvp/rate", "Zhang, Chen, Lee and Du 2023, Theorem 1", "regret = O~(sqrt(S A H^3 K))", rate)

CLAIM = Claim(
    slug="mvp",
    title="MVP",
    paper="Zhang, Ji and Du 2021, Is reinforcement learning more difficult than bandits?; Zhang, Chen, Lee and Du 2023",
    setting="episodic MDP",
    algorithm=parameters,
    cases=(
        Case(
            "random",
            lambda: Episodes(random_mdp(3, 2, horizon=3, seed=1, stage_dependent=True, reward_law="bernoulli")),
            1_000, max_runs=200,
        ),
        Case("hard", hard_tree, 1_000, max_runs=200),
    ),
    bounds=(Bound(theorem("mvp/regret")),),
    watch=sys.modules[__name__],
    rate=Rate(
        RATE,
        preset="practical: bonus x 0.003, no theorem",
        algorithm=lambda instance, horizon: MVP(delta=0.1, scale=0.003),
        sweep="K",
        grid=(2_000, 8_000, 32_000, 128_000),
        case=lambda n: (random_stages(), n),
        n_runs=40,
    ),
    sabotages=(
        Sabotage(
            "tiny-bonus", "the bonus times 1e-5", ("optimism",), lambda p: p._replace(scale=1e-5),
            build=lambda: gamble(2, 4, 0.1), horizon=1_000,
        ),
        Sabotage(
            "wrong-successor", "the next state is read as the present one", ("batches",),
            overrides={"observe": observe_no_move}, n_runs=5,
        ),
    ),
    lower_bound=minimax_if_hard,
    lower_bound_name="Domingues et al. 2021, Theorem 9",
    notes="The variant of 2023: estimates stage by stage, from the second half of the visits only.",
)  # fmt: skip
