"""Recorded runs on disk: appended by atomic rename, found again by content, never half-read.

An experiment is the digest of everything its numbers depend on: instance, algorithm, hyper-parameters, horizon,
checkpoints, seed, watch, planted faults, and every source that the compiled loop reaches. Its folder holds Parquet
files, each with some consecutive replications. A file that cannot be read, or whose content does not match what its
name and checksum promise, is reported, set aside with the suffix ``.damaged`` and computed again.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from kernels.engine import Trace, join, protocol_of
from kernels.loops import cache_directory, source_digest
from kernels.steps import Records
from theory.errors import InvalidInput

FORMAT = 1


class DamagedRecord(UserWarning):
    """A stored file was set aside; its runs are computed again."""


def default_directory() -> Path:
    """``$REGRETLAB_STORE``, or ``store`` in the user's cache folder of the project."""
    chosen = os.environ.get("REGRETLAB_STORE")
    return Path(chosen) if chosen else cache_directory().parent / "store"


def _feed(digest: Any, value: Any) -> None:
    """Feed a nested value of arrays, numbers, strings, tuples, mappings and functions into a hash, unambiguously."""
    if isinstance(value, np.ndarray):
        digest.update(f"array{value.dtype.str}{value.shape}".encode())
        digest.update(np.ascontiguousarray(value).tobytes())
    elif isinstance(value, tuple | list):
        digest.update(f"{type(value).__module__}.{type(value).__qualname__}({len(value)}".encode())
        for item in value:
            _feed(digest, item)
    elif isinstance(value, Mapping):
        digest.update(f"mapping{len(value)}".encode())
        for key in sorted(value):
            _feed(digest, (str(key), value[key]))
    elif callable(value):
        digest.update(f"function {value.__module__}.{value.__qualname__}".encode())
    else:
        digest.update(f"{type(value).__name__}:{value!r};".encode())


def experiment_digest(
    params: Any,
    instance: Any,
    horizon: int,
    checkpoints: Any,
    seed: int,
    watch: ModuleType | None,
    overrides: Mapping[str, Any],
    n_decisions: int = 0,
) -> str:
    """The name of an experiment (32 hexadecimal digits): equal if and only if its numbers must be."""
    digest = hashlib.sha256()
    modules = {type(params).__module__, instance.module, type(protocol_of(params, instance)).__module__}
    modules |= {watch.__name__} if watch is not None else set()
    modules |= {getattr(f, "__module__", "") or "" for f in overrides.values()}
    _feed(digest, (FORMAT, source_digest(modules), type(params).__qualname__, tuple(params), instance.arrays()))
    _feed(
        digest, (horizon, np.asarray(checkpoints, dtype=np.int64), seed, watch.__name__ if watch else "", n_decisions)
    )
    _feed(digest, overrides)
    return digest.hexdigest()[:32]


class Store:
    """A folder of recorded runs.

    Args:
        directory: created if missing. None keeps nothing (every run is computed).

    Raises:
        InvalidInput: if the folder cannot be created or written.
    """

    def __init__(self, directory: Path | str | None) -> None:
        self.directory = Path(directory) if directory is not None else None
        if self.directory is not None:
            try:
                self.directory.mkdir(parents=True, exist_ok=True)
                with tempfile.TemporaryFile(dir=self.directory):
                    pass
            except OSError as error:
                raise InvalidInput(
                    f"store {self.directory} cannot be written: {error.strerror}; expected a folder with space left"
                ) from error

    def load(self, experiment: str) -> list[Trace]:
        """All intact blocks of an experiment, in replication order, overlaps dropped."""
        blocks: list[Trace] = []
        reach = -1
        for path in self._files(experiment):
            block = self._read(path, experiment)
            if block is None:
                continue
            if block.first_run > reach:
                blocks.append(block)
                reach = block.first_run + block.n_runs - 1
        return blocks

    def save(self, experiment: str, trace: Trace) -> None:
        """Append a block of runs.

        Raises:
            InvalidInput: if it cannot be written, for instance because no space is left; earlier blocks are intact.
        """
        if self.directory is None:
            return
        folder = self.directory / experiment[:2] / experiment
        target = folder / f"runs-{trace.first_run:09d}-{trace.n_runs:09d}.parquet"
        temporary = ""
        try:
            folder.mkdir(parents=True, exist_ok=True)
            handle, temporary = tempfile.mkstemp(dir=folder, suffix=".tmp")
            with os.fdopen(handle, "wb") as out:
                pq.write_table(_to_table(trace, experiment), out, write_page_checksum=True)
                out.flush()
                os.fsync(out.fileno())
            os.replace(temporary, target)
        except OSError as error:
            if temporary and os.path.exists(temporary):
                os.unlink(temporary)
            what = "no space left" if error.errno == errno.ENOSPC else str(error.strerror or error)
            raise InvalidInput(
                f"cannot keep runs in {folder}: {what}; finished blocks are intact, the command resumes from them"
            ) from error

    def note(self, slug: str, content: Mapping[str, Any]) -> None:
        """Keep a few facts of the last check of a claim (for ``regretlab list``)."""
        if self.directory is None:
            return
        folder = self.directory / "status"
        folder.mkdir(exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=folder, suffix=".tmp")
        with os.fdopen(handle, "w", encoding="utf-8") as out:
            json.dump(dict(content), out)
        os.replace(temporary, folder / f"{slug}.json")

    def noted(self, slug: str) -> dict[str, Any] | None:
        """What :meth:`note` kept, or None (also if the file is damaged: it is only a reminder)."""
        if self.directory is None:
            return None
        try:
            content = json.loads((self.directory / "status" / f"{slug}.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return content if isinstance(content, dict) else None

    def _files(self, experiment: str) -> Iterator[Path]:
        if self.directory is None:
            return iter(())
        return iter(sorted((self.directory / experiment[:2] / experiment).glob("runs-*.parquet")))

    def _read(self, path: Path, experiment: str) -> Trace | None:
        try:
            table = pq.read_table(path, page_checksum_verification=True, partitioning=None)
            trace = _from_table(table, experiment)
            if path.name != f"runs-{trace.first_run:09d}-{trace.n_runs:09d}.parquet":
                raise ValueError("its content does not match its name")
            return trace
        except (OSError, ValueError, KeyError, TypeError, pa.ArrowException) as error:
            aside = path.with_suffix(".parquet.damaged")
            os.replace(path, aside)
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            warnings.warn(f"{path} is damaged ({reason}); set aside as {aside.name}, its runs are computed again",
                          DamagedRecord, stacklevel=4)  # fmt: skip
            return None


def _arrays(trace: Trace) -> dict[str, np.ndarray]:
    arrays = {"regret": trace.regret, **{f"extra.{name}": value for name, value in trace.extra.items()}}
    if trace.records is not None:
        arrays |= {f"records.{name}": value for name, value in trace.records._asdict().items()}
    return arrays


def _checksum(arrays: Mapping[str, np.ndarray]) -> str:
    digest = hashlib.sha256()
    _feed(digest, dict(arrays))
    return digest.hexdigest()


def _to_table(trace: Trace, experiment: str) -> pa.Table:
    arrays = {name: np.ascontiguousarray(value) for name, value in _arrays(trace).items()}
    columns, shapes = {}, {}
    for name, value in arrays.items():
        width = int(np.prod(value.shape[1:], dtype=np.int64))
        shapes[name] = list(value.shape[1:])
        flat = pa.array(value.reshape(-1))
        columns[name] = pa.FixedSizeListArray.from_arrays(flat, width) if width else pa.nulls(len(value))
    meta = {
        "format": FORMAT,
        "experiment": experiment,
        "checkpoints": trace.checkpoints.tolist(),
        "seed": trace.seed,
        "first_run": trace.first_run,
        "shapes": shapes,
        "types": {name: value.dtype.str for name, value in arrays.items()},
        "checksum": _checksum(arrays),
    }
    return pa.table(columns).replace_schema_metadata({"regretlab": json.dumps(meta)})


def _from_table(table: pa.Table, experiment: str) -> Trace:
    meta = json.loads((table.schema.metadata or {})[b"regretlab"])
    if meta["format"] != FORMAT or meta["experiment"] != experiment:
        raise ValueError("it belongs to another experiment")
    arrays: dict[str, np.ndarray] = {}
    for name, shape in meta["shapes"].items():
        dtype = np.dtype(meta["types"][name])
        if 0 in shape:
            arrays[name] = np.zeros((table.num_rows, *shape), dtype)
        else:
            flat = table[name].combine_chunks().flatten().to_numpy(zero_copy_only=False)
            arrays[name] = np.array(flat, dtype=dtype).reshape(table.num_rows, *shape)
    if _checksum(arrays) != meta["checksum"]:
        raise ValueError("its checksum does not match")
    records = {name.removeprefix("records."): value for name, value in arrays.items() if name.startswith("records.")}
    return Trace(
        np.array(meta["checkpoints"], dtype=np.int64),
        arrays["regret"],
        Records(**records) if records else None,
        {name.removeprefix("extra."): value for name, value in arrays.items() if name.startswith("extra.")},
        meta["seed"],
        meta["first_run"],
    )


def missing(blocks: list[Trace], n_runs: int) -> list[tuple[int, int]]:
    """The ranges [first, end) of replications below ``n_runs`` that no block holds."""
    gaps = []
    at = 0
    for block in blocks:
        if block.first_run > at:
            gaps.append((at, min(block.first_run, n_runs)))
        at = max(at, block.first_run + block.n_runs)
    if at < n_runs:
        gaps.append((at, n_runs))
    return [(a, b) for a, b in gaps if a < b]


def first_runs(blocks: list[Trace], n_runs: int) -> Trace:
    """The first ``n_runs`` replications out of blocks that hold them all."""
    whole = join(sorted(blocks, key=lambda block: block.first_run))
    if whole.n_runs == n_runs:
        return whole
    records = whole.records
    if records is not None:
        records = Records._make(part[:n_runs] for part in records)
    extra = {name: value[:n_runs] for name, value in whole.extra.items()}
    return Trace(whole.checkpoints, whole.regret[:n_runs], records, extra, whole.seed, whole.first_run)
