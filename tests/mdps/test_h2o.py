"""H2O and its base algorithms against brute force over the list of tuples, and the identities behind them."""

from __future__ import annotations

import math

import numpy as np
import pytest

from kernels.engine import simulate
from mdps.algorithms import h2o as module
from mdps.algorithms.glow import theorem_3_1
from mdps.algorithms.golf import GOLF
from mdps.algorithms.h2o import FQI, H2O, MABOCR, MLE, TabularQ, empirical_q, hyglow, practical
from mdps.function_classes import FunctionApproximation
from mdps.instances.function_classes import lock_class, model_class, rare_state
from mdps.instances.random import random_mdp
from mdps.model import MDP
from mdps.planning.finite_horizon import backward_induction, evaluate_policy
from mdps.weight_classes import Box
from proofs_check.claims import glow as claims
from theory.errors import HypothesisViolated, InvalidInput
from theory.theorems import theorem, theorems_of
from theory.theorems.glow import DERIVED, PRINTED, hyglow_episodes, hyglow_risk


def moments_of(params, instance, n_rounds, run=0):
    problem = module.allocate(params, instance.problem(n_rounds))
    return list(module.play(params, problem, instance.world(11, run), n_rounds))


def tuples_before(moments, t, h):
    """(s, a, r, s') of stage h that round t may use."""
    offline = moments[0].offline
    rows = [(offline.states[i, h], offline.actions[i, h], offline.rewards[i, h], offline.following[i, h])
            for i in range(t - 1)]  # fmt: skip
    for moment in moments[: t - 1]:
        walk = moment.walks
        rows.append((walk.states[0, h], walk.actions[0, h], walk.rewards[0, h], walk.states[0, h + 1]))
    return rows


def ahead_of(f, h, y):
    return f[h + 1, y].max() if h + 1 < len(f) else 0.0


def test_mabo_minimises_eq_13_over_the_tuples():
    instance = lock_class(2, offline_optimal=0.3)
    params = H2O(MABOCR(0.5))
    moments = moments_of(params, instance, 12)
    laws = instance.occupancies
    played = [instance.occupancies[0] * 0]
    for t in range(2, 13):
        p = next(i for i, policy in enumerate(instance.policies) if (policy == moments[t - 2].policy).all())
        played.append(laws[p])
        mu = 0.5 * (instance.offline + sum(played) / (t - 1))
        objectives = []
        for f in instance.functions:
            options = []
            for law in laws:
                stages = []
                for h in range(2):
                    rows = tuples_before(moments, t, h)
                    w = [min(law[h, s, a] / mu[h, s, a], 0.5 * t) for s, a, _, _ in rows]
                    errors = [f[h, s, a] - r - ahead_of(f, h, y) for s, a, r, y in rows]
                    stages.append(abs(np.mean(np.multiply(w, errors))) - 8.0 / (0.5 * t) * np.mean(np.square(w)))
                options += [sum(stages), *stages]
            objectives.append(max(options))
        best = int(np.flatnonzero(np.array(objectives) <= min(objectives) + 1e-12)[0])
        assert (moments[t - 1].policy == instance.policies[instance.policy_of[best]]).all()


def test_fqi_minimises_squares_over_the_tuples():
    instance = lock_class(3, offline_optimal=0.2)
    moments = moments_of(H2O(FQI()), instance, 25)
    for t in (2, 5, 13, 25):
        f = np.zeros((3, 2, 2))
        for h in (2, 1, 0):
            rows = tuples_before(moments, t, h)
            losses = [sum((g[h, s, a] - r - ahead_of(f, h, y)) ** 2 for s, a, r, y in rows) for g in instance.functions]
            f[h] = instance.functions[int(np.flatnonzero(np.array(losses) <= min(losses) + 1e-9)[0]), h]
        assert (moments[t - 1].policy == f.argmax(axis=2)).all()


def test_maximum_likelihood_over_the_tuples():
    instance = lock_class(2, offline_optimal=0.3)
    moments = moments_of(H2O(MLE()), instance, 15)
    dense = [model.dense() for model in instance.models]
    for t in (2, 6, 15):
        chosen = []
        for h in range(2):
            scores = []
            for p, r in dense:
                score = 0.0
                for s, a, reward, y in tuples_before(moments, t, h):
                    for chance in (p[h, s, a, y], r[h, s, a] if reward else 1.0 - r[h, s, a]):
                        score += math.log(chance) if chance > 0 else -math.inf
                scores.append(score)
            chosen.append(int(np.flatnonzero(np.array(scores) >= max(scores) - 1e-9)[0]))
        winner = MDP.from_dense(
            np.stack([dense[i][0][h] for h, i in enumerate(chosen)]),
            np.stack([dense[i][1][h] for h, i in enumerate(chosen)]), initial=instance.mdp.initial,
        )  # fmt: skip
        assert (moments[t - 1].policy == backward_induction(winner)[2]).all()


def test_4_tabular_hyglow_is_tabular_fitted_q_iteration():
    """Two-sided box W, all tabular f: the objective is sum n ebar^2/(4 alpha n), and the empirical Q makes it zero."""
    mdp = random_mdp(3, 2, horizon=3, seed=5, stage_dependent=True)
    scaled = MDP.from_dense(mdp.dense()[0], mdp.dense()[1] / 3.0)
    law = np.full((3, 3, 2), 1.0 / 6.0)
    instance = FunctionApproximation(scaled, backward_induction(scaled)[1][None], offline=law)
    moments = moments_of(H2O(TabularQ()), instance, 12)
    rng = np.random.default_rng(0)
    for t in (2, 4, 12):
        rows = [tuples_before(moments, t, h) for h in range(3)]
        n, alpha, level = len(rows[0]), 8.0 / (0.3 * t), 0.3 * t

        def objective(f, rows=rows, n=n, alpha=alpha, level=level):
            total = 0.0
            for h in range(3):
                for z in {(s, a) for s, a, _, _ in rows[h]}:
                    errors = [f[h][z] - r - ahead_of(f, h, y) for s, a, r, y in rows[h] if (s, a) == z]
                    grid = np.linspace(-level, level, 20_001)
                    total += (sum(errors) * grid - alpha * len(errors) * grid**2).max() / n
            return total

        def closed(f, rows=rows, n=n, alpha=alpha):
            total = 0.0
            for h in range(3):
                for z in {(s, a) for s, a, _, _ in rows[h]}:
                    errors = [f[h][z] - r - ahead_of(f, h, y) for s, a, r, y in rows[h] if (s, a) == z]
                    total += sum(errors) ** 2 / len(errors) / (4.0 * alpha * n)
            return total

        q = empirical_q(moments[t - 1].data)
        assert objective(q) == pytest.approx(0.0, abs=1e-6) and closed(q) == pytest.approx(0.0, abs=1e-12)
        visited = moments[t - 1].data.following.sum(axis=3) > 0
        assert (q[~visited] == 0.0).all()
        for _ in range(3):
            other = q + np.where(visited, rng.uniform(-0.2, 0.2, q.shape), 0.0)
            assert objective(other) == pytest.approx(closed(other), rel=1e-3)
            assert closed(other) > 1e-6
        assert (moments[t - 1].policy == q.argmax(axis=2)).all()


def test_fitted_q_over_a_class_with_the_empirical_q_finds_it():
    """On the class {empirical Q, others} fitted Q-iteration returns the tabular iterate."""
    instance = lock_class(2, offline_optimal=0.3)
    data = moments_of(H2O(FQI()), instance, 20)[-1].data
    q = empirical_q(data)
    fine = FunctionApproximation(instance.mdp, np.concatenate([instance.functions, q[None]]), offline=instance.offline)
    assert np.allclose(module.fitted_q(fine.problem(20), data), q)


def test_controls_use_the_data_they_say():
    instance = lock_class(2, offline_optimal=0.3)
    online = moments_of(H2O(FQI(), offline_per_round=0), instance, 10)
    assert [m.data.n_samples for m in online] == list(range(10)) and online[-1].data.n_offline == 0
    offline = moments_of(H2O(FQI(), online_share=0), instance, 10)
    assert [m.data.n_samples for m in offline] == [m.data.n_offline for m in offline] == list(range(10))
    both = moments_of(H2O(FQI()), instance, 10)
    assert [m.data.n_samples for m in both] == list(range(0, 20, 2))
    for moments in (online, offline, both):
        assert moments[-1].data.following.sum(axis=(1, 2, 3)).tolist() == [moments[-1].data.n_samples] * 2


def test_exploration_plays_other_actions_as_often_as_it_says():
    instance = lock_class(2)
    moments = moments_of(H2O(FQI(), offline_per_round=0, exploration=0.3), instance, 600)
    greedy = moments_of(H2O(FQI(), offline_per_round=0), instance, 30)
    assert all(m.walks.actions[0, 0] == m.policy[0, m.walks.states[0, 0]] for m in greedy)
    deviates = [m.walks.actions[0, h] != m.policy[h, m.walks.states[0, h]] for m in moments for h in range(2)]
    assert np.mean(deviates) == pytest.approx(0.15, abs=0.04)  # half of the random actions are the greedy one
    trace = simulate(H2O(FQI(), offline_per_round=0, exploration=1.0), instance, 2_000, 1)
    uniform = np.full((2, 2, 2), 0.5)
    gap = instance.optimum - float(instance.mdp.initial @ evaluate_policy(instance.mdp, uniform)[0])
    assert trace.regret[0, -1] / 2_000 == pytest.approx(gap, abs=0.03)


def test_hybrid_data_beats_either_kind_alone():
    """Little optimal offline data: in the mean, fitted Q-iteration with both loses least."""
    instance = lock_class(offline_optimal=0.02)
    losses = [
        simulate(params, instance, 60, 40, seed=3).regret[:, -1].mean()
        for params in (H2O(FQI()), H2O(FQI(), offline_per_round=0), H2O(FQI(), online_share=0))
    ]
    assert losses[0] < min(losses[1:])


def test_every_step_of_the_reduction_holds():
    for claim in (claims.HYGLOW, claims.H2O_FQI, claims.H2O_MLE):
        instance = claim.cases[0].build()
        trace = simulate(claim.algorithm(instance, 40), instance, 40, 3, watch=claim.watch)
        assert trace.records.violations.sum() == 0
        assert (trace.records.checks.sum(axis=0) > 0).all()


@pytest.mark.parametrize(
    ("step", "fields"), [("pair", ("mabo_spread", "mabo_width")), ("corollary", ("hybrid_power",))]
)
def test_printed_constants_of_the_hybrid_part_are_refuted(step, fields):
    constants = claims.printed(**{name: getattr(PRINTED, name) for name in fields})
    instance = claims.held_to(constants, claims.hybrid_lock())
    params = hyglow(instance, 2)
    records = simulate(params, instance, 2, 1, watch=claims.HYGLOW.watch).records
    broken = [s.id for i, s in enumerate(claims.HYGLOW.steps) if records.violations[0, i]]
    assert broken == [step]


def test_the_corollary_needs_the_fourth_power_of_the_horizon():
    """The best scale by brute force: risk eps exactly at H^4; at the printed H^2 it is H eps."""
    assert 144 * (1 / 12 + 8 / 9 + 1) == pytest.approx(DERIVED.mabo_width)
    assert 144 * 7 / 18 == pytest.approx(PRINTED.mabo_width)
    for horizon in (2, 3):
        instance = lock_class(horizon, offline_optimal=0.5)
        for constants, factor in ((DERIVED, 1.0), (PRINTED, horizon)):
            episodes = hyglow_episodes(constants, instance, 0.1, 0.1, 1e9)
            scales = np.geomspace(1e-10, 1e-2, 20_001)
            assert hyglow_risk(instance, 0.1, scales, episodes, 1e9).min() == pytest.approx(0.1 * factor, rel=1e-3)


def test_bounds_by_hand():
    instance = lock_class(2, offline_optimal=0.5)
    params = hyglow(instance, 100, 0.1)
    gamma, t = params.base.gamma, 100.0
    sizes = float(instance.log_classes(100)) + math.log(10.0)
    cover = instance.optimal_concentrability + instance.coverability
    assert gamma == pytest.approx(math.sqrt(cover / (100 * 4 * sizes)))
    a = 44 / gamma
    b = 284 * 4 * gamma * (float(instance.log_classes(100)) + math.log(24 * 4 * 100 / 0.1))
    offline = 6 * instance.optimal_concentrability * math.log(t)
    online = 4 * instance.coverability * (gamma + 10 * math.log(t) + 1)
    assert theorem("glow/hyglow").bound(instance, params, np.array([t]))[0] == pytest.approx(
        2 * a * (offline + online) + t * 2 * b
    )
    # Fitted Q-iteration does not use gamma: its bound is the least over gamma, apart from the term in gamma alone.
    scales = np.geomspace(1e-4, 10.0, 4_001)
    b = 1024 * scales * math.log(2 * 100 * 4)
    online = 4 * instance.coverability * (scales + 10 * math.log(t) + 1)
    everywhere = 2 * 6 / scales * (offline + online) + t * 2 * b
    best = theorem("glow/h2o-fqi").bound(instance, H2O(FQI()), np.array([t]))[0]
    assert best == pytest.approx(everywhere.min(), rel=1e-3)


@pytest.mark.parametrize("item", theorems_of("glow"), ids=lambda item: item.id)
def test_every_bound_is_vectorised_and_grows(item):
    instance = lock_class(2, offline_optimal=0.5)
    params = GOLF() if "golf" in item.id else hyglow(instance, 1_000)
    if item.id in ("glow/regret", "glow/regret-explicit", "glow/pure-ratios"):
        params = theorem_3_1(instance, 1_000)
    item.require(instance, params, 1_000)
    with pytest.raises(HypothesisViolated, match=r"delta = 1\.5"):
        item.require(instance, params._replace(delta=1.5), 1_000)
    horizons = np.unique(np.round(np.geomspace(2, 1e9, 60)))
    values = item.bound(instance, params, horizons)
    assert values.shape == horizons.shape and np.isfinite(values).all() and (values > 0.0).all()
    assert (np.diff(values) >= 0.0).all()
    for i in (0, 17, -1):
        assert float(item.bound(instance, params, np.float64(horizons[i]))) == pytest.approx(values[i], rel=1e-12)


def test_rates_by_hand():
    instance = lock_class(2, offline_optimal=0.5)
    t, params = 50.0, hyglow(instance, 50, 0.1)
    logs = float(instance.log_classes(50)) + math.log(10.0)
    cover = instance.optimal_concentrability + instance.coverability
    expected = {
        "glow/hyglow-rate": 4 * math.sqrt(cover * t * logs),
        "glow/h2o-rate": 2 * math.sqrt(cover * t * math.log(t)),
        "glow/pure-ratios": 2 * math.sqrt(instance.coverability * t),
        "glow/golf": 2 * math.sqrt(instance.coverability * t * math.log(4 * 2 * t / 0.1) * math.log(t)),
        "glow/golf-explicit": 2 * (2 * instance.coverability + 4 * math.sqrt(
            instance.coverability * 23 * math.log(2 * 16 * 2 * t / 0.1) * t * math.log(1 + t))),
        "glow/h2o-mle": min(
            2 * 6 / g * (6 * instance.optimal_concentrability * math.log(t)
                         + 4 * instance.coverability * (g + 10 * math.log(t) + 1))
            + t * 2 * 8 * g * math.log(4 * 2 * t / 0.1)
            for g in np.geomspace(1e-3, 1e2, 4_001)
        ),
    }  # fmt: skip
    for name, value in expected.items():
        assert float(theorem(name).bound(instance, params, np.array([t]))[0]) == pytest.approx(value, rel=1e-3)


def test_hypotheses_of_the_reduction():
    plain = lock_class(2)
    with pytest.raises(HypothesisViolated, match="misses a pair"):
        theorem("glow/h2o-fqi").require(plain, H2O(FQI()), 10)
    rare = rare_state()
    with pytest.raises(HypothesisViolated, match="away from the class"):
        theorem("glow/h2o-fqi").require(rare, H2O(FQI()), 10)
    hybrid = FunctionApproximation(plain.mdp, plain.functions, offline=np.full((2, 2, 2), 0.25))
    with pytest.raises(HypothesisViolated, match="no models"):
        theorem("glow/h2o-mle").require(hybrid, H2O(MLE()), 10)


def test_practical_preset_changes_alpha_alone():
    instance = lock_class(2, offline_optimal=0.5)
    assert practical(instance, 50).base == (hyglow(instance, 50).base.gamma, 0.01)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        (H2O(FQI(), delta=0.0), "delta is 0.0"),
        (H2O(FQI(), offline_per_round=-1), "offline_per_round is -1"),
        (H2O(FQI(), online_share=2), "online_share is 2"),
        (H2O(FQI(), exploration=1.5), "exploration is 1.5"),
        (H2O(MABOCR(0.5), exploration=0.5), "expected 0 with MABO.CR"),
        (H2O(MABOCR(0.0)), "gamma is 0.0"),
        (H2O(MABOCR(0.5, -1.0)), "alpha_scale is -1.0"),
    ],
)
def test_bad_hyper_parameters_are_refused(params, message):
    with pytest.raises(InvalidInput, match=message):
        module.allocate(params, lock_class(2, offline_optimal=0.5).problem(10))


def test_bases_refuse_problems_that_do_not_fit():
    with pytest.raises(InvalidInput, match="expected HybridRatios"):
        module.allocate(H2O(MABOCR(0.5)), lock_class(2, weights=Box(1.0)).problem(10))
    with pytest.raises(InvalidInput, match="no models"):
        module.allocate(H2O(MLE()), rare_state().problem(10))
    gaussian = MDP.from_dense(np.ones((1, 1, 1)), [[0.5]], horizon=1, reward_law="gaussian", reward_sd=1.0,
                              reward_range=(-np.inf, np.inf))  # fmt: skip
    with pytest.raises(InvalidInput, match="Gaussian"):
        module.allocate(H2O(MLE()), model_class([gaussian], 0).problem(10))
