"""Models as NPZ archives of plain arrays."""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from mdps.files.common import (
    Content,
    Rows,
    dump_json,
    known_options,
    load_json,
    nearest,
    of_kind,
    stored_options,
    write_atomically,
)
from mdps.model import MDP
from theory.errors import DamagedFile, InvalidInput

_DENSE = ("transitions", "rewards")
_SPARSE = ("indptr", "successors", "probabilities", "rewards", "n_states", "n_actions")
_OPTIONAL = ("initial", "horizon", "discount", "metadata")

#: What NumPy and zipfile raise on a file that is not, or no longer, an archive of plain arrays.
_UNREADABLE = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    OSError,
    ValueError,
    SyntaxError,
    KeyError,
    NotImplementedError,
    RuntimeError,
    MemoryError,
)


def read_npz(path: Path) -> Content:
    """Read an archive; arrays of Python objects are refused.

    Raises:
        DamagedFile: not an archive, or an array in it cannot be read.
        InvalidInput: arrays missing, unknown or of the wrong type.
    """
    try:
        archive = np.load(path, allow_pickle=False)
    except _UNREADABLE as error:
        raise DamagedFile(f"{path}: not an NPZ archive: {error}") from error
    if not isinstance(archive, np.lib.npyio.NpzFile):
        raise DamagedFile(f"{path}: a single array; expected an archive of named arrays (numpy.savez)")
    with archive:
        known = dict.fromkeys((*_DENSE, *_SPARSE, *_OPTIONAL))
        for name in archive.files:
            if name not in known:
                raise InvalidInput(f"{path}: unknown array {name!r}{nearest(name, known)}")
        arrays = {name: _array(path, archive, name) for name in archive.files}
    needed = _DENSE if "transitions" in arrays else _SPARSE
    for name in needed:
        if name not in arrays:
            raise InvalidInput(
                f"{path}: array {name!r} is missing; expected {', '.join(_DENSE)}, or {', '.join(_SPARSE)}"
            )
    options: dict[str, Any] = {}
    if "metadata" in arrays:
        place, text = f"{path}, array 'metadata'", arrays["metadata"]
        if text.dtype.kind != "U" or text.ndim != 0:
            raise DamagedFile(f"{place}: {text.dtype} of shape {text.shape}; expected one JSON string")
        options = known_options(place, load_json(place, str(text)))
    for name in ("initial", "horizon", "discount"):
        if name in arrays:
            if name != "initial" and arrays[name].ndim:
                raise InvalidInput(f"{path}, array {name!r}: shape {arrays[name].shape}; expected one number")
            options[name] = arrays[name]
    if needed is _DENSE:
        return Content(arrays["transitions"], arrays["rewards"], options)
    n_states, n_actions = (
        of_kind(f"{path}, array {name!r}", arrays[name], int, "an integer") for name in ("n_states", "n_actions")
    )
    rows = Rows(arrays["indptr"], arrays["successors"], arrays["probabilities"], n_states, n_actions)
    return Content(rows, arrays["rewards"], options)


def _array(path: Path, archive: Any, name: str) -> np.ndarray:
    try:
        array: np.ndarray = archive[name]
    except _UNREADABLE as error:
        hint = " (Python objects are never read)" if "pickle" in str(error) else ""
        raise DamagedFile(f"{path}, array {name!r}: cannot be read: {error}{hint}") from error
    if name != "metadata" and array.dtype.kind not in "iuf":
        raise InvalidInput(f"{path}, array {name!r}: type {array.dtype}; expected real numbers")
    return array


def write_npz(mdp: MDP, path: Path) -> None:
    """Write successor lists, the first-state distribution and the options."""
    arrays: dict[str, Any] = {
        "indptr": mdp.indptr,
        "successors": mdp.successors,
        "probabilities": mdp.probabilities,
        "rewards": mdp.rewards,
        "n_states": np.int64(mdp.n_states),
        "n_actions": np.int64(mdp.n_actions),
        "initial": mdp.initial,
        "metadata": np.array(dump_json(mdp, stored_options(mdp))),
    }

    def write(file: BinaryIO) -> None:
        np.savez(file, **arrays)

    write_atomically(path, write)
