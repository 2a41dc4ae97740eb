"""Multiple testing: the procedures against worked examples, statsmodels and their guarantees."""

from __future__ import annotations

import math

import numpy as np
import pytest
from statsmodels.stats.multitest import multipletests

from proofs_check.statistics import benjamini_hochberg, clopper_pearson, e_bh, holm
from theory.errors import InvalidInput

P_VALUES = [0.001, 0.009, 0.012, 0.03, 0.04, 0.2]
E_VALUES = [110.0, 60.0, 25.0, 8.0, 3.0, 0.4]


def test_worked_example() -> None:
    assert holm(P_VALUES, 0.05).sum() == 3
    assert benjamini_hochberg(P_VALUES, 0.05).sum() == 5
    assert e_bh(E_VALUES, 0.05).sum() == 2


def test_masks_follow_the_order_of_the_input() -> None:
    order = np.array([3, 0, 5, 1, 4, 2])
    for procedure, values in ((holm, P_VALUES), (benjamini_hochberg, P_VALUES), (e_bh, E_VALUES)):
        expected = procedure(values, 0.05)[order]
        np.testing.assert_array_equal(procedure(np.array(values)[order], 0.05), expected)


def test_agreement_with_statsmodels() -> None:
    rng = np.random.default_rng(1)
    for _ in range(40):
        p = rng.random(rng.integers(1, 30)) ** rng.choice([1.0, 3.0, 6.0])
        np.testing.assert_array_equal(holm(p, 0.05), multipletests(p, 0.05, method="holm")[0])
        np.testing.assert_array_equal(benjamini_hochberg(p, 0.05), multipletests(p, 0.05, method="fdr_bh")[0])


def test_e_bh_is_bh_of_the_reciprocals() -> None:
    rng = np.random.default_rng(2)
    for _ in range(100):
        e = np.exp(rng.normal(1.0, 3.0, size=12))
        np.testing.assert_array_equal(e_bh(e, 0.1), benjamini_hochberg(np.minimum(1.0, 1.0 / e), 0.1))


def test_holm_controls_the_familywise_error_under_dependence() -> None:
    rng = np.random.default_rng(3)
    n_simulations = 4000
    for same in (0.0, 0.95):
        common = rng.standard_normal((n_simulations, 1))
        z = math.sqrt(same) * common + math.sqrt(1.0 - same) * rng.standard_normal((n_simulations, 10))
        p = np.array([[math.erfc(value / math.sqrt(2.0)) / 2.0 for value in row] for row in z])
        some_rejected = sum(bool(holm(row, 0.05).any()) for row in p)
        assert float(clopper_pearson(some_rejected, n_simulations, 2e-4)[0]) <= 0.05
        unadjusted = int((p <= 0.05).any(axis=1).sum())  # sabotage: alpha not split
        assert float(clopper_pearson(unadjusted, n_simulations, 2e-4)[0]) > 0.05


def test_extremes() -> None:
    assert holm([], 0.05).shape == (0,)
    assert benjamini_hochberg([], 0.05).shape == (0,)
    assert e_bh([], 0.05).shape == (0,)
    assert holm([0.0, 0.0], 0.05).all()
    assert not holm([1.0, 1.0], 0.05).any()
    assert e_bh([math.inf, 0.0], 0.05).tolist() == [True, False]


def test_bad_input_is_refused() -> None:
    for bad in ([0.5, -0.1], [0.5, 1.1], [0.5, math.nan]):
        with pytest.raises(InvalidInput, match="p-value 1"):
            holm(bad, 0.05)
        with pytest.raises(InvalidInput, match="p-value 1"):
            benjamini_hochberg(bad, 0.05)
    with pytest.raises(InvalidInput, match="e-value 0"):
        e_bh([-1.0], 0.05)
    with pytest.raises(InvalidInput, match="shape"):
        e_bh([[1.0]], 0.05)
    with pytest.raises(InvalidInput, match="shape"):
        holm(0.5, 0.05)
    with pytest.raises(InvalidInput, match="alpha"):
        holm([0.5], 1.0)
