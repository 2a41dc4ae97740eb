"""Hypothesis strategies for instances, see docs/testing.md.

from regretlab.strategies import bernoulli_bandits
"""

from proofs_check.strategies import (
    bernoulli_bandits,
    fractions,
    gaussian_bandits,
    latent_mdps,
    laws,
    linear_bandits,
    linear_mdps,
    loss_sequences,
    repeated_losses,
    tabular_mdps,
)

__all__ = [
    "bernoulli_bandits",
    "fractions",
    "gaussian_bandits",
    "latent_mdps",
    "laws",
    "linear_bandits",
    "linear_mdps",
    "loss_sequences",
    "repeated_losses",
    "tabular_mdps",
]
