"""Simulating on the workers of a Dask scheduler: ``--cluster tcp://HOST:PORT``.

A piece of an experiment travels as plain objects (hyper-parameters, instance, checkpoints) and names (watch, planted
functions), so a worker runs its own sources. It computes the experiment's digest from what it received and from its
sources and refuses the piece unless that is the digest with which it was sent; hence a worker that differs in an array,
a source or a compiler, one that joins late included, never contributes a number. The client alone reads and writes
the store: workers need no shared disk, and a worker that dies costs the pieces that it had not handed back.

Dask has a serialisation of its own between client, scheduler and workers, which executes what it is sent: the
scheduler must be trusted like the account that it runs under (docs/cluster.md).
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import importlib
import importlib.metadata
import importlib.util
import logging
import math
import os
import platform
import re
import sys
import time
import warnings
from collections.abc import Generator, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from kernels.engine import Trace, prepare
from kernels.loops import ROOMS
from proofs_check.record import Experiment, Pieces
from theory.errors import InvalidInput

#: Seconds for a connection; between two looks at the workers; without any worker before giving up.
CONNECT, LOOK, PATIENCE = 5.0, 2.0, 60.0
#: Pieces in flight for each thread of a worker: one that runs and one that waits.
AHEAD = 2

_ADDRESS = re.compile(r"(tcp|tls)://([\w.-]+|\[[0-9a-fA-F:.]+\]):(\d{1,5})")
_PACKAGES = ("numpy", "numba", "llvmlite", "scipy", "cvxpy")
_LOCALLY = "put it into an installed package, or leave out --cluster"
_RESUMES = "finished runs are kept; the same command resumes from them, also without --cluster"


class ClusterError(InvalidInput):
    """A cluster that cannot be reached, differs from this process, or went away."""


class NoWorkers(UserWarning):
    """A scheduler without workers: the run waits for one."""


class Refused(NamedTuple):
    """What a worker sends back for a piece that it will not run: its address, why, and its :func:`description`."""

    worker: str
    reason: str
    description: dict[str, str]


def description() -> dict[str, str]:
    """What the numbers of this process depend on: versions, and a checksum of each source of the project."""
    found = {"Python": platform.python_version(), "platform": f"{platform.system()} {platform.machine()}"}
    found |= {package: importlib.metadata.version(package) for package in _PACKAGES}
    for room in ROOMS:
        spec = importlib.util.find_spec(room)
        for folder in spec.submodule_search_locations or () if spec is not None else ():
            for file in sorted(Path(folder).rglob("*.py")):
                name = f"{room}/{file.relative_to(folder).as_posix()}"
                found[name] = hashlib.sha256(file.read_bytes()).hexdigest()[:12]
    return found


def differences(here: Mapping[str, str], there: Mapping[str, str]) -> str:
    """What differs between two descriptions, the first few, in words; empty if nothing does."""
    names = [name for name in {**here, **there} if here.get(name) != there.get(name)]
    shown = [f"{name} {there.get(name, 'missing')}, here {here.get(name, 'missing')}" for name in names[:4]]
    more = [f"and {len(names) - 4} more"] if len(names) > 4 else []
    return "; ".join(shown + more)


class Sent(NamedTuple):
    """An experiment on its way to a worker: code by name, everything else by value.

    ``digest`` is its name in the store, computed where it was sent.
    """

    params: Any
    instance: Any
    horizon: int
    checkpoints: npt.NDArray[np.int64]
    seed: int
    watch: str | None
    overrides: dict[str, tuple[str, str]]
    n_decisions: int
    digest: str

    @classmethod
    def of(cls, experiment: Experiment) -> Sent:
        """
        Raises:
            ClusterError: for code that a worker could not import by name, or whose source was edited.
        """
        watch = experiment.watch
        _require_importable([type(experiment.params).__module__, type(experiment.instance).__module__], watch)
        if experiment.unsettled:
            raise ClusterError(
                f"{experiment.unsettled}; the workers of a cluster import sources as they stand: start again, or leave "
                "out --cluster"
            )
        functions = {name: getattr(f, "py_func", f) for name, f in experiment.overrides.items()}
        return cls(
            experiment.params, experiment.instance, experiment.horizon, experiment.checkpoints, experiment.seed,
            watch.__name__ if watch is not None else None,
            {name: (f.__module__, f.__name__) for name, f in functions.items()}, experiment.n_decisions,
            experiment.digest,
        )  # fmt: skip

    def received(self) -> Experiment:
        """The experiment again, with the code of this process."""
        importlib.import_module(self.instance.module)
        overrides = {
            name: getattr(importlib.import_module(module), function)
            for name, (module, function) in self.overrides.items()
        }
        watch = importlib.import_module(self.watch) if self.watch is not None else None
        return Experiment(
            self.params, self.instance, self.horizon, self.checkpoints, self.seed, watch, overrides, self.n_decisions
        )


def _require_importable(modules: Iterable[str], watch: ModuleType | None) -> None:
    """No script, no file imported by its path, no stand-in for a watch: a worker must find the same by name."""
    for module in modules:
        package = module.partition(".")[0]
        if not any(finder.find_spec(package, None) for finder in sys.meta_path if hasattr(finder, "find_spec")):
            raise ClusterError(f"{module} is no module that the workers of a cluster can import: {_LOCALLY}")
    if watch is not None and sys.modules.get(watch.__name__) is not watch:
        raise ClusterError(
            f"the watch {watch.__name__} is no module that the workers of a cluster can import: {_LOCALLY}"
        )


def simulate_piece(sent: Sent, first_run: int, n_runs: int) -> tuple[Trace, float] | Refused:
    """What a worker does: compile, simulate, send back the trace and the seconds without compiling.

    It refuses if it would compute other numbers than the process that sent the piece.
    """
    from distributed import get_worker

    experiment = sent.received()
    reason = experiment.unsettled
    if not reason and experiment.digest != sent.digest:
        reason = "it would run another experiment"
    if reason:
        return Refused(get_worker().address, reason, description())
    prepare(experiment.params, experiment.instance, experiment.watch, experiment.overrides)
    return experiment.simulate(first_run, n_runs, 1)


class Cluster:
    """The workers of a Dask scheduler as a backend of the recorder. Several pieces are in flight at a time.

    Args:
        address: ``tcp://HOST:PORT``, or ``tls://HOST:PORT`` with the certificates of Dask's own configuration.

    Raises:
        ClusterError: Dask is not installed, a malformed address, nobody there within :data:`CONNECT` seconds, no
            worker within :data:`PATIENCE` seconds, or a worker that differs from this process.
    """

    least = 1

    def __init__(self, address: str) -> None:
        match = _ADDRESS.fullmatch(address)
        if match is None or not 0 < int(match[3]) < 65536:
            raise ClusterError(f"--cluster is {address!r}; expected tcp://HOST:PORT, such as tcp://127.0.0.1:8786")
        try:
            from distributed import Client
        except ImportError as error:
            raise ClusterError(
                f"--cluster needs dask.distributed ({error}); install it with: pip install 'regretlab[cluster]'"
            ) from error
        # A scheduler that goes away is told in one sentence; Dask would log a traceback of every attempt beside it.
        for name in ("distributed", "distributed.client"):  # the second has a level of its own
            logging.getLogger(name).setLevel(logging.CRITICAL)
        self.cluster = address
        self.workers = os.cpu_count() or 1
        try:
            _require_scheduler(address)
            self.client = Client(address, timeout=CONNECT, set_as_default=False, name="regretlab")
        except Exception as error:  # no socket, no scheduler behind it, no certificate: each has an error of its own
            raise ClusterError(f"no Dask scheduler at {address}: {_short(error)}") from error
        try:
            self._wait_for_workers()
            self._compare()
        except BaseException:
            self.close()
            raise
        self.threads = 1
        self.seen = time.monotonic()
        self.looked = -math.inf
        self._look()

    @property
    def parts(self) -> int:
        """Threads of all workers."""
        return self.threads

    def prepare(self, params: Any, instance: Any, watch: ModuleType | None) -> None:
        """Nothing: a worker compiles with its first piece."""

    def compiling(self, slugs: Sequence[str], size: str) -> contextlib.AbstractContextManager[None]:
        """Nothing, likewise."""
        return contextlib.nullcontext()

    def run(self, experiment: Experiment, pieces: Pieces) -> Generator[tuple[Trace, float], None, None]:
        """The pieces as they come back; closing cancels those in flight (one that runs runs to its end)."""
        sent = Sent.of(experiment)
        self.seen = time.monotonic()  # patience with missing workers starts anew
        running: set[Any] = set()
        try:
            while True:
                self._look()
                while len(running) < AHEAD * self.threads and (piece := next(pieces, None)) is not None:
                    running.add(self.client.submit(simulate_piece, sent, *piece, pure=False))
                if not running:
                    return
                for future in self._wait(running, LOOK, "FIRST_COMPLETED"):
                    result = self._result(future)
                    if isinstance(result, Refused):
                        raise _foreign(result.worker, differences(description(), result.description) or result.reason)
                    if result is not None:
                        running.remove(future)
                        yield result
        finally:
            if running and self.client.status == "running":
                with contextlib.suppress(Exception):  # a scheduler that is gone has no tasks to cancel
                    self.client.cancel(list(running), force=True)

    def close(self) -> None:
        """Leave the cluster; scheduler and workers stay."""
        with contextlib.suppress(Exception):  # a scheduler that is gone cannot be told
            self.client.close(timeout=CONNECT)

    def _lost(self) -> ClusterError:
        return ClusterError(f"the scheduler at {self.cluster} went away; {_RESUMES}")

    def _workers(self) -> dict[str, int]:
        """Address of a worker -> its threads."""
        try:
            return dict(self.client.nthreads())
        except Exception as error:  # of many kinds, depending on how far the client has noticed that it is alone
            raise self._lost() from error

    def _look(self) -> None:
        """Every :data:`LOOK` seconds: how many threads there are now, and whether somebody is left at all."""
        now = time.monotonic()
        if now < self.looked + LOOK:
            return
        self.looked = now
        threads = sum(self._workers().values())
        if threads:
            self.threads, self.seen = threads, now
        elif now > self.seen + PATIENCE:
            raise ClusterError(f"no worker left at {self.cluster} for {PATIENCE:g} seconds; {_RESUMES}")

    def _wait(self, futures: Iterable[Any], timeout: float, return_when: str) -> set[Any]:
        """Those that are done when they are done, or at the latest after ``timeout`` seconds."""
        from distributed import CancelledError, wait

        try:
            with self.client.as_current():
                wait(list(futures), timeout=timeout, return_when=return_when)
        except TimeoutError:
            pass
        except CancelledError as error:
            raise self._lost() from error
        return {future for future in futures if future.done()}

    def _result(self, future: Any) -> Any:
        """What a worker sent back; None if it died before it could, and the work is done again."""
        from distributed import CancelledError
        from distributed.scheduler import KilledWorker

        try:
            return future.result(timeout=PATIENCE)
        except KilledWorker as error:
            raise ClusterError(
                f"a piece was running on {error.allowed_failures + 1} workers that died one after another, the last "
                f"of them {error.last_worker.address} (too little memory, or no regretlab?); {_RESUMES}"
            ) from error
        except ImportError as error:
            raise ClusterError(f"a worker of {self.cluster} cannot import what it runs: {error}; {_RESUMES}") from error
        except (CancelledError, OSError) as error:
            if future.status == "error":  # of the work itself
                raise
            if isinstance(error, TimeoutError):
                return None
            raise self._lost() from error

    def _wait_for_workers(self) -> None:
        try:
            if not self._workers():
                warnings.warn(f"no worker at {self.cluster} yet; waiting up to {PATIENCE:g} s", NoWorkers, stacklevel=2)
            self.client.wait_for_workers(1, timeout=PATIENCE)
        except TimeoutError as error:
            raise ClusterError(
                f"no worker at {self.cluster} after {PATIENCE:g} s; start one with: dask worker {self.cluster}"
            ) from error
        except OSError as error:
            raise self._lost() from error

    def _compare(self) -> None:
        """The workers that are there now run the same sources and versions as this process.

        One that is too busy to answer is compared with its first piece.
        """

        def describe() -> dict[str, str]:  # an inner function travels by value: a worker without the project answers
            module = importlib.import_module(__name__)
            return module.description()  # type: ignore[no-any-return]

        asked = {
            self.client.submit(describe, workers=[worker], priority=1, pure=False): worker for worker in self._workers()
        }
        here = description()
        for future in self._wait(asked, PATIENCE, "ALL_COMPLETED"):
            if future.status == "error":
                raise ClusterError(f"worker {asked[future]} cannot import regretlab: {_short(future.exception())}")
            difference = differences(here, self._result(future) or here)
            if difference:
                raise _foreign(asked[future], difference)


def _require_scheduler(address: str) -> None:
    """Somebody is there who answers as a Dask scheduler does; Dask's client would wait for ever for one who does not.

    Raises:
        Exception: nobody, no answer within :data:`CONNECT` seconds, no certificate, or not a scheduler.
    """
    from distributed.core import rpc
    from distributed.security import Security

    async def identity() -> dict[str, Any]:
        arguments = Security().get_connection_args("client")
        async with rpc(address, timeout=CONNECT, connection_args=arguments) as peer:
            return dict(await peer.identity())

    async def answer() -> dict[str, Any]:
        try:
            return await asyncio.wait_for(identity(), CONNECT + 1.0)  # a refused connection has its own word until then
        except TimeoutError:
            raise TimeoutError(f"no answer within {CONNECT:g} s") from None

    with ThreadPoolExecutor(1) as thread:  # of its own, because a notebook has a running event loop in this one
        found = thread.submit(lambda: asyncio.run(answer())).result()
    if found.get("type") != "Scheduler":
        raise ConnectionError(f"there is a Dask {str(found.get('type')).lower()}")


def _foreign(worker: str, difference: str) -> ClusterError:
    return ClusterError(
        f"worker {worker} does not run what this process runs: {difference}; expected the same sources and versions "
        "everywhere (restart workers after an update)"
    )


def _short(error: BaseException) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())[:200]
