"""Tabular Markov decision processes: one immutable, validated, exact data structure.

Transitions are successor lists (compressed rows): a dense kernel is the special case in which every row lists
every state. One layout therefore serves the simulators, the planners and the exact quantities, dense or sparse.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from theory.errors import InvalidInput

Float = npt.NDArray[np.float64]
Int = npt.NDArray[np.int64]

#: Reward laws of a tabular model, all with the mean given by ``MDP.rewards``.
DETERMINISTIC, BERNOULLI, GAUSSIAN = 0, 1, 2
REWARD_LAWS = {"deterministic": DETERMINISTIC, "bernoulli": BERNOULLI, "gaussian": GAUSSIAN}

#: A row of transition probabilities must sum to one within this error (float64 sums of up to 1e6 terms).
ROW_SUM_TOLERANCE = 1e-9

#: Rows handled at once where a whole-model temporary would cost as much memory as the model.
_ROWS_PER_BLOCK = 1 << 18


class TabularArrays(NamedTuple):
    """The arrays of an MDP as compiled code sees them (all C-contiguous, float64 / int64).

    A *row* is the index of a state-action pair, ``(h * n_states + s) * n_actions + a`` if the model is
    stage-dependent and ``s * n_actions + a`` if it is stationary (``stage_stride`` is then 0, so that
    ``h * stage_stride + s * n_actions + a`` is right in both cases).

    Successors of row i: ``successors[indptr[i]:indptr[i+1]]`` with ``probabilities`` and, for sampling by
    inversion, ``cumulative`` (running sums within the row, last entry exactly 1).
    """

    indptr: Int
    successors: Int
    probabilities: Float
    cumulative: Float
    rewards: Float  # mean reward of each row
    reward_law: int  # DETERMINISTIC, BERNOULLI or GAUSSIAN
    reward_sd: float  # standard deviation of the Gaussian law, otherwise 0
    initial: Float  # distribution of the first state, shape (n_states,)
    n_states: int
    n_actions: int
    horizon: int  # 0 if the model is not episodic
    stage_stride: int  # n_states * n_actions if stage-dependent, 0 if stationary


@dataclass(frozen=True, eq=False)
class MDP:
    """A finite Markov decision process.

    Build it with :meth:`from_dense` or :meth:`from_csr`; both validate. All arrays are made read-only.

    Attributes:
        indptr, successors, probabilities: compressed rows, see :class:`TabularArrays`.
        rewards: mean reward of each row, shape (n_rows,).
        initial: distribution of the first state, shape (n_states,), sums to 1.
        n_states, n_actions: both >= 1. Every action is available in every state.
        horizon: number of stages of an episode (>= 1), or None.
        discount: discount factor in [0, 1), or None.
        stage_dependent: True if rows exist per stage (then ``horizon`` is set and n_rows = H*S*A).
        reward_law: "deterministic", "bernoulli" (means in [0, 1]) or "gaussian" (with ``reward_sd``).
        reward_range: (low, high) that every possible reward respects; theorems that need rewards in [0, 1] ask this.
        name: shown in tables; states may carry ``labels``.

    With ``horizon`` and ``discount`` both None the criterion is the average reward.
    """

    indptr: Int
    successors: Int
    probabilities: Float
    rewards: Float
    initial: Float
    n_states: int
    n_actions: int
    horizon: int | None = None
    discount: float | None = None
    stage_dependent: bool = False
    reward_law: str = "deterministic"
    reward_sd: float = 0.0
    reward_range: tuple[float, float] = (0.0, 1.0)
    name: str = "mdp"
    labels: tuple[str, ...] = ()
    meta: dict[str, Any] = field(default_factory=dict)

    # ---------------------------------------------------------------- construction
    def __post_init__(self) -> None:
        _validate(self)
        for array in (self.indptr, self.successors, self.probabilities, self.rewards, self.initial):
            array.flags.writeable = False

    @classmethod
    def from_dense(
        cls,
        transitions: npt.ArrayLike,
        rewards: npt.ArrayLike,
        *,
        initial: npt.ArrayLike | int = 0,
        **options: Any,
    ) -> MDP:
        """From dense arrays.

        Args:
            transitions: shape (S, A, S), or (H, S, A, S) for a stage-dependent model. Zeros are not stored.
            rewards: mean rewards, shape (S, A) or (H, S, A), matching ``transitions``.
            initial: a first state, or a distribution of shape (S,).
            **options: the remaining attributes (horizon, discount, reward_law, name, ...).

        Raises:
            InvalidInput: on any malformed array; the message names the index and the value.
        """
        p = _as_array("transitions", transitions)
        r = _as_array("rewards", rewards)
        if p.ndim not in (3, 4) or p.shape[-1] != p.shape[-3]:
            raise InvalidInput(
                f"transitions have shape {p.shape}; expected (S, A, S), or (H, S, A, S) for a stage-dependent model"
            )
        if r.shape != p.shape[:-1]:
            raise InvalidInput(f"rewards have shape {r.shape}; expected {p.shape[:-1]} to match the transitions")
        if p.size == 0:
            raise InvalidInput(f"transitions have shape {p.shape}; expected at least one state and one action")
        bad = ~np.isfinite(p)
        if bad.any():
            where = tuple(int(i) for i in np.argwhere(bad)[0])
            raise InvalidInput(f"transition probability at index {where} is {p[where]}; expected a finite number")
        n_states, n_actions = p.shape[-3], p.shape[-2]
        rows = p.reshape(-1, n_states)
        stored = rows != 0.0
        indptr = np.concatenate([[0], np.cumsum(stored.sum(axis=1))]).astype(np.int64)
        successors = np.nonzero(stored)[1].astype(np.int64)
        stage_dependent = p.ndim == 4
        if stage_dependent:
            horizon = options.setdefault("horizon", p.shape[0])
            if horizon != p.shape[0]:
                raise InvalidInput(f"horizon is {horizon} but the transitions have {p.shape[0]} stages")
        return cls(
            indptr=indptr,
            successors=successors,
            probabilities=rows[stored],
            rewards=np.ascontiguousarray(r.reshape(-1)),
            initial=_initial(initial, n_states),
            n_states=n_states,
            n_actions=n_actions,
            stage_dependent=stage_dependent,
            **options,
        )

    @classmethod
    def from_csr(
        cls,
        indptr: npt.ArrayLike,
        successors: npt.ArrayLike,
        probabilities: npt.ArrayLike,
        rewards: npt.ArrayLike,
        *,
        n_states: int,
        n_actions: int,
        initial: npt.ArrayLike | int = 0,
        **options: Any,
    ) -> MDP:
        """From successor lists (see :class:`TabularArrays` for the order of the rows).

        Raises:
            InvalidInput: on any malformed array; the message names the row and the value.
        """
        return cls(
            indptr=_as_integers("indptr", indptr),
            successors=_as_integers("successors", successors),
            probabilities=_as_array("probabilities", probabilities).reshape(-1),
            rewards=_as_array("rewards", rewards).reshape(-1),
            initial=_initial(initial, n_states),
            n_states=int(n_states),
            n_actions=int(n_actions),
            **options,
        )

    # ---------------------------------------------------------------- views
    @property
    def n_rows(self) -> int:
        """Number of state-action rows: S*A, or H*S*A if stage-dependent."""
        return len(self.indptr) - 1

    @property
    def criterion(self) -> str:
        """ "episodic", "discounted" or "average"."""
        if self.horizon is not None:
            return "episodic"
        return "average" if self.discount is None else "discounted"

    def row_label(self, row: int) -> str:
        """The row's (stage, state, action) in words, for messages."""
        state, action = divmod(row % (self.n_states * self.n_actions), self.n_actions)
        stage = f"stage {row // (self.n_states * self.n_actions)}, " if self.stage_dependent else ""
        return f"{stage}state {state}, action {action}"

    def dense(self) -> tuple[Float, Float]:
        """(transitions, rewards) as dense arrays, (S, A, S) and (S, A), or with a leading H if stage-dependent."""
        shape: tuple[int, ...] = (self.n_states, self.n_actions)
        if self.stage_dependent:
            assert self.horizon is not None
            shape = (self.horizon, *shape)
        p = np.zeros((self.n_rows, self.n_states))
        # Added, not assigned: a row may list a successor more than once.
        np.add.at(p, (np.repeat(np.arange(self.n_rows), np.diff(self.indptr)), self.successors), self.probabilities)
        return p.reshape(*shape, self.n_states), self.rewards.reshape(shape).copy()

    def arrays(self) -> TabularArrays:
        """What compiled code takes."""
        return TabularArrays(
            self.indptr,
            self.successors,
            self.probabilities,
            _running_sums(self.indptr, self.probabilities),
            self.rewards,
            REWARD_LAWS[self.reward_law],
            float(self.reward_sd),
            self.initial,
            self.n_states,
            self.n_actions,
            self.horizon or 0,
            self.n_states * self.n_actions if self.stage_dependent else 0,
        )


def _as_array(what: str, values: npt.ArrayLike) -> Float:
    try:
        return np.array(values, dtype=np.float64, order="C", copy=True)
    except (TypeError, ValueError) as error:
        raise InvalidInput(f"{what} cannot be read as an array of numbers: {error}") from error


def _as_integers(what: str, values: npt.ArrayLike) -> Int:
    array = np.asarray(values)
    if array.ndim != 1 or not np.issubdtype(array.dtype, np.integer):
        raise InvalidInput(f"{what} has shape {array.shape} and type {array.dtype}; expected a vector of integers")
    return np.array(array, dtype=np.int64, order="C", copy=True)


def _initial(initial: npt.ArrayLike | int, n_states: int) -> Float:
    if isinstance(initial, int | np.integer):
        if not 0 <= initial < n_states:
            raise InvalidInput(f"initial state is {initial}; expected an index in 0..{n_states - 1}")
        distribution = np.zeros(n_states)
        distribution[initial] = 1.0
        return distribution
    return _as_array("initial", initial)


def _validate_rows(mdp: MDP) -> None:
    """Successors, probabilities and row sums, a block of rows at a time: the model may fill most of the memory."""
    for first in range(0, mdp.n_rows, _ROWS_PER_BLOCK):
        indptr = mdp.indptr[first : first + _ROWS_PER_BLOCK + 1]
        entries = slice(int(indptr[0]), int(indptr[-1]))
        successors, probabilities = mdp.successors[entries], mdp.probabilities[entries]
        row_of = np.repeat(np.arange(len(indptr) - 1), np.diff(indptr))
        outside = (successors < 0) | (successors >= mdp.n_states)
        if outside.any():
            i = int(np.argmax(outside))
            raise InvalidInput(
                f"successor of {mdp.row_label(first + int(row_of[i]))} is {successors[i]}; "
                f"expected an index in 0..{mdp.n_states - 1}"
            )
        bad = ~np.isfinite(probabilities) | (probabilities < 0)
        if bad.any():
            i = int(np.argmax(bad))
            raise InvalidInput(
                f"probability of {mdp.row_label(first + int(row_of[i]))} -> state {successors[i]} is "
                f"{probabilities[i]}; expected a finite number >= 0"
            )
        sums = np.bincount(row_of, weights=probabilities, minlength=len(indptr) - 1)
        off = np.abs(sums - 1.0) > ROW_SUM_TOLERANCE
        if off.any():
            i = int(np.argmax(off))
            raise InvalidInput(
                f"transition row {first + i} ({mdp.row_label(first + i)}) sums to {sums[i]:.12g}; "
                f"expected 1 within {ROW_SUM_TOLERANCE:g}"
            )


def _running_sums(indptr: Int, probabilities: Float) -> Float:
    """Running sums within each row, the last entry of a row exactly 1.

    Each row is summed by itself (rows of equal width together), so a row's sums do not depend on what other rows
    hold: differences of one long running sum would carry its rounding error, and change when states are relabelled.
    """
    cumulative = np.empty_like(probabilities)
    widths = np.diff(indptr)
    for width in np.unique(widths):
        starts = indptr[:-1][widths == width]
        if len(starts) * width == len(probabilities):
            np.cumsum(probabilities.reshape(-1, width), axis=1, out=cumulative.reshape(-1, width))
        else:
            for block in range(0, len(starts), _ROWS_PER_BLOCK):
                entries = starts[block : block + _ROWS_PER_BLOCK, None] + np.arange(width)
                cumulative[entries] = np.cumsum(probabilities[entries], axis=1)
    cumulative[indptr[1:] - 1] = 1.0
    return cumulative


def _validate(mdp: MDP) -> None:
    s, a = mdp.n_states, mdp.n_actions
    if s < 1:
        raise InvalidInput(f"n_states is {s}; expected at least 1")
    if a < 1:
        raise InvalidInput(f"n_actions is {a}: the action set is empty; expected at least 1")
    if mdp.horizon is not None and (not isinstance(mdp.horizon, int | np.integer) or mdp.horizon < 1):
        raise InvalidInput(f"horizon is {mdp.horizon!r}; expected an integer, at least 1")
    if mdp.discount is not None and not 0.0 <= mdp.discount < 1.0:
        raise InvalidInput(f"discount is {mdp.discount}; expected a number in [0, 1)")
    if mdp.stage_dependent and mdp.horizon is None:
        raise InvalidInput("a stage-dependent model needs a horizon")
    n_rows = s * a * (mdp.horizon or 1) if mdp.stage_dependent else s * a
    if mdp.indptr.shape != (n_rows + 1,):
        raise InvalidInput(f"indptr has {len(mdp.indptr)} entries; expected {n_rows + 1} (rows + 1)")
    if mdp.rewards.shape != (n_rows,):
        raise InvalidInput(f"rewards have shape {mdp.rewards.shape}; expected ({n_rows},)")
    widths = np.diff(mdp.indptr)
    if mdp.indptr[0] != 0 or mdp.indptr[-1] != len(mdp.successors) or (widths < 0).any():
        raise InvalidInput("indptr must start at 0, never decrease and end at the number of successors")
    if mdp.probabilities.shape != mdp.successors.shape:
        raise InvalidInput(
            f"{len(mdp.probabilities)} probabilities for {len(mdp.successors)} successors; expected as many"
        )
    _validate_rows(mdp)
    if not np.isfinite(mdp.rewards).all():
        i = int(np.argmax(~np.isfinite(mdp.rewards)))
        raise InvalidInput(f"reward of {mdp.row_label(i)} is {mdp.rewards[i]}; expected a finite number")
    if mdp.reward_law not in REWARD_LAWS:
        raise InvalidInput(f"reward_law is {mdp.reward_law!r}; expected one of {', '.join(REWARD_LAWS)}")
    low, high = (0.0, 1.0) if mdp.reward_law == "bernoulli" else mdp.reward_range
    out = (mdp.rewards < low) | (mdp.rewards > high)
    if out.any():
        i = int(np.argmax(out))
        raise InvalidInput(
            f"reward of {mdp.row_label(i)} is {mdp.rewards[i]:.12g}; "
            f"expected a number in the declared range [{low}, {high}]"
        )
    if not (np.isfinite(mdp.reward_sd) and mdp.reward_sd >= 0):
        raise InvalidInput(f"reward_sd is {mdp.reward_sd}; expected a finite number >= 0")
    if mdp.initial.shape != (s,) or not np.isfinite(mdp.initial).all() or (mdp.initial < 0).any():
        raise InvalidInput(f"initial must be a distribution over {s} states (finite, >= 0)")
    if abs(mdp.initial.sum() - 1.0) > ROW_SUM_TOLERANCE:
        raise InvalidInput(f"initial sums to {mdp.initial.sum():.12g}; expected 1 within {ROW_SUM_TOLERANCE:g}")
