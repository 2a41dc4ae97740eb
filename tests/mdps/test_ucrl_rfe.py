"""UCRL-RFE against its reference, the exact maximisation over f and its surrogate, and the acceptance checks."""

from __future__ import annotations

import math

import numpy as np
import pytest

from kernels.engine import simulate
from mdps.algorithms import ucrl_rfe as module
from mdps.algorithms import ucrl_rfe_l1, ucrl_rfe_uniform
from mdps.algorithms.ucrl_rfe import UCRLRFE
from mdps.instances.reward_free import river_mixture, three_state_hard
from mdps.reward_free_regression import corners, widest, widest_l1
from mdps.value_regression import Ridge, optimistic_plan
from mdps.worlds import Walk
from proofs_check.claims import ucrl_rfe as claim
from proofs_check.reward_free_steps import squared_norms
from tests.reference.ucrl_rfe import ucrl_rfe
from theory.errors import HypothesisViolated, InvalidInput
from theory.theorems import theorem


def steps_of(walk: Walk) -> list[tuple[int, int, int]]:
    return list(zip(walk.states[:-1].tolist(), walk.actions.tolist(), walk.states[1:].tolist()))


@pytest.mark.parametrize(
    "instance", [three_state_hard(2, 3, gap=0.15), river_mixture(3, 3, 2)], ids=lambda instance: instance.name
)
@pytest.mark.parametrize("c_beta", [1.0, 0.05], ids=["theorem", "practical"])
def test_the_same_rewards_values_and_policies_as_the_reference(instance, c_beta):
    problem = instance.problem(8)
    for run in range(3):
        moments = list(module.play(UCRLRFE(8, 0.1, c_beta), problem, instance.world(5, run), 8))
        walks = iter(moments)
        expected = ucrl_rfe(
            problem.features, instance.horizon, problem.parameter_bound, lambda w=walks: steps_of(next(w).walk), 8, 0.1,
            c_beta,
        )  # fmt: skip
        for moment, (reward, values, policy) in zip(moments, expected):
            assert np.allclose(moment.reward, reward, atol=1e-9)
            assert np.allclose(moment.plan.values[0], values, atol=1e-9)
            for h, (s, a, _) in enumerate(steps_of(moment.walk)):
                assert a == policy[h][s]


def test_acceptance_5_the_first_episode_is_all_uncertainty():
    """Sigma = lambda I: r^1_h = min{1, (2 beta/H) B max ||psi_f||}, which is 1 for h < H and 0 for h = H."""
    for instance in (three_state_hard(4, 5), river_mixture(3, 4, 2)):
        horizon = instance.horizon
        params = UCRLRFE(10)
        problem = instance.problem(10)
        moment = next(module.play(params, problem, instance.world(0, 0), 1))
        assert (moment.reward[:-1] == 1.0).all()
        assert (moment.reward[-1] == 0.0).all()
        norms = np.linalg.norm(np.einsum("cy,sayd->csad", corners(3), problem.features), axis=-1).max(axis=0)
        beta, b = module.beta_of(params, problem), problem.parameter_bound
        for h in range(1, horizon + 1):
            expected = np.minimum(1.0, 2.0 * beta / horizon * b * (horizon - h) * norms)
            assert np.allclose(moment.reward[h - 1], expected, atol=1e-12)


class Replay:
    """A world that shows the same walks whatever is played."""

    def __init__(self, walks: list[Walk]) -> None:
        self.walks = iter(walks)

    def explore_with(self, policy):
        return next(self.walks)

    def offer(self, planner):
        self.planner = planner


def test_acceptance_7_the_factor_on_beta_leaves_the_estimator_alone():
    """Given the same walks, targets and features do not depend on c_beta, so neither do Sigma and theta."""
    instance = river_mixture(3, 3, 2)
    problem, world = instance.problem(12), instance.world(1, 0)
    rng = np.random.default_rng(0)
    walks = [world.explore_with(rng.integers(2, size=(3, 3))) for _ in range(12)]
    seen = []
    for c_beta in (1.0, 0.1, 0.001):
        moments = list(module.play(UCRLRFE(12, 0.1, c_beta), problem, Replay(walks), 12))
        seen.append(np.stack([m.targets for m in moments]))
    assert (seen[0] == seen[1]).all() and (seen[0] == seen[2]).all()
    assert seen[0].max() == 2.0


def test_the_corner_is_the_widest_f_and_the_surrogate_brackets_it():
    instance = river_mixture(4, 4, 2)
    features, d = instance.model.features, 4
    rng = np.random.default_rng(1)
    root = rng.normal(size=(d, d))
    sigma = root @ root.T + 0.1 * np.eye(d)
    width, f = widest(features, sigma)
    wide, g = widest_l1(features, sigma)
    for function, value in ((f, width), (g, None)):
        psi = np.einsum("say,sayd->sad", function, features)
        norms = np.sqrt(np.einsum("sad,de,sae->sa", psi, np.linalg.inv(sigma), psi))
        assert ((function == 0.0) | (function == 1.0)).all()
        if value is not None:
            assert np.allclose(norms, value, atol=1e-10)
        assert (norms <= width + 1e-10).all()
    inside = np.einsum("ny,sayd->nsad", rng.random((300, 4)), features)
    norms = np.sqrt(np.einsum("nsad,de,nsae->nsa", inside, np.linalg.inv(sigma), inside))
    assert (norms <= width + 1e-10).all()
    eigenvalues, vectors = np.linalg.eigh(sigma)
    ones = np.abs(inside @ (vectors @ np.diag(eigenvalues**-0.5) @ vectors.T)).sum(axis=-1)
    assert (ones <= wide + 1e-10).all()
    assert (width <= wide + 1e-10).all() and (wide <= math.sqrt(d) * width + 1e-10).all()


def test_the_surrogate_explores_with_larger_rewards():
    instance = river_mixture(3, 3, 2)
    problem = instance.problem(20)
    exact = list(module.play(UCRLRFE(20, 0.1, 0.05), problem, instance.world(0, 0), 20))
    bounds = list(ucrl_rfe_l1.play(ucrl_rfe_l1.UCRLRFEL1(20, 0.1, 0.05), problem, instance.world(0, 0), 20))
    assert (bounds[0].reward >= exact[0].reward - 1e-12).all()
    trace = simulate(ucrl_rfe_l1.UCRLRFEL1(60, 0.1, 0.05), instance, 60, 3)
    assert trace.regret[:, -1].mean() < 0.5 * instance.largest_loss


def test_the_uniform_control_tries_everything_and_learns():
    instance = three_state_hard(3, 3, gap=0.08)
    problem = instance.problem(200)
    walks = list(ucrl_rfe_uniform.play(ucrl_rfe_uniform.UniformRFE(200, 0.1, 0.01), problem, instance.world(0, 0), 200))
    tried = np.bincount([int(walk.actions[0]) for walk in walks], minlength=4)
    assert tried.min() > 200 / 4 - 5 * math.sqrt(200 * 0.25 * 0.75)
    trace = simulate(ucrl_rfe_uniform.UniformRFE(200, 0.1, 0.01), instance, 200, 4)
    assert trace.regret[:, -1].mean() < 0.5 * trace.regret[:, 0].mean()


def test_a_plan_that_knows_the_model_is_optimal():
    """Exact estimate, no uncertainty: PLAN is backward induction."""
    instance = river_mixture(4, 4, 3)
    for i, reward in enumerate(instance.rewards):
        plan = optimistic_plan(instance.model.features, reward, instance.parameter, 1e-12 * np.eye(4), 1.0, 4.0)
        assert plan.values[0, 0] == pytest.approx(instance.optimal_values[i], abs=1e-9)
    ridge = Ridge(4, 1e-12)
    rng = np.random.default_rng(3)
    for psi in rng.normal(size=(30, 4)):
        ridge.add(psi, float(psi @ instance.parameter), float(rng.uniform(0.5, 2.0)))
    assert np.allclose(ridge.estimate(), instance.parameter, atol=1e-9)
    assert np.allclose(ridge.whitener().T @ ridge.whitener() @ ridge.sigma, np.eye(4), atol=1e-9)


def test_the_reward_need_not_cover_values_of_plan_itself():
    """PLAN cuts at H, not at H-h, so its own V_{h+1} may leave [0, H-h], where r^k covers 2 beta ||psi_V||."""
    instance = three_state_hard(2, 6, gap=0.15)
    problem, horizon = instance.problem(200), 6
    params = UCRLRFE(200, 0.3)
    beta, ridge = module.beta_of(params, problem), Ridge(2, 1.0 / problem.parameter_bound**2)
    excess = above = -math.inf
    for moment in module.play(params, problem, instance.world(0, 0), 200):
        for reward in instance.rewards:
            plan = optimistic_plan(problem.features, reward, ridge.estimate(), ridge.whitener(), beta, float(horizon))
            for h in range(horizon):
                norms = np.sqrt(squared_norms(problem.features, ridge.sigma, plan.values[h + 1][None])[0])
                short = np.minimum(horizon, 2.0 * beta * norms) - horizon * moment.reward[h]
                excess = max(excess, float(short.max()))
                above = max(above, float((plan.values[h + 1] - (horizon - 1 - h)).max()))
        module.learn(ridge, problem.features, widest(problem.features, ridge.sigma)[1], moment.walk)
    assert above > 1.0
    assert excess > 0.1


def test_the_bound_is_put_together_from_its_parts():
    instance, k, delta = claim.short(), 1000, 0.3
    d, h, b = 2, 4, instance.parameter_bound
    beta = h * math.sqrt(d * math.log(3 * (1 + k * h**3 * b**2) / delta)) + 1
    total = 8 * beta * math.sqrt(h * k * d * math.log(1 + k * h**3 * b**2 / d))
    total += 8 * beta * h * d * math.log(1 + k * h**3 * b**2) + 2 * h * math.sqrt(2 * h * k * math.log(3 / delta))
    found = theorem("ucrl-rfe/suboptimality").bound(instance, UCRLRFE(k, delta), np.array([float(k)]))
    assert found[0] == pytest.approx(h / k * total, rel=1e-12)


def test_every_step_of_the_proof_holds():
    trace = simulate(claim.theorem_parameters(claim.river(), 32), claim.river(), 32, 2, seed=2, watch=claim)
    assert (trace.records.checks > 0).all()
    assert trace.records.violations.sum() == 0


def test_the_theorem_refuses_what_it_does_not_cover():
    statement = theorem("ucrl-rfe/suboptimality")
    statement.require(claim.short(), UCRLRFE(10), 10)
    for params in (UCRLRFE(10, c_beta=0.5), UCRLRFE(5)):
        with pytest.raises(HypothesisViolated):
            statement.require(claim.short(), params, 10)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        (UCRLRFE(5), "n_episodes is 5"),
        (UCRLRFE(10, delta=0.0), "delta is 0.0"),
        (UCRLRFE(10, c_beta=-1.0), "c_beta is -1.0"),
    ],
)
def test_bad_hyper_parameters_are_refused(params, message):
    with pytest.raises(InvalidInput, match=message):
        module.allocate(params, claim.short().problem(10))


def test_too_many_states_for_the_corners_are_refused():
    with pytest.raises(InvalidInput, match="there are 13 states"):
        corners(13)
