"""GOLF (Jin, Liu and Miryoosefi 2021): optimism over functions whose squared Bellman error is near the least."""

from __future__ import annotations

import math
from collections.abc import Generator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from kernels.driven import DRIVEN
from mdps.algorithms.glow import Moment, most_optimistic
from mdps.bellman_tests import Statistics, add_walks, no_data
from mdps.function_classes import FunctionProblem, FunctionWorld
from mdps.model import Float
from theory.errors import InvalidInput

PROTOCOL = DRIVEN


class GOLF(NamedTuple):
    """F^(t) = {f: L_h(f_h, f_{h+1}) - min_{g in F_h} L_h(g, f_{h+1}) <= beta for all h}; optimism as in GLOW.

    L_h(g, f) sums (g(s, a) - r - max f(s', .))^2 over all tuples of stage h. The difference is
    2 sum [Dh f w - w^2/2] with w = f_h - g: a GLOW test with signed, unclipped weights f - g and alpha = 1/2.
    beta = 23 log(2|F|^2 H T/delta), the published order with the constant of Freedman's inequality.

    Attributes:
        delta: failure probability. beta_scale: multiplies beta; 1 in the theorem.
    """

    delta: float = 0.1
    beta_scale: float = 1.0


def allocate(params: GOLF, problem: FunctionProblem) -> FunctionProblem:
    """Nothing to prepare but the checks.

    Raises:
        InvalidInput: if a hyper-parameter is out of its range.
    """
    if not 0.0 < params.delta < 1.0:
        raise InvalidInput(f"GOLF: delta is {params.delta}; expected a number in (0, 1)")
    if not 0.0 <= params.beta_scale < math.inf:
        raise InvalidInput(f"GOLF: beta_scale is {params.beta_scale}; expected a finite number >= 0")
    return problem


def excess_losses(data: Statistics, functions: Float) -> Float:
    """L_h(f_h, f_{h+1}) - min_{g in F_h} L_h(g, f_{h+1}) for every f and h, (|F|, H)."""
    # Up to what does not depend on g, L_h(g, f) = sum_z n g^2 - 2 g (n f - e_f): n f - e_f sums r + max f_{h+1}.
    targets = data.counts * functions - data.errors
    squares = (data.counts * functions**2).sum(axis=(2, 3))
    losses = squares - 2.0 * np.einsum("fhsa,ghsa->fgh", targets, functions)
    own = np.einsum("ffh->fh", losses)
    return np.asarray(own - losses.min(axis=1))


def threshold(params: GOLF, problem: FunctionProblem) -> float:
    """beta."""
    pairs = 2.0 * len(problem.functions) ** 2 * problem.horizon * problem.n_rounds
    return params.beta_scale * 23.0 * math.log(pairs / params.delta)


def constrained(params: GOLF, problem: FunctionProblem, data: Statistics, beta: float) -> npt.NDArray[np.bool_]:
    """F^(t)."""
    return np.asarray((excess_losses(data, problem.functions) <= beta).all(axis=1))


def play(params: GOLF, problem: FunctionProblem, world: FunctionWorld, horizon: int) -> Generator[Moment, None, Float]:
    """Rounds t = 1, 2, ...; the summary is the function chosen in each."""
    data, played = no_data(problem.functions), np.zeros(horizon)
    beta = threshold(params, problem)
    for t in range(horizon):
        members = constrained(params, problem, data, beta)
        chosen = most_optimistic(problem.values[:, 0] @ data.starts, members)
        policy = problem.policy_of[chosen]
        walks = world.trajectories(problem.policies[policy], 1)
        add_walks(data, problem.functions, problem.values, walks)
        played[t] = chosen
        yield Moment(chosen, members, walks, np.zeros((0, *data.counts.shape)))
    return played
