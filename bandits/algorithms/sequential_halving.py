"""Sequential halving (Karnin, Koren and Somekh 2013): the best arm within a fixed budget of pulls."""

from __future__ import annotations

from typing import NamedTuple

from bandits.identification import (
    Search,
    act_in_turn,
    allocate_search,
    answer,
    leader,
    restart,
    summarise,
    summary_shape,
    turn,
)
from bandits.model import BanditProblem
from bandits.policies import record, set_statistics
from kernels.jit import compiled, embedded
from theory.errors import InvalidInput

__all__ = ["SequentialHalving", "act", "allocate", "init", "observe", "phases", "summarise", "summary_shape"]


class SequentialHalving(NamedTuple):
    """ceil(log2 K) phases; in each every survivor is pulled floor(T / (survivors ceil(log2 K))) times, and the better
    half (rounded up) by the means of the phase alone survives, ties to the lowest index.

    Pulls that the rounding leaves over go to the answer.

    Attributes:
        budget: T >= K ceil(log2 K) pulls.
    """

    budget: int


def phases(n_arms: int) -> int:
    """ceil(log2 K)."""
    return (n_arms - 1).bit_length()


def allocate(params: SequentialHalving, problem: BanditProblem) -> Search:
    """Arrays of one run.

    Raises:
        InvalidInput: for fewer than two arms or a budget below K ceil(log2 K).
    """
    state = allocate_search(problem.n_arms)
    least = problem.n_arms * phases(problem.n_arms)
    if params.budget < least:
        raise InvalidInput(
            f"budget of SequentialHalving is {params.budget}; expected at least K ceil(log2 K) = {least}"
        )
    return state


@compiled
def n_phases(n_arms):
    """ceil(log2 K), compiled."""
    count = 0
    while (1 << count) < n_arms:
        count += 1
    return count


@compiled
def init(params, state):
    """Forget everything. register: (arm at hand, survivors, pulls of each in this phase, phase)."""
    restart(state)
    n_arms = state.alive.shape[0]
    state.register[1] = n_arms
    state.register[2] = params.budget // (n_arms * n_phases(n_arms))


act = act_in_turn


@compiled
def forget_samples(state):
    """The next phase uses fresh samples only."""
    for arm in range(state.alive.shape[0]):
        set_statistics(state.statistics, arm, 0, 0.0)


@compiled
def halve(params, state, pulls):
    """The end of a phase: keep the better half."""
    n_arms = state.alive.shape[0]
    keep = (state.register[1] + 1) // 2
    while state.register[1] > keep:
        worst = -1
        for arm in range(n_arms):
            # of equal means the last one goes
            if state.alive[arm] and (worst < 0 or state.statistics.mean[arm] <= state.statistics.mean[worst]):
                worst = arm
        state.alive[worst] = False
        state.register[1] -= 1
    if keep == 1:
        answer(state, leader(state.statistics.mean, state.alive), pulls)
    else:
        forget_samples(state)
        state.register[2] = params.budget // (keep * n_phases(n_arms))
        state.register[3] += 1


@embedded
def observe(params, state, t, arm, reward):
    """Update the arm; go on to the next survivor, or halve."""
    record(state.statistics, arm, reward)
    if state.outcome[1] >= 0 or state.statistics.pulls[arm] < state.register[2]:
        return
    if not turn(state, arm):
        halve(params, state, t)
