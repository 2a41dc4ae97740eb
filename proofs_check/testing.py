"""A theorem as an assertion for test suites, with the statistics of :mod:`proofs_check.check`."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from kernels.engine import Trace, log_spaced
from proofs_check.catalogue import claims
from proofs_check.check import (
    ALPHA_VERIFY,
    FIRST_BATCH,
    _largest,
    bound_outcome,
    bound_quantity,
    bound_test,
    least_regret,
)
from proofs_check.claim import Bound
from proofs_check.record import Recorder
from proofs_check.statistics import BernoulliTest, MeanTest
from proofs_check.store import Store
from proofs_check.verdict import Verdict, Word, frame
from theory.errors import InvalidInput
from theory.theorem import Theorem
from theory.theorems import theorem as named_theorem

#: Probability, by default, that a theorem which holds is called refuted. A property is tried on hundreds of examples.
ALPHA = 1e-6


@dataclass(frozen=True)
class _Trial:
    """A theorem held against one instance: everything but the runs."""

    bound: Bound
    params: Any
    instance: Any
    marks: npt.NDArray[np.int64]
    values: npt.NDArray[np.float64]
    verdict: Verdict
    test: MeanTest | BernoulliTest | None


def assert_regret_bound(
    algorithm: Any,
    theorem: str | Theorem | Bound,
    instances: Any,
    *,
    horizon: int,
    alpha: float = ALPHA,
    seed: int = 0,
    max_runs: int = 400,
    accept: Collection[Word] = (),
    using: Recorder | None = None,
) -> pd.DataFrame:
    """Fail unless a theorem's bound is verified for an algorithm on every instance.

    Runs are added, in doubling batches, until each instance is decided or ``max_runs`` is reached. The tests are those
    of ``regretlab check``: e-processes, valid however long one goes on, here with Bonferroni over the instances.

    Args:
        algorithm: hyper-parameters (a NamedTuple, see docs/tutorial.md), or a function of (instance, horizon) that
            returns them.
        theorem: an id such as "ucb1/regret", a theorem of one's own, or a :class:`Bound` that says how a run is held
            against it. An id or a theorem of a claim is held against the runs in the way of that claim.
        instances: one instance, or several.
        horizon: rounds, or episodes, >= 1.
        alpha: in (0, 1): probability that the theorem holds on all the instances and this fails with "refuted".
        seed: replication r is (seed, r); the same call gives the same outcome.
        max_runs: replications for an instance, >= 1, after which it is "undecided".
        accept: what passes besides "verified": "undecided" (neither way after ``max_runs``), "vacuous" (a bound
            that no run can exceed at this horizon, so that nothing was tested), or both. Never "refuted".
        using: a recorder to keep the runs with; by default nothing is kept.

    Returns:
        The verdicts, a row for each instance (columns of :class:`proofs_check.verdict.Verdict`).

    Raises:
        AssertionError: the bound is refuted, or undecided or vacuous without being accepted. The message has the
            theorem, the instance, what was measured, the bound, the number of runs, the seed, and how to repeat it.
        HypothesisViolated: an instance is outside the theorem's hypotheses: which one, and by how much.
        InvalidInput: an argument is out of range, or the theorem is no bound that runs can be tested against.
    """
    __tracebackhide__ = True
    if horizon < 1 or max_runs < 1:
        raise InvalidInput(f"horizon is {horizon} and max_runs is {max_runs}; expected at least 1 of each")
    if not 0.0 < alpha < 1.0:
        raise InvalidInput(f"alpha is {alpha}; expected a number in (0, 1)")
    unknown = [word for word in accept if word not in ("undecided", "vacuous")]
    if isinstance(accept, str) or unknown:
        raise InvalidInput(f'accept is {accept!r}; expected a collection of "undecided" and "vacuous"')
    chosen = list(instances) if isinstance(instances, Iterable) else [instances]
    if not chosen:
        raise InvalidInput("there are no instances; expected at least one")
    bound = _bound(theorem)
    trials = [_trial(algorithm, bound, chosen, i, horizon, alpha, seed) for i in range(len(chosen))]
    recorder = using or Recorder(Store(None))
    verdicts = [_tried(trial, recorder, horizon, seed, max_runs) for trial in trials]
    failures = [
        _sentence(trial, verdict)
        for trial, verdict in zip(trials, verdicts)
        if verdict.verdict not in ("verified", *accept)
    ]
    if failures:
        raise AssertionError("\n".join(failures))
    return frame(verdicts)


def _bound(theorem: str | Theorem | Bound) -> Bound:
    """The theorem with the way to hold a run against it: that of the claim that has it, if any.

    Raises:
        UnknownName: for an id that does not exist. InvalidInput: for a statement that has no testable bound.
    """
    if isinstance(theorem, Bound):
        bound = theorem
    else:
        wanted = named_theorem(theorem) if isinstance(theorem, str) else theorem
        known = (b for claim in claims().values() for b in claim.bounds if b.theorem == wanted)
        bound = next(known, Bound(wanted))
    stated = bound.theorem
    if stated.constants == "order":
        raise InvalidInput(f"{stated.id} has unknown constants; expected a bound, a rate is checked by regretlab check")
    if stated.kind not in ("expected", "high-probability", "PAC", "deterministic"):
        raise InvalidInput(f"{stated.id} is a {stated.kind}; expected an upper bound")
    return bound


def _trial(
    algorithm: Any, bound: Bound, instances: list[Any], index: int, horizon: int, alpha: float, seed: int
) -> _Trial:
    """Everything that is known before the runs of one instance."""
    instance = instances[index]
    if not hasattr(instance, "protocol"):
        raise InvalidInput(
            f"instances[{index}] is of type {type(instance).__name__}, which nothing can run on; expected a bandit, an "
            "adversary, Episodes(mdp), ..."
        )
    if isinstance(algorithm, type):
        raise InvalidInput(f"algorithm is the class {algorithm.__name__}; expected hyper-parameters, its instance")
    params = algorithm(instance, horizon) if isinstance(algorithm, Callable) else algorithm  # type: ignore[arg-type]
    theorem = bound.theorem
    theorem.require(instance, params, horizon)
    if theorem.kind != "expected" and not hasattr(params, "delta"):
        raise InvalidInput(
            f"{theorem.id} may fail with probability delta, which {type(params).__name__} does not state"
        )
    marks = log_spaced(horizon)
    values = np.asarray(theorem.bound(instance, params, marks.astype(float)), dtype=float)
    if values.shape != marks.shape:
        raise InvalidInput(
            f"the bound of {theorem.id} has shape {values.shape} at {len(marks)} horizons; expected one number each"
        )
    value, largest = float(values[-1]), _largest(bound, instance, horizon)
    levels = alpha / len(instances), ALPHA_VERIFY / len(instances)
    verdict = Verdict(
        theorem.slug, "bound", theorem.id, theorem.statement, theorem.source, f"instances[{index}]",
        getattr(instance, "name", type(instance).__name__), horizon, theorem.kind, "undecided", bound=value,
        trivial=largest, vacuity=value / largest if largest > 0 else math.inf, seed=seed,
    )  # fmt: skip
    test = bound_test(bound, params, value, least_regret(instance, horizon), largest, *levels)
    return _Trial(bound, params, instance, marks, values, verdict, test)


def _tried(trial: _Trial, recorder: Recorder, horizon: int, seed: int, max_runs: int) -> Verdict:
    """The verdict after as many runs as it takes; a vacuous bound gets the first batch, to say what was measured."""
    outcome = bound_outcome(trial.bound, trial.instance, trial.params, trial.values)
    n, seen = 0, 0
    while True:
        n = min(2 * n or FIRST_BATCH, max_runs)
        trace = recorder.runs(trial.params, trial.instance, horizon, n, seed=seed, checkpoints=trial.marks)
        assert trace is not None
        if trial.test is None:
            return replace(_measured(trial, trace), verdict="vacuous")
        trial.test.update(np.asarray(outcome(trace), dtype=float)[seen:])
        seen = n
        if trial.test.decision is not None or n >= max_runs:
            break
    words: dict[str | None, Word] = {"verified": "verified", "refuted": "refuted", None: "undecided"}
    word = words[trial.test.decision]
    p_value = trial.test.p_refute if word == "refuted" else trial.test.p_verify
    verdict = _measured(trial, trace)
    if isinstance(trial.test, BernoulliTest):
        failed = np.asarray(outcome(trace), dtype=float)
        first = f"run {int(np.argmax(failed))} is the first" if failed.any() else ""
        verdict = replace(verdict, failures=float(failed.mean()), allowed=trial.test.delta, where=first)
    return replace(verdict, verdict=word, p_value=float(p_value))


def _measured(trial: _Trial, trace: Trace) -> Verdict:
    estimate = float(bound_quantity(trial.bound, trace, trial.instance, trial.params).mean())
    value = trial.verdict.bound
    return replace(
        trial.verdict, n_runs=trace.n_runs, estimate=estimate, tightness=estimate / value if value > 0 else math.nan
    )


def _sentence(trial: _Trial, verdict: Verdict) -> str:
    """What is wrong, for the person who reads a failing test."""
    measured = f"measured {verdict.estimate:.6g} on average over {verdict.n_runs} runs, bound {verdict.bound:.6g}"
    if math.isfinite(verdict.allowed):
        measured += (
            f"; above it in {verdict.failures:.3g} of the runs, allowed {verdict.allowed:.3g}"
            + (f" ({verdict.where})" if verdict.where else "")
        )  # fmt: skip
    if verdict.verdict == "vacuous":
        measured += f"; no run can exceed {verdict.trivial:.6g}: take a longer horizon, or accept={{'vacuous'}}"
    elif verdict.verdict == "undecided":
        measured += "; raise max_runs, or accept={'undecided'}"
    else:
        measured += f"; p = {verdict.p_value:.2g}"
    return (
        f"{verdict.id} is {verdict.verdict} for {trial.params!r} on {verdict.case}, {verdict.instance}, "
        f"horizon {verdict.horizon}, seed {verdict.seed}\n"
        f"  {verdict.statement} ({verdict.source})\n"
        f"  {measured}\n"
        f"  repeat: regretlab.simulate({trial.params!r}, {verdict.case}, {verdict.horizon}, {verdict.n_runs}, "
        f"seed={verdict.seed})"
    )
