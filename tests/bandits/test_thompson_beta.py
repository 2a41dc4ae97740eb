"""Thompson sampling with Beta posteriors against its reference, exact sums of its proofs, bad parameters."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import special, stats

from bandits.algorithms.thompson_beta import ThompsonBeta, first_arm_probability
from bandits.exact import bayes_regret, beta_comparison, expected_regret
from bandits.instances.bernoulli import bernoulli
from bandits.instances.finite import finite
from kernels.engine import simulate
from proofs_check.claims.thompson_beta import observe_and_forget, observe_swapped, observe_threefold
from tests.bandits.stochastic import FIVE, bernoulli_stack
from tests.reference.normal import words
from tests.reference.stacks import POLICY, REWARD, key_of, uniform_at
from tests.reference.thompson_beta import thompson_beta
from theory.errors import InvalidInput
from theory.lower_bounds import bayes_floor

HORIZON, SEED, RUNS = 300, 41, 10


@pytest.mark.parametrize("means", [(0.5, 0.6), FIVE, (0.0, 1.0, 0.5)])
def test_decides_as_the_reference_on_shared_stacks(means):
    trace = simulate(ThompsonBeta(), bernoulli(*means), HORIZON, RUNS, seed=SEED, n_decisions=HORIZON)
    for run in range(RUNS):
        stack = bernoulli_stack(means, SEED, run, HORIZON)
        theirs = thompson_beta(stack, HORIZON, words(SEED, POLICY, run, 0))
        assert trace.extra["decisions"][run].tolist() == theirs


def test_fractional_rewards_are_replaced_by_a_coin():
    arms = finite([[0.25, 1.0], [0.0, 0.5, 0.75]], [[0.5, 0.5], [0.25, 0.25, 0.5]])
    trace = simulate(ThompsonBeta(), arms, HORIZON, RUNS, seed=SEED, n_decisions=HORIZON)
    for run in range(RUNS):
        u = [[uniform_at(key_of(SEED, REWARD, run, arm), s) for s in range(HORIZON)] for arm in range(2)]
        stack = [
            [0.25 if x < 0.5 else 1.0 for x in u[0]],
            [0.0 if x < 0.25 else 0.5 if x < 0.5 else 0.75 for x in u[1]],
        ]
        theirs = thompson_beta(stack, HORIZON, words(SEED, POLICY, run, 0))
        assert trace.extra["decisions"][run].tolist() == theirs


@pytest.mark.parametrize("fault", [observe_swapped, observe_threefold, observe_and_forget])
def test_planted_faults_change_decisions(fault):
    broken = simulate(ThompsonBeta(), bernoulli(*FIVE), HORIZON, RUNS, seed=SEED, n_decisions=HORIZON,
                      overrides={"observe": fault})  # fmt: skip
    right = simulate(ThompsonBeta(), bernoulli(*FIVE), HORIZON, RUNS, seed=SEED, n_decisions=HORIZON)
    assert not np.array_equal(broken.extra["decisions"], right.extra["decisions"])


def test_comparison_probability():
    for n1, s1, n2, s2 in [(0, 0, 0, 0), (7, 3, 12, 8), (30, 30, 25, 1), (3, 0, 40, 22)]:
        exact = beta_comparison(s1 + 1, n1 - s1 + 1, s2 + 1, n2 - s2 + 1)
        assert first_arm_probability(ThompsonBeta(), n1, s1, n2, s2) == pytest.approx(float(exact), rel=1e-12)
        assert exact + beta_comparison(s2 + 1, n2 - s2 + 1, s1 + 1, n1 - s1 + 1) == 1


def test_arms_are_exchangeable():
    one, other = (expected_regret(ThompsonBeta(), means, 40) for means in ((0.5, 0.6), (0.6, 0.5)))
    assert np.allclose(one.regret, other.regret, rtol=1e-12)
    assert np.allclose(one.pulls, other.pulls[:, ::-1], rtol=1e-12)


@pytest.mark.parametrize(("mu", "y"), [(0.6, 0.5)])
def test_expected_inverse_probability(mu, y):
    """E[1/p_{1,j}] - 1, p = P(Beta(S+1, j-S+1) > y), S ~ Bin(j, mu): exact sums (Agrawal and Goyal 2013, Lemma)."""
    golden = {0: 1.0, 1: 1.4, 5: 1.92444, 10: 1.749906, 50: 0.399829, 200: 0.028851}
    for j, value in golden.items():
        s = np.arange(j + 1)
        mean = float((stats.binom.pmf(s, j, mu) / special.betaincc(s + 1.0, j - s + 1.0, y)).sum())
        assert mean - 1.0 == pytest.approx(value, abs=2e-6)
        if j < 8 / (mu - y):
            assert mean <= 1 + 3 / (mu - y)


@pytest.mark.parametrize("means", [(0.6, 0.5), (0.9, 0.5), (0.5, 0.25)])
@pytest.mark.parametrize("fraction", [0.25, 0.5, 0.75])
def test_pull_count_decomposition(means, fraction):
    """Lattimore and Szepesvari 2020, Theorem 36.2, both sides exactly, for e = fraction of the gap.

    E N_2(T) <= 1 + E sum_{s<T} (1/G_{1,s} - 1) + E sum_{s<T} 1{G_{2,s} > 1/T}, G_{i,s} = P(theta_i > mu_1 - e).
    """
    horizon = 60
    y = means[0] - fraction * (means[0] - means[1])
    best = other = 0.0
    for s in range(horizon):
        successes = np.arange(s + 1)
        above = special.betaincc(successes + 1.0, s - successes + 1.0, y)
        best += float((stats.binom.pmf(successes, s, means[0]) * (1.0 / above - 1.0)).sum())
        other += float(stats.binom.pmf(successes, s, means[1])[above > 1.0 / horizon].sum())
    pulls = expected_regret(ThompsonBeta(), means, horizon).pulls[-1, 1]
    assert 0.0 < pulls <= 1.0 + best + other


def test_bayes_regret_lies_between_the_floor_and_the_bound():
    for horizon in (1, 2, 3, 4, 5, 12):
        mine = bayes_regret(ThompsonBeta(), horizon)
        assert float(bayes_floor(horizon)[0]) - 1e-12 <= mine <= math.sqrt(2 * horizon * math.log(2) / 2)


@pytest.mark.parametrize("params", [ThompsonBeta(0.5, 1.0), ThompsonBeta(1.0, math.nan), ThompsonBeta(1.0, math.inf)])
def test_refuses_a_bad_prior(params):
    with pytest.raises(InvalidInput, match="of the Beta prior"):
        simulate(params, bernoulli(0.5, 0.6), 10, 1)
