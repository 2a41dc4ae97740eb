"""The bookkeeping of follow the regularised leader, checked on every round of a run.

With w_t the weights played, lh_t the algorithm's own loss estimates, L_t their sum, psi_t = psi/eta_t and
Phi_t(-L) = max_w <w, -L> - psi_t(w), for every u in the simplex exactly

    sum_t <w_t - u, lh_t> = sum_t stab_t + pen(u),
    stab_t = <w_t, lh_t> + Phi_t(-L_t) - Phi_t(-L_{t-1}),    pen(u) = sum_t [Phi_t(-L_{t-1}) - Phi_t(-L_t)] - <u, L_T>

(Lattimore and Szepesvari 2020, Exercise 28.12; Zimmert and Seldin 2021, Section 5). Here stab_t is computed another
way, from the weights that the algorithm played: <w_t - v, lh_t> - D_psi(v, w_t)/eta_t with v the leader after lh_t.
The two agree if and only if w_t is the leader, which makes the identity a test and not a tautology.

What depends on the regulariser comes in as compiled functions (see :mod:`bandits.ftrl`); rates are the theorem's.
Arms whose probability has fallen below the smallest float, where the mathematics has 1e-308, are left out.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from kernels.jit import hook
from kernels.reductions import least, sum_of
from kernels.steps import Step, check

Float = npt.NDArray[np.float64]

#: Places of the shared steps; a claim's own steps follow.
SIMPLEX, LEADER, ESTIMATOR, UNBIASED, MOMENT, SIGN, STABILITY, IDENTITY, PENALTY, OWN = range(10)

#: Rounding allowance of identities, relative.
ROUNDING = 1e-9
#: Below this probability an arm's conditional expectations are left out: l/p squared overflows, and no run plays it.
RARE = 1e-150

_LOSS, _STABILITY, _POTENTIAL = range(3)

_BOOK = "Lattimore and Szepesvari 2020"


def ftrl_steps(gradient: str, estimator: str, mean: str, moment: str, stability: str, penalty: str) -> tuple[Step, ...]:
    """The shared steps in the order of their places, in the symbols of a regulariser.

    Args:
        gradient: psi' of a coordinate. estimator: lh of the arm played. mean: what E_t lh is. moment: the inequality
            on the second moment. stability: the right-hand side of stab_t. penalty: the right-hand side of pen(u).
    """
    return (
        Step("simplex", "|sum_i p_i - 1| <= 1e-9 and no p_i is negative", "definition of p_t"),
        Step(
            "leader",
            f"p_t is the leader at the theorem's rate: eta_t L_i + psi'(p_i), psi'(p) = {gradient}, is the same for "
            "all arms (difference to the likeliest arm, relative)",
            f"{_BOOK}, eq. (28.5), first-order condition",
        ),
        Step("estimator", f"the estimates move by {estimator} (difference, relative)", f"{_BOOK}, eq. (11.3)"),
        Step("unbiased", f"{mean}, summed over the arms (difference)", f"{_BOOK}, Section 11.2"),
        Step("second-moment", moment, f"{_BOOK}, proof of Theorem 11.2"),
        Step("stability-sign", "0 <= stab_t", f"{_BOOK}, Exercise 28.12"),
        Step("stability", f"stab_t <= {stability}", f"{_BOOK}, Theorem 28.4 and Corollary 28.8"),
        Step(
            "identity",
            "sum <p_s - u, lh_s> = sum stab_s + pen(u) after every round (difference, relative)",
            f"{_BOOK}, Exercise 28.12",
            place=("round",),
        ),
        Step("penalty", f"pen(u) <= {penalty} after every round", f"{_BOOK}, Exercise 28.12"),
    )


class Bookkeeping(NamedTuple):
    """What the checks keep.

    Attributes:
        rate, decay: the theorem's eta_t = rate * t^-decay.
        total, played: L_{t-1} and p_t, copied before the algorithm observes. estimate: lh_t as the algorithm added
            it up. leader: v, scratch. All (K,).
        starts: warm starts of the two solves of a round. sums: of <p, lh>, stab and potential differences.
    """

    rate: float
    decay: float
    total: Float
    played: Float
    estimate: Float
    leader: Float
    starts: Float
    sums: Float


def allocate_bookkeeping(n_arms: int, rate: float, decay: float) -> Bookkeeping:
    """Arrays for ``n_arms`` arms and the theorem's schedule."""
    total, played, estimate, leader = np.zeros((4, n_arms))
    return Bookkeeping(rate, decay, total, played, estimate, leader, np.ones(2), np.zeros(3))


@hook
def theorem_rate(book, t):
    """eta_t of the theorem."""
    return book.rate if book.decay == 0.0 else book.rate * t**-book.decay


@hook
def open_books(book):
    """A new run."""
    for i in range(book.sums.shape[0]):
        book.sums[i] = 0.0
    book.starts[0] = 1.0
    book.starts[1] = 1.0


class Calculus(NamedTuple):
    """The compiled functions of a regulariser, see :mod:`bandits.ftrl`.

    Attributes:
        solve: (L, eta, start, weights out) -> y. potential: (L, eta, y, weights) -> Phi(-L) + min L.
        divergence: (v, w) -> D(v, w) of one arm. gradient: w -> psi'(w) of one arm.
        stability: (w, lh, eta) -> bound on the stability, one arm's share. shift: what is subtracted from every
            estimate before that bound is formed (stab_t does not change: the weights sum to one).
    """

    solve: Any
    potential: Any
    divergence: Any
    gradient: Any
    stability: Any
    shift: float = 0.0


class Estimator(NamedTuple):
    """A loss estimate as its theorem defines it: compiled functions of (loss, p, eta) of one arm.

    Attributes:
        if_played, if_not: the estimate of an arm if it is played, and if another one is. bias: l - E_t lh.
        cost: (p, lh, eta) -> one arm's share of what the proof bounds in expectation.
    """

    if_played: Any
    if_not: Any
    bias: Any
    cost: Any


@hook
def keep_weights(records, run, book, state, t):
    """Keep L_{t-1} and the weights of the round, check that they are a law, and return its likeliest arm."""
    likeliest = 0
    negative = 0.0
    for i in range(book.total.shape[0]):
        book.total[i] = state.total[i]
        book.played[i] = state.probabilities[i]
        if book.played[i] > book.played[likeliest]:
            likeliest = i
        negative = min(negative, book.played[i])
    check(records, run, SIMPLEX, abs(sum_of(book.played) - 1.0) - negative, ROUNDING, 0.0, t, -1, -1, -1)
    return likeliest


def bookkeeping(calculus: Calculus, estimator: Estimator) -> tuple[Any, Any, Any]:
    """The compiled checks ``before, after, expectations`` for a regulariser and an estimator.

    (Made by a factory because Numba cannot keep a function on disk that takes functions as arguments.)
    """
    solve, potential, divergence, gradient, stability, shift = calculus
    if_played, if_not, bias, cost = estimator

    @hook
    def before(records, run, book, state, t):
        """When p_t is known: keep it and L_{t-1}, and check that p_t is the leader."""
        eta = theorem_rate(book, t)
        likeliest = keep_weights(records, run, book, state, t)
        for i in range(book.total.shape[0]):
            if i != likeliest and book.played[i] > 0.0:
                behind = eta * (book.total[i] - book.total[likeliest])
                slope = gradient(book.played[likeliest]) - gradient(book.played[i])
                check(records, run, LEADER, abs(behind - slope), 1e-8 * (1.0 + abs(behind)), 0.0, t, i, -1, -1)

    @hook
    def after(records, run, book, state, t):
        """When the loss has been observed: stability, potentials and the identity."""
        eta = theorem_rate(book, t)
        n_arms = book.total.shape[0]
        loss = 0.0
        most = 0.0
        for i in range(n_arms):
            book.estimate[i] = state.total[i] - book.total[i]
            loss += book.played[i] * book.estimate[i]
            if book.played[i] > 0.0:
                most += stability(book.played[i], book.estimate[i] - shift, eta)
        book.starts[0] = solve(book.total, eta, book.starts[0], book.leader)
        drop = potential(book.total, eta, book.starts[0], book.leader) - least(book.total)
        book.starts[1] = solve(state.total, eta, book.starts[1], book.leader)
        drop -= potential(state.total, eta, book.starts[1], book.leader) - least(state.total)
        stab = 0.0
        for i in range(n_arms):
            stab += (book.played[i] - book.leader[i]) * book.estimate[i]
            if book.played[i] > 0.0:
                stab -= divergence(book.leader[i], book.played[i]) / eta
        sums = book.sums
        sums[_LOSS] += loss
        sums[_STABILITY] += stab
        sums[_POTENTIAL] += drop
        check(records, run, SIGN, -stab, 0.0, ROUNDING, t, -1, -1, -1)
        check(records, run, STABILITY, stab, most, ROUNDING, t, -1, -1, -1)
        gap = abs(sums[_LOSS] - sums[_STABILITY] - sums[_POTENTIAL])
        check(records, run, IDENTITY, gap, ROUNDING * (1.0 + abs(sums[_LOSS])), 0.0, t, -1, -1, -1)

    @hook
    def expectations(records, run, book, t, arm, row, limit):
        """The estimates of the run against the theorem's, their conditional mean, and E_t of the cost <= limit."""
        eta = theorem_rate(book, t)
        total = 0.0
        for i in range(row.shape[0]):
            p = book.played[i]
            if p >= RARE:
                here = if_played(row[i], p, eta)
                elsewhere = if_not(row[i], p, eta)
                wanted = here if i == arm else elsewhere
                away = abs(book.estimate[i] - wanted)
                check(records, run, ESTIMATOR, away, ROUNDING * (1.0 + abs(wanted)), 0.0, t, i, -1, -1)
                rest = 1.0 - p
                mean = p * here + rest * elsewhere
                check(records, run, UNBIASED, abs(mean + bias(row[i], p, eta) - row[i]), ROUNDING, 0.0, t, i, -1, -1)
                total += p * cost(p, here, eta) + rest * cost(p, elsewhere, eta)
        check(records, run, MOMENT, total, limit, ROUNDING, t, -1, -1, -1)

    return before, after, expectations


@hook
def penalty_at_vertices(records, run, book, state, t, spread):
    """pen(e_i) <= (psi(e_i) - min psi)/eta_t = spread/eta_t for the best arm i, hence for all."""
    penalty = book.sums[_POTENTIAL] - least(state.total)
    check(records, run, PENALTY, penalty, spread / theorem_rate(book, t), ROUNDING, t, -1, -1, -1)


@hook
def penalty_near_vertices(records, run, book, state, t, horizon):
    """pen(u) <= (psi(u) - min psi)/eta_t for u = (1 - 1/T) e_i + 1/(TK) and the log-barrier, i the best arm."""
    k = float(state.total.shape[0])
    u_best = 1.0 - 1.0 / horizon + 1.0 / (horizon * k)
    spread = -math.log(u_best) + (k - 1.0) * math.log(horizon * k) - k * math.log(k)
    comparator = (1.0 - 1.0 / horizon) * least(state.total) + sum_of(state.total) / (horizon * k)
    penalty = book.sums[_POTENTIAL] - comparator
    check(records, run, PENALTY, penalty, spread / theorem_rate(book, t), ROUNDING, t, -1, -1, -1)


@hook
def over_probability(loss, p, eta):
    """l / p."""
    return loss / p


@hook
def zero(loss, p, eta):
    """0."""
    return 0.0


@hook
def shannon_cost(p, estimate, eta):
    """p lh^2."""
    return p * estimate * estimate


@hook
def tsallis_cost(p, estimate, eta):
    """p^{3/2} lh^2."""
    return p * math.sqrt(p) * estimate * estimate


@hook
def barrier_cost(p, estimate, eta):
    """p^2 lh^2."""
    return p * p * estimate * estimate
