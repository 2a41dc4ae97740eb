"""PSRL (Osband, Russo and Van Roy 2013): plan in a model drawn from the posterior, anew in every episode."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from kernels.jit import inlined
from kernels.random import beta_variate, gamma_variate
from mdps.loops import CHANGED, SAME, EpisodicProblem
from mdps.model import Float, Int
from mdps.rows import RowCounts, allocate_counts, expectation, fold, keep_stream, remember, reset, row_count, take_best
from theory.errors import InvalidInput


class PSRL(NamedTuple):
    """Posterior of independent rows: laws Dirichlet(c + N(y)), mean rewards Beta(1 + R, 1 + N - R), R the sum seen.

    It is the exact posterior for Bernoulli rewards under a prior of Dirichlet(c, ..., c) rows and uniform means; other
    rewards in [0, 1] count as fractions of a success.

    Attributes:
        concentration: c >= 1.
    """

    concentration: float = 1.0


class State(NamedTuple):
    """Counts; the sampled laws, (n_rows, S), and mean rewards, (n_rows,); its values; the greedy policy, (H, S).

    Attributes:
        q: of the sampled model, (H, S, A). values: (H + 1, S), the last row zero.
        rng: the stream of the posterior samples: key, gamma, counter.
    """

    counts: RowCounts
    laws: Float
    means: Float
    q: Float
    values: Float
    policy: Int
    rng: npt.NDArray[np.uint64]


def allocate(params: PSRL, problem: EpisodicProblem) -> State:
    """Arrays of one run.

    Raises:
        InvalidInput: if the concentration is below 1 or not finite.
    """
    if not 1.0 <= params.concentration < math.inf:
        raise InvalidInput(f"PSRL: concentration is {params.concentration}; expected a finite number >= 1")
    n, s, a, h = row_count(problem), problem.n_states, problem.n_actions, problem.horizon
    return State(
        allocate_counts(problem), np.zeros((n, s)), np.zeros(n), np.zeros((h, s, a)), np.zeros((h + 1, s)),
        np.zeros((h, s), np.int64), np.zeros(3, np.uint64),
    )  # fmt: skip


randomise = keep_stream


@inlined
def init(params, state):
    """Forget everything."""
    reset(state.counts)
    state.policy[...] = 0


@inlined
def draw_row(params, counts, laws, means, row, rng):
    """One row of the posterior: first its law, by Gamma variates for y = 0, 1, ..., then its mean reward."""
    n_states = laws.shape[1]
    total = 0.0
    for y in range(n_states):
        d = params.concentration + counts.transitions[row, y] - 1.0 / 3.0
        laws[row, y] = gamma_variate(rng, d, 1.0 / math.sqrt(9.0 * d))
        total += laws[row, y]
    for y in range(n_states):
        laws[row, y] /= total
    successes = counts.reward_sums[row]
    means[row] = beta_variate(rng, 1.0 + successes, 1.0 + counts.visits[row] - successes)


@inlined
def sample(params, state):
    """A model from the posterior, row by row."""
    for row in range(state.means.shape[0]):
        draw_row(params, state.counts, state.laws, state.means, row, state.rng)


@inlined
def plan(params, state, episode):
    """Count the last episode, sample a model, and plan in it by backward induction (Algorithm 1)."""
    if episode > 1:
        fold(state.counts)
    sample(params, state)
    n_stages, n_states, n_actions = state.q.shape
    changed = False
    for h in range(n_stages - 1, -1, -1):
        for s in range(n_states):
            for a in range(n_actions):
                row = h * state.counts.stride + s * n_actions + a
                state.q[h, s, a] = state.means[row] + expectation(state.laws, row, state.values, h + 1)
            if take_best(state.q, state.values, state.policy, h, s):
                changed = True
    return CHANGED if changed or episode == 1 else SAME


@inlined
def act(params, state, h, s, rng):
    """Optimal in the sampled model, ties to the lowest index."""
    return state.policy[h, s]


@inlined
def observe(params, state, h, s, a, reward, following):
    """Keep the step; it is counted after the episode."""
    row = h * state.counts.stride + s * state.q.shape[2] + a
    remember(state.counts, h, row, reward, following)
