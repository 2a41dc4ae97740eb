"""The public strategies: valid instances on which exact identities hold, small shrunk examples, refused limits."""

from __future__ import annotations

import hypothesis
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bandits.algorithms.ucb1 import UCB1
from bandits.linear import LinearBandit
from kernels.engine import simulate
from mdps import exact
from mdps.latent import LatentMDP
from mdps.linear import LinearMDP
from mdps.loops import Episodes
from mdps.model import MDP
from mdps.planning import finite_horizon
from regretlab import strategies
from theory.errors import InvalidInput

#: Fixed examples: a failure here is a failure everywhere.
settings = hypothesis.settings(deadline=None, database=None, derandomize=True, max_examples=60)


def find(strategy, condition):
    return hypothesis.find(strategy, condition, settings=hypothesis.settings(settings, max_examples=1000))


@settings
@given(strategies.bernoulli_bandits(min_arms=3, max_arms=4))
def test_bernoulli_bandits(bandit):
    assert 3 <= bandit.n_arms <= 4 and (bandit.means >= 0.0).all() and (bandit.means <= 1.0).all()
    assert (bandit.gaps >= 0.0).all() and bandit.gaps.min() == 0.0
    assert simulate(UCB1(), bandit, 50, 1).regret[0, -1] <= bandit.trivial_regret(np.array([50.0]))[0] + 1e-9


@settings
@given(strategies.gaussian_bandits(max_arms=3, max_mean=2.0, sd=0.5))
def test_gaussian_bandits(bandit):
    assert 2 <= bandit.n_arms <= 3 and np.abs(bandit.means).max() <= 2.0 and bandit.sd == 0.5
    assert (bandit.gaps >= 0.0).all() and bandit.gaps.min() == 0.0


@settings
@given(st.sampled_from(["gaussian", "uniform", "bernoulli"]).flatmap(lambda n: strategies.linear_bandits(noise=n)))
def test_linear_bandits(bandit):
    assert isinstance(bandit, LinearBandit)
    assert bandit.feature_bound <= 1.0 + 1e-12 and np.abs(bandit.means).max() <= 1.0 + 1e-12
    assert bandit.noise == "bernoulli" or bandit.parameter_bound <= 1.0 + 1e-12
    assert 1 <= bandit.n_contexts <= 2 and 2 <= bandit.n_actions <= 4 and 1 <= bandit.dimension <= 3
    assert (bandit.gaps >= 0.0).all() and (bandit.gaps.min(axis=1) == 0.0).all()


@settings
@given(st.booleans().flatmap(lambda b: strategies.tabular_mdps(stage_dependent=b)), st.data())
def test_occupancies_of_tabular_mdps(mdp, data):
    assert isinstance(mdp, MDP) and mdp.n_states <= 3 and mdp.n_actions <= 2 and mdp.horizon <= 3
    actions = st.integers(0, mdp.n_actions - 1)
    rows = st.lists(actions, min_size=mdp.n_states, max_size=mdp.n_states)
    policy = np.array(data.draw(st.lists(rows, min_size=mdp.horizon, max_size=mdp.horizon)))
    occupancies = finite_horizon.occupancies(mdp, policy)
    np.testing.assert_allclose(occupancies.reshape(mdp.horizon, -1).sum(axis=1), 1.0, atol=1e-12)
    # The value of the policy is its occupancy against the rewards, and never beats the optimum.
    _, rewards = mdp.dense()
    value = float(mdp.initial @ finite_horizon.evaluate_policy(mdp, policy)[0])
    assert (occupancies * rewards).sum() == pytest.approx(value, abs=1e-12)
    best, _, _ = finite_horizon.backward_induction(mdp)
    assert value <= mdp.initial @ best[0] + 1e-12
    assert (exact.gaps(mdp) >= 0.0).all() and (exact.gaps(mdp).min(axis=2) == 0.0).all()


@settings
@given(strategies.linear_mdps(), st.lists(strategies.fractions(), min_size=3, max_size=3))
def test_linear_mdps_are_linear(model, values):
    assert isinstance(model, LinearMDP)
    assert model.linearity_residual(values[: model.n_states]) <= 1e-12
    assert Episodes(model.tabular(), model.features).dimension == model.dimension <= 3


@settings
@given(strategies.latent_mdps())
def test_values_of_latent_mdps(model):
    assert isinstance(model, LatentMDP) and model.n_contexts <= 2 and (model.weights > 0.0).all()
    assert model.least_value <= model.optimal_value + 1e-12
    # Whoever is told the context does at least as well; nobody beats the best trajectory.
    assert model.optimal_value <= model.informed_value + 1e-12 <= model.largest_return + 2e-12


@settings
@given(strategies.loss_sequences(max_arms=3, max_pieces=4, repeat=5))
def test_loss_sequences(sequence):
    assert sequence.n_rounds in (5, 10, 15, 20) and 2 <= sequence.n_arms <= 3
    assert (sequence.table.reshape(-1, 5, sequence.n_arms) == sequence.table[::5, None]).all()
    horizon = sequence.n_rounds
    assert sequence.least_regret(horizon) <= 0.0 <= sequence.trivial_regret(horizon)


def test_examples_shrink_to_the_smallest():
    bandit = find(strategies.bernoulli_bandits(max_arms=9), lambda b: b.gaps.max() > 0.0)
    assert bandit.means.tolist() == [0.0, 1.0]
    assert find(strategies.gaussian_bandits(max_mean=4.0), lambda b: b.gaps.max() > 0.0).means.tolist() == [0.0, 4.0]
    linear = find(strategies.linear_bandits(max_actions=2), lambda b: b.max_gap > 0.0)
    assert linear.features.tolist() == [[[0.0], [1.0]]] and linear.theta.tolist() == [1.0]
    small = strategies.tabular_mdps(max_states=2, max_horizon=2)
    mdp = find(small, lambda m: (exact.gaps(m) > 0.0).any())
    assert (mdp.n_states, mdp.n_actions, mdp.horizon) == (1, 2, 1) and mdp.rewards.tolist() == [0.0, 1.0]
    spread = find(small, lambda m: (m.probabilities < 1.0).any())
    assert (spread.n_states, spread.n_actions, spread.horizon) == (2, 1, 1) and (spread.rewards == 0.0).all()
    assert set(spread.probabilities) == {1.0, 0.5}
    features = find(strategies.linear_mdps(max_states=2, max_dimension=2, max_horizon=1), lambda m: m.dimension == 2)
    assert (features.n_states, features.n_actions, features.horizon) == (1, 1, 1)
    latent = find(
        strategies.latent_mdps(max_states=1, max_horizon=1), lambda m: m.informed_value > m.optimal_value + 0.01
    )
    assert latent.weights.tolist() == [0.5, 0.5] and latent.n_actions == 2 and set(latent.rewards.flat) == {0.0, 1.0}
    losses = find(strategies.loss_sequences(), lambda s: s.least_regret(s.n_rounds) < 0.0)
    assert losses.table.tolist() in ([[0.0, 1.0], [1.0, 0.0]], [[1.0, 0.0], [0.0, 1.0]])


@pytest.mark.parametrize(
    ("strategy", "condition", "shown"),
    [
        (strategies.bernoulli_bandits(), lambda b: b.gaps.max() == 0.0, "BernoulliBandit(means=[0.0, 1.0])"),
        (strategies.loss_sequences(repeat=2), lambda s: s.n_rounds < 4, "repeated_losses([[0.0, 0.0], [0.0, 0.0]], 2)"),
    ],
    ids=["bernoulli", "losses"],
)
def test_a_failing_example_is_shown_as_the_call_that_builds_it(strategy, condition, shown):
    assert shown in failing_example(strategy, condition, settings)


@pytest.mark.parametrize(
    ("strategy", "condition", "shown"),
    [
        (strategies.linear_bandits(), lambda b: b.max_gap == 0.0, "LinearBandit.contextual("),
        (strategies.tabular_mdps(), lambda m: m.n_states < 2, "MDP.from_dense("),
        (strategies.tabular_mdps().map(Episodes), lambda m: m.n_states < 2, "Episodes("),
        (strategies.linear_mdps(), lambda m: m.n_states < 2, "LinearMDP("),
        (strategies.latent_mdps(), lambda m: m.n_contexts < 2, "LatentMDP("),
    ],
    ids=["linear bandit", "tabular", "episodes", "linear MDP", "latent"],
)
def test_larger_instances_are_shown_as_calls_too(strategy, condition, shown):
    unshrunk = hypothesis.settings(settings, phases=[hypothesis.Phase.generate])
    assert shown in failing_example(strategy, condition, unshrunk)


def failing_example(strategy, condition, options) -> str:
    """What Hypothesis prints of the example that breaks the condition."""

    @options
    @given(instance=strategy)
    def a_property(instance):
        assert condition(instance)

    with pytest.raises(AssertionError) as failure:
        a_property()
    return "\n".join(failure.value.__notes__)


@pytest.mark.parametrize(
    ("strategy", "arguments", "message"),
    [
        (strategies.bernoulli_bandits, {"min_arms": 3, "max_arms": 2}, "min_arms is 3 and max_arms is 2"),
        (strategies.bernoulli_bandits, {"min_arms": 0}, "min_arms is 0"),
        (strategies.gaussian_bandits, {"max_mean": -1.0}, "max_mean is -1.0"),
        (strategies.gaussian_bandits, {"sd": 0.0}, "sd is 0.0"),
        (strategies.linear_bandits, {"noise": "cauchy"}, "noise is 'cauchy'"),
        (strategies.linear_bandits, {"scale": -1.0}, "scale is -1.0"),
        (strategies.linear_bandits, {"max_contexts": 0}, "max_contexts is 0"),
        (strategies.tabular_mdps, {"max_states": 0}, "max_states is 0"),
        (strategies.tabular_mdps, {"reward_law": "beta"}, "reward_law is 'beta'"),
        (strategies.linear_mdps, {"max_dimension": 0}, "max_dimension is 0"),
        (strategies.latent_mdps, {"max_contexts": 0}, "max_contexts is 0"),
        (strategies.loss_sequences, {"min_pieces": 9}, "min_pieces is 9 and max_pieces is 8"),
        (strategies.loss_sequences, {"repeat": 0}, "repeat is 0"),
        (strategies.laws, {"size": 0}, "size is 0"),
    ],
)
def test_limits_out_of_order_are_refused_at_once(strategy, arguments, message):
    with pytest.raises(InvalidInput, match=message):
        strategy(**arguments)


@pytest.mark.parametrize("size", [1, 2, 3])
def test_laws_and_fractions(size):
    @settings
    @given(strategies.laws(size), strategies.fractions())
    def holds(law, number):
        assert len(law) == size and min(law) >= 0.0 and sum(law) == pytest.approx(1.0, abs=1e-15)
        assert 0.0 <= number <= 1.0 and any(abs(number * d - round(number * d)) < 1e-12 for d in range(1, 11))

    holds()
