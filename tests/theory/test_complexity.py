"""Characteristic times and potentials against printed values, optimality conditions and simulation."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from theory import complexity
from theory.divergences import bernoulli_kl, gaussian_kl
from theory.errors import InvalidInput


@pytest.mark.parametrize(
    ("means", "time", "weights"),
    [
        ((0.5, 0.45, 0.43, 0.4), 989.792, (0.416524, 0.390264, 0.136223, 0.056989)),
        ((0.3, 0.21, 0.2, 0.19, 0.18), 326.642, (0.335885, 0.251499, 0.176632, 0.132417, 0.103567)),
        ((0.9, 0.5), 9.77506, (0.537687, 0.462313)),
    ],
)
def test_characteristic_time_of_bernoulli_arms(means, time, weights):
    found = complexity.characteristic_time(means, bernoulli_kl)
    assert found.time == pytest.approx(time, rel=1e-6)
    assert found.weights == pytest.approx(weights, abs=5e-7)


def test_characteristic_time_of_gaussian_arms():
    assert complexity.characteristic_time((1.0, 0.5, 0.5), gaussian_kl).time == pytest.approx(46.6274, abs=5e-5)


@given(st.integers(2, 8), st.floats(0.05, 3.0))
@settings(deadline=None, max_examples=25)
def test_equal_gaps_closed_form(n_arms, gap):
    closed = complexity.gaussian_equal_gaps(n_arms, gap)
    found = complexity.characteristic_time([0.0] + [-gap] * (n_arms - 1), gaussian_kl)
    assert found.time == pytest.approx(closed.time, rel=1e-9)
    assert found.weights == pytest.approx(closed.weights, abs=1e-9)


def game_value(means, weights, divergence):
    """inf over alternatives of sum_i w_i d(mu_i, lambda_i): the cheapest swap of the best arm with another."""
    means, weights = np.asarray(means), np.asarray(weights)
    best = int(means.argmax())
    costs = []
    for a in range(means.size):
        if a != best:
            middle = (weights[best] * means[best] + weights[a] * means[a]) / (weights[best] + weights[a])
            costs.append(weights[best] * divergence(means[best], middle) + weights[a] * divergence(means[a], middle))
    return float(min(costs)), float(max(costs))


@given(
    st.lists(st.integers(2, 98), min_size=2, max_size=6, unique=True).map(lambda x: [i / 100 for i in x]),
    st.integers(0, 2**32 - 1),
)
@settings(deadline=None, max_examples=30)
def test_weights_solve_the_game(means, seed):
    time, weights = complexity.characteristic_time(means, bernoulli_kl)
    least, largest = game_value(means, weights, bernoulli_kl)
    assert weights.sum() == pytest.approx(1.0, rel=1e-12)
    assert 1.0 / least == pytest.approx(time, rel=1e-7)
    assert largest == pytest.approx(least, rel=1e-7)  # at the optimum every swap costs the same
    rng = np.random.default_rng(seed)
    for other in rng.dirichlet(np.ones(len(means)), 20):
        assert game_value(means, other, bernoulli_kl)[0] <= least * (1.0 + 1e-9)


@given(st.lists(st.integers(0, 60), min_size=2, max_size=7, unique=True).map(lambda x: [i / 20 for i in x]))
@settings(deadline=None, max_examples=25)
def test_gaussian_time_lies_between_once_and_twice_the_hardness(means):
    hardness = 2.0 * complexity.hardness_h1(means)
    assert hardness * (1 - 1e-9) <= complexity.characteristic_time(means, gaussian_kl).time <= 2 * hardness * (1 + 1e-9)


def test_order_of_the_arms_does_not_matter():
    time, weights = complexity.characteristic_time((0.43, 0.5, 0.4, 0.45), bernoulli_kl)
    assert time == pytest.approx(989.792, rel=1e-6)
    assert weights[[1, 3, 0, 2]] == pytest.approx((0.416524, 0.390264, 0.136223, 0.056989), abs=5e-7)


def test_hardness():
    assert complexity.hardness_h1([0.5, 0.4, 0.3]) == pytest.approx(100 + 100 + 25)
    assert complexity.hardness_h1([0.5, 0.4, 0.3], epsilon=0.2) == pytest.approx(75)
    assert complexity.hardness_h2([0.3, 0.5, 0.4]) == pytest.approx(max(2 / 0.01, 3 / 0.04))


def test_no_unique_best_arm_is_refused():
    with pytest.raises(InvalidInput, match=r"arms \[0, 2\]"):
        complexity.characteristic_time([0.5, 0.1, 0.5], bernoulli_kl)
    with pytest.raises(InvalidInput, match="unique best"):
        complexity.hardness_h2([0.5, 0.5])


def test_potential_of_a_cycling_basis():
    d, rounds = 5, 500
    v, total, log_det = np.eye(d), 0.0, 0.0
    for t in range(rounds):
        x = np.eye(d)[t % d]
        width = x @ np.linalg.solve(v, x)
        total += width
        log_det += np.log1p(width)
        v += np.outer(x, x)
    assert total == pytest.approx(25.936888, abs=5e-7)
    assert log_det == pytest.approx(23.075603, abs=5e-7)
    assert complexity.elliptic_potential(rounds, d) == pytest.approx(46.151205, abs=5e-7)


@given(st.integers(1, 5), st.floats(0.2, 4.0), st.floats(0.5, 2.0), st.integers(0, 2**32 - 1))
@settings(deadline=None, max_examples=30)
def test_potentials_bound_every_sequence(d, lam, bound, seed):
    rng = np.random.default_rng(seed)
    v, reference = lam * np.eye(d), lam * np.eye(d)
    widths, switches, growth = [], 0, 0.5
    for _ in range(120):
        x = rng.normal(size=d) * rng.choice([0.05, 1.0], size=d)
        x *= bound * rng.random() / np.linalg.norm(x)
        widths.append(np.sqrt(x @ np.linalg.solve(v, x)))
        v += np.outer(x, x)
        if np.linalg.slogdet(v)[1] > np.log1p(growth) + np.linalg.slogdet(reference)[1]:
            reference, switches = v.copy(), switches + 1
    widths = np.array(widths)
    options = dict(regularization=lam, feature_bound=bound)
    assert np.minimum(1.0, widths**2).sum() <= complexity.elliptic_potential(120, d, **options)
    for u in (0.1, 0.5, 1.0):
        assert (widths >= u).sum() <= complexity.rounds_of_large_width(u, d, **options)
    assert switches <= complexity.rare_switches(120, d, growth, **options)


def test_potentials_by_hand():
    options = dict(regularization=2.0, feature_bound=3.0)
    assert complexity.elliptic_potential(50, 4, **options) == pytest.approx(8 * np.log(1 + 450 / 8), rel=1e-14)
    u = np.log(1.25)
    assert complexity.rounds_of_large_width(0.5, 4, **options) == pytest.approx(
        12 / u * np.log(1 + 9 / (2 * u)), rel=1e-14
    )
    assert complexity.rare_switches(50, 4, 1.0, **options) == pytest.approx(4 * np.log2(1 + 450 / 8), rel=1e-14)
    roots, inverses = complexity.count_potential(7, 3, 2, 5)
    assert roots == pytest.approx(2 * np.sqrt(6 * 35) + 30, rel=1e-14)
    assert inverses == pytest.approx(6 * (1 + np.log(35)) + 30, rel=1e-14)


@given(st.integers(1, 3), st.integers(1, 5), st.integers(1, 40), st.integers(0, 2**32 - 1))
@settings(deadline=None, max_examples=60)
def test_count_potentials_bound_every_sequence(pairs, horizon, episodes, seed):
    rng = np.random.default_rng(seed)
    counts, roots, inverses = np.zeros(pairs), 0.0, 0.0
    law = rng.dirichlet(np.ones(pairs) * 0.3)
    for _ in range(episodes):
        visited = rng.choice(pairs, size=horizon, p=law)
        frozen = np.maximum(counts[visited], 1.0)
        roots += (1.0 / np.sqrt(frozen)).sum()
        inverses += (1.0 / frozen).sum()
        np.add.at(counts, visited, 1.0)
    root_bound, inverse_bound = complexity.count_potential(episodes, pairs, 1, horizon)
    assert roots <= root_bound
    assert inverses <= inverse_bound
