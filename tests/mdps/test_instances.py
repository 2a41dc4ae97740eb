"""Instance families: closed forms of their sources, invariances, names, bad arguments, the model's own checks."""

from __future__ import annotations

import dataclasses
import itertools
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mdps.instances import (
    chain,
    combination_lock,
    deep_sea,
    domingues_hard,
    garnet,
    grid_world,
    instance_families,
    jao_composite,
    jao_two_state,
    named_instance,
    random_mdp,
    river_swim,
)
from mdps.model import MDP
from tests.mdps.plain_planning import diameter, gain_of, optimal_value, same_model, value_of
from theory.errors import InvalidInput, UnknownName


# ------------------------------------------------------------------------------------ closed forms
def test_river_swim_rows_and_rewards() -> None:
    p, r = river_swim(6).dense()
    assert p[0, 1].tolist() == [0.4, 0.6, 0, 0, 0, 0]
    assert p[3, 1].tolist() == [0, 0, 0.05, 0.6, 0.35, 0]
    assert p[5, 1].tolist() == [0, 0, 0, 0, 0.4, 0.6]
    assert [int(p[s, 0].argmax()) for s in range(6)] == [0, 0, 1, 2, 3, 4]
    assert (p[:, 0].max(axis=1) == 1.0).all()
    assert r[0, 0] == 0.005 and r[5, 1] == 1.0 and r.sum() == 1.005


@pytest.mark.parametrize(("horizon", "value"), [(10, 0.352384), (20, 3.397264), (50, 16.072108)])
def test_river_swim_optimal_values(horizon: int, value: float) -> None:
    assert optimal_value(river_swim(6, horizon=horizon)) == pytest.approx(value, abs=1e-6)


def test_river_swim_gain_and_diameter() -> None:
    mdp = river_swim(6)
    gains = [gain_of(mdp, np.array(policy)) for policy in itertools.product((0, 1), repeat=6)]
    assert max(gains) == pytest.approx(0.4286224339, abs=1e-9)
    assert diameter(mdp) == pytest.approx(14.722338, abs=1e-6)


@pytest.mark.parametrize(("delta", "epsilon"), [(0.1, 0.05), (0.25, 0.25), (0.5, 0.0), (0.01, 0.002)])
def test_jao_two_state_gain_and_diameter(delta: float, epsilon: float) -> None:
    mdp = jao_two_state(delta, epsilon, n_actions=3, good_action=2)
    assert gain_of(mdp, np.array([2, 0])) == pytest.approx((delta + epsilon) / (2 * delta + epsilon), abs=1e-12)
    assert gain_of(mdp, np.array([0, 0])) == pytest.approx(0.5, abs=1e-12)
    assert diameter(mdp) == pytest.approx(1.0 / delta, rel=1e-7)


@pytest.mark.parametrize(
    ("n_states", "n_actions", "target"), [(10, 10, 40.0), (9, 5, 24.0), (2, 3, 8.0), (13, 6, 30.0)]
)
def test_jao_composite_respects_its_diameter(n_states: int, n_actions: int, target: float) -> None:
    mdp = jao_composite(n_states, n_actions, target, n_steps=1_000_000)
    assert mdp.n_states <= n_states and mdp.n_actions <= n_actions
    # 1/delta = D/4 is spent within each copy, so the diameter is of the order asked for, too.
    lower = target / 4 if mdp.n_states == 2 else target / 2
    assert 0.99 * lower <= diameter(mdp) <= target


def test_jao_composite_has_one_better_action() -> None:
    """Staying in the good copy with its good action has gain (delta+eps)/(2 delta+eps); any other copy has 1/2."""
    mdp = jao_composite(6, 5, 40.0, n_steps=1000, epsilon=0.05, good_copy=1, good_action=1)
    p, r = mdp.dense()
    up = [[p[2 * c, a, 2 * c + 1] for a in range(2)] for c in range(3)]
    assert up == [[0.1, 0.1], [0.1, pytest.approx(0.15)], [0.1, 0.1]]
    assert r.sum() == 3 * 2 and (r[1::2, :2] == 1.0).all()
    moves = p[::2, 2:, ::2].argmax(axis=2)  # of the s0 states: two children, then the parent; or stay
    assert moves.tolist() == [[1, 2, 0], [1, 1, 0], [2, 2, 0]]
    assert (p[1::2, 2:].max(axis=2) == 1).all() and (p[1::2, 2:, 1::2].argmax(axis=2) == [[0], [1], [2]]).all()


def test_jao_composite_refuses_a_tree_too_deep_for_its_diameter() -> None:
    with pytest.raises(InvalidInput, match=r"1-ary tree of depth 9 need .* = 28; expected a diameter of at least 36"):
        jao_composite(20, 3, 20.0)


_DOMINGUES = [(2, 1, 6), (2, 2, 7), (3, 2, 9), (2, 3, 11)]


@pytest.mark.parametrize(("n_actions", "n_levels", "horizon"), _DOMINGUES)
def test_domingues_value_for_every_rewarded_stage(n_actions: int, n_levels: int, horizon: int) -> None:
    waiting = horizon // 3
    for stage in range(n_levels, waiting + n_levels):
        for leaf in range(n_actions ** (n_levels - 1)):
            mdp = domingues_hard(n_actions, n_levels, horizon, 0.2, leaf, stage, action=n_actions - 1)
            assert mdp.n_states == 3 + (n_actions**n_levels - 1) // (n_actions - 1)
            assert optimal_value(mdp) == pytest.approx((horizon - waiting - n_levels) * 0.7, abs=1e-12)


@pytest.mark.parametrize(("n_actions", "n_levels", "horizon"), _DOMINGUES)
def test_domingues_without_bonus_every_policy_has_the_same_value(n_actions: int, n_levels: int, horizon: int) -> None:
    mdp = domingues_hard(n_actions, n_levels, horizon, epsilon=0.0)
    half = (horizon - horizon // 3 - n_levels) / 2
    flipped = dataclasses.replace(mdp, rewards=1.0 - mdp.rewards)  # its optimum is the first one's worst policy
    assert optimal_value(mdp) == pytest.approx(half, abs=1e-12)
    assert horizon - optimal_value(flipped) == pytest.approx(half, abs=1e-12)


@pytest.mark.parametrize("stage", [1, 5])
def test_domingues_refuses_a_stage_in_which_no_leaf_is_reached(stage: int) -> None:
    with pytest.raises(InvalidInput, match=rf"stage is {stage}; .*stages 2\.\.4"):
        domingues_hard(2, 2, 9, stage=stage)


@pytest.mark.parametrize("size", [2, 5, 12])
def test_deep_sea_values(size: int) -> None:
    mdp = deep_sea(size, move_cost=0.01)
    assert mdp.n_states == size * (size + 1) // 2
    assert optimal_value(mdp) == pytest.approx(1.0, abs=1e-12)
    # Uniform play: half the steps go left, and one sequence in 2**size finds the treasure.
    assert value_of(mdp, np.array(0.5)) == pytest.approx(0.005 + 2.0**-size, abs=1e-12)


def test_deep_sea_with_slip_pays_only_for_an_unbroken_dive() -> None:
    mdp = deep_sea(4, move_cost=0.0, slip=0.25)
    assert optimal_value(mdp) == pytest.approx(0.75**3, abs=1e-12)  # the last move is paid when it is tried


@pytest.mark.parametrize("horizon", [1, 3, 5])
def test_combination_lock_values(horizon: int) -> None:
    mdp = combination_lock(horizon, n_actions=3, block_size=2, decoy=0.0, seed=4)
    assert optimal_value(mdp) == pytest.approx(1.0, abs=1e-12)
    assert value_of(mdp, np.array(1 / 3)) == pytest.approx(3.0**-horizon, abs=1e-12)


def test_combination_lock_is_a_block_mdp() -> None:
    """Observations of one latent state have the same rows; each observation comes from one latent state only."""
    mdp = combination_lock(3, n_actions=4, block_size=3, seed=1)
    p, r = mdp.dense()
    latent = np.array(mdp.meta["latent"])
    for z in range(9):
        rows = np.nonzero(latent == z)[0]
        assert (p[rows] == p[rows[0]]).all() and (r[rows] == r[rows[0]]).all()
    reached = p[latent < 6].sum(axis=(0, 1)) > 0  # from the first two stages only
    assert reached[latent >= 3].all()
    # However a latent state is reached, at first or later, it emits by the same law.
    rows = np.vstack([p.reshape(-1, mdp.n_states), mdp.initial])
    for z in (0, 1, *range(3, 9)):  # nothing leads to the bad state of the first stage
        laws = rows[:, latent == z]
        laws = laws[laws.sum(axis=1) > 0]
        assert np.ptp(laws / laws.sum(axis=1, keepdims=True), axis=0).max() < 1e-12
    code = mdp.meta["code"][2][1]
    assert r[latent == 7, code].tolist() == [1.0] * 3


def test_chain_with_no_slip_is_a_race() -> None:
    mdp = chain(4, slip=0.0, small_reward=0.1, horizon=6)
    assert optimal_value(mdp) == pytest.approx(3.0)  # three moves, then 1 a step
    assert value_of(mdp, np.array([1.0, 0.0])) == pytest.approx(0.6)


def test_grid_world_slips_to_the_sides_and_ends_in_goals() -> None:
    mdp = grid_world("S.G\n.#H", slip=0.2, horizon=3)
    p, r = mdp.dense()
    names = dict(zip(mdp.labels, range(mdp.n_states)))
    start, middle, goal, hole = names["0,0"], names["0,1"], names["0,2"], names["1,2"]
    assert mdp.n_states == 5
    assert p[start, 1, middle] == pytest.approx(0.8) and p[start, 1, names["1,0"]] == pytest.approx(0.1)
    assert p[start, 1, start] == pytest.approx(0.1)  # against the border above
    assert r[middle, 1] == pytest.approx(0.8) and r[middle, 0] == pytest.approx(0.1)
    assert p[middle, 0].tolist() == pytest.approx([0.1, 0.8, 0.1, 0.0, 0.0])  # up: border; right: goal; left: start
    assert (p[goal, :, goal] == 1).all() and (p[hole, :, hole] == 1).all() and (r[[goal, hole]] == 0).all()
    assert optimal_value(grid_world("S.G/.#H", horizon=3)) == 1.0
    assert grid_world("S.S/.HG").initial.tolist() == [0.5, 0.0, 0.5, 0.0, 0.0, 0.0]


@pytest.mark.parametrize(
    ("layout", "message"),
    [
        ("S.G\n.G", r"layout row 1 has 2 cells; expected 3"),
        ("S.x", r"layout row 0, column 2 is 'x'; expected one of"),
        ("..G", r"no start; expected at least one cell S"),
    ],
)
def test_grid_world_refuses_bad_drawings(layout: str, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        grid_world(layout)


# ------------------------------------------------------------------------------------ random models
def test_garnet_rows_have_distinct_sorted_successors() -> None:
    mdp = garnet(30, 4, 7, horizon=3, seed=2, stage_dependent=True)
    rows = mdp.successors.reshape(-1, 7)
    assert len(rows) == 3 * 30 * 4 and (np.diff(rows, axis=1) > 0).all()
    assert (garnet(7, 2, 7).successors.reshape(-1, 7) == np.arange(7)).all()


def test_garnet_subsets_are_uniform() -> None:
    """All 10 pairs out of 5 states appear equally often: a chi-square test at level 1e-6 with a fixed seed."""
    rows = garnet(5, 20_000, 2, seed=0).successors.reshape(-1, 2)
    counts = np.unique(rows[:, 0] * 5 + rows[:, 1], return_counts=True)[1]
    assert len(counts) == 10
    expected = len(rows) / 10
    assert ((counts - expected) ** 2 / expected).sum() < 45.1  # quantile 1 - 1e-6 of chi-square with 9 degrees


def test_garnet_never_builds_a_dense_kernel() -> None:
    tracemalloc.start()
    mdp = garnet(20_000, 5, 4, discount=0.9)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    size = sum(a.nbytes for a in (mdp.indptr, mdp.successors, mdp.probabilities, mdp.rewards, mdp.initial))
    assert peak < 4 * size < mdp.n_states**2 * 8


@pytest.mark.parametrize("family", [random_mdp, lambda *a, **k: garnet(*a, 3, **k)])
def test_random_models_are_functions_of_their_seed(family: object) -> None:
    assert same_model(family(5, 2, seed=3), family(5, 2, seed=3))
    assert not same_model(family(5, 2, seed=3), family(5, 2, seed=4))


def test_stages_of_a_stage_dependent_model_differ() -> None:
    p, r = random_mdp(4, 2, horizon=3, stage_dependent=True).dense()
    assert p.shape == (3, 4, 2, 4) and not np.allclose(p[0], p[1]) and not np.allclose(r[1], r[2])
    with pytest.raises(InvalidInput, match="stage_dependent is True but horizon is None"):
        random_mdp(4, 2, stage_dependent=True)


# ------------------------------------------------------------------------------------ properties
_TABULAR = st.one_of(
    st.builds(river_swim, st.integers(2, 7), horizon=st.integers(1, 6)),
    st.builds(chain, st.integers(2, 6), st.floats(0, 1), st.floats(0, 1), horizon=st.integers(1, 5)),
    st.builds(deep_sea, st.integers(2, 6), st.floats(0, 1), st.floats(0, 1)),
    st.builds(
        combination_lock, st.integers(1, 4), st.integers(2, 4), st.integers(1, 3), st.floats(0, 1), st.integers(0, 99)
    ),
    st.builds(
        random_mdp,
        st.integers(1, 5),
        st.integers(1, 4),
        horizon=st.integers(1, 4),
        seed=st.integers(0, 99),
        concentration=st.floats(0.05, 5),
        stage_dependent=st.booleans(),
    ),
    st.builds(jao_two_state, st.floats(0.01, 0.5), st.floats(0, 0.5), horizon=st.integers(1, 5)),
    st.builds(domingues_hard, st.integers(2, 3), st.integers(1, 2), st.integers(6, 9), st.floats(0, 0.5)),
    st.builds(grid_world, st.sampled_from(["S.G", "S./HG", "S#./.SG/..H"]), st.floats(0, 1), horizon=st.integers(1, 5)),
)


@given(_TABULAR)
@settings(deadline=None, max_examples=60)
def test_every_instance_is_a_model(mdp: MDP) -> None:
    p, r = mdp.dense()
    assert (p >= 0).all() and np.abs(p.sum(axis=-1) - 1).max() <= 1e-9
    assert r.min() >= mdp.reward_range[0] and r.max() <= mdp.reward_range[1]
    assert mdp.criterion == "episodic" and 0 <= optimal_value(mdp) <= mdp.horizon + 1e-9
    assert not mdp.rewards.flags.writeable


@given(_TABULAR, st.randoms(use_true_random=False))
@settings(deadline=None, max_examples=40)
def test_relabelling_states_and_actions_keeps_the_value(mdp: MDP, random: object) -> None:
    p, r = mdp.dense()
    states, actions = list(range(mdp.n_states)), list(range(mdp.n_actions))
    random.shuffle(states), random.shuffle(actions)
    relabelled = MDP.from_dense(
        p[..., states, :, :][..., actions, :][..., states],
        r[..., states, :][..., actions],
        initial=mdp.initial[states],
        horizon=mdp.horizon,
    )
    assert optimal_value(relabelled) == pytest.approx(optimal_value(mdp), abs=1e-10)


@given(_TABULAR)
@settings(deadline=None, max_examples=30)
def test_running_sums_are_each_rows_own(mdp: MDP) -> None:
    arrays = mdp.arrays()
    for row in range(mdp.n_rows):
        entries = slice(mdp.indptr[row], mdp.indptr[row + 1])
        expected = np.cumsum(mdp.probabilities[entries])
        expected[-1] = 1.0
        assert arrays.cumulative[entries].tolist() == expected.tolist()


# ------------------------------------------------------------------------------------ names
def test_names_reach_every_family() -> None:
    for name, family in instance_families().items():
        assert name == family.__name__.replace("_", "-")
        assert isinstance(
            named_instance(f"{name}:4,2,2" if name == "garnet" else f"{name}:4,2" if name == "random-mdp" else name),
            MDP,
        )


@pytest.mark.parametrize(
    ("name", "direct"),
    [
        ("river-swim:6,horizon=20", river_swim(6, horizon=20)),
        ("river_swim: 6 , horizon = none, discount=.9", river_swim(6, discount=0.9)),
        ("random-mdp:5,3,4,seed=2,stage-dependent=true", random_mdp(5, 3, 4, seed=2, stage_dependent=True)),
        ("grid-world:S.G/..H,slip=0.1", grid_world("S.G\n..H", slip=0.1)),
        ("deep-sea", deep_sea()),
    ],
)
def test_named_instances(name: str, direct: MDP) -> None:
    mdp = named_instance(name)
    assert same_model(mdp, direct)
    assert (mdp.horizon, mdp.discount, mdp.stage_dependent) == (direct.horizon, direct.discount, direct.stage_dependent)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("river-swim:six", r"n_states is 'six'; expected an integer$"),
        ("river-swim:6,horizon=2.5", r"horizon is '2.5'; expected an integer or none"),
        ("river-swim:6,horzon=3", r"unknown argument 'horzon'; did you mean horizon\?"),
        ("river-swim:6,n_states=7", r"'n_states' is given twice"),
        ("river-swim:6,1,.9,8", r"value 4 \('8'\) has no argument left; expected river-swim:n_states=6"),
        ("garnet:10,2", r"argument 'n_successors' is missing; expected garnet:n_states"),
        ("random-mdp:3,2,stage_dependent=maybe", r"stage_dependent is 'maybe'; expected true or false"),
        ("river-swim:1", r"n_states is 1; expected an integer >= 2"),
    ],
)
def test_bad_names_say_what_is_wrong(name: str, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        named_instance(name)


def test_unknown_families_come_with_the_nearest() -> None:
    with pytest.raises(UnknownName, match="unknown instance 'rivr-swim'; did you mean river-swim"):
        named_instance("rivr-swim:6")


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: garnet(3, 2, 4), "n_successors is 4; expected at most n_states = 3"),
        (lambda: random_mdp(0, 2), "n_states is 0; expected an integer >= 1"),
        (lambda: random_mdp(2, 0), "n_actions is 0; expected an integer >= 1"),
        (lambda: random_mdp(2, 2, concentration=0.0), "concentration is 0.0; expected a finite number > 0"),
        (lambda: river_swim(6, horizon=0), "horizon is 0; expected an integer, at least 1"),
        (lambda: river_swim(6, discount=1.0), r"discount is 1.0; expected a number in \[0, 1\)"),
        (lambda: jao_two_state(0.7, 0.4), r"epsilon is 0.4; expected a number in \[0, 0.3\]"),
        (lambda: domingues_hard(2, 2, 5), "horizon is 5; expected an integer >= 6"),
        (lambda: domingues_hard(2, 2, 6, leaf=2), r"leaf is 2; expected an index in 0\.\.1"),
        (lambda: deep_sea(5, slip=float("nan")), r"slip is nan; expected a number in \[0, 1\]"),
        (lambda: combination_lock(3, n_actions=1), "n_actions is 1; expected an integer >= 2"),
    ],
)
def test_families_refuse_bad_arguments(build: object, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        build()


# ------------------------------------------------------------------------------------ the model's own checks
def _dense(**changes: object) -> dict[str, object]:
    return {"transitions": np.full((2, 3, 2), 0.5), "rewards": np.zeros((2, 3)), **changes}


def _changed(index: tuple[int, ...], value: float, shape: tuple[int, ...] = (2, 3, 2), base: float = 0.5) -> np.ndarray:
    array = np.full(shape, base)
    array[index] = value
    return array


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (_dense(transitions=_changed((1, 2, 0), 0.4)), r"row 5 \(state 1, action 2\) sums to 0.9; expected 1"),
        (
            _dense(transitions=np.array([[[0.5, 0.5]] * 3, [[1.5, -0.5]] * 3])),
            r"probability of state 1, action 0 -> state 1 is -0.5; expected a finite number >= 0",
        ),
        (
            _dense(transitions=_changed((0, 1, 1), np.nan)),
            r"probability at index \(0, 1, 1\) is nan; expected a finite",
        ),
        (_dense(transitions=np.full((2, 3, 3), 1 / 3)), r"transitions have shape \(2, 3, 3\); expected \(S, A, S\)"),
        (_dense(transitions=np.zeros((2, 0, 2)), rewards=np.zeros((2, 0))), r"at least one state and one action"),
        (_dense(rewards=np.zeros((3, 2))), r"rewards have shape \(3, 2\); expected \(2, 3\)"),
        (_dense(rewards=_changed((1, 0), np.inf, (2, 3))), r"reward of state 1, action 0 is inf; expected a finite"),
        (_dense(rewards=_changed((0, 2), 1.5, (2, 3))), r"reward of state 0, action 2 is 1.5; .* range \[0.0, 1.0\]"),
        (_dense(horizon=0), r"horizon is 0; expected an integer, at least 1"),
        (_dense(horizon=2.5), r"horizon is 2.5; expected an integer"),
        (_dense(discount=-0.1), r"discount is -0.1; expected a number in \[0, 1\)"),
        (_dense(initial=[0.5, 0.6]), r"initial sums to 1.1; expected 1"),
        (_dense(initial=2), r"initial state is 2; expected an index in 0\.\.1"),
        (_dense(reward_law="cauchy"), r"reward_law is 'cauchy'; expected one of deterministic, bernoulli, gaussian"),
    ],
)
def test_malformed_models_are_refused_with_place_and_value(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        MDP.from_dense(**arguments)


def test_malformed_rows_are_named_beyond_the_first_block(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows are validated in blocks; the message must name the row of the model, not of the block."""
    monkeypatch.setattr("mdps.model._ROWS_PER_BLOCK", 4)
    good = garnet(10, 3, 2)
    probabilities = good.probabilities.copy()
    probabilities[2 * 17] += 0.25
    with pytest.raises(InvalidInput, match=r"row 17 \(state 5, action 2\) sums to 1.25"):
        dataclasses.replace(good, probabilities=probabilities)
    successors = good.successors.copy()
    successors[2 * 11 + 1] = 10
    with pytest.raises(InvalidInput, match=r"successor of state 3, action 2 is 10; expected an index in 0\.\.9"):
        dataclasses.replace(good, successors=successors)
    assert same_model(good, garnet(10, 3, 2))


def test_a_successor_listed_twice_counts_twice() -> None:
    mdp = MDP.from_csr([0, 3, 4], [0, 1, 0, 1], [0.25, 0.5, 0.25, 1.0], [0.0, 0.0], n_states=2, n_actions=1)
    assert mdp.dense()[0][:, 0].tolist() == [[0.5, 0.5], [0.0, 1.0]]
