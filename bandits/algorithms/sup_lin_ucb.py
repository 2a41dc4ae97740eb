"""SupLinUCB (Chu, Li, Reyzin and Schapire 2011): stages whose rewards are independent given their features."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from bandits.linear import LinearProblem
from kernels.jit import compiled, inlined
from kernels.linalg import dot, quadratic_form, set_multiple_of_identity, sherman_morrison
from theory.errors import InvalidInput
from theory.theorems.sup_lin_ucb import exploration, n_stages

Float = npt.NDArray[np.float64]
Int = npt.NDArray[np.int64]

#: What a round was for: no bin (all widths at most 1/sqrt T), else the bin 0 .. S - 1 of its stage.
NO_BIN = -1


class SupLinUCB(NamedTuple):
    """Stages s = 1 .. S of ridge regressions (lam = 1), each on the rounds stored in its own bin.

    Attributes:
        noise: R, the rewards are R-subgaussian (1/2 for rewards in [0, 1]); >= 0.
        delta: failure probability over all rounds, stages and actions together.
        scale: factor on alpha + 1; 1 in the theorem, anything else is outside it.
    """

    noise: float = 0.5
    delta: float = 0.05
    scale: float = 1.0


class State(NamedTuple):
    """One run; first axis of the regressions: the stage, from 0."""

    inverse: Float  # A_s^{-1}, (S, d, d)
    moment: Float  # sum x r of the bin, (S, d)
    estimate: Float  # (S, d)
    stored: Int  # rounds in each bin, (S,)
    alive: npt.NDArray[np.bool_]  # actions of the present stage, (K,)
    mean: Float  # estimated means and widths of the stage decided last, (K,)
    width: Float
    image: Float  # scratch, (d,)
    last: Int  # bin and stage of the round
    constants: Float  # alpha + 1, 1/sqrt T


def allocate(params: SupLinUCB, problem: LinearProblem) -> State:
    """Arrays of one run.

    Raises:
        InvalidInput: if a hyper-parameter is out of its range.
    """
    for name in ("noise", "scale"):
        value = getattr(params, name)
        if not 0.0 <= value < math.inf:
            raise InvalidInput(f"SupLinUCB: {name} is {value}; expected a finite number >= 0")
    if not 0.0 < params.delta < 1.0:
        raise InvalidInput(f"SupLinUCB: delta is {params.delta}; expected a number in (0, 1)")
    stages, d, k = n_stages(problem.horizon), problem.dimension, problem.n_actions
    alpha = exploration(params.noise, problem.horizon, k, params.delta)
    return State(
        np.zeros((stages, d, d)), np.zeros((stages, d)), np.zeros((stages, d)), np.zeros(stages, np.int64),
        np.zeros(k, np.bool_), np.zeros(k), np.zeros(k), np.zeros(d), np.zeros(2, np.int64),
        np.array([params.scale * (alpha + 1.0), 1.0 / math.sqrt(problem.horizon)]),
    )  # fmt: skip


@compiled
def init(params, state):
    """Empty bins, A_s = I."""
    for s in range(state.stored.shape[0]):
        set_multiple_of_identity(state.inverse[s], 1.0)
        state.stored[s] = 0
        for i in range(state.moment.shape[1]):
            state.moment[s, i] = 0.0
            state.estimate[s, i] = 0.0


@compiled
def base(state, s, features, context):
    """BaseLinUCB: mean and width (alpha + 1)|x| in A_s^{-1} of the living actions; the largest width and its action."""
    widest = -1
    for a in range(state.alive.shape[0]):
        if state.alive[a]:
            x = features[context, a]
            state.mean[a] = dot(state.estimate[s], x)
            state.width[a] = state.constants[0] * math.sqrt(max(quadratic_form(state.inverse[s], x), 0.0))
            if widest < 0 or state.width[a] > state.width[widest]:
                widest = a
    return widest


@compiled
def leader(state):
    """The living action of the largest mean + width; ties to the lowest index."""
    best = -1
    for a in range(state.alive.shape[0]):
        if state.alive[a] and (best < 0 or state.mean[a] + state.width[a] > state.mean[best] + state.width[best]):
            best = a
    return best


@compiled
def act(params, state, t, features, context, rng):
    """Algorithm 3 of the paper; where it leaves the action open, the one of the largest width."""
    for a in range(state.alive.shape[0]):
        state.alive[a] = True
    stages = state.stored.shape[0]
    for s in range(stages):
        threshold = 0.5 ** (s + 1.0)  # stage s + 1 of the paper
        widest = base(state, s, features, context)
        state.last[1] = s
        if state.width[widest] <= state.constants[1]:
            state.last[0] = NO_BIN
            return leader(state)
        if state.width[widest] > threshold:
            state.last[0] = s
            return widest
        best = leader(state)
        least = state.mean[best] + state.width[best] - 2.0 * threshold
        for a in range(state.alive.shape[0]):
            if state.mean[a] + state.width[a] < least:
                state.alive[a] = False
    # Not reached: 2^-S <= 1/T <= 1/sqrt T, so that a width at most 2^-S ends stage S.
    state.last[0] = NO_BIN
    return leader(state)


@inlined
def observe(params, state, t, features, context, action, reward):
    """The round enters its bin, and no other."""
    s = state.last[0]
    if s >= 0:
        x = features[context, action]
        store(state, s, x, reward)


@inlined
def store(state, s, x, reward):
    """One more round in bin s."""
    error = reward - dot(state.estimate[s], x)
    growth = sherman_morrison(state.inverse[s], x, state.image)
    for i in range(x.shape[0]):
        state.moment[s, i] += reward * x[i]
        state.estimate[s, i] += state.image[i] * (error / growth)
    state.stored[s] += 1


def summary_shape(params, state):
    """One number for each stage: the rounds stored in its bin."""
    return (state.stored.shape[0],)


@compiled
def summarise(params, state, out):
    """The rounds stored in each bin."""
    for s in range(state.stored.shape[0]):
        out[s] = state.stored[s]
