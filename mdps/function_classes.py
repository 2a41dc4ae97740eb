"""Reinforcement learning with function approximation: a model, a finite class of value functions, and their policies.

Stages are 0-based in code. A function is an array (H, S, A) with values in [0, 1]; its policy pi_f is greedy, ties to
the lowest action. The sum of an episode's rewards must lie in [0, 1] for the theorems of this setting; that, and
whether Q* belongs to the class, is asked by the theorems' hypotheses, not here.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, NamedTuple

import numpy as np
import numpy.typing as npt

from kernels.driven import Driven
from kernels.loops import specialise
from kernels.random import ENVIRONMENT, TRANSITION, stream_gamma, stream_key, uniform
from mdps.loops import Episodes, EpisodicArrays, draw_reward, first_state, next_state
from mdps.model import MDP, Float, Int
from mdps.planning.finite_horizon import action_values, backward_induction, evaluate_policy, occupancies
from mdps.weight_classes import HybridRatios, Listed, Number, OracleMixtures, WeightClass
from mdps.worlds import EpisodicWorld
from theory.errors import InvalidInput


class ModelClass(NamedTuple):
    """Finitely many models: kernels (M, H, S, A, S), mean rewards (M, H, S, A), reward laws, law of the first state."""

    kernels: Float
    rewards: Float
    laws: tuple[str, ...]
    initial: Float


class FunctionProblem(NamedTuple):
    """What an algorithm is told.

    Attributes:
        n_states, n_actions, horizon, n_rounds: sizes.
        functions: F, (|F|, H, S, A). values: max_a f_h(s, a), with f_{H+1} = 0, (|F|, H + 1, S).
        policies: the distinct greedy policies, (P, H, S). policy_of: the policy of each function, (|F|,).
        weights: the class W.
        models: the model class behind F, for maximum likelihood; None if there is none.
    """

    n_states: int
    n_actions: int
    horizon: int
    n_rounds: int
    functions: Float
    values: Float
    policies: Int
    policy_of: Int
    weights: WeightClass
    models: ModelClass | None


class FunctionArrays(NamedTuple):
    """Everything that the numbers of a run depend on."""

    model: EpisodicArrays
    functions: Float
    weights: Any
    offline: Float
    models: tuple[Any, ...]


class OfflineData(NamedTuple):
    """Tuples (s_h, a_h, r_h, s_{h+1}), n of them for each stage, all (n, H)."""

    states: Int
    actions: Int
    rewards: Float
    following: Int


class Walks(NamedTuple):
    """Episodes of one policy: states (n, H + 1), actions and rewards (n, H)."""

    states: Int
    actions: Int
    rewards: Float


def play_episodes(model, policy, seed, run, first_episode, visits, states, actions, rewards):
    """Episodes of a deterministic policy on the stacks of :func:`mdps.loops.episodic`; compiled by ``specialise``.

    Args:
        model: :class:`~mdps.model.TabularArrays`. policy: (H, S). first_episode: how many were played before.
        visits: how often each row of the model was visited, updated. states, actions, rewards: out, see :class:`Walks`.
    """
    first_key = stream_key(seed, ENVIRONMENT, run, 0)
    first_gamma = stream_gamma(first_key)
    for i in range(states.shape[0]):
        s = first_state(model, uniform(first_key, first_gamma, first_episode + i))
        for h in range(model.horizon):
            a = policy[h, s]
            row = h * model.stage_stride + s * model.n_actions + a
            key = stream_key(seed, TRANSITION, run, row)
            gamma = stream_gamma(key)
            n = visits[row]
            visits[row] = n + 1
            states[i, h] = s
            actions[i, h] = a
            s = next_state(model, row, uniform(key, gamma, 2 * n))
            rewards[i, h] = draw_reward(model, row, uniform(key, gamma, 2 * n + 1))
        states[i, model.horizon] = s


class FunctionWorld(EpisodicWorld):
    """One run: episodes with a policy, and data that was there before the first round."""

    def __init__(self, instance: FunctionApproximation, seed: int, run: int) -> None:
        super().__init__(Episodes(instance.mdp), seed, run)
        self._offline_law = instance.offline
        self._play = specialise(play_episodes, {})

    def trajectories(self, policy: npt.ArrayLike, n: int) -> Walks:
        """``n`` episodes with a deterministic policy (H, S); its regret is counted once, as J(pi*) - J(pi^(t)).

        Raises:
            InvalidInput: if the policy does not fit the model.
        """
        table = np.ascontiguousarray(policy, dtype=np.int64)
        gap = self._optimum - self.value(table)
        h = self._model.horizon
        walks = Walks(np.zeros((n, h + 1), np.int64), np.zeros((n, h), np.int64), np.zeros((n, h)))
        self._play(self._model, table, *self._address, self._episode, self._visits, *walks)
        self._episode += n
        self.total += gap
        self.actions.extend(walks.actions.reshape(-1).tolist())
        return walks

    def offline(self, n: int) -> OfflineData:
        """``n`` independent tuples for each stage, (s_h, a_h) from the instance's offline law.

        Raises:
            InvalidInput: if the instance has no offline law.
        """
        if self._offline_law is None:
            raise InvalidInput("the instance has no offline data; expected offline=(H, S, A), a distribution per stage")
        model = self._model
        h_max, n_states, n_actions = self._offline_law.shape
        states, actions, following = (np.zeros((n, h_max), np.int64) for _ in range(3))
        rewards = np.zeros((n, h_max))
        for h in range(h_max):
            pairs = self.chance.choice(n_states * n_actions, size=n, p=self._offline_law[h].reshape(-1))
            u, v = self.chance.random((2, n))
            states[:, h], actions[:, h] = pairs // n_actions, pairs % n_actions
            for i, row in enumerate(h * model.stage_stride + pairs):
                low, high = model.indptr[row], model.indptr[row + 1]
                at = int(np.searchsorted(model.cumulative[low:high], u[i], side="right"))
                following[i, h] = model.successors[min(low + at, high - 1)]
                rewards[i, h] = self._reward(int(row), float(v[i]))
        return OfflineData(states, actions, rewards, following)


@dataclass(frozen=True, eq=False)
class FunctionApproximation:
    """A finite-horizon model, a finite class F of value functions and a class W of weight functions.

    Attributes:
        mdp: its ``horizon`` must be set.
        functions: F, (|F|, H, S, A), in [0, 1].
        weights: W; None: ratios of the class's policies to mixtures (:class:`~mdps.weight_classes.OracleMixtures`, or
            :class:`~mdps.weight_classes.HybridRatios` if there is an offline law).
        offline: law nu_h of offline data, (H, S, A), or None.
        models: the models behind F, one for each function, if F was induced by a model class.
        name: shown in tables.

    Raises:
        InvalidInput: if something is malformed; says where.
    """

    mdp: MDP
    functions: Float
    weights: WeightClass | None = None
    offline: Float | None = None
    models: tuple[MDP, ...] = ()
    name: str = "function class"

    protocol: ClassVar[Driven]

    def __post_init__(self) -> None:
        if self.mdp.horizon is None:
            raise InvalidInput(f"{self.mdp.name} has no horizon; expected an episodic model (set horizon=...)")
        shape = (self.mdp.horizon, self.mdp.n_states, self.mdp.n_actions)
        f = np.array(self.functions, dtype=np.float64)
        if f.ndim != 4 or f.shape[1:] != shape or len(f) == 0:
            raise InvalidInput(f"functions have shape {f.shape}; expected (|F|,) + {shape} with |F| >= 1")
        wrong = ~((f >= 0.0) & (f <= 1.0))
        if wrong.any():
            where = tuple(int(i) for i in np.argwhere(wrong)[0])
            raise InvalidInput(f"function value at index {where} is {f[where]}; expected a number in [0, 1]")
        f.flags.writeable = False
        object.__setattr__(self, "functions", f)
        if isinstance(self.weights, Listed):
            w = self.weights.values
            if w.ndim != 4 or w.shape[1:] != shape or len(w) == 0:
                raise InvalidInput(f"weights have shape {w.shape}; expected (|W|,) + {shape} with |W| >= 1")
            if not (w >= 0.0).all():
                where = tuple(int(i) for i in np.argwhere(~(w >= 0.0))[0])
                raise InvalidInput(f"weight at index {where} is {w[where]}; expected a number >= 0, or infinity")
        if self.offline is not None:
            law = np.array(self.offline, dtype=np.float64)
            if law.shape != shape or not (law >= 0.0).all() or (abs(law.sum(axis=(1, 2)) - 1.0) > 1e-9).any():
                raise InvalidInput(f"offline law of shape {law.shape} is not a distribution for each stage of {shape}")
            object.__setattr__(self, "offline", law)
        if self.models and len(self.models) != len(f):
            raise InvalidInput(f"{len(self.models)} models for {len(f)} functions; expected one for each, or none")

    @property
    def module(self) -> str:
        """Name of the module of the instance."""
        return sys.modules[type(self).__module__].__name__

    @property
    def n_states(self) -> int:
        """S, over all stages."""
        return self.mdp.n_states

    @property
    def n_actions(self) -> int:
        """A."""
        return self.mdp.n_actions

    @property
    def horizon(self) -> int:
        """H."""
        assert self.mdp.horizon is not None
        return self.mdp.horizon

    @property
    def n_functions(self) -> int:
        """|F|."""
        return len(self.functions)

    @property
    def initial(self) -> Float:
        """Distribution of the first state, (S,)."""
        return self.mdp.initial

    @cached_property
    def policy_of(self) -> Int:
        """Index of the greedy policy of each function, (|F|,)."""
        return self._policies[1]

    @property
    def policies(self) -> Int:
        """The distinct greedy policies, (P, H, S), in the order of their first function."""
        return self._policies[0]

    @cached_property
    def _policies(self) -> tuple[Int, Int]:
        greedy = self.functions.argmax(axis=3).astype(np.int64)
        index: dict[bytes, int] = {}
        policy_of = np.array([index.setdefault(p.tobytes(), len(index)) for p in greedy], dtype=np.int64)
        first = [int(np.flatnonzero(policy_of == i)[0]) for i in range(len(index))]
        return greedy[first], policy_of

    @cached_property
    def occupancies(self) -> Float:
        """d_h^pi(s, a) of every policy of the class, (P, H, S, A)."""
        return np.stack([occupancies(self.mdp, policy) for policy in self.policies])

    @cached_property
    def optimal_q(self) -> Float:
        """Q*, (H, S, A)."""
        return backward_induction(self.mdp)[1]

    @cached_property
    def optimal_values(self) -> Float:
        """V*, (H + 1, S)."""
        return backward_induction(self.mdp)[0]

    @property
    def optimum(self) -> float:
        """J(pi*)."""
        return float(self.mdp.initial @ self.optimal_values[0])

    @cached_property
    def policy_values(self) -> Float:
        """J(pi) of every policy of the class, (P,)."""
        return np.array([float(self.mdp.initial @ evaluate_policy(self.mdp, policy)[0]) for policy in self.policies])

    @cached_property
    def coverability(self) -> float:
        """C_cov = inf_mu sup_{pi in Pi, h} |d_h^pi / mu_h|_inf of the class's own policies."""
        return policy_coverability(self.occupancies)

    @cached_property
    def optimal_concentrability(self) -> float:
        """C_* = max_h |d_h^{pi*} / nu_h|_inf for the greedy policy of Q* (ties to the lowest action)."""
        if self.offline is None:
            return float("inf")
        law = occupancies(self.mdp, backward_induction(self.mdp)[2])
        with np.errstate(divide="ignore", invalid="ignore"):
            return float(np.where(law > 0.0, law / self.offline, 0.0).max())

    @cached_property
    def q_star_index(self) -> int:
        """Position of Q* in F (within 1e-9 everywhere), or -1."""
        distance = abs(self.functions - self.optimal_q).max(axis=(1, 2, 3))
        return int(distance.argmin()) if distance.min() <= 1e-9 else -1

    @cached_property
    def residuals(self) -> Float:
        """Delta_h f = f_h - T_h f_{h+1}, (|F|, H, S, A)."""
        return np.stack([f - action_values(self.mdp, value_function(f)) for f in self.functions])

    @cached_property
    def largest_return(self) -> float:
        """The largest sum of rewards that an episode can have with positive probability."""
        return _largest_return(self.mdp)

    @cached_property
    def incompleteness(self) -> float:
        """max over h and f_{h+1} of min over g_h of max |g_h - T_h f_{h+1}|: 0 if F is Bellman complete."""
        worst = 0.0
        for f, residual in zip(self.functions, self.residuals):
            backed = f - residual
            for h in range(self.horizon):
                worst = max(worst, float(abs(self.functions[:, h] - backed[h]).max(axis=(1, 2)).min()))
        return worst

    @cached_property
    def weight_class(self) -> WeightClass:
        """W."""
        if self.weights is not None:
            return self.weights
        return (
            OracleMixtures(self.occupancies) if self.offline is None else HybridRatios(self.occupancies, self.offline)
        )

    @property
    def ratios_realizable(self) -> bool:
        """Whether W contains the ratios of the class's policies to mixtures of them, clipped or not."""
        return not isinstance(self.weight_class, Listed)

    def log_classes(self, n_rounds: Number) -> Number:
        """log(|F| |W|), of a number of rounds or an array of them."""
        return np.log(self.n_functions) + self.weight_class.log_size(n_rounds)

    def arrays(self) -> FunctionArrays:
        """Names the experiment in the store."""
        offline = np.zeros(0) if self.offline is None else self.offline
        models = tuple(model.arrays() for model in self.models)
        return FunctionArrays(Episodes(self.mdp).arrays(), self.functions, self.weight_class, offline, models)

    def problem(self, n_rounds: int) -> FunctionProblem:
        """What an algorithm may know."""
        values = np.stack([value_function(f) for f in self.functions])
        return FunctionProblem(
            self.n_states, self.n_actions, self.horizon, n_rounds, self.functions, values, self.policies,
            self.policy_of, self.weight_class, self._model_class(),
        )  # fmt: skip

    def _model_class(self) -> ModelClass | None:
        if not self.models:
            return None
        shape = self.functions.shape[1:]
        kernels, rewards = zip(*(model.dense() for model in self.models))
        return ModelClass(
            np.stack([np.broadcast_to(p, (*shape, self.n_states)) for p in kernels]),
            np.stack([np.broadcast_to(r, shape) for r in rewards]),
            tuple(model.reward_law for model in self.models), self.models[0].initial,
        )  # fmt: skip

    def world(self, seed: int, run: int) -> FunctionWorld:
        """One run."""
        return FunctionWorld(self, seed, run)

    def trivial_regret(self, horizons: Float) -> Float:
        """Rounds times the largest loss of a policy of the class."""
        return np.asarray(horizons, dtype=float) * float(self.optimum - self.policy_values.min())


FunctionApproximation.protocol = Driven("function approximation")


def value_function(f: Float) -> Float:
    """max_a f_h(s, a), with a last row f_{H+1} = 0, (H + 1, S)."""
    return np.concatenate([f.max(axis=2), np.zeros((1, f.shape[1]))])


def policy_coverability(laws: Float) -> float:
    """C_cov = max_h sum_{s,a} max_pi d_h^pi(s, a) of a finite class of policies (Xie et al. 2023, Lemma 3).

    Args:
        laws: occupancies, (P, H, S, A).
    """
    return float(laws.max(axis=0).sum(axis=(1, 2)).max())


def _largest_return(mdp: MDP) -> float:
    """By dynamic programming over what is possible; a Bernoulli reward of positive mean can be 1."""
    assert mdp.horizon is not None
    if mdp.reward_law == "gaussian":
        return float("inf")
    best = (mdp.rewards > 0.0).astype(float) if mdp.reward_law == "bernoulli" else mdp.rewards
    stride = mdp.n_states * mdp.n_actions
    ahead = np.zeros(mdp.n_states)
    for h in reversed(range(mdp.horizon)):
        possible = np.where(mdp.probabilities > 0.0, ahead[mdp.successors], -np.inf)
        onward = best + np.maximum.reduceat(possible, mdp.indptr[:-1])
        rows = onward[h * stride : (h + 1) * stride] if mdp.stage_dependent else onward
        ahead = rows.reshape(mdp.n_states, mdp.n_actions).max(axis=1)
    return float(ahead[mdp.initial > 0.0].max())
