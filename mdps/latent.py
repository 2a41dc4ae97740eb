"""Latent MDPs with the context revealed in hindsight (Zhou, Wang and Du 2023): instances and their world.

Nature draws a context m ~ w, hidden during the episode; the learner plays a history-dependent policy in the MDP M_m and
is told m afterwards. M contexts share S states, A actions and H stages; rewards are deterministic, R_m(s,a) in [0, 1].
Weights, initial laws and rewards are known to the learner, transitions are not.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, NamedTuple

import numpy as np
import numpy.typing as npt

from kernels.driven import Driven, World
from mdps.planning.latent import (
    Controller,
    Float,
    Int,
    LatentArrays,
    Plan,
    belief_tree,
    best_of,
    check_controller,
    evaluate,
    exact_backup,
    largest_variance,
    policy_value,
    total_variance,
    walk,
)
from theory.errors import InvalidInput

#: Entries of a law may sum to 1 within this.
SUM_TOLERANCE = 1e-9

#: Episodes whose randomness is drawn at once; a batch of episodes ends there at the latest.
CHUNK = 4096


class Everything(NamedTuple):
    """All that the numbers of an instance depend on: the model and its class of policies."""

    model: LatentArrays
    policies: tuple[Controller, ...]


class LatentProblem(NamedTuple):
    """What an algorithm is told before the first episode.

    Attributes:
        known: the model with NaN for its transitions.
        n_episodes: K. policies: the class Pi; empty for all deterministic history policies.
    """

    known: LatentArrays
    n_episodes: int
    policies: tuple[Controller, ...]

    @property
    def n_contexts(self) -> int:
        """M."""
        return self.known.rewards.shape[0]

    @property
    def n_states(self) -> int:
        """S."""
        return self.known.rewards.shape[1]

    @property
    def n_actions(self) -> int:
        """A."""
        return self.known.rewards.shape[2]

    @property
    def horizon(self) -> int:
        """H."""
        return self.known.horizon


class Batch(NamedTuple):
    """Some episodes played with one policy.

    Attributes:
        n_episodes: how many, >= 1.
        transitions: visits (m, s, a, s') in all of them but the last, (M, S, A, S).
        context, states, actions: the last one, step by step, (H + 1,) states and (H,) actions.
    """

    n_episodes: int
    transitions: Int
    context: int
    states: Int
    actions: Int


@dataclass(frozen=True, eq=False)
class LatentMDP:
    """M MDPs with shared states, actions and horizon, and a law over them.

    Attributes:
        weights: w_m > 0, (M,), sum 1. initial: nu_m, (M, S). transitions: P_m(s'|s,a), (M, S, A, S).
        rewards: R_m(s,a) in [0, 1], (M, S, A). horizon: H >= 1.
        policies: the class Pi that the learner competes with and plays; empty for all deterministic history policies.
        name: shown in tables.

    Raises:
        InvalidInput: shapes that do not fit, laws that do not sum to one, values outside [0, 1], a foreign policy.
    """

    weights: Float
    initial: Float
    transitions: Float
    rewards: Float
    horizon: int
    policies: tuple[Controller, ...] = ()
    name: str = "latent MDP"

    protocol: ClassVar[Driven] = Driven("latent MDP")

    def __post_init__(self) -> None:
        for field in ("weights", "initial", "transitions", "rewards"):
            values = np.array(getattr(self, field), dtype=np.float64, order="C")
            values.setflags(write=False)
            object.__setattr__(self, field, values)
        shape = self.rewards.shape
        if len(shape) != 3 or 0 in shape:
            raise InvalidInput(f"rewards have shape {shape}; expected (n_contexts, n_states, n_actions), each >= 1")
        m, s, a = shape
        for field, wanted in (("weights", (m,)), ("initial", (m, s)), ("transitions", (m, s, a, s))):
            if getattr(self, field).shape != wanted:
                raise InvalidInput(f"{field} have shape {getattr(self, field).shape}; expected {wanted}")
        for field in ("weights", "initial", "transitions", "rewards"):
            values = getattr(self, field)
            bad = np.argwhere(~((values >= 0) & (values <= 1)))
            if len(bad):
                at = tuple(int(i) for i in bad[0])
                raise InvalidInput(f"{field}{list(at)} is {values[at]}; expected a number in [0, 1]")
        if (self.weights == 0).any():
            raise InvalidInput(f"weights[{int(np.argmin(self.weights))}] is 0; expected every context to be possible")
        for field in ("weights", "initial", "transitions"):
            sums = np.atleast_1d(getattr(self, field).sum(axis=-1))
            bad = np.argwhere(np.abs(sums - 1.0) > SUM_TOLERANCE)
            if len(bad):
                at = tuple(int(i) for i in bad[0])
                where = list(at) if field != "weights" else ""
                raise InvalidInput(f"{field}{where} sum to {float(sums[at]):.12g}; expected 1")
        if isinstance(self.horizon, bool) or int(self.horizon) != self.horizon or self.horizon < 1:
            raise InvalidInput(f"horizon is {self.horizon!r}; expected an integer >= 1")
        for controller in self.policies:
            check_controller(self.model, controller)

    @cached_property
    def model(self) -> LatentArrays:
        """The model as planners take it."""
        levels, classes = np.unique(self.rewards, return_inverse=True)
        classes = np.ascontiguousarray(classes.reshape(self.rewards.shape), dtype=np.int64)
        # Copies, writable: a read-only array is another type to the compiler, which would compile everything twice.
        laws = (self.weights.copy(), self.initial.copy(), self.transitions.copy())
        return LatentArrays(*laws, self.rewards.copy(), classes, levels, int(self.horizon))

    @property
    def n_contexts(self) -> int:
        """M."""
        return self.rewards.shape[0]

    @property
    def n_states(self) -> int:
        """S."""
        return self.rewards.shape[1]

    @property
    def n_actions(self) -> int:
        """A."""
        return self.rewards.shape[2]

    @property
    def degree(self) -> int:
        """Gamma: the largest number of possible successors of a (context, state, action)."""
        return int((self.transitions > 0).sum(axis=3).max())

    @cached_property
    def largest_return(self) -> float:
        """The largest total reward of a trajectory of positive probability in some context."""
        ahead = np.zeros((self.n_contexts, self.n_states))
        for _ in range(self.horizon):
            reached = np.where(self.transitions > 0, ahead[:, None, None, :], -np.inf).max(axis=3)
            ahead = (self.rewards + reached).max(axis=2)
        return float(np.where(self.initial > 0, ahead, -np.inf).max())

    @cached_property
    def optimum(self) -> Plan:
        """A best policy of the class with its alpha vectors; its objective is V*."""
        backup = exact_backup(self.model)
        if self.policies:
            return best_of(self.model, self.policies, backup)
        value, controller = belief_tree(self.model)
        return Plan(controller, evaluate(self.model, controller, backup), value)

    @property
    def optimal_value(self) -> float:
        """V*: the largest expected return over the class of policies."""
        return self.optimum.objective

    @cached_property
    def informed_value(self) -> float:
        """sum_m w_m V*_m: the optimum of those who are told the context before the episode."""
        ahead = np.zeros((self.n_contexts, self.n_states))
        for _ in range(self.horizon):
            ahead = (self.rewards + np.einsum("msay,my->msa", self.transitions, ahead)).max(axis=2)
        return float(self.weights @ (self.initial * ahead).sum(axis=1))

    @cached_property
    def variance(self) -> float:
        """Var*: the largest total variance of a policy (of randomised ones too, if all history policies compete)."""
        if self.policies:
            backup = exact_backup(self.model)
            return max(total_variance(self.model, c, evaluate(self.model, c, backup)) for c in self.policies)
        return largest_variance(self.model)

    @cached_property
    def least_value(self) -> float:
        """The smallest expected return over the class of policies."""
        if self.policies:
            return min(policy_value(self.model, c) for c in self.policies)
        return -belief_tree(self.model._replace(rewards=-self.rewards))[0]

    def trivial_regret(self, horizons: npt.ArrayLike) -> Float:
        """K (V* - least value): what no algorithm can exceed."""
        return np.asarray(horizons, dtype=np.float64) * (self.optimal_value - self.least_value)

    @property
    def module(self) -> str:
        """Name of the module that the instance's numbers come from."""
        return __name__

    def arrays(self) -> Everything:
        """Everything that the numbers depend on."""
        return Everything(self.model, self.policies)

    def problem(self, horizon: int) -> LatentProblem:
        """What an algorithm may know."""
        hidden = np.full(self.transitions.shape, np.nan)
        return LatentProblem(self.model._replace(transitions=hidden), horizon, self.policies)

    def world(self, seed: int, run: int) -> LatentWorld:
        """One run."""
        return LatentWorld(self, seed, run)


class LatentWorld(World):
    """One run of a latent MDP: :meth:`episodes`, then :meth:`book` for each of them.

    Episode k has H + 2 uniforms of its own (context, initial state, one for each step), whatever was played before.
    """

    def __init__(self, instance: LatentMDP, seed: int, run: int) -> None:
        super().__init__(seed, run)
        model = instance.model
        self._instance, self._model = instance, model
        self._weights, self._initial, self._transitions = (
            np.cumsum(law, axis=-1) for law in (model.weights, model.initial, model.transitions)
        )
        self._uniforms = np.zeros((0, model.horizon + 2))
        self._gap = 0.0
        self._pending = 0
        self._last: tuple[object, float] | None = None

    def value(self, controller: Controller) -> float:
        """V^pi, exactly; for the regret and for watches, not for algorithms.

        Raises:
            InvalidInput: if the controller does not fit the model.
        """
        if self._last is None or self._last[0] is not controller:
            check_controller(self._model, controller)
            self._last = controller, policy_value(self._model, controller)
        return self._last[1]

    def episodes(self, controller: Controller, limit: int, alarm: Int) -> Batch:
        """Play at most ``limit`` episodes, until the visits of some (m, s, a) since now reach ``alarm``.

        The episode in which they do is played to its end and is the last. A batch may end earlier.

        Raises:
            InvalidInput: if the controller does not fit the model, or has no node for what was observed.
        """
        self._gap = self._instance.optimal_value - self.value(controller)
        return self._play((controller,), np.zeros(self._instance.n_contexts, np.int64), limit, alarm)

    def told(self, controllers: tuple[Controller, ...], limit: int, alarm: Int) -> Batch:
        """Like :meth:`episodes`, with the context revealed at the start: context m is played with ``controllers[m]``.

        The regret is that against sum_m w_m V*_m, the optimum of all who are told.

        Raises:
            InvalidInput: as :meth:`episodes`, or if there is not one controller for each context.
        """
        if len(controllers) != self._instance.n_contexts:
            raise InvalidInput(f"there are {len(controllers)} controllers; expected {self._instance.n_contexts}")
        model, achieved = self._model, 0.0
        for m, controller in enumerate(controllers):
            check_controller(model, controller)
            first = evaluate(model, controller, exact_backup(model))[controller.first, m]
            achieved += float(model.weights[m] * (model.initial[m] @ first))
        self._gap = self._instance.informed_value - achieved
        return self._play(controllers, np.arange(len(controllers)), limit, alarm)

    def book(self) -> None:
        """Count the regret of the next episode of the last batch.

        Raises:
            RuntimeError: if all of them are counted.
        """
        if self._pending == 0:
            raise RuntimeError("book was called more often than episodes were played")
        self._pending -= 1
        self.total += self._gap

    def _play(self, controllers: tuple[Controller, ...], chosen: Int, limit: int, alarm: Int) -> Batch:
        if self._pending:
            raise RuntimeError(f"{self._pending} episodes were played and not booked")
        if len(self._uniforms) == 0:
            self._uniforms = self.chance.random((CHUNK, self._model.horizon + 2))
        n_nodes = np.cumsum([0] + [len(c.state) for c in controllers])
        shift = lambda ids, by: np.where(ids >= 0, ids + by, -1)  # noqa: E731
        model = self._model
        counts = np.empty(model.transitions.shape, np.int64)
        states, actions = np.zeros(model.horizon + 1, np.int64), np.zeros(model.horizon, np.int64)
        played, context, lost = walk(
            self._uniforms[:limit], self._weights, self._initial, self._transitions, model.classes, chosen,
            np.concatenate([c.action for c in controllers]),
            np.concatenate([shift(c.child, by) for c, by in zip(controllers, n_nodes)]),
            np.stack([shift(c.first, by) for c, by in zip(controllers, n_nodes)]),
            np.ascontiguousarray(alarm, dtype=np.int64), counts, states, actions,
        )  # fmt: skip
        if lost >= 0:
            raise InvalidInput(f"the controller has no node for stage {lost} after {states[: lost + 1].tolist()}")
        self._uniforms = self._uniforms[played:]
        self._pending = played
        return Batch(played, counts, context, states, actions)
