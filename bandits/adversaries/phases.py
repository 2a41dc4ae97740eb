"""Phases of geometrically growing length, as the stochastically constrained adversary of Zimmert and Seldin has them.

Phase n = 0, 1, ... lasts ceil(ratio^n) rounds; the memory of such an adversary holds the number of the phase and
its last round.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from kernels.jit import compiled


class PhaseMemory(NamedTuple):
    """Number of the current phase (one entry) and its last round (one entry)."""

    phase: npt.NDArray[np.int64]
    last: npt.NDArray[np.int64]


def phase_memory() -> PhaseMemory:
    """Memory at the start of a run."""
    return PhaseMemory(np.zeros(1, np.int64), np.ones(1, np.int64))


def phase_ends(ratio: float, horizon: int) -> list[int]:
    """Last rounds of the phases up to the first one that reaches ``horizon``."""
    ends = [1]
    while ends[-1] < horizon:
        ends.append(ends[-1] + math.ceil(ratio ** len(ends)))
    return ends


@compiled
def first_phase(memory):
    """Phase 0, one round long."""
    memory.phase[0] = 0
    memory.last[0] = 1


@compiled
def phase_of(memory, ratio, t):
    """The phase of round t, for rounds asked for in order."""
    while t > memory.last[0]:
        memory.phase[0] += 1
        memory.last[0] += np.int64(math.ceil(ratio ** memory.phase[0]))
    return memory.phase[0]
