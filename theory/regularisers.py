"""Regularisers of follow-the-regularised-leader on the simplex: the exact, slow reference of every compiled update.

For cumulative losses L and a learning rate eta,

    w = argmin_{w in simplex} <w, L> + psi(w)/eta,    Phi(-L) = max_w <w, -L> - psi(w)/eta.

Rates enter as psi/eta, as in Lattimore and Szepesvari 2020, chapter 28, and Zimmert and Seldin 2021, Section 3.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq
from scipy.special import logsumexp, softmax, xlogy

from theory.errors import InvalidInput

Float = npt.NDArray[np.float64]


class Regulariser(ABC):
    """A convex function psi on the simplex; arrays have shape (n_arms,)."""

    @abstractmethod
    def value(self, w: npt.ArrayLike) -> float:
        """psi(w); ``inf`` outside its domain."""

    @abstractmethod
    def gradient(self, w: npt.ArrayLike) -> Float:
        """grad psi(w) for w in the interior of the domain."""

    @abstractmethod
    def weights(self, losses: npt.ArrayLike, eta: float) -> Float:
        """argmin over the simplex of <w, losses> + psi(w)/eta."""

    @abstractmethod
    def spread(self, n_arms: int) -> float:
        """max psi - min psi over the simplex; ``inf`` for a barrier."""

    @abstractmethod
    def stability_bound(self, w: npt.ArrayLike, estimate: npt.ArrayLike, eta: float) -> float:
        """Upper bound on stab = <w, l> + Phi(-L - l) - Phi(-L) for w = weights(L, eta) and a loss estimate l >= 0."""

    def conjugate(self, losses: npt.ArrayLike, eta: float) -> float:
        """Phi(-losses) = max_w <w, -losses> - psi(w)/eta, evaluated at its maximiser."""
        w = self.weights(losses, eta)
        return float(-w @ np.asarray(losses, dtype=np.float64) - self.value(w) / eta)

    def bregman(self, u: npt.ArrayLike, w: npt.ArrayLike) -> float:
        """D(u, w) = psi(u) - psi(w) - <grad psi(w), u - w> >= 0, w in the interior."""
        u, w = np.asarray(u, dtype=np.float64), np.asarray(w, dtype=np.float64)
        return float(self.value(u) - self.value(w) - self.gradient(w) @ (u - w))

    def stability(self, losses: npt.ArrayLike, estimate: npt.ArrayLike, eta: float) -> float:
        """stab = <w, l> + Phi(-L - l) - Phi(-L) >= 0 with w = weights(L, eta)."""
        losses, estimate = np.asarray(losses, dtype=np.float64), np.asarray(estimate, dtype=np.float64)
        w = self.weights(losses, eta)
        return float(w @ estimate) + self.conjugate(losses + estimate, eta) - self.conjugate(losses, eta)


def _inputs(losses: npt.ArrayLike, eta: float) -> Float:
    array = np.asarray(losses, dtype=np.float64)
    if array.ndim != 1 or array.size == 0 or not np.isfinite(array).all():
        raise InvalidInput(f"cumulative losses must be a non-empty finite vector, got {array.tolist()}")
    if not eta > 0.0:
        raise InvalidInput(f"the learning rate must be positive, got {eta!r}")
    return array


def _power_weights(shifts: Float, power: float) -> Float:
    """w_i = (y + c_i)^(-power) with sum one, for shifts c >= 0 whose least is 0.

    The sum is convex and decreasing in y and at least one at y = 1: Newton's method from there climbs to the
    solution without overshooting, and stops when rounding no longer lets it climb.
    """
    y, top = 1.0, shifts.size ** (1.0 / power)
    for _ in range(200):
        base = y + shifts
        terms = base**-power
        step = (terms.sum() - 1.0) / (power * (terms / base).sum())
        climbed = min(y + step, top)
        if not climbed > y:
            break
        y = climbed
    return (y + shifts) ** -power


@dataclass(frozen=True)
class Shannon(Regulariser):
    """Negative Shannon entropy psi(w) = sum w log w: the weights are softmax(-eta L) (Hedge, Exp3)."""

    def value(self, w: npt.ArrayLike) -> float:
        w = np.asarray(w, dtype=np.float64)
        return float(xlogy(w, w).sum())

    def gradient(self, w: npt.ArrayLike) -> Float:
        return np.log(np.asarray(w, dtype=np.float64)) + 1.0

    def weights(self, losses: npt.ArrayLike, eta: float) -> Float:
        return np.asarray(softmax(-eta * _inputs(losses, eta)))

    def conjugate(self, losses: npt.ArrayLike, eta: float) -> float:
        return float(logsumexp(-eta * _inputs(losses, eta)) / eta)

    def spread(self, n_arms: int) -> float:
        return float(np.log(n_arms))

    def stability_bound(self, w: npt.ArrayLike, estimate: npt.ArrayLike, eta: float) -> float:
        """(eta/2) sum w l^2: the gap between <w, l> and the mix loss."""
        return float(0.5 * eta * np.sum(np.asarray(w) * np.asarray(estimate) ** 2))


@dataclass(frozen=True)
class Tsallis(Regulariser):
    """alpha-Tsallis entropy psi(w) = -sum (w^a - a w)/(a (1-a)), 0 < a < 1 (Zimmert and Seldin 2021, eq. (2)).

    At a = 1/2 it is -4 sum (sqrt w - w/2), with weights 4/(eta (L_i - x))^2; a -> 1 is Shannon's, a -> 0 the
    log-barrier up to constants on the simplex.
    """

    alpha: float = 0.5

    def __post_init__(self) -> None:
        if not 0.0 < self.alpha < 1.0:
            raise InvalidInput(f"the Tsallis exponent must lie in (0, 1), got {self.alpha!r}")

    def value(self, w: npt.ArrayLike) -> float:
        a, w = self.alpha, np.asarray(w, dtype=np.float64)
        return float(-np.sum(w**a - a * w) / (a * (1.0 - a)))

    def gradient(self, w: npt.ArrayLike) -> Float:
        a = self.alpha
        return -(np.asarray(w, dtype=np.float64) ** (a - 1.0) - 1.0) / (1.0 - a)

    def weights(self, losses: npt.ArrayLike, eta: float) -> Float:
        a, array = self.alpha, _inputs(losses, eta)
        return _power_weights((1.0 - a) * eta * (array - array.min()), 1.0 / (1.0 - a))

    def spread(self, n_arms: int) -> float:
        a = self.alpha
        return float((n_arms ** (1.0 - a) - 1.0) / (a * (1.0 - a)))

    def stability_bound(self, w: npt.ArrayLike, estimate: npt.ArrayLike, eta: float) -> float:
        """(eta/2) sum w^{2-a} l^2."""
        return float(0.5 * eta * np.sum(np.asarray(w) ** (2.0 - self.alpha) * np.asarray(estimate) ** 2))


@dataclass(frozen=True)
class LogBarrier(Regulariser):
    """psi(w) = -sum log w: the weights are 1/(eta (L_i + x))."""

    def value(self, w: npt.ArrayLike) -> float:
        w = np.asarray(w, dtype=np.float64)
        with np.errstate(divide="ignore"):
            return float(-np.log(w).sum())

    def gradient(self, w: npt.ArrayLike) -> Float:
        return -1.0 / np.asarray(w, dtype=np.float64)

    def weights(self, losses: npt.ArrayLike, eta: float) -> Float:
        array = _inputs(losses, eta)
        return _power_weights(eta * (array - array.min()), 1.0)

    def spread(self, n_arms: int) -> float:
        return float("inf") if n_arms > 1 else 0.0

    def stability_bound(self, w: npt.ArrayLike, estimate: npt.ArrayLike, eta: float) -> float:
        """(1/eta) sum [z - log(1 + z)] with z = eta w l, at most (eta/2) sum w^2 l^2."""
        z = eta * np.asarray(w, dtype=np.float64) * np.asarray(estimate, dtype=np.float64)
        return float(np.sum(z - np.log1p(z)) / eta)


@dataclass(frozen=True)
class Mixture(Regulariser):
    """shannon * Shannon + tsallis * Tsallis(alpha) + barrier * LogBarrier, coefficients >= 0 and not all zero.

    Hybrids of this kind: Bubeck, Cohen and Li 2018 (entropy and log-barrier); Zimmert, Luo and Wei 2019.
    """

    shannon: float = 0.0
    tsallis: float = 0.0
    alpha: float = 0.5
    barrier: float = 0.0

    @property
    def parts(self) -> tuple[tuple[float, Regulariser], ...]:
        """(coefficient, regulariser) of the terms that are there."""
        terms = ((self.shannon, Shannon()), (self.tsallis, Tsallis(self.alpha)), (self.barrier, LogBarrier()))
        return tuple((c, part) for c, part in terms if c > 0.0)

    def value(self, w: npt.ArrayLike) -> float:
        return float(sum(c * part.value(w) for c, part in self.parts))

    def gradient(self, w: npt.ArrayLike) -> Float:
        return np.asarray(sum(c * part.gradient(w) for c, part in self.parts))

    def curvature(self, w: npt.ArrayLike) -> Float:
        """psi'' of every coordinate, s/w + tau w^(a-2) + b/w^2."""
        w = np.asarray(w, dtype=np.float64)
        return self.shannon / w + self.tsallis * w ** (self.alpha - 2.0) + self.barrier / w**2

    def weights(self, losses: npt.ArrayLike, eta: float) -> Float:
        """By two nested root searches: w_i(x) = (f')^{-1}(x - eta (L_i - min L)), sum_i w_i(x) = 1."""
        array = _inputs(losses, eta)
        shifts = eta * (array - array.min())

        def at(x: float) -> Float:
            def coordinate(shift: float) -> float:
                def excess(v: float) -> float:
                    return float(self.gradient(np.exp([v]))[0]) - (x - shift)

                low = -1.0
                while excess(low) > 0.0:
                    low *= 2.0
                    if low < -700.0:
                        return 0.0
                return float(np.exp(brentq(excess, low, 0.0, xtol=1e-15, rtol=1e-15))) if excess(0.0) > 0.0 else 1.0

            return np.array([coordinate(shift) for shift in shifts])

        if array.size == 1:
            return np.ones(1)
        low, high = (float(self.gradient(np.array([w]))[0]) for w in (1.0 / array.size, 1.0))
        room = 1e-9 * (1.0 + abs(low))  # rounding may leave the sum at 1/K on either side of one
        w = at(brentq(lambda x: at(x).sum() - 1.0, low - room, high, xtol=1e-14, rtol=1e-14))
        return w / w.sum()

    def spread(self, n_arms: int) -> float:
        return float(sum(c * part.spread(n_arms) for c, part in self.parts))

    def stability_bound(self, w: npt.ArrayLike, estimate: npt.ArrayLike, eta: float) -> float:
        """(eta/2) sum l^2 / psi''(w): psi'' falls with w, and losses l >= 0 only lower w."""
        return float(0.5 * eta * np.sum(np.asarray(estimate) ** 2 / self.curvature(w)))


@dataclass(frozen=True)
class Euclidean(Regulariser):
    """psi(w) = |w|^2/2: the weights are the projection of -eta L on the simplex."""

    def value(self, w: npt.ArrayLike) -> float:
        w = np.asarray(w, dtype=np.float64)
        return float(0.5 * w @ w)

    def gradient(self, w: npt.ArrayLike) -> Float:
        return np.array(w, dtype=np.float64)

    def weights(self, losses: npt.ArrayLike, eta: float) -> Float:
        point = -eta * _inputs(losses, eta)
        point = point - point.max()
        descending = np.sort(point)[::-1]
        counts = np.arange(1, point.size + 1)
        thresholds = (np.cumsum(descending) - 1.0) / counts
        # The support is the longest prefix whose last entry exceeds the threshold that prefix implies.
        threshold = thresholds[np.flatnonzero(descending > thresholds)[-1]]
        return np.maximum(point - threshold, 0.0)

    def spread(self, n_arms: int) -> float:
        return 0.5 - 0.5 / n_arms

    def stability_bound(self, w: npt.ArrayLike, estimate: npt.ArrayLike, eta: float) -> float:
        """(eta/2) |l|_2^2."""
        return float(0.5 * eta * np.sum(np.asarray(estimate) ** 2))


class Decomposition(NamedTuple):
    """The FTRL identity of one run, for any u: sum_t <w_t - u, l_t> = stability.sum() + penalty(u).

    Attributes:
        weights: w_t, shape (T, K).
        stability: stab_t >= 0, shape (T,).
        potential: Phi_t(-L_{t-1}) - Phi_t(-L_t), shape (T,); penalty(u) = potential.sum() - <u, L_T>.
        total: L_T, shape (K,).
    """

    weights: Float
    stability: Float
    potential: Float
    total: Float

    def penalty(self, u: npt.ArrayLike) -> float:
        """sum_t [Phi_t(-L_{t-1}) - Phi_t(-L_t)] - <u, L_T>."""
        return float(self.potential.sum() - np.asarray(u, dtype=np.float64) @ self.total)


def decompose(regulariser: Regulariser, estimates: npt.ArrayLike, rates: npt.ArrayLike) -> Decomposition:
    """Run FTRL on given loss estimates and split its regret into stability and penalty, exactly.

    Args:
        estimates: l_t, shape (T, K). rates: eta_t, shape (T,), positive; round t uses psi/eta_t.

    Source: Lattimore and Szepesvari 2020, Exercise 28.12; Zimmert and Seldin 2021, Section 5.
    """
    steps, eta = np.asarray(estimates, dtype=np.float64), np.asarray(rates, dtype=np.float64)
    if steps.ndim != 2 or eta.shape != steps.shape[:1]:
        raise InvalidInput(f"need estimates (T, K) and rates (T,), got {steps.shape} and {eta.shape}")
    weights, stability, potential = np.empty_like(steps), np.empty_like(eta), np.empty_like(eta)
    total = np.zeros(steps.shape[1])
    for t, (estimate, rate) in enumerate(zip(steps, eta, strict=True)):
        weights[t] = regulariser.weights(total, rate)
        potential[t] = regulariser.conjugate(total, rate) - regulariser.conjugate(total + estimate, rate)
        stability[t] = weights[t] @ estimate - potential[t]
        total = total + estimate
    return Decomposition(weights, stability, potential, total)


def penalty_bound(
    regulariser: Regulariser, weights: npt.ArrayLike, rates: npt.ArrayLike, u: npt.ArrayLike
) -> tuple[float, float]:
    """The two upper bounds on penalty(u) for non-increasing rates.

    (psi(u) - min psi)/eta_1 + sum_{t >= 2} (1/eta_t - 1/eta_{t-1})(psi(u) - psi(w_t)), and its own upper bound
    (psi(u) - min psi)/eta_T; ``weights`` are the w_t, shape (T, K).
    """
    w, eta = np.asarray(weights, dtype=np.float64), np.asarray(rates, dtype=np.float64)
    at_u = regulariser.value(u)
    least = regulariser.value(np.full(w.shape[1], 1.0 / w.shape[1]))  # symmetric and convex: least at the centre
    values = np.array([regulariser.value(row) for row in w])
    sharp = (at_u - least) / eta[0] + float(np.sum(np.diff(1.0 / eta) * (at_u - values[1:])))
    return float(sharp), float((at_u - least) / eta[-1])
