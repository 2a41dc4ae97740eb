"""What algorithms that search for the best arm share: their state, their answer, and the tests of their steps.

Such an algorithm pulls until it is sure, answers with an arm, and goes on pulling that arm to the end of the horizon
(a round of no further information). A run leaves (pulls made before the answer, or -1; the arm answered, or -1).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from bandits.policies import ArmStatistics, allocate_statistics, forget
from kernels.jit import compiled, embedded
from theory.errors import InvalidInput

STOPPED, ANSWER = 0, 1


class Search(NamedTuple):
    """Statistics of the arms; which arms are still candidates, (K,); (pulls at the stop or -1, answer or -1).

    ``register`` holds counters of the algorithm's own, (4,); ``scratch`` is float64 (K,).
    """

    statistics: ArmStatistics
    alive: npt.NDArray[np.bool_]
    outcome: npt.NDArray[np.int64]
    register: npt.NDArray[np.int64]
    scratch: npt.NDArray[np.float64]


def allocate_search(n_arms: int) -> Search:
    """The state before the first pull.

    Raises:
        InvalidInput: for fewer than two arms.
    """
    if n_arms < 2:
        raise InvalidInput(f"there is {n_arms} arm; finding the best needs at least two")
    return Search(
        allocate_statistics(n_arms), np.ones(n_arms, np.bool_), np.full(2, -1, np.int64), np.zeros(4, np.int64),
        np.zeros(n_arms),
    )  # fmt: skip


def require_delta(name: str, delta: float) -> None:
    """Refuse a confidence parameter outside (0, 1).

    Raises:
        InvalidInput: naming the algorithm and the value.
    """
    if not 0.0 < delta < 1.0:
        raise InvalidInput(f"delta of {name} is {delta}; expected a number in (0, 1)")


@compiled
def restart(state):
    """Back to no observation, all arms candidates, no answer."""
    forget(state.statistics)
    for arm in range(state.alive.shape[0]):
        state.alive[arm] = True
    state.outcome[STOPPED] = -1
    state.outcome[ANSWER] = -1
    for i in range(state.register.shape[0]):
        state.register[i] = 0


@embedded
def answer(state, arm, pulls):
    """Stop with ``arm`` after so many pulls."""
    state.outcome[STOPPED] = pulls
    state.outcome[ANSWER] = arm


@embedded
def leader(mean, alive):
    """The candidate of the largest mean, ties to the lowest index."""
    best = -1
    for arm in range(mean.shape[0]):
        if alive[arm] and (best < 0 or mean[arm] > mean[best]):
            best = arm
    return best


@embedded
def act_in_turn(params, state, t, rng):
    """The ``act`` of algorithms that go through the candidates: the first one from register[0] on, then the answer."""
    if state.outcome[1] >= 0:
        return state.outcome[1]
    arm = state.register[0]
    while not state.alive[arm]:
        arm += 1
    return arm


@embedded
def turn(state, arm):
    """Go on to the candidate after ``arm``; False, and back to the first, if there is none."""
    following = arm + 1
    while following < state.alive.shape[0] and not state.alive[following]:
        following += 1
    if following < state.alive.shape[0]:
        state.register[0] = following
        return True
    state.register[0] = 0
    return False


def summary_shape(params: Any, state: Search) -> tuple[int, ...]:
    """(pulls before the answer or -1, answer or -1)."""
    return (2,)


@compiled
def summarise(params, state, out, run):
    """Leave the outcome."""
    out[run, 0] = state.outcome[0]
    out[run, 1] = state.outcome[1]
