"""Which objects of this room travel as JSON documents (:mod:`theory.documents`): instances and what they consist of."""

from __future__ import annotations

from mdps.adversarial import AdversarialMDP
from mdps.function_classes import FunctionApproximation
from mdps.latent import LatentMDP
from mdps.linear import LinearMixtureMDP
from mdps.loops import Episodes, Trajectory
from mdps.mixture import MixtureEpisodes
from mdps.model import MDP
from mdps.planning.latent import Controller
from mdps.priors import DirichletPrior
from mdps.reward_free import RewardFreeMDP
from mdps.weight_classes import HybridRatios, Listed, OracleMixtures, ReciprocalAverages

INSTANCES: tuple[type, ...] = (
    Episodes, MixtureEpisodes, Trajectory, DirichletPrior, LatentMDP, AdversarialMDP, RewardFreeMDP,
    FunctionApproximation,
)  # fmt: skip
PARTS: tuple[type, ...] = (
    MDP, LinearMixtureMDP, Controller, Listed, OracleMixtures, ReciprocalAverages, HybridRatios,
)  # fmt: skip


def document_classes() -> dict[str, type]:
    """Class name -> class of everything that an instance of this room is made of."""
    return {kind.__name__: kind for kind in INSTANCES + PARTS}
