"""Combinatorial semi-bandits: an action is a set of items, every item of the set shows its own reward."""

from __future__ import annotations

import itertools
import sys
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np
import numpy.typing as npt

from bandits.model import Float, as_vector, within
from kernels.driven import Driven, World
from kernels.engine import Protocol
from kernels.random import REWARD, stream_gamma, stream_key, uniform
from theory.errors import InvalidInput

#: The exact oracle enumerates actions: more than so many are refused.
MOST_ACTIONS = 200_000


class CombinatorialProblem(NamedTuple):
    """What an algorithm is told: the number of items L, the actions as 0/1 rows, (n_actions, L), and the horizon."""

    n_items: int
    actions: Float
    horizon: int


class CombinatorialArrays(NamedTuple):
    """Mean rewards of the items, (L,), and the actions, (n_actions, L)."""

    means: Float
    actions: Float


@dataclass(frozen=True, eq=False)
class CombinatorialBandit:
    """Independent Bernoulli items; the reward of an action is the sum over its items. Build with :func:`subsets` or
    :func:`paths`.

    Attributes:
        means: mean rewards of the items, (L,), in [0, 1].
        actions: 0/1 rows, (n_actions, L), no row empty.
        name: shown in tables.

    Raises:
        InvalidInput: for means outside [0, 1], rows of another length, entries other than 0 and 1, an empty row, an
            item in no action, or too many actions.
    """

    means: Float
    actions: Float
    name: str = ""

    protocol: ClassVar[Protocol] = Driven("combinatorial bandit")

    def __post_init__(self) -> None:
        means = as_vector("means", self.means)
        within("means", means, 0.0, 1.0)
        actions = np.array(self.actions, dtype=np.float64, order="C", copy=True)
        if actions.ndim != 2 or actions.shape[1] != len(means) or len(actions) == 0:
            raise InvalidInput(f"actions have shape {actions.shape}; expected (n_actions, {len(means)})")
        if len(actions) > MOST_ACTIONS:
            raise InvalidInput(f"there are {len(actions)} actions; at most {MOST_ACTIONS} can be enumerated")
        odd = (actions != 0.0) & (actions != 1.0)
        if odd.any():
            a, e = (int(i) for i in np.argwhere(odd)[0])
            raise InvalidInput(f"actions[{a}, {e}] is {actions[a, e]:g}; expected 0 or 1")
        empty = np.flatnonzero(actions.sum(axis=1) == 0.0)
        if empty.size:
            raise InvalidInput(f"action {empty[0]} has no item")
        unused = np.flatnonzero(actions.sum(axis=0) == 0.0)
        if unused.size:
            raise InvalidInput(f"item {unused[0]} belongs to no action")
        means.flags.writeable = False
        actions.flags.writeable = False
        object.__setattr__(self, "means", means)
        object.__setattr__(self, "actions", actions)
        if not self.name:
            object.__setattr__(self, "name", f"semi-bandit({self.n_items} items, {len(actions)} actions)")

    @property
    def n_items(self) -> int:
        """Number of items L."""
        return len(self.means)

    @property
    def largest_set(self) -> int:
        """Items of the largest action, m."""
        return int(self.actions.sum(axis=1).max())

    @property
    def gaps(self) -> Float:
        """Value of the best action minus value, (n_actions,)."""
        values = self.actions @ self.means
        return np.asarray(values.max() - values)

    @property
    def item_gaps(self) -> Float:
        """D_{e,min}: the smallest positive gap of an action with item e, (L,); infinite if there is none."""
        gaps = self.gaps
        positive = np.where(gaps > 1e-12, gaps, np.inf)
        return np.asarray(np.where(self.actions > 0.0, positive[:, None], np.inf).min(axis=0))

    @property
    def suboptimal_items(self) -> npt.NDArray[np.bool_]:
        """Items of no optimal action, (L,)."""
        return np.asarray(self.actions[self.gaps <= 1e-12].sum(axis=0) == 0.0)

    @property
    def reward_range(self) -> tuple[float, float]:
        """Range of an item's reward."""
        return (0.0, 1.0)

    @property
    def module(self) -> str:
        """Name of this module."""
        return sys.modules[type(self).__module__].__name__

    def arrays(self) -> CombinatorialArrays:
        """What the runs depend on."""
        return CombinatorialArrays(self.means.copy(), self.actions.copy())

    def problem(self, horizon: int) -> CombinatorialProblem:
        """What an algorithm may know."""
        return CombinatorialProblem(self.n_items, self.actions, horizon)

    def trivial_regret(self, horizons: Float) -> Float:
        """Rounds times the largest gap."""
        return np.asarray(horizons, dtype=float) * float(self.gaps.max())

    def world(self, seed: int, run: int) -> CombinatorialWorld:
        """One run."""
        return CombinatorialWorld(self, seed, run)


class CombinatorialWorld(World):
    """One run: :meth:`play`. The n-th reward of an item is the n-th draw of its stack, whatever the round."""

    def __init__(self, instance: CombinatorialBandit, seed: int, run: int) -> None:
        super().__init__(seed, run)
        self._instance = instance
        self._gaps = instance.gaps
        self._items = [np.flatnonzero(row) for row in instance.actions]
        keys = [np.uint64(stream_key(seed, REWARD, run, item)) for item in range(instance.n_items)]
        self._streams = [(key, np.uint64(stream_gamma(key))) for key in keys]
        self._drawn = np.zeros(instance.n_items, np.int64)

    def play(self, action: int) -> tuple[npt.NDArray[np.int64], Float]:
        """Play an action; the items of its set and the reward of each."""
        items = self._items[action]
        rewards = np.zeros(len(items))
        for i, item in enumerate(items):
            u = float(uniform(*self._streams[item], int(self._drawn[item])))
            rewards[i] = 1.0 if u < self._instance.means[item] else 0.0
        self._drawn[items] += 1
        self.total += float(self._gaps[action])
        self.actions.append(int(action))
        return items, rewards


def subsets(means: npt.ArrayLike, size: int) -> CombinatorialBandit:
    """All sets of ``size`` items.

    Raises:
        InvalidInput: unless 1 <= size <= L.
    """
    n_items = len(as_vector("means", means))
    if not 1 <= size <= n_items:
        raise InvalidInput(f"size is {size}; expected 1 .. {n_items}")
    rows = np.zeros((sum(1 for _ in itertools.combinations(range(n_items), size)), n_items))
    for row, chosen in zip(rows, itertools.combinations(range(n_items), size)):
        row[list(chosen)] = 1.0
    return CombinatorialBandit(np.asarray(means), rows, f"{size} of {n_items} items")


def paths(means: npt.ArrayLike, length: int) -> CombinatorialBandit:
    """Disjoint paths of ``length`` items: item i belongs to path i // length (Kveton et al. 2015, Proposition 1).

    Raises:
        InvalidInput: unless the number of items is a multiple of length.
    """
    n_items = len(as_vector("means", means))
    if length < 1 or n_items % length:
        raise InvalidInput(f"length is {length}; expected a divisor of the {n_items} items")
    rows = np.asarray(np.kron(np.eye(n_items // length), np.ones((1, length))), dtype=np.float64)
    return CombinatorialBandit(np.asarray(means), rows, f"{n_items // length} paths of {length} items")
