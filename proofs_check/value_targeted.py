"""What the claims on value-targeted regression share: exact quantities of an episode and small instances."""

from __future__ import annotations

from typing import Any

import numpy as np

from mdps.instances.linear import kernel_mixture, zhou_gu_hard
from mdps.mixture import MixtureEpisodes, mixture_episodes
from mdps.model import Float, Int
from mdps.planning.finite_horizon import backward_induction, evaluate_policy, occupancies


class Truth:
    """The instance as the steps need it: kernels (H, S, A, S), rewards (H, S, A), Q* and V*."""

    def __init__(self, instance: MixtureEpisodes) -> None:
        mdp = instance.mdp
        self.instance = instance
        self.kernels = np.broadcast_to(mdp.dense()[0], (instance.horizon, *mdp.dense()[0].shape[-3:]))
        self.rewards = np.broadcast_to(
            mdp.rewards.reshape(-1, mdp.n_states, mdp.n_actions), (instance.horizon, mdp.n_states, mdp.n_actions)
        )
        self.values, self.q, _ = backward_induction(mdp)

    def backed_up(self, h: int, values: Float) -> Float:
        """P_h V, (S, A)."""
        return np.asarray(self.kernels[h] @ values)

    def variance(self, h: int, values: Float) -> Float:
        """Var over s' of V(s'), (S, A)."""
        return np.asarray(np.maximum(self.kernels[h] @ values**2 - (self.kernels[h] @ values) ** 2, 0.0))

    def suboptimality(self, policy: Int) -> float:
        """V*_1 - V_1^pi from the first state."""
        values = evaluate_policy(self.instance.mdp, policy)
        return float(self.instance.mdp.initial @ (self.values[0] - values[0]))

    def expected(self, policy: Int, quantities: Float) -> float:
        """E^pi of the sum over stages of quantities[h, s, a]."""
        return float((occupancies(self.instance.mdp, policy) * quantities).sum())


def widths(psi: Float, sigma: Float) -> Float:
    """|psi| in Sigma^{-1}, by a solve of its own, for psi of shape (S, A, d)."""
    flat = psi.reshape(-1, psi.shape[-1])
    return np.asarray(np.sqrt(np.maximum((flat * np.linalg.solve(sigma, flat.T).T).sum(axis=1), 0.0))).reshape(
        psi.shape[:-1]
    )


def mixed(n_states: int = 4, n_actions: int = 2, dimension: int = 3, horizon: int = 3, seed: int = 0) -> Any:
    """A mixture of random kernels."""
    return mixture_episodes(kernel_mixture(n_states, n_actions, dimension, horizon, seed))


def hard(dimension: int, horizon: int, n_episodes: int) -> Any:
    """The hard instance of Zhou, Gu and Szepesvari (2021) for a number of episodes."""
    return mixture_episodes(zhou_gu_hard(dimension, horizon, n_episodes))
