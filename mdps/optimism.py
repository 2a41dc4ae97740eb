"""Optimistic value iteration on counts: what UCBVI-CH and UCBVI-BF share (Azar, Osband and Munos 2017, Algorithms 1-2).

The model is stationary: the transition counts of all stages are pooled. They are kept as integers (exact in float64)
and are not normalised, so that an episode changes H of them and nothing else. States are the lanes of a vector:
``transitions[a, block, y, lane]`` counts (state 8 block + lane, a, y), and one pass over y gives the expectations of
eight states at once, each summed in the order y = 0, 1, ... whatever the machine.

Eight rows of Q are recomputed only if the counts of one of them changed, or the next stage's value changed at a state
that one of them has been seen to lead to; otherwise the recursion would give the same numbers again. An algorithm
adds the bonus: a compiled
``fill_bonus(params, state, h, action, block)`` that writes ``model.bonus`` (infinite for unvisited pairs), given the
expectations in ``model.mean``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from kernels.jit import inlined
from kernels.lanes import LANES, highest, lower_to_sum, weighted_means
from mdps.model import Float, Int
from theory.errors import InvalidInput


class OptimisticModel(NamedTuple):
    """Counts and optimistic values of one run. S' is S rounded up to whole blocks of eight states.

    Attributes:
        transitions: N(s, a, y), shape (A, S'/8, S, 8). visits: N(s, a), shape (A, S'). inverse: 1/N or 0, (A, S').
        leads: whether a state of the block has been seen to move to y, shape (S'/8, S).
        rewards: known mean rewards, shape (H, A, S').
        q: shape (H, A, S'), non-increasing over episodes. values: shape (H + 1, S'), the last row zero.
        states, actions: the last episode, shapes (H + 1,) and (H,).
        stale: which (action, block) got new counts, shape (A, S'/8).
        moved: states whose value changed at stage h, in row h % 2, shape (2, 2 S).
        mean, bonus, best, greedy: expectations, bonuses, max_a Q and argmax of the block at hand, shape (8,).
    """

    transitions: Float
    visits: Float
    inverse: Float
    leads: npt.NDArray[np.bool_]
    rewards: Float
    q: Float
    values: Float
    states: Int
    actions: Int
    stale: npt.NDArray[np.bool_]
    moved: Int
    mean: Float
    bonus: Float
    best: Float
    greedy: Int


def allocate_model(problem: Any) -> OptimisticModel:
    """Arrays for an :class:`~mdps.loops.EpisodicProblem`."""
    s, a, h = problem.n_states, problem.n_actions, problem.horizon
    blocks = -(-s // LANES)
    padded = blocks * LANES
    rewards = np.zeros((h, a, padded))
    rewards[:, :, :s] = problem.rewards.transpose(0, 2, 1)
    return OptimisticModel(
        transitions=np.zeros((a, blocks, s, LANES)),
        visits=np.zeros((a, padded)),
        inverse=np.zeros((a, padded)),
        leads=np.zeros((blocks, s), np.bool_),
        rewards=rewards,
        q=np.zeros((h, a, padded)),
        values=np.zeros((h + 1, padded)),
        states=np.zeros(h + 1, np.int64),
        actions=np.zeros(h, np.int64),
        stale=np.zeros((a, blocks), np.bool_),
        moved=np.zeros((2, 2 * s), np.int64),
        mean=np.zeros(LANES),
        bonus=np.zeros(LANES),
        best=np.zeros(LANES),
        greedy=np.zeros(LANES, np.int64),
    )


def check_confidence(delta: float) -> None:
    """Refuse a confidence parameter outside (0, 1).

    Raises:
        InvalidInput: naming the value.
    """
    if not 0.0 < delta < 1.0:
        raise InvalidInput(f"delta is {delta}; expected a number in (0, 1)")


def check_accuracy(epsilon: float) -> None:
    """Refuse an accuracy that is not positive or not finite.

    Raises:
        InvalidInput: naming the value.
    """
    if not 0.0 < epsilon < np.inf:
        raise InvalidInput(f"epsilon is {epsilon}; expected a finite number > 0")


def check_scale(name: str, scale: float) -> None:
    """Refuse a bonus factor that is negative or not finite.

    Raises:
        InvalidInput: naming the value.
    """
    if not (np.isfinite(scale) and scale >= 0.0):
        raise InvalidInput(f"{name} is {scale}; expected a finite number >= 0")


@inlined
def reset(model, policy):
    """No data: Q = H everywhere, and the greedy action of lowest index is action 0."""
    n_stages = model.q.shape[0]
    model.transitions[...] = 0.0
    model.visits[...] = 0.0
    model.inverse[...] = 0.0
    model.leads[...] = False
    model.stale[...] = False
    model.q[...] = n_stages
    model.values[...] = n_stages
    model.values[n_stages] = 0.0
    policy[...] = 0


@inlined
def remember(model, h, s, a, following):
    """Keep a step of the episode; the counts must not change before its end."""
    model.states[h] = s
    model.actions[h] = a
    model.states[h + 1] = following


@inlined
def fold(model):
    """Count the last episode: N(s, a, y), N(s, a) over all stages."""
    for h in range(model.actions.shape[0]):
        s, a, y = model.states[h], model.actions[h], model.states[h + 1]
        block = s // LANES
        model.transitions[a, block, y, s - block * LANES] += 1.0
        model.visits[a, s] += 1.0
        model.inverse[a, s] = 1.0 / model.visits[a, s]
        model.leads[block, y] = True
        model.stale[a, block] = True


def planner(fill_bonus: Callable[..., Any]) -> Callable[..., Any]:
    """The compiled recursion of an algorithm, ``improve(params, state) -> whether a greedy action changed``.

    ``fill_bonus`` (see the module's docstring) is bound here and not handed over at each call, because Numba does not
    keep code on disk that takes compiled functions as arguments.
    """

    @inlined
    def improve(params, state):
        """Algorithm 2: Q_h = min{Q_h of the last episode, H, r + Ph V_{h+1} + b}, V_h = max_a Q_h, h = H, ..., 1."""
        model = state.model
        n_stages, n_actions, padded = model.q.shape
        blocks, n_states = model.leads.shape
        greedy_changed = False
        n_moved = 0  # states whose V_{h+1} changed
        for h in range(n_stages - 1, -1, -1):
            n_changed = 0
            for block in range(blocks):
                base = block * LANES
                led = False
                for i in range(n_moved):
                    if model.leads[block, model.moved[(h + 1) % 2, i]]:
                        led = True
                        break
                touched = led
                for a in range(n_actions):
                    if led or model.stale[a, block]:
                        touched = True
                        row = a * padded + base
                        at = row * n_states
                        weighted_means(
                            model.transitions, at, model.values, (h + 1) * padded, n_states,
                            model.inverse, row, model.mean, 0,
                        )  # fmt: skip
                        fill_bonus(params, state, h, a, block)
                        to = h * n_actions * padded + row
                        lower_to_sum(model.q, to, model.rewards, to, model.mean, 0, model.bonus, 0)
                if touched:
                    at = h * n_actions * padded + base
                    highest(model.q, at, padded, n_actions, model.best, 0, model.greedy, 0)
                    for lane in range(min(LANES, n_states - base)):
                        s = base + lane
                        if model.best[lane] != model.values[h, s]:
                            model.values[h, s] = model.best[lane]
                            model.moved[h % 2, n_changed] = s
                            n_changed += 1
                        if model.greedy[lane] != state.policy[h, s]:
                            state.policy[h, s] = model.greedy[lane]
                            greedy_changed = True
            n_moved = n_changed
        model.stale[...] = False
        return greedy_changed

    return improve  # type: ignore[no-any-return]
