"""What the reward-free algorithms of linear mixtures share: the widest direction of a row.

Zhang, Zhou and Gu 2021, Reward-free model-based reinforcement learning with linear function approximation.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np

from mdps.model import Float
from theory.errors import InvalidInput

#: The maximisation over f goes through all 2^S corners.
MOST_STATES = 12

#: (features, Sigma) -> (widths (S, A), maximisers f (S, A, S)) of max over f: S -> [0, 1].
Maximiser = Callable[[Float, Float], tuple[Float, Float]]


def corners(n_states: int) -> Float:
    """{0, 1}^S, (2^S, S).

    Raises:
        InvalidInput: more than MOST_STATES states.
    """
    if n_states > MOST_STATES:
        raise InvalidInput(f"there are {n_states} states; expected at most {MOST_STATES} (2^S corners are tried)")
    return np.array(list(itertools.product((0.0, 1.0), repeat=n_states)))


def widest(features: Float, sigma: Float) -> tuple[Float, Float]:
    """max over f: S -> [0, 1] of ||psi_f(s,a)|| in Sigma^{-1}, exactly: a convex function peaks at a corner."""
    whitener = np.linalg.inv(np.linalg.cholesky(sigma))
    tried = corners(len(features))
    norms = np.linalg.norm(np.einsum("cy,sayd,id->saci", tried, features, whitener, optimize=True), axis=-1)
    best = norms.argmax(axis=2)
    return np.take_along_axis(norms, best[..., None], axis=2)[..., 0], tried[best]


def widest_l1(features: Float, sigma: Float) -> tuple[Float, Float]:
    """max over f: S -> [0, 1] of the 1-norm of Sigma^{-1/2} psi_f(s,a), at most sqrt(d) times the true maximum.

    For each sign of the d coordinates it is linear in f, a linear program over a box, solved by its signs.
    """
    eigenvalues, vectors = np.linalg.eigh(sigma)
    root = vectors @ np.diag(eigenvalues**-0.5) @ vectors.T
    signs = np.array(list(itertools.product((-1.0, 1.0), repeat=len(sigma))))
    slopes = np.einsum("gi,id,sayd->sagy", signs, root, features, optimize=True)
    best = np.maximum(slopes, 0.0).sum(axis=-1).argmax(axis=2)
    chosen = np.take_along_axis(slopes, best[..., None, None], axis=2)[:, :, 0]
    return np.maximum(chosen, 0.0).sum(axis=-1), (chosen > 0.0).astype(float)
