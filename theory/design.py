"""Optimal experimental design: G-optimal designs of finite action sets, certified as by Kiefer and Wolfowitz."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from theory.errors import InvalidInput

Float = npt.NDArray[np.float64]

#: Singular values up to this share of the largest count as zero.
RANK_TOLERANCE = 1e-10
#: Rank-one updates between two fresh inversions.
_REFRESH = 64


class Design(NamedTuple):
    """A probability distribution over actions.

    Attributes:
        weights: pi, shape (n_actions,), at most r(r+1)/2 of them positive.
        value: g = max_x |x|^2 in V(pi)^+, V(pi) = sum pi_x x x'; r <= g <= r (1 + tolerance).
        rank: r, dimension of the span of the actions.
    """

    weights: Float
    value: float
    rank: int


def span_coordinates(actions: npt.ArrayLike) -> Float:
    """Coordinates of the actions in an orthonormal basis of their span, shape (n_actions, rank).

    Inner products among the actions stay the same.
    """
    x = np.asarray(actions, dtype=np.float64)
    left, sizes, _ = np.linalg.svd(x, full_matrices=False)
    rank = int(np.count_nonzero(sizes > RANK_TOLERANCE * sizes[0])) if sizes[0] > 0.0 else 0
    return np.asarray(left[:, :rank] * sizes[:rank])


def leverages(coordinates: Float, weights: Float) -> Float:
    """|x|^2 in V(weights)^{-1} for every row x of ``coordinates`` (n, r); weights need not sum to one. Shape (n,)."""
    factor = np.linalg.cholesky((coordinates * weights[:, None]).T @ coordinates)
    return np.asarray((np.linalg.solve(factor, coordinates.T) ** 2).sum(axis=0))


def g_optimal(actions: npt.ArrayLike, tolerance: float = 1e-6, max_steps: int = 100_000) -> Design:
    """A design with max_x |x|^2 in V(pi)^{-1} <= r (1 + tolerance), r the rank of the actions.

    max_pi log det V(pi) and min_pi max_x |x|^2 have the same solutions, at which the maximum is r (Kiefer and Wolfowitz
    1960). Frank and Wolfe's steps towards the action of largest |x|^2 (Fedorov 1972, Wynn 1970) alternate with steps
    away from the support's smallest (Atwood 1973; Todd and Yildirim 2007), which makes them converge linearly. The
    support is then thinned to r(r+1)/2 actions at the same V (Caratheodory).

    Args:
        actions: shape (n_actions, d), finite; they need not span R^d.

    Raises:
        InvalidInput: if the actions are malformed or the tolerance is not reached in ``max_steps`` steps.
    """
    x = np.asarray(actions, dtype=np.float64)
    if x.ndim != 2 or x.size == 0:
        raise InvalidInput(f"actions have shape {x.shape}; expected (n_actions, d), both >= 1")
    if not np.isfinite(x).all():
        where = tuple(int(i) for i in np.argwhere(~np.isfinite(x))[0])
        raise InvalidInput(f"actions{list(where)} is {x[where]}; expected a finite number")
    if not tolerance > 0.0:
        raise InvalidInput(f"tolerance of the design is {tolerance}; expected a number > 0")
    z = span_coordinates(x)
    n, rank = z.shape
    if rank == 0:
        return Design(np.eye(n)[0], 0.0, 0)
    weights = np.full(n, 1.0 / n)
    for step in range(max_steps):
        if step % _REFRESH == 0:
            inverse = np.linalg.inv((z * weights[:, None]).T @ z)
            g = np.einsum("ni,ij,nj->n", z, inverse, z)
        most = int(np.argmax(g))
        support = np.flatnonzero(weights)
        least = int(support[np.argmin(g[support])])
        if g[most] <= rank * (1.0 + 0.5 * tolerance):
            break
        if g[most] - rank >= rank - g[least]:
            # Exact line search for log det along (1 - a) pi + a e_x.
            chosen, a = most, (g[most] / rank - 1.0) / (g[most] - 1.0)
        else:
            chosen, a = least, -weights[least] / (1.0 - weights[least])
            if g[least] > 1.0:
                a = max(a, (g[least] / rank - 1.0) / (g[least] - 1.0))
        weights *= 1.0 - a
        weights[chosen] = max(weights[chosen] + a, 0.0)
        image = inverse @ z[chosen]
        scale = a / (1.0 - a + a * g[chosen])
        inverse = (inverse - scale * np.outer(image, image)) / (1.0 - a)
        g = (g - scale * (z @ image) ** 2) / (1.0 - a)
    else:
        raise InvalidInput(f"the design is at {g.max() / rank - 1.0:.3g} after {max_steps} steps, not {tolerance:g}")
    weights = _thinned(z, weights / weights.sum())
    return Design(weights, float(leverages(z, weights).max()), rank)


def _thinned(z: Float, weights: Float) -> Float:
    """At most r(r+1)/2 positive weights with the same V: move along null vectors of w -> sum w_x x x'."""
    rank = z.shape[1]
    upper = np.triu_indices(rank)
    weights = weights.copy()
    while True:
        support = np.flatnonzero(weights)
        if len(support) <= rank * (rank + 1) // 2:
            return weights / weights.sum()
        products = (z[support][:, :, None] * z[support][:, None, :])[:, upper[0], upper[1]]
        null = np.linalg.svd(products.T)[2][-1]
        null = null if null.max() > 0.0 else -null
        ratios = np.where(null > 0.0, weights[support] / np.where(null > 0.0, null, 1.0), np.inf)
        first = int(np.argmin(ratios))
        weights[support] = np.maximum(weights[support] - ratios[first] * null, 0.0)
        weights[support[first]] = 0.0
