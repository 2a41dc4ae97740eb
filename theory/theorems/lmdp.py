"""Latent MDPs with context in hindsight (Zhou, Wang and Du 2023, arXiv:2210.11604): regret without the horizon."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from theory.hypotheses import CONFIDENCE, EPISODIC, at_least
from theory.theorem import Hypothesis, Theorem

Float = npt.NDArray[np.float64]


def log_factor(instance: Any, params: Any, episodes: Float) -> Float:
    """iota = 2 ln(2 M S A H K / delta), the paper's logarithm."""
    sizes = instance.n_contexts * instance.n_states * instance.n_actions * instance.horizon
    return 2.0 * np.log(2.0 * sizes * np.asarray(episodes, dtype=np.float64) / params.delta)


def leading(instance: Any, params: Any, episodes: Float) -> Float:
    """sqrt(Var* M Gamma S A K iota)."""
    product = instance.n_contexts * instance.degree * instance.n_states * instance.n_actions
    k = np.asarray(episodes, dtype=np.float64)
    return np.sqrt(instance.variance * product * k * log_factor(instance, params, k))


def regret(instance: Any, params: Any, episodes: Float) -> Float:
    """sqrt(Var* M Gamma S A K iota) + M S^2 A iota: the theorem's order, one logarithm for the hidden ones."""
    burn_in = instance.n_contexts * instance.n_states**2 * instance.n_actions
    return leading(instance, params, episodes) + burn_in * log_factor(instance, params, episodes)


def plans(instance: Any, params: Any, episodes: Float) -> Float:
    """MSA (log2(KH) + 2)."""
    rows = instance.n_contexts * instance.n_states * instance.n_actions
    return rows * (np.log2(np.asarray(episodes, dtype=np.float64) * instance.horizon) + 2.0)


def lower_bound(instance: Any, params: Any, episodes: Float) -> Float:
    """sqrt(V M S A K) with the instance's Var* for V."""
    sizes = instance.n_contexts * instance.n_states * instance.n_actions
    return np.sqrt(instance.variance * sizes * np.asarray(episodes, dtype=np.float64))


def guessing_floor(n_contexts: int, n_arms: int, base: float, epsilon: float, episodes: npt.ArrayLike) -> Float:
    """Least regret of any algorithm on the permutation family, averaged over independent uniform secrets.

    A context that is known from the encoding phase and met T times is a bandit with ``n_arms`` Bernoulli(base) arms,
    one of them, the secret, better by epsilon. Under a secret i, E_i N_i <= E_0 N_i + T sqrt(E_0 N_i kl/2), E_0 being
    without a secret and kl = kl(base, base + epsilon) (Pinsker, chain rule). Averaged over i, the regret is at least
    epsilon (T - T/n - sqrt(kl/(2n)) T^{3/2}); and T ~ Bin(K, 1/M), so E T^{3/2} <= (E T^2)^{3/4} by Jensen.

    Args:
        n_contexts: M, equally likely. n_arms: leaves times actions.
        base, epsilon: 0 < base, epsilon >= 0, base + epsilon < 1. episodes: K.
    """
    k = np.asarray(episodes, dtype=np.float64)
    better = base + epsilon
    kl = base * math.log(base / better) + (1.0 - base) * math.log((1.0 - base) / (1.0 - better))
    share = 1.0 / n_contexts
    power = ((k * share) ** 2 + k * share * (1.0 - share)) ** 0.75  # E T^{3/2}, from above
    each = epsilon * (k * share * (1.0 - 1.0 / n_arms) - math.sqrt(kl / (2.0 * n_arms)) * power)
    return np.asarray(np.maximum(n_contexts * each, 0.0))


def _total_reward(instance: Any, params: Any, horizon: int) -> str | None:
    most = float(instance.largest_return)
    return None if most <= 1.0 + 1e-9 else f"a trajectory collects {most:.6g}"


TOTAL_REWARD = Hypothesis("the total reward of every trajectory is at most 1", _total_reward)

THEOREMS = (
    Theorem(
        id="lmdp/regret",
        source="Zhou, Wang and Du 2023, main upper bound (abstract)",
        statement="w.p. 1-delta, regret <= O~(sqrt(Var* M Gamma S A K) + M S^2 A), for either solver",
        kind="high-probability",
        constants="order",
        hypotheses=(EPISODIC, TOTAL_REWARD, CONFIDENCE, at_least(1)),
        bound=regret,
        remarks="one factor iota stands for the hidden logarithms; no power of H. The constants of the bonuses are not "
        "printed where we could read them; they are consistent with the proof (see the page)",
    ),
    Theorem(
        id="lmdp/leading",
        source="Zhou, Wang and Du 2023, leading term of the upper bound (abstract)",
        statement="regret = O(sqrt(Var* M Gamma S A K iota)), iota = 2 ln(2MSAHK/delta)",
        kind="high-probability",
        constants="order",
        hypotheses=(EPISODIC, TOTAL_REWARD, CONFIDENCE, at_least(1)),
        bound=leading,
    ),
    Theorem(
        id="lmdp/plans",
        source="Zhou, Wang and Du 2023, Algorithm 1; counted here: each of MSA counts doubles log2(KH) times at most",
        statement="the policy is planned at most MSA (log2(KH) + 2) times",
        kind="deterministic",
        constants="explicit",
        hypotheses=(EPISODIC, TOTAL_REWARD, CONFIDENCE, at_least(1)),
        bound=plans,
    ),
    Theorem(
        id="lmdp/lower-bound",
        source="Zhou, Wang and Du 2023, lower bound (abstract)",
        statement="some latent MDP with Gamma = 2 and Var* = Theta(V) has E regret = Omega(sqrt(V M S A K))",
        kind="lower bound",
        constants="order",
        hypotheses=(EPISODIC, TOTAL_REWARD),
        bound=lower_bound,
        confirmed=False,
        remarks="for S >= 6, A >= 2, M <= (S/2)! and K large; these conditions were not re-read",
    ),
)
