"""What every adversary states of itself."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from typing import Any, ClassVar, NamedTuple

import numpy as np
import numpy.typing as npt

from bandits.loops import ADVERSARIAL
from bandits.model import BanditProblem
from kernels.engine import Protocol
from kernels.jit import compiled, embedded
from kernels.random import uniform
from theory.errors import InvalidInput

Float = npt.NDArray[np.float64]


class NoMemory(NamedTuple):
    """The memory of an adversary that keeps none: one unused entry."""

    unused: Float


def no_memory() -> NoMemory:
    """See :class:`NoMemory`."""
    return NoMemory(np.zeros(1))


@dataclass(frozen=True, eq=False)
class Adversary:
    """An adversary with losses in [0, 1]. Subclasses, one a module, say how the losses of a round arise.

    A subclass's module defines three compiled functions on the pair ``arrays()``:

    - ``prepare(adversary, memory, key, gamma)`` at the start of a run, whose private stream is (key, gamma);
    - ``losses(adversary, memory, t, key, gamma, row, mean_row)`` fixes the losses of round t >= 1 before the
      algorithm plays: ``row`` (K,), and ``mean_row`` (K,), their expectation given everything before round t;
    - ``played(adversary, memory, t, arm)`` tells it the arm of round t (adaptive adversaries remember it).

    Attributes:
        name: shown in tables.
    """

    name: str = field(default="", kw_only=True)

    family: ClassVar[str] = ""
    protocol: ClassVar[Protocol] = ADVERSARIAL
    #: Losses do not depend on the arms played: regret and pseudo-regret are the same in expectation.
    oblivious: ClassVar[bool] = True
    #: Losses are a function of the past alone: every row equals its conditional mean.
    deterministic: ClassVar[bool] = False
    loss_range: ClassVar[tuple[float, float]] = (0.0, 1.0)

    @property
    def n_arms(self) -> int:
        """Number of arms K."""
        raise NotImplementedError

    def arrays(self) -> tuple[Any, Any]:
        """(adversary, memory): what is fixed, and what a run may write (copied for every block of runs)."""
        raise NotImplementedError

    @property
    def module(self) -> str:
        """Name of the module with the compiled functions."""
        return sys.modules[type(self).__module__].__name__

    def problem(self, horizon: int) -> BanditProblem:
        """What an algorithm may know."""
        return BanditProblem(self.n_arms, horizon)

    def trivial_regret(self, horizons: Float) -> Float:
        """A regret that no algorithm can exceed; T for losses in [0, 1] unless the adversary knows better."""
        return np.asarray(horizons, dtype=float)

    def least_regret(self, horizons: Float) -> Float:
        """A regret below which no run can fall: negative where changing arms can beat every fixed one."""
        return -self.trivial_regret(horizons)

    def _set(self, field: str, value: Any) -> None:
        """Write a field during construction."""
        if isinstance(value, np.ndarray):
            value.flags.writeable = False
        object.__setattr__(self, field, value)


def whole(what: str, value: float, least: int) -> int:
    """``value`` as an integer >= ``least``.

    Raises:
        InvalidInput: if it is none.
    """
    if value != int(value) or value < least:
        raise InvalidInput(f"{what} is {value!r}; expected a whole number >= {least}")
    return int(value)


def share(what: str, value: float, low: float, high: float) -> float:
    """``value`` as a float in [low, high].

    Raises:
        InvalidInput: if it lies outside or is not a number.
    """
    if not low <= value <= high:
        raise InvalidInput(f"{what} is {value!r}; expected a number in [{low:g}, {high:g}]")
    return float(value)


@embedded
def toss(means, t, key, gamma, row):
    """row[i] = 1 with probability means[i], else 0, from the K draws of round t of the run's stream."""
    n_arms = means.shape[0]
    first = (t - 1) * n_arms
    for i in range(n_arms):
        row[i] = 1.0 if uniform(key, gamma, first + i) < means[i] else 0.0


@embedded
def copy(source, target):
    """target[i] = source[i]."""
    for i in range(target.shape[0]):
        target[i] = source[i]


@compiled
def stand_by(adversary, memory, key, gamma):
    """The ``prepare`` of an adversary without memory."""


@compiled
def overlook(adversary, memory, t, arm):
    """The ``played`` of an oblivious adversary."""
