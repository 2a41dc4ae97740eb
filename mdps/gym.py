"""Tabular environments of Gymnasium as models, and models as Gymnasium environments."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import gymnasium
import numpy as np

from mdps.model import BERNOULLI, DETERMINISTIC, MDP
from theory.errors import InvalidInput, UnknownName

#: Longest horizon taken from an environment without being asked, and the one used when it states no step limit.
DEFAULT_HORIZON = 200

#: One entry of ``env.unwrapped.P[s][a]``: probability, next state, reward, terminated.
Outcome = tuple[float, int, float, bool]


def from_gymnasium(
    env: str | gymnasium.Env[Any, Any],
    horizon: int | None = None,
    discount: float | None = None,
    **make_kwargs: Any,
) -> MDP:
    """The exact model of a tabular environment (one with ``env.unwrapped.P``: FrozenLake, Taxi, CliffWalking).

    Termination. Where the process stops, the model goes on in an absorbing state that earns a *raw* reward of 0 for
    ever. Terminal states are made absorbing in place; if one of them is also visited without stopping, one absorbing
    state is added at the end instead. ``meta["terminal_states"]`` lists the absorbing ones.

    Rewards. If some raw reward lies outside [0, 1], all are mapped by (raw + shift) * scale into [0, 1], and so is the
    0 of the absorbing state, which then earns shift * scale a step. A shift of the running steps alone would change
    the optimal policy (with positive shift, stopping late would pay); applied to the absorbing steps as well it adds
    the same constant to the value of every policy: V = scale * (V_raw + horizon * shift), or
    scale * (V_raw + shift / (1 - discount)). Both numbers are in ``meta["reward_shift"]`` and ``meta["reward_scale"]``
    (0 and 1 if nothing was mapped). ``rewards`` are the means over the next state.

    Args:
        env: an environment id, or an environment.
        horizon: stages of an episode. With neither horizon nor discount: the environment's step limit, at most
            ``DEFAULT_HORIZON``, which is also used if there is none; ``meta["horizon_note"]`` says which.
        discount: discount factor.
        **make_kwargs: passed to ``gymnasium.make`` (``map_name="8x8"``, ``is_slippery=False``, ...).

    Raises:
        UnknownName: no such environment id (with the nearest ids).
        InvalidInput: an environment that cannot be made, is not tabular, or has a malformed table.
    """
    if isinstance(env, str):
        made = _make(env, make_kwargs)
        try:
            return from_gymnasium(made, horizon, discount)
        finally:
            made.close()
    if make_kwargs:
        raise InvalidInput(f"{', '.join(make_kwargs)} given with an environment; expected with an environment id only")
    name = env.spec.id if env.spec is not None else type(env.unwrapped).__name__
    n_states, n_actions, table, initial = _read_table(name, env)
    terminal, table = _absorb_terminal(n_states, n_actions, table, initial)
    n_states = len(table)
    initial = np.append(initial, np.zeros(n_states - len(initial)))
    shift, scale = _reward_map(table)

    indptr, successors, probabilities = [0], [], []
    rewards = np.empty(n_states * n_actions)
    for s in range(n_states):
        for a in range(n_actions):
            law: dict[int, float] = {}
            for probability, target, _, _ in table[s][a]:
                law[target] = law.get(target, 0.0) + probability
            successors += list(law)
            probabilities += list(law.values())
            indptr.append(len(successors))
            rewards[s * n_actions + a] = (_mean_reward(table[s][a]) + shift) * scale
    meta: dict[str, Any] = {"environment": name, "terminal_states": terminal}
    meta |= {"reward_shift": shift, "reward_scale": scale}
    if horizon is None and discount is None:
        horizon, meta["horizon_note"] = _default_horizon(env)
    try:
        return MDP.from_csr(
            np.array(indptr),
            np.array(successors),
            probabilities,
            np.clip(rewards, 0.0, 1.0),  # the map above is exact up to rounding
            n_states=n_states,
            n_actions=n_actions,
            initial=initial,
            horizon=horizon,
            discount=discount,
            name=name,
            meta=meta,
        )
    except InvalidInput as error:
        raise InvalidInput(f"environment {name}: {error}") from error


def _make(env_id: str, make_kwargs: dict[str, Any]) -> gymnasium.Env[Any, Any]:
    try:
        return gymnasium.make(env_id, disable_env_checker=True, **make_kwargs)
    except (gymnasium.error.UnregisteredEnv, gymnasium.error.DeprecatedEnv) as error:
        raise UnknownName("environment", env_id, list(gymnasium.registry)) from error
    except Exception as error:  # whatever an environment's own constructor or a missing package raises
        raise InvalidInput(f"environment {env_id} cannot be made: {type(error).__name__}: {error}") from error


def _read_table(name: str, env: gymnasium.Env[Any, Any]) -> tuple[int, int, list[list[list[Outcome]]], np.ndarray]:
    states, actions = env.observation_space, env.action_space
    for what, space in (("observation", states), ("action", actions)):
        if not isinstance(space, gymnasium.spaces.Discrete) or space.start != 0:
            raise InvalidInput(f"environment {name} has the {what} space {space}; expected Discrete(n) starting at 0")
    assert isinstance(states, gymnasium.spaces.Discrete) and isinstance(actions, gymnasium.spaces.Discrete)
    n_states, n_actions = int(states.n), int(actions.n)
    transitions = getattr(env.unwrapped, "P", None)
    if transitions is None:
        raise InvalidInput(f"environment {name} is not tabular: it has no table P[state][action] of transitions")
    distribution = getattr(env.unwrapped, "initial_state_distrib", None)
    if distribution is None:
        raise InvalidInput(f"environment {name} has no initial_state_distrib; expected a distribution over its states")
    initial = np.asarray(distribution, dtype=np.float64)
    if initial.shape != (n_states,):
        raise InvalidInput(
            f"environment {name}: initial_state_distrib has shape {initial.shape}; expected ({n_states},)"
        )
    table: list[list[list[Outcome]]] = []
    for s in range(n_states):
        table.append([])
        for a in range(n_actions):
            try:
                outcomes = [(float(p), int(y), float(r), bool(done)) for p, y, r, done in transitions[s][a]]
            except (KeyError, IndexError):
                raise InvalidInput(f"environment {name}: P[{s}][{a}] is missing") from None
            except (TypeError, ValueError) as error:
                raise InvalidInput(
                    f"environment {name}: P[{s}][{a}] is {transitions[s][a]!r}; "
                    "expected a list of (probability, next state, reward, terminated)"
                ) from error
            for _, target, reward, _ in outcomes:
                if not 0 <= target < n_states:
                    raise InvalidInput(
                        f"environment {name}: P[{s}][{a}] leads to state {target}; "
                        f"expected an index in 0..{n_states - 1}"
                    )
                if not np.isfinite(reward):
                    raise InvalidInput(f"environment {name}: P[{s}][{a}] earns {reward}; expected a finite number")
            table[s].append(outcomes)
    return n_states, n_actions, table, initial


def _absorb_terminal(
    n_states: int, n_actions: int, table: list[list[list[Outcome]]], initial: np.ndarray
) -> tuple[list[int], list[list[list[Outcome]]]]:
    """The absorbing states and the table in which the process goes on there, earning a raw 0."""
    visited = set(np.nonzero(initial)[0].tolist())
    stopped: set[int] = set()
    frontier = list(visited)
    while frontier:
        for outcomes in table[frontier.pop()]:
            for probability, target, _, done in outcomes:
                if probability <= 0.0:
                    continue
                if done:
                    stopped.add(target)
                elif target not in visited:
                    visited.add(target)
                    frontier.append(target)
    if not stopped & visited:
        absorbed = [
            [[(1.0, s, 0.0, True)] for _ in range(n_actions)] if s in stopped else actions
            for s, actions in enumerate(table)
        ]
        return sorted(stopped), absorbed
    # A state is both passed through and stopped in: only an extra state can tell the two apart.
    end = n_states
    redirected = [
        [[(p, end if done else target, r, done) for p, target, r, done in outcomes] for outcomes in actions]
        for actions in table
    ]
    return [end], [*redirected, [[(1.0, end, 0.0, True)] for _ in range(n_actions)]]


def _reward_map(table: list[list[list[Outcome]]]) -> tuple[float, float]:
    """(shift, scale) with (raw + shift) * scale in [0, 1]; no shift unless some raw reward is negative.

    The table holds the absorbing states already, so their 0 is among the raw rewards.
    """
    raw = [reward for actions in table for outcomes in actions for _, _, reward, _ in outcomes]
    low, high = min(raw, default=0.0), max(raw, default=0.0)
    if low >= 0.0 and high <= 1.0:
        return 0.0, 1.0
    shift = -low if low < 0.0 else 0.0
    width = high + shift
    return shift, 1.0 / width if width > 0.0 else 1.0


def _mean_reward(outcomes: list[Outcome]) -> float:
    rewards = [reward for _, _, reward, _ in outcomes]
    if all(reward == rewards[0] for reward in rewards[1:]) and rewards:
        return rewards[0]  # exact, whatever the rounding of the probabilities' sum
    return float(sum(probability * reward for probability, _, reward, _ in outcomes))


def _default_horizon(env: gymnasium.Env[Any, Any]) -> tuple[int, str]:
    limit = env.spec.max_episode_steps if env.spec is not None else getattr(env.unwrapped, "horizon", None)
    if limit is None:
        return DEFAULT_HORIZON, f"the environment has no step limit: horizon {DEFAULT_HORIZON} by default"
    if limit > DEFAULT_HORIZON:
        return DEFAULT_HORIZON, f"the environment's step limit {limit} was cut to the default horizon {DEFAULT_HORIZON}"
    return int(limit), f"the environment's step limit {limit}"


class TabularEnv(gymnasium.Env[np.int64, np.int64]):
    """A model as a Gymnasium environment.

    Observations and actions are state and action indices. An episode is truncated after ``mdp.horizon`` steps (never,
    if the model has none) and never terminates. Rewards are drawn from the model's law. ``P`` and
    ``initial_state_distrib`` describe it as Gymnasium's tabular environments do, with mean rewards, so that
    :func:`from_gymnasium` gives the model back; a stage-dependent model has no such table.
    """

    metadata: dict[str, Any] = {"render_modes": []}  # noqa: RUF012 - the base class declares it so

    def __init__(self, mdp: MDP) -> None:
        self.mdp = mdp
        self.horizon = mdp.horizon
        self.observation_space = gymnasium.spaces.Discrete(mdp.n_states)
        self.action_space = gymnasium.spaces.Discrete(mdp.n_actions)
        self.initial_state_distrib = mdp.initial.copy()
        self._arrays = mdp.arrays()
        self._initial_cumulative = np.cumsum(mdp.initial)
        self._initial_cumulative[np.nonzero(mdp.initial)[0][-1] :] = 1.0  # rounding must not reach states of mass 0
        self._state = -1
        self._step = 0

    @cached_property
    def P(self) -> dict[int, dict[int, list[Outcome]]]:
        """P[state][action]: list of (probability, next state, mean reward, False)."""
        if self.mdp.stage_dependent:
            raise AttributeError("a stage-dependent model has no table P[state][action]")
        mdp, table = self.mdp, {}
        for s in range(mdp.n_states):
            table[s] = {a: self._outcomes(s * mdp.n_actions + a) for a in range(mdp.n_actions)}
        return table

    def _outcomes(self, row: int) -> list[Outcome]:
        entries = slice(int(self.mdp.indptr[row]), int(self.mdp.indptr[row + 1]))
        law = zip(self.mdp.probabilities[entries].tolist(), self.mdp.successors[entries].tolist())
        reward = float(self.mdp.rewards[row])
        return [(probability, target, reward, False) for probability, target in law]

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[np.int64, dict[str, Any]]:
        """Draw a first state; ``seed`` restarts the random stream. ``options`` are not used."""
        super().reset(seed=seed)
        self._step = 0
        self._state = self._draw(self._initial_cumulative)
        return np.int64(self._state), {}

    def step(self, action: np.int64) -> tuple[np.int64, float, bool, bool, dict[str, Any]]:
        """One transition; ``truncated`` is True at the last stage.

        Raises:
            gymnasium.error.ResetNeeded: before ``reset`` or after the last stage.
            InvalidInput: an action outside 0..n_actions-1.
        """
        if self._state < 0 or (self.horizon is not None and self._step >= self.horizon):
            raise gymnasium.error.ResetNeeded("the episode has not begun or is over: call reset() first")
        if not self.action_space.contains(action):
            raise InvalidInput(f"action is {action!r}; expected an index in 0..{self.mdp.n_actions - 1}")
        a = self._arrays
        row = self._step * a.stage_stride + self._state * a.n_actions + int(action)
        first, last = int(a.indptr[row]), int(a.indptr[row + 1])
        self._state = int(a.successors[first + self._draw(a.cumulative[first:last])])
        self._step += 1
        truncated = self.horizon is not None and self._step >= self.horizon
        return np.int64(self._state), self._reward(float(a.rewards[row])), False, truncated, {}

    def _draw(self, cumulative: np.ndarray) -> int:
        return int(np.searchsorted(cumulative, self.np_random.random(), side="right"))

    def _reward(self, mean: float) -> float:
        if self._arrays.reward_law == DETERMINISTIC:
            return mean
        if self._arrays.reward_law == BERNOULLI:
            return float(self.np_random.random() < mean)
        return float(self.np_random.normal(mean, self._arrays.reward_sd))


def to_gymnasium(mdp: MDP) -> TabularEnv:
    """The model as a Gymnasium environment; see :class:`TabularEnv`."""
    return TabularEnv(mdp)
