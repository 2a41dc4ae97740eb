"""Proof steps: the inequalities of a proof, watched on every round of a run.

A watch module states its steps as a tuple ``STEPS`` and checks them in compiled hooks with :func:`check`, which
keeps, per run and step: how often it was checked and violated, the smallest slack, and for the first violation the
place and the two numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from kernels.jit import compiled

StepKind = Literal["deterministic", "event", "conditional"]


@dataclass(frozen=True)
class Step:
    """One inequality ``left <= right`` of a proof.

    Attributes:
        id: short name, unique within the watch.
        statement: the inequality in words and symbols.
        source: where the proof uses it.
        kind: "deterministic" (must hold always: one violation refutes it); "event" (a run in which it ever fails
            has probability at most ``probability(params, instance, horizon)``); "conditional" (must hold in every
            run in which none of the events named in ``given`` failed).
        probability: failure probability allowed by the proof, for an event. Values >= 1 make the step vacuous.
        given: ids of the events a conditional step relies on.
        place: what the four indices of a violation mean, e.g. ("round", "arm") or ("episode", "stage", "state",
            "action").
    """

    id: str
    statement: str
    source: str
    kind: StepKind = "deterministic"
    probability: Callable[[Any, Any, int], float] | None = None
    given: tuple[str, ...] = ()
    place: tuple[str, ...] = ("round", "arm")


class Records(NamedTuple):
    """What the steps of a block of runs left; first axis: run, second axis: step."""

    checks: npt.NDArray[np.int64]
    violations: npt.NDArray[np.int64]
    where: npt.NDArray[np.int64]  # (n_runs, n_steps, 4), place of the first violation
    values: npt.NDArray[np.float64]  # (n_runs, n_steps, 2), left and right there
    slack: npt.NDArray[np.float64]  # smallest right - left seen
    tightest: npt.NDArray[np.float64]  # (n_runs, n_steps, 2), left and right at the smallest slack


def allocate_records(n_runs: int, n_steps: int) -> Records:
    """Empty records for ``n_runs`` runs and ``n_steps`` steps (at least one row is kept so that code can index)."""
    shape = (n_runs, max(n_steps, 1))
    return Records(
        np.zeros(shape, np.int64),
        np.zeros(shape, np.int64),
        np.full((*shape, 4), -1, np.int64),
        np.full((*shape, 2), np.nan),
        np.full(shape, np.inf),
        np.full((*shape, 2), np.nan),
    )


@compiled
def check(records, run, step, left, right, tolerance, i, j, k, l):
    """Record whether ``left <= right`` within ``tolerance * (1 + |right|)``, a rounding allowance, at (i, j, k, l).

    NaN on either side counts as a violation.
    """
    records.checks[run, step] += 1
    slack = right - left
    if slack < records.slack[run, step] or slack != slack:
        records.slack[run, step] = slack
        records.tightest[run, step, 0] = left
        records.tightest[run, step, 1] = right
    if not (left <= right + tolerance * (1.0 + abs(right))):
        if records.violations[run, step] == 0:
            records.where[run, step, 0] = i
            records.where[run, step, 1] = j
            records.where[run, step, 2] = k
            records.where[run, step, 3] = l
            records.values[run, step, 0] = left
            records.values[run, step, 1] = right
        records.violations[run, step] += 1
