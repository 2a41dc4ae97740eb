"""Linear and linear mixture models: exact by construction, refused otherwise, closed forms of the hard instances."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mdps.instances import (
    block_linear,
    kernel_mixture,
    one_hot_linear,
    perturbed_linear,
    random_mdp,
    river_swim,
    simplex_linear,
    zhou_gu_hard,
    zhou_gu_hard_linear,
)
from mdps.linear import LINEARITY_TOLERANCE, LinearMDP, LinearMixtureMDP, backup_approximation_error
from mdps.model import MDP
from tests.mdps.plain_planning import optimal_value, same_model, value_of
from theory.errors import InvalidInput

_SMALL = st.integers(1, 5)
_LINEAR = st.one_of(
    st.builds(
        simplex_linear, _SMALL, _SMALL, _SMALL, _SMALL, st.floats(0.05, 10), st.integers(0, 1), seed=st.integers(0, 99)
    ),
    st.builds(block_linear, _SMALL, _SMALL, _SMALL, _SMALL, seed=st.integers(0, 99)),
    st.builds(
        lambda *sizes, seed: one_hot_linear(random_mdp(*sizes, seed=seed, stage_dependent=bool(seed % 2))),
        _SMALL,
        _SMALL,
        _SMALL,
        seed=st.integers(0, 99),
    ),
    st.builds(zhou_gu_hard_linear, st.integers(2, 4), st.integers(2, 5), st.integers(50, 500), st.integers(0, 99)),
)


@given(_LINEAR, st.integers(0, 99))
@settings(deadline=None, max_examples=50)
def test_linear_models_satisfy_their_definition(model: LinearMDP, seed: int) -> None:
    d = model.dimension
    assert np.linalg.norm(model.features, axis=2).max() <= 1 + 1e-12
    assert np.linalg.norm(model.measures.sum(axis=2), axis=1).max() <= d**0.5 + 1e-12
    assert np.linalg.norm(model.reward_vectors, axis=1).max() <= d**0.5 + 1e-12
    values = np.random.default_rng(seed).normal(size=model.n_states)
    assert model.linearity_residual(values) < LINEARITY_TOLERANCE
    p, r = model.tabular().dense()
    assert p.shape == (model.horizon, model.n_states, model.n_actions, model.n_states)
    weights = model.backup_weights(0, values)
    assert np.abs(r[0] + p[0] @ values - model.features @ weights).max() < LINEARITY_TOLERANCE


@given(_LINEAR)
@settings(deadline=None, max_examples=20)
def test_the_linear_form_is_found_again_from_the_tabular_one(model: LinearMDP) -> None:
    mdp = model.tabular()
    one_hot = one_hot_linear(mdp)
    again = LinearMDP.from_tabular(one_hot.features, mdp)
    assert np.abs(again.measures - one_hot.measures).max() < 1e-12
    assert optimal_value(again.tabular()) == pytest.approx(optimal_value(mdp), abs=1e-10)


def test_one_hot_features_keep_the_model_bit_for_bit() -> None:
    mdp = random_mdp(4, 3, horizon=3, seed=1, stage_dependent=True)
    assert same_model(one_hot_linear(mdp).tabular(), mdp)
    assert optimal_value(one_hot_linear(river_swim(5, horizon=7)).tabular()) == optimal_value(river_swim(5, horizon=7))


def test_anchors_make_the_features_span() -> None:
    model = simplex_linear(6, 3, 5, 2, concentration=50.0, n_anchors=5, seed=3)
    flat = model.features.reshape(-1, 5)
    assert all((flat == e).all(axis=1).any() for e in np.eye(5))
    with pytest.raises(InvalidInput, match=r"n_anchors is 6; expected 0\.\.5"):
        simplex_linear(6, 3, 5, 2, n_anchors=6)


def test_one_constant_feature_leaves_nothing_to_choose() -> None:
    mdp = simplex_linear(5, 3, 1, 4, seed=2).tabular()
    assert optimal_value(mdp) == pytest.approx(value_of(mdp, np.array(1 / 3)), abs=1e-12)


# ------------------------------------------------------------------------------------ refusals
def _low_rank_kernel(seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """A random rank-3 kernel with negative entries, rows summing to one, and its features."""
    rng = np.random.default_rng(seed)
    features = rng.dirichlet(np.ones(3), size=(6, 2))
    measures = rng.normal(size=(3, 6))
    measures += (1 - measures.sum(axis=1, keepdims=True)) / 6
    return features, measures


def test_clipped_and_normalised_matrices_are_refused() -> None:
    features, measures = _low_rank_kernel()
    kernel = np.maximum(features @ measures, 0.0)
    kernel /= kernel.sum(axis=-1, keepdims=True)
    mdp = MDP.from_dense(kernel, np.zeros((6, 2)), horizon=4)
    with pytest.raises(
        InvalidInput,
        match=r"not linear in these features: the best fit at stage 0, state \d, action \d is off by 0\.\d+",
    ):
        LinearMDP.from_tabular(features, mdp)


def test_low_rank_matrices_with_negative_entries_are_refused() -> None:
    features, measures = _low_rank_kernel()
    with pytest.raises(
        InvalidInput, match=r"stage 0, state \d, action \d -> state \d is -.*clipping .* break linearity"
    ):
        LinearMDP(features, np.stack([measures]), np.zeros((1, 3)))


_BASE = simplex_linear(4, 2, 3, 2, seed=1)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"features": _BASE.features * 2}, r"feature phi\(s, a\) at index \(\d, \d\) has norm \S+; expected at most 1"),
        ({"features": _BASE.features[..., :2]}, r"measures have shape \(2, 3, 4\); expected \(2, 2, 4\)"),
        ({"measures": _BASE.measures * 0.9}, r"stage 0, state 0, action 0 sums to 0.9; expected 1 within 1e-12"),
        (
            {"measures": _BASE.measures * 1.1},
            r"total measure m_h\(S\) at index \(0,\) has norm .*expected at most sqrt\(d\)",
        ),
        ({"reward_vectors": np.full((2, 3), 1.0 + 1e-9)}, r"reward vector theta_h at index \(0,\) has norm"),
        (
            {"reward_vectors": np.full((2, 3), -0.5)},
            r"reward of stage 0, state 0, action 0 is -0.5; expected .*\[0, 1\]",
        ),
        (
            {"reward_vectors": np.full((2, 3), np.nan)},
            r"reward_vectors at index \(0, 0\) is nan; expected a finite number",
        ),
        ({"features": np.zeros((4, 0, 3))}, r"features have shape \(4, 0, 3\); expected .* no axis empty"),
        ({"initial": 4}, r"initial state is 4; expected an index in 0\.\.3"),
    ],
)
def test_malformed_linear_models_are_refused(changes: dict[str, object], message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        dataclasses.replace(_BASE, **changes)


def test_linear_models_need_a_horizon() -> None:
    for build in (one_hot_linear, lambda mdp: LinearMDP.from_tabular(np.ones((6, 2, 1)), mdp)):
        with pytest.raises(InvalidInput, match="river-swim-6 has the average criterion; a linear MDP needs a horizon"):
            build(river_swim(6))


def test_the_control_breaks_linearity_by_as_much_as_it_says() -> None:
    model = simplex_linear(8, 4, 3, 2, concentration=5.0, seed=0)
    base, values = model.tabular(), np.arange(8.0)
    assert backup_approximation_error(model.features, base, 0, values) < 1e-9
    p, _ = base.dense()
    for epsilon in (0.01, 0.1):
        control = perturbed_linear(model, epsilon, seed=1)
        q, _ = control.dense()
        variation = 0.5 * np.abs(p - q).sum(axis=-1)
        assert 0 < variation.max() <= epsilon + 1e-12 and control.meta["misspecification"] == epsilon
        error = backup_approximation_error(model.features, control, 0, values)
        assert 0.1 * epsilon < error <= epsilon * np.ptp(values) / 2 + 1e-9
        with pytest.raises(InvalidInput, match="not linear in these features"):
            LinearMDP.from_tabular(model.features, control)


# ------------------------------------------------------------------------------------ mixtures
@given(_SMALL, _SMALL, _SMALL, _SMALL, st.integers(0, 99))
@settings(deadline=None, max_examples=25)
def test_kernel_mixtures_satisfy_their_definition(s: int, a: int, d: int, h: int, seed: int) -> None:
    model = kernel_mixture(s, a, d, h, seed)
    assert model.feature_bound <= 1 + 1e-12 and model.parameter_bound <= d**0.5 + 1e-12
    values = np.random.default_rng(seed).random(s)
    p, _ = model.tabular().dense()
    psi = model.integrated_features(values)
    assert np.linalg.norm(psi, axis=-1).max() <= model.feature_bound + 1e-12
    assert np.abs(p @ values - np.einsum("sad,hd->hsa", psi, model.parameters)).max() < LINEARITY_TOLERANCE


@pytest.mark.parametrize("seed", [0, 1, 7])
@pytest.mark.parametrize("twin", [zhou_gu_hard, zhou_gu_hard_linear])
def test_zhou_gu_values(twin: object, seed: int) -> None:
    """d = 4, H = 4, K = 200: the best, the uncorrelated and the worst policy."""
    model = twin(4, 4, 200, seed)
    mdp = model.tabular()
    best = np.eye(8)[model.meta["optimal_actions"]][:, None]
    worst = best[..., ::-1]  # every sign turned: action a becomes 7 - a
    assert optimal_value(mdp) == pytest.approx(1.343005, abs=1e-6)
    assert value_of(mdp, best) == pytest.approx(1.343005, abs=1e-6)
    assert value_of(mdp, np.array(1 / 8)) == pytest.approx(1.265625, abs=1e-12)
    assert value_of(mdp, worst) == pytest.approx(1.185960, abs=1e-6)


@pytest.mark.parametrize(("d", "horizon", "n_episodes"), [(2, 3, 50), (4, 4, 200), (6, 5, 1000)])
def test_zhou_gu_norms_and_closed_form(d: int, horizon: int, n_episodes: int) -> None:
    model = zhou_gu_hard(d, horizon, n_episodes)
    gap = (1 / horizon / n_episodes) ** 0.5 / (4 * 2**0.5)
    assert np.linalg.norm(model.parameters, axis=1) == pytest.approx(np.full(horizon, 1 + gap * (d - 1)), abs=1e-14)
    assert model.feature_bound <= 1 + 1e-12
    p = 1 / horizon + (d - 1) * gap
    closed = sum((1 - p) ** (h - 1) * p * (horizon - h) for h in range(1, horizon + 1))
    assert optimal_value(model.tabular()) == pytest.approx(closed, abs=1e-12)
    twin = zhou_gu_hard_linear(d, horizon, n_episodes)
    assert twin.dimension == d + 1
    assert optimal_value(twin.tabular()) == pytest.approx(closed, abs=1e-12)


def test_zhou_gu_refuses_probabilities_below_zero() -> None:
    with pytest.raises(InvalidInput, match=r"n_episodes is 2; expected at least \(d - 1\)\^2 H / 32 = 3.125"):
        zhou_gu_hard(6, 4, 2)
    zhou_gu_hard(6, 4, 4)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"parameters": -np.ones((5, 4)) / 2}, r"stage 0, state 0, action 0 -> state 0 is -"),
        ({"rewards": np.zeros((5, 10, 2))}, r"rewards have shape \(5, 10, 2\); expected \(5, 10, 3\)"),
        ({"rewards": np.full((5, 10, 3), 1.5)}, r"reward of stage 0, state 0, action 0 is 1.5; expected .*\[0, 1\]"),
        ({"features": np.zeros((10, 3, 9, 4))}, r"features have shape \(10, 3, 9, 4\); expected \(10, 3, 10, 4\)"),
    ],
)
def test_malformed_mixtures_are_refused(changes: dict[str, object], message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        LinearMixtureMDP(**{**_fields(kernel_mixture()), **changes})


def _fields(model: LinearMixtureMDP) -> dict[str, object]:
    return {f.name: getattr(model, f.name) for f in dataclasses.fields(model)}
