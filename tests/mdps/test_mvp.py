"""MVP against its reference implementation, the monotonicity of its bonus, closed forms, and bad input."""

from __future__ import annotations

import math

import numpy as np
import pytest

from kernels.engine import simulate
from mdps.algorithms import mvp as algorithm
from mdps.algorithms.mvp import MVP, allocate, log_factor
from mdps.instances.chains import river_swim
from mdps.instances.random import random_mdp
from mdps.loops import Episodes
from proofs_check.claims.mvp import CLAIM
from tests.mdps.episodic import assert_decides_as
from tests.reference.mvp import mvp
from theory.errors import InvalidInput


@pytest.mark.parametrize(
    ("mdp", "scale", "n_episodes"),
    [
        (random_mdp(3, 2, horizon=3, seed=5, stage_dependent=True), 0.0005, 200),
        (random_mdp(2, 3, horizon=2, seed=8), 0.001, 200),
        (river_swim(4, horizon=6), 0.0002, 150),
        (random_mdp(2, 2, horizon=2, seed=3, stage_dependent=True), 1.0, 40),
    ],
)
def test_decides_as_the_reference_on_shared_stacks(mdp, scale, n_episodes):
    found = assert_decides_as(lambda model, k: mvp(model, k, 0.1, scale), MVP(0.1, scale), mdp, n_episodes, runs=5)
    assert len(np.unique(found)) > 1 or scale == 1.0


def test_bonus_is_the_published_one():
    """H = 5, i = 12, Var = 1.7, s2 - rh^2 = 0.2, N = 20, by hand."""
    bonus = algorithm.bonus_of.py_func(MVP(), 12.0, 5, 1.7, 0.2, 20.0)
    by_hand = 460 / 9 * math.sqrt(1.7 * 0.6) + 2 * math.sqrt(2) * math.sqrt(0.2 * 0.6) + 544 / 9 * 5 * 0.6
    assert bonus == pytest.approx(by_hand, rel=1e-14)
    assert log_factor(3, 2, 4, 100, 0.1) == pytest.approx(math.log(200 * 6 * 16 * 1e4 / 0.1), rel=1e-14)


def test_the_bonus_is_monotone_in_the_values():
    """f(p,v,n) = pv + max{(20/3) sqrt(Var_p(v) i/n), (400/9) i/n} never falls when an entry of v in [0, 1] rises."""
    rng = np.random.default_rng(4)
    for _ in range(2_000):
        p, v = rng.dirichlet(np.full(4, 0.5)), rng.random(4)
        level = 10.0 ** rng.uniform(-4, 0)

        def f(values, p=p, level=level):
            spread = p @ (values - p @ values) ** 2
            return p @ values + max(20 / 3 * math.sqrt(spread * level), 400 / 9 * level)

        for y in range(4):
            higher = v.copy()
            higher[y] = v[y] + rng.random() * (1 - v[y])
            assert f(higher) >= f(v) - 1e-12


def test_only_the_second_half_of_the_visits_counts():
    """After 2^j visits of one pair, N = 2^(j-1) and the mean is that of the later half; 3 visits change nothing."""
    state = allocate(MVP(), Episodes(random_mdp(2, 1, horizon=1)).problem(64))
    algorithm.init.py_func(MVP(), state)
    rewards = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8]
    expected = {1: (1, 0.1), 2: (1, 0.2), 3: (1, 0.2), 4: (2, 0.35), 7: (2, 0.35), 8: (4, 0.65)}
    interpreted = _observe_in_python()
    for n, reward in enumerate(rewards, start=1):
        interpreted(MVP(), state, 0, 0, 0, reward, n % 2)
        if n in expected:
            visits, mean = expected[n]
            assert state.visits[0] == visits
            assert state.means[0] == pytest.approx(mean)
    assert state.laws[0].tolist() == [0.5, 0.5]


def _observe_in_python():
    import types

    source = algorithm.observe.py_func
    names = dict(source.__globals__, close_batch=algorithm.close_batch.py_func)
    return types.FunctionType(source.__code__, names)


def test_steps_hold_and_are_exercised():
    trace = simulate(MVP(0.1), CLAIM.cases[0].build(), 200, 10, watch=CLAIM.watch)
    assert (trace.records.violations == 0).all()
    assert (trace.records.checks.sum(axis=0) > 0).all()


def test_learns_under_the_practical_preset():
    instance = CLAIM.cases[0].build()
    trace = simulate(MVP(0.1, 0.001), instance, 40_000, 4, checkpoints=[20_000, 40_000])
    late = np.diff(trace.regret, axis=1)
    assert late.max() < 0.02 * float(instance.trivial_regret(np.array([20_000.0]))[0])


@pytest.mark.parametrize(("delta", "scale"), [(0.0, 1.0), (1.0, 1.0), (0.1, -1.0), (0.1, np.inf)])
def test_bad_hyper_parameters_are_refused(delta, scale):
    with pytest.raises(InvalidInput, match=r"delta|scale"):
        allocate(MVP(delta, scale), Episodes(random_mdp(2, 2, horizon=2)).problem(10))


def test_rate_by_hand():
    """S = 3, A = 2, H = 3, delta = 0.1: H K until sqrt(162 K log^5(180 K)) is less."""
    bound = CLAIM.bounds[0].theorem.bound(CLAIM.cases[0].build(), MVP(0.1), np.array([1000.0, 1e12]))
    assert bound[0] == 3000.0
    assert bound[1] == pytest.approx(math.sqrt(162e12 * math.log(180e12) ** 5), rel=1e-14)
    assert CLAIM.rate.theorem.bound(CLAIM.cases[0].build(), MVP(0.1), np.array([1000.0]))[0] == pytest.approx(
        math.sqrt(162_000), rel=1e-14
    )
