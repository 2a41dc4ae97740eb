"""The bookkeeping of :mod:`proofs_check.ftrl` for any mixture of regularisers, every term computed exactly.

stab_t comes from the weights played, <w_t - v, lh_t> - D_psi(v, w_t)/eta_t with v the leader after lh_t, the penalty
from the potentials; both agree with the run's <w_t - u, lh_t> if and only if w_t is the leader. Arms whose probability
has fallen below the smallest float are left out.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from bandits.mixtures import (
    Mixture,
    coordinate_stability,
    divergence,
    inverse_curvature,
    mixture_potential,
    mixture_weights,
    slope,
)
from kernels.jit import hook
from kernels.reductions import least, sum_of
from kernels.steps import Step, check
from proofs_check.ftrl import ROUNDING, keep_weights

Float = npt.NDArray[np.float64]

#: Places of the shared steps after the first, SIMPLEX of :mod:`proofs_check.ftrl`; a claim's own follow.
LEADER, SIGN, IDENTITY, PENALTY, OWN = range(1, 6)

_LOSS, _STABILITY, _POTENTIAL, _SCALE = range(4)

_BOOK = "Lattimore and Szepesvari 2020"

SHARED_STEPS = (
    Step("simplex", "|sum_i w_i - 1| <= 1e-9 and no w_i is negative", "definition of w_t"),
    Step(
        "leader",
        "w_t is the leader at the theorem's rate: eta_t L_i + psi'(w_i) is the same for all arms (difference to the "
        "likeliest arm, relative)",
        f"{_BOOK}, eq. (28.5), first-order condition",
    ),
    Step("stability-sign", "0 <= stab_t", f"{_BOOK}, Exercise 28.12"),
    Step(
        "identity",
        "sum <w_s - u, lh_s> = sum stab_s + pen(u) after every round (difference, relative)",
        f"{_BOOK}, Exercise 28.12",
        place=("round",),
    ),
    Step("penalty", "pen(u) <= (psi(u) - min psi)/eta_t after every round", f"{_BOOK}, Exercise 28.12"),
)


class Books(NamedTuple):
    """What the checks keep.

    Attributes:
        mixture, rate, decay: the theorem's psi and eta_t = rate * t^-decay.
        smoothing: the comparator is (1 - smoothing) e_i + smoothing/K, i the arm with the least estimated loss.
        span: psi of the comparator less min psi.
        total, played: L_{t-1} and w_t, copied before the algorithm observes. estimate: lh_t as the algorithm added it
            up. leader: v, scratch. All (K,).
        sums: of <w, lh>, stab, the potential differences, and |<w, lh>| (the scale of rounding errors).
    """

    mixture: Mixture
    rate: float
    decay: float
    smoothing: float
    span: float
    total: Float
    played: Float
    estimate: Float
    leader: Float
    sums: Float


def allocate_books(n_arms: int, mixture: Any, rate: float, decay: float, smoothing: float, span: float) -> Books:
    """Arrays for ``n_arms`` arms."""
    total, played, estimate, leader = np.zeros((4, n_arms))
    return Books(Mixture(*mixture), rate, decay, smoothing, span, total, played, estimate, leader, np.zeros(4))


@hook
def rate_of(book, t):
    """eta_t of the theorem."""
    return book.rate if book.decay == 0.0 else book.rate * t**-book.decay


@hook
def open_books(book):
    """A new run."""
    for i in range(book.sums.shape[0]):
        book.sums[i] = 0.0


@hook
def before(records, run, book, state, t):
    """When w_t is known: keep it and L_{t-1}, and check that w_t is the leader."""
    eta = rate_of(book, t)
    likeliest = keep_weights(records, run, book, state, t)
    for i in range(book.total.shape[0]):
        if i != likeliest and book.played[i] > 0.0:
            behind = eta * (book.total[i] - book.total[likeliest])
            step = slope(book.mixture, book.played[likeliest]) - slope(book.mixture, book.played[i])
            check(records, run, LEADER, abs(behind - step), 1e-8 * (1.0 + abs(behind)), 0.0, t, i, -1, -1)


@hook
def after(records, run, book, state, t):
    """When the loss has been observed: check sign, identity and penalty; returns stab_t."""
    eta = rate_of(book, t)
    n_arms = book.total.shape[0]
    loss = 0.0
    for i in range(n_arms):
        book.estimate[i] = state.total[i] - book.total[i]
        loss += book.played[i] * book.estimate[i]
    mixture_weights(book.mixture, book.total, eta, np.inf, book.leader)
    drop = mixture_potential(book.mixture, book.total, eta, book.leader) - least(book.total)
    mixture_weights(book.mixture, state.total, eta, np.inf, book.leader)
    drop -= mixture_potential(book.mixture, state.total, eta, book.leader) - least(state.total)
    stab = 0.0
    for i in range(n_arms):
        stab += (book.played[i] - book.leader[i]) * book.estimate[i]
        if book.played[i] > 0.0:
            stab -= divergence(book.mixture, book.leader[i], book.played[i]) / eta
    sums = book.sums
    sums[_LOSS] += loss
    sums[_STABILITY] += stab
    sums[_POTENTIAL] += drop
    sums[_SCALE] += abs(loss) + abs(drop)
    scale = 1.0 + sums[_SCALE]
    check(records, run, SIGN, -stab, ROUNDING * scale, 0.0, t, -1, -1, -1)
    gap = abs(sums[_LOSS] - sums[_STABILITY] - sums[_POTENTIAL])
    check(records, run, IDENTITY, gap, ROUNDING * scale, 0.0, t, -1, -1, -1)
    penalty = sums[_POTENTIAL] - comparator_loss(book, state)
    check(records, run, PENALTY, penalty, book.span / eta + ROUNDING * scale, ROUNDING, t, -1, -1, -1)
    return stab


@hook
def comparator_loss(book, state):
    """<u, L_t> of the comparator."""
    shared = book.smoothing * sum_of(state.total) / state.total.shape[0]
    return (1.0 - book.smoothing) * least(state.total) + shared


@hook
def regret_so_far(book, state):
    """sum_s <w_s - u, lh_s>."""
    return book.sums[_LOSS] - comparator_loss(book, state)


@hook
def coordinate_sum(book, t):
    """sum_i max_v (w_i - v) lh_i - D(v, w_i)/eta_t, for estimates lh >= 0."""
    total = 0.0
    for i in range(book.played.shape[0]):
        if book.played[i] > 0.0:
            total += coordinate_stability(book.mixture, book.played[i], book.estimate[i], rate_of(book, t))
    return total


@hook
def local_norm(book):
    """sum_i lh_i^2 / psi''(w_i)."""
    total = 0.0
    for i in range(book.played.shape[0]):
        if book.played[i] > 0.0:
            total += book.estimate[i] ** 2 * inverse_curvature(book.mixture, book.played[i])
    return total
