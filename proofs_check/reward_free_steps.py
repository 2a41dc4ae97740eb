"""Proof steps that UCRL-RFE and UCRL-RFE+ share (Zhang, Zhou and Gu 2021)."""

from __future__ import annotations

import itertools

import numpy as np
import numpy.typing as npt

from kernels.driven import Check
from mdps.reward_free import RewardFreeMDP, optimal_policy, policy_values
from mdps.value_regression import Plan, optimistic_plan

Float = npt.NDArray[np.float64]


def squared_norms(features: Float, sigma: Float, values: Float) -> Float:
    """||psi_V(s,a)||^2 in Sigma^{-1} for V in the rows of ``values``: (n, S, A)."""
    psi = np.einsum("ny,sayd->nsad", values, features)
    return np.asarray(np.einsum("nsad,nsad->nsa", psi, np.linalg.solve(sigma, psi[..., None])[..., 0]))


def own_reward(instance: RewardFreeMDP, sigma: Float, beta: float) -> Float:
    """r_h(s,a) = min{1, (2 beta/H) max over f: S -> [0, H-h] of ||psi_f(s,a)|| in Sigma^{-1}}, (H, S, A)."""
    corners = np.array(list(itertools.product((0.0, 1.0), repeat=instance.n_states)))
    width = np.sqrt(squared_norms(instance.model.features, sigma, corners).max(axis=0))
    scale, horizon = 2.0 * beta / instance.horizon, instance.horizon
    return np.stack([np.minimum(1.0, scale * (horizon - h) * width) for h in range(1, horizon + 1)])


def worst(check: Check, step: str, left: Float, right: Float, k: int) -> None:
    """One check of an array of inequalities: the one with the least slack."""
    where = np.unravel_index(int(np.argmin(right - left)), left.shape)
    check(step, left[where], right[where], k, *(int(i) for i in where))


def check_losses(check: Check, instance: RewardFreeMDP, sigma: Float, targets: Float, beta: float, k: int) -> None:
    """Step "loss": PLAN for every r in R under a regression (Sigma, b), and what its policy loses."""
    features, horizon, first = instance.model.features, instance.horizon, instance.initial
    theta = np.linalg.solve(sigma, targets)
    limit = horizon * float(optimal_policy(instance.kernel, own_reward(instance, sigma, beta))[0][0, first])
    for i, reward in enumerate(instance.rewards):
        ahead, policy = np.zeros(instance.n_states), np.zeros((horizon, instance.n_states), np.int64)
        for h in reversed(range(horizon)):
            bonus = beta * np.sqrt(squared_norms(features, sigma, ahead[None])[0])
            mean = np.einsum("sayd,y,d->sa", features, ahead, theta)
            q = np.clip(reward[h] + mean + bonus, 0.0, horizon)
            policy[h], ahead = q.argmax(axis=1), q.max(axis=1)
        loss = instance.optimal_values[i] - policy_values(instance.kernel, reward, policy)[0, first]
        check("loss", loss, limit, k, i)


def plan_without_bonus(
    features: Float, reward: Float, estimate: Float, whitener: Float, beta: float, largest: float
) -> Plan:
    """Planted fault: PLAN without beta ||psi||."""
    return optimistic_plan(features, reward, estimate, whitener, 0.0, largest)
