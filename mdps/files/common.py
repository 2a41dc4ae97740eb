"""What the file formats share: options, building the model, whole-or-nothing writing."""

from __future__ import annotations

import difflib
import json
import math
import os
import uuid
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np

from mdps.model import MDP
from theory.errors import DamagedFile, InvalidInput

#: Options of a model that a file may hold besides its arrays.
OPTIONS = (
    "initial",
    "horizon",
    "discount",
    "stage_dependent",
    "reward_law",
    "reward_sd",
    "reward_range",
    "name",
    "labels",
    "meta",
)
_KINDS = {
    "horizon": (int, "an integer"),
    "discount": (float, "a number"),
    "stage_dependent": (bool, "true or false"),
    "reward_law": (str, "text"),
    "reward_sd": (float, "a number"),
    "name": (str, "text"),
    "meta": (dict, "an object"),
}


class Rows(NamedTuple):
    """Successor lists as :class:`mdps.model.TabularArrays` has them."""

    indptr: np.ndarray
    successors: np.ndarray
    probabilities: np.ndarray
    n_states: int
    n_actions: int


class Content(NamedTuple):
    """What a reader returns: dense transitions or successor lists, mean rewards, and options by name."""

    transitions: np.ndarray | Rows
    rewards: np.ndarray
    options: dict[str, Any]


def build(content: Content) -> MDP:
    """The model of a file's content.

    Raises:
        InvalidInput: whatever is wrong with it (the file is not named).
    """
    options = {key: value for key, value in content.options.items() if value is not None}
    for key in options:
        if key in _KINDS:
            options[key] = of_kind(key, options[key], *_KINDS[key])
    if "initial" in options and np.ndim(options["initial"]) == 0:
        options["initial"] = of_kind("initial", options["initial"], int, "a state or a distribution")
    rewards = content.rewards
    if "reward_range" in options:
        options["reward_range"] = _reward_range(options["reward_range"])
    elif rewards.size and np.isfinite(rewards).all():
        options["reward_range"] = (min(0.0, float(rewards.min())), max(1.0, float(rewards.max())))
    if isinstance(content.transitions, Rows):
        return _build_sparse(content.transitions, rewards, options)
    shape = content.transitions.shape
    declared = options.pop("stage_dependent", len(shape) == 4)
    if declared != (len(shape) == 4):
        raise InvalidInput(f"stage_dependent is {declared} but the transitions have shape {shape}")
    _check_labels(options, shape[-1] if shape else 0)
    return MDP.from_dense(content.transitions, rewards, **options)


def _build_sparse(rows: Rows, rewards: np.ndarray, options: dict[str, Any]) -> MDP:
    # Sizes first: nothing of size n_states is allocated on the word of the file alone.
    per_stage, n_rows = rows.n_states * rows.n_actions, len(rows.indptr) - 1
    if rows.n_states < 1 or rows.n_actions < 1 or n_rows < 1 or n_rows % per_stage:
        raise InvalidInput(
            f"indptr has {n_rows} rows for {rows.n_states} states and {rows.n_actions} actions; "
            f"expected n_states * n_actions = {per_stage} >= 1 rows, or as many for each stage"
        )
    stages = n_rows // per_stage
    if options.setdefault("stage_dependent", stages > 1):
        if options.setdefault("horizon", stages) != stages:
            raise InvalidInput(f"horizon is {options['horizon']} but there are rows for {stages} stages")
    elif stages > 1:
        raise InvalidInput(f"stage_dependent is False but there are rows for {stages} stages")
    _check_labels(options, rows.n_states)
    return MDP.from_csr(
        rows.indptr,
        rows.successors,
        rows.probabilities,
        rewards,
        n_states=rows.n_states,
        n_actions=rows.n_actions,
        **options,
    )


def of_kind(what: str, value: Any, kind: type, words: str) -> Any:
    """``value`` as an int, float, bool, str or dict.

    Raises:
        InvalidInput: it is none; ``words`` say what was expected.
    """
    if isinstance(value, np.generic | np.ndarray) and np.ndim(value) == 0:
        value = value.item()
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if kind is int and number and (isinstance(value, int) or value.is_integer()):
        return int(value)
    if kind is float and number and (isinstance(value, float) or abs(value) < 2**1000):
        return float(value)
    if kind not in (int, float) and isinstance(value, kind):
        return value
    raise InvalidInput(f"{what} is {value!r}; expected {words}")


def _reward_range(value: Any) -> tuple[float, float]:
    if isinstance(value, list | tuple) and len(value) == 2:
        low, high = (of_kind("an end of reward_range", v, float, "a number") for v in value)
        if math.isfinite(low) and math.isfinite(high) and low <= high:
            return low, high
    raise InvalidInput(f"reward_range is {value!r}; expected two finite numbers [low, high]")


def _check_labels(options: dict[str, Any], n_states: int) -> None:
    labels = options.get("labels", ())
    if not isinstance(labels, list | tuple) or not all(isinstance(label, str) for label in labels):
        raise InvalidInput(f"labels are {labels!r}; expected a list of texts")
    if labels and len(labels) != n_states:
        raise InvalidInput(f"there are {len(labels)} labels; expected one for each of the {n_states} states")
    options["labels"] = tuple(labels)


def stored_options(mdp: MDP) -> dict[str, Any]:
    """The options of a model as JSON can hold them, except ``initial``."""
    options = {key: getattr(mdp, key) for key in OPTIONS if key != "initial"}
    return {**options, "labels": list(mdp.labels), "reward_range": list(mdp.reward_range)}


def dump_json(mdp: MDP, value: dict[str, Any]) -> str:
    """JSON text.

    Raises:
        InvalidInput: ``meta`` holds something that JSON cannot.
    """
    try:
        return json.dumps(value)
    except (TypeError, ValueError) as error:
        raise InvalidInput(f"meta of {mdp.name} cannot be written as JSON: {error}") from error


def load_json(place: str, text: str) -> Any:
    """The value of JSON text.

    Raises:
        DamagedFile: it is not JSON, with line and column.
    """
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise DamagedFile(f"{place}, line {error.lineno}, column {error.colno}: not JSON: {error.msg}") from error
    except (RecursionError, ValueError) as error:  # ValueError: an integer of thousands of digits
        raise DamagedFile(f"{place}: not a model: {error}") from error


def known_options(place: str, options: Any) -> dict[str, Any]:
    """``options`` if it is an object with known keys only.

    Raises:
        InvalidInput: otherwise, with the nearest key.
    """
    if not isinstance(options, dict):
        raise InvalidInput(f"{place}: {type(options).__name__}; expected a JSON object")
    for key in options:
        if key not in OPTIONS:
            raise InvalidInput(f"{place}: unknown key {key!r}{nearest(key, OPTIONS)}")
    return dict(options)


def nearest(name: str, known: Iterable[str]) -> str:
    """The tail of a message about an unknown name."""
    known = list(known)
    near = difflib.get_close_matches(name, known, n=1)
    return (f"; did you mean {near[0]}?" if near else "") + f" (expected some of {', '.join(known)})"


def read_text(path: Path) -> str:
    """The text of a UTF-8 file.

    Raises:
        DamagedFile: it is not UTF-8 (with the line), or cannot be read.
    """
    try:
        content = path.read_bytes()
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise DamagedFile(f"{path}, line {line}: not UTF-8 text: {error.reason}") from error
    except OSError as error:
        raise DamagedFile(f"{path}: cannot be read: {error.strerror or error}") from error


def write_atomically(path: Path, write: Callable[[BinaryIO], None]) -> None:
    """``write`` fills an open file, which takes the name ``path`` when it is complete.

    Raises:
        InvalidInput: it cannot be written (no such folder, no space left, ...); nothing is left behind.
    """
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    try:
        with temporary.open("xb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise InvalidInput(f"{path}: cannot be written: {error.strerror or error}") from error


def write_text(path: Path, text: str) -> None:
    """:func:`write_atomically` for UTF-8 text."""

    def write(file: BinaryIO) -> None:
        file.write(text.encode("utf-8"))

    write_atomically(path, write)
