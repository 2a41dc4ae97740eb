"""The bounds of the index policies: shapes, order, and numbers by a second computation."""

from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np
import pytest

from theory.divergences import bernoulli_kl
from theory.theorems import theorem
from theory.theorems.epsilon_greedy import play_probability
from theory.theorems.etc import tuned_exploration

HORIZON = 1000


def bandit(means, family, subgaussian, reward_range):
    """What the bounds and hypotheses read of an instance."""
    means = np.array(means)
    return SimpleNamespace(
        means=means, gaps=means.max() - means, n_arms=means.size, family=family, subgaussian=subgaussian,
        reward_range=reward_range,
    )  # fmt: skip


COINS = bandit((0.5, 0.6), "bernoulli", 0.5, (0.0, 1.0))
NORMAL = bandit((0.2, 0.7, 0.7), "gaussian", 1.0, (-np.inf, np.inf))
PAIR = bandit((0.0, 0.5), "gaussian", 1.0, (-np.inf, np.inf))
L, F = math.log(HORIZON), math.log(1 + HORIZON * math.log(HORIZON) ** 2)
LAI_ROBBINS = 0.1 / float(bernoulli_kl(0.5, 0.6)) * L

#: id -> (instance, hyper-parameters, value at T = 1000 computed anew; None where another test computes it).
CASES = {
    "etc/regret": (NORMAL, {"exploration": 20}, 20 * 0.5 + 940 * 0.5 * math.exp(-20 * 0.25 / 4)),
    "etc/tuned": (PAIR, {"exploration": tuned_exploration(0.5, HORIZON)}, 0.5 + 8 * (1 + math.log(62.5))),
    "ucb-delta/regret": (NORMAL, {"delta": 1e-6}, 1.5 + 32 * L),
    "ucb-delta/minimax": (NORMAL, {"delta": 1e-6}, 8 * math.sqrt(3000 * L) + 1.5),
    "ucb-constant/regret": (NORMAL, {"delta": 0.05}, 1.5 + 32 * math.log(6 / (0.5 * 0.05))),
    "asymptotically-optimal-ucb/regret": (
        NORMAL, {"sigma": 1.0},
        0.5 * min(
            1 + 5 / e**2 + 2 * (F + math.sqrt(math.pi * F) + 1) / (0.5 - e) ** 2
            for e in np.linspace(0.0, 0.5, 100_001)[1:-1]
        ),
    ),
    "asymptotically-optimal-ucb/asymptotic": (NORMAL, {"sigma": 1.0}, 4 * L),
    "alpha-ucb/regret": (COINS, {"alpha": 3.0}, 60 * L + 3),
    "alpha-ucb/scaled": (COINS, {"alpha": 3.0}, 60 * L + 0.3),
    "ucb-v/regret": (COINS, {"zeta": 1.2, "c": 1.0}, 10 * (0.25 / 0.1 + 2) * L),
    "moss-anytime/minimax": (COINS, {"alpha": 1.35}, 113 * math.sqrt(2000)),
    "moss-anytime/order": (COINS, {"alpha": 1.35}, math.sqrt(2000)),
    "kl-ucb-plus-plus/minimax": (COINS, {"scale": 1.0}, 38 * math.sqrt(2000) + 2),
    "kl-ucb-plus-plus/order": (COINS, {"scale": 1.0}, math.sqrt(2000)),
    "kl-ucb-plus-plus/asymptotic": (COINS, {"scale": 1.0}, LAI_ROBBINS),
    "imed/asymptotic": (COINS, {"weight": 1.0}, LAI_ROBBINS),
    "bayes-ucb/asymptotic": (COINS, {"power": 5.0}, LAI_ROBBINS),
    "bayes-ucb/finite": (COINS, {"power": 5.0}, None),
    "epsilon-greedy/regret": (COINS, {"c": 10.0, "gap": 0.1}, None),
    "epsilon-greedy/order": (COINS, {"c": 10.0, "gap": 0.1}, 1000 * 0.1 * L),
}  # fmt: skip


@pytest.mark.parametrize("id", CASES)
def test_value_and_hypotheses(id):
    instance, params, value = CASES[id]
    theorem(id).require(instance, SimpleNamespace(**params), HORIZON)
    if value is not None:
        got = theorem(id).bound(instance, SimpleNamespace(**params), np.array([float(HORIZON)]))[0]
        assert got == pytest.approx(value, rel=1e-8)


@pytest.mark.parametrize("id", CASES)
def test_bound_is_vectorised_nonnegative_and_nondecreasing(id):
    instance, params, _ = CASES[id]
    horizons = np.unique(np.round(np.geomspace(2, 1e9, 60)))
    bound = theorem(id).bound
    values = bound(instance, SimpleNamespace(**params), horizons)
    assert values.shape == horizons.shape and np.isfinite(values).all() and (values >= 0.0).all()
    assert (np.diff(values) >= -1e-9 * np.abs(values[1:])).all()
    for index in (0, 17, -1):
        scalar = bound(instance, SimpleNamespace(**params), np.float64(horizons[index]))
        assert np.asarray(scalar) == pytest.approx(values[index], rel=2e-3 if id == "epsilon-greedy/regret" else 1e-12)
    grid = bound(instance, SimpleNamespace(**params), horizons[:4].reshape(2, 2))
    assert grid.reshape(4) == pytest.approx(values[:4], rel=1e-12)


def test_epsilon_greedy_sum():
    """Exact up to 2^14 rounds, and less than 0.1 % above the sum beyond."""
    instance, params = bandit((0.9, 0.1, 0.3), "bernoulli", 0.5, (0.0, 1.0)), SimpleNamespace(c=10.0, gap=0.6)
    t = np.arange(1.0, 200_001.0)
    terms = np.cumsum(np.minimum(0.8, 1.4 * play_probability(3, 10.0, 0.6, t)))
    values = theorem("epsilon-greedy/regret").bound(instance, params, np.array([5.0, 1e4, 2.0**14, 5e4, 2e5]))
    exact = terms[[4, 9999, 2**14 - 1, 49_999, 199_999]]
    assert values[:3] == pytest.approx(exact[:3], rel=1e-12)
    assert (values[3:] >= exact[3:]).all() and values[3:] == pytest.approx(exact[3:], rel=1e-3)


def test_smaller_delta_gives_a_larger_bound():
    values = [
        theorem("ucb-constant/regret").bound(NORMAL, SimpleNamespace(delta=delta), np.array([1e4]))[0]
        for delta in (0.5, 0.05, 1e-4)
    ]
    assert values == sorted(values)
