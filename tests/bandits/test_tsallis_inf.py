"""Tsallis-INF with both estimators against its reference implementation, exact regret, and its two regimes."""

from __future__ import annotations

import math

import numpy as np
import pytest

from bandits.adversaries.bernoulli import BernoulliLosses
from bandits.adversaries.constant import ConstantLosses
from bandits.adversaries.sequence import LossSequence
from bandits.algorithms import tsallis_inf as iw
from bandits.algorithms import tsallis_inf_rv as rv
from bandits.algorithms.tsallis_inf import TsallisINF
from bandits.algorithms.tsallis_inf_rv import TsallisINFRV
from bandits.ftrl import baseline, reduced_variance, tsallis_stability
from bandits.model import BanditProblem
from kernels.engine import simulate
from proofs_check.check import check_claim, run_sabotage
from proofs_check.claims.tsallis_inf_rv import REDUCED_VARIANCE
from proofs_check.record import Recorder
from proofs_check.store import Store
from tests.bandits.test_exp3 import table
from tests.reference.paths import expected_regret, forced
from tests.reference.stacks import POLICY, uniforms
from tests.reference.tsallis_inf import tsallis_inf, tsallis_inf_rv
from theory.errors import InvalidInput


@pytest.mark.parametrize("n_arms", [2, 5])
@pytest.mark.parametrize("params, reference", [(TsallisINF(), tsallis_inf), (TsallisINFRV(), tsallis_inf_rv)])
def test_decides_as_the_reference(n_arms, params, reference):
    horizon, seed, runs = 300, 31, 10
    losses = table(horizon, n_arms)
    trace = simulate(params, LossSequence(losses), horizon, runs, seed=seed, n_decisions=horizon)
    for run in range(runs):
        assert trace.extra["decisions"][run].tolist() == reference(losses.tolist(), uniforms(seed, POLICY, run, 0))


@pytest.mark.parametrize("params", [TsallisINF(0.5), TsallisINF(8.0), TsallisINFRV(1.0)])
def test_another_scale_decides_otherwise(params):
    losses = LossSequence(table(300, 5))
    right, wrong = (simulate(p, losses, 300, 5, n_decisions=300).extra["decisions"] for p in (type(params)(), params))
    assert (right != wrong).any(axis=1).all()


def test_exact_expected_regret():
    """All 2^10 paths on the constant losses (0, 1), eta_t = 2 / sqrt t; the simulator within 4 standard errors."""
    losses = np.tile([0.0, 1.0], (10, 1))
    assert expected_regret(TsallisINF(), losses) == pytest.approx(2.199539, abs=5e-7)
    for params in (TsallisINF(), TsallisINFRV()):
        trace = simulate(params, ConstantLosses([0.0, 1.0]), 10, 20_000, seed=1, checkpoints=[10])
        error = trace.regret.std() / math.sqrt(trace.n_runs)
        assert abs(trace.regret.mean() - expected_regret(params, losses)) < 4 * error


@pytest.mark.parametrize("params", [TsallisINF(), TsallisINFRV()])
def test_permuting_the_arms_permutes_the_laws(params):
    losses = table(60, 4)
    order = np.array([2, 0, 3, 1])
    path = np.random.default_rng(0).integers(0, 4, 60)
    plain = forced(params, losses, tuple(path))
    permuted = forced(params, losses[:, order], tuple(np.argsort(order)[path]))
    assert np.allclose(permuted, plain[:, order], rtol=1e-9)


@pytest.mark.parametrize("eta", [0.1, 0.5, 1.0, 2.0])
def test_reduced_variance_is_unbiased_and_small(eta):
    """Summed over the arms: E lh = l, and E of the stability's bound <= (eta/8) sum sqrt p + (K/2) eta^2."""
    rng = np.random.default_rng(2)
    for _ in range(200):
        k = int(rng.integers(2, 8))
        p, losses = rng.dirichlet(np.full(k, 0.3)) + 1e-12, rng.integers(0, 2, k).astype(float)
        p /= p.sum()
        base = np.array([baseline(x, eta) for x in p])
        estimates = np.tile(base, (k, 1))
        for arm in range(k):
            estimates[arm, arm] = reduced_variance(losses[arm], p[arm], eta)
        assert np.allclose(p @ estimates, losses, atol=1e-9)
        cost = sum(
            p[arm] * sum(tsallis_stability(p[i], estimates[arm, i] - 0.5, eta) for i in range(k)) for arm in range(k)
        )
        assert cost <= eta / 8 * np.sqrt(p).sum() + k * eta**2 / 2


def test_the_proof_reaches_the_printed_constant():
    """Expected stability, penalty and the first three rounds: below 2 sqrt(KT) + 8 K log T + 3 for every T."""
    for k in (2, 4, 10, 100):
        t = np.arange(1.0, 200_001.0)
        eta = 4 / np.sqrt(t)
        stability = np.minimum(1.0, eta / 8 * math.sqrt(k) + k * eta**2 / 2)
        stability[:3] = 1.0
        total = np.cumsum(stability) + (math.sqrt(k) - 1) * np.sqrt(t)
        assert (total <= 2 * np.sqrt(k * t) + 8 * k * np.log(t) + 3).all()


def test_regret_is_logarithmic_in_the_stochastic_regime():
    """R grows as much from 2^9 to 2^12 as from 2^12 to 2^15 (sqrt T would give 2.83 times as much).

    For reduced variance it grows like log T / gap, the leading term of Theorem 1: slope 2 at gap 1/2.
    """
    marks = [2**9, 2**12, 2**15]
    slopes = []
    for params in (TsallisINF(), TsallisINFRV()):
        trace = simulate(params, BernoulliLosses([0.25, 0.75]), marks[-1], 300, seed=9, checkpoints=marks)
        first, second = np.diff(trace.regret.mean(axis=0))
        assert second / first == pytest.approx(1.0, abs=0.25)
        slopes.append(second / math.log(8))
    assert slopes[1] == pytest.approx(2.0, abs=0.4) and slopes[0] > 1.5 * slopes[1]


@pytest.mark.parametrize("module, params", [(iw, TsallisINF(0.0)), (rv, TsallisINFRV(math.inf))])
def test_bad_hyper_parameters(module, params):
    with pytest.raises(InvalidInput, match="scale"):
        module.allocate(params, BanditProblem(2, 10))


@pytest.mark.long
def test_the_reduced_variance_claim_is_verified_and_its_faults_are_caught():
    recorder = Recorder(Store(None))
    result = check_claim(REDUCED_VARIANCE, recorder)
    assert {v.verdict for v in result.verdicts} <= {"verified", "vacuous"}
    for fault in REDUCED_VARIANCE.sabotages:
        assert run_sabotage(REDUCED_VARIANCE, fault, recorder).by == fault.caught_by
