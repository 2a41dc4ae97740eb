"""HF-UCRL-RFE++ against brute force, its estimator in closed form, and the steps of its proof on every run."""

from __future__ import annotations

import math

import numpy as np
import pytest

from kernels.engine import simulate
from mdps.algorithms import hf_rfe as module
from mdps.algorithms.hf_rfe import HFUCRLRFE, PRACTICAL_RADIUS
from mdps.instances.reward_free import river_mixture, three_state_hard
from mdps.reward_free import RewardFreeMDP, optimal_policy
from proofs_check.claims import hf_rfe as claim
from tests.reference.hf_rfe import hf_rfe
from theory.errors import HypothesisViolated, InvalidInput
from theory.theorems import theorem
from theory.theorems.hf_rfe import n_moments, radius


def _instances() -> list[RewardFreeMDP]:
    return [three_state_hard(2, 2, gap=0.15), river_mixture(2, 3, 2)]


@pytest.mark.parametrize("instance", _instances(), ids=lambda instance: instance.name)
@pytest.mark.parametrize(("c_beta", "n_episodes"), [(1.0, 2), (1e-4, 5)], ids=["theorem", "practical"])
def test_the_same_maxima_and_confidence_sets_as_brute_force_over_all_policies(instance, c_beta, n_episodes):
    """Both see the same walks; values agree to rounding, and so do the candidates left."""
    params = HFUCRLRFE(n_episodes, 0.1, c_beta)
    problem = instance.problem(n_episodes)
    for run in range(2):
        moments = list(module.play(params, problem, instance.world(3, run), n_episodes))
        walks = iter(moments)

        def episode(policy, walks=walks):
            walk = next(walks).walk
            return list(zip(walk.states[:-1].tolist(), walk.actions.tolist(), walk.states[1:].tolist()))

        maxima, lefts = hf_rfe(
            problem.features, problem.rewards, problem.candidates, problem.initial, episode, n_episodes, 0.1, c_beta
        )
        assert [m.value for m in moments] == pytest.approx(maxima, abs=1e-9)
        assert [m.n_left for m in moments] == [len(left) for left in lefts]


def test_the_oracle_is_the_best_of_all_triples():
    """No triple has a larger value, computed by the plain recursion, also with matrices of a real run."""
    instance = river_mixture(3, 3, 2)
    problem = instance.problem(30)
    params = HFUCRLRFE(30, 0.1, 1e-4)
    moments = list(module.play(params, problem, instance.world(1, 0), 30))
    c = module.constants(params, problem)
    rng = np.random.default_rng(0)
    half = [np.linalg.inv(np.linalg.cholesky(np.diag(rng.uniform(1, 200, 4)))) for _ in range(2)]
    kernels = module.kernels_of(problem.features, problem.candidates)
    policies, left = module.deterministic_policies(problem), np.arange(len(kernels))[::2]
    reach = module.reachable(problem.features, 0, 3)
    j, r, p, value = module.most_uncertain(
        problem.features, kernels, left, policies, problem.rewards, reach, *half, c.beta, 1.0, 0
    )
    table = {
        (i, q, n): module.value_families(
            problem.features, kernels[i], policies[n], problem.rewards[q], tuple(half), c.beta, 1.0
        )[0][0, 0]
        for i in left
        for q in range(len(problem.rewards))
        for n in range(len(policies))
    }
    assert value == pytest.approx(max(table.values()), abs=1e-12)
    assert table[j, r, p] == pytest.approx(value, abs=1e-12)
    assert value < 1.0
    assert moments[0].value == 1.0


def test_acceptance_3_one_moment_and_unit_weights_are_ridge_regression():
    """M = 1: sigma^2 = max(gamma^2 ||phi||, 1, alpha^2) = 1, so the estimate is value-targeted ridge regression."""
    rng = np.random.default_rng(2)
    d, lam = 3, 2.0
    c = module.Constants(1, 0.5, d**-0.25, lam, 5.0)
    sigma, targets = np.tile(lam * np.eye(d), (2, 1, 1, 1)), np.zeros((2, 1, d))
    now = module.frozen(sigma, targets)
    rows, answers = [], []
    for _ in range(20):
        phi, y = rng.uniform(-0.5, 0.5, (2, 1, d)), rng.random((2, 1))
        weights = module.home_variances(phi, now, sigma, 5.0, c)
        assert (weights == 1.0).all()
        sigma = sigma + phi[..., :, None] * phi[..., None, :] / weights[..., None, None]
        targets = targets + phi * y[..., None] / weights[..., None]
        rows.append(phi[:, 0])
        answers.append(y[:, 0])
    estimate = module.frozen(sigma, targets).estimates
    for family in range(2):
        x = np.concatenate([np.array(rows)[:, family], math.sqrt(lam) * np.eye(d)])
        y = np.concatenate([np.array(answers)[:, family], np.zeros(d)])
        assert np.allclose(estimate[family, 0], np.linalg.lstsq(x, y, rcond=None)[0], atol=1e-12)


def test_acceptance_3_no_variance_where_the_next_state_is_certain():
    """Deterministic P, exact theta and no uncertainty: var_m + E_m = 0, so the weight is its floor alpha^2."""
    d, moments = 2, 5
    phi = np.zeros((2, moments, d))
    v = 0.7
    for m in range(moments):
        phi[:, m, 0] = v ** (2**m)  # P moves to a state of value v; theta = (1, 0)
    factors = np.tile(1e12 * np.eye(d), (2, moments, 1, 1))
    now = module.Frozen(factors, np.linalg.inv(factors), np.tile([1.0, 0.0], (2, moments, 1)))
    c = module.Constants(moments, 0.3, 0.8, 1.0, 1.0)
    weights = module.home_variances(phi, now, factors, 1.0, c)
    assert weights[:, :-1] == pytest.approx(0.3**2, abs=1e-9)
    assert (weights[:, -1] == 1.0).all()


@pytest.mark.parametrize("instance", [claim.short(), claim.river()], ids=lambda instance: instance.name)
def test_acceptance_4_every_step_holds_and_the_maximum_never_rises(instance):
    trace = simulate(HFUCRLRFE(80, 0.2, PRACTICAL_RADIUS), instance, 80, 2, seed=4, watch=claim)
    names = [step.id for step in claim.STEPS]
    covered = trace.records.violations[:, names.index("coverage")] == 0
    assert covered.any()
    assert trace.records.violations[covered].sum() == 0
    assert (trace.records.checks > 0).all()
    assert (trace.records.violations[:, names.index("monotone")] == 0).all()
    assert (trace.records.values[covered, names.index("planning")] != 0).any()


def test_more_data_alone_may_raise_the_maximum():
    """(2.8.8) does not follow from dotSigma growing: ||phi_V|| is not monotone in V. A river, radius 2, U_1 kept.

    Two rows phi_V of weight 10^4 one after the other; the second raises the maximum of Vhat, though Sigma grew.
    """
    instance = river_mixture(3, 4, 2)
    problem = instance.problem(1)
    kernels = module.kernels_of(problem.features, problem.candidates)
    policies, left = module.deterministic_policies(problem), np.arange(len(kernels))
    reach = module.reachable(problem.features, 0, 4)
    rows = np.array([0.0, 1.0, 1.0]) @ problem.features[2, 0], np.array([1.0, 1.0, 0.0]) @ problem.features[1, 0]
    sigma, maxima = np.eye(4), []
    for row in rows:
        sigma = sigma + 1e4 * np.outer(row, row)
        hat, tilde = (np.linalg.inv(np.linalg.cholesky(matrix)) for matrix in (sigma, 100.0 * np.eye(4)))
        maxima.append(
            module.most_uncertain(
                problem.features, kernels, left, policies, problem.rewards, reach, hat, tilde, 2.0, 1.0, 0
            )[3]
        )
    assert maxima[0] == pytest.approx(0.9680963, abs=1e-6)
    assert maxima[1] == 1.0


def test_acceptance_6_planning_with_the_true_parameter_is_optimal():
    instance = river_mixture(4, 4, 3)
    for i, reward in enumerate(instance.rewards):
        policy = module.best_policy(instance.kernel, reward)
        assert instance.losses([policy] * len(instance.rewards))[i] == 0.0
        assert optimal_policy(instance.kernel, reward)[0][0, 0] == pytest.approx(instance.optimal_values[i])


def test_without_truncation_the_value_grows_with_the_horizon():
    """Planted fault (iii): the first maximum is 1 with the cut, and grows at least like H without it."""
    first = {}
    for horizon in (4, 8, 16):
        instance = three_state_hard(2, horizon, gap=0.15)
        params = HFUCRLRFE(5, 0.2, PRACTICAL_RADIUS)
        problem, world = instance.problem(1), instance.world(0, 0)
        assert next(module.play(params, problem, world, 1)).value == 1.0
        c = module.constants(params, problem)
        identity = np.linalg.inv(np.linalg.cholesky(c.ridge * np.eye(2)))
        first[horizon] = module.value_families(
            problem.features, instance.kernel, np.zeros((horizon, 3), np.int64), problem.rewards[0],
            (identity, identity), c.beta, math.inf,
        )[0][0, 0]  # fmt: skip
    assert first[8] >= 2 * first[4] > 2 and first[16] >= 2 * first[8]


def test_the_last_candidates_stay_when_none_fits():
    """A radius far too small excludes everything; the run goes on with what was left."""
    instance = three_state_hard(2, 3, gap=0.15)
    params = HFUCRLRFE(40, 0.1, 1e-6)
    lefts = [m.n_left for m in module.play(params, instance.problem(40), instance.world(2, 0), 40)]
    assert min(lefts) >= 1


def test_the_radius_is_guarded_at_short_horizons():
    """log(gamma^2/alpha) + 1 <= 0 for H <= d/e^2: the guard keeps the radius finite and above that of larger H."""
    assert math.isfinite(radius(10, 8, 1, 1.0, 0.1))
    h, d = 4, 3
    eta = math.log(1 + 10 * h * h / (d * d))
    tau = math.log(32 * math.e * 100 * h * h / 0.1)
    expected = 12 * math.sqrt(d * eta * tau) + 30 * tau * math.sqrt(d) + math.sqrt(d)
    assert radius(10, d, h, 1.0, 0.1) == pytest.approx(expected, rel=1e-12)
    assert n_moments(100, 4) == math.ceil(math.log2(2800))


def test_the_bound_is_the_printed_one():
    """Term by term, with beta, iota, zeta and M in numbers of their own."""
    instance = three_state_hard(3, 4, gap=0.05)
    k, delta, d, h = 500, 0.2, 3, 4
    b = 1.0 + 2 * 0.05
    m = 14  # 7 * 500 * 4 = 14000 <= 2^14
    part = delta / (4 * m)
    lam, alpha2, gamma2 = d / b**2, 1 / h, d**-0.5
    iota = math.log(1 + k * h / (d * lam * alpha2))
    zeta = 4 * math.log(4 * math.log(k * h) / part)
    tau = math.log(32 * math.e * k**2 * h**2 / part)  # log(gamma^2/alpha) + 1 = 1.14 < e
    beta = 12 * math.sqrt(d * iota * tau) + 30 * tau / gamma2 + math.sqrt(lam) * b
    fast = 896 * max(64 * beta**2 * d * iota, 2 * zeta) + 24 * zeta + 240 * d * iota + 240 * beta * gamma2 * d * iota
    fast += 120 * beta * d * iota * math.sqrt(m) + 24 * math.sqrt(zeta * m * d * iota) + m * d * iota
    slow = 64 * max(8 * beta * math.sqrt(d * iota), math.sqrt(2 * zeta)) + 120 * beta * math.sqrt(d * iota * h * alpha2)
    found = theorem("hf-rfe/suboptimality").bound(instance, HFUCRLRFE(k, delta), np.array([float(k)]))
    assert found[0] == pytest.approx(4 / k * fast + 4 / math.sqrt(k) * slow, rel=1e-12)


def test_the_theorem_refuses_what_it_does_not_cover():
    instance = claim.hard()
    statement = theorem("hf-rfe/suboptimality")
    statement.require(instance, HFUCRLRFE(24), 24)
    for params in (HFUCRLRFE(24, c_beta=0.5), HFUCRLRFE(24, value_cap=2.0), HFUCRLRFE(10)):
        with pytest.raises(HypothesisViolated):
            statement.require(instance, params, 24)
    rich = RewardFreeMDP(instance.model, np.ones_like(instance.rewards), instance.candidates)
    with pytest.raises(HypothesisViolated, match="a trajectory can earn 4"):
        statement.require(rich, HFUCRLRFE(24), 24)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        (HFUCRLRFE(5), "n_episodes is 5"),
        (HFUCRLRFE(10, delta=1.0), "delta is 1.0"),
        (HFUCRLRFE(10, c_beta=0.0), "c_beta is 0.0"),
        (HFUCRLRFE(10, value_cap=0.5), "value_cap is 0.5"),
    ],
)
def test_bad_hyper_parameters_are_refused(params, message):
    with pytest.raises(InvalidInput, match=message):
        module.allocate(params, claim.hard().problem(10))
