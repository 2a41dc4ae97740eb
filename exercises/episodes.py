"""Random episodic models for the checks of the exercises on Markov decision processes, and episodes on them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from exercises.compare import require
from mdps.instances.random import random_mdp
from mdps.model import MDP
from proofs_check.course import Broken

Float = npt.NDArray[np.float64]
Int = npt.NDArray[np.int64]

#: Names of the axes of values, policies and action values, for the place of a wrong entry.
STATES, PAIRS = ("stage", "state"), ("stage", "state", "action")


class Model(NamedTuple):
    """A model and its dense arrays.

    Attributes:
        mdp: as the project has it. transitions: (H, S, A, S). rewards: (H, S, A). initial: (S,).
    """

    mdp: MDP
    transitions: Float
    rewards: Float
    initial: Float

    @property
    def sizes(self) -> tuple[int, int, int]:
        """H, S, A."""
        return self.rewards.shape  # type: ignore[return-value]

    def problem(self, n_episodes: int, features: Float | None = None) -> dict[str, Any]:
        """What ``allocate`` of a submitted algorithm is given; ``features``: (S, A, d)."""
        horizon, n_states, n_actions = self.sizes
        return {
            "n_states": n_states, "n_actions": n_actions, "horizon": horizon, "n_episodes": n_episodes,
            "stage_dependent": self.mdp.stage_dependent, "rewards": self.rewards,
            "features": np.zeros((n_states, n_actions, 0)) if features is None else features,
        }  # fmt: skip


def dense(mdp: MDP) -> Model:
    """A model with its stages written out."""
    shape = (mdp.horizon or 1, mdp.n_states, mdp.n_actions)
    p, r = mdp.dense()
    return Model(
        mdp, np.ascontiguousarray(np.broadcast_to(p, (*shape, mdp.n_states))),
        np.ascontiguousarray(np.broadcast_to(r, shape)), mdp.initial,
    )  # fmt: skip


def random_model(seed: int, *, stage_dependent: bool = True, least_actions: int = 2) -> Model:
    """3 to 5 stages, 3 or 4 states, 2 or 3 actions; Dirichlet rows, uniform rewards and a random first state."""
    rng = np.random.default_rng(seed)
    n_states, n_actions, horizon = (int(rng.integers(*ends)) for ends in ((3, 5), (least_actions, 4), (3, 6)))
    mdp = random_mdp(n_states, n_actions, horizon, seed=seed, concentration=0.5, stage_dependent=stage_dependent)
    return dense(replace(mdp, initial=rng.dirichlet(np.ones(n_states))))


def random_policy(model: Model, rng: np.random.Generator) -> Int:
    """Actions, (H, S), uniform."""
    horizon, n_states, n_actions = model.sizes
    return rng.integers(n_actions, size=(horizon, n_states))


class Visit(NamedTuple):
    """A step of an episode: stage, state, action, reward and the next state."""

    h: int
    s: int
    a: int
    reward: float
    following: int


def episode(model: Model, rng: np.random.Generator, act: Callable[[int, int], int]) -> list[Visit]:
    """The steps of one episode; ``act(h, s)`` chooses."""
    horizon, n_states, _ = model.sizes
    s, steps = int(rng.choice(n_states, p=model.initial)), []
    for h in range(horizon):
        a = act(h, s)
        following = int(rng.choice(n_states, p=model.transitions[h, s, a]))
        steps.append(Visit(h, s, a, float(model.rewards[h, s, a]), following))
        s = following
    return steps


def played(model: Model, rng: np.random.Generator, policy: Int) -> list[Visit]:
    """The steps of one episode of a policy, (H, S)."""
    return episode(model, rng, lambda h, s: int(policy[h, s]))


def require_optimism(statement: str, q: Any, optimal_q: Float, where: str) -> None:
    """Raise :class:`Broken` unless Q* <= Q at every stage, state and action; nan is not optimistic."""
    have = np.asarray(q, dtype=float)
    require("Q has an entry for every stage, state and action", have.shape, optimal_q.shape, where=where)
    for h, s, a in np.argwhere(~(have >= optimal_q - 1e-9)).tolist():
        raise Broken(
            statement,
            where=f"{where}, stage {h}, state {s}, action {a}",
            expected=f"at least {optimal_q[h, s, a]:.6g}",
            found=float(have[h, s, a]),
        )


def require_parts(answer: Any, function: str, names: str) -> list[Any]:
    """The results of a function that returns several; ``names`` as in "values, q, policy".

    Raises:
        Broken: it returned something else.
    """
    if not isinstance(answer, list) or len(answer) != names.count(",") + 1:
        shown = f"{len(answer)} things" if isinstance(answer, list) else type(answer).__name__
        raise Broken(f"{function} returns {names}", expected=f"({names})", found=shown)
    return answer
