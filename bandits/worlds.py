"""Bandits as algorithms driven from Python meet them; the same stacks of rewards as in the compiled loops."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import numpy as np

from kernels.driven import World
from kernels.random import CONTEXT, REWARD, stream_gamma, stream_key

if TYPE_CHECKING:
    from bandits.linear import LinearBandit
    from bandits.model import Bandit, Float


class BanditWorld(World):
    """One run of a stochastic bandit: :meth:`pull`.

    Attributes:
        pulls: pulls of every arm so far, shape (K,).
    """

    def __init__(self, instance: Bandit, seed: int, run: int) -> None:
        super().__init__(seed, run)
        self._arrays = instance.arrays()
        self._law = sys.modules[instance.module]
        keys = [np.uint64(stream_key(seed, REWARD, run, arm)) for arm in range(instance.n_arms)]
        self._streams = [(key, np.uint64(stream_gamma(key))) for key in keys]
        self.pulls = np.zeros(instance.n_arms, np.int64)
        self._t = 0

    def pull(self, arm: int) -> float:
        """Pull an arm and get the next reward of its stack.

        Raises:
            IndexError: for an arm outside 0 .. n_arms - 1.
        """
        if not 0 <= arm < len(self.pulls):
            raise IndexError(f"arm {arm} was pulled; expected 0 .. {len(self.pulls) - 1}")
        self._t += 1
        reward = float(self._law.draw(self._arrays, arm, int(self.pulls[arm]), self._t, *self._streams[arm]))
        self.total += float(self._law.gap(self._arrays, self._t, arm))
        self.pulls[arm] += 1
        self.actions.append(int(arm))
        return reward


class LinearWorld(World):
    """One run of a linear or contextual bandit: :meth:`observe_context`, then :meth:`pull`, round by round.

    Attributes:
        context: index of the round's action set.
    """

    def __init__(self, instance: LinearBandit, seed: int, run: int) -> None:
        super().__init__(seed, run)
        self._arrays = instance.arrays()
        self._law = sys.modules[instance.module]
        self._key = np.uint64(stream_key(seed, REWARD, run, 0))
        self._gamma = np.uint64(stream_gamma(self._key))
        self._context_key = np.uint64(stream_key(seed, CONTEXT, run, 0))
        self._context_gamma = np.uint64(stream_gamma(self._context_key))
        self._t = 0
        self.context = -1

    def observe_context(self) -> Float:
        """Begin the next round: the features of its actions, shape (n_actions, d)."""
        self._t += 1
        self.context = int(self._law.context_of(self._arrays, self._t, self._context_key, self._context_gamma))
        return self._arrays.features[self.context]  # type: ignore[no-any-return]

    @property
    def means(self) -> Float:
        """True means of the round's actions, shape (n_actions,): for the watch; an algorithm must not look."""
        return self._arrays.means[self.context]  # type: ignore[no-any-return]

    def pull(self, action: int) -> float:
        """Play an action of the round and get its reward.

        Raises:
            IndexError: for an action outside the set. RuntimeError: if the round has not begun.
        """
        if self._t == 0:
            raise RuntimeError("pull was called before observe_context")
        if not 0 <= action < self._arrays.features.shape[1]:
            raise IndexError(f"action {action} was played; expected 0 .. {self._arrays.features.shape[1] - 1}")
        self.total += float(self._law.gap(self._arrays, self.context, action))
        self.actions.append(int(action))
        return float(self._law.draw(self._arrays, self.context, action, self._t, self._key, self._gamma))
