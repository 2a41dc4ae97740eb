"""Episodes that end when a count has doubled: what UCRL2, KL-UCRL and UCRL2B share (Jaksch, Ortner, Auer 2010, fig. 1).

On an endless trajectory the agent keeps one stationary policy for an *episode* k = 1, 2, ... It begins in step t_k
with the counts N_k(s, a) and ends before the step in which a pair that has been played max(1, N_k(s, a)) times in it
would be played once more. Then the counts are read, a plausible set of models is formed, and the policy is optimal,
to within 1/sqrt(t_k), in the most favourable model of the set. The algorithms differ in the set alone.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from kernels.jit import inlined
from mdps.loops import ContinuingProblem
from mdps.model import Float, Int

#: Sweeps after which extended value iteration gives up; it needs some hundreds at the accuracy 1/sqrt(t_k).
MAX_SWEEPS = 100_000

#: What ``clock`` holds: the episode k, its first step t_k, the sweeps its planning took.
EPISODE, FIRST_STEP, SWEEPS = 0, 1, 2


class DoublingModel(NamedTuple):
    """Counts of one run, and the planner's arrays.

    Attributes:
        visits: N(s, a) so far, (S, A). before: N_k(s, a), at the start of the episode, (S, A).
        transitions: N(s, a, y) so far, (S, A, S). reward_sums: of the rewards drawn so far, (S, A).
        p_hat: estimates at the start of the episode, (S, A, S); a point mass on state 0 for unvisited pairs, whose
            plausible laws are all laws.
        rewards: optimistic mean rewards, (S, A).
        values: u, the last iterate of extended value iteration, least entry 0, (S,). ahead, row: buffers, (S,).
        order: states by decreasing u, (S,). policy: pi_k, (S,). clock: see ``EPISODE``, (3,).
    """

    visits: Float
    before: Float
    transitions: Float
    reward_sums: Float
    p_hat: Float
    rewards: Float
    values: Float
    ahead: Float
    row: Float
    order: Int
    policy: Int
    clock: Int


def allocate_model(problem: ContinuingProblem) -> DoublingModel:
    """Arrays for a :class:`~mdps.loops.ContinuingProblem`."""
    s, a = problem.n_states, problem.n_actions
    return DoublingModel(
        np.zeros((s, a)), np.zeros((s, a)), np.zeros((s, a, s)), np.zeros((s, a)), np.zeros((s, a, s)),
        np.zeros((s, a)), np.zeros(s), np.zeros(s), np.zeros(s), np.arange(s), np.zeros(s, np.int64),
        np.zeros(3, np.int64),
    )  # fmt: skip


@inlined
def reset(model):
    """No data."""
    model.visits[...] = 0.0
    model.before[...] = 0.0
    model.transitions[...] = 0.0
    model.reward_sums[...] = 0.0
    model.clock[...] = 0


@inlined
def episode_over(model, t, s):
    """Whether an episode begins in step t: v_k(s, pi_k(s)) = max(1, N_k(s, pi_k(s))) in the state at hand."""
    if t == 1:
        return True
    a = model.policy[s]
    return model.visits[s, a] - model.before[s, a] >= max(1.0, model.before[s, a])


@inlined
def open_episode(model, t):
    """Read the counts: N_k and the estimates; the next planning starts from u = 0, as published."""
    n_states, n_actions = model.visits.shape
    model.clock[EPISODE] += 1
    model.clock[FIRST_STEP] = t
    for s in range(n_states):
        model.values[s] = 0.0
        model.order[s] = s
        for a in range(n_actions):
            n = model.visits[s, a]
            model.before[s, a] = n
            for y in range(n_states):
                model.p_hat[s, a, y] = model.transitions[s, a, y] / max(1.0, n)
            if n == 0.0:
                model.p_hat[s, a, 0] = 1.0


@inlined
def count(model, s, a, reward, following):
    """A step; it is read when the next episode begins."""
    model.visits[s, a] += 1.0
    model.transitions[s, a, following] += 1.0
    model.reward_sums[s, a] += reward
