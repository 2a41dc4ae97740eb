"""GLOW, HyGLOW and the reduction H2O (Amortila, Foster, Jiang, Sekhari and Xie 2024, ICLR; arXiv 2401.09681).

The proofs' constants are stated twice: as printed (:data:`PRINTED`) and as the printed derivations give them when every
term is carried along (:data:`DERIVED`). Bounds use the latter.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from theory.hypotheses import CONFIDENCE, EPISODIC, FIXED_START, at_least, setting
from theory.theorem import Hypothesis, Theorem

Float = npt.NDArray[np.float64]


class Constants(NamedTuple):
    """The constants of the proofs that were printed differently from what their derivations give.

    Attributes:
        spread, width: Lemma E.2 (b), E[Delta_h f wc] <= (spread/gamma_t) E[wc^2] + width beta_t for f in F^(t).
            The terms of the width are 1/12 + 8/9 + 1.
        potential: Lemma E.3, as (offset, slope, shift): sum_t E[d/dtil] <= C_cov (offset + slope log(shift + T)).
        least_residual: Delta_h f >= this; f_h >= 0, r + max f_{h+1} <= 2.
        mabo_spread, mabo_width: MABO.CR is CC-bounded with a = mabo_spread/gamma and
            b = mabo_width H^2 gamma log(24|F||W|H^2/delta).
        hybrid_power: Corollary 4.1, episodes of order H^hybrid_power.
    """

    spread: float
    width: float
    potential: tuple[float, float, float]
    least_residual: float
    mabo_spread: float
    mabo_width: float
    hybrid_power: int


DERIVED = Constants(46.0 / 3.0, 71.0 / 36.0, (1.0, 4.0, 1.0), -2.0, 44.0, 284.0, 4)
PRINTED = Constants(20.0, 7.0 / 18.0, (0.0, 5.0, 0.0), -1.0, 40.0, 56.0, 2)


def potential_bound(constants: Constants, coverability: float, n_rounds: Float) -> Float:
    """Lemma E.3: sum_{t<=T} E_{d^(t)}[d^(t)/dtil^(t+1)] <= C_cov (1 + 4 log(1 + T)); printed as 5 C_cov log T."""
    offset, slope, shift = constants.potential
    return coverability * (offset + slope * np.log(shift + np.asarray(n_rounds, dtype=np.float64)))


def log_factor(instance: Any, params: Any, n_rounds: Any) -> Any:
    """L = log(6 |F| |W| T H/delta)."""
    t = np.asarray(n_rounds, dtype=np.float64)
    return instance.log_classes(t) + np.log(6.0 * t * instance.horizon / params.delta)


def thresholds(instance: Any, params: Any, n_rounds: int, t: int) -> tuple[float, float, float]:
    """(gamma_t, alpha_t, beta_t) of Algorithm 1 in round t >= 2 of a run over ``n_rounds``, presets included."""
    gamma_t = params.gamma * t
    beta = (
        36.0 * gamma_t / (params.n_trajectories * (t - 1)) * float(log_factor(instance, params, np.float64(n_rounds)))
    )
    return gamma_t, params.alpha_scale * 8.0 / gamma_t, params.beta_scale * beta


def regret_rate(instance: Any, params: Any, n_rounds: Float) -> Float:
    """H sqrt(C_cov T log(|F||W|/delta))."""
    t = np.asarray(n_rounds, dtype=np.float64)
    logs = instance.log_classes(t) + np.log(1.0 / params.delta)
    return instance.horizon * np.sqrt(instance.coverability * t * logs)


def regret_explicit(instance: Any, params: Any, n_rounds: Float) -> Float:
    """1 + 2 sqrt(8L(T-1)/K) + H ((81/gamma) C_cov (1 + 4 log(1+T)) + 720 gamma T L/K + (gamma/80)(1 + log T))."""
    t = np.asarray(n_rounds, dtype=np.float64)
    gamma, k = params.gamma, params.n_trajectories
    logs = log_factor(instance, params, t)
    optimism = 1.0 + 2.0 * np.sqrt(8.0 * logs * (t - 1.0) / k)  # sum_{t>=2} (t-1)^{-1/2} <= 2 sqrt(T-1)
    potential = 81.0 / gamma * potential_bound(DERIVED, instance.coverability, t)
    return optimism + instance.horizon * (potential + 720.0 * gamma * t * logs / k + gamma / 80.0 * (1.0 + np.log(t)))


def pure_ratio_rate(instance: Any, params: Any, n_rounds: Float) -> Float:
    """H sqrt(C_cov T) in rounds of K = 2T log(6|F||W|HT/delta) episodes."""
    return instance.horizon * np.sqrt(instance.coverability * np.asarray(n_rounds, dtype=np.float64))


def h2o_regret(instance: Any, gamma: Any, a: Float, b: Float, n_rounds: Float) -> Float:
    """Theorem 4.1 times T: H a (6 C_* log T + 4 C_cov (gamma + 10 log T + 1)) + T H b; T >= 2."""
    t = np.asarray(n_rounds, dtype=np.float64)
    offline = 6.0 * instance.optimal_concentrability * np.log(t)
    online = 4.0 * instance.coverability * (gamma + 10.0 * np.log(t) + 1.0)
    return instance.horizon * (a * (offline + online) + t * b)


def mabo_pair(instance: Any, params: Any, n_rounds: Float) -> tuple[Float, Float, Float]:
    """(gamma, a, b) of MABO.CR: (44/gamma, 284 H^2 gamma log(24|F||W|H^2 T/delta)), delta/T for a round."""
    t = np.asarray(n_rounds, dtype=np.float64)
    gamma = params.base.gamma
    logs = instance.log_classes(t) + np.log(24.0 * instance.horizon**2 * t / params.delta)
    a = np.full(t.shape, DERIVED.mabo_spread / gamma)
    return gamma, a, DERIVED.mabo_width * instance.horizon**2 * gamma * logs


def hyglow_explicit(instance: Any, params: Any, n_rounds: Float) -> Float:
    """Theorem 4.1 with the pair of MABO.CR."""
    return h2o_regret(instance, *mabo_pair(instance, params, n_rounds), n_rounds)


def fqi_pair(instance: Any, params: Any, n_rounds: Float) -> tuple[Float, Float, Float]:
    """(gamma, a, b) of FQI: (6/gamma, 1024 gamma log(2n|F|)), n = T, at the best scale gamma."""
    t = np.asarray(n_rounds, dtype=np.float64)
    return _at_best_scale(instance, 6.0, 1024.0 * np.log(2.0 * t * instance.n_functions), t)


def mle_pair(instance: Any, params: Any, n_rounds: Float) -> tuple[Float, Float, Float]:
    """(gamma, a, b) of maximum likelihood: (6/gamma, 8 gamma log(|M|HT/delta)) at the best scale gamma."""
    t = np.asarray(n_rounds, dtype=np.float64)
    return _at_best_scale(instance, 6.0, 8.0 * np.log(len(instance.models) * instance.horizon * t / params.delta), t)


def _at_best_scale(instance: Any, spread: float, width: Float, t: Float) -> tuple[Float, Float, Float]:
    """a = spread/gamma and b = width gamma at the gamma that minimises Theorem 4.1 (the algorithm does not use it)."""
    logs = 6.0 * instance.optimal_concentrability * np.log(t) + 4.0 * instance.coverability * (10.0 * np.log(t) + 1.0)
    gamma = np.sqrt(spread * logs / (t * width))
    return gamma, spread / gamma, width * gamma


def fqi_explicit(instance: Any, params: Any, n_rounds: Float) -> Float:
    """Theorem 4.1 with the pair of FQI."""
    return h2o_regret(instance, *fqi_pair(instance, params, n_rounds), n_rounds)


def mle_explicit(instance: Any, params: Any, n_rounds: Float) -> Float:
    """Theorem 4.1 with the pair of maximum likelihood."""
    return h2o_regret(instance, *mle_pair(instance, params, n_rounds), n_rounds)


def _hyglow_terms(instance: Any, delta: float, n_rounds: float) -> tuple[float, float]:
    """X = 6 C_* log T + 4 C_cov (10 log T + 1) and log(24|F||W|H^2 T/delta)."""
    logs = 6.0 * instance.optimal_concentrability * np.log(n_rounds)
    logs = logs + 4.0 * instance.coverability * (10.0 * np.log(n_rounds) + 1.0)
    return float(logs), float(instance.log_classes(n_rounds) + np.log(24.0 * instance.horizon**2 * n_rounds / delta))


def hyglow_episodes(constants: Constants, instance: Any, delta: float, epsilon: float, n_rounds: float) -> float:
    """Episodes for a risk of epsilon, the logarithms taken at ``n_rounds``: 4 a_0 b_0 X log(...) H^p/epsilon^2.

    Theorem 4.1 with a = a_0/gamma and b = b_0 H^2 gamma log(...) gives H (a/T) X + H b <= epsilon at p = 4 and the best
    gamma; Corollary 4.1 prints p = 2 for the number of trajectories, which is T.
    """
    logs, classes = _hyglow_terms(instance, delta, n_rounds)
    scale = 4.0 * DERIVED.mabo_spread * DERIVED.mabo_width * classes * logs / epsilon**2
    return scale * float(instance.horizon) ** constants.hybrid_power


def hyglow_risk(instance: Any, delta: float, gamma: Float, episodes: float, n_rounds: float) -> Float:
    """The risk H (a/T) X + H b of Theorem 4.1 after T = ``episodes``, the logarithms taken at ``n_rounds``."""
    logs, classes = _hyglow_terms(instance, delta, n_rounds)
    h = instance.horizon
    spread, width = DERIVED.mabo_spread / gamma, DERIVED.mabo_width * h**2 * gamma * classes
    return np.asarray(h * (spread / episodes * logs + width))


def hyglow_rate(instance: Any, params: Any, n_rounds: Float) -> Float:
    """T times the risk of Corollary 4.1: H^2 sqrt((C_* + C_cov) T log(|F||W|/delta))."""
    t = np.asarray(n_rounds, dtype=np.float64)
    logs = instance.log_classes(t) + np.log(1.0 / params.delta)
    cover = instance.optimal_concentrability + instance.coverability
    return instance.horizon**2 * np.sqrt(cover * t * logs)


def hybrid_rate(instance: Any, params: Any, n_rounds: Float) -> Float:
    """T times the risk of Theorem 4.1 at the best scale: H sqrt((C_* + C_cov) T log T)."""
    t = np.asarray(n_rounds, dtype=np.float64)
    cover = instance.optimal_concentrability + instance.coverability
    return instance.horizon * np.sqrt(cover * t * np.log(t))


def golf_rate(instance: Any, params: Any, n_rounds: Float) -> Float:
    """H sqrt(C_cov T log(|F|HT/delta) log T)."""
    t = np.asarray(n_rounds, dtype=np.float64)
    logs = np.log(instance.n_functions * instance.horizon * t / params.delta) * np.log(t)
    return instance.horizon * np.sqrt(instance.coverability * t * logs)


def golf_beta(instance: Any, params: Any, n_rounds: float) -> float:
    """23 log(2 |F|^2 H T/delta): by Freedman's inequality, 16 E[Delta^2] bounding the variance of an excess loss."""
    return float(23.0 * np.log(2.0 * instance.n_functions**2 * instance.horizon * n_rounds / params.delta))


def golf_explicit(instance: Any, params: Any, n_rounds: Float) -> Float:
    """H (2 C_cov + 4 sqrt(C_cov beta T log(1+T))), beta = 23 log(2|F|^2 HT/delta), for a fixed first state.

    Until sum_{i<t} d^(i)(z) reaches C_cov mu(z) a pair costs at most 2 C_cov mu(z); after that, Cauchy-Schwarz with
    sum_{i<t} E_{d^(i)}[Delta^2] <= 4 beta and Lemma D.5 of Amortila et al. 2024.
    """
    t = np.asarray(n_rounds, dtype=np.float64)
    beta = 23.0 * np.log(2.0 * instance.n_functions**2 * instance.horizon * t / params.delta)
    return instance.horizon * (
        2.0 * instance.coverability + 4.0 * np.sqrt(instance.coverability * beta * t * np.log1p(t))
    )


# ---------------------------------------------------------------------------------------------------------- hypotheses
def _realizable(instance: Any, params: Any, horizon: int) -> str | None:
    if getattr(instance, "q_star_index", None) is None:
        return "the instance does not state q_star_index"
    return None if instance.q_star_index >= 0 else "no function of the class is within 1e-9 of Q*"


def _total_reward(instance: Any, params: Any, horizon: int) -> str | None:
    largest = getattr(instance, "largest_return", None)
    if largest is None:
        return "the instance does not state its largest_return"
    return None if largest <= 1.0 + 1e-9 else f"an episode can earn {largest:g}, {largest - 1.0:g} too much"


def _mixtures(instance: Any, params: Any, horizon: int) -> str | None:
    if getattr(instance, "ratios_realizable", None) is None:
        return "the instance does not state ratios_realizable"
    return None if instance.ratios_realizable else "its weight class is a list without them"


def _complete(instance: Any, params: Any, horizon: int) -> str | None:
    distance = getattr(instance, "incompleteness", None)
    if distance is None:
        return "the instance does not state its incompleteness"
    return None if distance <= 1e-9 else f"a backup is {distance:g} away from the class"


def _covered(instance: Any, params: Any, horizon: int) -> str | None:
    concentrability = getattr(instance, "optimal_concentrability", None)
    if concentrability is None:
        return "the instance does not state its optimal_concentrability"
    return None if np.isfinite(concentrability) else "the offline data misses a pair that pi* visits"


def _model_class(instance: Any, params: Any, horizon: int) -> str | None:
    return None if len(getattr(instance, "models", ())) > 0 else "the instance has no models"


def _scale(instance: Any, params: Any, horizon: int) -> str | None:
    gamma = getattr(params, "gamma", None)
    if gamma is None:
        return "the algorithm does not state its gamma"
    return None if 0.0 < gamma <= 1.0 else f"gamma = {gamma:g}"


def _base_scale(instance: Any, params: Any, horizon: int) -> str | None:
    return _scale(instance, getattr(params, "base", None), horizon)


REALIZABLE = Hypothesis("Q* belongs to the class F (Assumption 2.1)", _realizable)
TOTAL_REWARD = Hypothesis("the rewards of an episode sum to at most 1", _total_reward)
MIXTURE_RATIOS = Hypothesis("W contains the clipped ratios to mixtures of policies (Assumption 2.2')", _mixtures)
COMPLETE = Hypothesis("F is Bellman complete, T_h F_{h+1} in F_h", _complete)
COVERED = Hypothesis("the offline data covers the optimal policy, C_* < infinity", _covered)
_THEORY = (setting("alpha_scale", 1.0), setting("beta_scale", 1.0), setting("clip_scale", 1.0))
_MODEL = (EPISODIC, TOTAL_REWARD, REALIZABLE)
_GLOW = (*_MODEL, MIXTURE_RATIOS, CONFIDENCE, Hypothesis("the scale gamma lies in (0, 1]", _scale), *_THEORY)

_PAPER = "Amortila, Foster, Jiang, Sekhari and Xie 2024"

THEOREMS = (
    Theorem(
        id="glow/regret",
        source=f"{_PAPER}, Theorem 3.1",
        statement="w.p. 1-delta: Reg_T = O~(H sqrt(C_cov T log(|F||W|/delta))), "
        "gamma = sqrt(C_cov/(T log(|F||W|/delta))), K = 1",
        kind="high-probability",
        constants="order",
        hypotheses=(*_GLOW, setting("n_trajectories", 1), at_least(2)),
        bound=regret_rate,
    ),
    Theorem(
        id="glow/regret-explicit",
        source=f"{_PAPER}, Lemmas E.1 to E.4 with their constants carried along",
        statement="w.p. 1-delta: Reg_T <= 1 + 2 sqrt(8L(T-1)/K) + H ((81/gamma) C_cov (1 + 4 log(1+T)) "
        "+ 720 gamma T L/K + (gamma/80)(1 + log T)), L = log(6|F||W|TH/delta)",
        kind="high-probability",
        constants="explicit",
        hypotheses=(*_GLOW, at_least(2)),
        bound=regret_explicit,
        remarks="derived; Lemma E.2 (b) with 46/3 and 71/36 instead of the printed 20 and 7/18, and Lemma E.3 with "
        "1 + 4 log(1+T) instead of 5 log T, which fails at T = 1. Vacuous for T below 1e11 on every lock here",
    ),
    Theorem(
        id="glow/pure-ratios",
        source=f"{_PAPER}, Theorem 3.2",
        statement="w.p. 1-delta: Reg_T = O~(H sqrt(C_cov T)) in T rounds of K = 2T log(6|F||W|HT/delta) episodes, "
        "gamma = sqrt(C_cov/T), for W of pure ratios d^pi/d^pi': N = O~(H^4 C_cov^2 log(|F||W|/delta)/eps^4)",
        kind="high-probability",
        constants="order",
        hypotheses=(*_GLOW, at_least(2)),
        bound=pure_ratio_rate,
    ),
    Theorem(
        id="glow/hyglow",
        source=f"{_PAPER}, Theorem 4.1 with the pair of MABO.CR, constants carried along",
        statement="w.p. 1-delta: Reg_T = T Risk <= H a (6 C_* log T + 4 C_cov (gamma + 10 log T + 1)) + T H b, "
        "a = 44/gamma, b = 284 H^2 gamma log(24|F||W|H^2 T/delta)",
        kind="high-probability",
        constants="explicit",
        hypotheses=(
            *_MODEL, MIXTURE_RATIOS, COVERED, CONFIDENCE, Hypothesis("the scale gamma lies in (0, 1]", _base_scale),
            at_least(2),
        ),
        bound=hyglow_explicit,
        remarks="printed as a = 40/gamma, b = 56 H^2 gamma log(24|F||W|H^2/delta), which inherits 7/18 for 71/36",
    ),
    Theorem(
        id="glow/hyglow-rate",
        source=f"{_PAPER}, Corollary 4.1 with H^4",
        statement="w.p. 1-delta: Reg_T = T Risk = O~(H^2 sqrt((C_* + C_cov) T log(|F||W|/delta)))",
        kind="high-probability",
        constants="order",
        hypotheses=(*_MODEL, MIXTURE_RATIOS, COVERED, CONFIDENCE, at_least(2)),
        bound=hyglow_rate,
        remarks="printed with H^4 for T and H^2 for the number of trajectories, which are the same number; a b ~ H^2 "
        "in Theorem 4.1 gives H^4",
    ),
    Theorem(
        id="glow/h2o-fqi",
        source=f"{_PAPER}, Theorem 4.1 with the pair of FQI",
        statement="w.p. 1-delta: Reg_T = T Risk <= H a (6 C_* log T + 4 C_cov (gamma + 10 log T + 1)) + T H b, "
        "a = 6/gamma, b = 1024 gamma log(2T|F|), for every gamma",
        kind="high-probability",
        constants="explicit",
        hypotheses=(*_MODEL, COMPLETE, COVERED, CONFIDENCE, at_least(2)),
        bound=fqi_explicit,
        confirmed=False,
        remarks="the logarithm is printed without delta; n = T at most",
    ),
    Theorem(
        id="glow/h2o-mle",
        source=f"{_PAPER}, Theorem 4.1 with the pair of maximum likelihood",
        statement="w.p. 1-delta: Reg_T = T Risk <= H a (6 C_* log T + 4 C_cov (gamma + 10 log T + 1)) + T H b, "
        "a = 6/gamma, b = 8 gamma log(|M|HT/delta), for every gamma",
        kind="high-probability",
        constants="explicit",
        hypotheses=(*_MODEL, COVERED, Hypothesis("the world is one of the models", _model_class), CONFIDENCE,
                    at_least(2)),
        bound=mle_explicit,
    ),
    Theorem(
        id="glow/h2o-rate",
        source=f"{_PAPER}, Theorem 4.1 at the best scale, logarithms of the classes left out",
        statement="w.p. 1-delta: Reg_T = T Risk = O~(H sqrt((C_* + C_cov) T log T))",
        kind="high-probability",
        constants="order",
        hypotheses=(*_MODEL, COVERED, CONFIDENCE, at_least(2)),
        bound=hybrid_rate,
    ),
    Theorem(
        id="glow/golf-explicit",
        source="Xie, Foster, Bai, Jiang and Kakade 2023, proof of Theorem 1 with its constants carried along",
        statement="w.p. 1-delta: Reg_T <= H (2 C_cov + 4 sqrt(C_cov beta T log(1+T))), "
        "beta = 23 log(2|F|^2 HT/delta), for complete F",
        kind="high-probability",
        constants="explicit",
        hypotheses=(*_MODEL, FIXED_START, COMPLETE, CONFIDENCE, setting("beta_scale", 1.0), at_least(2)),
        bound=golf_explicit,
        remarks="derived; the source has orders only",
    ),
    Theorem(
        id="glow/golf",
        source="Xie, Foster, Bai, Jiang and Kakade 2023, Theorem 1 (GOLF of Jin, Liu and Miryoosefi 2021)",
        statement="w.p. 1-delta: Reg_T = O(H sqrt(C_cov T log(|F|HT/delta) log T)) for complete F",
        kind="high-probability",
        constants="order",
        hypotheses=(*_MODEL, COMPLETE, CONFIDENCE, at_least(2)),
        bound=golf_rate,
    ),
)  # fmt: skip
