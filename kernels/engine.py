"""Running replications: one engine for every interaction protocol.

A :class:`Protocol` knows its compiled loop and which arrays a block of replications needs; everything else
(specialising the loop, splitting replications into blocks, threads, progress, putting the parts together) is here,
once. The numbers depend on (seed, replication) alone, never on blocks or threads.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt

from kernels.loops import functions_of, nothing, specialise
from kernels.steps import Records, allocate_records
from theory.errors import InvalidInput

HOOKS = ("begin", "acted", "stepped", "observed", "ended")


@dataclass(frozen=True)
class Trace:
    """What a batch of replications leaves. First axis of every array: replication.

    Attributes:
        checkpoints: rounds (bandits) or episodes (MDPs) at which the regret was kept, shape (C,).
        regret: exact cumulative pseudo-regret there, shape (n_runs, C).
        records: proof-step records, or None if nothing was watched.
        extra: further arrays by name ("pulls", "realised", "summary", "decisions", ...), each (n_runs, ...).
        seed, first_run: replication i of this trace is (seed, first_run + i).
    """

    checkpoints: npt.NDArray[np.int64]
    regret: npt.NDArray[np.float64]
    records: Records | None
    extra: dict[str, npt.NDArray[Any]] = field(default_factory=dict)
    seed: int = 0
    first_run: int = 0

    @property
    def n_runs(self) -> int:
        """Number of replications."""
        return len(self.regret)


def join(traces: Sequence[Trace]) -> Trace:
    """Consecutive traces of one experiment as one (they must follow each other in replication order)."""
    first = traces[0]
    records = None
    if first.records is not None:
        records = Records(*(np.concatenate(parts) for parts in zip(*(t.records for t in traces if t.records))))
    return Trace(
        first.checkpoints,
        np.concatenate([t.regret for t in traces]),
        records,
        {name: np.concatenate([t.extra[name] for t in traces]) for name in first.extra},
        first.seed,
        first.first_run,
    )


class Protocol:
    """An interaction protocol: a loop and the arrays of a block.

    Subclasses set ``setting``, ``loop`` (a plain function, see :mod:`kernels.loops`), ``algorithm_functions`` and
    ``instance_functions`` (the names that the algorithm's and the instance's module must define), and define
    :meth:`run_block`.
    """

    #: Name of the setting, as claims state theirs.
    setting: str
    loop: Callable[..., Any]
    algorithm_functions: tuple[str, ...]
    instance_functions: tuple[str, ...]
    #: Functions an algorithm may leave out.
    optional_functions: tuple[str, ...] = ()

    def run_block(
        self,
        loop: Callable[..., Any],
        params: Any,
        state: Any,
        instance: Any,
        watch: Any,
        records: Records,
        seed: int,
        first_run: int,
        n_runs: int,
        checkpoints: npt.NDArray[np.int64],
        n_decisions: int,
    ) -> tuple[npt.NDArray[np.float64], dict[str, npt.NDArray[Any]]]:
        """Allocate the outputs of a block, run the loop, return (regret, extra)."""
        raise NotImplementedError

    def specialised(
        self, params: Any, instance: Any, watch: ModuleType | None, overrides: Mapping[str, Any]
    ) -> Callable[..., Any]:
        """What :meth:`run_block` calls as ``loop``."""
        return specialise(self.loop, self.bindings(params, instance, watch, overrides))  # type: ignore[no-any-return]

    def seen(self, instance: Any) -> Any:
        """What :meth:`run_block` gets as ``instance``."""
        return instance.arrays()

    def notes(self, params: Any, instance: Any, watch: ModuleType | None, horizon: int) -> Any:
        """What :meth:`run_block` gets as ``watch``: the arrays that the hooks write."""
        return watch.allocate(params, instance, horizon) if watch is not None else 0

    def bindings(
        self, params: Any, instance: Any, watch: ModuleType | None, overrides: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Name -> function for every free name of the loop."""
        hooks = {hook: getattr(watch, hook, nothing) for hook in HOOKS}
        algorithm = functions_of(type(params).__module__, self.algorithm_functions, overrides)
        environment = functions_of(instance.module, self.instance_functions, overrides)
        module = sys.modules[type(params).__module__]
        optional = {name: overrides.get(name, getattr(module, name, nothing)) for name in self.optional_functions}
        return {**environment, **algorithm, **optional, **hooks}


def summary_shape(params: Any, state: Any) -> tuple[int, ...]:
    """Shape of what the algorithm's ``summarise`` leaves of a run; (0,) if it leaves nothing."""
    module = sys.modules[type(params).__module__]
    return tuple(module.summary_shape(params, state)) if hasattr(module, "summary_shape") else (0,)


def protocol_of(params: Any, instance: Any) -> Protocol:
    """The protocol that the algorithm's module states as ``PROTOCOL``, else the instance's own."""
    return getattr(sys.modules[type(params).__module__], "PROTOCOL", instance.protocol)  # type: ignore[no-any-return]


def log_spaced(horizon: int, per_octave: int = 4) -> npt.NDArray[np.int64]:
    """Checkpoints 1 .. horizon, about ``per_octave`` for each doubling, always with the horizon itself."""
    n = int(np.ceil(np.log2(max(horizon, 2)) * per_octave)) + 1
    return np.unique(np.rint(np.geomspace(1, horizon, n)).astype(np.int64))


def prepare(
    params: Any, instance: Any, watch: ModuleType | None = None, overrides: Mapping[str, Any] | None = None
) -> None:
    """Compile the loop that :func:`simulate` would run with these arguments, or load it from disk; run nothing."""
    protocol = protocol_of(params, instance)
    loop = protocol.specialised(params, instance, watch, overrides or {})
    _block(protocol, loop, params, instance, protocol.seen(instance), 1, watch, overrides or {}, 0, 0, 0,
           log_spaced(1), 0)  # fmt: skip


def _block(
    protocol: Protocol,
    loop: Any,
    params: Any,
    instance: Any,
    arrays: Any,
    horizon: int,
    watch: ModuleType | None,
    overrides: Mapping[str, Any],
    seed: int,
    first_run: int,
    n_runs: int,
    checkpoints: npt.NDArray[np.int64],
    n_decisions: int,
) -> Trace:
    """Replications first_run .. first_run + n_runs - 1 in one call of the loop."""
    allocate = overrides.get("allocate") or sys.modules[type(params).__module__].allocate  # type: ignore[attr-defined]
    records = allocate_records(n_runs, len(watch.STEPS) if watch is not None else 0)
    try:
        regret, extra = protocol.run_block(
            loop,
            params,
            allocate(params, instance.problem(horizon)),
            arrays,
            protocol.notes(params, instance, watch, horizon),
            records,
            seed,
            first_run,
            n_runs,
            checkpoints,
            n_decisions,
        )
    except IndexError as error:
        raise InvalidInput(f"{type(params).__name__} on {instance.name}: {error}") from error
    return Trace(checkpoints, regret, records if watch is not None else None, extra, seed, first_run)


def simulate(
    params: Any,
    instance: Any,
    horizon: int,
    n_runs: int,
    *,
    seed: int = 0,
    first_run: int = 0,
    checkpoints: npt.ArrayLike | None = None,
    watch: ModuleType | None = None,
    overrides: Mapping[str, Any] | None = None,
    workers: int = 1,
    block: int | None = None,
    n_decisions: int = 0,
    progress: Callable[[int], None] | None = None,
) -> Trace:
    """Run ``n_runs`` independent replications of an algorithm on an instance.

    Args:
        params: the algorithm: a NamedTuple of hyper-parameters whose module defines ``allocate`` and the compiled
            functions of the instance's protocol (``init``, ``act``, ``observe``; ``plan`` for episodes).
        instance: anything with ``protocol``, ``arrays()``, ``problem(horizon)`` and ``module``.
        horizon: rounds (bandits) or episodes (episodic MDPs), >= 1.
        n_runs: number of replications, >= 1; they are numbered first_run, first_run + 1, ...
        seed: integer in 0 .. 2^63 - 1. Replication r is a function of (seed, r) alone.
        checkpoints: increasing rounds at which the regret is kept; default log-spaced.
        watch: module with ``STEPS``, ``allocate(params, instance, horizon)`` and compiled hooks among
            ``begin, acted, observed, ended``.
        overrides: name -> function put in the place of the algorithm's or instance's own (planted faults).
        workers: threads. block: replications per call (default: spread over the workers).
        n_decisions: keep the first so many decisions of each run in ``extra["decisions"]``.
        progress: called with the number of replications just finished.

    Returns:
        A :class:`Trace`, the same bit for bit for any ``workers`` and ``block``.

    Raises:
        InvalidInput: if horizon, n_runs, seed or checkpoints are out of range.
    """
    for what, value in (("horizon", horizon), ("n_runs", n_runs), ("workers", workers)):
        if value < 1:
            raise InvalidInput(f"{what} is {value}; expected at least 1")
    if not 0 <= seed < 2**63:
        raise InvalidInput(f"seed is {seed}; expected an integer in 0 .. 2^63 - 1")
    marks = log_spaced(horizon) if checkpoints is None else np.asarray(checkpoints, dtype=np.int64)
    if marks.ndim != 1 or marks.size == 0 or marks[0] < 1 or (np.diff(marks) <= 0).any() or marks[-1] > horizon:
        raise InvalidInput(f"checkpoints must increase within 1..{horizon}; got {marks.tolist()[:10]}")
    protocol = protocol_of(params, instance)
    planted = overrides or {}
    loop = protocol.specialised(params, instance, watch, planted)
    arrays = protocol.seen(instance)
    size = block or max(1, -(-n_runs // (4 * workers)) if workers > 1 else n_runs)
    starts = range(first_run, first_run + n_runs, size)

    def run(start: int) -> Trace:
        n = min(size, first_run + n_runs - start)
        trace = _block(
            protocol, loop, params, instance, arrays, horizon, watch, planted, seed, start, n, marks, n_decisions
        )
        if progress is not None:
            progress(n)
        return trace

    if workers == 1 or len(starts) == 1:
        return join([run(start) for start in starts])
    with ThreadPoolExecutor(workers) as pool:
        futures = [pool.submit(run, start) for start in starts]
        try:
            for future in as_completed(futures):
                future.result()
        except BaseException:
            for future in futures:
                future.cancel()
            raise
    return join([future.result() for future in futures])
