"""Instance families of Markov decision processes, one small file each, and instances by name."""

from mdps.instances.chains import chain, deep_sea, river_swim
from mdps.instances.grids import grid_world
from mdps.instances.linear import (
    block_linear,
    kernel_mixture,
    one_hot_linear,
    perturbed_linear,
    simplex_linear,
    zhou_gu_hard,
    zhou_gu_hard_linear,
)
from mdps.instances.lock import combination_lock
from mdps.instances.lower_bounds import domingues_hard, jao_composite, jao_two_state
from mdps.instances.random import garnet, random_mdp
from mdps.instances.registry import instance_families, instance_family, named_instance

__all__ = [
    "block_linear",
    "chain",
    "combination_lock",
    "deep_sea",
    "domingues_hard",
    "garnet",
    "grid_world",
    "instance_families",
    "instance_family",
    "jao_composite",
    "jao_two_state",
    "kernel_mixture",
    "named_instance",
    "one_hot_linear",
    "perturbed_linear",
    "random_mdp",
    "river_swim",
    "simplex_linear",
    "zhou_gu_hard",
    "zhou_gu_hard_linear",
]
