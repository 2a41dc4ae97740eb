"""Grid worlds drawn as text."""

from __future__ import annotations

import numpy as np

from mdps.instances.checks import number_between
from mdps.instances.registry import instance_family
from mdps.model import MDP
from theory.errors import InvalidInput

_STEPS = ((-1, 0), (0, 1), (1, 0), (0, -1))  # up, right, down, left
_CELLS = ".SGH#"


@instance_family
def grid_world(
    layout: str = "S..G",
    slip: float = 0.0,
    horizon: int | None = None,
    discount: float | None = None,
) -> MDP:
    """A grid drawn with one character a cell; rows end at a newline or a slash.

    ``.`` free, ``S`` start (several: uniform), ``G`` goal, ``H`` hole, ``#`` wall (no state). Actions 0..3 are up,
    right, down, left. The move goes as meant with probability 1 - slip and to each perpendicular side with slip / 2;
    against a wall or the border it stays. Entering a goal earns 1 (``rewards`` hold the mean, the probability of
    entering one); goals and holes are absorbing and earn nothing. Labels are "row,column".

    Raises:
        InvalidInput: an unknown character (with its row and column), rows of different lengths, no start, or slip
            outside [0, 1].
    """
    number_between("slip", slip, 0.0, 1.0)
    rows = [line.strip() for line in layout.strip().replace("/", "\n").splitlines()]
    for i, line in enumerate(rows):
        if len(line) != len(rows[0]):
            raise InvalidInput(f"layout row {i} has {len(line)} cells; expected {len(rows[0])} as in row 0")
        for j, cell in enumerate(line):
            if cell not in _CELLS:
                raise InvalidInput(f"layout row {i}, column {j} is {cell!r}; expected one of {' '.join(_CELLS)}")
    cells = [(i, j) for i, line in enumerate(rows) for j, cell in enumerate(line) if cell != "#"]
    index = {cell: s for s, cell in enumerate(cells)}
    kind = [rows[i][j] for i, j in cells]
    starts = [s for s, cell in enumerate(kind) if cell == "S"]
    if not starts:
        raise InvalidInput("layout has no start; expected at least one cell S")

    indptr, successors, probabilities, rewards = [0], [], [], []
    for s, (i, j) in enumerate(cells):
        for action in range(4):
            law: dict[int, float] = {}
            if kind[s] in "GH":
                law[s] = 1.0
            else:
                for turn, weight in ((0, 1.0 - slip), (1, slip / 2), (3, slip / 2)):
                    di, dj = _STEPS[(action + turn) % 4]
                    target = index.get((i + di, j + dj), s)
                    if weight > 0:
                        law[target] = law.get(target, 0.0) + weight
            successors += list(law)
            probabilities += list(law.values())
            indptr.append(len(successors))
            entered = sum(weight for target, weight in law.items() if kind[target] == "G")
            rewards.append(min(entered, 1.0) if kind[s] not in "GH" else 0.0)
    initial = np.zeros(len(cells))
    initial[starts] = 1.0 / len(starts)
    return MDP.from_csr(
        np.array(indptr),
        np.array(successors),
        probabilities,
        rewards,
        n_states=len(cells),
        n_actions=4,
        initial=initial,
        horizon=horizon,
        discount=discount,
        name=f"grid-{len(rows)}x{len(rows[0])}",
        labels=tuple(f"{i},{j}" for i, j in cells),
    )
