"""Optimistic Q-learning with Hoeffding bonuses: reference, weight identities, exact expected regret, faults."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from kernels.engine import simulate
from mdps.algorithms.q_learning_hoeffding import QLearningHoeffding, allocate
from mdps.instances.chains import river_swim
from mdps.instances.random import random_mdp
from mdps.loops import Episodes
from mdps.model import MDP
from mdps.planning.finite_horizon import backward_induction, evaluate_policy
from proofs_check.claims.q_learning_hoeffding import CLAIM
from tests.mdps.episodic import assert_decides_as, assert_every_step_holds, assert_fault_is_caught
from tests.reference.q_learning_hoeffding import q_learning_hoeffding, weights
from theory.errors import InvalidInput


@pytest.mark.parametrize(
    ("mdp", "c", "n_episodes"),
    [
        (random_mdp(3, 2, horizon=3, seed=5, stage_dependent=True), 0.05, 150),
        (random_mdp(2, 3, horizon=2, seed=8), 1.0, 400),
        (river_swim(4, horizon=6), 0.02, 120),
    ],
)
def test_decides_as_the_reference_on_shared_stacks(mdp, c, n_episodes):
    found = assert_decides_as(
        lambda model, k: q_learning_hoeffding(model, k, 0.1, c), QLearningHoeffding(0.1, c), mdp, n_episodes
    )
    assert len(np.unique(found)) > 1


@pytest.mark.parametrize("horizon", [1, 2, 7])
def test_weights_of_lemma_4_1(horizon):
    for t in (1, 2, 3, 10, 60):
        share = weights(horizon, t)
        assert share[0] == 0.0
        assert math.fsum(share[1:]) == pytest.approx(1.0, abs=1e-13)
        assert sum(w * w for w in share[1:]) <= 2 * horizon / t + 1e-12
        assert max(share[1:]) <= 2 * horizon / t + 1e-12
        tilted = sum(w / math.sqrt(i) for i, w in enumerate(share[1:], start=1))
        assert 1 / math.sqrt(t) - 1e-12 <= tilted <= 2 / math.sqrt(t)
    # sum_{t >= i} a_t^i = 1 + 1/H: the tail beyond n is of order (i/n)^H, so H = 7 is exact to 1e-9 by n = 400.
    if horizon == 7:
        assert sum(weights(7, t)[3] for t in range(3, 400)) == pytest.approx(1 + 1 / 7, abs=1e-9)


def test_exact_expected_regret_by_enumeration():
    """Every trajectory of four episodes on S = A = H = 2, against the simulator's mean within 5 standard errors."""
    mdp = MDP.from_dense(
        [[[0.25, 0.75], [0.5, 0.5]], [[1.0, 0.0], [0.125, 0.875]]], [[0.0, 0.25], [1.0, 0.5]], horizon=2
    )
    p, r = mdp.dense()
    c, n_episodes = 0.01, 4
    iota = math.log(2 * 4 * n_episodes * 2 / 0.1)
    optimum = backward_induction(mdp)[0][0][0]

    def go(q, count, left):
        policy = q.argmax(axis=2)
        regret = optimum - evaluate_policy(mdp, policy)[0, 0]
        if left == 1:
            return np.array([regret])
        later = np.zeros(left - 1)
        for path in itertools.product(range(2), repeat=2):
            new, seen, mass, s = q.copy(), count.copy(), 1.0, 0
            for h, y in enumerate(path):
                a = policy[h, s]
                mass *= p[s, a, y]
                seen[h, s, a] += 1
                t = seen[h, s, a]
                ahead = min(2.0, q[h + 1, y].max()) if h == 0 else 0.0
                target = r[s, a] + ahead + c * math.sqrt(8 * iota / t)
                new[h, s, a] += 3 / (2 + t) * (target - new[h, s, a])
                s = y
            if mass > 0:
                later += mass * go(new, seen, left - 1)
        return np.concatenate([[regret], later])

    exact = np.cumsum(go(np.full((2, 2, 2), 2.0), np.zeros((2, 2, 2), int), n_episodes))
    marks = list(range(1, n_episodes + 1))
    trace = simulate(QLearningHoeffding(0.1, c), Episodes(mdp), n_episodes, 40_000, seed=5, checkpoints=marks)
    error = trace.regret.std(axis=0) / np.sqrt(trace.n_runs)
    assert error[-1] > 0
    assert (np.abs(trace.regret.mean(axis=0) - exact) <= 5 * error + 1e-9).all()


@pytest.mark.parametrize("sabotage", CLAIM.sabotages, ids=lambda s: s.id)
def test_each_fault_is_caught_by_its_step(sabotage):
    assert_fault_is_caught(CLAIM, sabotage)


def test_every_step_holds_and_is_exercised():
    assert_every_step_holds(CLAIM, 2_000)


@pytest.mark.parametrize(("delta", "c"), [(0.0, 1.0), (2.0, 1.0), (0.1, -0.5), (0.1, np.nan)])
def test_bad_hyper_parameters_are_refused(delta, c):
    with pytest.raises(InvalidInput, match=r"delta|c is"):
        allocate(QLearningHoeffding(delta, c), Episodes(random_mdp(2, 2, horizon=2)).problem(10))
