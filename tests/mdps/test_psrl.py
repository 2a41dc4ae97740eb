"""PSRL against its reference implementation, the law of its samples, Lemma 1 of its proof, and bad input."""

from __future__ import annotations

import numpy as np
import pytest

from kernels.engine import simulate
from mdps.algorithms import psrl as algorithm
from mdps.algorithms.psrl import PSRL, allocate
from mdps.instances.random import random_mdp
from mdps.loops import Episodes
from mdps.planning.finite_horizon import backward_induction, evaluate_policy
from mdps.priors import DirichletPrior
from proofs_check.claims.psrl import CLAIM
from tests.reference.episodes import from_dense
from tests.reference.normal import words
from tests.reference.psrl import psrl
from tests.reference.stacks import POLICY
from theory.errors import HypothesisViolated, InvalidInput


@pytest.mark.parametrize(
    "mdp", [random_mdp(3, 2, horizon=3, seed=5), random_mdp(2, 3, horizon=2, seed=8, stage_dependent=True)]
)
def test_decides_as_the_reference_on_shared_stacks(mdp):
    n_episodes = 60
    n = n_episodes * mdp.horizon
    found = simulate(PSRL(), Episodes(mdp), n_episodes, 6, seed=7, n_decisions=n).extra["decisions"]
    p, r = mdp.dense()
    for run in range(6):
        expected, _ = psrl(from_dense(p, r, mdp.horizon, 7, run), n_episodes, words(7, POLICY, run, 0))
        assert found[run].tolist() == expected
    assert len(np.unique(found)) > 1


def test_samples_have_the_moments_of_the_posterior():
    """Dirichlet(1 + N) and Beta(1 + R, 1 + N - R): means within five standard errors of the exact ones."""
    state = allocate(PSRL(), Episodes(random_mdp(3, 1, horizon=1)).problem(1))
    state.counts.transitions[0] = [4, 0, 1]
    state.counts.visits[0], state.counts.reward_sums[0] = 5, 2
    rng = np.array([123456789, 987654321, 0], np.uint64)
    draws = np.empty((20_000, 4))
    for i in range(len(draws)):
        algorithm.draw_row.py_func(PSRL(), state.counts, state.laws, state.means, 0, rng)
        draws[i] = *state.laws[0], state.means[0]
    shapes, total = np.array([5.0, 1.0, 2.0]), 8.0
    exact = np.append(shapes / total, 3 / 7)
    variance = np.append(shapes * (total - shapes) / (total**2 * (total + 1)), 3 * 4 / (7**2 * 8))
    assert (np.abs(draws.mean(axis=0) - exact) <= 5 * np.sqrt(variance / len(draws))).all()


def test_the_sampled_optimum_has_the_law_of_the_true_one():
    """Lemma 1: E V*(sampled) = E V*(true), before the first and after 11 episodes, over 400 models.

    The sampled optimum is read off the reference implementation's last sample, the true one off the drawn model.
    """
    prior = DirichletPrior(2, 2, 2)
    differences = np.empty((400, 2))
    for run in range(len(differences)):
        mdp = prior.draw(3, run).mdp
        truth = backward_induction(mdp)[0][0, 0]
        p, _ = mdp.dense()
        for i, n_episodes in enumerate((1, 12)):
            stacked = from_dense(p, mdp.dense()[1], 2, 3, run)
            bernoulli = _with_bernoulli_rewards(stacked)
            _, sampled = psrl(bernoulli, n_episodes, words(3, POLICY, run, 0))
            laws = np.array([[sampled[0, s, a][0] for a in range(2)] for s in range(2)])
            means = np.array([[sampled[0, s, a][1] for a in range(2)] for s in range(2)])
            value = (means + laws @ means.max(axis=1)).max(axis=1)
            differences[run, i] = value[0] - truth
    error = differences.std(axis=0) / np.sqrt(len(differences))
    assert (np.abs(differences.mean(axis=0)) <= 4.5 * error).all()
    assert differences[:, 1].std() < differences[:, 0].std()  # something was learned


def _with_bernoulli_rewards(model):
    """The same model, its rewards coins of the same means (from a generator: the stacks have none)."""
    rng = np.random.default_rng(model.run)
    step = model.step

    def flipped(h, s, a):
        mean, following = step(h, s, a)
        return float(rng.random() < mean), following

    model.step = flipped
    return model


def test_a_known_model_is_played_optimally():
    """Acceptance check 8: with an (almost) point-mass posterior the policy is the optimal one, every sample alike."""
    instance = Episodes(random_mdp(3, 2, horizon=4, seed=2))
    p, r = instance.mdp.dense()
    state = allocate(PSRL(), instance.problem(1))
    for row in range(6):
        s, a = divmod(row, 2)
        state.counts.visits[row] = 1e12
        state.counts.transitions[row] = 1e12 * p[s, a]
        state.counts.reward_sums[row] = 1e12 * r[s, a]
    rng = np.array([5, 7, 0], np.uint64)
    for row in range(6):
        algorithm.draw_row.py_func(PSRL(), state.counts, state.laws, state.means, row, rng)
    np.testing.assert_allclose(state.laws.reshape(3, 2, 3), p, atol=1e-5)
    np.testing.assert_allclose(state.means.reshape(3, 2), r, atol=1e-5)
    best = backward_induction(instance.mdp)
    assert evaluate_policy(instance.mdp, best[2])[0, 0] == pytest.approx(best[0][0, 0])


def test_replications_play_models_of_their_own_whatever_the_blocks():
    prior = DirichletPrior(2, 2, 2)
    together = simulate(PSRL(), prior, 20, 5, seed=1)
    apart = simulate(PSRL(), prior, 20, 5, seed=1, block=2)
    assert (together.regret == apart.regret).all()
    assert len(np.unique(together.regret[:, 0])) > 2
    first = prior.draw(1, 0).mdp
    one = simulate(PSRL(), Episodes(first), 20, 1, seed=1)
    assert (one.regret[0] == together.regret[0]).all()


def test_steps_hold_and_are_exercised():
    prior = CLAIM.cases[0].build()
    trace = simulate(PSRL(), prior, 20, 10, watch=CLAIM.watch)
    exact = [i for i, step in enumerate(CLAIM.steps) if step.kind != "event"]
    assert (trace.records.violations[:, exact] == 0).all()
    assert (trace.records.checks.sum(axis=0) > 0).all()


def test_bad_input_is_refused():
    with pytest.raises(InvalidInput, match=r"concentration is 0\.5"):
        allocate(PSRL(0.5), Episodes(random_mdp(2, 2, horizon=2)).problem(10))
    with pytest.raises(InvalidInput, match="n_states"):
        DirichletPrior(0, 2, 2)
    with pytest.raises(InvalidInput, match="concentration"):
        DirichletPrior(2, 2, 2, 0.1)
    bayes = CLAIM.bounds[0].theorem
    with pytest.raises(HypothesisViolated, match="one model"):
        bayes.require(Episodes(random_mdp(2, 2, horizon=2)), PSRL(), 10)
    with pytest.raises(HypothesisViolated, match="believes in 2"):
        bayes.require(DirichletPrior(2, 2, 2), PSRL(2.0), 10)


def test_bound_by_hand():
    """S = A = H = 2, K = 1000: 4 sqrt(60 T log(4T)), T = 2000."""
    bound = CLAIM.bounds[0].theorem.bound(DirichletPrior(2, 2, 2), PSRL(), np.array([1000.0]))[0]
    assert bound == pytest.approx(4 * np.sqrt(60 * 2000 * np.log(8000)), rel=1e-14)
