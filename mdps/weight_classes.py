"""Classes W of weight functions (density ratios) for algorithms that test Bellman errors against them.

A class is asked, before round t, for the functions it needs there (:meth:`at`) and for log|W| over all rounds
(:meth:`log_size`). Ratios may be infinite; 0/0 is 0.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple, Protocol

import numpy as np
from scipy.special import gammaln

from mdps.model import Float, Int

#: A number of rounds, or an array of them.
Number = Any


class WeightClass(Protocol):
    """What an algorithm asks of a class of weight functions."""

    def at(self, plays: Int) -> Float:
        """The functions to test against when policy p was played ``plays[p]`` times, (n_weights, H, S, A)."""
        ...

    def log_size(self, n_rounds: Number) -> Number:
        """log|W|, counting every function that may be asked for in ``n_rounds`` rounds."""
        ...


class Listed(NamedTuple):
    """The same finitely many functions in every round.

    Attributes:
        values: (n_weights, H, S, A), >= 0, infinite entries allowed.
    """

    values: Float

    def at(self, plays: Int) -> Float:
        """All of them."""
        return self.values

    def log_size(self, n_rounds: Number) -> Number:
        """log of their number."""
        return math.log(len(self.values))


class OracleMixtures(NamedTuple):
    """Ratios of a policy's occupancy to that of a mixture of t policies (Amortila et al. 2024, Assumption 2.2').

    The analysis of round t uses d^pi / ((1/t)(sum_{i<t} d^(i) + d^pi)) alone, with pi the policy of that round. So only
    these are generated, from exact occupancies ("oracle W"), but all of them are paid for: a mixture is the type of a
    sequence of at most T policies, hence log|W| = log(P C(T + P, P)) for P policies.

    Attributes:
        occupancies: d_h^pi(s, a), (P, H, S, A).
    """

    occupancies: Float

    def at(self, plays: Int) -> Float:
        """One ratio for each policy, (P, H, S, A), at most t everywhere."""
        rounds = float(plays.sum()) + 1.0
        mixtures = np.tensordot(plays.astype(np.float64), self.occupancies, axes=1) + self.occupancies
        return ratios(self.occupancies, mixtures / rounds)

    def log_size(self, n_rounds: Number) -> Number:
        """log(P C(T + P, P))."""
        p = len(self.occupancies)
        binomial = gammaln(n_rounds + p + 1) - gammaln(p + 1) - gammaln(n_rounds + 1)
        return math.log(p) + binomial


class ReciprocalAverages(NamedTuple):
    """Mixture ratios built from pure ones: 1/((1/t) sum_{s<=t} w^(s)), w^(s) in W (Amortila et al. 2024, Theorem 3.2).

    With w^(s) = d^(s)/d^pi the reciprocal average is the ratio of d^pi to the mixture: the same functions as in
    :class:`OracleMixtures` are generated. What differs is the count, |Wbar| <= (2|W|)^T for the P^2 pure ratios.

    Attributes:
        occupancies: d_h^pi(s, a), (P, H, S, A).
    """

    occupancies: Float

    def at(self, plays: Int) -> Float:
        """One ratio for each policy, (P, H, S, A)."""
        return OracleMixtures(self.occupancies).at(plays)

    def log_size(self, n_rounds: Number) -> Number:
        """T log(2 P^2)."""
        return n_rounds * math.log(2.0 * len(self.occupancies) ** 2)


class HybridRatios(NamedTuple):
    """Ratios of a policy's occupancy to the data of a hybrid run, offline tuples and played episodes mixed.

    As for :class:`OracleMixtures`, what a round needs is generated from exact laws and every mixture is counted.

    Attributes:
        occupancies: d_h^pi(s, a), (P, H, S, A). offline: nu_h(s, a), (H, S, A).
    """

    occupancies: Float
    offline: Float

    def at(self, plays: Int) -> Float:
        """d^pi / ((nu + dbar)/2), as many offline tuples as episodes."""
        return self.against(plays, int(plays.sum()))

    def against(self, plays: Int, n_offline: int) -> Float:
        """d^pi over the law of ``n_offline`` offline tuples and the episodes played together, (P, H, S, A)."""
        mixture = np.tensordot(plays.astype(np.float64), self.occupancies, axes=1) + n_offline * self.offline
        return ratios(self.occupancies, mixture[None] / max(float(plays.sum()) + n_offline, 1.0))

    def log_size(self, n_rounds: Number) -> Number:
        """log(P C(T + P, P))."""
        return OracleMixtures(self.occupancies).log_size(n_rounds)


class Box(NamedTuple):
    """All functions into [0, clip]: the tests have a closed form, so nothing is listed.

    Attributes:
        log_cover: the logarithm of the size of a cover of the class, which its user states; >= 0.
    """

    log_cover: float

    def at(self, plays: Int) -> Float:
        """None."""
        return np.zeros((0, 1, 1, 1))

    def log_size(self, n_rounds: Number) -> Number:
        """log of the size of the cover."""
        return self.log_cover


def ratios(above: Float, below: Float) -> Float:
    """above / below, with 0/0 = 0 and x/0 infinite; the shapes broadcast."""
    above, below = np.broadcast_arrays(above, below)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(above > 0.0, above / below, 0.0)
