"""Bandit instances as Gymnasium environments: one round a step, an episode of ``horizon`` rounds."""

from __future__ import annotations

import importlib
from typing import Any

import gymnasium
import numpy as np

from bandits.linear import LinearBandit
from bandits.model import Bandit
from kernels.random import CONTEXT, ENVIRONMENT, REWARD, stream_gamma, stream_key
from theory.errors import InvalidInput


class BanditEnv(gymnasium.Env[Any, Any]):
    """An instance stepped round by round.

    Actions are arms. The observation is the round's context (linear bandits) or 0. The reward of an adversarial
    bandit is minus the loss. Rewards come from the same stacks as in the compiled loops: episode e of an environment
    reset with ``seed`` is replication e of that seed. ``info["regret"]`` is the round's exact pseudo-regret, except
    for adversarial bandits, where it depends on all rounds.

    Args:
        instance: a stochastic, adversarial or linear bandit. horizon: rounds of an episode, >= 1.
    """

    metadata = {"render_modes": []}  # noqa: RUF012 - the interface asks for a plain dict

    def __init__(self, instance: Any, horizon: int) -> None:
        if horizon < 1:
            raise InvalidInput(f"horizon is {horizon}; expected at least 1")
        self.instance, self.horizon = instance, horizon
        self._setting = instance.protocol.setting
        n_arms = self._n_arms = instance.n_actions if isinstance(instance, LinearBandit) else instance.n_arms
        n_observations = instance.n_contexts if isinstance(instance, LinearBandit) else 1
        self.action_space = gymnasium.spaces.Discrete(n_arms)
        self.observation_space = gymnasium.spaces.Discrete(n_observations)
        self._law = importlib.import_module(instance.module)
        self._seed, self._episode = 0, -1

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[int, dict[str, Any]]:
        super().reset(seed=seed)
        if seed is not None:
            self._seed, self._episode = int(seed), -1
        elif self._episode < 0:
            self._seed = int(self.np_random.integers(2**62))
        self._episode += 1
        self._round = 1
        self._arrays = self.instance.arrays()
        self._pulls = np.zeros(self._n_arms, np.int64)
        if self._setting == "adversarial bandit":
            adversary, memory = self._arrays
            self._memory = type(memory)(*(array.copy() for array in memory))
            self._key = self._stream(ENVIRONMENT, 0)
            self._law.prepare(adversary, self._memory, *self._key)
        return self._observe(), {}

    def step(self, action: int) -> tuple[int, float, bool, bool, dict[str, Any]]:
        arm = int(action)
        info: dict[str, Any] = {}
        if self._setting == "adversarial bandit":
            adversary, _ = self._arrays
            row, mean_row = np.zeros((2, len(self._pulls)))
            self._law.losses(adversary, self._memory, self._round, *self._key, row, mean_row)
            self._law.played(adversary, self._memory, self._round, arm)
            reward = -float(row[arm])
        elif isinstance(self.instance, Bandit):
            key = self._stream(REWARD, arm)
            reward = float(self._law.draw(self._arrays, arm, self._pulls[arm], self._round, *key))
            info["regret"] = float(self._law.gap(self._arrays, self._round, arm))
        else:
            reward = float(self._law.draw(self._arrays, self._context, arm, self._round, *self._stream(REWARD, 0)))
            info["regret"] = float(self._law.gap(self._arrays, self._context, arm))
        self._pulls[arm] += 1
        self._round += 1
        truncated = self._round > self.horizon
        observation = self._context if truncated else self._observe()
        return observation, reward, False, truncated, info

    def _stream(self, purpose: int, index: int) -> tuple[Any, Any]:
        key = np.uint64(stream_key(self._seed, purpose, self._episode, index))
        return key, np.uint64(stream_gamma(key))

    def _observe(self) -> int:
        self._context = 0
        if isinstance(self.instance, LinearBandit):
            self._context = int(self._law.context_of(self._arrays, self._round, *self._stream(CONTEXT, 0)))
        return self._context


def to_gymnasium(instance: Any, horizon: int = 1000) -> BanditEnv:
    """The instance as a Gymnasium environment with episodes of ``horizon`` rounds."""
    return BanditEnv(instance, horizon)
