"""Exp3 against its reference implementation, the exact expected regret, and the lower bound."""

from __future__ import annotations

import math

import numpy as np
import pytest

from bandits.adversaries.constant import ConstantLosses
from bandits.adversaries.hidden import HiddenArm
from bandits.adversaries.sequence import LossSequence
from bandits.algorithms.exp3 import Exp3, anytime, tuned
from bandits.model import BanditProblem
from kernels.engine import simulate
from proofs_check.check import check_claim
from proofs_check.claims.exp3 import ANYTIME, SHANNON
from proofs_check.record import Recorder
from proofs_check.store import Store
from tests.reference.exp3 import exp3
from tests.reference.paths import expected_regret, forced
from tests.reference.stacks import POLICY, uniforms
from theory.errors import InvalidInput
from theory.lower_bounds import minimax_engine
from theory.regularisers import Shannon, decompose


def table(horizon: int, n_arms: int, seed: int = 5) -> np.ndarray:
    """Losses in [0, 1], a third of them exactly 0 or 1."""
    rng = np.random.default_rng(seed)
    losses = rng.random((horizon, n_arms)) ** 2
    losses[rng.random((horizon, n_arms)) < 1 / 6] = 0.0
    losses[rng.random((horizon, n_arms)) < 1 / 6] = 1.0
    return losses


@pytest.mark.parametrize("n_arms", [2, 5])
@pytest.mark.parametrize("decay", [0.0, 0.5])
def test_decides_as_the_reference(n_arms, decay):
    horizon, seed, runs = 400, 17, 10
    losses = table(horizon, n_arms)
    params = anytime(n_arms) if decay else tuned(n_arms, horizon)
    trace = simulate(params, LossSequence(losses), horizon, runs, seed=seed, n_decisions=horizon)
    for run in range(runs):
        wanted = exp3(losses.tolist(), uniforms(seed, POLICY, run, 0), lambda t: params.learning_rate * t**-decay)
        assert trace.extra["decisions"][run].tolist() == wanted


def test_a_rate_four_times_too_large_decides_otherwise():
    losses = LossSequence(table(400, 5))
    right, wrong = (
        simulate(Exp3(f * tuned(5, 400).learning_rate), losses, 400, 5, n_decisions=400).extra["decisions"]
        for f in (1.0, 4.0)
    )
    assert (right != wrong).any(axis=1).all()


def test_exact_expected_regret():
    """All 2^10 paths on the constant losses (0, 1) at eta = sqrt(2 log 2 / 20); the simulator within 4 errors."""
    losses = np.tile([0.0, 1.0], (10, 1))
    assert expected_regret(tuned(2, 10), losses) == pytest.approx(2.826269, abs=5e-7)
    trace = simulate(tuned(2, 10), ConstantLosses([0.0, 1.0]), 10, 20_000, seed=1, checkpoints=[10])
    for measured in (trace.regret[:, 0], trace.extra["realised"][:, 0]):
        assert abs(measured.mean() - 2.826269) < 4 * measured.std() / math.sqrt(trace.n_runs)


def test_permuting_the_arms_permutes_the_laws():
    losses = table(30, 4)
    order = np.array([2, 0, 3, 1])
    path = np.random.default_rng(0).integers(0, 4, 30)
    plain = forced(tuned(4, 30), losses, tuple(path))
    permuted = forced(tuned(4, 30), losses[:, order], tuple(np.argsort(order)[path]))
    assert np.allclose(permuted, plain[:, order], rtol=1e-12)


def test_a_constant_loss_on_every_arm_matters_to_bandit_feedback():
    """The law is invariant under shifts of the estimates, not of the losses: the shifted loss of one arm is seen."""
    losses = table(3, 2)
    assert not np.allclose(forced(tuned(2, 3), losses, (0, 0, 0)), forced(tuned(2, 3), losses + 0.5, (0, 0, 0)))


def test_the_identity_holds_for_the_iterates_played():
    """sum <p_t - u, lh_t> = sum stab + pen(u), both from the slow regulariser, with the compiled p_t on the left."""
    losses, path = table(40, 3), tuple(np.random.default_rng(1).integers(0, 3, 40))
    params = anytime(3)
    laws = forced(params, losses, path)
    rows = np.arange(40)
    estimates = np.zeros((40, 3))
    estimates[rows, path] = losses[rows, path] / laws[rows, path]
    rates = params.learning_rate * np.arange(1, 41) ** -0.5
    split = decompose(Shannon(), estimates, rates)
    u = np.array([0.2, 0.5, 0.3])
    left = float(((laws - u) * estimates).sum())
    assert left == pytest.approx(split.stability.sum() + split.penalty(u), rel=1e-9)
    for law, estimate, rate, stab in zip(laws, estimates, rates, split.stability):
        bound = sum(SHANNON.stability(p, e, rate) for p, e in zip(law, estimate))
        assert -1e-12 <= stab <= bound + 1e-12
        assert bound <= Shannon().stability_bound(law, estimate, rate) + 1e-12


def test_no_algorithm_beats_the_minimax_engine():
    """On the hidden arm the mean regret exceeds the bound of Lemma 3.2, and Reg(4T)/Reg(T) is 2 as in sqrt T."""
    regret = {}
    for horizon in (1000, 4000):
        advantage = math.sqrt(4 / horizon) / 3
        trace = simulate(tuned(4, horizon), HiddenArm(4, advantage), horizon, 400, seed=2, checkpoints=[horizon])
        sample = trace.regret[:, 0]
        assert sample.mean() + 4 * sample.std() / 20 > minimax_engine(4, horizon, advantage)
        regret[horizon] = sample.mean()
    assert regret[4000] / regret[1000] == pytest.approx(2.0, abs=0.1)


def test_underflow_changes_nothing():
    """A rate so large that weights vanish: laws stay laws and no arm of probability zero is played."""
    trace = simulate(Exp3(50.0), LossSequence(table(500, 5)), 500, 20, seed=3)
    assert np.isfinite(trace.regret).all() and np.isfinite(trace.extra["realised"]).all()


def test_same_numbers_for_any_workers_and_blocks():
    one = simulate(tuned(3, 200), LossSequence(table(200, 3)), 200, 9, seed=4)
    two = simulate(tuned(3, 200), LossSequence(table(200, 3)), 200, 9, seed=4, workers=2, block=2)
    assert (one.regret == two.regret).all() and (one.extra["realised"] == two.extra["realised"]).all()


@pytest.mark.parametrize(
    "params, message",
    [(Exp3(0.0), "learning rate of Exp3 is 0.0"), (Exp3(math.nan), "nan"), (Exp3(0.1, -1.0), "decay")],
)
def test_bad_hyper_parameters(params, message):
    from bandits.algorithms.exp3 import allocate

    with pytest.raises(InvalidInput, match=message):
        allocate(params, BanditProblem(2, 10))


@pytest.mark.long
def test_the_anytime_claim_is_verified():
    result = check_claim(ANYTIME, Recorder(Store(None)))
    assert {v.verdict for v in result.verdicts} == {"verified"}
