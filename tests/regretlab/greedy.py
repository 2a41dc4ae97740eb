"""The greedy rule as a user's plug-in: each arm once, then the highest mean. Its regret is linear in T."""

from __future__ import annotations

from typing import NamedTuple

from bandits.policies import allocate_statistics, forget, highest, record
from kernels.jit import compiled


class Greedy(NamedTuple):
    """No hyper-parameters."""


def allocate(params, problem):
    """Arrays of one run."""
    return allocate_statistics(problem.n_arms)


@compiled
def init(params, state):
    """Forget everything."""
    forget(state)


@compiled
def act(params, state, t, rng):
    """No bonus: that is what is wrong."""
    return t - 1 if t <= state.pulls.shape[0] else highest(state.mean)


@compiled
def observe(params, state, t, arm, reward):
    """Update the arm that was pulled."""
    record(state, arm, reward)
