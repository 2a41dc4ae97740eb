"""Latent MDP algorithms against slow references, ordinary planning and closed forms; optimism; planted faults."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest

from kernels.engine import simulate
from mdps.algorithms import lmdp, lmdp_baselines
from mdps.algorithms.lmdp import ModelOptimistic, ValueOptimistic
from mdps.algorithms.lmdp_baselines import Blind, L1Ball, Memoryless, PlugIn, Told
from mdps.instances.latent import latent_bandit, permutation, random_latent, two_state
from mdps.latent import CHUNK, LatentMDP
from mdps.planning.latent import (
    Backup,
    alpha_vectors,
    best_model,
    evaluate,
    models_of_box,
    policy_value,
    root_value,
    stationary_policies,
)
from proofs_check.claims import lmdp as value_claim
from proofs_check.claims import lmdp_model as model_claim
from proofs_check.lmdp_steps import STEPS, optimistic_mean, optimistic_values
from tests.reference.lmdp import (
    box_maximum,
    model_optimistic_alpha,
    play_slowly,
    random_controller,
    value_optimistic_alpha,
)
from theory.errors import InvalidInput
from theory.theorems import theorem
from theory.theorems.lmdp import guessing_floor

INSTANCE = random_latent(2, 2, 2, 3, shared_rewards=False, seed=11)
SOLVERS = [
    (ValueOptimistic, value_optimistic_alpha, value_claim),
    (ModelOptimistic, model_optimistic_alpha, model_claim),
]


def some_data(instance, rng, most=4000):
    """Counts of independent draws from the true laws, some pairs without any."""
    visits = rng.integers(0, most, size=instance.rewards.shape) * (rng.random(instance.rewards.shape) < 0.8)
    counts = np.zeros(instance.transitions.shape)
    for at in np.ndindex(visits.shape):
        counts[at] = rng.multinomial(visits[at], instance.transitions[at])
    return visits, counts / np.maximum(visits, 1)[..., None]


# ---------------------------------------------------------------------------------- acceptance checks 3, 6 and 7
def test_3_without_uncertainty_the_solvers_plan_exactly():
    for instance in (INSTANCE, two_state(0.8, 3), random_latent(3, 2, 2, 3, shared_rewards=False, seed=3)):
        infinite = np.full(instance.rewards.shape, 10**17)
        for solver in (ValueOptimistic(), ModelOptimistic()):
            backup = solver.backup(instance.problem(100), infinite, instance.model.transitions)
            plan = alpha_vectors(instance.model, backup)
            # what is left of the radii at N = 1e17 is some 1e-6
            assert plan.objective == pytest.approx(instance.optimal_value, abs=1e-5)
            zero = backup._replace(first=0 * backup.first, second=0 * backup.second, low=backup.centre,
                                   high=backup.centre)  # fmt: skip
            assert alpha_vectors(instance.model, zero).objective == pytest.approx(instance.optimal_value, abs=1e-9)


def test_3_one_context_is_plain_mvp():
    instance = random_latent(1, 3, 2, 4, seed=8)
    rng = np.random.default_rng(1)
    visits, p_hat = some_data(instance, rng, 40_000)
    problem = instance.problem(1000)
    plan = alpha_vectors(problem.known, ValueOptimistic(0.1).backup(problem, visits, p_hat))
    log_term = 2 * np.log(2 * 3 * 2 * 4 * 1000 / 0.1)
    values = np.zeros(3)
    for _ in range(4):  # Bellman backups with a maximum over actions, as in a known context
        q = np.ones((3, 2))
        for s, a in itertools.product(range(3), range(2)):
            n, p = visits[0, s, a], p_hat[0, s, a]
            if n:
                spread = p @ values**2 - (p @ values) ** 2
                bonus = max(4 * np.sqrt((p > 0).sum() * spread * log_term / n), 16 * 3 * log_term / n)
                q[s, a] = min(1.0, instance.rewards[0, s, a] + bonus + p @ values)
        values = q.max(axis=1)
    assert plan.objective == pytest.approx(instance.initial[0] @ values, abs=1e-12)


def test_6_nothing_is_known_at_first():
    for solver in (ValueOptimistic(), ModelOptimistic()):
        problem = INSTANCE.problem(1000)
        nothing = lmdp.empty(problem)
        _, plan = lmdp.solve(solver, problem, nothing.visits, nothing.p_hat)
        if isinstance(solver, ValueOptimistic):
            assert (plan.values == 1.0).all() and plan.objective == pytest.approx(1.0, abs=1e-15)
        else:  # any law: the largest reward at every stage, within the cap
            assert plan.objective <= 1.0
        trace = simulate(solver, INSTANCE, 2000, 2)
        rows = INSTANCE.n_contexts * INSTANCE.n_states * INSTANCE.n_actions
        assert (trace.extra["summary"] <= rows * (np.log2(2000 * 3) + 2)).all()


class Objectives:
    """A watch that keeps the objective of every plan."""

    __name__ = __name__
    STEPS = (STEPS[3],)

    def __init__(self):
        self.runs = []

    def allocate(self, params, instance, horizon):
        self.runs.append([])
        return self.runs[-1]

    @staticmethod
    def observed(check, notes, params, instance, t, moment):
        if not notes or notes[-1] != moment.plan.objective:
            notes.append(moment.plan.objective)
        check("optimism", instance.optimal_value, moment.plan.objective, t)


@pytest.mark.parametrize("solver", [ValueOptimistic(0.1), ModelOptimistic(0.1)])
def test_7_every_plan_is_optimistic_and_the_optimism_shrinks(solver):
    watch = Objectives()
    instance = two_state(0.8, 3)
    trace = simulate(solver, instance, 20_000, 2, watch=watch)
    assert trace.records.violations.sum() == 0
    for objectives in watch.runs:
        assert objectives[-1] < objectives[0]
        assert objectives[-1] < min(objectives[:20]) + 1e-12
    many = simulate(solver, instance, 200, 100, watch=Objectives(), seed=5)
    assert many.records.violations.sum() == 0 and (many.records.checks > 0).all()


# ------------------------------------------------------------------------------------------------ slow references
@pytest.mark.parametrize(("solver", "reference", "claim"), SOLVERS)
def test_alpha_vectors_agree_with_the_recursion_and_beat_random_policies(solver, reference, claim):
    rng = np.random.default_rng(2)
    for scale in (1.0, 0.1):
        visits, p_hat = some_data(INSTANCE, rng)
        problem = INSTANCE.problem(500)
        params = solver(0.1, scale)
        log_term = lmdp.iota(problem, 0.1)
        backup = params.backup(problem, visits, p_hat)
        plan = alpha_vectors(problem.known, backup)
        slow = reference(INSTANCE, plan.controller, p_hat, visits, log_term, scale)
        assert all(plan.values[at] == pytest.approx(value, abs=1e-10) for at, value in slow.items())
        first, second, low, high = claim.plausible(scale, 2, log_term, visits, p_hat)
        own = optimistic_values(INSTANCE, plan.controller, Backup(p_hat, low, high, first, second, 1.0))
        assert np.allclose(own, plan.values, atol=1e-12)
        for _ in range(200):
            other = random_controller(INSTANCE, rng)
            values = evaluate(problem.known, other, backup)
            assert root_value(problem.known, other, values) <= plan.objective + 1e-12


@pytest.mark.parametrize("solver", [ValueOptimistic(0.1, 0.1), ModelOptimistic(0.1, 0.2)])
def test_the_same_plans_at_the_same_episodes_as_the_slow_framework(solver):
    n_episodes = 300
    problem = INSTANCE.problem(n_episodes)

    def choose(visits, p_hat):
        return lmdp.solve(solver, problem, visits, p_hat)[1].controller

    for run in range(5):
        uniforms = INSTANCE.world(7, run).chance.random((CHUNK, INSTANCE.horizon + 2))
        when, plans = play_slowly(INSTANCE, n_episodes, uniforms, choose)
        world = INSTANCE.world(7, run)
        seen, at, last = [], [], None
        for k, moment in enumerate(lmdp.play(solver, problem, world, n_episodes)):
            if moment.plan is not last:
                last = moment.plan
                seen.append(moment)
                at.append(k)
        assert at == when
        for moment, slow in zip(seen, plans):
            assert all(np.array_equal(x, y) for x, y in zip(moment.plan.controller, slow))
        gaps = [INSTANCE.optimal_value - policy_value(INSTANCE.model, c) for c in plans]
        ends = [*when[1:], n_episodes]
        assert world.regret() == pytest.approx(sum(g * (e - b) for g, b, e in zip(gaps, when, ends)), abs=1e-9)


def test_the_box_is_filled_greedily():
    rng = np.random.default_rng(0)
    for _ in range(200):
        size = int(rng.integers(2, 5))
        p_hat, ahead = rng.dirichlet(np.ones(size)), rng.random(size)
        radius = rng.random(size) * rng.choice([0.05, 1.0])
        low, high = np.maximum(p_hat - radius, 0), np.minimum(p_hat + radius, 1)
        assert optimistic_mean(low, high, ahead) == pytest.approx(box_maximum(p_hat, radius, ahead), abs=1e-9)


def test_the_relaxed_box_is_above_every_model_of_a_grid():
    # Published: one model for all histories. Exactly, on the corners of the box, each planned for.
    rng = np.random.default_rng(4)
    gaps = []
    for seed in range(3):
        instance = random_latent(2, 2, 2, 3, seed=seed)
        visits = rng.integers(200, 2000, size=instance.rewards.shape)
        problem = instance.problem(50)
        backup = ModelOptimistic(0.1, 0.2).backup(problem, visits, instance.model.transitions)
        relaxed = alpha_vectors(problem.known, backup).objective
        exact, model, plan = best_model(problem.known, models_of_box(backup))
        assert policy_value(model, plan.controller) == pytest.approx(exact, abs=1e-12)
        assert (model.transitions >= backup.low - 1e-12).all() and (model.transitions <= backup.high + 1e-12).all()
        assert instance.optimal_value <= exact + 1e-12 <= relaxed + 2e-12
        gaps.append(relaxed - exact)
    assert max(gaps) < 0.05
    with pytest.raises(InvalidInput, match="2 states"):
        next(models_of_box(backup, points=1))
    with pytest.raises(InvalidInput, match="set of models is empty"):
        best_model(problem.known, iter(()))


# ------------------------------------------------------------------------------------------- classes and baselines
def test_a_finite_class_is_searched_exhaustively():
    base = two_state(0.8, 5)
    instance = replace(base, policies=stationary_policies(base.model))
    trace = simulate(ValueOptimistic(0.1, 0.1), instance, 3000, 3)
    assert (np.diff(trace.regret, axis=1) >= -1e-9).all()
    assert (trace.regret[:, -1] < 0.1 * instance.trivial_regret(3000)).all()


def test_baselines():
    instance = two_state(0.8, 3)
    k = 4000
    ours = simulate(ValueOptimistic(0.1, 0.1), instance, k, 3).regret[:, -1]
    forgetful = simulate(Memoryless(0.1, 0.1), instance, k, 3).regret[:, -1]
    blind = simulate(Blind(0.1, 0.1), instance, k, 3).regret[:, -1]
    told = simulate(Told(0.1, 0.1), instance, k, 3).regret[:, -1]
    ball = simulate(L1Ball(0.1, 0.1), instance, k, 3).regret[:, -1]
    best = max(policy_value(instance.model, c) for c in stationary_policies(instance.model))
    assert (forgetful >= k * (instance.optimal_value - best) - 1e-9).all()
    assert (blind >= k * (instance.optimal_value - best) - 1e-9).all() or (blind > 5 * ours.max()).all()
    assert (ours < 0.2 * forgetful).all() and (ball < 0.2 * forgetful).all()
    # told the context, the best is 0.53 instead of 0.39 an episode
    assert instance.informed_value > instance.optimal_value + 0.1
    assert (told >= 0).all() and (told < 0.2 * k * instance.informed_value).all()


def test_the_horizon_costs_the_ball_and_not_the_variance_bonus():
    growth = {}
    for name, params in (("variance", ValueOptimistic(0.1, 0.1)), ("ball", L1Ball(0.1, 0.05))):
        final = [simulate(params, value_claim.long_gamble(h)[0], 4_000, 8).regret[:, -1].mean() for h in (3, 33)]
        growth[name] = final[1] / final[0]
    assert growth["variance"] < 1.2 and growth["ball"] > 2.0


def test_estimated_weights_end_with_the_same_policies():
    base = two_state(0.8, 3)
    instance = LatentMDP([0.8, 0.2], base.initial, base.transitions, base.rewards, 3)
    regret = simulate(PlugIn(0.1, 0.1), instance, 4000, 5, checkpoints=[2000, 4000]).regret
    assert (regret[:, 1] - regret[:, 0] < 0.02 * instance.trivial_regret(2000)).all()
    moments = list(lmdp_baselines.play(PlugIn(0.1, 0.1), instance.problem(4000), instance.world(0, 0), 4000))
    plan = moments[-1].plan
    planned, true = plan.objective, root_value(instance.model, plan.controller, plan.values)
    even = root_value(base.model, plan.controller, plan.values)
    assert planned != true and abs(planned - true) < 0.1 * abs(even - true)


def test_one_context_makes_all_of_them_one():
    instance = random_latent(1, 3, 2, 3, seed=2)
    for other in (Told(0.1, 0.2), Blind(0.1, 0.2), PlugIn(0.1, 0.2)):
        same = simulate(ValueOptimistic(0.1, 0.2), instance, 500, 2, seed=4)
        assert np.allclose(simulate(other, instance, 500, 2, seed=4).regret, same.regret, atol=1e-9)


# ------------------------------------------------------------------------------------------------------ the rest
def test_renaming_the_contexts_changes_nothing():
    swapped = LatentMDP(
        INSTANCE.weights[::-1], INSTANCE.initial[::-1], INSTANCE.transitions[::-1], INSTANCE.rewards[::-1], 3
    )
    rng = np.random.default_rng(6)
    visits, p_hat = some_data(INSTANCE, rng)
    for solver in (ValueOptimistic(0.1, 0.3), ModelOptimistic(0.1, 0.3)):
        one = lmdp.solve(solver, INSTANCE.problem(9), visits, p_hat)[1].objective
        two = lmdp.solve(solver, swapped.problem(9), visits[::-1], np.ascontiguousarray(p_hat[::-1]))[1].objective
        assert one == pytest.approx(two, abs=1e-12)


def test_the_second_branch_is_what_makes_the_recursion_monotone():
    # N = 50, p = (1/2, 1/2), alpha = (x, 1): raising x lowers the spread faster than it raises the mean.
    def value(x, floor):
        p, n, log_term = np.array([0.5, 0.5]), 50.0, 20.0
        alpha = np.array([x, 0.01])
        spread = p @ alpha**2 - (p @ alpha) ** 2
        return p @ alpha + max(4 * np.sqrt(2 * spread * log_term / n), floor * 16 * 2 * log_term / n)

    assert value(0.009, 0.0) < value(0.0, 0.0)
    assert value(0.009, 1.0) >= value(0.0, 1.0)


def test_the_floor_of_the_hard_family():
    k = np.array([10.0, 1e3, 1e5])
    floor = guessing_floor(2, 2, 0.5, 0.05, k)
    assert (floor <= 0.05 * k * 0.5 + 1e-12).all() and (floor >= 0).all()
    # Two arms, no data: half of the gap.
    assert guessing_floor(1, 2, 0.5, 0.1, 1.0) == pytest.approx(0.1 * (0.5 - np.sqrt(0.5 * np.log(0.25 / 0.24) / 4)))
    measured = [
        simulate(ValueOptimistic(0.1, 0.1), permutation(1, 2, epsilon=0.05, secrets=[s]), 500, 30).regret[:, -1].mean()
        for s in range(2)
    ]
    assert np.mean(measured) > guessing_floor(1, 2, 0.5, 0.05, 500)


def test_bad_hyper_parameters_and_hypotheses_are_refused():
    with pytest.raises(InvalidInput, match="delta is 1"):
        simulate(ValueOptimistic(delta=1.0), INSTANCE, 10, 1)
    with pytest.raises(InvalidInput, match="scale is -1"):
        simulate(ModelOptimistic(scale=-1.0), INSTANCE, 10, 1)
    rich = LatentMDP([1.0], [[1.0]], np.ones((1, 1, 1, 1)), [[[0.6]]], 2)
    with pytest.raises(InvalidInput, match=r"collects 1.2"):
        theorem("lmdp/regret").require(rich, ValueOptimistic(), 10)
    theorem("lmdp/regret").require(latent_bandit(3), ValueOptimistic(), 10)
