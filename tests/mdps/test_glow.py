"""GLOW and its instances: closed forms, exact elimination rounds, brute force, and a reference on shared stacks.

The numbers in the names of some tests are those of the acceptance checks of the specification of GLOW.
"""

from __future__ import annotations

import math

import numpy as np
import pytest

from kernels.engine import simulate
from mdps.algorithms import glow as module
from mdps.algorithms import golf
from mdps.algorithms.glow import GLOW, practical, theorem_3_1, theorem_3_2
from mdps.bellman_tests import box_suprema, box_weights, version_space
from mdps.exact import coverability
from mdps.function_classes import FunctionApproximation, policy_coverability
from mdps.instances.function_classes import (
    code_lock,
    compensating,
    incomplete,
    lock_class,
    model_class,
    rare_state,
    two_armed,
)
from mdps.model import MDP
from mdps.planning.finite_horizon import backward_induction, occupancies
from mdps.weight_classes import Box, Listed, OracleMixtures, ReciprocalAverages, ratios
from proofs_check.claims import glow as claims
from tests.reference.glow import glow, mixture_ratios
from tests.reference.stacks import ENVIRONMENT, TRANSITION, key_of, uniform_at
from theory.errors import HypothesisViolated, InvalidInput
from theory.theorems import theorem
from theory.theorems.glow import DERIVED, PRINTED

SEED = 31


def chosen_functions(params, instance, n_rounds, run=0, seed=SEED):
    """f^(t) of every round."""
    problem = instance.problem(n_rounds)
    moments = module.play(params, module.allocate(params, problem), instance.world(seed, run), n_rounds)
    return [next(moments).chosen for _ in range(n_rounds)]


def sampler(instance, run):
    """Episodes on the shared stacks, in plain Python."""
    mdp = instance.mdp
    p, r = (x if mdp.stage_dependent else x[None] for x in mdp.dense())
    visits: dict[int, int] = {}
    count = [0]

    def inverse(law, u):
        return min(int(np.searchsorted(np.cumsum(law), u, side="right")), int(np.flatnonzero(law)[-1]))

    def episode(policy):
        s = inverse(mdp.initial, uniform_at(key_of(SEED, ENVIRONMENT, run, 0), count[0]))
        count[0] += 1
        states, actions, rewards = [s], [], []
        for h in range(mdp.horizon):
            a = policy[h][s]
            row = (h * mdp.n_states + s) * mdp.n_actions + a
            n = visits.get(row, 0)
            visits[row] = n + 1
            key = key_of(SEED, TRANSITION, run, row)
            actions.append(a)
            mean = float(r[h, s, a])
            rewards.append(float(uniform_at(key, 2 * n + 1) < mean) if mdp.reward_law == "bernoulli" else mean)
            s = inverse(p[h, s, a], uniform_at(key, 2 * n))
            states.append(s)
        return states, actions, rewards

    return episode


@pytest.mark.parametrize("name", ["lock", "rich lock", "rare state", "two-armed"])
def test_chooses_as_the_reference_on_shared_stacks(name):
    instance, n_rounds, params = {
        "lock": lambda: (lock_class(2), 60, GLOW(0.3, alpha_scale=0.05, beta_scale=0.002)),
        "rich lock": lambda: (lock_class(2, block_size=3), 60, GLOW(0.3, alpha_scale=0.05, beta_scale=0.002)),
        "rare state": lambda: (rare_state(), 60, GLOW(0.5, alpha_scale=0.05, beta_scale=0.002, n_trajectories=2)),
        "two-armed": lambda: (two_armed(0.9), 60, GLOW(1.0, alpha_scale=0.1, beta_scale=0.001)),
    }[name]()
    laws = {tuple(map(tuple, p.tolist())): d.tolist() for p, d in zip(instance.policies, instance.occupancies)}
    order = [d.tolist() for d in instance.occupancies]

    def weights_of(played):
        if isinstance(instance.weight_class, Listed):
            return instance.weight_class.values.tolist()
        names = [order.index(laws[tuple(map(tuple, policy))]) for policy in played]
        return mixture_ratios(order, names)

    changes = 0
    for run in range(4):
        expected = glow(
            instance.functions.tolist(), weights_of, instance.log_classes(n_rounds), n_rounds,
            sampler(instance, run), *params[:3], alpha_scale=params.alpha_scale, beta_scale=params.beta_scale,
        )  # fmt: skip
        assert chosen_functions(params, instance, n_rounds, run) == expected
        changes += len(set(expected)) - 1
    assert changes > 0


def test_1_box_closed_form_against_a_grid_of_weights():
    rng = np.random.default_rng(0)
    counts = rng.integers(0, 9, (2, 3, 2)).astype(float)
    errors = np.where(counts > 0, counts * rng.choice([-1.5, -0.2, 0.3, 1.0], (4, 2, 3, 2)), 0.0)
    for alpha, clip in ((0.8, 10.0), (0.1, 2.0)):  # interior maximisers, and clipped ones
        grid = np.linspace(0.0, clip, 10_001)
        values = errors[..., None] * grid - alpha * counts[..., None] * grid**2
        brute = values.max(axis=-1).sum(axis=(2, 3)) / 7.0
        closed = box_suprema(errors, counts, 7.0, clip, alpha)
        assert np.allclose(closed, brute, rtol=1e-3, atol=1e-12)
        assert (closed >= brute - 1e-12).all()
    gamma_t, alpha = 10.0, 8.0 / 10.0
    assert box_weights(errors, counts, gamma_t, alpha).max() <= gamma_t / 16.0
    positive = np.where(counts > 0, np.maximum(errors, 0.0) ** 2 / np.maximum(counts, 1.0), 0.0).sum(axis=(2, 3))
    # In the theorem's units: the test is sum n max(ebar, 0)^2 <= 1152 L.
    log_size = 5.0
    beta = 36.0 * gamma_t / 7.0 * log_size
    assert np.allclose(box_suprema(errors, counts, 7.0, gamma_t, alpha) / beta, positive / (1152.0 * log_size))


@pytest.mark.parametrize(("gamma", "overestimate", "n_rounds"), [(1.5e-3, 1.0, 60_000), (1e-3, 0.9, 30_000)])
def test_2_the_round_in_which_a_wrong_function_leaves(gamma, overestimate, n_rounds):
    """H = 1, K = 1, W = {1}: D min(1, gamma t) - 8 min(1, gamma t)^2/(gamma t) > 36 gamma t L/(t - 1)."""
    instance = two_armed(overestimate, good=0.4)
    log_size = math.log(6 * 2 * 1 * n_rounds * 1 / 0.1)
    leaves = next(
        t for t in range(2, n_rounds)
        if overestimate * min(1.0, gamma * t) - 8.0 * min(1.0, gamma * t) ** 2 / (gamma * t)
        > 36.0 * gamma * t * log_size / (t - 1)
    )  # fmt: skip
    problem = instance.problem(n_rounds)
    params = GLOW(gamma, 0.1)
    world = instance.world(0, 0)
    # Sums of D are rounded; the round is sharp nevertheless, the two sides part by 1e-5 a round. Afterwards f' may
    # come back, since its share of the data shrinks: version spaces are not nested.
    for t, moment in zip(range(1, leaves + 1), module.play(params, problem, world, n_rounds)):
        assert moment.chosen == (0 if t < leaves else 1)
    assert world.regret() == pytest.approx((leaves - 1) * 0.4)


def test_5_coverability():
    lock = code_lock((1, 0, 1), 3)
    everyone = np.stack([occupancies(lock, backward_induction(lock)[2])])
    assert policy_coverability(everyone) == pytest.approx(1.0)  # a single policy
    contexts = MDP.from_dense(np.full((4, 3, 4), 0.25), np.zeros((4, 3)), initial=[0.1, 0.2, 0.3, 0.4], horizon=1)
    policies = np.stack(np.meshgrid(*[range(3)] * 4, indexing="ij"), -1).reshape(-1, 1, 4)
    laws = np.stack([occupancies(contexts, policy) for policy in policies])
    assert policy_coverability(laws) == pytest.approx(3.0)  # a contextual bandit, whatever the law of contexts
    assert coverability(contexts) == pytest.approx(3.0)
    for n_actions in (2, 3, 5):  # a deterministic lock with all policies: 2A from the second stage on
        assert coverability(code_lock((0, 1, 0), n_actions, stay=1.0)) == pytest.approx(2.0 * n_actions)
    plain = lock_class()
    for block_size in (4, 16):
        assert lock_class(block_size=block_size).coverability == pytest.approx(plain.coverability)
    every = code_lock((0, 1, 0), 2, block_size=4)
    assert coverability(every) == pytest.approx(coverability(code_lock((0, 1, 0), 2)))


def test_policies_of_the_class_against_all_policies():
    """C_cov over every deterministic policy, enumerated, is what dynamic programming gives."""
    mdp = code_lock((1, 0), 2)
    tables = np.stack(np.meshgrid(*[range(2)] * 4, indexing="ij"), -1).reshape(-1, 2, 2)
    laws = np.stack([occupancies(mdp, policy) for policy in tables])
    assert policy_coverability(laws) == pytest.approx(coverability(mdp))


def test_7_without_large_ratios_clipping_changes_nothing():
    """gamma = 1 and all policies alike: no ratio exceeds gamma_t = t, which no mixture ratio can."""
    instance = lock_class(2)
    params = GLOW(1.0, beta_scale=0.001, alpha_scale=0.02)
    free = params._replace(clip_scale=math.inf)
    assert chosen_functions(params, instance, 80) == chosen_functions(free, instance, 80)
    plays = np.zeros(len(instance.policies), np.int64)
    for _ in range(30):
        assert instance.weight_class.at(plays).max() <= plays.sum() + 1 + 1e-9
        plays[int(plays.sum()) % len(plays)] += 1


def test_version_space_against_brute_force():
    rng = np.random.default_rng(3)
    counts = rng.integers(0, 5, (2, 2, 2)).astype(float)
    errors = np.where(counts > 0, counts * rng.uniform(-2, 1, (40, 2, 2, 2)), 0.0)
    weights = rng.exponential(2.0, (5, 2, 2, 2))
    weights[0, 0, 0, 0] = np.inf
    clip, alpha, n_samples = 1.5, 0.1, 9.0
    clipped = np.minimum(weights, clip)
    sup = (errors[:, None] * clipped - alpha * counts * clipped**2).sum(axis=(3, 4)).max(axis=1) / n_samples
    members = np.empty(40, np.bool_)
    for beta in np.quantile(sup.max(axis=1), (0.2, 0.5, 0.9)) + 1e-9:
        version_space(errors, counts, weights, n_samples, clip, alpha, beta, members)
        assert members.tolist() == (sup <= beta).all(axis=1).tolist()
        assert 0 < members.sum() <= 40


def test_mixture_ratios_are_the_reciprocals_of_averaged_pure_ones():
    instance = lock_class(2)
    d = instance.occupancies
    plays = np.array([3, 0, 1, 2])
    mixed = OracleMixtures(d).at(plays)
    assert np.array_equal(mixed, ReciprocalAverages(d).at(plays))
    for p in range(4):
        sequence = [i for i in range(4) for _ in range(plays[i])] + [p]
        inside = d[p] > 0
        average = np.mean([ratios(d[i], d[p]) for i in sequence], axis=0)
        assert np.allclose(mixed[p][inside], 1.0 / average[inside])
        mixture = np.mean([d[i] for i in sequence], axis=0)
        assert np.allclose(mixed[p] * mixture, d[p])
    assert (mixed[d == 0] == 0).all()


def test_sizes_of_weight_classes_are_counted():
    d = lock_class(2).occupancies
    assert OracleMixtures(d).log_size(3) == pytest.approx(math.log(4 * math.comb(7, 4)))
    assert ReciprocalAverages(d).log_size(10) == pytest.approx(10 * math.log(32))
    assert Listed(np.ones((3, 1, 1, 1))).log_size(99) == pytest.approx(math.log(3))
    assert Box(2.5).log_size(7) == 2.5


def test_instances_know_themselves():
    lock = lock_class()
    assert (lock.optimum, lock.q_star_index, lock.largest_return) == (pytest.approx(0.748), 7, 1.0)
    assert lock.coverability == pytest.approx(2.8)
    assert lock.incompleteness < 1e-12
    trap = incomplete()
    assert trap.incompleteness == pytest.approx(0.9)
    assert trap.residuals[0, 0] == pytest.approx(0.9)
    assert trap.policy_values.tolist() == pytest.approx([0.1, 1.0])
    hybrid = lock_class(offline_optimal=0.5)
    assert hybrid.optimal_concentrability == pytest.approx(16.0 / 9.0)
    assert (lock.residuals[7] == pytest.approx(0.0, abs=1e-12)) and lock.residuals.min() >= -2.0


def test_parameters_of_the_theorems():
    instance = lock_class(2)
    size = instance.log_classes(100) + math.log(10.0)
    assert theorem_3_1(instance, 100).gamma == pytest.approx(math.sqrt(instance.coverability / (100 * size)))
    second = theorem_3_2(instance, 20, 0.2)
    assert second.gamma == pytest.approx(math.sqrt(instance.coverability / 20))
    assert second.n_trajectories == math.ceil(40 * math.log(6 * 4 * 16 * 2 * 20 / 0.2))
    assert practical(instance, 100)[3:] == (0.1, 0.01, 1.0)


def test_the_box_class_learns_too():
    instance = lock_class(2, weights=Box(3.0))
    trace = simulate(GLOW(1.0, alpha_scale=0.1, beta_scale=0.005), instance, 400, 3)
    assert (trace.regret[:, -1] < 150 * instance.optimum).all()


def test_an_empty_version_space_counts_as_the_whole_class():
    instance = two_armed(0.9)
    wrong = FunctionApproximation(instance.mdp, instance.functions[:1], Listed(np.ones((1, 1, 1, 2))))
    trace = simulate(GLOW(1.0, alpha_scale=0.01, beta_scale=0.0), wrong, 5, 1)
    assert trace.regret[0, -1] == pytest.approx(2.5)


def test_offline_tuples_follow_their_law():
    instance = lock_class(2, offline_optimal=0.5)
    data = instance.world(1, 0).offline(4000)
    for h in range(2):
        found = np.bincount(2 * data.states[:, h] + data.actions[:, h], minlength=4) / 4000
        assert np.allclose(found, instance.offline[h].reshape(-1), atol=0.04)
    right = (data.states[:, 0] == 0) & (data.actions[:, 0] == 1)
    assert data.following[right, 0].mean() == pytest.approx(0.1, abs=0.03)
    with pytest.raises(InvalidInput, match="no offline data"):
        lock_class(2).world(1, 0).offline(3)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        (GLOW(0.0), "gamma is 0.0"),
        (GLOW(1.5), "gamma is 1.5"),
        (GLOW(0.5, delta=1.0), "delta is 1.0"),
        (GLOW(0.5, n_trajectories=0), "n_trajectories is 0"),
        (GLOW(0.5, alpha_scale=-1.0), "alpha_scale is -1.0"),
        (GLOW(0.5, beta_scale=math.inf), "beta_scale is inf"),
        (GLOW(0.5, clip_scale=0.0), "clip_scale is 0.0"),
    ],
)
def test_bad_hyper_parameters_are_refused(params, message):
    with pytest.raises(InvalidInput, match=message):
        module.allocate(params, lock_class(2).problem(10))


def test_bad_instances_are_refused():
    lock = lock_class(2)
    bad = lock.functions.copy()
    bad[1, 0, 0, 1] = 1.5
    with pytest.raises(InvalidInput, match=r"index \(1, 0, 0, 1\) is 1.5"):
        FunctionApproximation(lock.mdp, bad)
    with pytest.raises(InvalidInput, match="functions have shape"):
        FunctionApproximation(lock.mdp, lock.functions[0])
    with pytest.raises(InvalidInput, match="weight at index"):
        FunctionApproximation(lock.mdp, lock.functions, Listed(-np.ones((1, 2, 2, 2))))
    with pytest.raises(InvalidInput, match="not a distribution"):
        FunctionApproximation(lock.mdp, lock.functions, offline=np.ones((2, 2, 2)))
    with pytest.raises(InvalidInput, match="2 models for 4 functions"):
        FunctionApproximation(lock.mdp, lock.functions, models=lock.models[:2])
    with pytest.raises(InvalidInput, match="truth is 9"):
        model_class(lock.models, 9)
    with pytest.raises(InvalidInput, match="code is"):
        lock_class(2, code=(0, 5))
    infinite = FunctionApproximation(lock.mdp, lock.functions, Listed(np.full((1, 2, 2, 2), np.inf)))
    with pytest.raises(InvalidInput, match="clip_scale is infinite"):
        module.allocate(GLOW(0.5, clip_scale=math.inf), infinite.problem(5))


# ------------------------------------------------------------------------------------------------ the proof, watched
def records_of(claim, instance, params, n_rounds, runs=1, overrides=None):
    trace = simulate(params, instance, n_rounds, runs, watch=claim.watch, overrides=overrides)
    return {step.id: (trace.records.checks[:, i], trace.records.violations[:, i]) for i, step in enumerate(claim.steps)}


def test_3_q_star_stays_and_the_identities_hold_in_every_run():
    instance = lock_class(1)
    params = claims.batches(instance, 15)._replace(n_trajectories=60)
    found = records_of(claims.GLOW_CLAIM, instance, params, 15, runs=200)
    for step in ("q-star", "decomposition", "elliptic", "potential", "clipping-loss", "truncation", "ratio"):
        assert found[step][0].min() > 0
        assert found[step][1].sum() == 0


def test_version_spaces_shrink_under_the_constants_of_the_theory():
    instance = lock_class(2, code=(1, 0))
    params = claims.batches(instance, 100)
    problem = instance.problem(100)
    sizes = [moment.members.sum() for moment in module.play(params, problem, instance.world(0, 0), 100)]
    assert sizes[0] == 4 and sizes[-1] < 4


@pytest.mark.parametrize(
    ("step", "build", "params", "fields"),
    [
        ("members", claims.widest_member, claims.widest_parameters, ("spread", "width")),
        ("potential", lock_class, lambda p: p, ("potential",)),
        ("residual-range", claims.two_rewards, lambda p: p, ("least_residual",)),
    ],
)
def test_printed_constants_are_refuted_and_corrected_ones_hold(step, build, params, fields):
    instance = build()
    chosen = params(claims.parameters(instance, claims.WIDEST_ROUNDS))
    as_printed = claims.held_to(claims.printed(**{name: getattr(PRINTED, name) for name in fields}), instance)
    refuted = records_of(claims.GLOW_CLAIM, as_printed, chosen, claims.WIDEST_ROUNDS)
    assert refuted[step][1].sum() > 0
    assert sum(violations.sum() for name, (_, violations) in refuted.items() if name != step) == 0
    corrected = records_of(claims.GLOW_CLAIM, instance, chosen, claims.WIDEST_ROUNDS)
    assert corrected[step][0].sum() > 0
    assert sum(violations.sum() for _, violations in corrected.values()) == 0


def test_the_counterexample_to_the_printed_width_by_hand():
    """At t = 40 the wrong function is a member (D = 1 <= 8/40 + beta) although D > 20/40 + (7/18) beta."""
    t, k = claims.WIDEST_ROUNDS, claims.WIDEST_K
    beta = 36.0 * t / (k * (t - 1)) * math.log(6 * 2 * t / claims.DELTA)
    assert 1.0 <= 8.0 / t + beta
    assert 1.0 > 20.0 / t + 7.0 / 18.0 * beta
    assert 1.0 <= 46.0 / 3.0 / t + 71.0 / 36.0 * beta
    # The width is 1/12 (E.1 a) + 8/9 (alpha_t times E.1 c) + 1 (the constraint), the slope 10/3 + 8 * 3/2.
    assert 1 / 12 + 8 / 9 + 1 == pytest.approx(DERIVED.width) and 10 / 3 + 12 == pytest.approx(DERIVED.spread)


def test_theorem_3_2_runs_with_its_many_trajectories():
    lock = lock_class(2)
    instance = FunctionApproximation(lock.mdp, lock.functions, ReciprocalAverages(lock.occupancies))
    params = theorem_3_2(instance, 12)
    found = records_of(claims.GLOW_CLAIM, instance, params, 12)
    assert sum(violations.sum() for _, violations in found.values()) == 0
    assert params.n_trajectories * 12 > 3_000


def test_golf_follows_its_losses_and_stays_with_a_bad_function_without_completeness():
    instance = lock_class(2)
    problem, world = instance.problem(50), instance.world(2, 0)
    tuples, data = [], None
    for moment in golf.play(golf.GOLF(0.1, 0.01), problem, world, 50):
        beta = golf.threshold(golf.GOLF(0.1, 0.01), problem)
        if tuples:
            for i, f in enumerate(instance.functions):
                inside = True
                for h in range(2):
                    y = np.array([r + (f[h + 1, following].max() if h == 0 else 0.0)
                                  for stage, _, _, r, following in tuples if stage == h])  # fmt: skip
                    pairs = [(s, a) for stage, s, a, _, _ in tuples if stage == h]
                    losses = [sum((g[h][z] - target) ** 2 for z, target in zip(pairs, y)) for g in instance.functions]
                    inside &= losses[i] - min(losses) <= beta
                assert moment.members[i] == inside
        walk = moment.walks
        tuples += [(h, walk.states[0, h], walk.actions[0, h], walk.rewards[0, h], walk.states[0, h + 1])
                   for h in range(2)]  # fmt: skip
        data = moment.members
    assert data is not None and data.sum() < 4
    trap = incomplete()
    stuck = simulate(golf.GOLF(), trap, 2_000, 1)
    assert stuck.regret[0, -1] == pytest.approx(0.9 * 2_000)
    free = simulate(practical(trap, 2_000), trap, 2_000, 1)
    assert free.regret[0, -1] < 0.9 * 400
    with pytest.raises(HypothesisViolated, match="complete"):
        theorem("glow/golf").require(trap, golf.GOLF(), 100)


@pytest.mark.parametrize(
    ("params", "message"), [(golf.GOLF(0.0), "delta is 0.0"), (golf.GOLF(0.1, -1.0), "beta_scale")]
)
def test_bad_hyper_parameters_of_golf_are_refused(params, message):
    with pytest.raises(InvalidInput, match=message):
        golf.allocate(params, lock_class(2).problem(10))


def test_hypotheses_are_asked():
    lock = lock_class(2)
    without = FunctionApproximation(lock.mdp, lock.functions[:2])
    with pytest.raises(HypothesisViolated, match="within 1e-9 of Q"):
        theorem("glow/regret").require(without, theorem_3_1(without, 50), 50)
    two = MDP.from_dense(np.ones((2, 1, 1, 1)), np.ones((2, 1, 1)), name="pays twice")
    rich = FunctionApproximation(two, np.ones((1, 2, 1, 1)))
    with pytest.raises(HypothesisViolated, match="can earn 2"):
        theorem("glow/regret").require(rich, theorem_3_1(rich, 50), 50)
    with pytest.raises(HypothesisViolated, match="a list without them"):
        theorem("glow/regret").require(two_armed(), theorem_3_1(two_armed(), 50), 50)
    with pytest.raises(HypothesisViolated, match=r"alpha_scale is 1: it is 0\.1"):
        theorem("glow/regret-explicit").require(lock, practical(lock, 50), 50)


def test_bounds_by_hand():
    lock = lock_class(2)
    params = theorem_3_1(lock, 100, 0.1)
    log_size = math.log(6 * 4 * 4 * math.comb(104, 4) * 100 * 2 / 0.1)
    expected = 1 + 2 * math.sqrt(8 * log_size * 99) + 2 * (
        81 / params.gamma * lock.coverability * (1 + 4 * math.log(101)) + 720 * params.gamma * 100 * log_size
        + params.gamma / 80 * (1 + math.log(100))
    )  # fmt: skip
    assert theorem("glow/regret-explicit").bound(lock, params, np.array([100.0]))[0] == pytest.approx(expected)
    rate = 2 * math.sqrt(lock.coverability * 100 * math.log(4 * 4 * math.comb(104, 4) / 0.1))
    assert theorem("glow/regret").bound(lock, params, np.array([100.0]))[0] == pytest.approx(rate)


def test_a_mixture_without_the_policy_itself_breaks_the_truncation_step():
    """Played n of t - 1 times, the weight is too large by (n + 1)(t - 1)/(n t); a residual of -0.3 shows it."""
    instance = compensating()
    fault = next(f for f in claims.GLOW_CLAIM.sabotages if f.id == "past-mixture")
    honest = fault.params(claims.parameters(instance, 20))
    sound = records_of(claims.GLOW_CLAIM, instance, honest, 20)
    assert sum(violations.sum() for _, violations in sound.values()) == 0
    broken = records_of(claims.GLOW_CLAIM, instance, honest, 20, overrides=fault.overrides)
    assert broken["ratio"][1].sum() > 0 and broken["truncation"][1].sum() > 0


def test_neither_clipping_nor_one_sidedness_costs_q_star_its_place():
    """What the page says of these faults: the steps that fail are others."""
    instance = rare_state()
    free = claims.practical(claims.parameters(instance, 200))._replace(clip_scale=math.inf)
    found = records_of(claims.GLOW_CLAIM, instance, free, 200, runs=20)
    assert found["q-star"][1].sum() == 0 and found["second-moment-below"][1].sum() > 0
    params = claims.practical(claims.parameters(instance, 1_000))
    both = records_of(claims.GLOW_CLAIM, instance, params, 1_000, overrides={"constrained": claims.two_sided})
    assert both["q-star"][1].sum() == 0 and both["version-space"][1].sum() > 0
