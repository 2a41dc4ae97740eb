"""Arms with a general law on finitely many values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np
import numpy.typing as npt

from bandits.model import Bandit, Float, as_vector, within
from kernels.jit import compiled
from kernels.random import uniform
from theory.divergences import kl_to_larger_mean
from theory.errors import InvalidInput

#: How far the probabilities of an arm may sum from 1.
TOLERANCE = 1e-9


class FiniteArrays(NamedTuple):
    """Means and gaps, (K,); values and running probabilities of arm i in places starts[i] .. starts[i + 1] - 1."""

    means: Float
    gaps: Float
    starts: npt.NDArray[np.int64]
    values: Float
    cumulative: Float


@dataclass(frozen=True, eq=False)
class FiniteBandit(Bandit):
    """Arm i pays ``values[i][j]`` with probability ``probabilities[i][j]``; build it with :func:`finite`."""

    values: tuple[Float, ...] = ()
    probabilities: tuple[Float, ...] = ()

    family: ClassVar[str] = "finite"

    @property
    def reward_range(self) -> tuple[float, float]:
        """Least and largest value that has a positive probability."""
        used = np.concatenate([v[p > 0.0] for v, p in zip(self.values, self.probabilities)])
        return (float(used.min()), float(used.max()))

    @property
    def lai_robbins(self) -> float:
        """sum of gap / K_inf over laws on (-inf, largest value] (Burnetas and Katehakis 1996); 0 arms add 0."""
        best, top = float(self.means.max()), self.reward_range[1]
        return sum(
            float(best - m) / kl_to_larger_mean(v, p, best, top)
            for m, v, p in zip(self.means, self.values, self.probabilities)
            if m < best
        )

    def arrays(self) -> FiniteArrays:
        starts = np.concatenate([[0], np.cumsum([len(v) for v in self.values])])
        cumulative = np.concatenate([np.cumsum(p) for p in self.probabilities])
        return FiniteArrays(
            self.means.copy(), np.ascontiguousarray(self.gaps), starts.astype(np.int64), np.concatenate(self.values),
            cumulative,
        )  # fmt: skip


def finite(values: Sequence[npt.ArrayLike], probabilities: Sequence[npt.ArrayLike], name: str = "") -> FiniteBandit:
    """The bandit whose arm i has the law ``probabilities[i]`` on ``values[i]``.

    Args:
        values, probabilities: one vector an arm, of the same length within an arm.

    Raises:
        InvalidInput: for a different number of arms, lengths that differ, values that are not finite, negative
            probabilities, or probabilities that do not sum to one (arm and sum named).
    """
    if len(values) != len(probabilities) or len(values) == 0:
        raise InvalidInput(
            f"{len(values)} arms have values and {len(probabilities)} have probabilities; expected as many, at least 1"
        )
    kept_values, kept = [], []
    for arm, (value, probability) in enumerate(zip(values, probabilities)):
        v, p = as_vector(f"values[{arm}]", value), as_vector(f"probabilities[{arm}]", probability)
        if len(v) != len(p):
            raise InvalidInput(f"arm {arm} has {len(v)} values and {len(p)} probabilities; expected as many")
        within(f"probabilities[{arm}]", p, 0.0, 1.0)
        if abs(p.sum() - 1.0) > TOLERANCE:
            raise InvalidInput(f"probabilities[{arm}] sum to {p.sum():.12g}; expected 1")
        for vector in (v, p):
            vector.flags.writeable = False
        kept_values.append(v)
        kept.append(p)
    means = np.array([float(p @ v) for v, p in zip(kept_values, kept)])
    return FiniteBandit(means, name, tuple(kept_values), tuple(kept))


@compiled
def draw(arrays, arm, n, t, key, gamma):
    """The n-th reward of ``arm``, by inversion; rounding of the last running sum cannot leave the support."""
    u = uniform(key, gamma, n)
    last = arrays.starts[arm + 1] - 1
    place = arrays.starts[arm]
    while place < last and arrays.cumulative[place] <= u:
        place += 1
    return arrays.values[place]


@compiled
def gap(arrays, t, arm):
    """max mean - means[arm]."""
    return arrays.gaps[arm]
