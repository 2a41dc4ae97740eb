"""Phased elimination with G-optimal designs (Lattimore and Szepesvari 2020, Algorithm 12)."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from bandits.linear import LinearProblem
from bandits.worlds import LinearWorld
from kernels.driven import Driven
from theory.design import RANK_TOLERANCE, Design, g_optimal
from theory.errors import InvalidInput

Float = npt.NDArray[np.float64]
Int = npt.NDArray[np.int64]

PROTOCOL = Driven("linear bandit")


class PhasedElimination(NamedTuple):
    """Phase l: pull by a G-optimal design of the active actions to accuracy eps_l = 2^-l, drop what is 2 eps_l behind.

    Attributes:
        noise: R, the rewards are R-subgaussian; > 0.
        delta: failure probability over all phases together.
        tolerance: of the design: max |x|^2 <= rank (1 + tolerance).
    """

    noise: float = 1.0
    delta: float = 0.05
    tolerance: float = 1e-3


class Moment(NamedTuple):
    """What is seen after a round; ``values`` and ``kept`` after the last round of a phase only.

    Attributes:
        phase: l >= 1. active: actions of the phase. design: over the active ones. counts: pulls planned for each.
        action, reward: of the round. first: whether it began the phase.
        values: estimated means of the active actions. kept: the actions that stay.
    """

    phase: int
    active: Int
    design: Design
    counts: Int
    action: int
    reward: float
    first: bool
    values: Float | None = None
    kept: Int | None = None


def allocate(params: PhasedElimination, problem: LinearProblem) -> None:
    """Refuse hyper-parameters out of range, and action sets that change.

    Raises:
        InvalidInput: naming what is wrong.
    """
    if not 0.0 < params.noise < math.inf:
        raise InvalidInput(f"PhasedElimination: noise is {params.noise}; expected a finite number > 0")
    if not 0.0 < params.delta < 1.0:
        raise InvalidInput(f"PhasedElimination: delta is {params.delta}; expected a number in (0, 1)")
    if not 0.0 < params.tolerance < math.inf:
        raise InvalidInput(f"PhasedElimination: tolerance is {params.tolerance}; expected a finite number > 0")
    if problem.n_contexts != 1:
        raise InvalidInput(f"PhasedElimination: there are {problem.n_contexts} contexts; expected a fixed action set")


def design_of(params: PhasedElimination, actions: Float) -> Design:
    """Step 1: a G-optimal design of the active actions, on their span."""
    return g_optimal(actions, params.tolerance)


def pulls(params: PhasedElimination, design: Design, phase: int, n_actions: int) -> Int:
    """Step 2: T_l(x) = ceil((2 R^2 g pi(x)/eps^2) log(k l (l+1)/delta)), g the design's value (the book: g = d).

    At least one pull where pi(x) > 0: of actions that are all zero g is zero.
    """
    logs = math.log(n_actions * phase * (phase + 1) / params.delta)
    share = 2.0 * params.noise**2 * design.value * 4.0**phase * logs
    return np.maximum(np.ceil(share * design.weights), design.weights > 0.0).astype(np.int64)


class Data(NamedTuple):
    """sum x x', (d, d), and sum x r, (d,)."""

    gram: Float
    moment: Float


def forget(data: Data) -> None:
    """A phase begins without data: the pulls of earlier phases depend on earlier rewards."""
    data.gram[:], data.moment[:] = 0.0, 0.0


def fit(data: Data, actions: Float) -> Float:
    """Step 3: estimated means by least squares, on the span of the actions."""
    inverse = np.linalg.pinv(data.gram, rcond=RANK_TOLERANCE, hermitian=True)
    return np.asarray(actions @ inverse @ data.moment)


def survivors(active: Int, values: Float, epsilon: float) -> Int:
    """Step 4: drop x if max_y <thh, y - x> > 2 eps."""
    return active[values.max() - values <= 2.0 * epsilon]


def play(params: PhasedElimination, problem: LinearProblem, world: LinearWorld, horizon: int) -> Iterator[Moment]:
    """Phases without end; the run is cut at the horizon. Within a phase each action's pulls are consecutive."""
    actions = world.observe_context()
    active, phase, rounds = np.arange(problem.n_actions), 0, 0
    data = Data(np.zeros((problem.dimension, problem.dimension)), np.zeros(problem.dimension))
    while True:
        phase += 1
        design = design_of(params, actions[active])
        counts = pulls(params, design, phase, problem.n_actions)
        forget(data)
        left = int(counts.sum())
        seen = Moment(phase, active, design, counts, -1, 0.0, True)
        for position in np.repeat(np.arange(len(active)), counts):
            if rounds > 0:
                world.observe_context()
            rounds += 1
            action = int(active[position])
            reward = world.pull(action)
            data.gram[:] += np.outer(actions[action], actions[action])
            data.moment[:] += reward * actions[action]
            left -= 1
            moment = seen._replace(action=action, reward=reward)
            if left == 0:
                values = fit(data, actions[active])
                active = survivors(active, values, 0.5**phase)
                moment = moment._replace(values=values, kept=active)
            yield moment
            seen = seen._replace(first=False)
