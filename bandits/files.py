"""Bandit instances in files: tables of arm means, of loss sequences or of logged contexts (CSV, Parquet), and JSON.

Tables are told apart by their columns:

- ``mean`` (with optional ``arm``, ``law`` = bernoulli or gaussian, ``sd``): one row an arm, a stochastic bandit;
- ``context``, ``action`` and features ``x0, x1, ...``, with ``mean`` or ``reward``: one row for each pair of context
  and action, a linear bandit with the contexts in the order of the table. From exact ``mean`` values theta is solved
  for, and refused if no theta fits; from logged ``reward`` values it is the least-squares fit, and the name says so;
- anything else numeric (with optional ``round``): one row a round, one column an arm, losses in [0, 1].

JSON holds any instance of the bandit rooms exactly, by class name and fields.
"""

from __future__ import annotations

import csv
import importlib
import json
import math
import os
import pkgutil
import re
from collections.abc import Iterator
from dataclasses import is_dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

import bandits
from bandits.linear import LinearBandit
from theory.documents import decode, encode
from theory.errors import DamagedFile, InvalidInput

#: Largest |<theta, x> - mean| at which a table of exact means counts as linear.
LINEARITY = 1e-9


class _Table:
    """Named columns of equal length with, for messages, where each row stands in its file."""

    def __init__(self, path: Path, names: list[str], rows: list[list[Any]], places: list[str]) -> None:
        self.path, self.names, self.rows, self.places = path, names, rows, places

    def __contains__(self, name: str) -> bool:
        return name in self.names

    def text(self, name: str) -> list[str]:
        """A column as text."""
        j = self.names.index(name)
        return [str(row[j]) for row in self.rows]

    def numbers(self, name: str) -> np.ndarray:
        """A column as float64.

        Raises:
            DamagedFile: naming the line and the cell.
        """
        j = self.names.index(name)
        values = np.empty(len(self.rows))
        for i, row in enumerate(self.rows):
            try:
                values[i] = float(row[j])
            except (TypeError, ValueError):
                values[i] = math.nan
            if not math.isfinite(values[i]):
                raise DamagedFile(
                    f"{self.path}, {self.places[i]}, column {name!r}: {row[j]!r} is not a finite number; expected one"
                )
        return values


def _read_csv(path: Path) -> _Table:
    try:
        with path.open(newline="", encoding="utf-8") as source:
            reader = csv.reader(source)
            names = [name.strip() for name in next(reader, [])]
            if len(names) == 1 and ";" in names[0]:
                raise DamagedFile(f"{path}, line 1: {names[0]!r} is one cell; expected commas between the columns")
            rows, places = [], []
            for row in reader:
                if not row:
                    continue
                if len(row) != len(names):
                    raise DamagedFile(
                        f"{path}, line {reader.line_num}: {len(row)} cells; expected {len(names)} ({', '.join(names)})"
                    )
                rows.append([cell.strip() for cell in row])
                places.append(f"line {reader.line_num}")
    except (UnicodeDecodeError, csv.Error) as error:
        raise DamagedFile(f"{path}: not a readable CSV table: {error}") from error
    return _Table(path, names, rows, places)


def _read_parquet(path: Path) -> _Table:
    try:
        table = pq.read_table(path, partitioning=None)
    except (OSError, pa.ArrowException) as error:
        raise DamagedFile(f"{path}: not a readable Parquet table: {str(error).splitlines()[0]}") from error
    columns = [column.to_pylist() for column in table.columns]
    rows = [list(row) for row in zip(*columns)]
    return _Table(path, list(table.column_names), rows, [f"row {i}" for i in range(len(rows))])


def read_bandit(path: str | os.PathLike[str]) -> Any:
    """Read a bandit instance; the extension says the format, the columns of a table say which kind.

    Returns:
        A stochastic bandit, a loss sequence, or a :class:`LinearBandit`.

    Raises:
        DamagedFile: the file cannot be read as what it claims to be (line and column named).
        InvalidInput: no such file, an unknown extension, or a readable table of a malformed instance.
    """
    source = Path(path)
    readers = {".csv": _read_csv, ".parquet": _read_parquet}
    extension = source.suffix.lower()
    if extension != ".json" and extension not in readers:
        raise InvalidInput(f"{source}: unknown extension {extension!r}; expected .csv, .parquet or .json")
    if not source.is_file():
        raise InvalidInput(f"{source}: no such file")
    if extension == ".json":
        return _from_json(source)
    table = readers[extension](source)
    if not table.names or not table.rows:
        raise DamagedFile(f"{source}: the table is empty; expected a header and at least one row")
    if len(set(table.names)) < len(table.names):
        twice = next(name for name in table.names if table.names.count(name) > 1)
        raise DamagedFile(f"{source}, header: column {twice!r} appears twice; expected distinct names")
    try:
        if "action" in table:
            return _contexts(table)
        if "mean" in table:
            return _means(table)
        return _losses(table)
    except DamagedFile:
        raise
    except InvalidInput as error:
        raise InvalidInput(f"{source}: {error}") from error


def _means(table: _Table) -> Any:
    laws = set(table.text("law")) if "law" in table else {"bernoulli"}
    name = table.path.stem
    if laws == {"bernoulli"}:
        return instance_classes()["BernoulliBandit"](table.numbers("mean"), name=name)
    if laws == {"gaussian"}:
        if "sd" not in table:
            raise DamagedFile(f"{table.path}, header: no column 'sd'; expected one for Gaussian arms")
        sd = np.unique(table.numbers("sd"))
        if len(sd) > 1:
            raise InvalidInput(f"column 'sd' has different values {sd[:3].tolist()}; expected one common sd")
        return instance_classes()["GaussianBandit"](table.numbers("mean"), sd=float(sd[0]), name=name)
    raise InvalidInput(f"column 'law' has {sorted(laws)}; expected all bernoulli or all gaussian (others: use .json)")


def _losses(table: _Table) -> Any:
    columns = [name for name in table.names if name != "round"]
    if not columns:
        raise DamagedFile(f"{table.path}, header: no column of losses; expected one for each arm")
    losses = np.stack([table.numbers(name) for name in columns], axis=1)
    outside = (losses < 0.0) | (losses > 1.0)
    if outside.any():
        i, j = (int(k) for k in np.argwhere(outside)[0])
        raise InvalidInput(f"{table.places[i]}, column {columns[j]!r}: loss {losses[i, j]:g}; expected one in [0, 1]")
    return instance_classes()["LossSequence"](losses, name=table.path.stem)


def _contexts(table: _Table) -> LinearBandit:
    columns = sorted((n for n in table.names if re.fullmatch(r"x\d+", n)), key=lambda n: int(n[1:]))
    target = next((n for n in ("mean", "reward") if n in table), None)
    if "context" not in table or not columns or target is None:
        raise DamagedFile(
            f"{table.path}, header: columns {', '.join(table.names)}; expected context, action, x0, x1, ... and "
            "mean or reward"
        )
    x = np.stack([table.numbers(name) for name in columns], axis=1)
    y = table.numbers(target)
    contexts, index = np.unique(np.array(table.text("context")), return_inverse=True)
    first = np.full(len(contexts), len(index))
    np.minimum.at(first, index, np.arange(len(index)))
    order = np.argsort(first)  # contexts in the order of the table
    groups = [np.flatnonzero(index == c) for c in order]
    sizes = {len(group) for group in groups}
    if len(sizes) > 1:
        odd = next(g for g in groups if len(g) != len(groups[0]))
        raise InvalidInput(
            f"{table.places[int(odd[0])]}: context {contexts[index[odd[0]]]!r} has {len(odd)} actions; "
            f"expected {len(groups[0])} as in the first context"
        )
    theta, *_ = np.linalg.lstsq(x, y, rcond=None)
    if target == "mean":
        residual = np.abs(x @ theta - y)
        if residual.max() > LINEARITY * max(1.0, float(np.abs(y).max())):
            i = int(np.argmax(residual))
            raise InvalidInput(
                f"{table.places[i]}: mean {y[i]:g} differs by {residual[i]:.3g} from every linear function of the "
                "features; expected <theta, x> exactly (give logged rewards in a column 'reward' to fit theta)"
            )
    scale = 1.0 if target == "mean" else max(float(np.std(x @ theta - y)), 1e-12)
    name = table.path.stem + ("" if target == "mean" else " (theta fitted by least squares)")
    return LinearBandit.table(np.stack([x[group] for group in groups]), theta, scale=scale, name=name)


def _classes() -> Iterator[type]:
    """Every instance class of the bandit rooms: a dataclass with a protocol, defined in the module that lists it."""
    for module in pkgutil.walk_packages(bandits.__path__, "bandits."):
        for value in vars(importlib.import_module(module.name)).values():
            if isinstance(value, type) and is_dataclass(value) and hasattr(value, "protocol"):
                if value.__module__ == module.name:
                    yield value


def instance_classes() -> dict[str, Any]:
    """Class name -> class of every instance of the bandit rooms."""
    return {cls.__name__: cls for cls in _classes()}


def write_bandit(instance: Any, path: str | os.PathLike[str]) -> None:
    """Write any bandit instance as JSON (:mod:`theory.documents`), exactly.

    Raises:
        InvalidInput: not an instance of the bandit rooms, another extension than .json, or the file cannot be written.
    """
    target, known = Path(path), instance_classes()
    if target.suffix.lower() != ".json":
        raise InvalidInput(f"{target}: unknown extension {target.suffix!r}; expected .json")
    if type(instance) not in known.values():
        raise InvalidInput(f"{type(instance).__name__} is no bandit instance; expected one of {', '.join(known)}")
    try:
        target.write_text(json.dumps(encode(instance, known), indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise InvalidInput(f"cannot write {target}: {error.strerror}") from error


def _from_json(path: Path) -> Any:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise DamagedFile(f"{path}: not readable as JSON: {error}") from error
    if not isinstance(content, dict) or not isinstance(content.get("fields"), dict):
        raise DamagedFile(f"{path}: expected an object with 'instance' (a class name) and 'fields' (its arguments)")
    return decode(content, instance_classes(), str(path))
