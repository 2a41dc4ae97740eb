"""Recording runs: what is stored is read, what is missing is simulated in small pieces and kept at once."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt

from kernels.engine import Trace, join, log_spaced, protocol_of, simulate
from kernels.loops import unsettled
from proofs_check.store import Store, experiment_digest, first_runs, missing

#: A piece of work between two looks at the keyboard and the clock, in seconds.
PIECE = 0.5


class Recorder:
    """Runs experiments through a store.

    Attributes:
        store: where finished runs are kept and found.
        workers: threads.
        tick: called with the number of replications just finished or found (for progress bars).
    """

    def __init__(self, store: Store, workers: int = 1, tick: Callable[[int], None] | None = None) -> None:
        self.store = store
        self.workers = workers
        self.tick = tick

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
        overrides = overrides or {}
        functions = protocol_of(params, instance).bindings(params, instance, watch, overrides).values()
        reason = unsettled(functions, {type(params).__module__, *([watch.__name__] if watch is not None else [])})
        store = Store(None) if reason else self.store
        name = "" if reason else experiment_digest(
            params, instance, horizon, marks, seed, watch, overrides, n_decisions
        )  # fmt: skip
        blocks = store.load(name)
        found = sum(b.n_runs for b in blocks)
        if self.tick is not None and found:
            self.tick(min(found, n_runs))
        piece = self.workers
        for first, end in missing(blocks, n_runs):
            at = first
            while at < end:
                if time.monotonic() > deadline:
                    return _prefix(blocks)
                n = min(piece, end - at)
                began = time.monotonic()
                trace = simulate(
                    params, instance, horizon, n, seed=seed, first_run=at, checkpoints=marks, watch=watch,
                    overrides=overrides, n_decisions=n_decisions, workers=self.workers,
                )  # fmt: skip
                took = time.monotonic() - began
                store.save(name, trace)
                blocks.append(trace)
                at += n
                if self.tick is not None:
                    self.tick(n)
                # Grow or shrink the next piece towards PIECE seconds, by at most a factor of 8.
                piece = int(np.clip(n * PIECE / max(took, 1e-6), max(n // 8, self.workers), 8 * n))
        return first_runs(blocks, n_runs)


def _prefix(blocks: list[Trace]) -> Trace | None:
    """The longest gapless beginning of the recorded replications."""
    prefix: list[Trace] = []
    for block in sorted(blocks, key=lambda b: b.first_run):
        if block.first_run != sum(b.n_runs for b in prefix):
            break
        prefix.append(block)
    return join(prefix) if prefix else None
