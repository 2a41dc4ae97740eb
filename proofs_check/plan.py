"""Planning a sweep: how long a check or the figures will take on n workers, from a pilot of a few replications.

What is exact: the largest number of replications of each part, what the store already holds, and the order of things
(the parts one after another, the batches of a case one after another, the replications of a batch side by side). What
is estimated: the seconds of a replication and of compiling, on one thread of this process. What nobody knows before
the runs: when a sequential test stops, and which workers have compiled the loops before. So each part has two times:
the earliest (every test is decided by the first batch, all is compiled) and the latest (no test is decided before the
limit, each loop is compiled once more).
"""

from __future__ import annotations

import importlib
import itertools
import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from kernels.engine import log_spaced, prepare
from proofs_check.catalogue import select
from proofs_check.check import FULL, QUICK, Size, batches
from proofs_check.claim import Claim
from proofs_check.record import Experiment
from proofs_check.store import Store, default_directory, missing
from theory.errors import InvalidInput

#: Seconds of a pilot after its first replication, and replications at most.
PILOT, MOST = 0.3, 5
WORKERS = (1, 2, 8, 64)


@dataclass(frozen=True)
class Part:
    """One experiment of a sweep.

    Attributes:
        slug, part: claim or figure, and which of its experiments, in words.
        experiment: what is run.
        looks: numbers of replications after which the check looks at them and may stop; the last is the limit.
    """

    slug: str
    part: str
    experiment: Experiment
    looks: tuple[int, ...]


def plan(
    slugs: Sequence[str | Claim] | str | Claim = (),
    *,
    workers: Sequence[int] = WORKERS,
    full: bool = False,
    figures: bool = False,
    seed: int = 0,
    store: Path | str | None = None,
    announce: Callable[[str, int], None] | None = None,
) -> pd.DataFrame:
    """How long a sweep will take, a row for each of its experiments, in the order in which they run.

    A few replications of every experiment that is not finished are run on one thread and kept in the store.

    Args:
        slugs: claims (default all), or figures. workers: numbers of workers, each >= 1.
        full: the larger sizes. figures: plan the figures instead of the checks.
        seed: of the sweep. store: folder of recorded runs. announce: progress callback.

    Returns:
        Columns ``slug``, ``part``, ``horizon``, ``done`` (replications in the store), ``runs`` (at most),
        ``compile`` and ``seconds`` (of one replication; the largest is the largest indivisible piece), and for each
        n of ``workers`` and for ``inf``: ``earliest_n`` and ``latest_n``, seconds. The column sums are the sweep's.

    Raises:
        UnknownName: an unknown slug. InvalidInput: a number of workers below 1.
    """
    for n in workers:
        if n < 1:
            raise InvalidInput(f"workers is {n}; expected at least 1")
    names = [slugs] if isinstance(slugs, str | Claim) else list(slugs)
    size = FULL if full else QUICK
    parts = _figure_parts(names, full, seed) if figures else _claim_parts(select(names), size, seed)
    kept = Store(default_directory() if store is None else store)
    rows = []
    for part in parts:
        if announce is not None:
            announce(f"pilot: {part.slug}, {part.part}", 1)
        rows.append(_row(part, kept, [*dict.fromkeys(workers), math.inf]))
    return pd.DataFrame(rows)


def totals(table: pd.DataFrame) -> pd.DataFrame:
    """Seconds of the whole sweep by number of workers, from what :func:`plan` returned.

    Columns ``workers``, ``earliest``, ``latest`` and ``efficiency``: the latest time on one worker over n times that
    on n, nan if nothing is left or one worker was not planned.
    """
    rows = []
    alone = float(table["latest_1"].sum()) if "latest_1" in table else math.nan
    for column in table.columns[table.columns.str.startswith("latest_")]:
        n = float(column.removeprefix("latest_"))
        latest = float(table[column].sum())
        rows.append(
            {
                "workers": n, "earliest": float(table[f"earliest_{n:g}"].sum()), "latest": latest,
                "efficiency": alone / (n * latest) if latest > 0 else math.nan,
            }
        )  # fmt: skip
    return pd.DataFrame(rows)


def _claim_parts(claims: Sequence[Claim], size: Size, seed: int) -> Iterator[Part]:
    """What :func:`proofs_check.check.check_claim` runs of each claim."""
    for claim in claims:
        for case in claim.cases:
            if size.full or not case.full_only:
                instance = case.build()
                params = claim.algorithm(instance, case.horizon)
                watch = claim.watch if case.watched else None
                marks = log_spaced(case.horizon)
                experiment = Experiment(params, instance, case.horizon, marks, seed, watch, {})
                yield Part(claim.slug, case.id, experiment, tuple(batches(case.max_runs * size.runs)))
        if claim.rate is not None:
            rate, last = claim.rate, claim.rate.grid[-1]
            for value in [last] if rate.prefix else rate.grid:
                instance, horizon = rate.case(value)
                marks = np.asarray(rate.grid if rate.prefix else [horizon], dtype=np.int64)
                experiment = Experiment(rate.algorithm(instance, horizon), instance, horizon, marks, seed, None, {})
                yield Part(claim.slug, f"rate, {rate.sweep} = {value}", experiment, (rate.n_runs * size.runs,))


def _figure_parts(names: Sequence[Any], full: bool, seed: int) -> Iterator[Part]:
    """What :func:`figures.gallery.draw_all` runs of each figure."""
    # The figures room lies above this one; it is found by name, so that no import goes upwards.
    room: Any = importlib.import_module("figures.gallery")
    for slug, module in room.chosen(names).items():
        for run in room.sized(module.EXPERIMENT.runs, full):
            marks = log_spaced(run.horizon)
            experiment = Experiment(run.algorithm(), run.instance(), run.horizon, marks, seed, None, {})
            yield Part(slug, run.label, experiment, (run.n_runs,))


def _row(part: Part, store: Store, workers: Sequence[float]) -> dict[str, Any]:
    done, compiling, seconds = _pilot(part, store)
    row = {
        "slug": part.slug, "part": part.part, "horizon": part.experiment.horizon, "done": done,
        "runs": part.looks[-1], "compile": compiling, "seconds": seconds,
    }  # fmt: skip
    for n in workers:
        row[f"earliest_{n:g}"] = span(part.looks[:1], done, 0.0, seconds, n)
        row[f"latest_{n:g}"] = span(part.looks, done, compiling, seconds, n)
    return row


def span(looks: Sequence[int], done: int, compiling: float, seconds: float, workers: float) -> float:
    """Seconds until there are ``looks[-1]`` replications, ``done`` of which exist, on n workers.

    The missing replications of a batch run side by side, a whole number of rounds; the next batch waits for the last.
    """
    had = min(done, looks[-1])
    reached = [had, *(max(had, look) for look in looks)]
    new = [later - sooner for sooner, later in itertools.pairwise(reached)]
    rounds = sum(math.ceil(n / workers) if workers < math.inf else n > 0 for n in new)
    return compiling + rounds * seconds if any(new) else 0.0


def _pilot(part: Part, store: Store) -> tuple[int, float, float]:
    """Run a few of the missing replications and keep them: how many there are now, seconds to compile, seconds of one.

    The first replication is timed only if it is alone: it also pays for what a process does once.
    """
    experiment = part.experiment
    settled = not experiment.unsettled
    blocks = store.load(experiment.digest) if settled else []
    left = missing(blocks, part.looks[-1])
    if not left:
        return part.looks[-1], 0.0, 0.0
    began = time.monotonic()
    prepare(experiment.params, experiment.instance, experiment.watch)
    compiling = time.monotonic() - began
    first, end = left[0]
    trace, seconds = experiment.simulate(first, 1, 1)
    made = [trace]
    more = min(end - first - 1, MOST, int(PILOT / max(seconds, 1e-6)))
    if more > 0:
        trace, took = experiment.simulate(first + 1, more, 1)
        made.append(trace)
        seconds = took / more
    for trace in made if settled else ():
        store.save(experiment.digest, trace)
        blocks.append(trace)
    blocks.sort(key=lambda block: block.first_run)
    done = part.looks[-1] - sum(b - a for a, b in missing(blocks, part.looks[-1]))
    return done, compiling, seconds
