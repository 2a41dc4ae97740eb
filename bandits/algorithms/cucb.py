"""CombUCB1 (Kveton, Wen, Ashkan and Szepesvari 2015) for combinatorial semi-bandits with an exact oracle."""

from __future__ import annotations

import math
from collections.abc import Generator
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from bandits.combinatorial import CombinatorialProblem, CombinatorialWorld
from kernels.driven import DRIVEN
from theory.errors import InvalidInput

Float = npt.NDArray[np.float64]

PROTOCOL = DRIVEN


class CombUCB1(NamedTuple):
    """Play the action of the largest sum of mean_e + sqrt(width log(t) / N_e), t past rounds; ties to the first.

    Actions that hold an item not seen yet come first.

    Attributes:
        width: 1.5 in the theorem (Kveton et al. 2015, equation (2)); must be >= 0.
    """

    width: float = 1.5


class Moment(NamedTuple):
    """A round: the action, upper bounds of the items when it was chosen, (L,) (nan before all are seen), its items
    and their rewards.
    """

    action: int
    upper: Float
    items: npt.NDArray[np.int64]
    rewards: Float


def allocate(params: CombUCB1, problem: CombinatorialProblem) -> None:
    """Check the hyper-parameters.

    Raises:
        InvalidInput: unless width is a number >= 0.
    """
    if not 0.0 <= params.width < math.inf:
        raise InvalidInput(f"width of CombUCB1 is {params.width}; expected a finite number >= 0")


def upper_bounds(params: CombUCB1, means: Float, pulls: Float, past: int) -> Float:
    """Upper confidence bounds of the items after ``past`` rounds, equation (2)."""
    return np.asarray(means + np.sqrt(params.width * math.log(past) / pulls))


def oracle(actions: Float, weights: Float) -> int:
    """The action of the largest sum of weights, ties to the first; exact, by enumeration."""
    return int(np.argmax(actions @ weights))


def initial_action(actions: Float, pulls: Float) -> int:
    """An action that shows the most items not seen yet, ties to the first."""
    return int(np.argmax(actions @ (pulls == 0.0).astype(float)))


def play(
    params: CombUCB1, problem: CombinatorialProblem, world: CombinatorialWorld, horizon: int
) -> Generator[Moment, None, Any]:
    """Algorithm 1."""
    pulls, means = np.zeros(problem.n_items), np.zeros(problem.n_items)
    upper = np.full(problem.n_items, np.nan)
    for t in range(1, horizon + 1):
        if (pulls == 0.0).any():
            action = initial_action(problem.actions, pulls)
        else:
            upper = upper_bounds(params, means, pulls, t - 1)
            action = oracle(problem.actions, upper)
        items, rewards = world.play(action)
        pulls[items] += 1.0
        means[items] += (rewards - means[items]) / pulls[items]
        yield Moment(action, upper, items, rewards)
    return pulls
