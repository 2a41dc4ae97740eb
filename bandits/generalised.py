"""Logistic bandits: linear bandits seen through the logistic link, with Bernoulli rewards."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from bandits.linear import LinearBandit
from bandits.model import Float
from theory.logistic import curvature_inverse, mean, slope


@dataclass(frozen=True, eq=False)
class LogisticBandit(LinearBandit):
    """Rewards in {0, 1} with mean m(<theta, x>) = 1/(1 + e^{-<theta, x>}).

    Build it with :meth:`of_actions`. Everything but the means is as for linear bandits, and so are the streams of its
    rewards.
    """

    link: ClassVar[str] = "logistic"

    @classmethod
    def of_actions(cls, actions: npt.ArrayLike, theta: npt.ArrayLike, *, name: str = "") -> LogisticBandit:
        """The same actions, shape (n_actions, d), in every round."""
        features = np.asarray(actions, dtype=np.float64)[None]
        return cls(features, np.asarray(theta), np.ones(1), "bernoulli", 1.0, name or f"logistic{features.shape[1:]}")

    @property
    def means(self) -> Float:
        """m(<theta, x_{c,a}>), shape (n_contexts, n_actions)."""
        return mean(self.features @ self.theta)

    @property
    def curvature_inverse(self) -> float:
        """1/m'(|theta| max |x|), the kappa of the literature."""
        return curvature_inverse(self.parameter_bound, self.feature_bound)

    @property
    def best_slope(self) -> float:
        """m'(<theta, x*>), the largest over contexts."""
        return float(slope((self.features @ self.theta).max(axis=1)).max())

    @property
    def module(self) -> str:
        """The compiled functions are those of linear bandits."""
        return LinearBandit.__module__
