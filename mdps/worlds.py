"""Episodes as algorithms driven from Python meet them; the same stacks of transitions as in the compiled loop."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from kernels.driven import World
from kernels.random import ENVIRONMENT, TRANSITION, standard_normal, stream_gamma, stream_key, uniform
from mdps.model import BERNOULLI, GAUSSIAN, Float, Int
from mdps.planning.finite_horizon import backward_induction, evaluate_policy
from theory.errors import InvalidInput

if TYPE_CHECKING:
    from mdps.loops import Episodes


class Walk(NamedTuple):
    """An episode: states (H + 1,), actions (H,) and rewards (H,)."""

    states: Int
    actions: Int
    rewards: Float


class EpisodicWorld(World):
    """One run of a finite-horizon MDP: :meth:`episode`.

    The n-th visit of a row of the model draws the words 2n (successor) and 2n + 1 (reward) of that row's stream, as
    in :func:`mdps.loops.episodic`.
    """

    def __init__(self, instance: Episodes, seed: int, run: int) -> None:
        super().__init__(seed, run)
        self._mdp = instance.mdp
        values, _, _ = backward_induction(instance.mdp)
        self._model, self._optimum = instance.mdp.arrays(), float(instance.mdp.initial @ values[0])
        self._running, self._last_start = np.cumsum(self._model.initial), np.flatnonzero(self._model.initial)[-1]
        self._address = seed, run
        self._first = self._stream(ENVIRONMENT, 0)
        self._rows: dict[int, tuple[np.uint64, np.uint64]] = {}
        self._visits = np.zeros(len(self._model.rewards), np.int64)
        self._episode = 0
        self._values: dict[bytes, float] = {}

    def _stream(self, purpose: int, index: int) -> tuple[np.uint64, np.uint64]:
        key = np.uint64(stream_key(self._address[0], purpose, self._address[1], index))
        return key, np.uint64(stream_gamma(key))

    def value(self, policy: npt.ArrayLike) -> float:
        """E V^pi_1(s_1), exactly; for the regret and for watches, not for algorithms."""
        array = np.ascontiguousarray(policy)
        name = array.tobytes()
        if name not in self._values:
            if len(self._values) > 10_000:
                self._values.clear()
            self._values[name] = float(self._model.initial @ evaluate_policy(self._mdp, array)[0])
        return self._values[name]

    def episode(self, policy: npt.ArrayLike) -> Walk:
        """Play an episode with a policy, (H, S) actions or (H, S, A) probabilities; its exact regret is counted.

        Raises:
            InvalidInput: if the policy does not fit the model.
        """
        table = np.asarray(policy)
        self.total += self._optimum - self.value(table)
        if table.ndim == 2:
            return self._walk(lambda h, s: int(table[h, s]))
        return self._walk(lambda h, s: int(self.private.choice(table.shape[2], p=table[h, s])))

    def explore(self, choose: Callable[[int, int], int]) -> Walk:
        """Play an episode whose actions are ``choose(stage, state)``, of no regret (reward-free exploration)."""
        return self._walk(choose)

    def _walk(self, choose: Callable[[int, int], int]) -> Walk:
        model = self._model
        states, actions = np.zeros(model.horizon + 1, np.int64), np.zeros(model.horizon, np.int64)
        rewards = np.zeros(model.horizon)
        u = float(uniform(self._first[0], self._first[1], self._episode))
        s = int(min(np.searchsorted(self._running, u, side="right"), self._last_start))
        self._episode += 1
        for h in range(model.horizon):
            a = choose(h, s)
            if not 0 <= a < model.n_actions:
                raise InvalidInput(
                    f"action {a} was played at stage {h}, state {s}; expected 0 .. {model.n_actions - 1}"
                )
            row = h * model.stage_stride + s * model.n_actions + a
            if row not in self._rows:
                self._rows[row] = self._stream(TRANSITION, row)
            n = int(self._visits[row])
            self._visits[row] += 1
            states[h], actions[h] = s, a
            key, gamma = self._rows[row]
            low, high = model.indptr[row], model.indptr[row + 1]
            u = float(uniform(key, gamma, 2 * n))
            at = int(np.searchsorted(model.cumulative[low:high], u, side="right"))
            rewards[h] = self._reward(row, float(uniform(key, gamma, 2 * n + 1)))
            s = int(model.successors[min(low + at, high - 1)])
        states[model.horizon] = s
        self.actions.extend(int(a) for a in actions)
        return Walk(states, actions, rewards)

    def _reward(self, row: int, u: float) -> float:
        mean = float(self._model.rewards[row])
        if self._model.reward_law == BERNOULLI:
            return 1.0 if u < mean else 0.0
        return mean + self._model.reward_sd * float(standard_normal(u)) if self._model.reward_law == GAUSSIAN else mean
