"""Reward-free exploration of linear mixture MDPs: explore without a reward, then plan for every reward of a class.

What an algorithm may do is play episodes (:meth:`RewardFreeWorld.explore`) and offer a planner, a function from a
reward to a policy. The number kept at every checkpoint is not a regret but the *suboptimality* of what the planner
would answer if the exploration ended there, max over r in R of V*_1(s_1; r) - V_1^{pi_r}(s_1; r), exactly. It is not
cumulative: it falls while the algorithm learns, and no policy whatsoever exceeds :meth:`RewardFreeMDP.trivial_regret`,
which therefore does not grow with the number of episodes.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar, NamedTuple

import numpy as np
import numpy.typing as npt

from kernels.driven import Driven
from mdps.linear import LINEARITY_TOLERANCE, LinearMixtureMDP
from mdps.loops import Episodes
from mdps.model import Float, Int
from mdps.worlds import EpisodicWorld, Walk
from theory.errors import InvalidInput

#: Classes of more policies are not enumerated.
MOST_POLICIES = 100_000

Planner = Callable[[Float], Int]


class RewardFreeProblem(NamedTuple):
    """What an algorithm is told.

    Attributes:
        features: phi(s'|s,a), (S, A, S, d). rewards: the class R, (n_rewards, H, S, A).
        candidates: the parameters that are possible a priori, (n_candidates, d); the true one is among them.
        parameter_bound: B, the largest norm of a candidate. initial: s_1. n_episodes: K.
    """

    features: Float
    rewards: Float
    candidates: Float
    parameter_bound: float
    initial: int
    n_episodes: int


class RewardFreeArrays(NamedTuple):
    """The numbers an instance consists of."""

    features: Float
    parameter: Float
    rewards: Float
    candidates: Float
    initial: int


def kernels_of(features: Float, parameters: Float) -> Float:
    """P(s'|s,a) = <phi(s'|s,a), theta> for each theta: (..., S, A, S) from (S, A, S, d) and (..., d)."""
    return np.einsum("sayd,...d->...say", features, parameters, optimize=True)


def optimal_policy(kernel: Float, reward: Float) -> tuple[Float, Int]:
    """Optimal values (H + 1, S) and policy (H, S) of a stationary kernel (S, A, S) and a reward (H, S, A).

    Ties go to the lowest action.
    """
    horizon, n_states, _ = reward.shape
    values, policy = np.zeros((horizon + 1, n_states)), np.zeros((horizon, n_states), np.int64)
    for h in reversed(range(horizon)):
        q = reward[h] + kernel @ values[h + 1]
        policy[h] = q.argmax(axis=1)
        values[h] = q.max(axis=1)
    return values, policy


def policy_values(kernel: Float, reward: Float, policy: Int) -> Float:
    """V_h of a policy (H, S) in a stationary kernel (S, A, S) under a reward (H, S, A): shape (H + 1, S)."""
    horizon, n_states, _ = reward.shape
    values, states = np.zeros((horizon + 1, n_states)), np.arange(n_states)
    for h in reversed(range(horizon)):
        values[h] = reward[h, states, policy[h]] + kernel[states, policy[h]] @ values[h + 1]
    return values


def reachable(features: Float, initial: int, horizon: int) -> npt.NDArray[np.bool_]:
    """Which states can be met at which stage under any kernel with these features, shape (H, S)."""
    leads = (features != 0.0).any(axis=(1, 3))
    reach = np.zeros((horizon, len(features)), bool)
    reach[0, initial] = True
    for h in range(1, horizon):
        reach[h] = leads[reach[h - 1]].any(axis=0)
    return reach


def deterministic_policies(problem: RewardFreeProblem) -> Int:
    """One policy for each class of deterministic Markov policies that no kernel and no r in R tells apart.

    Actions matter at reachable (stage, state) only, and two actions with the same features and the same rewards there
    are one. Shape (n_policies, H, S), in lexicographic order; actions that do not matter are 0.

    Raises:
        InvalidInput: more than MOST_POLICIES classes.
    """
    horizon, n_states = problem.rewards.shape[1:3]
    reach = reachable(problem.features, problem.initial, horizon)
    places, choices, n_policies = [], [], 1
    for h, s in zip(*np.nonzero(reach)):
        marks = [
            (problem.features[s, a].tobytes() if h < horizon - 1 else b"", problem.rewards[:, h, s, a].tobytes())
            for a in range(problem.features.shape[1])
        ]
        different = [a for a, mark in enumerate(marks) if mark not in marks[:a]]
        if len(different) > 1:
            places.append((int(h), int(s)))
            choices.append(different)
            n_policies *= len(different)
    if n_policies > MOST_POLICIES:
        raise InvalidInput(f"{n_policies} deterministic policies differ; expected at most {MOST_POLICIES}")
    policies = np.zeros((n_policies, horizon, n_states), np.int64)
    for i, actions in enumerate(itertools.product(*choices)):
        for (h, s), a in zip(places, actions):
            policies[i, h, s] = a
    return policies


class RewardFreeWorld(EpisodicWorld):
    """One run: episodes without rewards, and the exact suboptimality of the planner offered last."""

    def __init__(self, instance: RewardFreeMDP, seed: int, run: int) -> None:
        super().__init__(instance.episodes, seed, run)
        self._instance = instance
        self._planner: Planner | None = None

    def explore_with(self, policy: Int) -> Walk:
        """Play an episode with a deterministic policy, (H, S) actions."""
        return self.explore(lambda h, s: int(policy[h, s]))

    def offer(self, planner: Planner) -> None:
        """What would be answered to a reward (H, S, A) if the exploration ended now: a policy (H, S).

        It is asked only where the suboptimality is read, at a checkpoint, before the algorithm goes on.
        """
        self._planner = planner

    def regret(self) -> float:
        """max over r in R of V*_1(s_1; r) - V_1^{pi_r}(s_1; r) for the planner offered last.

        Raises:
            InvalidInput: nothing was offered.
        """
        if self._planner is None:
            raise InvalidInput("no planner was offered before the first checkpoint; expected world.offer(planner)")
        return max(self._instance.losses([self._planner(reward) for reward in self._instance.rewards]))


@dataclass(frozen=True, eq=False)
class RewardFreeMDP:
    """A time-homogeneous linear mixture MDP with a finite class of rewards and a finite class of parameters.

    Attributes:
        model: P(s'|s,a) = <phi(s'|s,a), theta>, theta the same at every stage, a fixed first state, and
            ||phi_V(s,a)|| <= 1 for V: S -> [0, 1]; its own rewards are not used.
        rewards: the class R, (n_rewards, H, S, A), in [0, 1].
        candidates: parameters possible a priori, (n_candidates, d): each gives a kernel, and theta is one of them.

    Raises:
        InvalidInput: whatever of this fails, with index and value.
    """

    model: LinearMixtureMDP
    rewards: Float
    candidates: Float
    name: str = "reward-free"
    meta: dict[str, Any] = field(default_factory=dict)

    protocol: ClassVar[Driven] = Driven("reward-free MDP")

    def __post_init__(self) -> None:
        model = self.model
        theta = model.parameters
        if (theta != theta[0]).any():
            h = int(np.argwhere((theta != theta[0]).any(axis=1))[0, 0])
            raise InvalidInput(f"the parameter of stage {h} differs from that of stage 0; expected one for all stages")
        if model.feature_bound > 1.0 + LINEARITY_TOLERANCE:
            raise InvalidInput(
                f"||phi_V(s,a)|| may reach {model.feature_bound:.12g} for V in [0, 1]; expected at most 1"
            )
        if max(model.initial) != 1.0:  # type: ignore[arg-type]
            raise InvalidInput(f"the first state is random, {model.initial}; expected a fixed one")
        rewards = np.array(self.rewards, dtype=np.float64, order="C")
        shape = (self.horizon, self.n_states, self.n_actions)
        if rewards.ndim != 4 or rewards.shape[1:] != shape or len(rewards) == 0:
            raise InvalidInput(
                f"rewards have shape {rewards.shape}; expected (n_rewards, {', '.join(map(str, shape))})"
            )
        bad = ~((rewards >= 0.0) & (rewards <= 1.0))
        if bad.any():
            i, h, s, a = (int(x) for x in np.argwhere(bad)[0])
            raise InvalidInput(
                f"reward {i} of stage {h}, state {s}, action {a} is {rewards[i, h, s, a]:.12g}; "
                "expected a number in [0, 1]"
            )
        candidates = np.array(self.candidates, dtype=np.float64, order="C")
        if candidates.ndim != 2 or candidates.shape[1:] != theta.shape[1:] or len(candidates) == 0:
            raise InvalidInput(f"candidates have shape {candidates.shape}; expected (n_candidates, {theta.shape[1]})")
        kernels = kernels_of(model.features, candidates)
        wrong = (kernels < -LINEARITY_TOLERANCE) | (np.abs(kernels.sum(axis=-1, keepdims=True) - 1.0) > 1e-10)
        if wrong.any():
            i, s, a, y = (int(x) for x in np.argwhere(wrong)[0])
            raise InvalidInput(
                f"candidate {i} gives state {s}, action {a} -> {y} the probability {kernels[i, s, a, y]:.6g} in a row "
                f"of sum {kernels[i, s, a].sum():.6g}; expected a probability vector"
            )
        if not (candidates == theta[0]).all(axis=1).any():
            raise InvalidInput("the true parameter is not among the candidates")
        for what, array in (("rewards", rewards), ("candidates", candidates)):
            array.flags.writeable = False
            object.__setattr__(self, what, array)

    @property
    def n_states(self) -> int:
        return self.model.n_states

    @property
    def n_actions(self) -> int:
        return self.model.n_actions

    @property
    def horizon(self) -> int:
        return self.model.horizon

    @property
    def dimension(self) -> int:
        """d."""
        return self.model.dimension

    @property
    def parameter(self) -> Float:
        """theta*, shape (d,)."""
        return self.model.parameters[0]

    @property
    def initial(self) -> int:
        """s_1."""
        return int(np.argmax(self.model.initial))

    @property
    def parameter_bound(self) -> float:
        """B, the largest norm of a candidate."""
        return float(np.linalg.norm(self.candidates, axis=1).max())

    @cached_property
    def kernel(self) -> Float:
        """The true P(s'|s,a), (S, A, S)."""
        return np.maximum(kernels_of(self.model.features, self.parameter), 0.0)

    @cached_property
    def total_reward(self) -> float:
        """The largest sum of rewards over a trajectory that any kernel with these features can produce, over R."""
        leads = (self.model.features != 0.0).any(axis=3)
        largest = 0.0
        for reward in self.rewards:
            ahead = np.zeros(self.n_states)
            for h in reversed(range(self.horizon)):
                ahead = (reward[h] + np.where(leads, ahead, 0.0).max(axis=2)).max(axis=1)
            largest = max(largest, float(ahead[self.initial]))
        return largest

    @cached_property
    def optimal_values(self) -> Float:
        """V*_1(s_1; r) for every r in R, shape (n_rewards,)."""
        return np.array([optimal_policy(self.kernel, r)[0][0, self.initial] for r in self.rewards])

    @cached_property
    def episodes(self) -> Episodes:
        """The same process for the interaction loops."""
        return Episodes(self.model.tabular())

    @cached_property
    def largest_loss(self) -> float:
        """max over r in R of the best minus the worst value of a policy."""
        worst = np.array([-optimal_policy(self.kernel, -r)[0][0, self.initial] for r in self.rewards])
        return float((self.optimal_values - worst).max())

    def losses(self, policies: list[Int]) -> list[float]:
        """V*_1(s_1; r) - V_1^{pi_r}(s_1; r) for one policy (H, S) for each r in R."""
        return [
            max(0.0, float(best - policy_values(self.kernel, reward, policy)[0, self.initial]))
            for best, reward, policy in zip(self.optimal_values, self.rewards, policies)
        ]

    @property
    def module(self) -> str:
        """Name of the module of the world."""
        return __name__

    def problem(self, n_episodes: int) -> RewardFreeProblem:
        """What an algorithm may know."""
        return RewardFreeProblem(
            self.model.features, self.rewards, self.candidates, self.parameter_bound, self.initial, n_episodes
        )

    def arrays(self) -> RewardFreeArrays:
        """The numbers that name this instance in the store."""
        return RewardFreeArrays(self.model.features, self.parameter, self.rewards, self.candidates, self.initial)

    def world(self, seed: int, run: int) -> RewardFreeWorld:
        """A run of this instance."""
        return RewardFreeWorld(self, seed, run)

    def trivial_regret(self, n_episodes: Float) -> Float:
        """The largest loss that any planner can have, for every number of episodes."""
        return np.full(np.shape(n_episodes), self.largest_loss)
