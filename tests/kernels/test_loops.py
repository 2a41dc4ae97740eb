"""Specialised loops: what their digest covers, closures, and the cache that processes share."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from bandits.algorithms.ucb1 import UCB1
from bandits.instances.bernoulli import bernoulli
from bandits.loops import STOCHASTIC
from kernels.engine import simulate
from kernels.jit import compiled
from kernels.loops import functions_of, interpreted, reachable_sources, source_digest, specialise
from kernels.random import start
from tests.kernels.plain import first_arm, last_arm

HELPER = """
from kernels.jit import compiled

@compiled
def preferred(t):
    return {choice}
"""

ALGORITHM = """
from typing import NamedTuple
import numpy as np
from helper_of_user import preferred
from kernels.jit import compiled

class Stubborn(NamedTuple):
    unused: float = 0.0

def allocate(params, problem):
    return np.zeros(1)

@compiled
def init(params, state):
    pass

@compiled
def act(params, state, t, rng):
    return preferred(t)

@compiled
def observe(params, state, t, arm, reward):
    pass
"""

SCRIPT = """
import json
from algorithm_of_user import Stubborn
from bandits.instances.bernoulli import bernoulli
from bandits.loops import STOCHASTIC
from kernels.engine import simulate
from kernels.loops import source_digest, specialise

arms = bernoulli(0.2, 0.9)
trace = simulate(Stubborn(), arms, 10, 1)
loop = specialise(STOCHASTIC.loop, STOCHASTIC.bindings(Stubborn(), arms, None, {}))
print(json.dumps({
    "pulls": trace.extra["pulls"][0].tolist(),
    "digest": source_digest({"algorithm_of_user"}),
    "hits": sum(loop.stats.cache_hits.values()),
}))
"""


@pytest.fixture
def run_script(tmp_path):
    """Run SCRIPT in a new process, with the user's files in tmp_path and a cache of its own."""
    (tmp_path / "algorithm_of_user.py").write_text(ALGORITHM)
    (tmp_path / "script.py").write_text(SCRIPT)
    environment = os.environ | {"REGRETLAB_CACHE": str(tmp_path / "cache"), "PYTHONPATH": str(Path.cwd())}

    def run(choice: int) -> dict:
        (tmp_path / "helper_of_user.py").write_text(HELPER.format(choice=choice))
        done = subprocess.run(
            [sys.executable, "script.py"], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
        )
        return json.loads(done.stdout)

    return run


def loops_kept(directory: Path) -> list[str]:
    return sorted(path.name for path in (directory / "cache" / "loops").glob("stochastic_*.py"))


def test_an_edited_helper_of_a_user_changes_the_digest_and_the_result_in_a_new_process(run_script, tmp_path):
    first = run_script(0)
    assert first["pulls"] == [10, 0] and first["hits"] == 0
    kept = loops_kept(tmp_path)
    assert len(kept) == 1
    # The same source in another process: the machine code comes from the disk, no further loop is written.
    again = run_script(0)
    assert again["pulls"] == [10, 0] and again["digest"] == first["digest"] and again["hits"] == 1
    assert loops_kept(tmp_path) == kept
    # One line of a helper two imports away from the loop.
    edited = run_script(1)
    assert edited["pulls"] == [0, 10] and edited["digest"] != first["digest"] and edited["hits"] == 0
    assert len(loops_kept(tmp_path)) == 2


def test_a_digest_covers_what_is_reached_and_nothing_installed():
    sources = reachable_sources({"bandits.algorithms.ucb1"})
    assert {"bandits.algorithms.ucb1", "bandits.policies", "kernels.jit", "theory.errors"} <= sources.keys()
    assert not any(name.split(".")[0] in ("numpy", "numba", "math", "typing", "pytest") for name in sources)
    # A test's own functions count too, or an edit of a planted fault would go unnoticed.
    assert {"tests.kernels.plain", "bandits.policies"} <= reachable_sources({"tests.kernels.plain"}).keys()
    assert source_digest({"bandits.policies"}) != source_digest({"bandits.policies"}, "another header")
    assert source_digest({"bandits.policies"}) != source_digest({"bandits.algorithms.ucb1"})


def test_functions_that_cannot_be_imported_work_too():
    favourite = 1

    @compiled
    def act(params, state, t, rng):
        return favourite

    arms = bernoulli(0.2, 0.9)
    closure = simulate(UCB1(), arms, 20, 2, overrides={"act": act})
    assert (closure.extra["pulls"] == [0, 20]).all()
    plain = simulate(UCB1(), arms, 20, 2, overrides={"act": lambda params, state, t, rng: 0})
    assert (plain.extra["pulls"] == [20, 0]).all()
    imported = simulate(UCB1(), arms, 20, 2, overrides={"act": first_arm})
    assert (imported.extra["pulls"] == [20, 0]).all()


def test_a_plain_function_may_allocate():
    trace = simulate(UCB1(), bernoulli(0.9, 0.5, 0.2), 20, 2, overrides={"act": last_arm})
    assert (trace.extra["pulls"] == [0, 0, 20]).all()


def test_the_same_bindings_are_specialised_once():
    bindings = STOCHASTIC.bindings(UCB1(), bernoulli(0.2, 0.9), None, {})
    loop = specialise(STOCHASTIC.loop, bindings)
    assert loop is specialise(STOCHASTIC.loop, bindings)
    other = specialise(STOCHASTIC.loop, {**bindings, "act": first_arm})
    assert other is not loop


def test_interpreted_loop_gives_the_same_numbers():
    """The dry run in Python is the same loop: same decisions, bit for bit."""
    arms, horizon = bernoulli(0.5, 0.6), 40
    compiled_trace = simulate(UCB1(), arms, horizon, 1, seed=6, checkpoints=[horizon], n_decisions=horizon)
    bindings = STOCHASTIC.bindings(UCB1(), arms, None, {})

    def run(params, state, instance, watch, records, seed, first_run, n_runs, checkpoints, n_decisions):
        with np.errstate(over="ignore"):  # the arithmetic of streams is modulo 2^64
            return STOCHASTIC.run_block(
                interpreted(STOCHASTIC.loop, bindings), params, state, instance, watch, records, seed, first_run,
                n_runs, checkpoints, n_decisions,
            )  # fmt: skip

    from bandits.algorithms.ucb1 import allocate

    regret, extra = run(
        UCB1(), allocate(UCB1(), arms.problem(horizon)), arms.arrays(), 0, None, 6, 0, 1, np.array([horizon]), horizon
    )
    assert np.array_equal(extra["decisions"], compiled_trace.extra["decisions"])
    assert np.array_equal(regret, compiled_trace.regret)


def test_a_missing_function_is_named():
    with pytest.raises(AttributeError, match="has no function 'improve'; expected act, improve"):
        functions_of("bandits.algorithms.ucb1", ("act", "improve"), {})
    assert functions_of("bandits.algorithms.ucb1", ("act",), {"act": start}) == {"act": start}
