"""Robust UCB with the median of means (Bubeck, Cesa-Bianchi and Lugosi 2013), for rewards with 1 + e moments only."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from bandits.model import BanditProblem
from bandits.policies import highest
from kernels.jit import compiled, embedded
from theory.errors import InvalidInput


class RobustUCB(NamedTuple):
    """argmax of the median of means + (12 v)^(1/(1+e)) (16 log(e^(1/8)/p) / N)^(e/(1+e)), p = t^-3.

    The mean of k = floor(min(8 log(e^(1/8)/p), N/2)) blocks of floor(N/k) samples each, and the median of these.
    The paper's rule has p = t^-2; the union over counts needs t^-3 (see docs/papers/robust-ucb.md).

    Attributes:
        moment: v >= E |X - mu|^(1 + order) of every arm, > 0.
        order: e, in (0, 1].
        scale: factor of the width, 1 in the theorem.
    """

    moment: float
    order: float = 1.0
    scale: float = 1.0


class State(NamedTuple):
    """Per arm: pulls; running sums of the rewards in the order drawn, (K, T + 1); the estimate, and the numbers of
    pulls and blocks it was computed with; the index. ``block`` holds block means.
    """

    pulls: npt.NDArray[np.int64]
    sums: npt.NDArray[np.float64]
    estimate: npt.NDArray[np.float64]
    computed: npt.NDArray[np.int64]  # (K, 2)
    indices: npt.NDArray[np.float64]
    block: npt.NDArray[np.float64]


def allocate(params: RobustUCB, problem: BanditProblem) -> State:
    """Arrays of one run; every reward is kept.

    Raises:
        InvalidInput: unless moment > 0, order in (0, 1] and scale > 0.
    """
    if not 0.0 < params.moment < math.inf:
        raise InvalidInput(f"moment of RobustUCB is {params.moment}; expected a finite number > 0")
    if not 0.0 < params.order <= 1.0:
        raise InvalidInput(f"order of RobustUCB is {params.order}; expected a number in (0, 1]")
    if not 0.0 < params.scale < math.inf:
        raise InvalidInput(f"scale of RobustUCB is {params.scale}; expected a finite number > 0")
    k = problem.n_arms
    return State(
        np.zeros(k, np.int64), np.zeros((k, problem.horizon + 1)), np.zeros(k), np.zeros((k, 2), np.int64),
        np.zeros(k), np.zeros(int(level(problem.horizon) * 8.0) + 1),
    )  # fmt: skip


@compiled
def init(params, state):
    """Forget everything."""
    for arm in range(state.pulls.shape[0]):
        state.pulls[arm] = 0
        state.computed[arm, 0] = 0
        state.computed[arm, 1] = 0


@embedded
def level(t):
    """log(e^(1/8)/p) at p = t^-3."""
    return 0.125 + 3.0 * math.log(1.0 * t)


@embedded
def width(moment, order, t, pulls):
    """(12 v)^(1/(1+e)) (16 log(e^(1/8)/p) / N)^(e/(1+e)), Lemma 2."""
    return (12.0 * moment) ** (1.0 / (1.0 + order)) * (16.0 * level(t) / pulls) ** (order / (1.0 + order))


@embedded
def blocks(t, pulls):
    """k = floor(min(8 log(e^(1/8)/p), N/2)), at least one."""
    return max(1, int(min(8.0 * level(t), 0.5 * pulls)))


@compiled
def median_of_means(sums, pulls, k, block):
    """Median of the means of the first k blocks of floor(N/k) samples, from running sums; the rest is left out.

    The median of an even number is the mean of the middle two.
    """
    size = pulls // k
    for i in range(k):
        mean = (sums[(i + 1) * size] - sums[i * size]) / size
        j = i  # insertion into the sorted beginning
        while j > 0 and block[j - 1] > mean:
            block[j] = block[j - 1]
            j -= 1
        block[j] = mean
    return 0.5 * (block[(k - 1) // 2] + block[k // 2])


@embedded
def act(params, state, t, rng):
    """Every arm once, then the largest index; an estimate is computed anew only if its arm or k changed."""
    n_arms = state.pulls.shape[0]
    if t <= n_arms:
        return t - 1
    for arm in range(n_arms):
        n = state.pulls[arm]
        k = blocks(t, n)
        if state.computed[arm, 0] != n or state.computed[arm, 1] != k:
            state.estimate[arm] = median_of_means(state.sums[arm], n, k, state.block)
            state.computed[arm, 0] = n
            state.computed[arm, 1] = k
        state.indices[arm] = state.estimate[arm] + params.scale * width(params.moment, params.order, t, 1.0 * n)
    return highest(state.indices)


@embedded
def observe(params, state, t, arm, reward):
    """Append the reward."""
    n = state.pulls[arm]
    state.sums[arm, n + 1] = state.sums[arm, n] + reward
    state.pulls[arm] = n + 1
