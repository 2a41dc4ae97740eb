"""Exact expected regret: golden values, rationals, and the simulators against it."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest

from bandits.algorithms.kl_ucb import KLUCB
from bandits.algorithms.moss import MOSS
from bandits.algorithms.thompson_beta import ThompsonBeta
from bandits.algorithms.thompson_gaussian import ThompsonGaussian
from bandits.algorithms.ucb1 import UCB1
from bandits.exact import bayes_regret, beta_comparison, choice_law, expected_regret, expected_regret_of_law
from bandits.instances.bernoulli import bernoulli
from kernels.engine import simulate
from proofs_check.statistics import clopper_pearson
from tests.bandits.test_kl_ucb import act_asymptotically_optimal_ucb
from theory.errors import InvalidInput
from theory.lower_bounds import bayes_floor

ASYMPTOTIC = {"act": act_asymptotically_optimal_ucb}
RULES = {
    "UCB1": (UCB1(), {}),
    "asymptotically optimal UCB": (UCB1(), ASYMPTOTIC),
    "MOSS": (MOSS(), {}),
    "KL-UCB": (KLUCB(), {}),
    "Thompson": (ThompsonBeta(), {}),
    "greedy": (UCB1(0.0), {}),
}
#: Exact R_T to six decimals, ties to the lower index, columns in the order of RULES.
GOLDEN = {
    (0.5, 0.6, 10): (0.461184, 0.454161, 0.464958, 0.448449, 0.452613, 0.538434),
    (0.5, 0.6, 60): (2.468101, 2.249767, 2.367126, 2.211211, 2.193487, 3.082113),
    (0.6, 0.5, 60): (2.464250, 2.245017, 2.366671, 2.205814, 2.193487, 1.811839),
    (0.9, 0.8, 60): (2.451459, 2.165972, 2.363685, 1.729870, 1.860925, 1.726679),
    (0.5, 0.25, 60): (4.497629, 3.510440, 3.911507, 3.365068, 3.211565, 2.329889),
}


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("case", GOLDEN, ids=str)
def test_golden_table(case, rule):
    params, overrides = RULES[rule]
    exact = expected_regret(params, case[:2], case[2], overrides)
    assert exact.regret[-1] == pytest.approx(GOLDEN[case][list(RULES).index(rule)], abs=1e-6)
    assert np.allclose(exact.pulls.sum(axis=1), np.arange(1, case[2] + 1))


def test_ucb1_in_rationals():
    regrets, pulls = expected_regret_of_law(choice_law(UCB1(), 2, 6), [Fraction(1, 2), Fraction(3, 5)], 6)
    assert regrets[1:] == [
        Fraction(1, 10), Fraction(17, 100), Fraction(1, 5), Fraction(623, 2500), Fraction(14211, 50000)
    ]  # fmt: skip
    assert sum(pulls) == 6


def test_thompson_in_rationals_is_the_compiled_recursion():
    def law(pulls, successes, t):
        (n1, n2), (s1, s2) = pulls, successes
        p = beta_comparison(s1 + 1, n1 - s1 + 1, s2 + 1, n2 - s2 + 1)
        return p, 1 - p

    regrets, _ = expected_regret_of_law(law, [Fraction(1, 2), Fraction(3, 5)], 7)
    assert np.allclose(expected_regret(ThompsonBeta(), (0.5, 0.6), 7).regret, [float(r) for r in regrets], rtol=1e-13)


@pytest.mark.parametrize("rule", [r for r in RULES if r != "greedy"])
def test_simulators_play_with_the_exact_probabilities(rule):
    """P(A_t = arm 0) for every t, inside exact binomial limits at family-wise level 1e-6."""
    params, overrides = RULES[rule]
    horizon, runs = 60, 30_000
    trace = simulate(
        params, bernoulli(0.5, 0.6), horizon, runs, seed=3, workers=2, n_decisions=horizon, overrides=overrides
    )
    exact = np.diff(expected_regret(params, (0.5, 0.6), horizon, overrides).pulls[:, 0], prepend=0.0)
    counts = (trace.extra["decisions"] == 0).sum(axis=0)
    for t in range(horizon):
        low, high = clopper_pearson(int(counts[t]), runs, 1e-6 / horizon)
        assert low - 1e-12 <= exact[t] <= high + 1e-12, f"round {t + 1}"


def test_the_limits_see_a_small_fault():
    """The same comparison refuses log t in place of UCB1's log(t - 1)."""
    right = np.diff(expected_regret(UCB1(), (0.5, 0.6), 60).pulls[:, 0], prepend=0.0)
    wrong = np.diff(expected_regret(UCB1(), (0.5, 0.6), 60, ASYMPTOTIC).pulls[:, 0], prepend=0.0)
    outside = 0
    for t in range(60):
        low, high = clopper_pearson(int(round(30_000 * wrong[t])), 30_000, 1e-6 / 60)
        outside += not low <= right[t] <= high
    assert outside > 0


def test_three_arms_against_the_simulator():
    means, horizon, runs = (0.3, 0.5, 0.7), 8, 40_000
    for params in (UCB1(), MOSS(), KLUCB()):
        _, pulls = expected_regret_of_law(choice_law(params, 3, horizon), list(means), horizon)
        trace = simulate(params, bernoulli(*means), horizon, runs, seed=8)
        error = trace.extra["pulls"].std(axis=0) / math.sqrt(runs)
        assert (np.abs(trace.extra["pulls"].mean(axis=0) - np.array(pulls)) <= 5 * error + 1e-12).all()


@pytest.mark.parametrize("rule", RULES)
def test_no_rule_beats_the_bayes_floor(rule):
    params, overrides = RULES[rule]
    for horizon in (2, 5, 10):
        assert bayes_regret(params, horizon, overrides=overrides) >= float(bayes_floor(horizon)[0]) - 1e-12


def test_refuses_what_it_cannot_do():
    with pytest.raises(InvalidInput, match="3 means"):
        expected_regret(UCB1(), (0.1, 0.2, 0.3), 5)
    with pytest.raises(InvalidInput, match=r"means\[1\] is 1.5"):
        expected_regret(UCB1(), (0.1, 1.5), 5)
    with pytest.raises(InvalidInput, match="horizon is 0"):
        expected_regret(UCB1(), (0.1, 0.5), 0)
    with pytest.raises(InvalidInput, match="no function 'restore'"):
        expected_regret(ThompsonGaussian(), (0.1, 0.5), 5)
    with pytest.raises(InvalidInput, match="prior"):
        bayes_regret(UCB1(), 5, prior=(0.0, 1.0))
