"""Follow the perturbed leader with uniform noise, and its law exactly (Kalai and Vempala 2005, FPL)."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from bandits.experts import FULL_INFORMATION
from bandits.model import BanditProblem
from kernels.jit import compiled
from kernels.random import random
from theory.errors import InvalidInput

PROTOCOL = FULL_INFORMATION

Float = npt.NDArray[np.float64]


class FTPLUniform(NamedTuple):
    """A_t = argmin_i L_{t-1,i} + U_{t,i}, U uniform on [0, 1/epsilon]^K, fresh in every round.

    Attributes:
        epsilon: > 0; :func:`tuned` gives the theorem's.
    """

    epsilon: float


def tuned(n_arms: int, horizon: int) -> FTPLUniform:
    """epsilon = sqrt(2 / (K T)), the least of epsilon K T + 2/epsilon."""
    return FTPLUniform(math.sqrt(2.0 / (n_arms * horizon)))


class PerturbedState(NamedTuple):
    """L and the law of A_t, (K,); losses in ascending order, (K,); Gauss-Legendre nodes and weights on [0, 1]."""

    total: Float
    probabilities: Float
    ascending: Float
    nodes: Float
    weights: Float


def allocate(params: FTPLUniform, problem: BanditProblem) -> PerturbedState:
    """Arrays of one run.

    Raises:
        InvalidInput: unless epsilon is a finite number > 0.
    """
    if not 0.0 < params.epsilon < math.inf:
        raise InvalidInput(f"epsilon of FTPL is {params.epsilon}; expected a finite number > 0")
    total, probabilities, ascending = np.zeros((3, problem.n_arms))
    nodes, weights = np.polynomial.legendre.leggauss(problem.n_arms // 2 + 1)
    return PerturbedState(total, probabilities, ascending, 0.5 * (nodes + 1.0), 0.5 * weights)


@compiled
def uniform_law(total, epsilon, ascending, nodes, weights, law):
    """P(i = argmin L + U) into ``law``.

    It is epsilon times the integral over s in [L_i, min L + 1/epsilon] of prod_{j != i, L_j < s} (1 - epsilon (s -
    L_j)): a polynomial of degree < K between consecutive losses, which the quadrature integrates exactly.
    """
    n_arms = total.shape[0]
    for i in range(n_arms):  # insertion sort
        place = i
        while place > 0 and ascending[place - 1] > total[i]:
            ascending[place] = ascending[place - 1]
            place -= 1
        ascending[place] = total[i]
        law[i] = 0.0
    end = ascending[0] + 1.0 / epsilon
    for k in range(n_arms):
        left = ascending[k]
        right = end if k == n_arms - 1 else min(ascending[k + 1], end)
        if right <= left:
            continue
        for q in range(nodes.shape[0]):
            s = left + (right - left) * nodes[q]
            for i in range(n_arms):
                if total[i] <= left:
                    share = epsilon * (right - left) * weights[q]
                    for j in range(n_arms):
                        if j != i and total[j] <= left:
                            share *= 1.0 - epsilon * (s - total[j])
                    law[i] += share


@compiled
def init(params, state):
    """No loss yet."""
    for i in range(state.total.shape[0]):
        state.total[i] = 0.0


@compiled
def act(params, state, t, rng):
    """The perturbed leader; its law is stated beside it and not used."""
    uniform_law(state.total, params.epsilon, state.ascending, state.nodes, state.weights, state.probabilities)
    leader = 0
    lowest = math.inf
    for i in range(state.total.shape[0]):
        loss = state.total[i] + random(rng) / params.epsilon
        if loss < lowest:
            lowest = loss
            leader = i
    return leader


@compiled
def observe(params, state, t, arm, row):
    """L += l."""
    for i in range(row.shape[0]):
        state.total[i] += row[i]
