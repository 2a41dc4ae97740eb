"""Models in files: NPZ, JSON and PRISM's explicit format. No pickle is ever read.

**NPZ** (``.npz``): either dense arrays ``transitions`` (S, A, S) or (H, S, A, S) and ``rewards`` (S, A) or (H, S, A),
or successor lists ``indptr``, ``successors``, ``probabilities``, ``rewards`` (see :class:`mdps.model.TabularArrays`)
with scalars ``n_states`` and ``n_actions``. Optional: ``initial`` (a state or a distribution), scalars ``horizon`` and
``discount``, and ``metadata``, a string holding a JSON object with any of the options below.

**JSON** (``.json``): one object with ``"format": "regretlab-mdp"``, ``"version": 1`` and either

- ``"transitions"`` and ``"rewards"``: nested lists shaped as the dense arrays above, or
- ``"successors"`` and ``"rewards"``: for each state (each stage first, if stage-dependent) and action, the list of
  ``[next state, probability]`` pairs; ``"n_states"`` and ``"n_actions"`` may be added as a check.

Options of both: ``initial``, ``horizon``, ``discount``, ``reward_law``, ``reward_sd``, ``reward_range``, ``name``,
``labels``, ``meta``. Without ``reward_range`` it is [0, 1], widened to the rewards in the file.

**PRISM explicit files** (``.tra``, with ``.sta``, ``.lab``, ``.srew``, ``.trew`` or ``.rew`` of the same stem beside
it): Markov chains (one action) and Markov decision processes. The reward of a state-action pair is its state reward
plus the mean of its transition rewards; the first state is uniform over the label "init" (state 0 without a .lab
file). The format holds no horizon, discount or reward law: pass the first two to :func:`read_mdp`.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from mdps.files.common import Content, build
from mdps.files.json import read_json, write_json
from mdps.files.npz import read_npz, write_npz
from mdps.files.prism import read_prism, write_prism
from mdps.model import MDP
from theory.errors import InvalidInput

__all__ = ["read_mdp", "write_mdp"]

_READERS: dict[str, Callable[[Path], Content]] = {".npz": read_npz, ".json": read_json, ".tra": read_prism}
_WRITERS: dict[str, Callable[[MDP, Path], None]] = {".npz": write_npz, ".json": write_json, ".tra": write_prism}
_Function = TypeVar("_Function")


def read_mdp(
    path: str | os.PathLike[str],
    *,
    horizon: int | None = None,
    discount: float | None = None,
    repeat_last_choice: bool = False,
) -> MDP:
    """Read a model; the extension says the format (see the module's text).

    Args:
        horizon, discount: the criterion, instead of the file's. Either of them replaces both of the file's (except
            that a stage-dependent model keeps its horizon).
        repeat_last_choice: PRISM files only: where states offer different numbers of choices, fill a state up by
            repeating its last choice (which changes no optimal value). Otherwise such a file is refused.

    Raises:
        DamagedFile: the file cannot be read as what it claims to be (with the line, JSON path or array).
        InvalidInput: no such file, an unknown extension, or a readable file with a malformed model.
    """
    source = Path(path)
    reader = _of_extension(source, _READERS)
    if not source.is_file():
        raise InvalidInput(f"{source}: no such file")
    if repeat_last_choice and source.suffix.lower() != ".tra":
        raise InvalidInput(f"{source}: repeat_last_choice is for PRISM files (.tra) only")
    content = read_prism(source, repeat_last_choice=True) if repeat_last_choice else reader(source)
    if horizon is not None or discount is not None:
        content.options["horizon"], content.options["discount"] = horizon, discount
    try:
        return build(content)
    except InvalidInput as error:
        raise InvalidInput(f"{source}: {error}") from error


def write_mdp(mdp: MDP, path: str | os.PathLike[str]) -> None:
    """Write a model; the extension says the format. Reading it back gives the same numbers, bit for bit.

    Files appear whole or not at all (each is written beside and renamed). NPZ and JSON hold everything; PRISM's format
    has no horizon, discount, reward law or ``meta``.

    Raises:
        InvalidInput: an unknown extension, a model that the format cannot express, or a file that cannot be written.
    """
    target = Path(path)
    _of_extension(target, _WRITERS)(mdp, target)


def _of_extension(path: Path, table: dict[str, _Function]) -> _Function:
    if path.suffix.lower() not in table:
        raise InvalidInput(f"{path}: unknown extension {path.suffix!r}; expected one of {', '.join(table)}")
    return table[path.suffix.lower()]
