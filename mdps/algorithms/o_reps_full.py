"""O-REPS with full information (Zimin and Neu 2013): the whole loss table is seen after every episode."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from mdps.adversarial import AdversarialProblem, AdversarialWorld
from mdps.algorithms.o_reps import MirrorMoment, descend
from mdps.occupancies import Projection, flow_policy
from theory.errors import InvalidInput


class OREPSFull(NamedTuple):
    """q_{t+1} = argmin over occupancies of eta <q, l_t> + KL(q | q_t).

    Attributes:
        learning_rate: eta > 0; :func:`tuned` has the theorem's.
    """

    learning_rate: float


def tuned(n_states: int, n_actions: int, n_episodes: int) -> OREPSFull:
    """eta = sqrt(2 log(XA/L)/T) for ``n_states`` states in every layer."""
    return OREPSFull(math.sqrt(2.0 * math.log(n_states * n_actions) / n_episodes))


def allocate(params: OREPSFull, problem: AdversarialProblem) -> None:
    """Check the hyper-parameters.

    Raises:
        InvalidInput: for a learning rate <= 0.
    """
    if not params.learning_rate > 0.0:
        raise InvalidInput(f"OREPSFull: learning_rate is {params.learning_rate!r}; expected > 0")


def play(
    params: OREPSFull, problem: AdversarialProblem, world: AdversarialWorld, horizon: int
) -> Iterator[MirrorMoment]:
    """Mirror descent from the occupancy of largest entropy."""
    project = Projection(problem.transitions, problem.initial, problem.n_actions)
    log_q = project(np.zeros((problem.horizon, problem.n_states, problem.n_actions)))
    for _ in range(horizon):
        policy = flow_policy(np.exp(log_q))
        walk = world.episode(policy)
        losses = world.revealed()
        following = project(descend(log_q, losses, params.learning_rate))
        yield MirrorMoment(log_q, policy, losses, following, walk)
        log_q = following
