"""E-process tests: exact levels and powers, false alarms at the boundary, and the sabotages that must be seen."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from proofs_check.statistics import (
    BernoulliTest,
    MeanTest,
    SequentialBinomial,
    binomial_log_e,
    clopper_pearson,
    crossing_probability,
    fewest_runs_to_verify,
    runs_for_mean,
    runs_for_mean_test,
    runs_for_probability,
)
from proofs_check.statistics.betting import log_capital_path
from theory.errors import InvalidInput

# --- binomial e-processes: exact ----------------------------------------------------------------------------


def verifies_with_q(q: float, delta: float, threshold: float):  # type: ignore[no-untyped-def]
    test = BernoulliTest(delta, q_verify=[q])
    return lambda k, n: test.log_e_at(k, n)[1] >= math.log(threshold)


def test_exact_crossing_at_the_boundary() -> None:
    assert crossing_probability(0.1, 2000, verifies_with_q(0.05, 0.1, 20.0))[-1] == pytest.approx(0.048633, abs=5e-7)


def test_exact_powers() -> None:
    power = crossing_probability(0.05, 800, verifies_with_q(0.05, 0.1, 20.0))
    np.testing.assert_allclose(power[[99, 199, 399, 799]], [0.311960, 0.701902, 0.932571, 0.995142], rtol=0, atol=5e-7)


def test_crossing_probability_against_simulation() -> None:
    rng = np.random.default_rng(1)
    counts = np.cumsum(rng.random((4000, 200)) < 0.05, axis=1)
    log_e = binomial_log_e(counts, np.arange(1, 201), 0.1, [0.05], [1.0])
    crossed = int((log_e.max(axis=1) >= math.log(20.0)).sum())
    low, high = clopper_pearson(crossed, 4000, 1e-4)
    assert low <= 0.701902 <= high


@pytest.mark.parametrize("delta", [0.05, 0.1, 0.5])
@pytest.mark.parametrize("alpha", [0.05, 0.01])
def test_exact_errors_of_the_default_mixtures(delta: float, alpha: float) -> None:
    test = BernoulliTest(delta)
    level = math.log(1.0 / alpha)
    false_verification = crossing_probability(delta, 3000, lambda k, n: test.log_e_at(k, n)[1] >= level)[-1]
    false_refutation = crossing_probability(delta, 3000, lambda k, n: test.log_e_at(k, n)[0] >= level)[-1]
    assert 0.1 * alpha < false_verification <= alpha
    assert 0.1 * alpha < false_refutation <= alpha
    # Strictly inside the hypotheses the errors are smaller.
    assert (
        crossing_probability(1.2 * delta, 3000, lambda k, n: test.log_e_at(k, n)[1] >= level)[-1] < false_verification
    )
    assert crossing_probability(0.8 * delta, 3000, lambda k, n: test.log_e_at(k, n)[0] >= level)[-1] < false_refutation


def test_product_of_dependent_e_values_is_seen_to_fail() -> None:
    """Sabotage: the e-processes of two statements about the same runs multiplied as if independent."""
    test = BernoulliTest(0.1)
    squared = crossing_probability(0.1, 2000, lambda k, n: 2.0 * test.log_e_at(k, n)[1] >= math.log(20.0))[-1]
    assert squared > 0.1


def test_verification_without_failures_takes_no_fewer_runs_than_certification() -> None:
    # With q = 0 alone the e-process is (1 - delta)^-n: the Clopper-Pearson count of certification.
    test = BernoulliTest(0.05, alpha_verify=0.05, q_verify=[0.0])
    test.update(np.zeros(100))
    assert (test.decision, test.n_decided) == ("verified", 59)
    mixed = BernoulliTest(0.05, alpha_verify=0.05)
    mixed.update(np.zeros(200))
    assert mixed.decision == "verified"
    assert 59 <= mixed.n_decided <= 75  # type: ignore[operator]


def test_a_single_failure_ruins_q_zero_but_not_the_mixture() -> None:
    single, mixed = BernoulliTest(0.1, q_verify=[0.0]), BernoulliTest(0.1)
    for test in (single, mixed):
        test.update([1, 0, 0])
    assert single.e_now[1] == 0.0
    assert 0.0 < mixed.e_now[1] < 1.0
    assert mixed.e_verify == 1.0  # the running maximum counts the start


def test_bernoulli_decides_both_ways() -> None:
    rng = np.random.default_rng(2)
    true_claim, false_claim = BernoulliTest(0.1), BernoulliTest(0.1)
    true_claim.update(rng.random(2000) < 0.05)
    false_claim.update(rng.random(2000) < 0.2)
    assert true_claim.decision == "verified"
    assert false_claim.decision == "refuted"
    assert false_claim.p_refute <= 1e-4


# --- bounded means ------------------------------------------------------------------------------------------


def test_e_processes_are_fair_at_the_boundary() -> None:
    """One step of the capital has expectation exactly 1 when the mean is exactly the bound."""
    values, probabilities = np.array([0.0, 0.3, 1.0]), np.array([0.5, 0.4, 0.1])
    bound = float(values @ probabilities)
    refute, verify = np.array([MeanTest(bound, 0.0, 1.0).update([x])[0] for x in values]).T
    assert np.exp(refute) @ probabilities == pytest.approx(1.0, abs=1e-12)
    assert np.exp(verify) @ probabilities == pytest.approx(1.0, abs=1e-12)


@pytest.mark.parametrize("law", ["two-point skewed", "beta", "rare"])
def test_false_alarms_at_the_boundary(law: str) -> None:
    rng = np.random.default_rng(7)
    n_simulations, n_runs, alpha = 2000, 600, 0.05
    if law == "two-point skewed":
        x, mean = np.where(rng.random((n_simulations, n_runs)) < 0.05, 0.9, 0.1), 0.14
    elif law == "beta":
        x, mean = rng.beta(0.5, 2.0, (n_simulations, n_runs)), 0.2
    else:
        x, mean = (rng.random((n_simulations, n_runs)) < 0.01).astype(float), 0.01
    for data, m in ((x, mean), (1.0 - x, 1.0 - mean)):
        alarms = sum(
            int((log_capital_path(part, m).max(axis=1) >= math.log(1.0 / alpha)).sum())
            for part in np.array_split(data, 20)
        )
        low, high = clopper_pearson(alarms, n_simulations, 2e-4)
        assert low <= alpha
        assert high > 0.1 * alpha  # not valid by never deciding


def test_peeking_with_a_fixed_n_test_is_seen_to_fail() -> None:
    """Sabotage: a z-test of level 0.05 looked at after every run from 30 to 1000 alarms falsely far too often."""
    z = np.cumsum(np.random.default_rng(11).standard_normal((4000, 1000)), axis=1) / np.sqrt(np.arange(1, 1001))
    one_sided = int((z[:, 29:].max(axis=1) > stats.norm.isf(0.05)).sum())
    two_sided = int((np.abs(z[:, 29:]).max(axis=1) > stats.norm.isf(0.025)).sum())
    assert float(clopper_pearson(one_sided, 4000, 1e-4)[0]) > 0.28
    assert float(clopper_pearson(two_sided, 4000, 1e-4)[0]) > 0.36
    # at the planned n alone the same test keeps its level
    assert float(clopper_pearson(int((z[:, -1] > stats.norm.isf(0.05)).sum()), 4000, 1e-4)[0]) <= 0.05


def test_alpha_must_be_split_over_statements() -> None:
    """Sabotage: twenty true statements, each tested at the whole alpha."""
    test = BernoulliTest(0.1)
    one = float(crossing_probability(0.1, 1000, lambda k, n: test.log_e_at(k, n)[0] >= math.log(20.0))[-1])
    split = float(crossing_probability(0.1, 1000, lambda k, n: test.log_e_at(k, n)[0] >= math.log(400.0))[-1])
    assert 1.0 - (1.0 - one) ** 20 > 0.3
    assert 1.0 - (1.0 - split) ** 20 <= 0.05


def test_regret_far_below_its_range_is_verified_near_the_information_limit() -> None:
    rng = np.random.default_rng(12)
    decided = []
    for _ in range(20):
        test = MeanTest(bound=200.0, low=0.0, high=5000.0, alpha_refute=1e-4, alpha_verify=0.01)
        test.update(50.0 + 10.0 * rng.standard_normal(400))
        assert test.decision == "verified"
        decided.append(test.n_decided)
    limit = fewest_runs_to_verify(50.0, 200.0, 5000.0, 0.01)
    assert limit == 150
    assert limit <= min(decided) and max(decided) <= 1.35 * limit


def test_the_information_limit_is_attained_by_a_law_that_looks_alike() -> None:
    """The law behind the limit: verified in fewer runs than the limit would be a false verification too often."""
    limit = fewest_runs_to_verify(50.0, 200.0, 5000.0, 0.01)
    p = 150.0 / 4950.0
    assert (1 - p) * 50.0 + p * 5000.0 == pytest.approx(200.0)
    assert (1 - p) ** limit <= 0.01 < (1 - p) ** (limit - 1)


def test_refutation_far_below_the_range_is_quick() -> None:
    rng = np.random.default_rng(13)
    for _ in range(20):
        test = MeanTest(bound=50.0, low=0.0, high=5000.0)
        test.update(200.0 + 10.0 * rng.standard_normal(100))
        assert test.decision == "refuted"
        assert test.n_decided <= 10  # type: ignore[operator]


@pytest.mark.parametrize(("mean", "sd"), [(0.2, 0.1), (0.3, 0.25), (0.02, 0.02)])
def test_power_is_as_planned(mean: float, sd: float) -> None:
    """Truth half the bound: twice the planned runs verify in nearly all repetitions, half of them in few."""
    rng = np.random.default_rng(14)
    total = mean * (1 - mean) / sd**2 - 1.0  # Beta law of this mean and sd
    a, b = mean * total, (1 - mean) * total
    planned = runs_for_mean_test(rng.beta(a, b, 20000), 2.0 * mean, 0.0, 1.0, 0.01)
    assert planned >= fewest_runs_to_verify(mean, 2.0 * mean, 1.0, 0.01)
    used = []
    for _ in range(200):
        test = MeanTest(2.0 * mean, 0.0, 1.0, alpha_verify=0.01)
        test.update(rng.beta(a, b, math.ceil(4.0 * planned)))
        used.append(test.n_decided if test.decision == "verified" else math.inf)
    late = sum(n > 2.0 * planned for n in used)
    early = sum(n <= 0.5 * planned for n in used)
    assert float(clopper_pearson(late, 200, 1e-3)[1]) < 0.1
    assert float(clopper_pearson(early, 200, 1e-3)[1]) < 0.5


def test_small_effects_are_decided_within_a_few_times_the_plan() -> None:
    rng = np.random.default_rng(15)
    n_z = runs_for_mean(0.45, 0.5, 0.5, 0.01, 0.9)
    test = MeanTest(0.5, 0.0, 1.0, alpha_verify=0.01)
    test.update(rng.random(4 * n_z) < 0.45)
    assert test.decision == "verified"
    assert test.n_decided <= 3 * n_z  # type: ignore[operator]


def test_controls() -> None:
    """A false claim is refuted, a claim true by a factor 2 verified; a tenth of the bound flips the verdict."""
    rng = np.random.default_rng(16)
    regret = 100.0 * rng.beta(2.0, 6.0, size=3000)  # mean 25
    verdicts = {}
    for bound in (50.0, 5.0):
        test = MeanTest(bound, 0.0, 100.0)
        test.update(regret)
        verdicts[bound] = test.decision
    assert verdicts == {50.0: "verified", 5.0: "refuted"}


def test_each_decision_waits_for_its_own_level() -> None:
    for x, column, expected in ((np.ones(200), 0, "refuted"), (np.zeros(200), 1, "verified")):
        decided = {}
        for alpha_refute, alpha_verify in ((1e-6, 0.05), (0.05, 1e-6)):
            test = MeanTest(0.5, 0.0, 1.0, alpha_refute, alpha_verify)
            path = test.update(x)
            alpha = (alpha_refute, alpha_verify)[column]
            assert test.decision == expected
            assert test.n_decided == 1 + int(np.argmax(path[:, column] >= math.log(1.0 / alpha)))
            decided[alpha] = test.n_decided
        assert decided[0.05] < decided[1e-6]  # type: ignore[operator]


def test_undecided_at_the_boundary() -> None:
    test = MeanTest(0.25, 0.0, 1.0)
    test.update(np.random.default_rng(17).beta(2.0, 6.0, size=2000))
    assert test.decision is None
    assert test.n_decided is None
    assert test.n == 2000


def test_batches_do_not_matter_and_decisions_stay() -> None:
    rng = np.random.default_rng(18)
    x = rng.random(20000) * 0.5
    whole, parts = MeanTest(0.5, 0.0, 1.0), MeanTest(0.5, 0.0, 1.0)
    path = whole.update(x)
    pieces = [parts.update(batch) for batch in np.split(x, [1, 2, 3, 100, 1700])]
    np.testing.assert_allclose(np.concatenate(pieces), path, rtol=1e-9, atol=1e-9)
    assert whole.n_decided == parts.n_decided
    assert whole.log_e_verify == pytest.approx(path[:, 1].max())
    assert whole.e_verify == math.inf  # beyond the largest float; its logarithm is kept
    parts.update(np.ones(20000))
    assert parts.decision == "verified"
    assert parts.e_now[1] < 1.0 < parts.e_verify


def test_empty_batches_change_nothing() -> None:
    mean_test, binomial = MeanTest(0.5, 0.0, 1.0), SequentialBinomial(0.1, 0.05)
    assert mean_test.update([]).shape == (0, 2)
    binomial.update([])
    assert (mean_test.n, binomial.n, binomial.n_looks) == (0, 0, 0)


def test_growth_of_many_runs_near_the_range() -> None:
    """A run at the very top of the range ruins the full stake only, and the mixture recovers."""
    test = MeanTest(200.0, 0.0, 5000.0, alpha_verify=0.01)
    test.update([5000.0])
    assert test.e_now[1] > 0.0
    test.update(np.full(2000, 50.0))
    assert test.decision == "verified"


# --- sequential Clopper-Pearson -----------------------------------------------------------------------------


def test_sequential_binomial_decides_and_spends_alpha() -> None:
    rng = np.random.default_rng(19)
    looks = [50, 50, 100, 200, 400, 800, 1600]
    for p, expected in ((0.05, "verified"), (0.2, "refuted")):
        test = SequentialBinomial(0.1, 0.05)
        for size in looks:
            test.update(rng.random(size) < p)
        assert test.decision == expected
        assert test.interval[0] <= p <= test.interval[1]
        assert test.alpha_spent < 0.05
    assert sum(6.0 * 0.05 / (math.pi * i) ** 2 for i in range(1, 100001)) == pytest.approx(0.05, rel=1e-5)


def test_sequential_binomial_exact_errors() -> None:
    ends = np.cumsum([50] * 40)
    tables = {
        int(n): clopper_pearson(np.arange(n + 1), n, 6 * 0.05 / (math.pi * (i + 1)) ** 2) for i, n in enumerate(ends)
    }

    def missed(k: np.ndarray, n: int) -> np.ndarray:
        if n not in tables:
            return np.zeros(len(k), dtype=bool)
        low, high = tables[n]
        return np.asarray((low[k] > 0.1) | (high[k] < 0.1))

    assert crossing_probability(0.1, 2000, missed)[-1] <= 0.05


def test_sequential_binomial_interval_is_clopper_pearson_at_the_first_look() -> None:
    test = SequentialBinomial(0.1, 0.05)
    test.update([1] * 3 + [0] * 97)
    low, high = clopper_pearson(3, 100, 6 * 0.05 / math.pi**2)
    assert test.interval == (pytest.approx(float(low)), pytest.approx(float(high)))


# --- planning -----------------------------------------------------------------------------------------------


def test_planning_numbers() -> None:
    planned = [[runs_for_mean(share, cv * share, 1.0, 0.05, 0.8) for cv in (0.3, 1.0, 3.0)] for share in (0.5, 0.9)]
    assert planned == [[1, 7, 56], [46, 501, 4508]]
    expected = [runs_for_probability(p, 2 * p, 0.05) for p in (0.05, 0.01, 0.1)]
    assert [round(n) for n in expected] == [179, 960, 82]


def test_expected_runs_of_the_binomial_test() -> None:
    """Wald: the mean decision time is at least log(1/alpha)/kl, and exceeds it by the overshoot only."""
    stopped = crossing_probability(0.05, 6000, verifies_with_q(0.05, 0.1, 20.0))
    mean_time = float(np.sum(1.0 - np.concatenate([[0.0], stopped[:-1]])))
    assert runs_for_probability(0.05, 0.1, 0.05) <= mean_time <= 1.1 * runs_for_probability(0.05, 0.1, 0.05)


def test_planning_refuses_the_undecidable() -> None:
    with pytest.raises(InvalidInput, match="no number of runs"):
        runs_for_mean(1.0, 1.0, 1.0, 0.05, 0.8)
    with pytest.raises(InvalidInput, match="no number of runs"):
        runs_for_probability(0.1, 0.1, 0.05)
    with pytest.raises(InvalidInput, match="mean < bound < high"):
        fewest_runs_to_verify(1.0, 0.5, 2.0, 0.05)
    assert runs_for_mean_test(np.full(10, 0.5), 0.5, 0.0, 1.0, 0.05) == math.inf


# --- bad input ----------------------------------------------------------------------------------------------


def test_bad_input_is_refused() -> None:
    for bound in (0.0, 1.0, 2.0, -1.0, math.nan):
        with pytest.raises(InvalidInput, match="bound"):
            MeanTest(bound, 0.0, 1.0)
    test = MeanTest(0.5, 0.0, 1.0)
    with pytest.raises(InvalidInput, match="observation 1 is"):
        test.update([0.2, 1.2])  # e.g. realised regret given to a test that was promised pseudo-regret
    assert test.n == 0
    with pytest.raises(InvalidInput, match="indicator"):
        BernoulliTest(0.1).update([0.0, 0.5])
    with pytest.raises(InvalidInput, match="delta"):
        BernoulliTest(1.0)
    with pytest.raises(InvalidInput, match="q_verify"):
        BernoulliTest(0.1, q_verify=[0.1])
    with pytest.raises(InvalidInput, match="q_refute"):
        BernoulliTest(0.1, q_refute=[0.05])
    with pytest.raises(InvalidInput, match="alpha_refute"):
        MeanTest(0.5, 0.0, 1.0, alpha_refute=0.0)
    with pytest.raises(InvalidInput, match="p ="):
        crossing_probability(1.5, 10, lambda k, n: k > n)
