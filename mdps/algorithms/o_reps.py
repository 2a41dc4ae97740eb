"""O-REPS with bandit feedback (Zimin and Neu 2013): mirror descent on occupancies, known transitions."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from mdps.adversarial import AdversarialProblem, AdversarialWorld, Walk
from mdps.occupancies import Projection, flow_policy
from mdps.planning.layered import Float
from theory.errors import InvalidInput


class OREPS(NamedTuple):
    """q_{t+1} = argmin over occupancies of eta <q, lhat_t> + KL(q | q_t), lhat = 1{visited} l/q.

    Attributes:
        learning_rate: eta > 0; :func:`tuned` has the theorem's.
    """

    learning_rate: float


class MirrorMoment(NamedTuple):
    """What an episode shows to a watch: log q_t, the policy played, lhat_t, and log q_{t+1}, each (H, S, A)."""

    log_occupancy: Float
    policy: Float
    estimate: Float
    next_log_occupancy: Float
    walk: Walk


def tuned(n_states: int, n_actions: int, horizon: int, n_episodes: int) -> OREPS:
    """eta = sqrt(2 L log(XA/L)/(X A T)) for ``n_states`` states in each of L = ``horizon`` layers."""
    pairs = n_states * n_actions
    return OREPS(math.sqrt(2.0 * math.log(pairs) / (pairs * n_episodes)))


def require_rate(params: OREPS) -> None:
    """Raises InvalidInput unless the learning rate is positive."""
    if not params.learning_rate > 0.0:
        raise InvalidInput(f"{type(params).__name__}: learning_rate is {params.learning_rate!r}; expected > 0")


def allocate(params: OREPS, problem: AdversarialProblem) -> None:
    """Check the hyper-parameters.

    Raises:
        InvalidInput: for a learning rate <= 0.
    """
    require_rate(params)


def estimate_losses(log_q: Float, walk: Walk) -> Float:
    """1{(s, a) visited} l(s, a)/q(s, a), (H, S, A)."""
    estimate = np.zeros(log_q.shape)
    at = np.arange(len(log_q)), walk.states, walk.actions
    estimate[at] = walk.losses * np.exp(-log_q[at])
    return estimate


def descend(log_q: Float, losses: Float, rate: float) -> Float:
    """log of q exp(-eta l), before the projection."""
    return log_q - rate * losses


def play(params: OREPS, problem: AdversarialProblem, world: AdversarialWorld, horizon: int) -> Iterator[MirrorMoment]:
    """Mirror descent from the occupancy of largest entropy."""
    project = Projection(problem.transitions, problem.initial, problem.n_actions)
    log_q = project(np.zeros((problem.horizon, problem.n_states, problem.n_actions)))
    for _ in range(horizon):
        policy = flow_policy(np.exp(log_q))
        walk = world.episode(policy)
        estimate = estimate_losses(log_q, walk)
        following = project(descend(log_q, estimate, params.learning_rate))
        yield MirrorMoment(log_q, policy, estimate, following, walk)
        log_q = following
