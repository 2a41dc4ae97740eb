"""Models as JSON documents."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from mdps.files.common import Content, Rows, dump_json, known_options, load_json, read_text, stored_options, write_text
from mdps.model import MDP
from theory.errors import InvalidInput

_FORMAT, _VERSION = "regretlab-mdp", 1


def read_json(path: Path) -> Content:
    """Read a document (see :mod:`mdps.files` for its keys).

    Raises:
        DamagedFile: not UTF-8 or not JSON, with line and column.
        InvalidInput: not a model; the message gives the JSON path.
    """
    document = load_json(str(path), read_text(path))
    if not isinstance(document, dict):
        raise InvalidInput(f"{path}: {type(document).__name__} at the top; expected an object")
    body = dict(document)
    found = (body.pop("format", None), body.pop("version", None))
    if found != (_FORMAT, _VERSION):
        raise InvalidInput(
            f"{path}: format is {found[0]!r}, version {found[1]!r}; expected {_FORMAT!r}, version {_VERSION}"
        )
    parts = {
        key: body.pop(key) for key in ("transitions", "successors", "rewards", "n_states", "n_actions") if key in body
    }
    options = known_options(str(path), body)
    if ("transitions" in parts) == ("successors" in parts) or "rewards" not in parts:
        raise InvalidInput(f"{path}: expected 'rewards' and exactly one of 'transitions' and 'successors'")
    rewards = _array(f"{path}: rewards", parts["rewards"])
    if rewards.ndim not in (2, 3):
        raise InvalidInput(
            f"{path}: rewards have shape {rewards.shape}; expected (S, A), or (H, S, A) if stage-dependent"
        )
    for key, size in zip(("n_states", "n_actions"), rewards.shape[-2:]):
        if parts.get(key, size) != size:
            raise InvalidInput(f"{path}: {key} is {parts[key]!r} but the rewards have shape {rewards.shape}")
    if isinstance(options.get("initial"), list):
        options["initial"] = _array(f"{path}: initial", options["initial"])
    if "transitions" in parts:
        return Content(_array(f"{path}: transitions", parts["transitions"]), rewards, options)
    options.setdefault("stage_dependent", rewards.ndim == 3)
    return Content(_successors(f"{path}: successors", parts["successors"], rewards.shape), rewards.reshape(-1), options)


def _number(place: str, value: Any) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool):
        try:
            return float(value)
        except OverflowError:
            pass
    raise InvalidInput(f"{place} is {value!r}; expected a number")


def _array(place: str, value: Any) -> np.ndarray:
    """A rectangular array from nested lists; the message names the path of the first entry that breaks it."""
    shape: list[int] = []
    probe = value
    while isinstance(probe, list) and len(shape) < 5:
        shape.append(len(probe))
        probe = probe[0] if probe else None
    if not 1 <= len(shape) <= 4:
        raise InvalidInput(
            f"{place} has {len(shape)} levels of lists; expected nested lists of numbers, at most 4 levels"
        )

    def numbers(place: str, value: Any, depth: int) -> Iterator[float]:
        if depth == len(shape):
            yield _number(place, value)
            return
        _check_length(place, value, shape[depth], "as the first one has")
        for i, entry in enumerate(value):
            yield from numbers(f"{place}[{i}]", entry, depth + 1)

    return np.array(list(numbers(place, value, 0))).reshape(shape)


def _check_length(place: str, value: Any, length: int, why: str) -> None:
    if not isinstance(value, list):
        raise InvalidInput(f"{place} is {value!r}; expected a list of {length} entries {why}")
    if len(value) != length:
        raise InvalidInput(f"{place} has {len(value)} entries; expected {length} {why}")


def _successors(place: str, value: Any, shape: tuple[int, ...]) -> Rows:
    """Successor lists nested as the rewards are."""
    n_states, n_actions = shape[-2:]
    indptr, successors, probabilities = [0], [], []

    def lists(place: str, value: Any, shape: tuple[int, ...]) -> Iterator[tuple[str, Any]]:
        if not shape:
            yield place, value
            return
        _check_length(place, value, shape[0], "to match the rewards")
        for i, entry in enumerate(value):
            yield from lists(f"{place}[{i}]", entry, shape[1:])

    for row_place, row in lists(place, value, shape):
        if not isinstance(row, list):
            raise InvalidInput(f"{row_place} is {row!r}; expected a list of [next state, probability] pairs")
        for i, pair in enumerate(row):
            if not isinstance(pair, list) or len(pair) != 2:
                raise InvalidInput(f"{row_place}[{i}] is {pair!r}; expected a pair [next state, probability]")
            target = _number(f"{row_place}[{i}][0]", pair[0])
            if not target.is_integer() or not 0 <= target < n_states:
                raise InvalidInput(f"{row_place}[{i}][0] is {pair[0]!r}; expected a state in 0..{n_states - 1}")
            successors.append(int(target))
            probabilities.append(_number(f"{row_place}[{i}][1]", pair[1]))
        indptr.append(len(successors))
    return Rows(
        np.array(indptr, dtype=np.int64),
        np.array(successors, dtype=np.int64),
        np.array(probabilities),
        n_states,
        n_actions,
    )


def write_json(mdp: MDP, path: Path) -> None:
    """Write successor lists; numbers are written with all their digits."""
    pairs = [list(pair) for pair in zip(mdp.successors.tolist(), mdp.probabilities.tolist())]
    rows = [pairs[first:last] for first, last in zip(mdp.indptr[:-1].tolist(), mdp.indptr[1:].tolist())]
    nested: list[Any] = _chunks(rows, mdp.n_actions)
    shape: tuple[int, ...] = (mdp.n_states, mdp.n_actions)
    if mdp.stage_dependent:
        nested, shape = _chunks(nested, mdp.n_states), (-1, *shape)
    document = {
        "format": _FORMAT,
        "version": _VERSION,
        "n_states": mdp.n_states,
        "n_actions": mdp.n_actions,
        **stored_options(mdp),
        "initial": mdp.initial.tolist(),
        "rewards": mdp.rewards.reshape(shape).tolist(),
        "successors": nested,
    }
    write_text(path, dump_json(mdp, document) + "\n")


def _chunks(entries: list[Any], size: int) -> list[Any]:
    return [entries[i : i + size] for i in range(0, len(entries), size)]
