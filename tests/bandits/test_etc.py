"""Explore-then-commit against its reference and its exact regret on Gaussian arms."""

from __future__ import annotations

import numpy as np
import pytest

from bandits.algorithms.etc import ETC
from bandits.instances.bernoulli import bernoulli
from bandits.instances.gaussian import gaussian
from kernels.engine import simulate
from proofs_check.claims.etc import act_without_commitment, exploration, mistake_probability, observe_for_good
from tests.bandits.index_checks import HORIZON, assert_agrees_on_gaussian, decisions, on_gaussian
from tests.reference.etc import etc
from theory.errors import HypothesisViolated, InvalidInput
from theory.theorems import theorem
from theory.theorems.etc import gaussian_regret, tuned_exploration

MEANS = (0.3, 0.0, 0.5)


@pytest.mark.parametrize("m", [1, 7, HORIZON // 3])
def test_decides_as_the_reference_on_shared_stacks(m):
    assert_agrees_on_gaussian(ETC(m), MEANS, lambda stack: etc(stack, HORIZON, m))


def test_planted_fault_changes_decisions():
    broken = decisions(ETC(7), gaussian(*MEANS), overrides={"act": act_without_commitment, "observe": observe_for_good})
    assert broken != on_gaussian(MEANS, lambda stack: etc(stack, HORIZON, 7))


@pytest.mark.parametrize(
    ("gap", "horizon", "m", "exact"), [(0.5, 1000, 20, 37.323112), (1.0, 100, 5, 10.123083)]
)  # fmt: skip
def test_3_exact_regret_on_two_gaussian_arms(gap, horizon, m, exact):
    """Acceptance check 3: the closed form, and the simulator within four standard errors of it."""
    assert float(gaussian_regret(gap, horizon, m)) == pytest.approx(exact, abs=1e-6)
    final = simulate(ETC(m), gaussian(0.0, gap), horizon, 4000, seed=2).regret[:, -1]
    assert abs(final.mean() - exact) <= 4.0 * final.std(ddof=1) / np.sqrt(len(final))


def test_3_the_bound():
    bound = theorem("etc/regret").bound(gaussian(0.0, 0.5), ETC(20), np.array([1000.0]))
    assert bound[0] == pytest.approx(147.5223, abs=1e-4)


@pytest.mark.parametrize("gap", [0.05, 0.2, 0.5, 1.0, 2.0])
@pytest.mark.parametrize("horizon", [100, 1000, 10_000])
def test_both_bounds_are_above_the_exact_regret(gap, horizon):
    """With the tuned m eq. (6.6) follows from Theorem 6.1, and both lie above the exact Gaussian regret."""
    m = tuned_exploration(gap, horizon)
    if 2 * m > horizon:
        pytest.skip("the tuned exploration does not fit into the horizon")
    instance, t = gaussian(0.0, gap), np.array([float(horizon)])
    exact = float(gaussian_regret(gap, horizon, m))
    first, second = (float(theorem(f"etc/{name}").bound(instance, ETC(m), t)[0]) for name in ("regret", "tuned"))
    assert exact <= first <= second + 1e-9 or second == horizon * gap


def test_constants_of_the_watch():
    instance = gaussian(0.2, 0.0)
    assert exploration(instance, 2000) == tuned_exploration(0.2, 2000) == 300
    assert mistake_probability(None, instance, 2000) == pytest.approx(np.exp(-3.0))
    assert exploration(gaussian(0.0, 0.0), 10) == 1 and exploration(gaussian(0.0, 0.1), 10) == 1


def test_another_exploration_has_no_tuned_theorem():
    with pytest.raises(HypothesisViolated, match="the theorem's is 300"):
        theorem("etc/tuned").require(gaussian(0.2, 0.0), ETC(299), 2000)


def test_an_exploration_beyond_the_horizon_has_no_theorem():
    with pytest.raises(HypothesisViolated, match="m = 6, and T/K is 5"):
        theorem("etc/regret").require(gaussian(0.2, 0.0), ETC(6), 10)


@pytest.mark.parametrize("m", [0, -1, 2.5])
def test_refuses_a_bad_exploration(m):
    with pytest.raises(InvalidInput, match="exploration of ETC"):
        simulate(ETC(m), bernoulli(0.5, 0.6), 10, 1)
