"""A fixed stationary policy on an endless trajectory: the baseline of the continuing loop."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from kernels.jit import inlined
from mdps.loops import ContinuingProblem
from mdps.model import Int
from theory.errors import InvalidInput


class StationaryPolicy(NamedTuple):
    """Take ``actions[s]`` in state s, always.

    Attributes:
        actions: one action for every state.
    """

    actions: tuple[int, ...]


class State(NamedTuple):
    """The actions as an array, (S,)."""

    actions: Int


def allocate(params: StationaryPolicy, problem: ContinuingProblem) -> State:
    """Arrays of one run.

    Raises:
        InvalidInput: if there is not exactly one existing action for every state.
    """
    actions = np.asarray(params.actions)
    if actions.shape != (problem.n_states,) or not np.issubdtype(actions.dtype, np.integer):
        raise InvalidInput(f"actions are {params.actions}; expected {problem.n_states} integers, one for every state")
    outside = (actions < 0) | (actions >= problem.n_actions)
    if outside.any():
        s = int(np.argmax(outside))
        raise InvalidInput(f"action of state {s} is {actions[s]}; expected one of 0..{problem.n_actions - 1}")
    return State(actions.astype(np.int64))


@inlined
def init(params, state):
    """Nothing is learned."""


@inlined
def act(params, state, t, s, rng):
    """The policy's action."""
    return state.actions[s]


@inlined
def observe(params, state, t, s, a, reward, following):
    """Nothing is learned."""
