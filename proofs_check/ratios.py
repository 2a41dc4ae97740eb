"""Measured / bound as a search measures it: one number for an instance, to climb and to compare."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from kernels.engine import Trace
from proofs_check.api import Report
from proofs_check.check import ALPHA_REFUTE, ALPHA_VERIFY, _largest, bound_outcome, bound_quantity, bound_test
from proofs_check.claim import Bound


def score(bound: Bound, trace: Trace, instance: Any, params: Any, horizon: int) -> float:
    """Measured / bound where the theorem is tested, else -log(bound / trivial bound); 0 for unknown constants."""
    if bound.theorem.constants == "order":
        return 0.0
    with np.errstate(all="ignore"):
        values = np.asarray(bound.theorem.bound(instance, params, trace.checkpoints.astype(float)), dtype=float)
    largest, value = _largest(bound, instance, horizon), float(values[-1])
    if bound_test(bound, params, value, 0.0, largest, ALPHA_REFUTE, ALPHA_VERIFY) is None:
        return -math.log(value / largest) if 0.0 < largest <= value < math.inf else -math.inf
    if bound.theorem.kind == "expected":
        return float(bound_quantity(bound, trace, instance, params).mean()) / value
    if bound.anytime:
        regret = trace.extra["realised"] if bound.theorem.regret == "realised" else trace.regret
        bites = (values > 0.0) & (values < np.asarray(instance.trivial_regret(trace.checkpoints.astype(float))))
        ratios = (regret[:, bites] / values[bites]).max(axis=1, initial=0.0)
    elif value > 0.0:
        ratios = bound_quantity(bound, trace, instance, params) / value
    else:  # a quantity that must be zero, but for a share delta of the runs
        return float(bound_outcome(bound, instance, params, values)(trace).mean()) / float(params.delta)
    return float(np.quantile(ratios, 1.0 - float(params.delta)))


def largest_score(report: Report) -> float:
    """The largest score over the bounds and cases of a report; nan without runs or bounds."""
    scores = [
        score(bound, shown.trace, shown.instance, shown.params, shown.case.horizon)
        for result in report.results
        for shown in result.cases
        for bound in result.claim.bounds
    ]
    return max(scores, default=math.nan)
