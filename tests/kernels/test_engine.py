"""The engine refuses what would corrupt a run, and never answers with code that is no longer there."""

from __future__ import annotations

import importlib
import sys

import numpy as np
import pytest

from bandits.algorithms.ucb1 import UCB1
from bandits.instances.bernoulli import BernoulliBandit
from kernels.engine import simulate
from kernels.jit import compiled
from kernels.loops import unsettled
from mdps.algorithms.ucbvi_ch import UCBVICH
from mdps.loops import Episodes
from mdps.model import MDP
from proofs_check.record import Recorder
from proofs_check.store import Store
from theory.errors import InvalidInput


@pytest.mark.parametrize("arm", [-1, 2, 10**6])
def test_an_arm_that_does_not_exist_is_refused(arm):
    @compiled
    def act(params, state, t, rng):
        return arm

    with pytest.raises(InvalidInput, match=r"UCB1 on bernoulli\(0.5, 0.6\): act returned an arm outside"):
        simulate(UCB1(), BernoulliBandit([0.5, 0.6]), 10, 2, overrides={"act": act})


def test_an_action_that_does_not_exist_is_refused():
    @compiled
    def act(params, state, h, s, rng):
        return 5

    instance = Episodes(MDP.from_dense(np.full((2, 2, 2), 0.5), np.zeros((2, 2)), horizon=2))
    with pytest.raises(InvalidInput, match="act returned an action outside"):
        simulate(UCBVICH(), instance, 3, 1, overrides={"act": act})


PLUGIN = """
from typing import NamedTuple
import numpy as np
from kernels.jit import compiled

class Fixed(NamedTuple):
    pass

def allocate(params, problem):
    return np.zeros(1)

@compiled
def init(params, state):
    state[0] = 0.0

@compiled
def act(params, state, t, rng):
    return ARM

@compiled
def observe(params, state, t, arm, reward):
    state[0] += reward
"""


def test_a_reloaded_module_is_run_as_it_now_stands(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    instance = BernoulliBandit([0.2, 0.7])
    path = tmp_path / "fixed_arm_plugin.py"
    recorder = Recorder(Store(tmp_path / "store"))
    regrets = []
    for arm in (0, 1):
        path.write_text(PLUGIN.replace("ARM", str(arm)))
        module = sys.modules.get("fixed_arm_plugin")
        importlib.invalidate_caches()
        sys.dont_write_bytecode = True
        module = importlib.import_module("fixed_arm_plugin") if module is None else importlib.reload(module)
        assert "edited after this process started" in unsettled([module.act])
        trace = recorder.runs(module.Fixed(), instance, 100, 2, seed=0)
        assert trace is not None
        regrets.append(float(trace.regret[0, -1]))
    assert regrets == pytest.approx([50.0, 0.0])
    assert not list((tmp_path / "store").rglob("*.parquet")), "runs of unsettled code must not be kept"


def test_two_closures_of_one_name_are_two_experiments(tmp_path):
    instance = BernoulliBandit([0.2, 0.7])

    def always(arm):
        @compiled
        def act(params, state, t, rng):
            return arm

        return act

    recorder = Recorder(Store(tmp_path))
    regrets = [recorder.runs(UCB1(), instance, 100, 1, seed=0, overrides={"act": always(a)}) for a in (0, 1)]
    assert [float(t.regret[0, -1]) for t in regrets if t] == pytest.approx([50.0, 0.0])
