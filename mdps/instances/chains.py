"""Chains: RiverSwim, the slippery chain, DeepSea."""

from __future__ import annotations

import numpy as np

from mdps.instances.checks import integer_at_least, number_between
from mdps.instances.registry import instance_family
from mdps.model import MDP


@instance_family
def river_swim(n_states: int = 6, horizon: int | None = None, discount: float | None = None) -> MDP:
    """RiverSwim (Strehl and Littman 2008): swimming right against the current pays, but rarely moves.

    Action 0 (left) moves left for sure and earns 0.005 in state 0. Action 1 (right) goes up with probability 0.6 from
    state 0 (else stays); in between goes up / stays / goes down with 0.35 / 0.6 / 0.05; in the last state stays with
    0.6 and earns 1 (else goes down). The first state is 0. With neither horizon nor discount the criterion is the
    average reward.

    Raises:
        InvalidInput: n_states < 2.
    """
    integer_at_least("n_states", n_states, 2)
    last = n_states - 1
    p = np.zeros((n_states, 2, n_states))
    r = np.zeros((n_states, 2))
    p[np.arange(n_states), 0, np.maximum(np.arange(n_states) - 1, 0)] = 1.0
    p[0, 1, [0, 1]] = 0.4, 0.6
    for s in range(1, last):
        p[s, 1, [s - 1, s, s + 1]] = 0.05, 0.6, 0.35
    p[last, 1, [last - 1, last]] = 0.4, 0.6
    r[0, 0], r[last, 1] = 0.005, 1.0
    return MDP.from_dense(p, r, horizon=horizon, discount=discount, name=f"river-swim-{n_states}")


@instance_family
def chain(
    n_states: int = 5,
    slip: float = 0.2,
    small_reward: float = 0.2,
    horizon: int | None = None,
    discount: float | None = None,
) -> MDP:
    """The slippery chain (Strens 2000), rewards divided by 10 so that they lie in [0, 1].

    Action 0 (back) returns to state 0 and earns ``small_reward``; action 1 (forward) moves on and earns nothing,
    except in the last state, where it stays and earns 1. With probability ``slip`` the other action happens instead,
    with its reward; ``rewards`` are the means.

    Raises:
        InvalidInput: n_states < 2, or slip or small_reward outside [0, 1].
    """
    integer_at_least("n_states", n_states, 2)
    number_between("slip", slip, 0.0, 1.0)
    number_between("small_reward", small_reward, 0.0, 1.0)
    states = np.arange(n_states)
    moves = np.zeros((n_states, 2, n_states))
    moves[states, 0, 0] = 1.0
    moves[states, 1, np.minimum(states + 1, n_states - 1)] = 1.0
    earned = np.zeros((n_states, 2))
    earned[:, 0], earned[-1, 1] = small_reward, 1.0
    return MDP.from_dense(
        (1.0 - slip) * moves + slip * moves[:, ::-1],
        (1.0 - slip) * earned + slip * earned[:, ::-1],
        horizon=horizon,
        discount=discount,
        name=f"chain-{n_states}",
    )


@instance_family
def deep_sea(size: int = 10, move_cost: float = 0.01, slip: float = 0.0) -> MDP:
    """DeepSea (Osband, Van Roy, Russo and Wen 2019): one action sequence in 2**size finds the treasure.

    The diver sinks one row a step, from column 0, for ``horizon = size`` steps: action 0 goes left (or stays in
    column 0), action 1 goes right and fails (goes left) with probability ``slip``. Going right in the last column of
    the last row earns 1. In the original every step right costs ``move_cost / size``; here every step *left* earns
    that much instead and the treasure pays exactly 1: the return of every policy is larger by the constant
    ``move_cost`` and all rewards lie in [0, 1]. With slip 0 the optimal value is 1.

    States are the size*(size+1)/2 reachable cells, row by row; below the last row the dive starts anew (never within
    an episode). Labels are "row,column".

    Raises:
        InvalidInput: size < 2, or move_cost or slip outside [0, 1].
    """
    integer_at_least("size", size, 2)
    number_between("move_cost", move_cost, 0.0, 1.0)
    number_between("slip", slip, 0.0, 1.0)
    row = np.repeat(np.arange(size), np.arange(1, size + 1))
    column = np.concatenate([np.arange(i + 1) for i in range(size)])
    bottom = row == size - 1
    below = (row + 1) * (row + 2) // 2
    left = np.where(bottom, 0, below + np.maximum(column - 1, 0))
    right = np.where(bottom, 0, below + column + 1)
    n_states = len(row)
    rewards = np.zeros((n_states, 2))
    rewards[:, 0] = move_cost / size
    rewards[-1, 1] = 1.0
    # Successor lists, since the dense kernel grows as size**4: one entry for left, two for right when it may fail.
    if slip == 0.0:
        indptr = np.arange(2 * n_states + 1)
        successors = np.column_stack([left, right]).reshape(-1)
        probabilities = np.ones(2 * n_states)
    else:
        indptr = np.concatenate([[0], np.cumsum(np.tile([1, 2], n_states))])
        successors = np.column_stack([left, left, right]).reshape(-1)
        probabilities = np.tile([1.0, slip, 1.0 - slip], n_states)
    return MDP.from_csr(
        indptr,
        successors,
        probabilities,
        rewards,
        n_states=n_states,
        n_actions=2,
        horizon=size,
        name=f"deep-sea-{size}",
        labels=tuple(f"{i},{j}" for i, j in zip(row.tolist(), column.tolist())),
    )
