"""Families of adversarial MDPs: random layers, linear ones, contextual and linear bandits; and loss schedules."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from mdps.adversarial import AdversarialMDP
from mdps.planning.layered import Float, Int
from theory.errors import InvalidInput, UnknownName


def _at_least(minimum: int, **sizes: int) -> None:
    for name, value in sizes.items():
        if value < minimum:
            raise InvalidInput(f"{name} is {value}; expected at least {minimum}")


def blocks(n_episodes: int, n_tables: int = 2, n_blocks: int = 4) -> Int:
    """Schedule of ``n_blocks`` blocks of equal length (the last takes the rest), block b with table b mod n_tables."""
    _at_least(1, n_episodes=n_episodes, n_tables=n_tables, n_blocks=n_blocks)
    length = -(-n_episodes // n_blocks)
    return (np.arange(n_episodes) // length) % n_tables


def shuffled(n_episodes: int, n_tables: int, seed: int = 0) -> Int:
    """Schedule of independent uniform tables, drawn once: still an oblivious sequence."""
    _at_least(1, n_episodes=n_episodes, n_tables=n_tables)
    return np.random.default_rng(seed).integers(n_tables, size=n_episodes)


def from_losses(transitions: npt.ArrayLike, losses: npt.ArrayLike, initial: Float | int = 0) -> AdversarialMDP:
    """A sequence of the user's own, losses (K, H, S, A), with one-hot features."""
    table = np.array(losses, dtype=float)
    if table.ndim != 4:
        raise InvalidInput(f"losses have shape {table.shape}; expected (K, H, S, A)")
    return AdversarialMDP(
        np.asarray(transitions, dtype=float), table, np.arange(len(table)), initial, name=f"{len(table)} loss tables"
    )


def layered(
    n_states: int = 3, n_actions: int = 2, horizon: int = 3, n_episodes: int = 400, *, n_tables: int = 2,
    n_blocks: int = 4, seed: int = 0,
) -> AdversarialMDP:  # fmt: skip
    """Random rows (uniform on the simplex) and random tables (uniform on [0, 1]), switching in blocks; one-hot."""
    _at_least(1, n_states=n_states, n_actions=n_actions, horizon=horizon)
    rng = np.random.default_rng(seed)
    return AdversarialMDP(
        rng.dirichlet(np.ones(n_states), size=(horizon - 1, n_states, n_actions)),
        rng.random((n_tables, horizon, n_states, n_actions)),
        blocks(n_episodes, n_tables, n_blocks),
        rng.dirichlet(np.ones(n_states)),
        name=f"layered({n_states} states, {n_actions} actions, {horizon} layers)",
    )


def simplex_layered(
    n_states: int = 3, n_actions: int = 2, horizon: int = 3, dimension: int = 2, n_episodes: int = 400, *,
    n_tables: int = 2, n_blocks: int = 4, seed: int = 0,
) -> AdversarialMDP:  # fmt: skip
    """A random linear MDP: features on the simplex, measures that are distributions, loss parameters in [0, 1]^d."""
    _at_least(1, n_states=n_states, n_actions=n_actions, horizon=horizon, dimension=dimension)
    rng = np.random.default_rng(seed)
    features = rng.dirichlet(np.ones(dimension), size=(horizon, n_states, n_actions))
    measures = rng.dirichlet(np.ones(n_states), size=(horizon - 1, dimension))
    parameters = rng.random((n_tables, horizon, dimension))
    transitions = np.einsum("hsad,hdy->hsay", features[: horizon - 1], measures)
    return AdversarialMDP(
        transitions / transitions.sum(axis=3, keepdims=True),
        np.clip(np.einsum("hsad,mhd->mhsa", features, parameters), 0.0, 1.0),
        blocks(n_episodes, n_tables, n_blocks),
        rng.dirichlet(np.ones(n_states)),
        features,
        name=f"simplex({n_states} states, {n_actions} actions, {horizon} layers, d={dimension})",
    )


def contextual(
    n_contexts: int = 4, n_actions: int = 3, dimension: int = 3, n_episodes: int = 400, *, n_tables: int = 2,
    n_blocks: int = 4, seed: int = 0,
) -> AdversarialMDP:  # fmt: skip
    """One layer: a contextual linear bandit with finitely many contexts of known law."""
    return simplex_layered(
        n_contexts, n_actions, 1, dimension, n_episodes, n_tables=n_tables, n_blocks=n_blocks, seed=seed
    )


def linear_bandit(
    dimension: int = 3, n_actions: int = 6, n_episodes: int = 400, *, n_tables: int = 2, n_blocks: int = 4,
    seed: int = 0,
) -> AdversarialMDP:  # fmt: skip
    """One layer, one state: an adversarial linear bandit, features on the simplex."""
    return simplex_layered(
        1, n_actions, 1, dimension, n_episodes, n_tables=n_tables, n_blocks=n_blocks, seed=seed
    )  # fmt: skip


def armed(n_actions: int = 2, n_episodes: int = 400, *, n_blocks: int = 1, low: float = 0.0) -> AdversarialMDP:
    """One layer, one state, one-hot: a multi-armed bandit whose arm b mod A loses ``low`` in block b, the others 1."""
    tables = 1.0 - (1.0 - low) * np.eye(n_actions)
    return AdversarialMDP(
        np.zeros((0, 1, n_actions, 1)), tables[:, None, None, :], blocks(n_episodes, n_actions, n_blocks),
        name=f"armed({n_actions} actions)",
    )  # fmt: skip


def rare_directions(n_episodes: int = 400) -> AdversarialMDP:
    """One layer, four actions: the first loses nothing; the others lose 1, and are rare once that has been learned.

    Their features span two dimensions of their own, (1, 1), (1, -1) and (1, 0) up to scale: whitened, the first two
    have a negative product, of size 1/6 over their probability.
    """
    height, width = 1.0 / math.sqrt(3.0), 1.0 / math.sqrt(2.0)
    features = [[1.0, 0.0, 0.0], [0.0, height, width], [0.0, height, -width], [0.0, height, 0.0]]
    return AdversarialMDP(
        np.zeros((0, 1, 4, 1)), np.array([[[[0.0, 1.0, 1.0, 1.0]]]]), np.zeros(n_episodes, np.int64), 0,
        np.array(features)[None, None], "rare directions",
    )  # fmt: skip


def opposite_directions(spread: float, n_episodes: int = 1) -> AdversarialMDP:
    """One layer, four actions with the features (1, r), (1, -r) up to scale and (0, 1), (0, -1), r = sqrt(spread).

    If the last two are hardly played, the second direction has the variance ``spread``: with gamma = spread the plain
    estimate of the third reaches -1/(2 gamma), the magnitude-reduced one -1/(4 sqrt(gamma)).
    """
    if not 0.0 < spread <= 1.0:
        raise InvalidInput(f"spread is {spread}; expected in (0, 1]")
    features = np.array([[1.0, math.sqrt(spread)], [1.0, -math.sqrt(spread)], [0.0, 1.0], [0.0, -1.0]])
    features[:2] /= math.sqrt(1.0 + spread)
    losses = 0.5 * features[:, 0]
    return AdversarialMDP(
        np.zeros((0, 1, 4, 1)), losses[None, None, None], np.zeros(n_episodes, np.int64), 0,
        features[None, None], f"opposite directions({spread:g})",
    )  # fmt: skip


#: Name -> maker of the instance for a number of episodes.
NAMED: dict[str, Callable[[int], AdversarialMDP]] = {
    "layered": lambda n_episodes: layered(n_episodes=n_episodes),
    "layered-large": lambda n_episodes: layered(6, 4, 5, n_episodes, n_tables=3, seed=1),
    "simplex": lambda n_episodes: simplex_layered(n_episodes=n_episodes),
    "contextual": lambda n_episodes: contextual(n_episodes=n_episodes),
    "linear-bandit": lambda n_episodes: linear_bandit(n_episodes=n_episodes),
    "rare-directions": rare_directions,
    "two-arms": lambda n_episodes: armed(2, n_episodes),
}


def named_adversarial_mdp(name: str, n_episodes: int) -> AdversarialMDP:
    """An instance of :data:`NAMED` with a schedule of ``n_episodes``.

    Raises:
        UnknownName: no such instance (with the nearest names). InvalidInput: fewer than one episode.
    """
    if name not in NAMED:
        raise UnknownName("instance", name, list(NAMED))
    return NAMED[name](n_episodes)
