"""Regularisers: solutions of the optimality conditions, the FTRL identity, and exactly enumerated regrets."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from theory.errors import InvalidInput
from theory.regularisers import Euclidean, LogBarrier, Mixture, Shannon, Tsallis, decompose, penalty_bound

HYBRID = Mixture(0.5, 1.0, 0.7, 0.05)
ALL = [Shannon(), Tsallis(0.5), Tsallis(0.2), Tsallis(0.85), LogBarrier(), Euclidean(), HYBRID]
losses = st.lists(st.floats(-30.0, 60.0), min_size=1, max_size=7).map(np.array)
rates = st.floats(0.01, 5.0)


def test_tsallis_example():
    w = Tsallis(0.5).weights([0.0, 1.0, 3.0], 1.0)
    assert w == pytest.approx((0.572867, 0.301493, 0.125640), abs=5e-7)
    assert 0.0 - 2.0 / np.sqrt(w[0]) == pytest.approx(-2.642429, abs=5e-7)  # w_i = 4/(eta (L_i - x))^2


@pytest.mark.parametrize("psi", ALL, ids=str)
@given(losses, rates)
@settings(deadline=None, max_examples=40)
def test_weights_satisfy_the_optimality_conditions(psi, total, eta):
    w = psi.weights(total, eta)
    assert w.sum() == pytest.approx(1.0, abs=1e-12)
    assert (w >= 0.0).all()
    used = w > 1e-250
    # Stationarity: L + grad psi / eta is constant on the support and not smaller off it.
    multiplier = total[used] + psi.gradient(w[used]) / eta
    scale = 1.0 + np.abs(total).max() + np.abs(psi.gradient(w[used]) / eta).max()
    assert multiplier.max() - multiplier.min() <= 1e-11 * scale
    if isinstance(psi, Euclidean):
        assert (total[~used] >= multiplier.max() - 1e-11 * scale).all()


@pytest.mark.parametrize("psi", ALL, ids=str)
@given(losses, rates, st.floats(-5.0, 5.0), st.randoms(use_true_random=False))
@settings(deadline=None, max_examples=25)
def test_weights_ignore_shifts_and_follow_permutations(psi, total, eta, shift, random):
    w = psi.weights(total, eta)
    assert psi.weights(total + shift, eta) == pytest.approx(w, abs=1e-11)
    order = list(range(total.size))
    random.shuffle(order)
    assert psi.weights(total[order], eta) == pytest.approx(w[order], abs=1e-13)


@pytest.mark.parametrize("psi", ALL, ids=str)
def test_small_rates_are_uniform_and_two_arms_symmetric(psi):
    assert psi.weights([0.3, 0.9, 0.1], 1e-9) == pytest.approx(np.full(3, 1 / 3), abs=1e-8)
    assert psi.weights([0.2, 0.7], 0.8) == pytest.approx(psi.weights([0.7, 0.2], 0.8)[::-1], abs=1e-15)


@pytest.mark.parametrize("psi", ALL, ids=str)
def test_conjugate_dominates_random_points(psi):
    rng = np.random.default_rng(7)
    total, eta = np.array([0.4, 1.3, 0.0, 2.0]), 0.7
    conjugate = psi.conjugate(total, eta)
    for w in rng.dirichlet(np.ones(4), 300):
        assert -w @ total - psi.value(w) / eta <= conjugate + 1e-12


@pytest.mark.parametrize("psi", ALL, ids=str)
@given(losses, rates, st.integers(0, 2**32 - 1))
@settings(deadline=None, max_examples=60)
def test_stability_lies_between_zero_and_the_table(psi, total, eta, seed):
    rng = np.random.default_rng(seed)
    w = psi.weights(total, eta)
    estimate = np.zeros(total.size)
    arm = rng.integers(total.size)
    estimate[arm] = rng.random() / max(w[arm], 1e-6)
    scale = 1.0 + np.abs(total).max() + estimate.max() + abs(psi.value(np.full(total.size, 1.0 / total.size))) / eta
    slack = 1e-12 * scale
    value = psi.stability(total, estimate, eta)
    assert -slack <= value <= psi.stability_bound(w, estimate, eta) + slack


def test_log_barrier_stability_is_sharper_than_its_quadratic_form():
    w, estimate, eta = np.array([0.2, 0.8]), np.array([3.0, 0.0]), 0.5
    assert LogBarrier().stability_bound(w, estimate, eta) < 0.5 * eta * np.sum(w**2 * estimate**2)


@pytest.mark.parametrize("psi", ALL, ids=str)
@given(st.integers(0, 2**32 - 1))
@settings(deadline=None, max_examples=10)
def test_ftrl_identity_and_penalty(psi, seed):
    rng = np.random.default_rng(seed)
    rounds, n_arms = 25, int(rng.integers(2, 5))
    estimates = rng.random((rounds, n_arms)) * rng.choice([0.0, 1.0, 8.0], size=(rounds, n_arms))
    eta = 0.8 / np.sqrt(np.arange(1, rounds + 1))
    run = decompose(psi, estimates, eta)
    u = rng.dirichlet(np.ones(n_arms))
    left = float(np.sum((run.weights - u) * estimates))
    size = np.abs(run.total).sum()
    assert left == pytest.approx(run.stability.sum() + run.penalty(u), abs=1e-9 * size)
    assert (run.stability >= -1e-10 * size).all()
    sharp, coarse = penalty_bound(psi, run.weights, eta, u)
    assert run.penalty(u) <= sharp + 1e-9 * size
    assert sharp <= coarse + 1e-9 * size
    if np.isfinite(psi.spread(n_arms)):
        assert coarse <= psi.spread(n_arms) / eta[-1] + 1e-9


@pytest.mark.parametrize("psi", ALL, ids=str)
def test_bregman_divergence(psi):
    rng = np.random.default_rng(3)
    u, w = rng.dirichlet(np.ones(4), 2)
    assert psi.bregman(u, w) > 0.0
    assert psi.bregman(w, w) == pytest.approx(0.0, abs=1e-14)
    step, direction = 1e-6, np.array([1.0, -1.0, 0.5, -0.5])
    slope = (psi.value(w + step * direction) - psi.value(w - step * direction)) / (2 * step)
    assert psi.gradient(w) @ direction == pytest.approx(slope, rel=1e-6)


def test_bregman_of_shannon_is_the_kl_divergence():
    u, w = np.array([0.2, 0.8]), np.array([0.5, 0.5])
    assert Shannon().bregman(u, w) == pytest.approx(0.2 * np.log(0.4) + 0.8 * np.log(1.6), rel=1e-13)
    assert Shannon().bregman([0.0, 1.0], w) == pytest.approx(np.log(2.0), rel=1e-13)


def test_spreads():
    assert Tsallis(0.5).spread(9) == pytest.approx(4.0 * (3.0 - 1.0))
    assert Shannon().spread(9) == pytest.approx(np.log(9.0))
    assert LogBarrier().spread(3) == np.inf
    for psi in (Shannon(), Tsallis(0.3), Euclidean()):
        assert psi.value([1.0, 0.0, 0.0]) - psi.value(np.full(3, 1 / 3)) == pytest.approx(psi.spread(3), rel=1e-12)


def test_tsallis_tends_to_shannon_and_to_the_log_barrier():
    total = np.array([0.0, 0.7, 2.0, 0.3])
    assert Tsallis(1 - 1e-6).weights(total, 1.3) == pytest.approx(Shannon().weights(total, 1.3), abs=1e-5)
    assert Tsallis(1e-7).weights(total, 1.3) == pytest.approx(LogBarrier().weights(total, 1.3), abs=1e-6)


@pytest.mark.parametrize("psi", [Shannon(), Tsallis(0.5), LogBarrier()], ids=str)
def test_mirror_descent_gives_the_same_iterates_at_a_constant_rate(psi):
    # Stationarity of eta <w, l> + D(w, w_t): grad psi(w_{t+1}) - grad psi(w_t) + eta l_t is constant.
    rng = np.random.default_rng(11)
    total, eta = np.zeros(4), 0.6
    for _ in range(20):
        before = psi.weights(total, eta)
        step = rng.random(4)
        total = total + step
        residual = psi.gradient(psi.weights(total, eta)) - psi.gradient(before) + eta * step
        assert np.ptp(residual) <= 1e-9 * (1.0 + np.abs(residual).max())


def test_lazy_and_agile_projection_differ():
    psi, eta = Euclidean(), 1.0
    steps = np.array([[0.0, 3.0, 1.0], [0.5, 0.0, 0.0]])
    lazy = psi.weights(steps.sum(axis=0), eta)
    agile = np.full(3, 1 / 3)
    for step in steps:
        agile = psi.weights(eta * step - agile, 1.0)  # projection of agile - eta step
    assert np.abs(lazy - agile).max() > 0.05


def test_log_barrier_iterates_are_multiplicatively_stable():
    rng = np.random.default_rng(5)
    psi, total, eta = LogBarrier(), np.zeros(5), 0.3
    for _ in range(60):
        w = psi.weights(total, eta)
        arm = rng.choice(5, p=w)
        loss = rng.random()
        total[arm] += loss / w[arm]
        ratio = psi.weights(total, eta) / w
        assert ratio.min() >= 1.0 / (1.0 + eta * loss) - 1e-12


def enumerated_regret(rule, rounds):
    """Expected regret on constant losses (0, 1), summed over all action paths of an importance-weighted rule."""
    expected = 0.0
    for path in itertools.product((0, 1), repeat=rounds):
        estimate, probability, cost = np.zeros(2), 1.0, 0.0
        for t, arm in enumerate(path, start=1):
            p = rule(t, estimate)
            probability *= p[arm]
            if probability == 0.0:  # underflow: the path costs nothing in the sum
                break
            cost += p[1]
            if arm == 1:
                estimate = estimate + np.array([0.0, 1.0 / p[1]])
        expected += probability * cost
    return expected


def test_exactly_enumerated_regrets():
    rounds = 10
    eta = np.sqrt(2 * np.log(2) / (2 * rounds))
    known = {}  # the weights depend on the path through the number of pulls only: solve each once

    def remembered(psi, rate):
        def rule(t, estimate):
            key = (str(psi), t, estimate[1])
            if key not in known:
                known[key] = psi.weights(estimate, rate(t))
            return known[key]

        return rule

    exp3 = enumerated_regret(remembered(Shannon(), lambda t: eta), rounds)
    assert exp3 == pytest.approx(2.826269, abs=5e-7)
    assert exp3 <= np.sqrt(2 * rounds * 2 * np.log(2))
    tsallis = enumerated_regret(remembered(Tsallis(0.5), lambda t: 2 / np.sqrt(t)), rounds)
    assert tsallis == pytest.approx(2.199539, abs=5e-7)


def test_hedge_on_alternating_and_constant_losses():
    rounds = 100
    eta = np.sqrt(8 * np.log(2) / rounds)
    alternating = np.tile([[1.0, 0.0], [0.0, 1.0]], (rounds // 2, 1))
    constant = np.tile([[0.0, 1.0]], (rounds, 1))
    for sequence, value in ((alternating, rounds / 4 * np.tanh(eta / 2)), (constant, 3.198433)):
        run = decompose(Shannon(), sequence, np.full(rounds, eta))
        regret = float((run.weights * sequence).sum() - sequence.sum(axis=0).min())
        assert regret == pytest.approx(value, abs=5e-7)
    assert rounds / 4 * np.tanh(eta / 2) == pytest.approx(2.929998, abs=5e-7)


def test_bad_input():
    with pytest.raises(InvalidInput, match="learning rate"):
        Shannon().weights([0.0, 1.0], 0.0)
    with pytest.raises(InvalidInput, match="finite"):
        Tsallis().weights([0.0, np.inf], 1.0)
    with pytest.raises(InvalidInput, match="exponent"):
        Tsallis(1.0)
    with pytest.raises(InvalidInput, match="rates"):
        decompose(Shannon(), np.zeros((3, 2)), np.ones(2))
