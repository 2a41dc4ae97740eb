"""Stochastic bandit instances: immutable, validated, with their exact quantities."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np
import numpy.typing as npt

from bandits.loops import STOCHASTIC
from bandits.worlds import BanditWorld
from kernels.engine import Protocol
from theory.errors import InvalidInput

Float = npt.NDArray[np.float64]


class BanditProblem(NamedTuple):
    """What an algorithm is told of the problem before the first round."""

    n_arms: int
    horizon: int


@dataclass(frozen=True, eq=False)
class Bandit:
    """A stochastic bandit. Subclasses, one a module, add the law of the rewards.

    A subclass's module defines two compiled functions on ``arrays()``:
    ``draw(arrays, arm, n, t, key, gamma)``, the reward of the n-th pull (from 0) of ``arm`` at round t (from 1) out
    of that arm's stream, and ``gap(arrays, t, arm)``, the regret of pulling ``arm`` at round t.

    Attributes:
        means: mean rewards, shape (K,).
        name: shown in tables.
    """

    means: Float
    name: str = ""

    family: ClassVar[str] = ""
    #: Whether the laws of the arms stay the same over the rounds.
    stationary: ClassVar[bool] = True
    protocol: ClassVar[Protocol] = STOCHASTIC

    def __post_init__(self) -> None:
        means = as_vector("means", self.means)
        means.flags.writeable = False
        object.__setattr__(self, "means", means)
        if not self.name:
            shown = ", ".join(f"{m:g}" for m in means[:4]) + (", ..." if len(means) > 4 else "")
            object.__setattr__(self, "name", f"{self.family}({shown})")

    @property
    def n_arms(self) -> int:
        """Number of arms K."""
        return len(self.means)

    @property
    def gaps(self) -> Float:
        """max mean - mean, shape (K,)."""
        return self.means.max() - self.means

    @property
    def reward_range(self) -> tuple[float, float]:
        """Interval that every reward lies in (infinite for Gaussian rewards)."""
        raise NotImplementedError

    @property
    def subgaussian(self) -> float:
        """A sigma such that every arm's noise is sigma-subgaussian."""
        low, high = self.reward_range
        return (high - low) / 2.0  # Hoeffding's lemma

    def arrays(self) -> Any:
        """The NamedTuple that the compiled functions of the instance's module take."""
        raise NotImplementedError

    def problem(self, horizon: int) -> BanditProblem:
        """What an algorithm may know."""
        return BanditProblem(self.n_arms, horizon)

    @property
    def module(self) -> str:
        """Name of the module with the compiled ``draw`` and ``gap``."""
        return sys.modules[type(self).__module__].__name__

    def world(self, seed: int, run: int) -> BanditWorld:
        """One run for an algorithm driven from Python."""
        return BanditWorld(self, seed, run)

    def trivial_regret(self, horizons: Float) -> Float:
        """The regret that no algorithm can exceed: T times the largest gap."""
        return np.asarray(horizons, dtype=float) * self.gaps.max()


def as_vector(what: str, values: npt.ArrayLike) -> Float:
    """A fresh float64 vector.

    Raises:
        InvalidInput: if it is empty, not one-dimensional or not finite (index and value named).
    """
    try:
        vector = np.array(values, dtype=np.float64, order="C", copy=True)
    except (TypeError, ValueError) as error:
        raise InvalidInput(f"{what} cannot be read as numbers: {error}") from error
    if vector.ndim != 1 or vector.size == 0:
        raise InvalidInput(f"{what} have shape {vector.shape}; expected a non-empty vector, one entry an arm")
    if not np.isfinite(vector).all():
        i = int(np.argmax(~np.isfinite(vector)))
        raise InvalidInput(f"{what}[{i}] is {vector[i]}; expected a finite number")
    return vector


def within(what: str, values: Float, low: float, high: float) -> None:
    """Refuse entries outside [low, high].

    Raises:
        InvalidInput: naming the index, the value and the range.
    """
    outside = (values < low) | (values > high)
    if outside.any():
        where = tuple(int(i) for i in np.argwhere(outside)[0])
        index = ", ".join(map(str, where))
        raise InvalidInput(f"{what}[{index}] is {values[where]:g}; expected a number in [{low:g}, {high:g}]")
