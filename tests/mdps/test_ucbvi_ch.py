"""UCBVI-CH against its reference implementation, exact expected regret, invariances, and its planted faults."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from kernels.engine import simulate
from mdps.algorithms.ucbvi_ch import UCBVICH, allocate
from mdps.instances.chains import river_swim
from mdps.instances.random import random_mdp
from mdps.loops import Episodes
from mdps.model import MDP
from mdps.planning.finite_horizon import backward_induction, evaluate_policy
from proofs_check.claims.ucbvi_ch import CLAIM
from tests.reference.episodes import from_dense
from tests.reference.ucbvi_ch import ucbvi_ch
from theory.errors import HypothesisViolated, InvalidInput

SMALL = MDP.from_dense([[[0.25, 0.75], [0.5, 0.5]], [[1.0, 0.0], [0.125, 0.875]]], [[0.0, 0.25], [1.0, 0.5]], horizon=2)


def decisions(params, mdp, n_episodes, runs, seed):
    trace = simulate(params, Episodes(mdp), n_episodes, runs, seed=seed, n_decisions=n_episodes * mdp.horizon)
    return trace.extra["decisions"]


@pytest.mark.parametrize(
    ("mdp", "scale", "n_episodes"),
    [
        (random_mdp(3, 2, horizon=3, seed=5), 0.01, 120),
        (random_mdp(10, 3, horizon=4, seed=2), 0.003, 60),  # two blocks of eight states
        (river_swim(4, horizon=6), 0.0005, 120),
        (random_mdp(2, 3, horizon=2, seed=8), 1.0, 40),
    ],
)
def test_decides_as_the_reference_on_shared_stacks(mdp, scale, n_episodes):
    compiled = decisions(UCBVICH(0.1, scale), mdp, n_episodes, 10, seed=7)
    p, r = mdp.dense()
    for run in range(10):
        expected, _ = ucbvi_ch(from_dense(p, r, mdp.horizon, 7, run), n_episodes, 0.1, scale)
        assert compiled[run].tolist() == expected
    assert len(np.unique(compiled)) > 1 or scale == 1.0  # something was decided


def test_unvisited_pairs_keep_h_and_the_first_policy_is_action_zero():
    assert (decisions(UCBVICH(), random_mdp(4, 3, horizon=5, seed=1), 1, 5, seed=0) == 0).all()
    _, q = ucbvi_ch(from_dense(*SMALL.dense(), 2, 0, 0), 1, 0.1)
    assert q == [[[2.0, 2.0], [2.0, 2.0]]] * 2


def exact_expected_regret(mdp, n_episodes, learner):
    """Expected regret after 1 .. K episodes, summed over every trajectory with its probability.

    ``learner(successes)`` maps the successors seen so far, a list of (stage, s, a, y) in order, to a policy.
    """
    p, _ = mdp.dense()
    optimum = backward_induction(mdp)[0][0][0]
    horizon = mdp.horizon

    def go(history, left):
        if left == 0:
            return []
        policy = learner(history)
        regret = optimum - evaluate_policy(mdp, policy)[0, 0]
        later = np.zeros(left - 1)
        for path in itertools.product(range(mdp.n_states), repeat=horizon):
            mass, s, taken = 1.0, 0, []
            for h, y in enumerate(path):
                a = policy[h, s]
                mass *= p[s, a, y]
                taken.append((h, s, int(a), y))
                s = y
            if mass > 0.0 and left > 1:
                later += mass * np.array(go(history + taken, left - 1))
        return [regret, *later]

    return np.cumsum(go([], n_episodes))


def test_exact_expected_regret_by_enumeration():
    """Every trajectory of four episodes on S = A = H = 2, against the simulator's mean within 5 standard errors."""
    scale, n_episodes = 0.004, 4
    level = scale * 7 * 2 * np.log(5 * 4 * n_episodes * 2 / 0.1)
    _, r = SMALL.dense()
    cache = {}

    def learner(history):
        # Replays the episodes one by one, because Q keeps its running minimum.
        key = tuple(history)
        if key in cache:
            return cache[key][1]
        if not history:
            q = np.full((2, 2, 2), 2.0)
        else:
            learner(history[:-2])
            q = cache[tuple(history[:-2])][0].copy()
        counts = np.zeros((2, 2, 2))
        for _, s, a, y in history:
            counts[s, a, y] += 1
        value = np.zeros(2)
        for h in (1, 0):
            for s, a in itertools.product(range(2), repeat=2):
                n = counts[s, a].sum()
                if n:
                    q[h, s, a] = min(q[h, s, a], 2.0, r[s, a] + counts[s, a] @ value / n + level / np.sqrt(n))
            value = q[h].max(axis=1)
        cache[key] = q, q.argmax(axis=2)
        return cache[key][1]

    exact = exact_expected_regret(SMALL, n_episodes, learner)
    marks = list(range(1, n_episodes + 1))
    trace = simulate(UCBVICH(0.1, scale), Episodes(SMALL), n_episodes, 40_000, seed=5, checkpoints=marks)
    error = trace.regret.std(axis=0) / np.sqrt(trace.n_runs)
    assert error[-1] > 0
    assert (np.abs(trace.regret.mean(axis=0) - exact) <= 5 * error + 1e-9).all()


def test_relabelling_states_changes_nothing():
    """The same model with states renamed: values and regret agree in law; here on a deterministic model, exactly."""
    p = np.zeros((4, 2, 4))
    p[np.arange(4), 0, (np.arange(4) + 1) % 4] = 1.0
    p[np.arange(4), 1, (np.arange(4) + 2) % 4] = 1.0
    r = np.random.default_rng(3).random((4, 2))
    order = np.array([2, 0, 3, 1])  # new index of each state
    p2, r2 = np.zeros_like(p), np.zeros_like(r)
    p2[np.ix_(order, [0, 1], order)] = p
    r2[order] = r
    params = UCBVICH(0.1, 0.005)
    first = simulate(params, Episodes(MDP.from_dense(p, r, horizon=5)), 300, 1)
    second = simulate(params, Episodes(MDP.from_dense(p2, r2, horizon=5, initial=2)), 300, 1)
    np.testing.assert_allclose(first.regret, second.regret, rtol=0, atol=1e-9)
    assert first.regret[0, -1] > 0


@pytest.mark.parametrize("sabotage", [s for s in CLAIM.sabotages if s.id != "unclipped"], ids=lambda s: s.id)
def test_each_fault_is_caught_by_its_step_and_changes_decisions(sabotage):
    case = CLAIM.cases[0]
    instance = sabotage.build() if sabotage.build else case.build()
    horizon = sabotage.horizon or case.horizon
    sound = CLAIM.algorithm(instance, horizon)
    params = sabotage.params(sound) if sabotage.params else sound
    n = horizon * instance.mdp.horizon
    broken = simulate(params, instance, horizon, 20, watch=CLAIM.watch, overrides=sabotage.overrides, n_decisions=n)
    violated = {step.id for i, step in enumerate(CLAIM.steps) if broken.records.violations[:, i].any()}
    assert set(sabotage.caught_by) & violated
    healthy = simulate(params if sabotage.overrides else sound, instance, horizon, 20, watch=CLAIM.watch, n_decisions=n)
    assert (broken.extra["decisions"] != healthy.extra["decisions"]).any()


def test_a_missing_clip_is_caught():
    sabotage = next(s for s in CLAIM.sabotages if s.id == "unclipped")
    instance = CLAIM.cases[0].build()
    trace = simulate(UCBVICH(0.1), instance, 50, 1, watch=CLAIM.watch, overrides=sabotage.overrides)
    where = [step.id for step in CLAIM.steps].index("range")
    assert trace.records.violations[0, where] == 50
    assert trace.records.values[0, where].tolist() == [6.0, 3.0]


def test_every_step_holds_and_is_exercised():
    case = CLAIM.cases[0]
    instance = case.build()
    trace = simulate(CLAIM.algorithm(instance, 500), instance, 500, 5, watch=CLAIM.watch)
    assert (trace.records.violations == 0).all()
    assert (trace.records.checks.sum(axis=0) > 0).all()


@pytest.mark.parametrize(("delta", "scale"), [(0.0, 1.0), (1.0, 1.0), (0.1, -1.0), (0.1, np.nan)])
def test_bad_hyper_parameters_are_refused(delta, scale):
    with pytest.raises(InvalidInput, match=r"delta|scale"):
        allocate(UCBVICH(delta, scale), Episodes(SMALL).problem(10))


def test_theorem_refuses_a_stage_dependent_model():
    model = Episodes(random_mdp(2, 2, horizon=3, seed=0, stage_dependent=True))
    with pytest.raises(HypothesisViolated, match="stage"):
        CLAIM.bounds[0].theorem.require(model, UCBVICH(), 100)
