"""Beta arms: continuous rewards in [0, 1]."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np
import numpy.typing as npt

from bandits.model import Bandit, Float, as_vector
from kernels.jit import compiled
from kernels.random import beta_at, stream_gamma, word_at
from theory.errors import InvalidInput


class BetaArrays(NamedTuple):
    """Means, gaps and the parameters of the laws, all (K,)."""

    means: Float
    gaps: Float
    a: Float
    b: Float


@dataclass(frozen=True, eq=False)
class BetaBandit(Bandit):
    """Arm i pays Beta(a[i], b[i]); build it with :func:`beta`."""

    a: Float | None = None
    b: Float | None = None

    family: ClassVar[str] = "beta"

    @property
    def reward_range(self) -> tuple[float, float]:
        return (0.0, 1.0)

    def arrays(self) -> BetaArrays:
        assert self.a is not None and self.b is not None
        return BetaArrays(self.means.copy(), np.ascontiguousarray(self.gaps), self.a.copy(), self.b.copy())


def beta(a: Sequence[float] | npt.ArrayLike, b: Sequence[float] | npt.ArrayLike, name: str = "") -> BetaBandit:
    """The bandit whose arm i pays Beta(a[i], b[i]) rewards, of mean a / (a + b).

    Raises:
        InvalidInput: for vectors of different lengths or a parameter that is not positive (index and value named).
    """
    va, vb = as_vector("a", a), as_vector("b", b)
    if len(va) != len(vb):
        raise InvalidInput(f"a has {len(va)} entries and b has {len(vb)}; expected one each an arm")
    for what, vector in (("a", va), ("b", vb)):
        if (vector <= 0.0).any():
            i = int(np.argmax(vector <= 0.0))
            raise InvalidInput(f"{what}[{i}] is {vector[i]:g}; expected a number > 0")
        vector.flags.writeable = False
    return BetaBandit(va / (va + vb), name, va, vb)


@compiled
def draw(arrays, arm, n, t, key, gamma):
    """The n-th reward of ``arm``: rejection consumes a stream of its own, keyed by the n-th word of the arm's."""
    own = word_at(key, gamma, n)
    return beta_at(own, stream_gamma(own), arrays.a[arm], arrays.b[arm])


@compiled
def gap(arrays, t, arm):
    """max mean - means[arm]."""
    return arrays.gaps[arm]
