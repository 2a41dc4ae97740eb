"""GLOW (Amortila, Foster, Jiang, Sekhari and Xie 2024): optimism over functions that pass clipped density-ratio tests.

Stages are 0-based; rounds are 1-based as in the paper.
"""

from __future__ import annotations

import math
from collections.abc import Generator
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from kernels.driven import DRIVEN
from mdps import bellman_tests
from mdps.bellman_tests import Statistics, add_walks, box_suprema, no_data
from mdps.function_classes import FunctionProblem, FunctionWorld, Walks
from mdps.model import Float, Int
from mdps.weight_classes import Box, Listed
from theory.errors import InvalidInput

PROTOCOL = DRIVEN


class GLOW(NamedTuple):
    """Algorithm 1 of the paper.

    gamma_t = gamma t, alpha_t = 8/gamma_t, beta_t = (36 gamma_t/(K(t - 1))) L, L = log(6 |F| |W| T H/delta);
    F^(t) = {f: for all h, sup_w Eh_h[Dh_h f wc - alpha_t wc^2] <= beta_t}, wc = min(w, gamma_t), F^(1) = F;
    play the greedy policy of the f in F^(t) with the largest Eh[f_1(x_1, pi_f(x_1))] for K episodes.
    Ties, and the first round, go to the lowest index of F. An empty F^(t) counts as F.

    Attributes:
        gamma: scale of the clipping, in (0, 1]; Theorem 3.1: sqrt(C_cov/(T log(|F||W|/delta))).
        delta: failure probability.
        n_trajectories: K, episodes of a round; 1 in Theorem 3.1.
        alpha_scale, beta_scale, clip_scale: multiply alpha_t, beta_t and the clipping level; 1 in the theorems,
            anything else is outside them (alpha_scale = 0: no penalty; clip_scale infinite: no clipping).
    """

    gamma: float
    delta: float = 0.1
    n_trajectories: int = 1
    alpha_scale: float = 1.0
    beta_scale: float = 1.0
    clip_scale: float = 1.0


class Moment(NamedTuple):
    """What a round shows to a watch.

    Attributes:
        chosen: index of f^(t). members: F^(t), (|F|,). walks: the round's episodes.
        weights: the functions it tested against, (|W_t|, H, S, A); none in the first round and for a box.
    """

    chosen: int
    members: npt.NDArray[np.bool_]
    walks: Walks
    weights: Float


def theorem_3_1(instance: Any, n_rounds: int, delta: float = 0.1) -> GLOW:
    """The parameters of Theorem 3.1: K = 1, gamma = sqrt(C_cov/(T log(|F||W|/delta)))."""
    log_size = float(instance.log_classes(n_rounds)) + math.log(1.0 / delta)
    return GLOW(min(1.0, math.sqrt(instance.coverability / (n_rounds * log_size))), delta)


def theorem_3_2(instance: Any, n_rounds: int, delta: float = 0.1) -> GLOW:
    """Theorem 3.2, for reciprocal averages of pure ratios: gamma = sqrt(C_cov/T), K = 2T log(6|F||W|HT/delta)."""
    pure = math.log(instance.n_functions) + 2.0 * math.log(len(instance.policies))
    n_trajectories = math.ceil(2.0 * n_rounds * (pure + math.log(6.0 * instance.horizon * n_rounds / delta)))
    return GLOW(min(1.0, math.sqrt(instance.coverability / n_rounds)), delta, n_trajectories)


def practical(instance: Any, n_rounds: int, delta: float = 0.1) -> GLOW:
    """Practical preset, without a theorem: alpha_t x 0.1 and beta_t x 0.01."""
    return theorem_3_1(instance, n_rounds, delta)._replace(alpha_scale=0.1, beta_scale=0.01)


def allocate(params: GLOW, problem: FunctionProblem) -> FunctionProblem:
    """Nothing to prepare but the checks.

    Raises:
        InvalidInput: if a hyper-parameter is out of its range, or unclipped weights are infinite.
    """
    if not 0.0 < params.gamma <= 1.0:
        raise InvalidInput(f"GLOW: gamma is {params.gamma}; expected a number in (0, 1]")
    if not 0.0 < params.delta < 1.0:
        raise InvalidInput(f"GLOW: delta is {params.delta}; expected a number in (0, 1)")
    if int(params.n_trajectories) != params.n_trajectories or params.n_trajectories < 1:
        raise InvalidInput(f"GLOW: n_trajectories is {params.n_trajectories}; expected an integer >= 1")
    for name in ("alpha_scale", "beta_scale"):
        if not 0.0 <= getattr(params, name) < math.inf:
            raise InvalidInput(f"GLOW: {name} is {getattr(params, name)}; expected a finite number >= 0")
    if not params.clip_scale > 0.0:
        raise InvalidInput(f"GLOW: clip_scale is {params.clip_scale}; expected a number > 0, or infinity")
    listed = problem.weights.values if isinstance(problem.weights, Listed) else np.zeros(1)
    if params.clip_scale == math.inf and not np.isfinite(listed).all():
        raise InvalidInput("GLOW: clip_scale is infinite and so is a weight of W; expected one of them finite")
    return problem


def log_factor(params: GLOW, problem: FunctionProblem) -> float:
    """L = log(6 |F| |W| T H/delta), with the counted cardinality of W."""
    sizes = math.log(len(problem.functions)) + problem.weights.log_size(problem.n_rounds)
    return float(sizes + math.log(6.0 * problem.n_rounds * problem.horizon / params.delta))


def clipping(params: GLOW, t: int) -> float:
    """Where weights are clipped in round t: gamma_t."""
    return params.clip_scale * params.gamma * t


def constrained(
    params: GLOW, problem: FunctionProblem, data: Statistics, weights: Float, t: int, log_size: float
) -> npt.NDArray[np.bool_]:
    """F^(t) for t >= 2."""
    gamma_t, n_samples = params.gamma * t, float(params.n_trajectories * (t - 1))
    alpha = params.alpha_scale * 8.0 / gamma_t
    beta = params.beta_scale * 36.0 * gamma_t / n_samples * log_size
    if isinstance(problem.weights, Box):
        suprema = box_suprema(data.errors, data.counts, n_samples, clipping(params, t), alpha)
        return np.asarray((suprema <= beta).all(axis=1))
    members = np.empty(len(problem.functions), np.bool_)
    bellman_tests.version_space(data.errors, data.counts, weights, n_samples, clipping(params, t), alpha, beta, members)
    return members


def most_optimistic(values: Float, members: npt.NDArray[np.bool_]) -> int:
    """The member of the largest value; differences within rounding are ties, which go to the lowest index."""
    allowed = np.where(members, values, -np.inf) if members.any() else values
    return int(np.argmax(allowed >= allowed.max() - 1e-12 * (1.0 + abs(allowed.max()))))


def tested_weights(problem: FunctionProblem, plays: Int) -> Float:
    """The functions of W that round t needs, (n_weights, H, S, A)."""
    return problem.weights.at(plays)


def play(params: GLOW, problem: FunctionProblem, world: FunctionWorld, horizon: int) -> Generator[Moment, None, Float]:
    """Rounds t = 1, 2, ...; the summary is the function chosen in each (the output is uniform over their policies)."""
    data, plays = no_data(problem.functions), np.zeros(len(problem.policies), np.int64)
    log_size = log_factor(params, problem)
    played = np.zeros(horizon)
    members, weights = np.ones(len(problem.functions), np.bool_), np.zeros((0, *data.counts.shape))
    for t in range(1, horizon + 1):
        if t > 1:
            weights = tested_weights(problem, plays)
            members = constrained(params, problem, data, weights, t, log_size)
        # Optimism (line 4): the largest average of f_1(x_1, pi_f(x_1)) over the first states seen.
        chosen = most_optimistic(problem.values[:, 0] @ data.starts, members)
        policy = problem.policy_of[chosen]
        walks = world.trajectories(problem.policies[policy], params.n_trajectories)
        add_walks(data, problem.functions, problem.values, walks)
        plays[policy] += 1
        played[t - 1] = chosen
        yield Moment(chosen, members, walks, weights)
    return played
