"""Lower bounds: printed constants, exact small cases, and policies that must not beat them."""

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from theory import lower_bounds
from theory.divergences import bernoulli_kl, finite_kl, gaussian_kl
from theory.errors import InvalidInput


@pytest.mark.parametrize(
    ("means", "constant"),
    [
        ((0.5, 0.6), 4.899320),
        ((0.9, 0.8), 2.252100),
        ((0.2, 0.1), 2.725537),
        ((0.1, 0.05, 0.05, 0.05, 0.02, 0.02, 0.02, 0.01, 0.01, 0.01), 17.445174),
    ],
)
def test_lai_robbins_of_bernoulli_arms(means, constant):
    assert lower_bounds.lai_robbins(means, bernoulli_kl) == pytest.approx(constant, abs=5e-7)


def test_lai_robbins_of_gaussian_arms_is_two_over_the_gap():
    assert lower_bounds.lai_robbins([1.0, 0.5, 1.0, 0.0], gaussian_kl) == pytest.approx(2 / 0.5 + 2 / 1.0)
    assert lower_bounds.lai_robbins([1.0, 1.0], gaussian_kl) == 0.0


def test_sets_of_one_item_and_paths_of_one_item_are_arms():
    means = (0.9, 0.8, 0.4, 0.3, 0.9)
    expected = lower_bounds.lai_robbins(means, bernoulli_kl)
    assert lower_bounds.lai_robbins_of_sets(means, 1) == pytest.approx(expected, rel=1e-13)
    assert lower_bounds.lai_robbins_of_paths(np.array(means)[:, None]) == pytest.approx(expected, rel=1e-9)


def test_sets_compare_with_their_last_item():
    by_hand = 0.4 / bernoulli_kl(0.4, 0.8) + 0.6 / bernoulli_kl(0.2, 0.8)
    assert lower_bounds.lai_robbins_of_sets((0.2, 0.9, 0.4, 0.8), 2) == pytest.approx(by_hand, rel=1e-13)
    assert lower_bounds.lai_robbins_of_sets((0.9, 0.8, 0.8), 2) == 0.0


@given(st.lists(st.floats(0.0, 1.0), min_size=2, max_size=2), st.floats(0.05, 0.95))
@settings(deadline=None, max_examples=60)
def test_a_path_of_two_items_is_raised_at_the_least_divergence(path, share):
    total = sum(path) + share * (2.0 - sum(path))
    if sum(path) > 1.9:
        return
    first = np.linspace(max(path[0], total - 1.0), min(1.0, total - path[1]), 4001)
    least = float((bernoulli_kl(path[0], first) + bernoulli_kl(path[1], np.clip(total - first, 0.0, 1.0))).min())
    slope = lower_bounds.lai_robbins_of_paths([path, [total / 2.0, total / 2.0]])
    divergence = (total - sum(path)) / slope
    assert divergence <= least * (1.0 + 1e-9)  # a point of the grid is no better
    assert divergence >= least - 1e-3 * max(1.0, least)  # and the grid is not far from it


def test_a_path_that_cannot_be_the_best_costs_nothing():
    assert lower_bounds.lai_robbins_of_paths([[1.0, 1.0], [0.5, 0.2]]) == 0.0


def test_finite_time_bound_by_hand():
    value = lower_bounds.finite_time_gaussian([0.0, 0.5, 1e-9], 1e6, epsilon=0.5, constant=2.0, power=0.5)
    assert value == pytest.approx(2 / 2.25 * (0.5 * np.log(1e6) + np.log(0.25 / 16.0)) / 0.5, rel=1e-13)
    with pytest.raises(InvalidInput, match="epsilon"):
        lower_bounds.finite_time_gaussian([0.5], 10, epsilon=0.0, constant=1.0, power=0.5)


def test_minimax_forms():
    assert lower_bounds.minimax_gaussian(10, 900) == pytest.approx(90 / 27)
    assert lower_bounds.minimax_bernoulli(10, 1000) == pytest.approx(5.0)
    with pytest.raises(InvalidInput, match="at least 10"):
        lower_bounds.minimax_bernoulli(10, 9)


def test_minimax_engine_constant():
    bound, epsilon = lower_bounds.minimax_engine_best(10, 1e8)
    assert bound / np.sqrt(1e9) == pytest.approx(0.2025, abs=1e-6)
    assert epsilon == pytest.approx(0.45 * np.sqrt(10 / 1e8), rel=1e-3)
    assert bound > 4.0 * lower_bounds.minimax_bernoulli(10, 1e8)


@given(st.integers(2, 50), st.integers(1, 10**6))
@settings(deadline=None, max_examples=60)
def test_minimax_engine_is_maximised(n_arms, horizon):
    bound, epsilon = lower_bounds.minimax_engine_best(n_arms, horizon)
    grid = lower_bounds.minimax_engine(n_arms, horizon, np.linspace(0.0, 0.999, 2000))
    assert bound >= grid.max() * (1.0 - 1e-9)
    assert 0.0 <= bound <= horizon * epsilon + 1e-12


def exact_worst_regret(horizon, epsilon):
    """Largest regret of 'play arm 1 first, stay after a win, switch after a loss' on the two coins of the engine."""
    worst = 0.0
    for good in (0, 1):
        means = np.full(2, (1 - epsilon) / 2)
        means[good] = (1 + epsilon) / 2
        law, regret = np.array([1.0, 0.0]), 0.0
        for _ in range(horizon):
            regret += epsilon * law[1 - good]
            law = law * means + (law * (1 - means))[::-1]
        worst = max(worst, regret)
    return worst


@pytest.mark.parametrize("horizon", [2, 10, 100, 1000])
def test_a_policy_does_not_beat_the_engine(horizon):
    for epsilon in np.linspace(0.01, 0.9, 30):
        assert exact_worst_regret(horizon, epsilon) >= lower_bounds.minimax_engine(2, horizon, epsilon)


def test_two_point_certificate_on_exact_two_armed_laws():
    # nu = (1/2 + D, 1/2), nu' = (1/2 + D, 1/2 + 2D), the policy 'stay on a win, switch on a loss', exactly.
    gap, horizon = 0.1, 50

    def run(means):
        law, pulls = np.array([1.0, 0.0]), np.zeros(2)
        for _ in range(horizon):
            pulls += law
            law = law * means + (law * (1 - means))[::-1]
        return pulls

    nu, other = np.array([0.5 + gap, 0.5]), np.array([0.5 + gap, 0.5 + 2 * gap])
    pulls, pulls_other = run(nu), run(other)
    regret = gap * pulls[1] + gap * pulls_other[0]
    certificate = lower_bounds.two_point(pulls[1], float(bernoulli_kl(0.5, 0.5 + 2 * gap)), gap, horizon)
    assert 0.0 < certificate <= regret


def test_bayes_floor():
    regrets, values = zip(*(lower_bounds.bayes_floor(t) for t in range(1, 6)), strict=True)
    assert regrets == (Fraction(1, 6), Fraction(1, 4), Fraction(1, 3), Fraction(7, 18), Fraction(4, 9))
    assert values == (Fraction(1, 2), Fraction(13, 12), Fraction(5, 3), Fraction(41, 18), Fraction(26, 9))


def test_bayes_floor_of_other_priors():
    # One pull of a Beta(2, 1) arm is worth 2/3; E max of two of them is int (1 - x^4) dx = 4/5.
    assert lower_bounds.bayes_floor(1, (2, 1)) == (Fraction(4, 5) - Fraction(2, 3), Fraction(2, 3))
    # Beta(1, 2): F(x) = 2x - x^2, E max = 1 - (4/3 - 1 + 1/5) = 7/15.
    assert lower_bounds.bayes_floor(1, (1, 2)) == (Fraction(7, 15) - Fraction(1, 3), Fraction(1, 3))
    assert lower_bounds.bayes_floor(0) == (0, 0)
    with pytest.raises(InvalidInput):
        lower_bounds.bayes_floor(-1)


def test_bayes_floor_is_below_the_one_step_rule_and_increasing():
    regrets = [lower_bounds.bayes_floor(t)[0] for t in range(12)]
    assert all(a < b for a, b in pairwise(regrets))
    # Playing one arm for ever has Bayes regret T/6.
    assert all(r <= Fraction(t, 6) for t, r in enumerate(regrets))


def test_coin_flip_experts():
    assert lower_bounds.experts_coin_flips(2, 2) == pytest.approx(0.375, rel=1e-14)
    assert lower_bounds.experts_coin_flips(1, 9) == pytest.approx(0.0, abs=1e-12)
    for n_arms, horizon in ((2, 100), (10, 1000), (1000, 10**5)):
        value = lower_bounds.experts_coin_flips(n_arms, horizon)
        assert 0.0 < value <= np.sqrt(horizon * np.log(n_arms) / 2.0)
    # sqrt(T log K / 2) (1 - o(1)): the ratio climbs with K.
    ratios = [lower_bounds.experts_coin_flips(k, 10**6) / np.sqrt(10**6 * np.log(k) / 2.0) for k in (4, 100, 10**6)]
    assert ratios == sorted(ratios) and ratios[-1] > 0.85


def test_linear_forms():
    assert lower_bounds.linear_hypercube(4, 100) == pytest.approx(np.exp(-2) / 8 * 40)
    assert lower_bounds.linear_ball(4, 100) == pytest.approx(40 / (16 * np.sqrt(3)))
    assert lower_bounds.linear_book(5, 2500) == pytest.approx(0.1)
    with pytest.raises(InvalidInput, match="at least 256"):
        lower_bounds.linear_book(5, 255)


def test_mdp_forms():
    assert lower_bounds.episodic(3, 2, 6, 6000) == pytest.approx(np.sqrt(216 * 6 * 6000 / 6) / 48)
    assert lower_bounds.best_policy(3, 2, 6, 0.1, 0.05) == pytest.approx(216 * 6 / 0.01 * np.log(20) / 3456)
    assert lower_bounds.average_reward(10, 10, 20, 2000 * 100) == pytest.approx(0.015 * np.sqrt(2000 * 2000 * 100))
    with pytest.raises(InvalidInput, match="D >= 20"):
        lower_bounds.average_reward(10, 10, 19, 10**6)
    with pytest.raises(InvalidInput, match="S, A >= 10"):
        lower_bounds.average_reward(9, 10, 100, 10**6)
    with pytest.raises(InvalidInput, match="at least 36"):
        lower_bounds.episodic(3, 2, 6, 35)


def two_state_chain():
    """State 1 pays one; from state 0 the second action goes there more often. Bias by solving the Poisson equation."""
    p = np.array([[[0.8, 0.2], [0.6, 0.4]], [[0.3, 0.7], [0.3, 0.7]]])
    r = np.array([[0.0, 0.0], [1.0, 1.0]])
    # Best: action 1 in state 0 (both actions of state 1 are alike). g + h = r + P h with h(0) = 0.
    a = np.array([[1.0, -0.4], [1.0, 0.3]])  # unknowns g, h(1)
    _, h1 = np.linalg.solve(a, [0.0, 1.0])
    return p, r, np.array([0.0, h1])


def test_gap_dependent_constant_of_a_two_state_chain():
    p, r, h = two_state_chain()
    # Only (0, first action) is suboptimal: to be optimal it must reach q = .4, the probability of the other action.
    expected = (0.4 - 0.2) * h[1] / float(bernoulli_kl(0.2, 0.4))
    assert lower_bounds.burnetas_katehakis(p, r, h) == pytest.approx(expected, rel=1e-9)


def test_gap_dependent_constant_against_a_search_over_kernels():
    p = np.array([[[0.5, 0.3, 0.2], [0.2, 0.3, 0.5]], [[0.4, 0.3, 0.3]] * 2, [[0.3, 0.3, 0.4]] * 2])
    r, h = np.array([[0.1, 0.0], [0.5, 0.5], [0.9, 0.9]]), np.array([0.0, 1.0, 2.5])
    needed = p[0, 1] @ h - 0.1
    found = minimize(
        lambda q: finite_kl(p[0, 0], np.abs(q) / np.abs(q).sum()),
        p[0, 1],
        constraints=[{"type": "ineq", "fun": lambda q: np.abs(q) / np.abs(q).sum() @ h - needed}],
        method="SLSQP",
        options={"ftol": 1e-14},
    )
    gap = needed + 0.1 - (0.1 + p[0, 0] @ h)
    assert lower_bounds.burnetas_katehakis(p, r, h) == pytest.approx(gap / found.fun, rel=1e-4)


def test_pairs_that_no_kernel_could_save_cost_nothing():
    p = np.array([[[0.5, 0.5], [0.5, 0.5]], [[0.5, 0.5], [0.5, 0.5]]])
    r, h = np.array([[0.0, 5.0], [1.0, 1.0]]), np.array([0.0, 1.0])
    # Action 0 of state 0 loses 5 while h spans 1.
    assert lower_bounds.burnetas_katehakis(p, r, h) == 0.0
    with pytest.raises(InvalidInput, match="S, A, S"):
        lower_bounds.burnetas_katehakis(p[0], r, h)


def test_inverse_gap_sum():
    assert lower_bounds.inverse_gap_sum([[0.0, 0.5], [0.25, 1e-12]]) == pytest.approx(6.0)
