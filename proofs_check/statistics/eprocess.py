"""Tests of a mean and of a probability that may be stopped at any time.

An e-process for a hypothesis H is a process that under every law of H lies below a nonnegative supermartingale
started at 1. Ville (1939): under H it ever reaches 1/alpha with probability at most alpha. So the experimenter
may look after every run, stop when a decision has been reached, and go on when it has not.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from theory.errors import InvalidInput

from ._inputs import FloatArray, check_open_unit, check_range, indicator_values, unit_interval_values
from .betting import BettingCapital, log_mixture
from .confidence import clopper_pearson

_LARGEST_LOG = math.log(np.finfo(np.float64).max)


def _exp(log_e: float) -> float:
    """exp, with +inf in place of an overflow."""
    return math.exp(log_e) if log_e <= _LARGEST_LOG else math.inf


class _TwoSidedTest:
    """Two e-processes watched in parallel, and the decision of whichever reaches its level first.

    ``refute`` is the e-process against "the statement holds", ``verify`` the one against "it fails".
    """

    def __init__(self, alpha_refute: float, alpha_verify: float) -> None:
        self.alpha_refute = check_open_unit(alpha_refute, "alpha_refute")
        self.alpha_verify = check_open_unit(alpha_verify, "alpha_verify")
        self.n = 0
        self.decision: str | None = None
        self.n_decided: int | None = None
        self.log_e_refute = 0.0
        self.log_e_verify = 0.0
        self._log_e_now = (0.0, 0.0)

    @property
    def e_now(self) -> tuple[float, float]:
        """(refute, verify) e-values at the last run: the ones to hand to ``multiple.e_bh``.

        At any stopping time their expectation under the hypothesis they speak against is at most 1; that of a running
        maximum is not.
        """
        return _exp(self._log_e_now[0]), _exp(self._log_e_now[1])

    @property
    def e_refute(self) -> float:
        """Largest value so far of the e-process against the statement; at least 1."""
        return _exp(self.log_e_refute)

    @property
    def e_verify(self) -> float:
        """Largest value so far of the e-process against the statement's negation; at least 1."""
        return _exp(self.log_e_verify)

    @property
    def p_refute(self) -> float:
        """Anytime-valid p-value of "the statement holds": 1 / e_refute."""
        return math.exp(-self.log_e_refute)

    @property
    def p_verify(self) -> float:
        """Anytime-valid p-value of "the statement fails": 1 / e_verify."""
        return math.exp(-self.log_e_verify)

    def _record(self, log_refute: FloatArray, log_verify: FloatArray) -> FloatArray:
        """Take in the e-processes at the new observations; return them as shape (n_new, 2), refute first."""
        if len(log_refute) > 0:
            self.log_e_refute = max(self.log_e_refute, float(log_refute.max()))
            self.log_e_verify = max(self.log_e_verify, float(log_verify.max()))
            if self.decision is None:
                refutes = log_refute >= math.log(1.0 / self.alpha_refute)
                verifies = log_verify >= math.log(1.0 / self.alpha_verify)
                either = refutes | verifies
                if either.any():
                    first = int(np.argmax(either))
                    # The two capitals bet on opposite sides, so both can be large only through separate streaks;
                    # should they arrive at once, the rarer event (the smaller alpha) is reported.
                    self.decision = "refuted" if refutes[first] else "verified"
                    self.n_decided = self.n + first + 1
            self.n += len(log_refute)
            self._log_e_now = (float(log_refute[-1]), float(log_verify[-1]))
        return np.column_stack([log_refute, log_verify])


class MeanTest(_TwoSidedTest):
    """Is the mean of a bounded variable at most ``bound``?

    Args:
        bound: the claimed upper bound B on the mean, low < bound < high.
        low, high: almost-sure range of one observation (for regret over T rounds: 0 and T times the largest gap).
        alpha_refute: probability, if the mean is <= bound, of ever deciding "refuted".
        alpha_verify: probability, if the mean is >= bound, of ever deciding "verified".

    The two e-processes are the mixture betting capitals of ``betting.py`` (equation (*)) against mean <= bound (bets
    that X is larger) and, on the reflected variable, against mean >= bound (Waudby-Smith and Ramdas 2024, section 4).
    Both guarantees hold at any stopping time, for independent runs and, more generally, whenever each
    observation's conditional mean given the past is on the stated side of the bound.

    Attributes: ``decision`` ("refuted", "verified" or None), ``n_decided`` (runs used by the decision), ``n`` (runs
    seen), ``e_refute``, ``e_verify`` (running maxima), their logarithms ``log_e_*`` and p-values ``p_*``.

    No test of this kind can verify a bound in fewer than log(1/alpha) / -log(1 - (B - mean)/(high - mean)) runs: see
    ``power.fewest_runs_to_verify``. Raises InvalidInput if the bound lies outside (low, high): at or above ``high``
    it is vacuous, at or below ``low`` no test is needed.
    """

    def __init__(
        self, bound: float, low: float, high: float, alpha_refute: float = 1e-4, alpha_verify: float = 0.01
    ) -> None:
        super().__init__(alpha_refute, alpha_verify)
        check_range(low, high)
        if not low < bound < high:
            raise InvalidInput(
                f"bound {bound!r} outside ({low!r}, {high!r}): a bound at or above the range is vacuous, "
                "one at or below it needs no test"
            )
        self.bound, self.low, self.high = float(bound), float(low), float(high)
        m = (bound - low) / (high - low)
        self._up = BettingCapital(m)
        self._down = BettingCapital((high - bound) / (high - low))

    def update(self, values: ArrayLike) -> FloatArray:
        """Add runs. values: shape (n,) in [low, high]. Returns log e-values after each, shape (n, 2), refute first.

        Raises InvalidInput at the first value outside the range, before anything is counted.
        """
        x = unit_interval_values(values, self.low, self.high, self.n)
        return self._record(self._up.update(x), self._down.update(1.0 - x))


def binomial_log_e(
    k: ArrayLike, n: ArrayLike, delta: float, alternatives: Sequence[float], weights: Sequence[float]
) -> FloatArray:
    """log of the mixture likelihood ratio sum_j w_j (q_j/delta)^k ((1-q_j)/(1-delta))^(n-k).

    k, n: counts of ones and of observations, broadcast together. With all q_j < delta it is an e-process against
    p >= delta, with all q_j > delta one against p <= delta: for q < delta the factor (q/delta) p +
    ((1-q)/(1-delta)) (1-p) is decreasing in p and equals 1 at p = delta.
    """
    k_array = np.asarray(k, dtype=np.float64)[..., None]
    failures_left = np.asarray(n, dtype=np.float64)[..., None] - k_array
    q = np.asarray(alternatives, dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        # 0 * -inf is an absent factor, not a nan
        ones = np.where(k_array == 0.0, 0.0, k_array * np.log(q / delta))
        zeros = np.where(failures_left == 0.0, 0.0, failures_left * np.log((1.0 - q) / (1.0 - delta)))
    return log_mixture(ones + zeros, np.log(np.asarray(weights, dtype=np.float64)))


class BernoulliTest(_TwoSidedTest):
    """Is the probability of an event at most ``delta``? One 0/1 indicator per run.

    Args:
        delta: the claimed upper bound on the probability, in (0, 1).
        alpha_refute, alpha_verify: as in ``MeanTest``.
        q_verify: alternatives below delta that the verifying e-process mixes, default {0, delta/4, delta/2}.
        q_refute: alternatives above delta that the refuting e-process mixes, default min(1, {3/2, 2, 4, 8} delta) where
            below 1, and the midpoint between delta and 1.

    The e-processes are equally weighted mixtures of binomial likelihood ratios (``binomial_log_e``). They depend on
    the data through the number of ones, so their level and power have exact values (``power.crossing_probability``).
    """

    def __init__(
        self,
        delta: float,
        alpha_refute: float = 1e-4,
        alpha_verify: float = 0.01,
        *,
        q_verify: Sequence[float] | None = None,
        q_refute: Sequence[float] | None = None,
    ) -> None:
        super().__init__(alpha_refute, alpha_verify)
        self.delta = check_open_unit(delta, "delta")
        self.q_verify = tuple(q_verify) if q_verify is not None else (0.0, delta / 4.0, delta / 2.0)
        wide = tuple(q for q in (1.5 * delta, 2.0 * delta, 4.0 * delta, 8.0 * delta) if q < 1.0)
        self.q_refute = tuple(q_refute) if q_refute is not None else (*wide, (1.0 + delta) / 2.0)
        for q in self.q_verify:
            if not 0.0 <= q < delta:
                raise InvalidInput(f"q_verify contains {q!r}: expected a value in [0, delta) with delta = {delta!r}")
        for q in self.q_refute:
            if not delta < q <= 1.0:
                raise InvalidInput(f"q_refute contains {q!r}: expected a value in (delta, 1] with delta = {delta!r}")
        self.k = 0

    def log_e_at(self, k: ArrayLike, n: ArrayLike) -> tuple[FloatArray, FloatArray]:
        """(log e_refute, log e_verify) after n runs of which k were ones; not running maxima."""
        refute_weights = [1.0 / len(self.q_refute)] * len(self.q_refute)
        verify_weights = [1.0 / len(self.q_verify)] * len(self.q_verify)
        return (
            binomial_log_e(k, n, self.delta, self.q_refute, refute_weights),
            binomial_log_e(k, n, self.delta, self.q_verify, verify_weights),
        )

    def update(self, indicators: ArrayLike) -> FloatArray:
        """Add runs. indicators: shape (n,) of 0/1. Returns log e-values after each, shape (n, 2), refute first."""
        x = indicator_values(indicators, self.n)
        ones = self.k + np.cumsum(x)
        path = self._record(*self.log_e_at(ones, self.n + np.arange(1, len(x) + 1)))
        self.k += int(x.sum())
        return path


class SequentialBinomial:
    """Exact Clopper-Pearson intervals at a sequence of looks, the error alpha spent as 6 alpha / (pi^2 i^2).

    The i-th call of ``update`` is the i-th look. Since sum 1/i^2 = pi^2/6, all looks' intervals cover the probability
    together with probability at least 1 - alpha, so their running intersection does. ``decision`` is "verified"
    once the upper limit is <= delta, "refuted" once the lower limit is > delta, else None. The looks may be spaced at
    will but must not depend on the data of the batch to come; few, geometrically growing batches spend least.
    """

    def __init__(self, delta: float, alpha: float) -> None:
        self.delta = check_open_unit(delta, "delta")
        self.alpha = check_open_unit(alpha, "alpha")
        self.n = 0
        self.k = 0
        self.n_looks = 0
        self.interval = (0.0, 1.0)
        self.decision: str | None = None
        self.n_decided: int | None = None

    @property
    def alpha_spent(self) -> float:
        """Error probability used by the looks so far."""
        return sum(6.0 * self.alpha / (math.pi * i) ** 2 for i in range(1, self.n_looks + 1))

    def update(self, indicators: ArrayLike) -> None:
        """Add a batch of 0/1 indicators, shape (n,), and look once. An empty batch is no look."""
        x = indicator_values(indicators, self.n)
        if len(x) == 0:
            return
        self.n += len(x)
        self.k += int(x.sum())
        self.n_looks += 1
        low, high = clopper_pearson(self.k, self.n, 6.0 * self.alpha / (math.pi * self.n_looks) ** 2)
        self.interval = (max(self.interval[0], float(low)), min(self.interval[1], float(high)))
        if self.decision is None:
            if self.interval[1] <= self.delta:
                self.decision = "verified"
            elif self.interval[0] > self.delta:
                self.decision = "refuted"
            if self.decision is not None:
                self.n_decided = self.n
