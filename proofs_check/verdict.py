"""Verdicts: what is said of one statement, with everything needed to repeat it."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from typing import Literal

import pandas as pd

Word = Literal["verified", "refuted", "undecided", "vacuous"]

#: Exit codes of ``regretlab check``.
ALL_VERIFIED, SOME_REFUTED, USAGE, SOME_UNDECIDED = 0, 1, 2, 3


@dataclass(frozen=True)
class Verdict:
    """One statement about one algorithm on one instance.

    Attributes:
        slug: the claim. layer: "bound", "step" or "rate". id: theorem or step id. statement, source: in words.
        case: instance id; instance: its name; horizon: rounds or episodes.
        kind: of the theorem or step. verdict: see docs/statistics.md.
        n_runs: replications used. estimate, low, high: measured quantity (mean regret, mean of the claim's own
            outcome, share of failing runs of an event, growth exponent of a rate) with confidence limits.
        confidence: level of the limits (1 for statements checked exactly in every run).
        failures: share of runs that broke a statement about a probability; failures_high: its upper confidence limit;
            allowed: the share that the statement allows.
        bound: what the statement allows of ``estimate``; trivial: what no run can exceed; vacuity = bound / trivial.
        tightness: estimate / bound. lower: the lower bound at this horizon; above_lower: estimate / lower.
        p_value: anytime-valid, of the null hypothesis that the verdict rejects (nan if none was tested).
        checks, violations: of a step, over all runs. where: first violation in words; left, right: the two numbers.
        preset: "theorem" or the name of the practical preset. seed: repeats it. note: anything a reader must know.
    """

    slug: str
    layer: str
    id: str
    statement: str
    source: str
    case: str
    instance: str
    horizon: int
    kind: str
    verdict: Word
    n_runs: int = 0
    estimate: float = math.nan
    low: float = math.nan
    high: float = math.nan
    confidence: float = math.nan
    failures: float = math.nan
    failures_high: float = math.nan
    allowed: float = math.nan
    bound: float = math.nan
    trivial: float = math.nan
    vacuity: float = math.nan
    tightness: float = math.nan
    lower: float = math.nan
    above_lower: float = math.nan
    p_value: float = math.nan
    checks: int = 0
    violations: int = 0
    where: str = ""
    left: float = math.nan
    right: float = math.nan
    preset: str = "theorem"
    seed: int = 0
    note: str = ""


def frame(verdicts: Iterable[Verdict]) -> pd.DataFrame:
    """One row per verdict, columns as the attributes of :class:`Verdict`."""
    return pd.DataFrame([asdict(v) for v in verdicts], columns=[f.name for f in fields(Verdict)])


def exit_code(verdicts: Iterable[Verdict]) -> int:
    """1 if anything is refuted, else 3 if anything is undecided, else 0 (a vacuous bound is no failure)."""
    words = {v.verdict for v in verdicts}
    if "refuted" in words:
        return SOME_REFUTED
    return SOME_UNDECIDED if "undecided" in words else ALL_VERIFIED
