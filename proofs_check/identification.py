"""What the claims on best-arm identification share: the outcomes of their theorems."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from kernels.engine import Trace

Float = npt.NDArray[np.float64]


def gap_of_answer(trace: Trace, instance: Any, params: Any) -> Float:
    """The gap of the arm answered, one number per run; 0 for a run that has not answered (it has not erred)."""
    answers = trace.extra["summary"][:, 1].astype(int)
    return np.where(answers >= 0, np.asarray(instance.gaps)[answers], 0.0)


def wrong_answer(trace: Trace, instance: Any, params: Any) -> Float:
    """1.0 for every run that answered with a suboptimal arm or not at all."""
    answers = trace.extra["summary"][:, 1].astype(int)
    return np.where(answers >= 0, np.asarray(instance.gaps)[answers] > 0.0, True).astype(float)


def pulls_to_answer(trace: Trace, instance: Any, params: Any) -> Float:
    """Pulls before the answer, one number per run; for a run that has not answered, those it was given."""
    pulls = trace.extra["summary"][:, 0]
    return np.where(pulls >= 0.0, pulls, float(trace.checkpoints[-1]))


def largest_gap(instance: Any, horizon: int) -> float:
    """No answer is worse."""
    return float(np.max(instance.gaps))


def all_rounds(instance: Any, horizon: int) -> float:
    """No run pulls more often."""
    return float(horizon)


def certain(instance: Any, horizon: int) -> float:
    """No probability is larger."""
    return 1.0
