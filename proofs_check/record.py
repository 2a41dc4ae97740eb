"""Recording runs: what is stored is read, what is missing is simulated in small pieces and kept at once."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType, TracebackType
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from kernels.engine import Trace, join, log_spaced, prepare, protocol_of, simulate
from kernels.loops import unsettled
from proofs_check.ahead import compiling
from proofs_check.store import Store, experiment_digest, first_runs, missing

#: A piece of work between two looks at the keyboard and the clock, in seconds.
PIECE = 0.5


@dataclass(frozen=True)
class Experiment:
    """Everything that the numbers of replication r depend on, besides r; see :func:`kernels.engine.simulate`."""

    params: Any
    instance: Any
    horizon: int
    checkpoints: npt.NDArray[np.int64]
    seed: int
    watch: ModuleType | None
    overrides: Mapping[str, Any]
    n_decisions: int = 0

    @property
    def digest(self) -> str:
        """Its name in the store."""
        return experiment_digest(
            self.params, self.instance, self.horizon, self.checkpoints, self.seed, self.watch, self.overrides,
            self.n_decisions,
        )  # fmt: skip

    @property
    def unsettled(self) -> str:
        """Why the digest does not name the code for sure, see :func:`kernels.loops.unsettled`; empty if it does."""
        protocol = protocol_of(self.params, self.instance)
        functions = protocol.bindings(self.params, self.instance, self.watch, self.overrides).values()
        watch = [self.watch.__name__] if self.watch is not None else []
        return unsettled(functions, {type(self.params).__module__, *watch})

    def simulate(self, first_run: int, n_runs: int, workers: int) -> tuple[Trace, float]:
        """Replications first_run .. first_run + n_runs - 1 on threads of this process, and the seconds they took."""
        began = time.monotonic()
        trace = simulate(
            self.params, self.instance, self.horizon, n_runs, seed=self.seed, first_run=first_run,
            checkpoints=self.checkpoints, watch=self.watch, overrides=self.overrides, n_decisions=self.n_decisions,
            workers=workers,
        )  # fmt: skip
        return trace, time.monotonic() - began


class Pieces(Iterator[tuple[int, int]]):
    """The missing replications, cut into pieces (first replication, number) of about :data:`PIECE` seconds.

    The size is learnt on the way: :meth:`took` says how long a finished piece took. Past the deadline there are no
    further pieces.

    Args:
        gaps: ranges [first, end) of replications. deadline: ``time.monotonic()``.
        least: replications of the first piece, and of the smallest. parts: no piece is more than this share of all.
    """

    def __init__(self, gaps: Sequence[tuple[int, int]], deadline: float, least: int, parts: int) -> None:
        self.gaps = list(reversed(gaps))
        self.deadline = deadline
        self.least = least
        self.largest = max(1, -(-sum(end - first for first, end in gaps) // parts))
        self.size = least

    def __next__(self) -> tuple[int, int]:
        if not self.gaps or time.monotonic() > self.deadline:
            raise StopIteration
        first, end = self.gaps.pop()
        n = min(self.size, self.largest, end - first)
        if first + n < end:
            self.gaps.append((first + n, end))
        return first, n

    def took(self, n: int, seconds: float) -> None:
        """Grow or shrink the next pieces towards :data:`PIECE` seconds, by at most a factor of 8."""
        self.size = int(np.clip(n * PIECE / max(seconds, 1e-6), max(n // 8, self.least), 8 * n))


class Backend(Protocol):
    """Where replications are simulated.

    Attributes:
        cluster: address of the scheduler whose workers simulate; empty if this process does.
        workers: threads of this process, for work that stays here.
        least: replications of a first piece. parts: pieces that run at a time.
    """

    cluster: str
    workers: int
    least: int

    @property
    def parts(self) -> int: ...

    def prepare(self, params: Any, instance: Any, watch: ModuleType | None) -> None:
        """Whatever can be done before the clock of a case starts, such as compiling."""

    def compiling(self, slugs: Sequence[str], size: str) -> contextlib.AbstractContextManager[None]:
        """Compile the loops of later claims while the body runs."""

    def run(self, experiment: Experiment, pieces: Pieces) -> Generator[tuple[Trace, float], None, None]:
        """The pieces as they finish, in any order, each with the seconds it took. Closing gives up the rest."""

    def close(self) -> None:
        """Give back what was opened."""


class Threads:
    """The threads of this process: one piece at a time, spread over all of them."""

    cluster = ""
    parts = 1

    def __init__(self, workers: int) -> None:
        self.workers = self.least = workers

    def prepare(self, params: Any, instance: Any, watch: ModuleType | None) -> None:
        prepare(params, instance, watch)

    def compiling(self, slugs: Sequence[str], size: str) -> contextlib.AbstractContextManager[None]:
        return compiling(slugs, size)

    def run(self, experiment: Experiment, pieces: Pieces) -> Generator[tuple[Trace, float], None, None]:
        for first_run, n_runs in pieces:
            yield experiment.simulate(first_run, n_runs, self.workers)

    def close(self) -> None:
        """Threads end with their piece."""


class Recorder:
    """Runs experiments through a store. A context manager: leaving it closes the backend.

    Attributes:
        store: where finished runs are kept and found.
        backend: where missing runs are simulated; a number stands for that many threads of this process.
        tick: called with the number of replications just finished or found (for progress bars).
    """

    def __init__(self, store: Store, workers: int | Backend = 1, tick: Callable[[int], None] | None = None) -> None:
        self.store = store
        self.backend: Backend = Threads(workers) if isinstance(workers, int) else workers
        self.tick = tick

    @property
    def workers(self) -> int:
        """Threads of this process."""
        return self.backend.workers

    def __enter__(self) -> Recorder:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.backend.close()

    @property
    def cluster(self) -> str:
        """Address of the scheduler whose workers simulate; empty if this process does."""
        return self.backend.cluster

    def prepare(self, params: Any, instance: Any, watch: ModuleType | None) -> None:
        """Compile what :meth:`runs` will run, if it runs here."""
        self.backend.prepare(params, instance, watch)

    def anew(self) -> Recorder:
        """A recorder on the same backend that finds nothing and keeps nothing."""
        return Recorder(Store(None), self.backend, self.tick)

    def runs(
        self,
        params: Any,
        instance: Any,
        horizon: int,
        n_runs: int,
        *,
        seed: int,
        checkpoints: npt.ArrayLike | None = None,
        watch: ModuleType | None = None,
        overrides: Mapping[str, Any] | None = None,
        n_decisions: int = 0,
        deadline: float = np.inf,
    ) -> Trace | None:
        """Replications 0 .. n_runs - 1 of an experiment, from the store where it has them.

        Past ``deadline`` (``time.monotonic()``) no further piece is started: fewer runs come back, or None if there
        are none at all. Runs of code that the digest of its sources does not name for sure (see
        :func:`kernels.loops.unsettled`) are made anew and not kept.
        """
        marks = log_spaced(horizon) if checkpoints is None else np.asarray(checkpoints, dtype=np.int64)
        experiment = Experiment(params, instance, horizon, marks, seed, watch, overrides or {}, n_decisions)
        store, name = (Store(None), "") if experiment.unsettled else (self.store, experiment.digest)
        blocks = store.load(name)
        found = sum(b.n_runs for b in blocks)
        if self.tick is not None and found:
            self.tick(min(found, n_runs))
        pieces = Pieces(missing(blocks, n_runs), deadline, self.backend.least, self.backend.parts)
        with contextlib.closing(self.backend.run(experiment, pieces)) as finished:
            for trace, seconds in finished:
                store.save(name, trace)
                blocks.append(trace)
                pieces.took(trace.n_runs, seconds)
                if self.tick is not None:
                    self.tick(trace.n_runs)
        blocks.sort(key=lambda block: block.first_run)
        return _prefix(blocks) if missing(blocks, n_runs) else first_runs(blocks, n_runs)


def _prefix(blocks: list[Trace]) -> Trace | None:
    """The longest gapless beginning of the recorded replications, which are in order."""
    prefix: list[Trace] = []
    for block in blocks:
        if block.first_run != sum(b.n_runs for b in prefix):
            break
        prefix.append(block)
    return join(prefix) if prefix else None
