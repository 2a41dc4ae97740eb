"""Latent MDPs: closed forms, random models, and the hard family of Zhou, Wang and Du (2023)."""

from __future__ import annotations

import itertools
import math

import numpy as np
import numpy.typing as npt

from mdps.instances.checks import index_below, integer_at_least, number_between
from mdps.latent import LatentMDP
from theory.errors import InvalidInput


def latent_bandit(horizon: int = 3, n_contexts: int = 2) -> LatentMDP:
    """One state, as many actions as contexts: action m pays 1/H in context m, all others nothing.

    One pull tells the first two contexts apart: for M = 2, V* = 1 - 1/(2H), the best memoryless value is 1/2.

    Raises:
        InvalidInput: fewer than one stage or two contexts.
    """
    integer_at_least("horizon", horizon, 1)
    integer_at_least("n_contexts", n_contexts, 2)
    rewards = np.eye(n_contexts)[:, None, :] / horizon
    return LatentMDP(
        np.full(n_contexts, 1.0 / n_contexts), np.ones((n_contexts, 1)),
        np.ones((n_contexts, 1, n_contexts, 1)), rewards, horizon,
        name=f"latent bandit, M = {n_contexts}, H = {horizon}",
    )  # fmt: skip


def two_state(q: float = 0.8, horizon: int = 3) -> LatentMDP:
    """Start in state 0; state 1 pays 1/H. In context m action m leads to state 1 w.p. q, the other w.p. 1 - q.

    For H = 3, V* = (1/2 + q^2 + (1-q)^2)/3.

    Raises:
        InvalidInput: q outside [0, 1] or fewer than one stage.
    """
    number_between("q", q, 0.0, 1.0)
    integer_at_least("horizon", horizon, 1)
    up = np.array([[q, 1.0 - q], [1.0 - q, q]])  # [context, action]
    p = np.broadcast_to(np.stack([1.0 - up, up], axis=-1)[:, None], (2, 2, 2, 2))
    rewards = np.zeros((2, 2, 2))
    rewards[:, 1] = 1.0 / horizon
    initial = np.array([[1.0, 0.0], [1.0, 0.0]])
    return LatentMDP(np.full(2, 0.5), initial, p, rewards, horizon, name=f"two states, q = {q:g}, H = {horizon}")


def random_latent(
    n_contexts: int = 2, n_states: int = 2, n_actions: int = 2, horizon: int = 3, *, shared_rewards: bool = True,
    seed: int = 0,
) -> LatentMDP:  # fmt: skip
    """Dirichlet(1) transitions, initial laws and weights; rewards uniform in [0, 1/H], in each context its own or not.

    Raises:
        InvalidInput: a size below 1.
    """
    sizes = {"n_contexts": n_contexts, "n_states": n_states, "n_actions": n_actions, "horizon": horizon}
    for name, value in sizes.items():
        integer_at_least(name, value, 1)
    rng = np.random.default_rng(seed)
    rewards = rng.random((n_contexts, n_states, n_actions)) / horizon
    if shared_rewards:
        rewards[:] = rewards[0]
    return LatentMDP(
        0.5 / n_contexts + 0.5 * rng.dirichlet(np.ones(n_contexts)),
        rng.dirichlet(np.ones(n_states), n_contexts),
        rng.dirichlet(np.ones(n_states), (n_contexts, n_states, n_actions)),
        rewards, horizon, name=f"random, M = {n_contexts}, S = {n_states}, A = {n_actions}, H = {horizon}, seed {seed}",
    )  # fmt: skip


def deterministic(
    n_contexts: int = 2, n_states: int = 3, n_actions: int = 2, horizon: int = 3, *, seed: int = 0
) -> LatentMDP:
    """Every context is the same MDP with deterministic transitions and start: every policy's return is certain.

    So Var* = 0, which needs both: contexts of different returns would make the return random through w.

    Raises:
        InvalidInput: a size below 1.
    """
    sizes = {"n_contexts": n_contexts, "n_states": n_states, "n_actions": n_actions, "horizon": horizon}
    for name, value in sizes.items():
        integer_at_least(name, value, 1)
    rng = np.random.default_rng(seed)
    to = rng.integers(n_states, size=(n_states, n_actions))
    rewards = rng.random((n_states, n_actions)) / horizon
    initial = np.eye(n_states)[0]
    return LatentMDP(
        np.full(n_contexts, 1.0 / n_contexts), np.tile(initial, (n_contexts, 1)),
        np.tile(np.eye(n_states)[to], (n_contexts, 1, 1, 1)), np.tile(rewards, (n_contexts, 1, 1)), horizon,
        name=f"deterministic, M = {n_contexts}, S = {n_states}, A = {n_actions}, H = {horizon}, seed {seed}",
    )  # fmt: skip


def gamble(success: npt.ArrayLike = ((0.5, 0.6), (0.6, 0.55)), horizon: int = 4) -> LatentMDP:
    """One decision, then H - 1 stages that pay it out: total reward 1 whatever H.

    From state 0 action a leads in context m to state 1 with probability ``success[m][a]``, else to state 2. Both are
    absorbing; state 1 pays 1/(H - 1). V* = max_a of the mean success over contexts, which are equally likely.

    Raises:
        InvalidInput: fewer than two stages, or a success outside [0, 1].
    """
    integer_at_least("horizon", horizon, 2)
    table = np.asarray(success, dtype=np.float64)
    if table.ndim != 2 or not ((table >= 0) & (table <= 1)).all():
        raise InvalidInput(f"success is {table.tolist()}; expected (n_contexts, n_actions) probabilities")
    m, a = table.shape
    p = np.zeros((m, 3, a, 3))
    p[:, 0, :, 1], p[:, 0, :, 2] = table, 1.0 - table
    p[:, 1, :, 1] = p[:, 2, :, 2] = 1.0
    rewards = np.zeros((m, 3, a))
    rewards[:, 1] = 1.0 / (horizon - 1)
    initial = np.tile([1.0, 0.0, 0.0], (m, 1))
    return LatentMDP(np.full(m, 1.0 / m), initial, p, rewards, horizon, name=f"gamble, M = {m}, A = {a}, H = {horizon}")


def permutation(
    n_contexts: int = 2, n_actions: int = 2, depth: int = 0, base: float = 0.5, epsilon: float = 0.1, *,
    secrets: npt.ArrayLike | None = None, seed: int = 0,
) -> LatentMDP:  # fmt: skip
    """The hard family: an encoding phase that spells the context, then a guessing phase (lower bound, Gamma = 2).

    The guessing half of the states is a complete A-ary tree of the given depth and two reward states. The encoding
    half, as many states e, is visited in an order that is the context's own permutation, whatever the actions, and
    leads to the root. From a leaf, each action leads to the good state with probability ``base``, the context's secret
    (leaf, action) with ``base + epsilon``, else to the bad state; being in the good state pays 1 at the last stage.
    H = e + depth + 2, S = 2 e. A history policy knows the context at the root: V* = base + epsilon.

    Args:
        n_contexts: at most e!, e = tree nodes + 2. n_actions: A >= 2. depth: of the tree.
        base, epsilon: base + epsilon <= 1. secrets: index leaf * A + action of each context; default drawn with seed.

    Raises:
        InvalidInput: parameters out of range.
    """
    integer_at_least("n_contexts", n_contexts, 1)
    integer_at_least("n_actions", n_actions, 2)
    integer_at_least("depth", depth, 0)
    number_between("base", base, 0.0, 1.0)
    number_between("epsilon", epsilon, 0.0, 1.0 - base)
    n_leaves = n_actions**depth
    inner = (n_leaves - 1) // (n_actions - 1)
    tree = inner + n_leaves
    half = tree + 2
    if n_contexts > math.factorial(half):
        raise InvalidInput(f"n_contexts is {n_contexts}; expected at most (S/2)! = {math.factorial(half)}")
    arms = n_leaves * n_actions
    if secrets is None:
        secrets = np.random.default_rng(seed).integers(arms, size=n_contexts)
    secret = np.asarray(secrets)
    if secret.shape != (n_contexts,):
        raise InvalidInput(f"secrets have shape {secret.shape}; expected ({n_contexts},)")
    for value in secret:
        index_below("secrets", int(value), arms)
    root, good, bad = half, half + tree, half + tree + 1
    p = np.zeros((n_contexts, 2 * half, n_actions, 2 * half))
    initial = np.zeros((n_contexts, 2 * half))
    for m, order in enumerate(itertools.islice(itertools.permutations(range(half)), n_contexts)):
        initial[m, order[0]] = 1.0
        for here, there in itertools.pairwise([*order, root]):
            p[m, here, :, there] = 1.0
        for node in range(inner):
            for a in range(n_actions):
                p[m, root + node, a, root + node * n_actions + 1 + a] = 1.0
        success = np.full(arms, base)
        success[secret[m]] += epsilon
        p[m, root + inner : good, :, good] = success.reshape(n_leaves, n_actions)
        p[m, root + inner : good, :, bad] = 1.0 - success.reshape(n_leaves, n_actions)
        p[m, good, :, good] = p[m, bad, :, bad] = 1.0
    rewards = np.zeros((n_contexts, 2 * half, n_actions))
    rewards[:, good] = 1.0
    return LatentMDP(
        np.full(n_contexts, 1.0 / n_contexts), initial, p, rewards, half + depth + 2,
        name=f"permutation, M = {n_contexts}, S = {2 * half}, A = {n_actions}, epsilon {epsilon:.3g}",
    )  # fmt: skip


def revealed(instance: LatentMDP) -> LatentMDP:
    """The same problem with the context shown in the state: S' = M S states, state (m, s) at index m S + s.

    A policy then plays each context's own optimum: V* = sum_m w_m V*_m.
    """
    m, s, a = instance.rewards.shape
    initial, rewards = np.zeros((m, m * s)), np.zeros((m, m * s, a))
    p = np.zeros((m, m * s, a, m * s))
    for i in range(m):
        mine = slice(i * s, (i + 1) * s)
        initial[i, mine] = instance.initial[i]
        for j in range(m):  # copies of the other contexts are never visited; they are the other contexts
            copy = slice(j * s, (j + 1) * s)
            rewards[i, copy] = instance.rewards[j]
            p[i, copy, :, copy] = instance.transitions[j]
    return LatentMDP(instance.weights, initial, p, rewards, instance.horizon, name=f"{instance.name}, context revealed")
