"""A real scheduler and real worker processes: the same bits as here, and nothing lost when one of them dies."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from distributed import Client

import regretlab
from bandits.algorithms.ucb1 import UCB1
from bandits.instances.bernoulli import BernoulliBandit
from kernels.engine import Trace
from kernels.loops import ROOMS
from proofs_check import cli, cluster, record
from proofs_check.catalogue import claims
from proofs_check.check import run_sabotage
from proofs_check.claims import ucb1
from proofs_check.cluster import Cluster, ClusterError, NoWorkers
from proofs_check.record import Recorder
from proofs_check.store import Store
from theory.errors import InvalidInput

ROOT = Path(__file__).resolve().parents[2]
INSTANCE = BernoulliBandit([0.4, 0.6, 0.5])
#: A replication takes some milliseconds, so that there is a middle in which something can die.
HORIZON = 50_000
N_RUNS = 40


class Scheduler:
    """A Dask scheduler on loopback and the workers that were started for it, each a process of its own."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self.folder = folder
        self.environment = {**os.environ, **settings}
        self.processes: list[subprocess.Popen[bytes]] = []
        file = folder / "scheduler.json"
        self.process = self._start(
            "scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--idle-timeout", "600",
            "--scheduler-file", str(file),
        )  # fmt: skip
        end = time.monotonic() + 60
        self.address = ""
        while not self.address:
            assert time.monotonic() < end and self.process.poll() is None, "the scheduler did not start"
            time.sleep(0.05)
            with contextlib.suppress(OSError, ValueError):
                self.address = json.loads(file.read_text())["address"]

    def _start(self, *arguments: str, cwd: Path = ROOT) -> subprocess.Popen[bytes]:
        with open(self.folder / "log", "a") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "dask", *arguments], cwd=cwd, env=self.environment, stdout=log, stderr=log
            )
        self.processes.append(process)
        return process

    def worker(self, cwd: Path = ROOT) -> subprocess.Popen[bytes]:
        """Start a worker with one thread whose sources are looked for in ``cwd`` first."""
        return self._start(
            "worker", self.address, "--nthreads", "1", "--no-nanny", "--no-dashboard", "--death-timeout", "60",
            "--local-directory", str(self.folder), cwd=cwd,
        )  # fmt: skip

    def workers(self, n: int) -> list[subprocess.Popen[bytes]]:
        """Start workers and wait until all of them have joined."""
        started = [self.worker() for _ in range(n)]
        self.wait_for(n)
        return started

    def wait_for(self, n: int) -> None:
        with Client(self.address, set_as_default=False) as client:
            client.wait_for_workers(n, timeout=60)

    def without(self, worker: subprocess.Popen[bytes], n: int) -> None:
        """Kill a worker and wait until the scheduler has noticed that ``n`` are left."""
        worker.kill()
        worker.wait()
        end = time.monotonic() + 60
        with Client(self.address, set_as_default=False) as client:
            while len(client.nthreads()) > n:
                assert time.monotonic() < end, "the scheduler did not notice"
                time.sleep(0.05)

    def end(self) -> None:
        for process in reversed(self.processes):
            process.kill()
            process.wait()


@pytest.fixture(autouse=True)
def no_test_hangs():
    def stop(*_):
        raise TimeoutError("a test of the cluster took more than two minutes")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(120)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture(scope="module")
def start(tmp_path_factory) -> Iterator[type]:
    started: list[Scheduler] = []

    def one(**settings: str) -> Scheduler:
        started.append(Scheduler(tmp_path_factory.mktemp("cluster"), **settings))
        return started[-1]

    yield one
    for scheduler in started:
        scheduler.end()


@pytest.fixture(scope="module")
def pair(start) -> Scheduler:
    """A scheduler with two workers that live until the last test."""
    scheduler = start()
    scheduler.workers(2)
    return scheduler


@pytest.fixture(scope="module")
def truth() -> Trace:
    return runs(Recorder(Store(None)))


def runs(recorder: Recorder, n: int = N_RUNS, horizon: int = HORIZON, **options) -> Trace:
    trace = recorder.runs(UCB1(), INSTANCE, horizon, n, seed=5, watch=ucb1, **options)
    assert trace is not None
    return trace


def assert_same(a: Trace, b: Trace) -> None:
    """Every array of two traces, bit for bit."""
    assert a.records is not None and b.records is not None and a.extra.keys() == b.extra.keys()
    pairs = [(a.checkpoints, b.checkpoints), (a.regret, b.regret), *zip(a.records, b.records)]
    for x, y in [*pairs, *((a.extra[name], b.extra[name]) for name in a.extra)]:
        assert x.dtype == y.dtype and x.shape == y.shape and x.tobytes() == y.tobytes()


def kept(folder: Path) -> int:
    """Replications in a store."""
    return sum(int(path.stem.rpartition("-")[2]) for path in folder.glob("*/*/runs-*.parquet"))


@pytest.fixture
def simulated(monkeypatch) -> list[int]:
    """Numbers of replications simulated in this process, call by call."""
    counts: list[int] = []
    honest = record.simulate
    monkeypatch.setattr(record, "simulate", lambda *a, **k: counts.append(a[3]) or honest(*a, **k))
    return counts


@pytest.mark.parametrize("piece", [0.0, record.PIECE])
def test_the_workers_give_the_bits_of_this_process(pair, truth, tmp_path, monkeypatch, simulated, piece):
    monkeypatch.setattr(record, "PIECE", piece)
    with regretlab.recorder(cluster=pair.address, store=tmp_path) as recorder:
        assert recorder.backend.parts == 2
        assert_same(runs(recorder), truth)
    assert not simulated and kept(tmp_path) == N_RUNS
    assert_same(runs(Recorder(Store(tmp_path))), truth)
    assert not simulated, "what the workers did is found by a run without them"


def test_verdicts_are_the_same(pair, simulated):
    (case, *_) = ucb1.CLAIM.cases
    small = replace(ucb1.CLAIM, cases=(replace(case, max_runs=30),), rate=None)
    with regretlab.recorder(cluster=pair.address) as there:
        checked = regretlab.check(small, using=there.anew())
    assert not simulated
    here = Recorder(Store(None), 2)
    pd.testing.assert_frame_equal(checked.verdicts, regretlab.check(small, using=here).verdicts)


def test_a_planted_fault_and_an_algorithm_driven_from_python(pair, simulated):
    claim = claims()["cucb"]
    (fault, *_) = (s for s in claim.sabotages if s.overrides)
    instance = claim.cases[0].build()
    params = claim.algorithm(instance, 50)
    plain, faulty = {"overrides": {}}, {"overrides": fault.overrides}

    def traces(recorder: Recorder) -> list[Trace]:
        return [
            recorder.runs(params, instance, 50, 3, seed=1, watch=claim.watch, **overrides)
            for overrides in (plain, faulty)
        ]

    with regretlab.recorder(cluster=pair.address) as there:
        far = traces(there.anew())
        caught = run_sabotage(claim, fault, there.anew())
    assert not simulated
    here = Recorder(Store(None))
    for a, b in zip(far, traces(here)):
        assert_same(a, b)
    assert caught == run_sabotage(claim, fault, here) and caught.caught


def test_the_command(pair, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("REGRETLAB_STORE", str(tmp_path / "store"))
    for command in (
        ["figures", "ucb1", "--out", str(tmp_path / "figures")],
        ["check", "ucb1", "--budget", "1e-9"],
    ):
        monkeypatch.setattr(sys, "argv", ["regretlab", *command, "--cluster", pair.address])
        with pytest.raises(SystemExit) as end:
            cli.main()
        assert end.value.code in (None, 0, 3), capsys.readouterr().err
    assert (tmp_path / "figures" / "ucb1.png").is_file() and kept(tmp_path / "store")


def test_an_interruption_cancels_what_is_in_flight_and_keeps_the_rest(pair, truth, tmp_path, monkeypatch, simulated):
    monkeypatch.setattr(record, "PIECE", 0.0)
    done: list[int] = []

    def tick(n: int) -> None:
        done.append(n)
        if len(done) == 5:
            raise KeyboardInterrupt

    with regretlab.recorder(cluster=pair.address, store=tmp_path, tick=tick) as recorder:
        with pytest.raises(KeyboardInterrupt):
            runs(recorder, 10_000)
        end = time.monotonic() + 30
        while recorder.backend.client.run_on_scheduler(lambda dask_scheduler: len(dask_scheduler.tasks)):
            assert time.monotonic() < end, "tasks were left on the scheduler"
            time.sleep(0.05)
    assert kept(tmp_path) == 5
    assert_same(runs(Recorder(Store(tmp_path))), truth)
    assert sum(simulated) == N_RUNS - 5


def kill_once_busy(recorder: Recorder, worker: subprocess.Popen[bytes]) -> None:
    """Let a replication after the fourth kill the worker, while it has work on it."""
    client = recorder.backend.client
    (address,) = (address for address, pid in client.run(os.getpid).items() if pid == worker.pid)
    done: list[int] = []

    def tick(n: int) -> None:
        done.append(n)
        if len(done) >= 5 and worker.poll() is None and client.processing().get(address):
            worker.kill()
            worker.wait()

    recorder.tick = tick


def test_a_killed_worker_loses_nothing(pair, truth, tmp_path, monkeypatch):
    monkeypatch.setattr(record, "PIECE", 0.0)
    third = pair.worker()
    pair.wait_for(3)
    with regretlab.recorder(cluster=pair.address, store=tmp_path) as recorder:
        kill_once_busy(recorder, third)
        assert_same(runs(recorder), truth)
    assert third.poll() == -signal.SIGKILL
    assert kept(tmp_path) == N_RUNS


def test_work_that_kills_its_workers_is_an_error(start, tmp_path, monkeypatch):
    monkeypatch.setattr(record, "PIECE", 0.0)
    scheduler = start(DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES="0")
    (worker,) = scheduler.workers(1)
    with regretlab.recorder(cluster=scheduler.address, store=tmp_path) as recorder:
        kill_once_busy(recorder, worker)
        with pytest.raises(ClusterError, match="on 1 workers that died one after another"):
            runs(recorder, 1_000, horizon=20 * HORIZON)  # long, so that it dies within one
        monkeypatch.setattr(cluster, "LOOK", 0.1)
        monkeypatch.setattr(cluster, "PATIENCE", 0.5)
        with pytest.raises(ClusterError, match=r"no worker left at tcp://.* for 0.5 seconds; finished runs are kept"):
            runs(recorder, 1_000)
    assert 5 <= kept(tmp_path) < 1_000


def test_a_scheduler_that_goes_away_leaves_a_store_to_resume_from(start, truth, tmp_path, monkeypatch, simulated):
    monkeypatch.setattr(record, "PIECE", 0.0)
    scheduler = start()
    with monkeypatch.context() as impatient, pytest.warns(NoWorkers, match="no worker at .* yet"):
        impatient.setattr(cluster, "PATIENCE", 0.2)
        with pytest.raises(ClusterError, match="start one with: dask worker tcp://"):
            Cluster(scheduler.address)
    scheduler.workers(1)
    done: list[int] = []

    def tick(n: int) -> None:
        done.append(n)
        if len(done) == 5:
            scheduler.process.kill()

    with regretlab.recorder(cluster=scheduler.address, store=tmp_path, tick=tick) as recorder:
        with pytest.raises(ClusterError, match=rf"{scheduler.address} went away; finished runs are kept"):
            runs(recorder, 10_000)
    before = kept(tmp_path)
    assert 5 <= before < 10_000
    assert_same(runs(Recorder(Store(tmp_path))), truth)
    assert sum(simulated) == max(0, N_RUNS - before)


@pytest.mark.filterwarnings("ignore::proofs_check.cluster.NoWorkers")
def test_a_scheduler_that_goes_away_before_the_first_piece(start, monkeypatch):
    scheduler = start()
    honest = Cluster._workers

    def last_words(self):
        found = honest(self)
        scheduler.process.kill()
        return found

    monkeypatch.setattr(Cluster, "_workers", last_words)
    with pytest.raises(ClusterError, match=rf"{scheduler.address} went away"):
        Cluster(scheduler.address)


@pytest.fixture
def other_sources(tmp_path) -> Path:
    """The project with one more line in one source."""
    for room in ROOMS:
        if (ROOT / room).is_dir() and room != "kernels":
            (tmp_path / room).symlink_to(ROOT / room)
    (tmp_path / "kernels").mkdir()
    for source in (ROOT / "kernels").glob("*.py"):
        changed = b"# another version\n" if source.name == "random.py" else b""
        (tmp_path / "kernels" / source.name).write_bytes(source.read_bytes() + changed)
    return tmp_path


def test_a_worker_with_other_sources_is_named_and_never_counted(pair, other_sources):
    with regretlab.recorder(cluster=pair.address) as recorder:
        foreign = pair.worker(other_sources)
        try:
            with pytest.raises(ClusterError, match=r"worker tcp://.* does not run what .*kernels/random.py"):
                while True:  # until the worker has joined
                    runs(recorder.anew(), 1_000)
            with pytest.raises(
                ClusterError, match=r"worker tcp://.* kernels/random.py \w+, here \w+; expected the same"
            ):
                Cluster(pair.address)
        finally:
            pair.without(foreign, 2)


def test_a_worker_without_the_project_is_named(pair, tmp_path):
    (tmp_path / "proofs_check.py").write_text("raise ImportError('nothing here')\n")
    stranger = pair.worker(tmp_path)
    try:
        pair.wait_for(3)
        with pytest.raises(ClusterError, match=r"worker tcp://.* cannot import regretlab: ImportError: nothing here"):
            Cluster(pair.address)
    finally:
        pair.without(stranger, 2)


def test_code_that_a_worker_cannot_import_is_refused_before_anything_runs(pair, tmp_path, monkeypatch):
    with regretlab.recorder(cluster=pair.address, store=tmp_path / "store") as recorder:
        with pytest.raises(InvalidInput, match="do not have the file of your algorithm"):
            regretlab.check("ucb1", algorithm=UCB1, using=recorder)
        with pytest.raises(ClusterError, match="<lambda> cannot be imported by name"):
            runs(recorder, overrides={"act": lambda *_: 0})
        with pytest.raises(ClusterError, match="the watch of_my_own is no module"):
            stand_in = SimpleNamespace(**{**vars(ucb1), "__name__": "of_my_own"})
            recorder.runs(UCB1(), INSTANCE, HORIZON, 1, seed=5, watch=stand_in)
        script = type(sys)("my_script")
        vars(script).update(vars(sys.modules["bandits.algorithms.ucb1"]))
        monkeypatch.setitem(sys.modules, "my_script", script)
        mine = type("Mine", (UCB1,), {"__module__": "my_script"})
        with pytest.raises(ClusterError, match="my_script is no module"):
            recorder.runs(mine(), INSTANCE, HORIZON, 1, seed=5)
    assert kept(tmp_path / "store") == 0


def test_an_instance_that_changes_on_the_way_is_refused(pair, monkeypatch):
    honest = cluster.Sent.of
    monkeypatch.setattr(
        cluster.Sent, "of", lambda e: honest(e)._replace(instance=BernoulliBandit([0.4, 0.6, 0.5000001]))
    )
    with regretlab.recorder(cluster=pair.address) as recorder:
        with pytest.raises(ClusterError, match="it would run another experiment"):
            runs(recorder.anew())


@pytest.mark.parametrize(
    "address", ["", "here", "tcp://", "tcp://host", "tcp://host:99999", "tcp://host:0", "http://host:1", "host:8786"]
)
def test_a_malformed_address(address):
    with pytest.raises(ClusterError, match=r"expected tcp://HOST:PORT, such as"):
        regretlab.check("ucb1", cluster=address)


def test_threads_and_a_cluster():
    with pytest.raises(InvalidInput, match="workers is 2, threads of this process, and cluster is tcp://a:1"):
        regretlab.check("ucb1", workers=2, cluster="tcp://a:1")


@contextlib.contextmanager
def listener(says: bytes | None) -> Iterator[str]:
    """An address at which somebody listens and says this to whoever connects; None: nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        if says is not None:
            taken.listen()

            def greet() -> None:
                with contextlib.suppress(OSError):
                    while True:
                        connections.append(taken.accept()[0])
                        connections[-1].sendall(says)

            connections: list[socket.socket] = []
            threading.Thread(target=greet, daemon=True).start()
        yield f"tcp://127.0.0.1:{taken.getsockname()[1]}"


@pytest.mark.parametrize("says", [None, b"", b"SSH-2.0-OpenSSH_9.6\r\n"])
def test_no_scheduler_at_the_address(says, monkeypatch, capsys):
    monkeypatch.setattr(cluster, "CONNECT", 0.5)
    with listener(says) as address:
        monkeypatch.setattr(sys, "argv", ["regretlab", "check", "ucb1", "--cluster", address])
        with pytest.raises(SystemExit) as end:
            cli.main()
    assert end.value.code == 2
    assert f"no Dask scheduler at {address}" in capsys.readouterr().err


def test_a_worker_is_no_scheduler(pair):
    with Client(pair.address, set_as_default=False) as client:
        (address, *_) = client.nthreads()
    with pytest.raises(ClusterError, match="there is a Dask worker"):
        Cluster(address)


def test_encryption_without_certificates():
    with pytest.raises(ClusterError, match=r"no Dask scheduler at tls://127.0.0.1:1: .*TLS configuration"):
        Cluster("tls://127.0.0.1:1")


def test_without_dask(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ClusterError, match=r"pip install 'regretlab\[cluster\]'"):
        Cluster("tcp://127.0.0.1:8786")


def test_differences_are_told_in_words():
    here = {"Python": "3.12.1", "numpy": "2.0", "a": "1", "b": "1", "c": "1", "d": "1"}
    assert cluster.differences(here, here) == ""
    assert cluster.differences(here, {**here, "numpy": "2.1"}) == "numpy 2.1, here 2.0"
    assert cluster.differences(here, {"Python": "3.12.1", "e": "2"}).endswith("and 2 more")
    assert np.all([name in cluster.description() for name in ("numba", "kernels/random.py", "proofs_check/cluster.py")])
