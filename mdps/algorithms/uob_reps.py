"""UOB-REPS (Jin, Jin, Luo, Sra and Yu 2020): mirror descent on occupancies, transitions unknown, bandit feedback."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from mdps.adversarial import AdversarialProblem, AdversarialWorld, Walk
from mdps.planning.layered import Float
from mdps.uncertain import BoxProjection, bernstein_box, upper_occupancy
from theory.errors import InvalidInput
from theory.theorems.uob_reps import log_term


class UOBREPS(NamedTuple):
    """Losses are divided by an upper bound u of the occupancy over the confidence set; epochs double the counts.

    Attributes:
        learning_rate: eta > 0. implicit: gamma > 0, added to u. delta: in (0, 1). :func:`tuned` has the theorem's.
        scale: of the confidence radius; 1 in the theorem, anything else is a practical rescaling.
    """

    learning_rate: float
    implicit: float
    delta: float = 0.05
    scale: float = 1.0


class UncertainMoment(NamedTuple):
    """What an episode shows to a watch.

    Attributes:
        log_q, next_log_q: log qhat_t and log qhat_{t+1}, lists of (S A, S), the last (S A, 1).
        policy, upper, estimate: pi_t, u_t and lhat_t, (H, S, A).
        low, high: the boxes of the epoch that qhat_{t+1} is projected on, (H - 1, S, A, S).
        epoch: its number, from 1. walk: the episode.
    """

    log_q: list[Float]
    next_log_q: list[Float]
    policy: Float
    upper: Float
    estimate: Float
    low: Float
    high: Float
    epoch: int
    walk: Walk


def tuned(n_states: int, n_actions: int, horizon: int, n_episodes: int, delta: float = 0.05) -> UOBREPS:
    """eta = gamma = sqrt(L ln(L |X| |A|/delta)/(T |X| |A|)), |X| = L S."""
    pairs = horizon * n_states * n_actions
    rate = math.sqrt(horizon * math.log(horizon * pairs / delta) / (n_episodes * pairs))
    return UOBREPS(rate, rate, delta)


def allocate(params: UOBREPS, problem: AdversarialProblem) -> None:
    """Check the hyper-parameters.

    Raises:
        InvalidInput: unless rates and scale are positive and delta is in (0, 1).
    """
    for name in ("learning_rate", "implicit", "scale"):
        if not getattr(params, name) > 0.0:
            raise InvalidInput(f"UOBREPS: {name} is {getattr(params, name)!r}; expected > 0")
    if not 0.0 < params.delta < 1.0:
        raise InvalidInput(f"UOBREPS: delta is {params.delta!r}; expected in (0, 1)")


def policy_of(log_q: list[Float], shape: tuple[int, ...]) -> Float:
    """pi(a | s) proportional to sum_y q(s, a, y), (H, S, A)."""
    mass = np.stack([np.exp(q).sum(axis=1) for q in log_q]).reshape(shape)
    return mass / mass.sum(axis=2, keepdims=True)


def doubled(visits: Float, at_start: Float) -> bool:
    """Whether some pair has max(1, 2 N) visits, N those at the start of the epoch."""
    return bool((visits >= np.maximum(1.0, 2.0 * at_start)).any())


def play(
    params: UOBREPS, problem: AdversarialProblem, world: AdversarialWorld, horizon: int
) -> Iterator[UncertainMoment]:
    """Algorithm 2, with Comp-UOB as :func:`mdps.uncertain.upper_occupancy`."""
    n_states, n_actions, layers = problem.n_states, problem.n_actions, problem.horizon
    shape = (layers, n_states, n_actions)
    project = BoxProjection(n_states, n_actions, layers, problem.initial)
    logs = float(log_term(n_states, n_actions, layers, problem.n_episodes, params.delta))
    counts = np.zeros((layers - 1, n_states, n_actions, n_states))
    visits = np.zeros(shape)
    at_start, epoch = visits.copy(), 1
    low, high = bernstein_box(counts, logs, params.scale)
    pairs = n_states * n_actions
    uniform = [np.full((pairs, n_states), 1.0 / (pairs * n_states)) for _ in range(layers - 1)]
    log_q = [np.log(q) for q in (*uniform, np.full((pairs, 1), 1.0 / pairs))]
    for _ in range(horizon):
        policy = policy_of(log_q, shape)
        upper = upper_occupancy(low, high, problem.initial, policy)
        walk = world.episode(policy)
        at = np.arange(layers), walk.states, walk.actions
        estimate = np.zeros(shape)
        estimate[at] = walk.losses / (upper[at] + params.implicit)
        visits[at] += 1.0
        for h in range(layers - 1):
            counts[h, walk.states[h], walk.actions[h], walk.states[h + 1]] += 1.0
        if doubled(visits, at_start):
            at_start, epoch = visits.copy(), epoch + 1
            low, high = bernstein_box(counts, logs, params.scale)
        moved = [q - params.learning_rate * lhat.reshape(-1, 1) for q, lhat in zip(log_q, estimate)]
        following = project(moved, low, high)
        yield UncertainMoment(log_q, following, policy, upper, estimate, low, high, epoch, walk)
        log_q = following
