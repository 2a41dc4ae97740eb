"""GLM-UCB for the logistic link, every estimate by a general constrained solver from all rounds."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from scipy.optimize import minimize


def constrained_estimate(played: np.ndarray, rewards: np.ndarray, lam: float, bound: float) -> np.ndarray:
    """argmin of the penalised logistic loss over |theta| <= bound (SLSQP)."""

    def loss(theta: np.ndarray) -> float:
        z = played @ theta
        return float(np.sum(np.log1p(np.exp(z)) - rewards * z) + lam / 2 * theta @ theta)

    def gradient(theta: np.ndarray) -> np.ndarray:
        return np.asarray(played.T @ (1 / (1 + np.exp(-played @ theta)) - rewards) + lam * theta)

    inside = {"type": "ineq", "fun": lambda theta: bound**2 - theta @ theta, "jac": lambda theta: -2 * theta}
    start = np.zeros(played.shape[1])
    found = minimize(loss, start, jac=gradient, constraints=[inside], method="SLSQP", options={"ftol": 1e-15})
    return np.asarray(found.x)


def glm_ucb(
    actions: np.ndarray, reward: Callable[[int, int], float], horizon: int, bound: float, lam: float, delta: float
) -> list[int]:
    """Decisions of one run, |x| <= 1."""
    d = actions.shape[1]
    decisions: list[int] = []
    rewards: list[float] = []
    kappa = (1 + math.exp(bound)) * (1 + math.exp(-bound))
    for t in range(horizon):
        played = actions[decisions].reshape(-1, d)
        v = lam * np.eye(d) + played.T @ played
        theta = constrained_estimate(played, np.array(rewards), lam, bound)
        rho = 0.5 * math.sqrt(2 * math.log(1 / delta) + np.linalg.slogdet(v / lam)[1]) + math.sqrt(lam) * bound
        widths = np.sqrt(np.einsum("ai,ij,aj->a", actions, np.linalg.inv(v), actions))
        decisions.append(int(np.argmax(actions @ theta + kappa * rho * widths)))
        rewards.append(reward(t, decisions[-1]))
    return decisions
