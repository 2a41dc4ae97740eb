"""One interaction loop per feedback protocol of the many-state problems: episodes, and one endless trajectory.

The loops are plain functions over the free names ``init, plan, act, observe`` (algorithm) and
``begin, acted, stepped, observed, ended`` (watch), bound and compiled by :func:`kernels.loops.specialise`.
Transitions and rewards come from stacks: the n-th visit of a row of the model draws the words 2n (successor) and
2n + 1 (reward) of that row's stream.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import numpy as np

from kernels.engine import Protocol, summary_shape
from kernels.jit import inlined
from kernels.loops import nothing
from kernels.random import (
    ENVIRONMENT,
    POLICY,
    TRANSITION,
    standard_normal,
    start,
    stream_gamma,
    stream_key,
    uniform,
)
from mdps import exact
from mdps.model import BERNOULLI, GAUSSIAN, MDP, Float, TabularArrays
from mdps.planning import discounted
from mdps.planning.average import average_policy_iteration
from mdps.planning.finite_horizon import backward_induction, policy_value
from mdps.worlds import EpisodicWorld
from theory.errors import InvalidInput

if TYPE_CHECKING:  # bound by kernels.loops.specialise
    init: Any
    plan: Any
    act: Any
    observe: Any

begin = acted = stepped = observed = ended = summarise = randomise = nothing

#: What ``plan`` returns: the policy of the last episode stands, it may have changed, or the algorithm stops here.
SAME, CHANGED, STOP = 0, 1, 2


class EpisodicProblem(NamedTuple):
    """What an algorithm is told before the first episode.

    Attributes:
        n_states, n_actions, horizon, n_episodes: sizes.
        stage_dependent: whether transitions may differ between stages.
        rewards: mean rewards (horizon, n_states, n_actions), for algorithms whose theorem takes them as known.
        features: (n_states, n_actions, dimension) of a linear MDP; dimension 0 if there are none.
    """

    n_states: int
    n_actions: int
    horizon: int
    n_episodes: int
    stage_dependent: bool
    rewards: Float
    features: Float


class EpisodicArrays(NamedTuple):
    """An episodic instance as compiled code sees it: the model and its optimum.

    Attributes:
        model: transitions and rewards.
        optimal_value: E V*_1(s_1) over the initial distribution.
        optimal_values: V*, (horizon + 1, n_states). optimal_q: Q*, (horizon, n_states, n_actions).
        features: as in :class:`EpisodicProblem`.
    """

    model: TabularArrays
    optimal_value: float
    optimal_values: Float
    optimal_q: Float
    features: Float


@dataclass(frozen=True, eq=False)
class Episodes:
    """An episodic instance: a finite-horizon MDP, optionally with the features of a linear MDP.

    Attributes:
        mdp: its ``horizon`` must be set.
        features: (n_states, n_actions, dimension), or None.

    Raises:
        InvalidInput: if the MDP has no horizon or the features do not match it.
    """

    mdp: MDP
    features: Float | None = None

    protocol: ClassVar[Protocol]

    def __post_init__(self) -> None:
        if self.mdp.horizon is None:
            raise InvalidInput(f"{self.mdp.name} has no horizon; expected an episodic model (set horizon=...)")
        shape = (self.mdp.n_states, self.mdp.n_actions)
        if self.features is not None and self.features.shape[:2] != shape:
            raise InvalidInput(f"features have shape {self.features.shape}; expected {shape} + (dimension,)")

    def __getattr__(self, name: str) -> Any:
        # Quantities that a theorem's bound names (n_states, reward_range, ...) are the model's.
        if name.startswith("__") or name in ("mdp", "features"):
            raise AttributeError(name)
        return getattr(self.mdp, name)

    @property
    def dimension(self) -> int:
        """Number of features d (0 if there are none)."""
        return 0 if self.features is None else self.features.shape[2]

    @property
    def module(self) -> str:
        """Name of the module with the compiled functions of the instance."""
        return sys.modules[type(self).__module__].__name__

    def _features(self) -> Float:
        empty = np.zeros((self.mdp.n_states, self.mdp.n_actions, 0))
        return np.ascontiguousarray(empty if self.features is None else self.features, dtype=np.float64)

    def arrays(self) -> EpisodicArrays:
        """What compiled code takes; the optimum is computed here, exactly."""
        values, q, _ = backward_induction(self.mdp)
        optimum = float(self.mdp.initial @ values[0])
        return EpisodicArrays(self.mdp.arrays(), optimum, values, q, self._features())

    def problem(self, n_episodes: int) -> EpisodicProblem:
        """What an algorithm may know."""
        mdp = self.mdp
        assert mdp.horizon is not None
        rewards = mdp.rewards.reshape(-1, mdp.n_states, mdp.n_actions)
        rewards = np.ascontiguousarray(np.broadcast_to(rewards, (mdp.horizon, mdp.n_states, mdp.n_actions)))
        return EpisodicProblem(
            mdp.n_states, mdp.n_actions, mdp.horizon, n_episodes, mdp.stage_dependent, rewards, self._features()
        )

    def world(self, seed: int, run: int) -> EpisodicWorld:
        """One run for an algorithm driven from Python."""
        return EpisodicWorld(self, seed, run)

    def trivial_regret(self, horizons: Float) -> Float:
        """The regret that no algorithm can exceed: episodes times (V* - the least value of any policy)."""
        worst = MDP(**{**self.mdp.__dict__, "rewards": -self.mdp.rewards, "reward_law": "deterministic",
                       "reward_range": (-np.inf, np.inf)})  # fmt: skip
        least = -float(self.mdp.initial @ backward_induction(worst)[0][0])
        best = float(self.mdp.initial @ backward_induction(self.mdp)[0][0])
        return np.asarray(horizons, dtype=float) * (best - least)


@inlined
def inverse_cumulative(cumulative, low, high, u):
    """The first position in [low, high) whose running probability exceeds u (binary search)."""
    last = high - 1
    while low < last:
        middle = (low + last) // 2
        if cumulative[middle] > u:
            last = middle
        else:
            low = middle + 1
    return low


@inlined
def next_state(model, row, u):
    """The successor of ``row`` for a uniform u."""
    return model.successors[inverse_cumulative(model.cumulative, model.indptr[row], model.indptr[row + 1], u)]


@inlined
def draw_reward(model, row, u):
    """The reward of ``row`` for a uniform u, by the model's reward law."""
    mean = model.rewards[row]
    if model.reward_law == BERNOULLI:
        return 1.0 if u < mean else 0.0
    if model.reward_law == GAUSSIAN:
        return mean + model.reward_sd * standard_normal(u)
    return mean


@inlined
def first_state(model, u):
    """A first state for a uniform u."""
    running = 0.0
    last = 0
    for state in range(model.n_states):
        if model.initial[state] > 0.0:
            last = state
            running += model.initial[state]
            if u < running:
                return state
    return last


def episodic(
    params, state, instance, watch, records, rng, visits, now, after,
    seed, first_run, n_runs, marks, regret, stopped, summary, decisions,
):  # fmt: skip
    """Episodes of a finite-horizon MDP: plan, then act and observe stage by stage.

    ``state.policy``, int64 (horizon, n_states), is the deterministic policy of the episode; it is evaluated exactly
    (by forward occupancies) whenever ``plan`` says that it may have changed.

    Args:
        params, state: hyper-parameters and arrays of the algorithm.
        instance: :class:`EpisodicArrays`.
        visits: int64[n_rows]; now, after: float64[n_states] (scratch).
        marks: episodes at which the regret is kept.
        regret: out, (n_runs, C): sum over episodes of E_{s_1}[V*(s_1) - V^pi(s_1)].
        stopped: out, (n_runs,): the number of episodes played before ``plan`` returned STOP, or -1.
        summary: out, (n_runs, ...): what the algorithm's ``summarise`` leaves.
        decisions: out, (n_runs, R): the first R actions of each run.
    """
    model = instance.model
    n_actions = model.n_actions
    for run in range(n_runs):
        start(rng, seed, POLICY, first_run + run, 0)
        first_key = stream_key(seed, ENVIRONMENT, first_run + run, 0)
        first_gamma = stream_gamma(first_key)
        for row in range(visits.shape[0]):
            visits[row] = 0
        init(params, state)
        randomise(params, state, rng)
        begin(watch, params, instance)
        total = 0.0
        value = 0.0
        step = 0
        episode = 0
        stopped[run] = -1
        for c in range(marks.shape[0]):
            while episode < marks[c] and stopped[run] < 0:
                episode += 1
                answer = plan(params, state, episode)
                if answer == STOP:
                    stopped[run] = episode - 1
                    break
                if answer == CHANGED or episode == 1:
                    value = policy_value(model, state.policy, now, after)
                acted(records, run, watch, params, state, instance, episode, value)
                s = first_state(model, uniform(first_key, first_gamma, episode - 1))
                for h in range(model.horizon):
                    a = act(params, state, h, s, rng)
                    if a < 0 or a >= n_actions:
                        raise IndexError("act returned an action outside 0 .. n_actions - 1")
                    row = h * model.stage_stride + s * n_actions + a
                    key = stream_key(seed, TRANSITION, first_run + run, row)
                    gamma = stream_gamma(key)
                    n = visits[row]
                    visits[row] = n + 1
                    following = next_state(model, row, uniform(key, gamma, 2 * n))
                    reward = draw_reward(model, row, uniform(key, gamma, 2 * n + 1))
                    stepped(records, run, watch, params, state, instance, episode, h, s, a, reward, following)
                    observe(params, state, h, s, a, reward, following)
                    if step < decisions.shape[1]:
                        decisions[run, step] = a
                    step += 1
                    s = following
                observed(records, run, watch, params, state, instance, episode)
                total += instance.optimal_value - value
            regret[run, c] = total
        ended(records, run, watch, params, state, instance, episode)
        summarise(params, state, summary, run)


class Episodic(Protocol):
    """Episodes.

    An algorithm may define ``summary_shape(params, state)`` and ``summarise(params, state, out, run)``; and
    ``randomise(params, state, rng)``, called at the start of a run, if its ``plan`` draws random numbers: it then keeps
    the words of ``rng`` as a stream of its own.
    """

    setting = "episodic MDP"
    loop = staticmethod(episodic)
    algorithm_functions = ("init", "plan", "act", "observe")
    optional_functions = ("summarise", "randomise")
    instance_functions = ()

    def run_block(
        self, loop, params, state, instance, watch, records, seed, first_run, n_runs, checkpoints, n_decisions
    ):
        model = instance.model
        regret = np.zeros((n_runs, len(checkpoints)))
        stopped = np.zeros(n_runs, np.int64)
        summary = np.zeros((n_runs, *summary_shape(params, state)))
        decisions = np.full((n_runs, n_decisions), -1, np.int64)
        loop(
            params, state, instance, watch, records, np.zeros(3, np.uint64), np.zeros(len(model.rewards), np.int64),
            np.zeros(model.n_states), np.zeros(model.n_states),
            seed, first_run, n_runs, checkpoints, regret, stopped, summary, decisions,
        )  # fmt: skip
        return regret, {"stopped": stopped, "summary": summary, "decisions": decisions}


EPISODIC = Episodic()
Episodes.protocol = EPISODIC


class ContinuingProblem(NamedTuple):
    """What an algorithm on an endless trajectory is told before the first step.

    Attributes:
        n_states, n_actions, n_steps: sizes.
        discount: in [0, 1), or 1 for the average reward.
        rewards: mean rewards (n_states, n_actions), for algorithms that take them as known.
    """

    n_states: int
    n_actions: int
    n_steps: int
    discount: float
    rewards: Float


class ContinuingArrays(NamedTuple):
    """A model without stages as compiled code sees it, and the exact loss of every state-action pair.

    Attributes:
        model: transitions and rewards.
        losses: what a step adds to the regret, (n_states * n_actions,).
        gain: optimal gain (nan if discounted). values: bias, or V* if discounted, (n_states,).
    """

    model: TabularArrays
    losses: Float
    gain: float
    values: Float


@dataclass(frozen=True, eq=False)
class Trajectory:
    """An endless trajectory through a stationary MDP; its criterion is the average or the discounted reward.

    The regret of T steps is, exactly and without the noise of the rewards,

    - for the average reward, T rho* - sum_t r(s_t, a_t) (Jaksch, Ortner and Auer 2010, section 1.2);
    - for a discount gamma, sum_t V*(s_t) - Q*(s_t, a_t), the losses of the actions taken. For a stationary policy
      its expectation with weights gamma^t is V*(s_1) - V^pi(s_1) (Kakade and Langford 2002, Lemma 6.1).

    Attributes:
        mdp: without a horizon.

    Raises:
        InvalidInput: if the MDP has a horizon, or, for the average reward, if it is not weakly communicating.
    """

    mdp: MDP

    protocol: ClassVar[Protocol]

    def __post_init__(self) -> None:
        if self.mdp.horizon is not None:
            raise InvalidInput(f"{self.mdp.name} has horizon {self.mdp.horizon}; expected a model without a horizon")

    def __getattr__(self, name: str) -> Any:
        # Quantities that a theorem's bound names (n_states, reward_range, ...) are the model's.
        if name.startswith("__") or name == "mdp":
            raise AttributeError(name)
        return getattr(self.mdp, name)

    @property
    def module(self) -> str:
        """Name of the module with the compiled functions of the instance."""
        return sys.modules[type(self).__module__].__name__

    @cached_property
    def diameter(self) -> float:
        """D, in steps (Jaksch, Ortner and Auer 2010, definition 1); infinite if the model is not communicating."""
        return exact.diameter(self.mdp)

    @cached_property
    def bias_span(self) -> float:
        """sp(h*), in units of reward (average reward)."""
        return exact.span(self.mdp)

    def arrays(self) -> ContinuingArrays:
        """What compiled code takes; gain and values are computed here, exactly."""
        mdp = self.mdp
        if mdp.discount is None:
            solution = average_policy_iteration(mdp)
            return ContinuingArrays(mdp.arrays(), solution.gain - mdp.rewards, solution.gain, solution.bias)
        values = discounted.policy_iteration(mdp).values
        losses = values[:, None] - discounted.action_values(mdp, values)
        return ContinuingArrays(mdp.arrays(), np.ascontiguousarray(losses.reshape(-1)), np.nan, values)

    def problem(self, n_steps: int) -> ContinuingProblem:
        """What an algorithm may know."""
        mdp = self.mdp
        discount = 1.0 if mdp.discount is None else mdp.discount
        rewards = np.ascontiguousarray(mdp.rewards.reshape(mdp.n_states, mdp.n_actions))
        return ContinuingProblem(mdp.n_states, mdp.n_actions, n_steps, discount, rewards)

    def trivial_regret(self, horizons: Float) -> Float:
        """The regret that no algorithm can exceed: steps times the largest loss of a step."""
        return np.asarray(horizons, dtype=float) * float(self.arrays().losses.max())


def continuing(
    params, state, instance, watch, records, rng, visits,
    seed, first_run, n_runs, marks, regret, realised, decisions,
):  # fmt: skip
    """One endless trajectory: act in the state at hand, observe, move on.

    Args:
        params, state: hyper-parameters and arrays of the algorithm.
        instance: :class:`ContinuingArrays`.
        visits: int64[n_rows] (scratch).
        marks: steps at which the regret is kept.
        regret: out, (n_runs, C): sum of the losses of the steps.
        realised: out, (n_runs, C): the same with the rewards that were drawn in place of their means.
        decisions: out, (n_runs, R): the first R actions of each run.
    """
    model = instance.model
    for run in range(n_runs):
        start(rng, seed, POLICY, first_run + run, 0)
        first_key = stream_key(seed, ENVIRONMENT, first_run + run, 0)
        for row in range(visits.shape[0]):
            visits[row] = 0
        init(params, state)
        begin(watch, params, instance)
        total = 0.0
        noise = 0.0
        t = 0
        s = first_state(model, uniform(first_key, stream_gamma(first_key), 0))
        for c in range(marks.shape[0]):
            while t < marks[c]:
                t += 1
                a = act(params, state, t, s, rng)
                if a < 0 or a >= model.n_actions:
                    raise IndexError("act returned an action outside 0 .. n_actions - 1")
                acted(records, run, watch, params, state, instance, t, s, a)
                row = s * model.n_actions + a
                key = stream_key(seed, TRANSITION, first_run + run, row)
                gamma = stream_gamma(key)
                n = visits[row]
                visits[row] = n + 1
                following = next_state(model, row, uniform(key, gamma, 2 * n))
                reward = draw_reward(model, row, uniform(key, gamma, 2 * n + 1))
                observe(params, state, t, s, a, reward, following)
                observed(records, run, watch, params, state, instance, t, s, a, reward, following)
                total += instance.losses[row]
                noise += model.rewards[row] - reward
                if t <= decisions.shape[1]:
                    decisions[run, t - 1] = a
                s = following
            regret[run, c] = total
            realised[run, c] = total + noise
        ended(records, run, watch, params, state, instance, t)


class Continuing(Protocol):
    """Endless trajectories."""

    setting = "continuing MDP"
    loop = staticmethod(continuing)
    algorithm_functions = ("init", "act", "observe")
    instance_functions = ()

    def run_block(
        self, loop, params, state, instance, watch, records, seed, first_run, n_runs, checkpoints, n_decisions
    ):
        regret, realised = np.zeros((2, n_runs, len(checkpoints)))
        decisions = np.full((n_runs, n_decisions), -1, np.int64)
        loop(
            params, state, instance, watch, records, np.zeros(3, np.uint64),
            np.zeros(len(instance.model.rewards), np.int64),
            seed, first_run, n_runs, checkpoints, regret, realised, decisions,
        )  # fmt: skip
        return regret, {"realised": realised, "decisions": decisions}


CONTINUING = Continuing()
Trajectory.protocol = CONTINUING
