"""Adversarial Markov decision processes: fixed layered transitions, losses that an oblivious adversary chose before.

Stage h = 0 .. H - 1 has states 0 .. S - 1 of its own (a layer); an action in layer h leads to layer h + 1. In episode
k the losses are a table l_k(h, s, a) in [0, 1], and only those on the path are seen. The Q-function of every policy is
linear in features phi_h(s, a) (Dai, Luo, Wei and Zimmert 2023, Assumption 1): transitions and losses are checked to be
linear in them. One-hot features are the tabular case.

    regret after K episodes = sum_k V^{pi_k}_k - min_pi sum_k V^pi_k,

both exact: values by backward induction, the best fixed policy by backward induction on the summed losses.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from typing import ClassVar, NamedTuple

import numpy as np
import numpy.typing as npt

from kernels.driven import Driven, World, generator
from kernels.random import TRANSITION
from mdps.planning.layered import Float, Int, evaluate, least_loss, occupancy
from theory.arrays import finite_array
from theory.errors import InvalidInput

#: Probabilities sum to one, and transitions and losses are linear in the features, within this error.
TOLERANCE = 1e-9


class AdversarialProblem(NamedTuple):
    """What an algorithm may be told before the first episode.

    Attributes:
        n_states: S, states of a layer. n_actions: A. horizon: H layers. n_episodes: K.
        features: phi, (H, S, A, d).
        transitions: (H - 1, S, A, S), for algorithms whose theorem takes them as known or has a simulator of them.
        initial: distribution of the first state, (S,).
    """

    n_states: int
    n_actions: int
    horizon: int
    n_episodes: int
    features: Float
    transitions: Float
    initial: Float


class AdversarialArrays(NamedTuple):
    """Everything that the numbers of a run depend on."""

    transitions: Float
    features: Float
    tables: Float
    schedule: Int
    initial: Float


class Walk(NamedTuple):
    """An episode: states, actions and losses on the path, each (H,)."""

    states: Int
    actions: Int
    losses: Float

    @property
    def to_go(self) -> Float:
        """L_h, the losses from stage h on, h included, (H,)."""
        return np.cumsum(self.losses[::-1])[::-1]


def _distributions(what: str, rows: Float) -> None:
    low = rows < 0.0
    if low.any():
        where = tuple(int(i) for i in np.argwhere(low)[0])
        raise InvalidInput(f"{what} at index {where} is {rows[where]:.6g}; expected a probability")
    sums = rows.sum(axis=-1)
    off = np.abs(sums - 1.0) > TOLERANCE
    if off.any():
        where = tuple(int(i) for i in np.argwhere(off)[0])
        raise InvalidInput(f"{what} at index {where} sum to {sums[where]:.12g}; expected 1")


@dataclass(frozen=True, eq=False)
class AdversarialMDP:
    """A layered process with an oblivious sequence of losses. All arrays become read-only.

    Attributes:
        transitions: P_h(s' | s, a), (H - 1, S, A, S); shape (0, S, A, S) for a contextual bandit.
        tables: the loss tables that occur, (M, H, S, A), entries in [0, 1].
        schedule: the table of every episode, (K,), entries in 0 .. M - 1; runs have at most K episodes.
        initial: distribution of the first state, (S,), or a first state.
        features: phi, (H, S, A, d) with |phi| <= 1; None: one-hot, d = S A.
        name: shown in tables.

    Raises:
        InvalidInput: whatever is malformed, with index and value; features in which transitions or losses are not
            linear; parameters of a Q-function whose norm could exceed sqrt(d) H.
    """

    transitions: Float
    tables: Float
    schedule: Int
    initial: Float | int = 0
    features: Float | None = None
    name: str = "adversarial MDP"
    _best: dict[int, tuple[float, Int]] = field(default_factory=dict, repr=False)

    protocol: ClassVar[Driven] = Driven("adversarial MDP")
    #: The losses do not depend on what is played.
    oblivious: ClassVar[bool] = True
    loss_range: ClassVar[tuple[float, float]] = (0.0, 1.0)

    def __post_init__(self) -> None:
        tables = finite_array("loss tables", self.tables, "M H S A")
        if tables.size == 0:
            raise InvalidInput(f"loss tables have shape {tables.shape}; expected (M, H, S, A) with no axis empty")
        _, horizon, n_states, n_actions = tables.shape
        out = (tables < 0.0) | (tables > 1.0)
        if out.any():
            where = tuple(int(i) for i in np.argwhere(out)[0])
            raise InvalidInput(f"loss (table, stage, state, action) {where} is {tables[where]:.6g}; expected in [0, 1]")
        transitions = finite_array("transitions", self.transitions, "H-1 S A S")
        expected = (horizon - 1, n_states, n_actions, n_states)
        if transitions.shape != expected:
            raise InvalidInput(f"transitions have shape {transitions.shape}; expected {expected} to match the losses")
        _distributions("transitions of (stage, state, action)", transitions)
        object.__setattr__(self, "tables", tables)
        object.__setattr__(self, "transitions", transitions)
        object.__setattr__(self, "schedule", self._read_schedule(len(tables)))
        object.__setattr__(self, "initial", self._read_initial(n_states))
        object.__setattr__(self, "features", self._read_features(horizon, n_states, n_actions))

    def _read_schedule(self, n_tables: int) -> Int:
        try:
            schedule = np.array(self.schedule, dtype=np.int64)
        except (TypeError, ValueError) as error:
            raise InvalidInput(f"the schedule cannot be read as a list of tables: {error}") from error
        if schedule.ndim != 1 or schedule.size == 0:
            raise InvalidInput(f"the schedule has shape {schedule.shape}; expected (K,) with K >= 1")
        out = (schedule < 0) | (schedule >= n_tables)
        if out.any():
            k = int(np.argmax(out))
            raise InvalidInput(f"the schedule of episode {k} is table {schedule[k]}; expected 0 .. {n_tables - 1}")
        schedule.flags.writeable = False
        return schedule

    def _read_initial(self, n_states: int) -> Float:
        if isinstance(self.initial, int | np.integer):
            if not 0 <= self.initial < n_states:
                raise InvalidInput(f"initial state is {self.initial}; expected 0 .. {n_states - 1}")
            return np.eye(n_states)[int(self.initial)]
        initial = finite_array("initial", self.initial, "S")
        if initial.shape != (n_states,):
            raise InvalidInput(f"initial has shape {initial.shape}; expected ({n_states},)")
        _distributions("initial", initial[None])
        return initial

    def _read_features(self, horizon: int, n_states: int, n_actions: int) -> Float:
        """Features in which every Q-function is linear with |theta| <= sqrt(d) H."""
        if self.features is None:
            pairs = n_states * n_actions
            one_hot = np.eye(pairs).reshape(1, n_states, n_actions, pairs)
            return finite_array("features", np.repeat(one_hot, horizon, axis=0), "H S A d")
        features = finite_array("features", self.features, "H S A d")
        if features.shape[:3] != (horizon, n_states, n_actions) or features.shape[3] == 0:
            raise InvalidInput(
                f"features have shape {features.shape}; expected ({horizon}, {n_states}, {n_actions}, d >= 1)"
            )
        norms = np.linalg.norm(features, axis=3)
        if norms.max() > 1.0 + TOLERANCE:
            where = tuple(int(i) for i in np.unravel_index(int(norms.argmax()), norms.shape))
            raise InvalidInput(f"feature of (stage, state, action) {where} has norm {norms[where]:.9g}; expected <= 1")
        d = features.shape[3]
        for h in range(horizon):
            phi = features[h].reshape(-1, d)
            targets = [self.tables[:, h].reshape(len(self.tables), -1).T]
            if h < horizon - 1:
                targets.append(self.transitions[h].reshape(-1, n_states))
            target = np.concatenate(targets, axis=1)
            solution = np.linalg.lstsq(phi, target, rcond=None)[0]
            error = np.abs(phi @ solution - target)
            if error.max() > TOLERANCE:
                row, column = (int(i) for i in np.unravel_index(int(error.argmax()), error.shape))
                what = f"loss table {column}" if column < len(self.tables) else "the transitions"
                place = (h, row // n_actions, row % n_actions)
                raise InvalidInput(
                    f"{what} at (stage, state, action) {place} are {error.max():.6g} off the best linear fit in the "
                    f"features; expected at most {TOLERANCE:g}"
                )
            # theta^pi = vartheta + sum_s' nu(s') V(s') with 0 <= V <= H - h - 1: the farther end of every coordinate.
            losses, measures = solution[:, : len(self.tables)], solution[:, len(self.tables) :]
            high = losses + (horizon - h - 1.0) * np.maximum(measures, 0.0).sum(axis=1)[:, None]
            low = losses + (horizon - h - 1.0) * np.minimum(measures, 0.0).sum(axis=1)[:, None]
            largest = float(np.linalg.norm(np.maximum(np.abs(high), np.abs(low)), axis=0).max())
            if largest > np.sqrt(d) * horizon + TOLERANCE:
                raise InvalidInput(
                    f"parameters of Q-functions at stage {h} may reach norm {largest:.6g}; expected at most "
                    f"sqrt(d) H = {np.sqrt(d) * horizon:.6g}"
                )
        return features

    @property
    def horizon(self) -> int:
        """Layers H."""
        return int(self.tables.shape[1])

    @property
    def n_states(self) -> int:
        """States S of a layer."""
        return int(self.tables.shape[2])

    @property
    def n_actions(self) -> int:
        return int(self.tables.shape[3])

    @property
    def dimension(self) -> int:
        """Length d of a feature vector."""
        return int(np.asarray(self.features).shape[3])

    @property
    def n_rounds(self) -> int:
        """Episodes K that the schedule covers."""
        return len(self.schedule)

    @property
    def module(self) -> str:
        """Name of the module of the instance."""
        return sys.modules[type(self).__module__].__name__

    def arrays(self) -> AdversarialArrays:
        """See :class:`AdversarialArrays`."""
        return AdversarialArrays(
            self.transitions, np.asarray(self.features), self.tables, self.schedule, np.asarray(self.initial)
        )

    def problem(self, horizon: int) -> AdversarialProblem:
        """What an algorithm may know of a run of ``horizon`` episodes.

        Raises:
            InvalidInput: if the schedule is shorter.
        """
        if horizon > self.n_rounds:
            raise InvalidInput(f"{horizon} episodes on {self.name}; its schedule has {self.n_rounds}")
        return AdversarialProblem(
            self.n_states, self.n_actions, self.horizon, horizon, np.asarray(self.features), self.transitions,
            np.asarray(self.initial),
        )  # fmt: skip

    def world(self, seed: int, run: int) -> AdversarialWorld:
        """One run."""
        return AdversarialWorld(self, seed, run)

    def losses(self, episode: int) -> Float:
        """l_k, (H, S, A), of episode k = 1, 2, ..."""
        return self.tables[self.schedule[episode - 1]]  # type: ignore[no-any-return]

    def summed_losses(self, n_episodes: int) -> Float:
        """sum of the losses of the first episodes, (H, S, A)."""
        counts = np.bincount(self.schedule[:n_episodes], minlength=len(self.tables))
        return np.tensordot(counts.astype(float), self.tables, axes=1)  # type: ignore[no-any-return]

    def best(self, n_episodes: int) -> tuple[float, Int]:
        """(min over policies of sum_k V^pi_k, a policy (H, S) that attains it) over the first episodes, exactly."""
        if n_episodes not in self._best:
            v, actions = least_loss(self.transitions, self.summed_losses(n_episodes))
            self._best[n_episodes] = float(np.asarray(self.initial) @ v[0]), actions
        return self._best[n_episodes]

    def occupancy(self, policy: npt.ArrayLike) -> Float:
        """q_h(s, a) of a policy (H, S, A)."""
        return occupancy(self.transitions, np.asarray(self.initial), np.asarray(policy, dtype=float))

    def values(self, policy: npt.ArrayLike, losses: Float) -> tuple[Float, Float]:
        """(V, Q) of a policy for a table of losses, see :func:`mdps.planning.layered.evaluate`."""
        return evaluate(self.transitions, np.asarray(policy, dtype=float), losses)

    def _extremes(self, sign: float) -> Float:
        """Value of the best (sign 1) or worst (-1) policy of every table, (M,)."""
        values = [sign * (np.asarray(self.initial) @ least_loss(self.transitions, sign * t)[0][0]) for t in self.tables]
        return np.array(values)

    def _against_best(self, values: Float, horizons: npt.ArrayLike) -> Float:
        sums = np.cumsum(values[self.schedule])
        asked = np.minimum(np.atleast_1d(np.asarray(horizons, dtype=np.int64)), self.n_rounds)
        return np.array([sums[k - 1] - self.best(int(k))[0] for k in asked])

    def trivial_regret(self, horizons: npt.ArrayLike) -> Float:
        """Regret of the worst policy of every episode, which no algorithm exceeds."""
        return self._against_best(self._extremes(-1.0), horizons)

    def least_regret(self, horizon: int) -> float:
        """The (never positive) regret of the best policy of every episode."""
        return float(self._against_best(self._extremes(1.0), horizon)[0])


class AdversarialWorld(World):
    """One run of an adversarial MDP: :meth:`episode`, and a simulator of the transitions.

    The environment's randomness moves the states (one uniform a stage, the same for all algorithms), the algorithm's
    own draws the actions, and the simulator has a stream of its own.
    """

    def __init__(self, instance: AdversarialMDP, seed: int, run: int) -> None:
        super().__init__(seed, run)
        self.simulator = generator(seed, TRANSITION, run)
        self._instance = instance
        self._episode = 0
        self._initial = np.asarray(instance.initial)
        self._first = np.cumsum(self._initial)
        self._cumulative = np.cumsum(instance.transitions, axis=3)

    def regret(self) -> float:
        """sum_k V^{pi_k}_k - min_pi sum_k V^pi_k over the episodes so far."""
        return self.total - self._instance.best(self._episode)[0] if self._episode else 0.0

    def episode(self, policy: npt.ArrayLike) -> Walk:
        """Play an episode with a stochastic policy, (H, S, A) probabilities; only the losses on its path are seen.

        Raises:
            InvalidInput: if the policy has another shape or is not one, or the schedule has ended.
        """
        instance = self._instance
        table = np.asarray(policy, dtype=float)
        expected = (instance.horizon, instance.n_states, instance.n_actions)
        if table.shape != expected:
            raise InvalidInput(f"a policy of shape {table.shape} was played; expected {expected}")
        if self._episode >= instance.n_rounds:
            raise InvalidInput(f"episode {self._episode + 1} on {instance.name}; its schedule has {instance.n_rounds}")
        if not (table.min() >= 0.0 and abs(table.sum(axis=2) - 1.0).max() <= TOLERANCE):
            worst = np.unravel_index(int(abs(table.sum(axis=2) - 1.0).argmax()), expected[:2])
            where = tuple(int(i) for i in worst)
            raise InvalidInput(
                f"the policy at (stage, state) {where} is {table[where].tolist()}; expected probabilities"
            )
        self._episode += 1
        losses = instance.losses(self._episode)
        values, _ = evaluate(instance.transitions, table, losses)
        self.total += float(self._initial @ values[0])
        moves, choices = self.chance.random(instance.horizon), self.private.random(instance.horizon)
        states, actions = np.empty(instance.horizon, np.int64), np.empty(instance.horizon, np.int64)
        s = self._draw(self._first, moves[0])
        for h in range(instance.horizon):
            a = self._draw(table[h, s].cumsum(), choices[h])
            states[h], actions[h] = s, a
            if h < instance.horizon - 1:
                s = self._draw(self._cumulative[h, s, a], moves[h + 1])
        self.actions.extend(actions.tolist())
        return Walk(states, actions, losses[np.arange(instance.horizon), states, actions])

    @staticmethod
    def _draw(cumulative: Float, u: float) -> int:
        """The index whose share of the last entry u falls into; never one of probability zero."""
        return int(cumulative.searchsorted(u * cumulative[-1], side="right"))

    def revealed(self) -> Float:
        """The whole loss table of the last episode, (H, S, A), for algorithms of full information.

        Raises:
            RuntimeError: before the first episode.
        """
        if self._episode == 0:
            raise RuntimeError("the losses were asked for before the first episode")
        return self._instance.losses(self._episode)

    def successor(self, stage: int, state: int, action: int) -> int:
        """One call of the simulator: s' from P_h(. | s, a)."""
        return self._draw(self._cumulative[stage, state, action], self.simulator.random())

    def counts(self, policy: Float, n: int) -> Int:
        """How often ``n`` simulated trajectories of a policy visit (h, s, a), (H, S, A).

        Drawn stage by stage as multinomials: the law of the counts of n independent trajectories, at no cost in n.
        """
        instance = self._instance
        counts = np.zeros(policy.shape, np.int64)
        states = self.simulator.multinomial(n, self._initial)
        for h in range(instance.horizon):
            counts[h] = self.simulator.multinomial(states, policy[h] / policy[h].sum(axis=1, keepdims=True))
            if h < instance.horizon - 1:
                states = self.simulator.multinomial(counts[h], instance.transitions[h]).sum(axis=(0, 1))
        return counts

    def trajectories(self, policy: Float, n: int) -> Int:
        """The pairs s A + a that ``n`` simulated trajectories of a policy visit, in order, (n, H)."""
        instance = self._instance
        pairs = np.empty((n, instance.horizon), np.int64)
        states = self.simulator.choice(instance.n_states, n, p=self._initial)
        totals = np.cumsum(policy, axis=2)
        for h in range(instance.horizon):
            rows = totals[h, states]
            actions = (rows <= self.simulator.random(n)[:, None] * rows[:, -1:]).sum(axis=1)
            pairs[:, h] = states * instance.n_actions + actions
            if h < instance.horizon - 1:
                rows = self._cumulative[h, states, actions]
                states = (rows <= self.simulator.random(n)[:, None] * rows[:, -1:]).sum(axis=1)
        return pairs
