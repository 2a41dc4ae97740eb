"""Random models: dense Dirichlet kernels and Garnets."""

from __future__ import annotations

import numpy as np

from mdps.instances.checks import integer_at_least, positive_number
from mdps.instances.registry import instance_family
from mdps.model import MDP
from theory.errors import InvalidInput

#: Rows drawn at once while a Garnet is built (bounds the memory beyond the model itself).
_CHUNK_ROWS = 1 << 16


def _n_stages(stage_dependent: bool, horizon: int | None) -> int:
    if stage_dependent and horizon is None:
        raise InvalidInput("stage_dependent is True but horizon is None; a stage-dependent model needs a horizon")
    return horizon if stage_dependent and horizon is not None else 1


@instance_family
def random_mdp(
    n_states: int,
    n_actions: int,
    horizon: int | None = None,
    discount: float | None = None,
    seed: int = 0,
    concentration: float = 1.0,
    stage_dependent: bool = False,
    reward_law: str = "deterministic",
) -> MDP:
    """Every transition row Dirichlet(concentration, ...), every mean reward uniform on [0, 1], first state 0.

    Args:
        concentration: Dirichlet parameter; small values give nearly deterministic rows, 1 is uniform on the simplex.
        stage_dependent: independent kernels and rewards for each of the ``horizon`` stages.

    Raises:
        InvalidInput: sizes < 1, concentration <= 0, or stage_dependent without a horizon.
    """
    integer_at_least("n_states", n_states, 1)
    integer_at_least("n_actions", n_actions, 1)
    positive_number("concentration", concentration)
    if horizon is not None:
        integer_at_least("horizon", horizon, 1)
    rng = np.random.default_rng(seed)
    shape = (_n_stages(stage_dependent, horizon), n_states, n_actions)
    p = rng.dirichlet(np.full(n_states, concentration), size=shape)
    r = rng.random(shape)
    return MDP.from_dense(
        p if stage_dependent else p[0],
        r if stage_dependent else r[0],
        horizon=horizon,
        discount=discount,
        reward_law=reward_law,
        name=f"random-{n_states}x{n_actions}-seed{seed}",
    )


@instance_family
def garnet(
    n_states: int,
    n_actions: int,
    n_successors: int,
    horizon: int | None = None,
    discount: float | None = None,
    seed: int = 0,
    stage_dependent: bool = False,
    reward_law: str = "deterministic",
) -> MDP:
    """Garnet (Archibald, McKinnon and Thomas 1995): each row reaches ``n_successors`` distinct uniform states.

    The probabilities are the lengths into which uniform points cut the unit interval, that is Dirichlet(1, ..., 1);
    mean rewards are uniform on [0, 1]; the first state is 0. Built as successor lists, never dense: 1e6 states x 10
    actions x 10 successors take about 1.8 GB, the size of the model itself.

    Raises:
        InvalidInput: sizes < 1, n_successors > n_states, or stage_dependent without a horizon.
    """
    integer_at_least("n_states", n_states, 1)
    integer_at_least("n_actions", n_actions, 1)
    integer_at_least("n_successors", n_successors, 1)
    if n_successors > n_states:
        raise InvalidInput(f"n_successors is {n_successors}; expected at most n_states = {n_states}")
    if horizon is not None:
        integer_at_least("horizon", horizon, 1)
    rng = np.random.default_rng(seed)
    n_rows = _n_stages(stage_dependent, horizon) * n_states * n_actions
    successors = np.empty((n_rows, n_successors), dtype=np.int64)
    probabilities = np.empty((n_rows, n_successors))
    for start in range(0, n_rows, _CHUNK_ROWS):
        chunk = slice(start, min(start + _CHUNK_ROWS, n_rows))
        successors[chunk] = _distinct_states(rng, chunk.stop - chunk.start, n_states, n_successors)
        lengths = rng.standard_exponential((chunk.stop - chunk.start, n_successors))
        probabilities[chunk] = lengths / lengths.sum(axis=1, keepdims=True)
    # The constructor validates like from_csr but keeps the arrays instead of copying them.
    initial = np.zeros(n_states)
    initial[0] = 1.0
    return MDP(
        indptr=np.arange(0, n_rows * n_successors + 1, n_successors, dtype=np.int64),
        successors=successors.reshape(-1),
        probabilities=probabilities.reshape(-1),
        rewards=rng.random(n_rows),
        initial=initial,
        n_states=n_states,
        n_actions=n_actions,
        horizon=horizon,
        discount=discount,
        stage_dependent=stage_dependent,
        reward_law=reward_law,
        name=f"garnet-{n_states}x{n_actions}x{n_successors}-seed{seed}",
    )


def _distinct_states(rng: np.random.Generator, n_rows: int, n_states: int, size: int) -> np.ndarray:
    """Uniform subsets of ``size`` states, one per row, sorted: Floyd's algorithm (Bentley and Floyd 1987), all rows at
    once. Step j draws from 0..j and takes j itself if the draw was chosen before."""
    chosen = np.empty((n_rows, size), dtype=np.int64)
    for column, j in enumerate(range(n_states - size, n_states)):
        draw = rng.integers(0, j + 1, n_rows)
        taken = (chosen[:, :column] == draw[:, None]).any(axis=1)
        chosen[:, column] = np.where(taken, j, draw)
    chosen.sort(axis=1)
    return chosen
