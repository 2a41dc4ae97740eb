"""A finite-horizon model stepped in plain Python on the shared stacks, with exact policy evaluation."""

from __future__ import annotations

import itertools
from collections import Counter
from dataclasses import dataclass, field

from tests.reference.stacks import ENVIRONMENT, TRANSITION, key_of, uniform_at


@dataclass
class StackedEpisodes:
    """``p[h][s][a]`` lists successor probabilities, ``r[h][s][a]`` deterministic rewards, for every stage."""

    p: list
    r: list
    stationary: bool
    seed: int
    run: int
    initial: tuple[float, ...] = (1.0,)
    visits: Counter = field(default_factory=Counter)

    def first(self, episode: int) -> int:
        """First state of an episode counted from 1."""
        u = uniform_at(key_of(self.seed, ENVIRONMENT, self.run, 0), episode - 1)
        total = 0.0
        for state, mass in enumerate(self.initial):
            total += mass
            if u < total:
                return state
        return len(self.initial) - 1

    def step(self, h: int, s: int, a: int) -> tuple[float, int]:
        """(reward, next state); the n-th visit of a row reads the words 2n and 2n + 1 of the row's stream."""
        n_states, n_actions = len(self.p[0]), len(self.p[0][0])
        row = ((0 if self.stationary else h) * n_states + s) * n_actions + a
        n = self.visits[row]
        self.visits[row] += 1
        u = uniform_at(key_of(self.seed, TRANSITION, self.run, row), 2 * n)
        running = list(itertools.accumulate(self.p[h][s][a]))
        following = next((y for y, c in enumerate(running) if c > u), len(running) - 1)
        return self.r[h][s][a], following


def from_dense(p, r, horizon: int, seed: int, run: int) -> StackedEpisodes:
    """From arrays of shape (S, A, S) and (S, A), or with a leading H."""
    stationary = len(p.shape) == 3
    stages = [(p if stationary else p[h]).tolist() for h in range(horizon)]
    rewards = [(r if stationary else r[h]).tolist() for h in range(horizon)]
    return StackedEpisodes(stages, rewards, stationary, seed, run)
