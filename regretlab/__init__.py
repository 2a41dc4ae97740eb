"""regretlab from Python: what the command line does, as functions that return pandas frames.

For example::

    import regretlab
    regretlab.check("ucb1").verdicts
"""

from kernels.engine import Trace, simulate
from proofs_check.api import Report, catalogue, check, recorder, sabotage
from proofs_check.catalogue import claims
from proofs_check.claim import Bound, Case, Claim, Rate, Sabotage
from proofs_check.falsify import Falsification, falsify
from proofs_check.grader.judge import Grade, grade
from proofs_check.plan import plan
from proofs_check.replay import Replayed, replay
from proofs_check.testing import assert_regret_bound
from theory.errors import DamagedFile, HypothesisViolated, InvalidInput, UnknownName
from theory.theorem import Hypothesis, Theorem
from theory.theorems import all_theorems, theorem

__version__ = "0.1.0"

__all__ = [
    "Bound",
    "Case",
    "Claim",
    "DamagedFile",
    "Falsification",
    "Grade",
    "Hypothesis",
    "HypothesisViolated",
    "InvalidInput",
    "Rate",
    "Replayed",
    "Report",
    "Sabotage",
    "Theorem",
    "Trace",
    "UnknownName",
    "all_theorems",
    "assert_regret_bound",
    "catalogue",
    "check",
    "claims",
    "falsify",
    "grade",
    "plan",
    "recorder",
    "replay",
    "sabotage",
    "simulate",
    "theorem",
]
