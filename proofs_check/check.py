"""Checking a claim: run its cases until every statement is decided or the budget is spent, then say what was found.

The statistics are those of docs/statistics.md: expectations by two betting e-processes, probabilities and good
events by binomial e-processes, both valid however long one goes on; Bonferroni over the statements of a claim while
running (so that stopping is simple), Holm at the end; proof steps that must hold in every run by a single violation.
"""

from __future__ import annotations

import functools
import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from kernels.engine import Trace, log_spaced, prepare
from kernels.steps import Records, Step
from proofs_check.claim import Bound, Case, Claim, Rate, Sabotage
from proofs_check.record import Recorder
from proofs_check.statistics import BernoulliTest, BettingSequence, MeanTest, clopper_pearson, flatness, holm
from proofs_check.verdict import Verdict, Word

Float = npt.NDArray[np.float64]

#: Family-wise error of "verified" over the statements of a claim, and of "refuted" (an extraordinary claim).
ALPHA_VERIFY, ALPHA_REFUTE = 0.05, 1e-3
#: Replications of the first batch; batches then double.
FIRST_BATCH = 25
#: Rate layer: bootstrap resamples and equivalence margin on the growth exponent.
N_BOOTSTRAP, TOLERANCE = 2000, 0.05


@dataclass(frozen=True)
class Size:
    """How much a check may do: ``runs`` multiplies the cases' largest numbers of replications."""

    name: str
    runs: int

    @property
    def full(self) -> bool:
        """Whether the cases marked ``full_only`` are run."""
        return self.name == "full"


QUICK, FULL = Size("quick", 1), Size("full", 4)


@dataclass
class CaseResult:
    """One case with its runs, kept for the report's plots."""

    case: Case
    instance: Any
    params: Any
    trace: Trace
    bounds: list[tuple[str, Float]] = field(default_factory=list)  # (theorem id, values at the checkpoints)
    lower: Float | None = None
    trivial: Float | None = None


@dataclass
class RateResult:
    """The measured ratio R / f along the grid of a rate layer, with simultaneous limits."""

    rate: Rate
    grid: Float
    ratio: Float
    low: Float
    high: Float


@dataclass
class SabotageResult:
    """Whether a planted fault was caught, by what, and where."""

    slug: str
    sabotage: Sabotage
    caught: bool
    by: tuple[str, ...]
    where: str
    n_runs: int
    seed: int


@dataclass
class ClaimResult:
    """Everything a check of one claim found."""

    claim: Claim
    verdicts: list[Verdict]
    cases: list[CaseResult] = field(default_factory=list)
    rate: RateResult | None = None
    sabotages: list[SabotageResult] = field(default_factory=list)
    seconds: float = 0.0
    interrupted: bool = False


@dataclass
class _Statement:
    """One statement while runs come in: its provisional verdict, what a run says of it, and its e-processes.

    ``test`` is None for a statement that is measured but not tested (vacuous, or of unknown constants). ``quantity``
    is what a bound bounds, one number per run; ``outcome`` is what is tested of it.
    """

    verdict: Verdict
    outcome: Callable[[Trace], Float]
    test: MeanTest | BernoulliTest | None
    quantity: Callable[[Trace], Float] | None = None
    values: Float = field(default_factory=lambda: np.zeros(0))

    def take(self, trace: Trace) -> None:
        """Feed the runs that are new since the last call."""
        if self.test is not None:
            values = np.asarray(self.outcome(trace), dtype=float)
            self.test.update(values[len(self.values) :])
            self.values = values

    @property
    def decided(self) -> bool:
        """Whether more runs would change nothing."""
        return self.test is None or self.test.decision is not None


def clean_runs(records: Records, steps: Sequence[Step], given: Sequence[str]) -> npt.NDArray[np.bool_]:
    """The runs in which none of the events named in ``given`` failed."""
    clean = np.ones(len(records.violations), bool)
    for index, step in enumerate(steps):
        if step.id in given:
            clean &= records.violations[:, index] == 0
    return clean


def _regret_of(bound: Bound, trace: Trace) -> Float:
    """The regret that the theorem is about, (n_runs, C)."""
    return trace.extra["realised"] if bound.theorem.regret == "realised" else trace.regret


def bound_quantity(bound: Bound, trace: Trace, instance: Any, params: Any) -> Float:
    """What the theorem bounds, one number per run: its regret at the horizon, or the claim's own outcome."""
    if bound.outcome is not None:
        return np.asarray(bound.outcome(trace, instance, params), dtype=float)
    return _regret_of(bound, trace)[:, -1]


def bound_outcome(bound: Bound, instance: Any, params: Any, values: Float) -> Callable[[Trace], Float]:
    """What is tested of each run: the quantity itself for an expectation, else 1.0 if it exceeds the bound.

    ``values`` are the theorem's bound at the checkpoints.
    """
    if bound.theorem.kind == "expected" or bound.theorem.constants == "order":
        return lambda trace: bound_quantity(bound, trace, instance, params)
    if bound.anytime:
        return lambda trace: (_regret_of(bound, trace) > values).any(axis=1).astype(float)
    return lambda trace: (bound_quantity(bound, trace, instance, params) > values[-1]).astype(float)


def least_regret(instance: Any, horizon: int) -> float:
    """A number that no run's regret can fall below; negative where the best arm changes over the rounds."""
    return min(0.0, float(instance.least_regret(horizon))) if hasattr(instance, "least_regret") else 0.0


def bound_test(
    bound: Bound,
    params: Any,
    value: float,
    least: float,
    largest: float,
    alpha_refute: float,
    alpha_verify: float,
) -> MeanTest | BernoulliTest | None:
    """The test of a theorem at its horizon; None if it is vacuous there or its constants are unknown."""
    if value >= largest or bound.theorem.constants == "order":
        return None
    if bound.theorem.kind == "expected":
        return MeanTest(value, least, largest, alpha_refute, alpha_verify)
    return BernoulliTest(float(params.delta), alpha_refute, alpha_verify)


def _largest(bound: Bound, instance: Any, horizon: int) -> float:
    if bound.largest is not None:
        return float(bound.largest(instance, horizon))
    return float(np.asarray(instance.trivial_regret(np.array([float(horizon)])))[0])


def violation_text(step: Step, records: Records, index: int, run: int) -> str:
    """Where a step first broke in a run: "run 3: round 17, arm 2: 0.41 > 0.38"."""
    place = ", ".join(f"{name} {records.where[run, index, i]}" for i, name in enumerate(step.place))
    left, right = records.values[run, index]
    return f"run {run}: {place}: {left:.6g} > {right:.6g}"


def batches(max_runs: int) -> Iterator[int]:
    """How many replications there are whenever a check looks at them: the first batch, then doubled to the limit."""
    n = min(FIRST_BATCH, max_runs)
    while n < max_runs:
        yield n
        n = min(2 * n, max_runs)
    yield n


def check_claim(
    claim: Claim,
    recorder: Recorder,
    *,
    size: Size = QUICK,
    seed: int = 0,
    deadline: float = math.inf,
    cases: Sequence[Case] | None = None,
    announce: Callable[[str, int], None] | None = None,
) -> ClaimResult:
    """Check every layer of a claim.

    Args:
        claim: what to check. recorder: where runs come from. size: QUICK or FULL.
        seed: replications are (seed, 0), (seed, 1), ...
        deadline: ``time.monotonic()`` after which no more replications are added.
        cases: take the place of the claim's own (user-supplied instances); the rate layer is then left out.
        announce: called with (what runs now, replications expected).

    Raises:
        HypothesisViolated: if an instance is outside the hypotheses of one of the claim's theorems.
    """
    began = time.monotonic()
    own = cases is None
    chosen = [c for c in (claim.cases if cases is None else cases) if size.full or not c.full_only]
    built = [(case, case.build()) for case in chosen]
    for case, instance in built:
        params = claim.algorithm(instance, case.horizon)
        for bound in claim.bounds:
            bound.theorem.require(instance, params, case.horizon)
    n_events = sum(step.kind == "event" for step in claim.steps) * sum(case.watched for case, _ in built)
    n_tests = max(1, len(built) * len(claim.bounds) + n_events)
    result = ClaimResult(claim, [])
    statements: list[_Statement] = []
    try:
        for case, instance in built:
            statements += _check_case(claim, case, instance, recorder, size, seed, deadline, n_tests, result, announce)
        if claim.rate is not None and own:
            _check_rate(claim, claim.rate, recorder, size, seed, deadline, result, announce)
    except KeyboardInterrupt:
        result.interrupted = True
    result.verdicts = _decide(statements) + result.verdicts
    result.seconds = time.monotonic() - began
    return result


def prepare_claim(claim: Claim, size: Size = QUICK) -> None:
    """Compile the loops that :func:`check_claim` will run, without running them."""
    for case in claim.cases:
        if size.full or not case.full_only:
            instance = case.build()
            prepare(claim.algorithm(instance, case.horizon), instance, claim.watch if case.watched else None)
    if claim.rate is not None:
        instance, horizon = claim.rate.case(claim.rate.grid[0])
        prepare(claim.rate.algorithm(instance, horizon), instance, None)


def _check_case(
    claim: Claim,
    case: Case,
    instance: Any,
    recorder: Recorder,
    size: Size,
    seed: int,
    deadline: float,
    n_tests: int,
    result: ClaimResult,
    announce: Callable[[str, int], None] | None,
) -> list[_Statement]:
    """Run one case until its statements are decided. The exact steps' verdicts go into ``result`` at once."""
    params = claim.algorithm(instance, case.horizon)
    marks = log_spaced(case.horizon)
    max_runs = case.max_runs * size.runs
    alphas = (ALPHA_REFUTE / n_tests, ALPHA_VERIFY / n_tests)
    statements: list[_Statement] = []
    curves: list[tuple[str, Float]] = []
    for bound in claim.bounds:
        theorem = bound.theorem
        values = np.asarray(theorem.bound(instance, params, marks.astype(float)), dtype=float)
        largest = _largest(bound, instance, case.horizon)
        vacuity = float(values[-1]) / largest if largest > 0 else math.inf
        verdict = Verdict(
            claim.slug, "bound", theorem.id, theorem.statement, theorem.source, case.id, instance.name, case.horizon,
            theorem.kind, "undecided", bound=float(values[-1]), trivial=largest, vacuity=vacuity,
            confidence=1 - alphas[1], seed=seed,
            note="" if theorem.confirmed else "constants not re-read in the source",
        )  # fmt: skip
        test = bound_test(bound, params, float(values[-1]), least_regret(instance, case.horizon), largest, *alphas)
        quantity = functools.partial(_quantity, bound, instance, params)
        statements.append(_Statement(verdict, bound_outcome(bound, instance, params, values), test, quantity))
        if bound.outcome is None and theorem.constants == "explicit":
            curves.append((theorem.id, values))
    steps = claim.steps if case.watched else ()
    watch = claim.watch if case.watched else None
    for index, step in enumerate(steps):
        if step.kind == "event":
            assert step.probability is not None
            probability = step.probability(params, instance, case.horizon)
            verdict = replace(
                _step_base(claim, case, instance, step, seed), bound=probability, trivial=1.0, vacuity=probability,
                confidence=1 - alphas[1],
            )  # fmt: skip
            test = BernoulliTest(probability, *alphas) if probability < 1.0 else None
            statements.append(_Statement(verdict, _event_failures(index), test))
    if announce is not None:
        announce(f"{claim.slug}: {case.id}, compiling", max_runs)
    recorder.prepare(params, instance, watch)
    if announce is not None:
        announce(f"{claim.slug}: {case.id}", max_runs)
    trace: Trace | None = None
    for n in batches(max_runs):
        got = recorder.runs(
            params, instance, case.horizon, n, seed=seed, checkpoints=marks, watch=watch, deadline=deadline
        )
        trace = got or trace
        if trace is None:
            break
        for statement in statements:
            statement.take(trace)
        if all(s.decided for s in statements) or trace.n_runs < n:
            break
    if trace is None:
        for statement in statements:
            statement.verdict = replace(statement.verdict, note="budget spent before the first run")
        return statements
    lower = None
    if claim.lower_bound is not None:
        lower = np.asarray(claim.lower_bound(instance, marks.astype(float)), dtype=float)
    trivial = np.asarray(instance.trivial_regret(marks.astype(float)))
    result.cases.append(CaseResult(case, instance, params, trace, curves, lower, trivial))
    for statement in statements:
        statement.verdict = _measured(statement, claim, trace, lower)
    for index, step in enumerate(steps):
        if step.kind != "event":
            result.verdicts.append(_step_verdict(claim, case, instance, step, index, trace, seed))
    return statements


def _quantity(bound: Bound, instance: Any, params: Any, trace: Trace) -> Float:
    return bound_quantity(bound, trace, instance, params)


def _joined(*notes: str) -> str:
    return "; ".join(note for note in notes if note)


def _event_failures(index: int) -> Callable[[Trace], Float]:
    def failures(trace: Trace) -> Float:
        assert trace.records is not None
        return (trace.records.violations[:, index] > 0).astype(float)

    return failures


def _measured(statement: _Statement, claim: Claim, trace: Trace, lower: Float | None) -> Verdict:
    """A statement's verdict with its estimate, confidence limits and tightness (not yet decided)."""
    verdict = statement.verdict
    values = statement.values if statement.test is not None else np.asarray(statement.outcome(trace), dtype=float)
    alpha = 1 - verdict.confidence
    filled = replace(verdict, n_runs=trace.n_runs)
    if isinstance(statement.test, BernoulliTest) or verdict.layer == "step":
        count = int(values.sum())
        low, high = (float(x) for x in clopper_pearson(count, len(values), alpha))
        allowed = statement.test.delta if isinstance(statement.test, BernoulliTest) else verdict.bound
        filled = replace(
            filled, failures=count / len(values), failures_high=high, allowed=allowed,
            note=_joined(verdict.note, f"failed in {count} of {len(values)} runs, allowed share {allowed:.3g}"),
        )  # fmt: skip
    if statement.quantity is not None:
        measured = statement.quantity(trace)
        low, high = min(0.0, float(measured.min())), max(verdict.trivial, float(measured.max()))
        if low < high:
            sequence = BettingSequence(alpha, low, high)
            sequence.update(measured)
            low, high = sequence.interval
        filled = replace(filled, estimate=float(measured.mean()), low=low, high=high)
    else:
        filled = replace(filled, estimate=filled.failures, low=low, high=high)
    if verdict.layer == "step":
        index = [step.id for step in claim.steps].index(verdict.id)
        filled = _first_violation(filled, claim, index, trace, np.ones(trace.n_runs, bool))
    else:
        least = float(lower[-1]) if lower is not None and verdict.kind != "PAC" else math.nan
        filled = replace(
            filled, tightness=filled.estimate / verdict.bound if verdict.bound > 0 else math.nan, lower=least,
            above_lower=filled.estimate / least if least > 0 else math.nan,
        )  # fmt: skip
    if statement.test is None and verdict.vacuity >= 1.0:
        note = _joined(filled.note, "the bound exceeds what any run can reach at this horizon")
        return replace(filled, verdict="vacuous", note=note)
    if statement.test is None:
        return replace(filled, note=_joined(filled.note, "constants unknown: judged by its rate"))
    return filled


def _step_base(claim: Claim, case: Case, instance: Any, step: Step, seed: int) -> Verdict:
    return Verdict(
        claim.slug, "step", step.id, step.statement, step.source, case.id, instance.name, case.horizon, step.kind,
        "undecided", seed=seed,
    )  # fmt: skip


def _first_violation(verdict: Verdict, claim: Claim, index: int, trace: Trace, kept: npt.NDArray[np.bool_]) -> Verdict:
    """Counts of a step over the ``kept`` runs, and its first violation or its tightest moment."""
    records, step = trace.records, claim.steps[index]
    assert records is not None
    broken = np.flatnonzero((records.violations[:, index] > 0) & kept)
    verdict = replace(
        verdict, checks=int(records.checks[kept, index].sum()), violations=int(records.violations[kept, index].sum())
    )
    if broken.size:
        run = int(broken[0])
        left, right = (float(x) for x in records.values[run, index])
        return replace(verdict, where=violation_text(step, records, index, run), left=left, right=right)
    if verdict.checks:
        run = int(np.flatnonzero(kept)[np.argmin(records.slack[kept, index])])
        left, right = (float(x) for x in records.tightest[run, index])
        note = f"smallest slack {records.slack[run, index]:.3g} in run {run}"
        return replace(verdict, left=left, right=right, note=_joined(verdict.note, note))
    return verdict


def _step_verdict(claim: Claim, case: Case, instance: Any, step: Step, index: int, trace: Trace, seed: int) -> Verdict:
    """A step that must hold in every run (in which the events it relies on held): one violation refutes it."""
    assert trace.records is not None
    kept = clean_runs(trace.records, claim.steps, step.given)
    base = replace(_step_base(claim, case, instance, step, seed), n_runs=int(kept.sum()))
    verdict = _first_violation(base, claim, index, trace, kept)
    if verdict.checks == 0:
        return replace(verdict, note="never exercised: no run reached this step")
    return replace(verdict, verdict="refuted" if verdict.violations else "verified", confidence=1.0)


def _decide(statements: Sequence[_Statement]) -> list[Verdict]:
    """Holm over the tested statements of the claim, for refutation and for verification."""
    tested = [s for s in statements if s.test is not None and len(s.values)]
    if not tested:
        return [statement.verdict for statement in statements]
    refuted = holm([s.test.p_refute for s in tested if s.test], ALPHA_REFUTE)
    verified = holm([s.test.p_verify for s in tested if s.test], ALPHA_VERIFY)
    for statement, is_refuted, is_verified in zip(tested, refuted, verified):
        assert statement.test is not None
        word: Word = "refuted" if is_refuted else "verified" if is_verified else "undecided"
        p_value = statement.test.p_refute if is_refuted else statement.test.p_verify
        statement.verdict = replace(statement.verdict, verdict=word, p_value=float(p_value))
    return [statement.verdict for statement in statements]


def _check_rate(
    claim: Claim,
    rate: Rate,
    recorder: Recorder,
    size: Size,
    seed: int,
    deadline: float,
    result: ClaimResult,
    announce: Callable[[str, int], None] | None,
) -> None:
    n_runs = rate.n_runs * size.runs
    if announce is not None:
        announce(f"{claim.slug}: rate in {rate.sweep}", n_runs * (1 if rate.prefix else len(rate.grid)))
    samples: list[Float] = []
    name = ""
    if rate.prefix:
        instance, horizon = rate.case(rate.grid[-1])
        name = instance.name
        params = rate.algorithm(instance, horizon)
        trace = recorder.runs(params, instance, horizon, n_runs, seed=seed, checkpoints=rate.grid, deadline=deadline)
        if trace is not None:
            f = np.asarray(rate.theorem.bound(instance, params, np.asarray(rate.grid, dtype=float)))
            samples = [column for column in (trace.regret / f).T]
    else:
        for value in rate.grid:
            instance, horizon = rate.case(value)
            name = instance.name
            params = rate.algorithm(instance, horizon)
            trace = recorder.runs(
                params, instance, horizon, n_runs, seed=seed, checkpoints=[horizon], deadline=deadline
            )
            if trace is None:
                break
            samples.append(
                trace.regret[:, -1] / float(rate.theorem.bound(instance, params, np.array([float(horizon)]))[0])
            )
    base = Verdict(
        claim.slug, "rate", rate.theorem.id, rate.theorem.statement, rate.theorem.source, f"{rate.sweep} sweep", name,
        rate.grid[-1], "order", "undecided", bound=TOLERANCE, preset=rate.preset, seed=seed,
    )  # fmt: skip
    if len(samples) < len(rate.grid) or min(len(s) for s in samples) < 20:
        result.verdicts.append(replace(base, note="budget spent before the grid was covered"))
        return
    grid = np.asarray(rate.grid, dtype=float)
    data: Any = np.stack(samples, axis=1) if rate.prefix else samples
    flat = flatness(data, grid, ALPHA_VERIFY, N_BOOTSTRAP, np.random.default_rng(seed), tolerance=TOLERANCE)
    result.rate = RateResult(rate, grid, flat.ratio.estimate, flat.ratio.lower, flat.ratio.upper)
    words: dict[str | None, Word] = {"consistent": "verified", "inconsistent": "refuted", None: "undecided"}
    result.verdicts.append(
        replace(
            base, verdict=words[flat.decision], n_runs=min(len(s) for s in samples),
            estimate=float(flat.growth.estimate[-1]), low=float(flat.growth.lower[-1]),
            high=float(flat.growth.upper[-1]),
            confidence=1 - ALPHA_VERIFY,
            note=f"R/f grows like {rate.sweep}^{flat.growth.estimate[-1]:.3f} at the end of the grid "
            f"{rate.grid[0]}..{rate.grid[-1]}; called flat below {rate.sweep}^{TOLERANCE}",
        )
    )  # fmt: skip


def run_sabotage(
    claim: Claim, sabotage: Sabotage, recorder: Recorder, *, seed: int = 0, deadline: float = math.inf
) -> SabotageResult:
    """Plant one fault and see which check refutes the claim.

    The fault is caught if one of the statements named in ``sabotage.caught_by`` is refuted: a deterministic or
    conditional step by one violation, an event or a theorem by its test at the claim's own error level.
    """
    if sabotage.build is not None:
        instance, horizon = sabotage.build(), sabotage.horizon or claim.cases[0].horizon
    else:
        case = next((c for c in claim.cases if sabotage.case in (None, c.id)), claim.cases[0])
        instance, horizon = case.build(), sabotage.horizon or case.horizon
    honest = claim.algorithm(instance, horizon)
    params = honest if sabotage.params is None else sabotage.params(honest)
    marks = log_spaced(horizon)
    trace = recorder.runs(params, instance, horizon, sabotage.n_runs, seed=seed, checkpoints=marks, watch=claim.watch,
                          overrides=sabotage.overrides, deadline=deadline)  # fmt: skip
    caught: list[str] = []
    where = ""
    alpha = ALPHA_REFUTE / max(1, len(sabotage.caught_by))
    for name in sabotage.caught_by if trace is not None else ():
        text = _broken(claim, name, trace, instance, honest, horizon, marks, alpha)
        if text:
            caught.append(name)
            where = where or text
    n_runs = 0 if trace is None else trace.n_runs
    return SabotageResult(claim.slug, sabotage, bool(caught), tuple(caught), where, n_runs, seed)


def _broken(
    claim: Claim, name: str, trace: Any, instance: Any, params: Any, horizon: int, marks: Any, alpha: float
) -> str:
    """How a faulty run breaks the statement called ``name``, in words; empty if it does not."""
    for index, step in enumerate(claim.steps):
        if step.id != name:
            continue
        kept = clean_runs(trace.records, claim.steps, step.given)
        broken = np.flatnonzero((trace.records.violations[:, index] > 0) & kept)
        if not broken.size:
            return ""
        text = violation_text(step, trace.records, index, int(broken[0]))
        if step.kind != "event":
            return text
        assert step.probability is not None
        probability = step.probability(params, instance, horizon)
        if probability >= 1.0:
            return ""
        test = BernoulliTest(probability, alpha_refute=alpha)
        test.update(_event_failures(index)(trace))
        return f"failed in {broken.size} of {trace.n_runs} runs; {text}" if test.decision == "refuted" else ""
    for bound in claim.bounds:
        if bound.theorem.id != name:
            continue
        values = np.asarray(bound.theorem.bound(instance, params, marks.astype(float)), dtype=float)
        largest = _largest(bound, instance, horizon)
        judge = bound_test(
            bound, params, float(values[-1]), least_regret(instance, horizon), largest, alpha, ALPHA_VERIFY
        )
        if judge is None:
            return ""
        data = np.asarray(bound_outcome(bound, instance, params, values)(trace), dtype=float)
        judge.update(data)
        return f"measured {data.mean():.4g} against {_level(judge):.4g}" if judge.decision == "refuted" else ""
    raise KeyError(f"{claim.slug}: a sabotage names {name!r}, which is no step and no theorem of the claim")


def _level(test: MeanTest | BernoulliTest) -> float:
    """The level that a test compares with: the bound on a mean, or the allowed probability."""
    return test.bound if isinstance(test, MeanTest) else test.delta
