"""An endless trajectory stepped in plain Python on the shared stacks, and the loop of the UCRL algorithms."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from dataclasses import dataclass, field

from tests.reference.stacks import ENVIRONMENT, TRANSITION, key_of, uniform_at


@dataclass
class StackedTrajectory:
    """``p[s][a]`` lists successor probabilities, ``r[s][a]`` mean rewards; Bernoulli rewards or deterministic ones."""

    p: list
    r: list
    bernoulli: bool
    seed: int
    run: int
    visits: Counter = field(default_factory=Counter)

    def first(self, initial) -> int:
        """The first state."""
        u = uniform_at(key_of(self.seed, ENVIRONMENT, self.run, 0), 0)
        return next(s for s, c in enumerate(itertools.accumulate(initial)) if u < c)

    def step(self, s: int, a: int) -> tuple[float, int]:
        """(reward, next state); the n-th visit of a row reads the words 2n and 2n + 1 of the row's stream."""
        row = s * len(self.p[0]) + a
        n = self.visits[row]
        self.visits[row] += 1
        key = key_of(self.seed, TRANSITION, self.run, row)
        running = list(itertools.accumulate(self.p[s][a]))
        u = uniform_at(key, 2 * n)
        following = next((y for y, c in enumerate(running) if c > u), len(running) - 1)
        reward = self.r[s][a]
        if self.bernoulli:
            reward = 1.0 if uniform_at(key, 2 * n + 1) < reward else 0.0
        return reward, following


def stacked(mdp, seed: int, run: int) -> StackedTrajectory:
    """From a model without a horizon."""
    p, r = mdp.dense()
    return StackedTrajectory(p.tolist(), r.tolist(), mdp.reward_law == "bernoulli", seed, run)


def ucrl(model: StackedTrajectory, initial, n_steps: int, optimistic) -> list[int]:
    """Decisions of the loop of Jaksch et al. (2010), figure 1.

    ``optimistic(rewards, successors, t)`` gets the rewards and successors of a pair's visits, and returns the largest
    plausible mean reward and a function that maps u to the largest plausible expectation of u.
    """
    n_states, n_actions = len(model.p), len(model.p[0])
    rewards = {(s, a): [] for s in range(n_states) for a in range(n_actions)}
    successors = {pair: [] for pair in rewards}
    decisions: list[int] = []
    s, t = model.first(initial), 1
    while t <= n_steps:
        start = {pair: len(seen) for pair, seen in successors.items()}
        sets = {pair: optimistic(rewards[pair], successors[pair], t) for pair in rewards}
        u = [0.0] * n_states
        while True:
            q = [[sets[x, a][0] + sets[x, a][1](u) for a in range(n_actions)] for x in range(n_states)]
            policy = [row.index(max(row)) for row in q]
            change = [max(row) - v for row, v in zip(q, u)]
            least = min(max(row) for row in q)
            u = [max(row) - least for row in q]
            if max(change) - min(change) < 1.0 / math.sqrt(t):
                break
        while t <= n_steps:
            a = policy[s]
            if len(successors[s, a]) - start[s, a] == max(1, start[s, a]):
                break
            reward, following = model.step(s, a)
            rewards[s, a].append(reward)
            successors[s, a].append(following)
            decisions.append(a)
            s, t = following, t + 1
    return decisions
