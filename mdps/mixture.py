"""Linear mixture MDPs as episodic instances: what value-targeted regression is told, and what its claims share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np

from mdps.linear import LinearMixtureMDP
from mdps.loops import Episodes, EpisodicArrays
from mdps.model import Float
from theory.errors import InvalidInput


class MixtureProblem(NamedTuple):
    """What an algorithm is told before the first episode.

    Attributes:
        mixture: psi(s'|s,a), (S, A, S, d). rewards: known rewards, (H, S, A).
        n_episodes: K. parameter_bound: B >= |theta_h|.
    """

    mixture: Float
    rewards: Float
    n_episodes: int
    parameter_bound: float


class MixtureArrays(NamedTuple):
    """The tabular arrays and the mixture, (S, A, S, d), with its parameters, (H, d)."""

    episodic: EpisodicArrays
    mixture: Float
    parameters: Float


@dataclass(frozen=True, eq=False)
class MixtureEpisodes(Episodes):
    """Episodes of a linear mixture MDP; build with :func:`mixture_episodes`.

    Attributes:
        mixture: psi(s'|s,a), (S, A, S, d). parameters: theta_h, (H, d).
    """

    mixture: Float | None = None
    parameters: Float | None = None

    setting: ClassVar[str] = "linear mixture MDP"

    @property
    def dimension(self) -> int:
        """d."""
        assert self.mixture is not None
        return int(self.mixture.shape[3])

    @property
    def parameter_bound(self) -> float:
        """B, the largest |theta_h|."""
        assert self.parameters is not None
        return float(np.linalg.norm(self.parameters, axis=1).max())

    def arrays(self) -> MixtureArrays:  # type: ignore[override]
        """Everything the runs depend on."""
        assert self.mixture is not None and self.parameters is not None
        return MixtureArrays(super().arrays(), self.mixture, self.parameters)

    def problem(self, n_episodes: int) -> MixtureProblem:  # type: ignore[override]
        """What an algorithm may know."""
        assert self.mixture is not None
        rewards = self.mdp.rewards.reshape(-1, self.mdp.n_states, self.mdp.n_actions)
        return MixtureProblem(self.mixture, rewards, n_episodes, self.parameter_bound)


def mixture_episodes(model: LinearMixtureMDP) -> MixtureEpisodes:
    """A linear mixture MDP as an episodic instance.

    Raises:
        InvalidInput: if |psi_V| may exceed 1 for V in [0, 1] (Zhou, Gu and Szepesvari 2021, Definition 3.1).
    """
    if model.feature_bound > 1.0 + 1e-12:
        raise InvalidInput(f"|psi_V(s,a)| may reach {model.feature_bound:.12g} for V in [0, 1]; expected at most 1")
    return MixtureEpisodes(model.tabular(), None, model.features, model.parameters)
