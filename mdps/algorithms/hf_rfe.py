"""HF-UCRL-RFE++ (Zhang, Zhang and Gu 2023, Algorithms 4 and 5): horizon-free reward-free exploration.

Exact at small size: the maximum over policies, parameters and rewards is taken over all classes of deterministic
Markov policies, over the candidates that are left in U_k, and over R.
"""

from __future__ import annotations

import math
from collections.abc import Generator
from functools import partial
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from kernels.driven import DRIVEN
from mdps.model import Float, Int
from mdps.reward_free import (
    RewardFreeProblem,
    RewardFreeWorld,
    deterministic_policies,
    kernels_of,
    optimal_policy,
    reachable,
)
from mdps.worlds import Walk
from theory.errors import InvalidInput
from theory.theorems.hf_rfe import level, n_moments, radius, weight_floors

PROTOCOL = DRIVEN

#: The practical preset: the stochastic part of the radius, near 1800 on small instances, shrunk to 0.18. No theorem.
PRACTICAL_RADIUS = 1e-4


class HFUCRLRFE(NamedTuple):
    """HF-UCRL-RFE++ with the theorem's constants.

    Attributes:
        n_episodes: K, for which beta = beta_K and M are set. delta: failure probability of the whole statement.
        c_beta: factor on the radius but for the ridge's bias; anything below 1 is outside the theorem.
        value_cap: 1 in the algorithm; anything else is outside the theorem.
    """

    n_episodes: int
    delta: float = 0.1
    c_beta: float = 1.0
    value_cap: float = 1.0


class Constants(NamedTuple):
    """What follows from K, H, d, B and delta."""

    n_moments: int  # M
    alpha: float
    gamma: float
    ridge: float  # lambda
    beta: float  # beta_K


class Frozen(NamedTuple):
    """The regressions at the start of an episode; axis 0: hat, tilde; axis 1: moment."""

    factors: Float  # L with dotSigma = L L', (2, M, d, d)
    whiteners: Float  # L^{-1}
    estimates: Float  # (2, M, d)


class Moment(NamedTuple):
    """An episode as the watch sees it."""

    policy: Int  # pi^k, (H, S)
    parameter: Float  # theta_k, (d,)
    reward: Float  # r_k, (H, S, A)
    value: float  # the maximum, Vhat_{k,1}(s_1)
    walk: Walk
    n_left: int  # candidates left in U_k


def constants(params: HFUCRLRFE, problem: RewardFreeProblem) -> Constants:
    """M, alpha, gamma, lambda and beta (Algorithm 4)."""
    horizon, d = problem.rewards.shape[1], problem.features.shape[3]
    alpha, gamma = weight_floors(d, horizon)
    return Constants(
        n_moments(params.n_episodes, horizon), alpha, gamma, d / problem.parameter_bound**2,
        radius_after(params.n_episodes, params, problem),
    )  # fmt: skip


def radius_after(k: int, params: HFUCRLRFE, problem: RewardFreeProblem) -> float:
    """beta_k at level delta/(4M), its stochastic part times c_beta."""
    horizon, d = problem.rewards.shape[1], problem.features.shape[3]
    part = level(params.n_episodes, horizon, params.delta)
    return radius(k, d, horizon, problem.parameter_bound, part, params.c_beta)


def allocate(params: HFUCRLRFE, problem: RewardFreeProblem) -> None:
    """Checks of the hyper-parameters.

    Raises:
        InvalidInput: if a hyper-parameter is out of its range, or the run is longer than n_episodes.
    """
    if params.n_episodes < max(1, problem.n_episodes):
        raise InvalidInput(
            f"HF-UCRL-RFE++: n_episodes is {params.n_episodes}; expected at least the run's {problem.n_episodes}"
        )
    if not 0.0 < params.delta < 1.0:
        raise InvalidInput(f"HF-UCRL-RFE++: delta is {params.delta}; expected a number in (0, 1)")
    if not 0.0 < params.c_beta < math.inf:
        raise InvalidInput(f"HF-UCRL-RFE++: c_beta is {params.c_beta}; expected a finite number > 0")
    if not params.value_cap >= 1.0:
        raise InvalidInput(f"HF-UCRL-RFE++: value_cap is {params.value_cap}; expected a number >= 1")


@njit(nogil=True, error_model="numpy", cache=True)
def most_uncertain(features, kernels, left, policies, rewards, reach, hat, tilde, beta, cap, initial):
    """argmax of Vhat_{k,1}(s_1; theta, pi, r) over the candidates ``left``, R and the policies, in this order.

    Ties go to the first; a value equal to the cap ends the search. Returns (candidate, reward, policy, value).

    Args:
        kernels: P_theta of every candidate, (n, S, A, S). left: indices of candidates. reach: (H, S), where V matters.
        hat, tilde: L^{-1} of dotSigma_{k,0} of both families, (d, d) lower triangular.
    """
    horizon, n_states = reach.shape
    d = features.shape[3]
    value, upper = np.zeros((horizon + 1, n_states)), np.zeros((horizon + 1, n_states))
    phi, phi_upper = np.zeros(d), np.zeros(d)
    best = (-1, -1, -1, -1.0)
    for j in left:
        for r in range(rewards.shape[0]):
            for p in range(policies.shape[0]):
                for h in range(horizon - 1, -1, -1):
                    for s in range(n_states):
                        if not reach[h, s]:
                            continue
                        a = policies[p, h, s]
                        phi[:] = 0.0
                        phi_upper[:] = 0.0
                        ahead, ahead_upper = 0.0, 0.0
                        for y in range(n_states):
                            for i in range(d):
                                phi[i] += features[s, a, y, i] * value[h + 1, y]
                                phi_upper[i] += features[s, a, y, i] * upper[h + 1, y]
                            ahead += kernels[j, s, a, y] * value[h + 1, y]
                            ahead_upper += kernels[j, s, a, y] * upper[h + 1, y]
                        width, width_upper = 0.0, 0.0
                        for i in range(d):
                            x, x_upper = 0.0, 0.0
                            for l in range(i + 1):
                                x += tilde[i, l] * phi[l]
                                x_upper += hat[i, l] * phi_upper[l]
                            width += x * x
                            width_upper += x_upper * x_upper
                        u = min(1.0, beta * math.sqrt(width))
                        value[h, s] = rewards[r, h, s, a] + ahead
                        upper[h, s] = min(cap, u + 2.0 * beta * math.sqrt(width_upper) + ahead_upper)
                if upper[0, initial] > best[3]:
                    best = (j, r, p, upper[0, initial])
                    if upper[0, initial] >= cap:
                        return best
    return best


def value_families(
    features: Float, kernel: Float, policy: Int, reward: Float, matrices: tuple[Float, Float], beta: float, cap: float
) -> tuple[Float, Float]:
    """Vhat_{k,h}(.; theta, pi, r) and V_h(.; theta, pi, r), (H + 1, S) each; ``matrices``: whiteners, hat and tilde."""
    horizon, n_states = policy.shape
    upper, value, states = np.zeros((horizon + 1, n_states)), np.zeros((horizon + 1, n_states)), np.arange(n_states)
    for h in reversed(range(horizon)):
        chosen, rows = features[states, policy[h]], kernel[states, policy[h]]
        wide = np.linalg.norm(np.einsum("syd,y->sd", chosen, upper[h + 1]) @ matrices[0].T, axis=1)
        u = np.minimum(1.0, beta * np.linalg.norm(np.einsum("syd,y->sd", chosen, value[h + 1]) @ matrices[1].T, axis=1))
        value[h] = reward[h, states, policy[h]] + rows @ value[h + 1]
        upper[h] = np.minimum(cap, u + 2.0 * beta * wide + rows @ upper[h + 1])
    return upper, value


def best_policy(kernel: Float, reward: Float) -> Int:
    """The planning phase: argmax over pi of V_1(.; theta, pi, r), (H, S), without a bonus."""
    return optimal_policy(kernel, reward)[1]


def moment_values(upper: Float, value: Float, moments: int) -> Float:
    """V^{2^m} of both families, (2, M, H + 1, S)."""
    family = np.stack([upper, value])
    return np.stack([family ** (2.0**m) for m in range(moments)], axis=1)


def frozen(sigma: Float, targets: Float) -> Frozen:
    """dotSigma = Sigma and its ridge estimates, for the next episode."""
    factors = np.asarray(np.linalg.cholesky(sigma), dtype=np.float64)
    whiteners = np.asarray(np.linalg.inv(factors), dtype=np.float64)
    estimates = np.einsum("fmij,fmik,fmk->fmj", whiteners, whiteners, targets)
    return Frozen(factors, whiteners, estimates)


def exploration_matrices(now: Frozen) -> tuple[Float, Float]:
    """Whiteners of dotSigma_{k,0}, hat and tilde: those of the bonuses."""
    return now.whiteners[0, 0], now.whiteners[1, 0]


def home_variances(phi: Float, now: Frozen, sigma: Float, beta_k: float, c: Constants) -> Float:
    """HOME (Algorithm 5): sigma_m^2 of both families, (2, M), at phi_m = phi_{V^{2^m}}(s, a), (2, M, d)."""
    fitted = np.clip((phi * now.estimates).sum(axis=-1), 0.0, 1.0)
    widths = np.linalg.norm(np.einsum("fmij,fmj->fmi", now.whiteners, phi), axis=-1)
    running = np.sqrt((phi * np.linalg.solve(sigma, phi[..., None])[..., 0]).sum(axis=-1))
    variance = np.ones(fitted.shape)
    variance[:, :-1] = fitted[:, 1:] - fitted[:, :-1] ** 2
    variance[:, :-1] += np.minimum(1.0, 2.0 * beta_k * widths[:, :-1]) + np.minimum(1.0, beta_k * widths[:, 1:])
    return np.maximum(np.maximum(c.gamma**2 * running, variance), c.alpha**2)


def inside(candidates: Float, now: Frozen, beta: float) -> npt.NDArray[np.bool_]:
    """Which candidates lie in all 2M balls ||theta - theta_m||_{dotSigma_m} <= beta."""
    difference = candidates[:, None, None, :] - now.estimates
    distances = np.linalg.norm(np.einsum("nfmi,fmij->nfmj", difference, now.factors), axis=-1)
    return np.asarray((distances <= beta).all(axis=(1, 2)))


def play(
    params: HFUCRLRFE, problem: RewardFreeProblem, world: RewardFreeWorld, horizon: int
) -> Generator[Moment, None, Float]:
    """Algorithm 4. Planning after k episodes: the optimal policy under theta_k, without a bonus.

    If no candidate is left (the good event failed), the last ones that were stay. The summary is 4 Vhat_{K,1}(s_1),
    which the loss for no reward exceeds on the good event.
    """
    c = constants(params, problem)
    features, rewards = problem.features, problem.rewards
    n_stages, d = rewards.shape[1], features.shape[3]
    policies, kernels = deterministic_policies(problem), kernels_of(features, problem.candidates)
    reach = reachable(features, problem.initial, n_stages)
    sigma = np.tile(c.ridge * np.eye(d), (2, c.n_moments, 1, 1))
    targets = np.zeros((2, c.n_moments, d))
    now = frozen(sigma, targets)
    left, value = np.arange(len(kernels)), 1.0
    for k in range(1, horizon + 1):
        hat, tilde = exploration_matrices(now)
        j, r, p, value = most_uncertain(
            features, kernels, left, policies, rewards, reach, hat, tilde, c.beta, params.value_cap, problem.initial
        )
        world.offer(partial(best_policy, kernels[j]))
        walk = world.explore_with(policies[p])
        upper, lower = value_families(
            features, kernels[j], policies[p], rewards[r], (hat, tilde), c.beta, params.value_cap
        )
        powers = moment_values(upper, lower, c.n_moments)
        beta_k = radius_after(k, params, problem)
        for h in range(n_stages):
            phi = powers[:, :, h + 1] @ features[walk.states[h], walk.actions[h]]
            precision = 1.0 / home_variances(phi, now, sigma, beta_k, c)
            sigma = sigma + precision[..., None, None] * phi[..., :, None] * phi[..., None, :]
            targets = targets + (precision * powers[:, :, h + 1, walk.states[h + 1]])[..., None] * phi
        yield Moment(policies[p], problem.candidates[j], rewards[r], float(value), walk, len(left))
        now = frozen(sigma, targets)
        kept = left[inside(problem.candidates[left], now, c.beta)]
        left = kept if len(kept) else left
    return np.array([4.0 * value])
