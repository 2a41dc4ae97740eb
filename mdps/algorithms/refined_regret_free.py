"""Log-barrier policy optimisation without a simulator (Dai, Luo, Wei and Zimmert 2023, Algorithm 3), linear MDPs.

A policy cover is learned first. Then epochs of fixed length: within one the leader's policy is played, but with
probability delta_e the cover's up to a random layer h*, which keeps every direction that can be reached observed.
The first half of an epoch estimates the covariance, the second half the Q-function and the bonus-to-go.

Known to the algorithm: features, and nothing of the transitions.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import NamedTuple

import numpy as np

from mdps.adversarial import AdversarialProblem, AdversarialWorld, Walk
from mdps.covariance import regularised_inverse
from mdps.dilated import features_of, local_bonus, pairs_of, widths
from mdps.leaders import barrier_leaders
from mdps.planning.layered import Float, deterministic
from theory.errors import InvalidInput


class RefinedRegretFree(NamedTuple):
    """Algorithm 3. The theorem's rate needs phases far longer than any run here: the sizes are explicit arguments.

    Attributes:
        learning_rate: eta. bonus_scale: beta. regularization: gamma. exploration: delta_e in (0, 1).
        epoch: W, even. n_batches: M_0. batch: N_0, the cover phase has M_0 N_0 episodes.
        threshold: alpha; the paper's is delta_e/(6 beta). planning_bonus: xi of the cover's value iteration.
    """

    learning_rate: float
    bonus_scale: float
    regularization: float
    exploration: float
    epoch: int
    n_batches: int
    batch: int
    threshold: float
    planning_bonus: float


def orders(n_episodes: int, n_batches: int, batch: int, planning_bonus: float = 1.0) -> RefinedRegretFree:
    """delta_e = K^(-1/9), beta = eta = K^(-2/9), gamma = K^(-1/3), W = K^(2/3): the orders, with all constants 1."""
    k = float(n_episodes)
    exploration, bonus = k ** (-1.0 / 9.0), k ** (-2.0 / 9.0)
    epoch = 2 * max(1, round(0.5 * k ** (2.0 / 3.0)))
    return RefinedRegretFree(
        bonus, bonus, k ** (-1.0 / 3.0), exploration, epoch, n_batches, batch, exploration / (6.0 * bonus),
        planning_bonus,
    )  # fmt: skip


class Cover(NamedTuple):
    """What the first phase leaves.

    Attributes:
        policies: pi_1 .. pi_{M_0}, (M_0, H, S, A). gram: Gamma of the last batch, (H, d, d).
        known: states s with max_a |phi(s, a)|^2 <= alpha in the inverse of Gamma/M_0, (H, S).
    """

    policies: Float
    gram: Float
    known: np.ndarray


class Update(NamedTuple):
    """The estimates of an epoch: Sigma^+ (H, d, d); thetahat, Lambdahat (H, d); b, Qhat, Bhat (H, S, A)."""

    inverse: Float
    theta: Float
    slope: Float
    bonus: Float
    estimate: Float
    dilated: Float


class FreeMoment(NamedTuple):
    """What an episode shows to a watch.

    Attributes:
        walk: the episode. played: its policy, (H, S, A).
        gram: Gamma while the cover is learned (after the episode's batch, if it was its last), else the final one.
        cover: None while it is learned. target: pi_j of the epoch. member, turn: the cover's policy and h* of an
            exploring episode, -1 otherwise. update: the estimates, in the last episode of an epoch.
        compose, importance: the algorithm's own functions.
    """

    walk: Walk
    played: Float
    gram: Float
    cover: Cover | None = None
    target: Float | None = None
    member: int = -1
    turn: int = -1
    update: Update | None = None
    compose: Callable[[Float, Float, int], Float] | None = None
    importance: Callable[[int, int], Float] | None = None


def allocate(params: RefinedRegretFree, problem: AdversarialProblem) -> None:
    """Check the hyper-parameters.

    Raises:
        InvalidInput: saying which is out of range.
    """
    for name in ("learning_rate", "bonus_scale", "regularization", "threshold"):
        if not getattr(params, name) > 0.0:
            raise InvalidInput(f"RefinedRegretFree: {name} is {getattr(params, name)!r}; expected > 0")
    if not 0.0 < params.exploration < 1.0:
        raise InvalidInput(f"RefinedRegretFree: exploration is {params.exploration!r}; expected in (0, 1)")
    if not params.planning_bonus >= 0.0:
        raise InvalidInput(f"RefinedRegretFree: planning_bonus is {params.planning_bonus!r}; expected >= 0")
    if params.epoch < 2 or params.epoch % 2:
        raise InvalidInput(f"RefinedRegretFree: epoch is {params.epoch}; expected an even number of episodes")
    if params.n_batches < 1 or params.batch < 1:
        raise InvalidInput(f"RefinedRegretFree: {params.n_batches} batches of {params.batch}; expected at least 1")


def ramp(value: Float, width: float) -> Float:
    """1 for values >= 0, 0 for values <= -width, linear between."""
    return np.clip(1.0 + value / width, 0.0, 1.0)


def optimistic_policy(
    params: RefinedRegretFree, problem: AdversarialProblem, gram: Float, targets: Float, width: float
) -> Float:
    """Greedy for the least-squares values of the reward ramp(|phi|^2 - alpha/M_0) with bonus xi |phi|, clipped at H.

    ``targets[h]`` holds the sum of phi over the transitions of layer h into each state, (S, d).
    """
    phi = features_of(problem)
    horizon, shape = problem.horizon, (problem.n_states, problem.n_actions)
    inverse = regularised_inverse(gram, 0.0)
    width2 = widths(phi, inverse)
    reward = ramp(width2 - params.threshold / params.n_batches, width)
    actions, values = np.zeros((horizon, problem.n_states), np.int64), np.zeros(problem.n_states)
    for h in range(horizon - 1, -1, -1):
        q = reward[h] + params.planning_bonus * np.sqrt(width2[h])
        if h < horizon - 1:
            q = q + phi[h] @ (inverse[h] @ (values @ targets[h])) / params.batch  # (N_0 Gamma)^{-1} sum phi V(s')
        q = np.minimum(q, horizon).reshape(shape)
        actions[h], values = q.argmax(axis=1), q.max(axis=1)
    return deterministic(actions, problem.n_actions)


def grown(gram: Float, seen: Float, batch: int) -> Float:
    """Gamma + (1/N_0) sum phi phi^T over a batch, ``seen`` (N_0, H, d)."""
    return gram + np.einsum("nhd,nhe->hde", seen, seen) / batch


def policy_cover(
    params: RefinedRegretFree, problem: AdversarialProblem, world: AdversarialWorld
) -> Generator[FreeMoment, None, Cover]:
    """PolicyCover(M_0, N_0)."""
    phi, d = features_of(problem), problem.features.shape[3]
    layers = np.arange(problem.horizon)
    gram = np.broadcast_to(np.eye(d), (problem.horizon, d, d)).copy()
    targets = np.zeros((problem.horizon - 1, problem.n_states, d))
    policies = []
    for _ in range(params.n_batches):
        policy = optimistic_policy(params, problem, gram, targets, 1.0 / problem.n_episodes)
        policies.append(policy)
        seen = np.zeros((params.batch, problem.horizon, d))
        for n in range(params.batch):
            walk = world.episode(policy)
            seen[n] = phi[layers, pairs_of(walk, problem.n_actions)]
            for h in range(problem.horizon - 1):
                targets[h, walk.states[h + 1]] += seen[n, h]
            if n == params.batch - 1:
                gram = grown(gram, seen, params.batch)
            yield FreeMoment(walk, policy, gram)
    width2 = widths(phi, regularised_inverse(gram / params.n_batches, 0.0)).reshape(problem.features.shape[:3])
    return Cover(np.stack(policies), gram, width2.max(axis=2) <= params.threshold)


def compose(member: Float, policy: Float, turn: int) -> Float:
    """The cover's policy in the layers 0 .. h*, the leader's afterwards; the leader's alone for h* = -1."""
    return np.concatenate([member[: turn + 1], policy[turn + 1 :]])


def importance(turn: int, horizon: int) -> Float:
    """(1 - Y) + Y H 1{h = h*} for every layer, (H,); Y = 0 is h* = -1."""
    return np.ones(horizon) if turn < 0 else horizon * (np.arange(horizon) == turn)


def bonus_to_go(bonus: Float, walk: Walk) -> Float:
    """D_h = sum_{i > h} (1 + 1/H)^{i - h} b(s_i, a_i), (H,)."""
    horizon = len(bonus)
    collected = np.zeros(horizon + 1)
    for h in range(horizon - 2, -1, -1):
        ahead = bonus[h + 1, walk.states[h + 1], walk.actions[h + 1]]
        collected[h] = (1.0 + 1.0 / horizon) * (ahead + collected[h + 1])
    return collected[:horizon]


def estimates(
    params: RefinedRegretFree, problem: AdversarialProblem, cover: Cover, policy: Float,
    walks: list[Walk], turns: list[int],
) -> Update:  # fmt: skip
    """Sigma^+ from the first half of the epoch's episodes, thetahat and Lambdahat from the second."""
    phi, half = features_of(problem), params.epoch // 2
    layers = np.arange(problem.horizon)
    seen = np.stack([phi[layers, pairs_of(walk, problem.n_actions)] for walk in walks])
    weights = np.stack([importance(turn, problem.horizon) for turn in turns])
    first, second = (weights[:half], seen[:half]), (weights[half:], seen[half:])
    inverse = regularised_inverse(np.einsum("nh,nhd,nhe->hde", *first, seen[:half]) / half, params.regularization)
    bonus = local_bonus(widths(phi, inverse), policy, params.bonus_scale) * cover.known[:, :, None]
    losses = np.stack([walk.to_go for walk in walks[half:]])
    bonuses = np.stack([bonus_to_go(bonus, walk) for walk in walks[half:]])
    theta, slope = (
        np.einsum("hde,he->hd", inverse, np.einsum("nh,nhd,nh->hd", *second, values) / half)
        for values in (losses, bonuses)
    )
    estimate, ahead = ((phi @ x[:, :, None]).reshape(policy.shape) for x in (theta, slope))
    return Update(inverse, theta, slope, bonus, estimate, bonus + ahead)


def play(
    params: RefinedRegretFree, problem: AdversarialProblem, world: AdversarialWorld, horizon: int
) -> Generator[FreeMoment, None, None]:
    """Algorithm 3.

    Raises:
        InvalidInput: if the run is shorter than the cover phase.
    """
    if params.n_batches * params.batch > horizon:
        raise InvalidInput(
            f"the cover takes {params.n_batches} x {params.batch} episodes; expected at most the {horizon} of the run"
        )
    cover = yield from policy_cover(params, problem, world)
    total = np.zeros((problem.horizon, problem.n_states, problem.n_actions))  # sum of Qhat - Bhat
    policy, _ = barrier_leaders(total, params.learning_rate)
    walks: list[Walk] = []
    turns: list[int] = []
    for _ in range(horizon - params.n_batches * params.batch):
        turn = member = -1
        played = policy
        if world.private.random() < params.exploration:
            turn = int(world.private.integers(problem.horizon))
            member = int(world.private.integers(params.n_batches))
            played = compose(cover.policies[member], policy, turn)
        walks.append(world.episode(played))
        turns.append(turn)
        update, target = None, policy
        if len(walks) == params.epoch:
            update = estimates(params, problem, cover, policy, walks, turns)
            total = total + update.estimate - update.dilated
            policy, _ = barrier_leaders(total, params.learning_rate)
        yield FreeMoment(walks[-1], played, cover.gram, cover, target, member, turn, update, compose, importance)
        if update is not None:
            walks, turns = [], []
