"""O-REPS: projections against a convex solver, one state is exponential weights, agreement, bounds, bad input."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from kernels.engine import simulate
from mdps.adversarial import AdversarialMDP
from mdps.algorithms import o_reps, o_reps_full
from mdps.algorithms.o_reps import OREPS
from mdps.algorithms.o_reps_full import OREPSFull
from mdps.instances.adversarial import armed, blocks, layered
from mdps.occupancies import Projection, flow_policy, flow_residual, reachable, relative_entropy
from mdps.planning.layered import deterministic
from tests.reference.o_reps import projection, reference
from theory.errors import HypothesisViolated, InvalidInput
from theory.regularisers import Shannon
from theory.theorems import theorem


@pytest.mark.parametrize("seed", range(3))
def test_projections_agree_with_a_convex_solver(seed):
    mdp = layered(3, 2, 3, 2, seed=seed)
    weights = np.random.default_rng(seed).exponential(size=(3, 3, 2))
    q = np.exp(Projection(mdp.transitions, mdp.initial, 2)(np.log(weights)))
    assert flow_residual(mdp.transitions, mdp.initial, q) < 1e-11
    assert np.allclose(q, projection(mdp, weights), atol=1e-6)
    assert np.allclose(mdp.occupancy(flow_policy(q)), q, atol=1e-11)


def test_a_projection_is_nearest_and_its_triangle_is_right_angled():
    mdp = layered(2, 2, 2, 2, seed=4)
    log_w = np.random.default_rng(0).normal(size=(2, 2, 2)) * 3.0
    log_q = Projection(mdp.transitions, mdp.initial, 2)(log_w)
    least = relative_entropy(np.exp(log_q), log_w)
    for actions in itertools.product(range(2), repeat=4):
        star = mdp.occupancy(deterministic(np.reshape(actions, (2, 2)), 2))
        assert relative_entropy(star, log_w) == pytest.approx(relative_entropy(star, log_q) + least, rel=1e-9)
    # Occupancies stay where they are, however small their entries.
    policy = np.array([[[1e-12, 1.0 - 1e-12], [0.3, 0.7]], [[0.5, 0.5], [1e-9, 1.0 - 1e-9]]])
    occupancy = mdp.occupancy(policy)
    kept = Projection(mdp.transitions, mdp.initial, 2)(np.log(occupancy))
    assert np.allclose(kept, np.log(occupancy), atol=1e-6)


def test_far_away_weights_are_projected():
    mdp = layered(3, 2, 3, 2, seed=1)
    for scale in (20.0, 100.0):
        log_w = scale * np.random.default_rng(3).normal(size=(3, 3, 2))
        q = np.exp(Projection(mdp.transitions, mdp.initial, 2)(log_w))
        assert flow_residual(mdp.transitions, mdp.initial, q) < 1e-9


def test_unreachable_states_get_nothing():
    rows = np.zeros((1, 2, 2, 2))
    rows[..., 0] = 1.0
    mdp = AdversarialMDP(rows, np.full((1, 2, 2, 2), 0.5), blocks(30, 1), 1)
    assert reachable(mdp.transitions, mdp.initial).tolist() == [[False, True], [True, False]]
    trace = simulate(OREPS(0.1), mdp, 30, 1)
    assert np.allclose(trace.regret, 0.0)
    q = np.exp(Projection(mdp.transitions, mdp.initial, 2)(np.zeros((2, 2, 2))))
    assert np.allclose(q, [[[0, 0], [0.5, 0.5]], [[0.5, 0.5], [0, 0]]])
    assert np.allclose(flow_policy(q), 0.5)


def test_one_state_is_exponential_weights():
    mdp, eta = armed(3, 60, n_blocks=3), 0.2
    losses = np.zeros(3)
    moments = o_reps_full.play(OREPSFull(eta), mdp.problem(60), mdp.world(0, 0), 60)
    for k, moment in enumerate(moments, 1):
        assert np.allclose(moment.policy[0, 0], Shannon().weights(losses, eta), atol=1e-10)
        losses += mdp.losses(k)[0, 0]


@pytest.mark.parametrize("bandit", [True, False])
def test_decisions_agree_with_the_reference(bandit):
    mdp = layered(2, 2, 3, 8, seed=6)
    params = OREPS(0.3) if bandit else OREPSFull(0.3)
    module = o_reps if bandit else o_reps_full
    for run in range(2):
        occupancies, paths = reference(mdp, 0.3, bandit, 8, 5, run)
        moments = module.play(params, mdp.problem(8), mdp.world(5, run), 8)
        for moment, q, path in zip(moments, occupancies, paths):
            assert np.allclose(np.exp(moment.log_occupancy), q, atol=1e-5)
            assert list(zip(moment.walk.states, moment.walk.actions)) == path


def test_a_constant_loss_of_a_layer_changes_nothing():
    mdp = layered(2, 2, 3, 2, seed=2)
    project = Projection(mdp.transitions, mdp.initial, 2)
    log_q = project(np.zeros((3, 2, 2)))
    losses = np.random.default_rng(0).random((3, 2, 2))
    moved = losses + np.array([0.5, 2.0, 7.0])[:, None, None]
    assert np.allclose(project(log_q - losses), project(log_q - moved), atol=1e-9)


def test_full_information_never_exceeds_its_theorem():
    for seed in range(4):
        mdp = layered(2, 2, 2, 150, n_blocks=seed + 1, seed=seed)
        params = o_reps_full.tuned(2, 2, 150)
        trace = simulate(params, mdp, 150, 1)
        t = trace.checkpoints.astype(float)
        assert (trace.regret <= theorem("o-reps/full-rate").bound(mdp, params, t)).all()
        tuned, rate = (float(theorem(f"o-reps/{n}").bound(mdp, params, np.array([150.0]))[0])
                       for n in ("full", "full-rate"))  # fmt: skip
        assert tuned == pytest.approx(rate)


def test_tuned_bandit_bound_is_the_least():
    mdp = layered(n_episodes=100)
    params = o_reps.tuned(3, 2, 3, 100)
    theorem("o-reps/bandit").require(mdp, params, 100)
    rate = theorem("o-reps/bandit-rate").bound
    best = float(rate(mdp, params, np.array(100.0)))
    assert best == pytest.approx(float(theorem("o-reps/bandit").bound(mdp, params, np.array(100.0))))
    for factor in (0.8, 1.25):
        assert float(rate(mdp, OREPS(factor * params.learning_rate), np.array(100.0))) > best
    with pytest.raises(HypothesisViolated):
        theorem("o-reps/bandit").require(mdp, OREPS(0.5), 100)


@pytest.mark.parametrize("params", [OREPS(0.0), OREPS(float("nan")), OREPSFull(-1.0)])
def test_bad_rates_are_refused(params):
    with pytest.raises(InvalidInput, match="learning_rate"):
        simulate(params, armed(2, 5), 5, 1)
