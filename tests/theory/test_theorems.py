"""The theorems of the first sixteen algorithms: bounds on suitable instances, numbers, hypotheses.

That every theorem of a claim is well formed is checked in tests/proofs_check/test_claims.py.
"""

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from theory.divergences import bernoulli_kl
from theory.errors import HypothesisViolated, UnknownName
from theory.radii import lsvi_ucb_fixed_point
from theory.theorems import all_theorems, theorem, theorems_of
from theory.theorems.kl_ucb import exploration, pulls_of_arm
from theory.vacuity import biting_horizon

SLUGS = (
    "ucb1 kl-ucb moss thompson-beta thompson-gaussian exp3 exp3-ix tsallis-inf log-barrier oful ucbvi-ch ucbvi-bf "
    "q-learning-hoeffding q-learning-bernstein lsvi-ucb rf-express"
).split()
THEOREMS = [item for item in all_theorems() if item.slug in SLUGS]
HORIZON = 1000


def bernoulli(means=(0.5, 0.6)):
    means = np.array(means)
    return SimpleNamespace(
        means=means,
        gaps=means.max() - means,
        n_arms=means.size,
        reward_range=(0.0, 1.0),
        subgaussian=0.5,
        family="bernoulli",
        prior=(1.0, 1.0),
    )


def gaussian():
    return SimpleNamespace(
        **{
            **vars(bernoulli((0.2, 0.7, 0.7))),
            "family": "gaussian",
            "subgaussian": 1.0,
            "reward_range": (-np.inf, np.inf),
        }
    )


def adversarial(n_arms=10):
    gaps = np.full(n_arms, 0.2)
    gaps[n_arms // 3] = 0.0
    return SimpleNamespace(n_arms=n_arms, loss_range=(0.0, 1.0), oblivious=True, gaps=gaps, corruption=5.0)


def linear():
    return SimpleNamespace(
        theta=np.array([0.6, 0.0]),
        dimension=2,
        feature_bound=1.0,
        parameter_bound=0.6,
        noise_subgaussian=0.5,
        max_gap=1.2,
    )


def tabular(n_states=2, n_actions=2, horizon=2):
    return SimpleNamespace(
        n_states=n_states,
        n_actions=n_actions,
        horizon=horizon,
        stage_dependent=False,
        reward_range=(0.0, 1.0),
        reward_law="deterministic",
        initial=(1.0, 0.0),
    )


def linear_mdp():
    features = np.zeros((4, 2, 3))
    features[..., 0] = 0.5
    return SimpleNamespace(**vars(tabular(4, 2, 3)), dimension=3, features=features)


def suitable(item):
    """(instance, params) that meet the theorem's hypotheses at HORIZON."""
    params = SimpleNamespace(delta=0.05, epsilon=0.1, alpha=0.5)
    if item.slug == "thompson-gaussian":
        return (bernoulli() if item.id.endswith("arms") else gaussian()), params
    if item.slug in ("ucb1", "kl-ucb", "moss", "thompson-beta"):
        return bernoulli(), params
    if item.slug in ("exp3", "exp3-ix", "tsallis-inf", "log-barrier"):
        if item.id.endswith("fixed-rate"):
            params.learning_rate = 0.02
        return adversarial(), params
    if item.slug == "oful":
        return linear(), SimpleNamespace(
            delta=0.05, regularization=1.0, parameter_bound=1.0, feature_bound=1.0, noise=1.0
        )
    if item.slug == "lsvi-ucb":
        params.regularization = 1.0
        return linear_mdp(), params
    return tabular(), params


def test_the_sixteen_are_there():
    assert sorted({item.slug for item in THEOREMS}) == sorted(SLUGS)
    for slug in SLUGS:
        assert any(item.constants == "explicit" for item in theorems_of(slug)) or slug in (
            "thompson-gaussian",
            "q-learning-hoeffding",
            "q-learning-bernstein",
        )
    assert len({item.id for item in THEOREMS}) == len(THEOREMS)


def test_unknown_names_list_the_nearest():
    with pytest.raises(UnknownName, match="ucb1/regret"):
        theorem("ucb1/regrets")
    with pytest.raises(UnknownName, match="kl-ucb"):
        theorems_of("klucb")


@pytest.mark.parametrize("item", THEOREMS, ids=lambda item: item.id)
def test_bound_is_vectorised_nonnegative_and_nondecreasing(item):
    instance, params = suitable(item)
    item.require(instance, params, HORIZON)
    horizons = np.unique(np.round(np.geomspace(2, 1e9, 60)))
    values = item.bound(instance, params, horizons)
    assert np.isfinite(values).all() and (values >= 0.0).all()
    assert values.shape[: horizons.ndim] == horizons.shape
    assert (np.diff(values, axis=0) >= -1e-9 * np.abs(values[1:])).all()
    for index in (0, 17, -1):
        scalar = item.bound(instance, params, np.float64(horizons[index]))
        assert np.asarray(scalar) == pytest.approx(values[index], rel=1e-12)
    grid = item.bound(instance, params, horizons[:4].reshape(2, 2))
    assert grid.reshape(values[:4].shape) == pytest.approx(values[:4], rel=1e-12)


@pytest.mark.parametrize("item", THEOREMS, ids=lambda item: item.id)
def test_statement_is_complete(item):
    assert item.source and item.statement and item.hypotheses
    instance, params = suitable(item)
    if item.kind == "high-probability" or item.kind == "PAC":
        params.delta = 1.5
        with pytest.raises(HypothesisViolated, match=r"delta = 1\.5"):
            item.require(instance, params, HORIZON)
        params.delta = None
        with pytest.raises(HypothesisViolated, match="does not state its delta"):
            item.require(instance, params, HORIZON)


def test_smaller_delta_gives_a_larger_bound():
    for item in THEOREMS:
        if item.kind == "high-probability" and item.constants == "explicit":
            instance, params = suitable(item)
            loose = item.bound(instance, params, np.array([1e4]))
            params.delta = 1e-4
            assert (item.bound(instance, params, np.array([1e4])) > loose).all()


VIOLATIONS = [
    ("ucb1/regret", {"reward_range": (0.0, 3.5)}, {}, 10, r"rewards lie in \[0, 1\]: they reach up to 3.5, 2.5 above"),
    ("ucb1/regret", {"reward_range": (-2.0, 1.0)}, {}, 10, "down to -2, 2 below"),
    ("ucb1/regret", {"reward_range": None}, {}, 10, "does not state its reward_range"),
    ("ucb1/regret", {}, {"width": 0.5}, 10, "width is 2: it is 0.5"),
    ("ucb1/regret", {}, {}, 0, "horizon 0 is 1 short"),
    ("kl-ucb/regret", {"family": "gaussian"}, {}, 10, "arms are bernoulli: they are gaussian"),
    ("kl-ucb/asymptotic", {"gaps": np.zeros(2)}, {}, 10, "all arms are equally good"),
    ("moss/minimax", {}, {}, 1, "horizon 1 is below the number of arms 2"),
    ("moss/minimax-subgaussian", {"subgaussian": 1.5}, {}, 10, "only 1.5-subgaussian, 0.5 too much"),
    ("thompson-beta/two-arms", {"n_arms": 3}, {}, 10, "there are 2 arms: there are 3"),
    ("thompson-beta/bayes", {"prior": None}, {}, 10, "fixed"),
    ("thompson-beta/bayes", {"prior": (2.0, 1.0)}, {}, 10, "Beta"),
    ("thompson-gaussian/minimax", {"means": np.array([0.2, 1.7])}, {}, 10, "mean of arm 1 is 1.7"),
    ("thompson-gaussian/minimax", {"subgaussian": 2.0}, {}, 10, "standard deviation is 2"),
    ("exp3/regret", {"loss_range": (0.0, 2.0)}, {}, 10, "up to 2, 1 above"),
    ("exp3/regret", {}, {"learning_rate": 0.01}, 1000, "0.465991 times the prescribed"),
    ("exp3/regret", {"n_arms": 1}, {}, 10, "there is 1 arm"),
    ("exp3/fixed-rate", {}, {"learning_rate": -1.0}, 10, "it is -1"),
    ("exp3/fixed-rate", {}, {"learning_rate": None}, 10, "does not state its learning_rate"),
    ("exp3-ix/regret-delta", {}, {"learning_rate": 1.0}, 10, "times the prescribed"),
    ("tsallis-inf/rv-stochastic", {"gaps": np.zeros(10)}, {}, 10, "have gap zero"),
    ("tsallis-inf/alpha", {}, {"alpha": 1.2}, 10, "alpha = 1.2"),
    ("log-barrier/regret", {}, {}, 1, "horizon 1 is 1 short"),
    ("oful/regret", {"parameter_bound": 1.5}, {}, 10, "the instance has 1.5, 0.5 above 1"),
    ("oful/regret", {"max_gap": 2.5}, {}, 10, "largest gap is 2.5, 0.5 too large"),
    ("oful/regret", {}, {"regularization": 0.0}, 10, "lam = 0"),
    ("oful/regret-aps", {}, {"regularization": 0.5}, 10, "lam = 0.5 is below 1"),
    ("oful/coverage", {"noise_subgaussian": 2.0}, {}, 10, "the instance has 2, 1 above 1"),
    ("ucbvi-ch/regret", {"stage_dependent": True}, {}, 10, "they depend on the stage"),
    ("ucbvi-bf/regret", {"reward_law": "bernoulli"}, {}, 10, "they are bernoulli"),
    ("lsvi-ucb/explicit", {"reward_law": "bernoulli"}, {}, 10, "they are bernoulli"),
    ("rf-express/correct", {"initial": (0.5, 0.5)}, {}, 10, "the likeliest has probability 0.5"),
    ("q-learning-hoeffding/regret", {"horizon": None}, {}, 10, "does not state its horizon"),
    ("lsvi-ucb/regret", {"features": np.full((4, 2, 3), 0.7)}, {}, 10, r"feature \[0, 0\] has norm 1.21"),
    ("lsvi-ucb/explicit", {}, {"regularization": 0.5}, 10, "lam = 0.5"),
    ("rf-express/correct", {}, {"epsilon": 0.0}, 10, "epsilon = 0"),
]


@pytest.mark.parametrize(("id", "instance_change", "params_change", "horizon", "message"), VIOLATIONS)
def test_violated_hypotheses_are_named(id, instance_change, params_change, horizon, message):
    item = theorem(id)
    instance, params = suitable(item)
    vars(instance).update(instance_change)
    vars(params).update(params_change)
    with pytest.raises(HypothesisViolated, match=message):
        item.require(instance, params, horizon)


@pytest.mark.parametrize(
    "id", ["exp3/regret", "exp3-ix/regret", "exp3-ix/regret-delta", "exp3-ix/neu", "log-barrier/regret"]
)
def test_only_the_prescribed_rate_is_accepted(id):
    from theory.theorems import exp3, exp3_ix, log_barrier

    prescribed = {
        "exp3/regret": exp3.tuned_rate,
        "exp3-ix/regret": exp3_ix.rate,
        "exp3-ix/regret-delta": exp3_ix.rate_of_delta,
        "exp3-ix/neu": exp3_ix.rate_neu,
        "log-barrier/regret": log_barrier.tuned_rate,
    }[id]
    item = theorem(id)
    instance, params = suitable(item)
    params.learning_rate = prescribed(instance, params, HORIZON)
    item.require(instance, params, HORIZON)
    with pytest.raises(HypothesisViolated, match="learning rate"):
        item.require(instance, params, 4 * HORIZON)


# --- numbers -----------------------------------------------------------------------------------------------------


def test_adversarial_numbers():
    instance, params = adversarial(10), SimpleNamespace(delta=0.01)
    t = np.array([1e4])
    assert theorem("exp3-ix/regret").bound(instance, params, t)[0] == pytest.approx(2057.03, abs=0.005)
    assert theorem("exp3-ix/regret-delta").bound(instance, params, t)[0] == pytest.approx(1946.17, abs=0.005)
    assert theorem("exp3-ix/neu").bound(instance, params, t)[0] == pytest.approx(2924.04, abs=0.005)
    assert theorem("exp3/regret").bound(adversarial(2), params, np.array([10.0]))[0] == pytest.approx(
        5.265538, abs=5e-7
    )


@given(st.integers(2, 40), st.integers(2, 10**6), st.floats(1e-4, 0.5))
@settings(deadline=None, max_examples=50)
def test_fixed_rate_bounds_give_the_tuned_ones(n_arms, horizon, delta):
    from theory.theorems import exp3, exp3_ix, log_barrier

    instance, t = adversarial(n_arms), np.array([float(horizon)])
    for slug, name, rate in (
        ("exp3", "regret", exp3.tuned_rate),
        ("log-barrier", "regret", log_barrier.tuned_rate),
        ("exp3-ix", "regret", exp3_ix.rate),
        ("exp3-ix", "regret-delta", exp3_ix.rate_of_delta),
    ):
        params = SimpleNamespace(delta=delta)
        params.learning_rate = rate(instance, params, horizon)
        tuned = theorem(f"{slug}/{name}").bound(instance, params, t)[0]
        fixed = theorem(f"{slug}/fixed-rate").bound(instance, params, t)[0]
        assert fixed <= tuned * (1 + 1e-12)
        if slug != "exp3-ix":  # there log K is rounded up to log(K + 1)
            assert fixed == pytest.approx(tuned, rel=1e-12)


def test_corrected_constants_are_the_larger_ones():
    instance, t = adversarial(), np.array([100.0, 1e5])
    assert (
        theorem("tsallis-inf/rv").bound(instance, None, t) > theorem("tsallis-inf/rv-printed").bound(instance, None, t)
    ).all()
    wide = SimpleNamespace(delta=0.05, regularization=9.0, parameter_bound=1.0, feature_bound=3.0, noise=1.0)
    assert (
        theorem("oful/regret-aps").bound(linear(), wide, t)
        > theorem("oful/regret-aps-printed").bound(linear(), wide, t)
    ).all()


def test_printed_oful_bound_is_no_bound_for_a_small_lambda():
    params = SimpleNamespace(delta=0.05, regularization=0.01, parameter_bound=1.0, feature_bound=1.0, noise=1.0)
    assert np.isnan(theorem("oful/regret-aps-printed").bound(linear(), params, np.array([1.0])))[0]
    assert theorem("oful/regret").bound(linear(), params, np.array([1.0]))[0] > 0.0


def test_tsallis_stochastic_bound_switches_at_large_corruption():
    item, t = theorem("tsallis-inf/rv-stochastic"), np.array([1000.0])
    instance = adversarial()
    x = 9 / 0.2 * (np.log(1000.0) + 3) + 2 / 0.2
    rest = 280 * np.log(1000.0) + 1.5 * np.sqrt(10) + 32
    for corruption, leading in ((0.0, x), (x / 2, 1.5 * x), (4 * x, 4 * x)):
        instance.corruption = corruption
        assert item.bound(instance, None, t)[0] == pytest.approx(leading + rest, rel=1e-12)
    del instance.corruption
    assert item.bound(instance, None, t)[0] == pytest.approx(x + rest, rel=1e-12)


@pytest.mark.parametrize("alpha", [0.0, 0.5, 1.0])
def test_general_tsallis_bound_at_its_ends(alpha):
    value = theorem("tsallis-inf/alpha").bound(adversarial(), SimpleNamespace(alpha=alpha), np.array([50.0]))[0]
    factor = {0.0: np.log(50.0), 0.5: min(4.0, 2 * np.log(10), 2 * np.log(50.0)), 1.0: np.log(10.0)}[alpha]
    assert value == pytest.approx(2 * np.sqrt(factor * 500) + 1, rel=1e-12)


def test_ucb1_bound_by_hand_and_per_arm():
    instance, t = bernoulli((0.5, 0.6, 0.6, 0.2)), np.array([100.0, 1000.0])
    per_arm = theorem("ucb1/pulls").bound(instance, None, t)
    assert per_arm.shape == (2, 4)
    assert per_arm[:, 1] == pytest.approx(t)
    total = theorem("ucb1/regret").bound(instance, None, t)
    assert total == pytest.approx(per_arm[:, [0, 3]] @ np.array([0.1, 0.4]), rel=1e-13)
    assert total[0] == pytest.approx(8 * np.log(100) * (1 / 0.1 + 1 / 0.4) + (1 + np.pi**2 / 3) * 0.5, rel=1e-13)


@pytest.mark.parametrize(
    ("mean", "best", "horizon"), [(0.5, 0.6, 1e4), (0.0, 1.0, 100.0), (0.02, 0.1, 1e7), (0.9, 0.99, 5.0)]
)
def test_kl_ucb_infimum_against_another_optimiser(mean, best, horizon):
    level, gap = float(exploration(horizon)), best - mean

    def value(z):
        s, r = 1.0 / (1.0 + np.exp(-z))
        e1, e2 = gap * s * r, gap * s * (1 - r)
        return level / float(bernoulli_kl(mean + e1, best - e2)) + 1 / (2 * e1**2) + 2 / e2**2

    found = min(
        minimize(value, start, method="Nelder-Mead", options={"xatol": 1e-10, "fatol": 1e-12, "maxiter": 4000}).fun
        for start in ([0.0, 0.0], [2.0, -1.0], [-1.0, 1.0])
    )
    computed = float(pulls_of_arm(mean, best, level))
    assert computed == pytest.approx(found, rel=1e-9)


@given(st.floats(0.01, 0.9), st.floats(0.02, 0.99), st.floats(0.05, 0.9), st.floats(0.05, 0.95), st.floats(2.0, 1e8))
@settings(deadline=None, max_examples=80)
def test_kl_ucb_bound_is_below_every_feasible_choice(a, b, share, split, horizon):
    mean, best = min(a, b), max(a, b)
    if best - mean < 0.01:
        return
    e1, e2 = (best - mean) * share * split, (best - mean) * share * (1 - split)
    level = float(exploration(horizon))
    chosen = level / float(bernoulli_kl(mean + e1, best - e2)) + 1 / (2 * e1**2) + 2 / e2**2
    assert float(pulls_of_arm(mean, best, level)) <= chosen * (1 + 1e-9)


def test_kl_ucb_bound_tends_to_lai_robbins():
    # The correction is of order (log T)^(-1/3): far beyond any horizon, but the limit is the right one.
    levels = np.array([1e1, 1e3, 1e6, 1e9, 1e12])
    ratios = pulls_of_arm(0.1, 0.6, levels) / levels * float(bernoulli_kl(0.1, 0.6))
    assert (np.diff(ratios) < 0.0).all()
    assert ratios[-1] == pytest.approx(1.0, abs=1e-3)
    assert (ratios > 1.0).all()


def test_moss_forms():
    instance, t = bernoulli(), np.array([100.0])
    assert theorem("moss/minimax").bound(instance, None, t)[0] == pytest.approx(19.5 * np.sqrt(200) + 0.1)
    # 39 sqrt(KT) + D is vacuous up to T = 1521 K for a largest gap of one.
    wide = bernoulli((0.0, 1.0))
    biting = biting_horizon(theorem("moss/minimax-subgaussian"), wide, None, lambda t: t)
    assert biting == pytest.approx(1521 * 2, rel=2e-3)


#: (S, A, H) -> episodes after which the bound is below K H at delta = .05, read off a geometric grid of ratio 1.1.
VACUITY = {
    "ucbvi-ch/regret": {(2, 2, 2): 5.1e6, (2, 2, 3): 9.1e6, (6, 2, 20): 7.3e8},
    "ucbvi-ch/stage-dependent": {(2, 2, 2): 8.5e4, (2, 2, 3): 2.0e5, (6, 2, 20): 1.3e8},
}


@pytest.mark.parametrize(
    ("id", "sizes", "episodes"), [(i, s, k) for i, rows in VACUITY.items() for s, k in rows.items()]
)
def test_vacuity_of_ucbvi(id, sizes, episodes):
    instance = tabular(*sizes)
    found = biting_horizon(theorem(id), instance, SimpleNamespace(delta=0.05), lambda k: k * instance.horizon)
    assert episodes / 1.1 <= found <= 1.03 * episodes


def test_a_bound_that_never_bites():
    assert biting_horizon(theorem("ucb1/regret"), bernoulli(), None, lambda t: 0.0 * t) == np.inf


def expected_values():
    """Each right-hand side written out once more with the numbers of ``suitable`` put in, at T (or K) = 1000."""
    log, sqrt, e = np.log, np.sqrt, np.e
    t = 1000.0
    gaps_10 = 9 / 0.2  # nine arms at distance .2, C = 5
    oful_radius = sqrt(2 * log(20) + 2 * log(1 + 500)) + 1.0
    big_l = log(5 * 2 * 2 * 2 * 2000 / 0.05)  # S = A = H = 2
    iota = log(2 * 2 * 2000 / 0.05)
    beta = lsvi_ucb_fixed_point(1000, 3, 3, 0.05)
    kl_line = 0.1 / float(bernoulli_kl(0.5, 0.6))
    return {
        "ucb1/regret": 8 * log(t) / 0.1 + (1 + np.pi**2 / 3) * 0.1,
        "kl-ucb/asymptotic": kl_line * log(t),
        "moss/minimax": 39 / 2 * sqrt(2 * t) + 0.1,
        "moss/minimax-subgaussian": 39 * sqrt(2 * t) + 0.1,
        "moss/minimax-2009": 49 * sqrt(2 * t),
        "moss/minimax-2010": 25 * sqrt(2 * t),
        "moss/instance": 23 * 2 * log(t * 0.1**2 / 2) / 0.1,
        "thompson-beta/two-arms": 0.1 * (40 * log(t) / 0.01 + 48 / 0.1**4 + 18),
        "thompson-beta/two-arms-pulls": 40 * log(t) / 0.01 + 48 / 0.1**4 + 18,
        "thompson-beta/asymptotic": kl_line * log(t),
        "thompson-beta/minimax": sqrt(2 * t * log(t)),
        "thompson-beta/bayes": sqrt(2 * t * log(2) / 2),
        "thompson-gaussian/asymptotic": 2 / 0.5 * log(t),
        "thompson-gaussian/minimax": sqrt(3 * t * log(t)),
        "thompson-gaussian/minimax-arms": sqrt(2 * t * log(2)),
        "exp3/regret": sqrt(2 * 10 * t * log(10)),
        "exp3/anytime": 2 * sqrt(10 * t * log(10)),
        "exp3/fixed-rate": log(10) / 0.02 + 0.01 * 10 * t,
        "exp3-ix/regret": sqrt(8 * 10 * t * log(11)) + sqrt(10 * t / (2 * log(11))) * log(20) + log(220),
        "exp3-ix/regret-delta": 2 * sqrt((2 * log(11) + log(20)) * 10 * t) + log(220),
        "exp3-ix/fixed-rate": (log(10) + log(220)) / 0.02 + 0.02 * 10 * t + log(220),
        "exp3-ix/neu": 2 * sqrt(20 * t * log(10)) + (sqrt(20 * t / log(10)) + 1) * log(40),
        "exp3-ix/neu-anytime": 4 * sqrt(10 * t * log(10)) + (2 * sqrt(10 * t / log(10)) + 1) * log(40),
        "tsallis-inf/iw": 4 * sqrt(10 * t) - 2 * sqrt(t),
        "tsallis-inf/iw-printed": 4 * sqrt(10 * t) + 1,
        "tsallis-inf/iw-stochastic": gaps_10 * (4 * log(t) + 12) + 4 * log(t) + 5 + sqrt(10) + 8 + 5,
        "tsallis-inf/rv": 2 * sqrt(10 * t) + 140 * log(t) + 16,
        "tsallis-inf/rv-printed": 2 * sqrt(10 * t) + 100 * log(t) + 16,
        "tsallis-inf/rv-stochastic": gaps_10 * (log(t) + 3) + 10 + 280 * log(t) + 1.5 * sqrt(10) + 32 + 5,
        "tsallis-inf/alpha": 2 * sqrt(4 * 10 * t) + 1,
        "log-barrier/regret": sqrt(18 * t * log(t)) + 1,
        "log-barrier/fixed-rate": 9 * log(t) / 0.02 + 0.01 * t + 1,
        "oful/regret": sqrt(8 * t * oful_radius**2 * 2 * log(501)),
        "oful/regret-aps": 4 * sqrt(2 * t * log(501)) * oful_radius,
        "oful/regret-aps-printed": 4 * sqrt(2 * t * log(501)) * oful_radius,
        "oful/coverage": oful_radius,
        "oful/gap-dependent": log(t) ** 2,
        "ucbvi-ch/regret": 20 * 2**1.5 * big_l * sqrt(4 * t) + 250 * 4 * 4 * 2 * big_l**2,
        "ucbvi-ch/stage-dependent": 10 * 4 * 2 * sqrt(2 * t * log(16 * t**2)),
        "ucbvi-ch/stage-dependent-sharper": 8 * e * 4 * sqrt(4 * t * log(16 * t**2))
        + 2 * e * 8 * 4 * 2 * log(t) * log(16 * t**2),
        "ucbvi-bf/regret": 30 * 2 * big_l * sqrt(4 * t) + 2500 * 4 * 4 * 2 * big_l**2 + 4 * 2**1.5 * sqrt(t * big_l),
        "q-learning-hoeffding/regret": sqrt(16 * 4 * 2000 * iota),
        "q-learning-bernstein/regret": sqrt(8 * 4 * 2000 * iota) + sqrt(2**9 * 8 * 8 * iota**4),
        "lsvi-ucb/regret": sqrt(27 * 27 * 3000) * log(2 * 3 * 3000 / 0.05),
        "lsvi-ucb/explicit": 2 * beta * 3 * sqrt(2 * 3 * t * log(1 + t / 3)) + 3 * sqrt(6 * t * log(40)),
    }


ELSEWHERE = {"ucb1/pulls", "kl-ucb/regret", "kl-ucb/pulls", "rf-express/correct", "rf-express/sample-complexity"}


@pytest.mark.parametrize("item", [item for item in THEOREMS if item.id not in ELSEWHERE], ids=lambda item: item.id)
def test_bound_has_the_papers_value(item):
    instance, params = suitable(item)
    value = item.bound(instance, params, np.array([1000.0]))[0]
    assert value == pytest.approx(expected_values()[item.id], rel=1e-12)


def test_lsvi_explicit_bound_is_vacuous_at_feasible_sizes():
    instance, params = linear_mdp(), SimpleNamespace(delta=0.05, regularization=1.0)
    assert biting_horizon(theorem("lsvi-ucb/explicit"), instance, params, lambda k: k * 3.0) > 1e5


def test_rf_express_numbers():
    instance, params = tabular(2, 2, 3), SimpleNamespace(delta=0.1, epsilon=0.5)
    logs = np.log(3 * 2 * 2 * 3 / 0.1) + 2
    c_1 = 5587 * np.exp(6) * np.log(np.exp(18) * logs * 27 * 4 / 0.5) ** 2
    expected = 27 * 4 / 0.25 * logs * c_1 + 1
    assert theorem("rf-express/sample-complexity").bound(instance, params, np.array([1.0, 9.0])) == pytest.approx(
        [expected, expected], rel=1e-12
    )
    assert theorem("rf-express/correct").bound(instance, params, np.array([1.0]))[0] == 0.5


def test_unconfirmed_statements_are_marked():
    unconfirmed = {item.id for item in THEOREMS if not item.confirmed}
    assert {"moss/minimax-2010", "ucbvi-ch/regret", "exp3-ix/neu", "rf-express/sample-complexity"} <= unconfirmed
    assert not unconfirmed & {"ucb1/regret", "kl-ucb/regret", "exp3-ix/regret", "ucbvi-bf/regret", "tsallis-inf/rv"}


def test_theorems_of_fixed_laws_refuse_arms_that_change():
    from bandits.algorithms.moss import MOSS
    from bandits.algorithms.ucb1 import UCB1
    from bandits.instances.nonstationary import piecewise

    changing = piecewise([1, 50], [[0.2, 0.8], [0.8, 0.2]])
    for name, params in (("ucb1/regret", UCB1()), ("moss/minimax", MOSS())):
        with pytest.raises(HypothesisViolated, match="they change over the rounds"):
            theorem(name).require(changing, params, 100)


def test_moss_theorems_are_about_one_width_each():
    from bandits.algorithms.moss import MOSS
    from bandits.instances.bernoulli import BernoulliBandit

    with pytest.raises(HypothesisViolated, match=r"sigma is 0\.5"):
        theorem("moss/minimax").require(BernoulliBandit([0.2, 0.8]), MOSS(1.0), 100)
