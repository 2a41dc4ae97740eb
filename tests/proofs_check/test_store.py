"""The store: nothing finished is repeated, nothing damaged is read, nothing depends on how the work was cut."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import pytest

from bandits.algorithms.ucb1 import UCB1
from bandits.instances.bernoulli import BernoulliBandit
from kernels.engine import Trace, simulate
from proofs_check import record
from proofs_check.claims import ucb1
from proofs_check.record import Recorder
from proofs_check.store import DamagedRecord, Store, experiment_digest
from theory.errors import InvalidInput

INSTANCE = BernoulliBandit([0.4, 0.6, 0.5])
HORIZON = 400


def runs(store: Store, n: int, **options) -> Trace:
    trace = Recorder(store, options.pop("workers", 1)).runs(UCB1(), INSTANCE, HORIZON, n, seed=5, watch=ucb1, **options)
    assert trace is not None
    return trace


def same(a: Trace, b: Trace) -> bool:
    assert a.records is not None and b.records is not None
    return (
        np.array_equal(a.regret, b.regret)
        and all(np.array_equal(a.extra[name], b.extra[name]) for name in a.extra)
        and all(np.array_equal(x, y, equal_nan=x.dtype.kind == "f") for x, y in zip(a.records, b.records))
    )


@pytest.fixture(scope="module")
def truth() -> Trace:
    return simulate(UCB1(), INSTANCE, HORIZON, 40, seed=5, watch=ucb1)


@pytest.mark.parametrize(("workers", "block"), [(1, None), (2, None), (3, 7), (2, 1)])
def test_same_numbers_whatever_the_workers_and_blocks(truth, workers, block):
    assert same(truth, simulate(UCB1(), INSTANCE, HORIZON, 40, seed=5, watch=ucb1, workers=workers, block=block))


def test_replications_are_numbered(truth):
    later = simulate(UCB1(), INSTANCE, HORIZON, 10, seed=5, first_run=30, watch=ucb1)
    np.testing.assert_array_equal(later.regret, truth.regret[30:])


def test_resumes_bit_for_bit_and_repeats_nothing(tmp_path, truth, monkeypatch):
    store = Store(tmp_path)
    runs(store, 15)
    simulated = []
    monkeypatch.setattr(record, "simulate", lambda *a, **k: simulated.append(a[3]) or simulate(*a, **k))
    assert same(truth, runs(store, 40, workers=2))
    assert sum(simulated) == 25
    assert same(truth, runs(store, 40)) and sum(simulated) == 25


def _block_files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*/*/runs-*.parquet"))


@pytest.mark.parametrize("damage", ["truncate", "empty", "rename", "foreign"])
def test_damaged_files_are_set_aside_and_recomputed(tmp_path, truth, damage):
    store = Store(tmp_path)
    runs(store, 40)
    victim = _block_files(tmp_path)[0]
    content = bytearray(victim.read_bytes())
    if damage == "truncate":
        victim.write_bytes(content[: len(content) // 2])
    elif damage == "empty":
        victim.write_bytes(b"")
    elif damage == "rename":
        victim = victim.rename(victim.with_name("runs-000000000-000000099.parquet"))
    else:
        victim.write_bytes(b"PAR1 this is no table PAR1")
    with pytest.warns(DamagedRecord, match="set aside"):
        again = runs(store, 40)
    assert same(truth, again)
    assert victim.with_suffix(".parquet.damaged").exists()


def test_a_changed_byte_never_changes_a_number(tmp_path, truth):
    # A byte of the format that carries no number (a statistic, an empty column) may change without harm; every other
    # change is noticed.
    store = Store(tmp_path)
    runs(store, 40)
    victim = _block_files(tmp_path)[0]
    intact = victim.read_bytes()
    noticed = 0
    for k in range(1, 25):
        content = bytearray(intact)
        content[len(content) * k // 25] ^= 0xFF
        victim.write_bytes(content)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            assert same(truth, runs(store, 40))
        noticed += any(issubclass(w.category, DamagedRecord) for w in caught)
    assert noticed >= 12


def test_killed_run_resumes(tmp_path, truth):
    script = (
        "import proofs_check.record as r\n"
        "r.PIECE = 0.0\n"
        "from proofs_check.store import Store\n"
        "from tests.proofs_check.test_store import *\n"
        "import sys; runs(Store(sys.argv[1]), 1_000_000)\n"
    )
    root = Path(__file__).resolve().parents[2]
    process = subprocess.Popen([sys.executable, "-c", script, str(tmp_path)], cwd=root)
    try:
        deadline = time.monotonic() + 120
        while len(_block_files(tmp_path)) < 5 and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.02)
        assert process.poll() is None, "the run ended before it could be killed"
    finally:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    before = {path: path.stat().st_mtime_ns for path in _block_files(tmp_path)}
    assert len(before) >= 5
    assert same(truth, runs(Store(tmp_path), 40))
    assert all(path.stat().st_mtime_ns == stamp for path, stamp in before.items())


def test_the_name_of_an_experiment_depends_on_everything_it_should():
    standard = {"params": UCB1(), "instance": INSTANCE, "horizon": HORIZON, "checkpoints": (1, HORIZON), "seed": 5,
                "watch": ucb1, "overrides": {}}  # fmt: skip

    def name(**changes):
        return experiment_digest(**{**standard, **changes})

    variants = [
        name(),
        name(params=UCB1(2.5)),
        name(instance=BernoulliBandit([0.4, 0.6, 0.5000001])),
        name(horizon=HORIZON + 1),
        name(checkpoints=(2, HORIZON)),
        name(seed=6),
        name(watch=None),
        name(overrides={"observe": ucb1.observed}),
    ]
    assert len(set(variants)) == len(variants)
    assert name() == name(instance=BernoulliBandit([0.4, 0.6, 0.5], name="another name"))


def test_no_space_left_is_one_clear_error_and_keeps_earlier_blocks(tmp_path, truth, monkeypatch):
    store = Store(tmp_path)
    runs(store, 15)
    kept = _block_files(tmp_path)

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("proofs_check.store.os.replace", full)
    with pytest.raises(InvalidInput, match="no space left"):
        runs(store, 40)
    monkeypatch.undo()
    assert _block_files(tmp_path) == kept
    assert not list(tmp_path.glob("*/*/*.tmp"))
    assert same(truth, runs(store, 40))


def test_unwritable_store(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InvalidInput, match="cannot be written"):
        Store(tmp_path / "file" / "store")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"horizon": 0}, "horizon is 0; expected at least 1"),
        ({"n_runs": 0}, "n_runs is 0; expected at least 1"),
        ({"seed": -1}, "seed is -1"),
        ({"checkpoints": [5, 3]}, "checkpoints must increase"),
        ({"checkpoints": [1, 500]}, "checkpoints must increase within 1..400"),
        ({"workers": 0}, "workers is 0"),
    ],
)
def test_bad_arguments_are_refused_before_anything_runs(options, message):
    horizon, n_runs = options.pop("horizon", HORIZON), options.pop("n_runs", 3)
    with pytest.raises(InvalidInput, match=message.replace("(", r"\(")):
        simulate(UCB1(), INSTANCE, horizon, n_runs, **options)
