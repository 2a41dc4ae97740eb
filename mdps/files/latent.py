"""Latent MDPs as NPZ archives of plain arrays."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

import numpy as np

from mdps.files.common import nearest, of_kind, write_atomically
from mdps.files.npz import _UNREADABLE
from mdps.latent import LatentMDP
from theory.errors import DamagedFile, InvalidInput

_ARRAYS = ("weights", "initial", "transitions", "rewards")
_KEYS = (*_ARRAYS, "horizon", "name")


def save_latent(instance: LatentMDP, path: Path | str) -> None:
    """Write the model of an instance (its class of policies is not kept).

    Raises:
        InvalidInput: the file cannot be written.
    """
    arrays = {key: getattr(instance, key) for key in _ARRAYS}

    def write(file: BinaryIO) -> None:
        np.savez(file, **arrays, horizon=np.int64(instance.horizon), name=np.array(instance.name))

    write_atomically(Path(path), write)


def load_latent(path: Path | str) -> LatentMDP:
    """The instance of a file that :func:`save_latent` wrote; arrays of Python objects are refused.

    Raises:
        DamagedFile: not an archive, or an array in it cannot be read.
        InvalidInput: arrays missing or unknown, or whatever is wrong with the model.
    """
    try:
        archive = np.load(path, allow_pickle=False)
        if not isinstance(archive, np.lib.npyio.NpzFile):
            raise DamagedFile(f"{path}: a single array; expected an archive of named arrays")
        with archive:
            content = {key: archive[key] for key in archive.files}
    except DamagedFile:
        raise
    except _UNREADABLE as error:
        raise DamagedFile(f"{path}: not an archive of plain arrays: {error}") from error
    for key in content:
        if key not in _KEYS:
            raise InvalidInput(f"{path}: unknown array {key!r}{nearest(key, _KEYS)}")
    missing = [key for key in _KEYS if key not in content]
    if missing:
        raise InvalidInput(f"{path}: no array {missing[0]!r}; expected {', '.join(_KEYS)}")
    for key in _ARRAYS:
        if content[key].dtype.kind not in "fiu":
            raise InvalidInput(f"{path}: {key} has type {content[key].dtype}; expected numbers")
    horizon = of_kind(f"{path}: horizon", content["horizon"], int, "an integer")
    name = of_kind(f"{path}: name", content["name"], str, "text")
    try:
        weights, initial, transitions, rewards = (content[key] for key in _ARRAYS)
        return LatentMDP(weights, initial, transitions, rewards, horizon, name=name)
    except InvalidInput as error:
        raise InvalidInput(f"{path}: {error}") from error
