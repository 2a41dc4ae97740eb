"""Radii: printed numbers, exact coverage where it can be computed, and the inequalities between the forms."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import betaln

from theory import radii
from theory.divergences import bernoulli_kl
from theory.errors import InvalidInput

UNIT = dict(noise=1.0, regularization=1.0, parameter_bound=1.0, feature_bound=1.0)


def test_fixed_sample_numbers():
    # n = 1000, standard deviation .07, delta = .05.
    assert radii.maurer_pontil(1000, 0.07**2, 0.05) == pytest.approx(0.014629, abs=5e-7)
    assert radii.hoeffding(1000, 0.05) == pytest.approx(0.038702, abs=5e-7)
    # Two sides, 1-subgaussian.
    for n, value in ((100, 0.271620), (1000, 0.085894), (10000, 0.027162)):
        assert radii.subgaussian(n, 0.025) == pytest.approx(value, abs=5e-7)


def test_hoeffding_scales_with_the_width_and_is_half_subgaussian():
    assert radii.hoeffding(7, 0.1, width=3.0) == pytest.approx(3.0 * radii.hoeffding(7, 0.1), rel=1e-15)
    assert radii.hoeffding(7, 0.1) == pytest.approx(radii.subgaussian(7, 0.1, 0.5), rel=1e-15)


def test_bernstein_and_its_empirical_forms():
    assert radii.bernstein(100, 0.25, 0.05) == pytest.approx(
        np.sqrt(0.5 * np.log(20) / 100) + np.log(20) / 300, rel=1e-14
    )
    assert radii.empirical_bernstein(100, 0.0, 2.0) == pytest.approx(0.06, rel=1e-14)
    with pytest.raises(InvalidInput, match="n >= 2"):
        radii.maurer_pontil(1, 0.1, 0.05)


def test_ellipsoid_numbers():
    assert radii.ellipsoid_dimension(100, 2, 0.01, **UNIT) == pytest.approx(5.294250, abs=5e-7)
    assert radii.ellipsoid_trace(100, 2, 0.01, **UNIT) == pytest.approx(5.132069, abs=5e-7)
    with pytest.raises(InvalidInput, match="dimension >= 2"):
        radii.ellipsoid_dimension(100, 1, 0.01, **UNIT)


@given(st.integers(2, 6), st.floats(0.1, 5.0), st.integers(0, 2**32 - 1))
@settings(deadline=None, max_examples=40)
def test_determinant_form_is_below_trace_form_below_dimension_form(d, lam, seed):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(50, d))
    x /= np.maximum(1.0, np.linalg.norm(x, axis=1, keepdims=True))
    log_det = np.linalg.slogdet(np.eye(d) + x.T @ x / lam)[1]
    options = dict(noise=0.7, regularization=lam, parameter_bound=2.0)
    exact = radii.ellipsoid(log_det, 0.05, **options)
    trace = radii.ellipsoid_trace(50, d, 0.05, feature_bound=1.0, **options)
    coarse = radii.ellipsoid_dimension(50, d, 0.05, feature_bound=1.0, **options)
    assert exact <= trace + 1e-12
    assert trace <= coarse + 1e-12


def test_mixture_weight_behind_the_time_uniform_level():
    # Any 0/1 sequence: maximum likelihood <= 2 sqrt(n) times its Krichevsky-Trofimov weight.
    for n in (1, 2, 5, 50, 1000):
        s = np.arange(n + 1)
        with np.errstate(divide="ignore", invalid="ignore"):
            likelihood = np.where(s > 0, s * np.log(s / n), 0.0) + np.where(s < n, (n - s) * np.log(1.0 - s / n), 0.0)
        mixture = betaln(s + 0.5, n - s + 0.5) - betaln(0.5, 0.5)
        assert (likelihood <= np.log(2.0 * np.sqrt(n)) + mixture + 1e-12).all()


@pytest.mark.parametrize("p", [0.02, 0.3, 0.5])
def test_time_uniform_level_is_exceeded_with_probability_at_most_delta(p):
    delta, rounds = 0.2, 400
    alive, lost = np.array([1.0]), 0.0  # law of the number of ones on paths that never left the interval
    for n in range(1, rounds + 1):
        moved = np.zeros(n + 1)
        moved[:-1] += alive * (1.0 - p)
        moved[1:] += alive * p
        out = bernoulli_kl(np.arange(n + 1) / n, p) > radii.bernoulli_level(n, delta)
        lost += moved[out].sum()
        alive = np.where(out, 0.0, moved)
    assert lost <= delta
    # The check can fail: ten times the failure probability in the level, and the promise is broken.
    assert lost > 0.0


def test_time_uniform_interval_contains_the_mean_and_shrinks():
    low, high = radii.bernoulli_time_uniform(np.array([0.3, 0.3]), np.array([10, 1000]), 0.05)
    assert (low < 0.3).all() and (high > 0.3).all()
    assert high[1] - low[1] < high[0] - low[0]


def test_ucbvi_bonuses_by_hand():
    big_l = float(radii.ucbvi_log(6, 2, 2000, 0.05))
    assert big_l == pytest.approx(np.log(5 * 6 * 2 * 2000 / 0.05), rel=1e-15)
    assert radii.ucbvi_ch(9, 3, big_l) == pytest.approx(7 * 3 * big_l / 3.0, rel=1e-14)
    # Two next states, one never visited: min{., H^2} of both.
    correction = radii.ucbvi_bf_correction([[0.25, 0.75]], [0, 10**9], 3, 2, big_l)
    expected = 0.25 * 9.0 + 0.75 * min(1e4 * 9 * 4 * 2 * big_l**2 / 1e9, 9.0)
    assert correction == pytest.approx([expected], rel=1e-14)
    bonus = radii.ucbvi_bf(4, 0.5, expected, 3, big_l)
    assert bonus == pytest.approx(
        np.sqrt(8 * big_l * 0.5 / 4) + 14 * 3 * big_l / 12 + np.sqrt(8 / 4 * expected), rel=1e-14
    )


def test_ucbvi_good_event_widths():
    assert radii.ucbvi_value_deviation(4, 1.0, 3, 2.0) == pytest.approx(2 * np.sqrt(0.5) + 84 / 12, rel=1e-14)
    assert radii.ucbvi_entry_deviation(4, 0.5, 2.0) == pytest.approx(2 * np.sqrt(0.125) + 4 / 12, rel=1e-14)
    assert radii.ucbvi_l1_deviation(4, 6, 2.0) == pytest.approx(2 * np.sqrt(3.0), rel=1e-14)
    assert radii.ucbvi_stage_dependent(4, 2, 2, 3, 10, 0.1) == pytest.approx(
        6.0 * np.sqrt(np.log(1200.0) / 4), rel=1e-14
    )


def test_q_learning_and_reward_free_formulas():
    assert radii.q_learning_hoeffding(2, 2, 2, 4, 100, 0.1) == pytest.approx(
        np.sqrt(64 * np.log(8000.0) / 2), rel=1e-14
    )
    assert radii.rf_express_beta(0, 2, 3, 4, 0.1) == pytest.approx(np.log(720.0) + 2 * np.log(8 * np.e), rel=1e-14)
    assert radii.rf_express_bonus(5, 2, 3, 4, 0.1) == pytest.approx(
        15 * 16 * radii.rf_express_beta(5, 2, 3, 4, 0.1) / 5, rel=1e-14
    )
    assert radii.rf_ucrl_beta(6, 4, 2, 3, 0.1) == pytest.approx(np.log(480.0) + 3 * np.log(np.e * 3.0), rel=1e-14)
    assert radii.rf_ucrl_beta(6, 1, 2, 3, 0.1) == pytest.approx(np.log(120.0), rel=1e-14)


def test_lsvi_radii_numbers():
    assert radii.lsvi_ucb(10, 5, 5000, 0.05) == pytest.approx(190.45, abs=0.005)
    assert radii.lsvi_ucb_fixed_point(1000, 10, 5, 0.05) == pytest.approx(567.55, abs=0.005)


@given(st.integers(1, 12), st.integers(1, 10), st.integers(1, 10**6), st.floats(1e-4, 0.5), st.floats(1.0, 4.0))
@settings(deadline=None, max_examples=40)
def test_lsvi_radius_is_the_smallest_fixed_point(d, h, k, p, lam):
    def right_side(beta):
        e, size = d * h / k, 2 * h * np.sqrt(d * k / lam)
        inside = (
            d / 2 * np.log((k + lam) / lam)
            + d * np.log(1 + 4 * size / e)
            + d**2 * np.log(1 + 8 * np.sqrt(d) * beta**2 / (lam * e**2))
            + np.log(2 * h / p)
        )
        return 4 * h * np.sqrt(d * lam) + np.sqrt(4 * h**2 * inside + 8 * k**2 * e**2 / lam)

    beta = float(radii.lsvi_ucb_fixed_point(k, d, h, p, regularization=lam))
    assert right_side(beta) == pytest.approx(beta, rel=1e-12)
    for share in np.linspace(0.0, 0.999, 50):
        assert right_side(share * beta) > share * beta


def test_bad_input_is_refused():
    with pytest.raises(InvalidInput, match="delta"):
        radii.hoeffding(3, 1.0)
    with pytest.raises(InvalidInput, match="counts >= 1"):
        radii.ucbvi_ch([3, 0], 2, 1.0)
