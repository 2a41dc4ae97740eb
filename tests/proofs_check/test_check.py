"""The checker checked: true claims pass, false ones fail, vacuous ones are called vacuous, faults are caught."""

from __future__ import annotations

import math
import time
from dataclasses import replace

import numpy as np
import pytest

from bandits.algorithms.ucb1 import UCB1
from bandits.instances.bernoulli import BernoulliBandit
from kernels.steps import Step, allocate_records, check
from proofs_check import api
from proofs_check.catalogue import claims
from proofs_check.check import QUICK, check_claim, run_sabotage
from proofs_check.claim import Bound, Case, Claim, Rate, Sabotage
from proofs_check.claims import ucb1
from proofs_check.record import Recorder
from proofs_check.store import Store
from proofs_check.verdict import exit_code
from theory.errors import HypothesisViolated, InvalidInput, UnknownName
from theory.theorem import Theorem
from theory.theorems import theorem


@pytest.fixture
def recorder(tmp_path) -> Recorder:
    return Recorder(Store(tmp_path), 2)


def claim_with(bound: Bound, **changes) -> Claim:
    case = Case("case", lambda: BernoulliBandit([0.9, 0.5]), 2000, max_runs=changes.pop("max_runs", 400))
    return replace(ucb1.CLAIM, cases=(case,), bounds=(bound,), rate=None, **changes)


def bound_times(factor: float) -> Bound:
    true = theorem("ucb1/regret")
    return Bound(replace(true, id="ucb1/scaled", bound=lambda i, p, t: factor * true.bound(i, p, t)))


def verdict_of(result, name):
    return next(v for v in result.verdicts if v.id == name)


def test_a_true_bound_is_verified_and_a_false_one_refuted(recorder):
    assert verdict_of(check_claim(claim_with(bound_times(1.0)), recorder), "ucb1/scaled").verdict == "verified"
    false = check_claim(claim_with(bound_times(0.1)), recorder)
    assert verdict_of(false, "ucb1/scaled").verdict == "refuted"
    assert exit_code(false.verdicts) == 1


def test_a_vacuous_bound_is_never_verified(recorder):
    result = check_claim(claim_with(bound_times(100.0)), recorder)
    verdict = verdict_of(result, "ucb1/scaled")
    assert verdict.verdict == "vacuous" and verdict.vacuity > 1 and math.isnan(verdict.p_value)
    assert exit_code(result.verdicts) == 0


def test_too_few_runs_leave_the_bound_undecided(recorder):
    result = check_claim(claim_with(bound_times(1.0), max_runs=5), recorder)
    assert verdict_of(result, "ucb1/scaled").verdict == "undecided"
    assert exit_code(result.verdicts) == 3


def test_a_spent_budget_leaves_everything_undecided(recorder):
    result = check_claim(claim_with(bound_times(1.0)), recorder, deadline=time.monotonic() - 1)
    assert {v.verdict for v in result.verdicts if v.layer == "bound"} == {"undecided"}


def high_probability(scale: float) -> Theorem:
    """P(R_T > scale * 200 for some t) <= delta; false for small scales."""
    return Theorem(
        "ucb1/tail", "made up for this test", "", "high-probability", "explicit", (),
        lambda instance, params, horizons: np.full_like(horizons, 200.0 * scale),
    )  # fmt: skip


class UCB1Delta(UCB1):
    """UCB1 with a delta, for statements with a failure probability."""

    delta = 0.1


@pytest.mark.parametrize(("scale", "word"), [(1.0, "verified"), (0.05, "refuted")])
def test_statements_about_probabilities(recorder, scale, word):
    claim = claim_with(Bound(high_probability(scale), anytime=True), algorithm=lambda i, t: UCB1(), watch=None)
    claim = replace(claim, algorithm=lambda instance, horizon: UCB1Delta(2.0))
    UCB1Delta.__module__ = UCB1.__module__
    assert verdict_of(check_claim(claim, recorder), "ucb1/tail").verdict == word


def test_each_layer_reports_what_a_reader_needs(recorder):
    result = check_claim(ucb1.CLAIM, recorder)
    bound = verdict_of(result, "ucb1/regret")
    assert bound.low <= bound.estimate <= bound.high and bound.tightness == pytest.approx(bound.estimate / bound.bound)
    assert bound.lower > 0 and bound.above_lower == pytest.approx(bound.estimate / bound.lower)
    step = verdict_of(result, "optimism")
    assert step.checks > 0 and step.left <= step.right and "slack" in step.note


def test_a_violated_hypothesis_is_named(recorder):
    claim = claim_with(bound_times(1.0), algorithm=lambda instance, horizon: UCB1(0.3))
    with pytest.raises(HypothesisViolated, match="width is 2"):
        check_claim(claim, recorder)


def test_a_refuted_step_names_place_and_numbers(recorder):
    claim = claim_with(bound_times(1.0))
    fault = Sabotage(
        "greedy", "no bonus", ("optimism",), lambda p: UCB1(0.0), build=lambda: BernoulliBandit([0.6, 0.5])
    )
    caught = run_sabotage(claim, replace(fault, horizon=1000), recorder)
    assert caught.caught and caught.by == ("optimism",)
    assert "round" in caught.where and "arm 0" in caught.where and "0.6 >" in caught.where


def test_a_fault_that_breaks_nothing_is_reported_as_missed(recorder):
    harmless = Sabotage("none", "nothing at all", ("optimism", "pulls"), lambda p: p)
    assert not run_sabotage(claim_with(bound_times(1.0)), harmless, recorder).caught


def test_a_sabotage_must_name_something_that_exists(recorder):
    with pytest.raises(KeyError, match="no step and no theorem"):
        run_sabotage(claim_with(bound_times(1.0)), Sabotage("x", "x", ("typo",), lambda p: p), recorder)


def test_rates_tell_log_from_root(recorder):
    def f(power):
        order = lambda instance, params, horizons: np.asarray(horizons) ** power  # noqa: E731
        return replace(theorem("ucb1/regret"), id="ucb1/order", constants="order", bound=order)

    def claim(power):
        grid = (256, 512, 1024, 2048, 4096)
        rate = Rate(f(power), "theorem", lambda i, t: UCB1(), "T", grid,
                    lambda t: (BernoulliBandit([0.5, 0.9]), t), 60, prefix=True)  # fmt: skip
        return replace(ucb1.CLAIM, cases=(), bounds=(), rate=rate)

    assert verdict_of(check_claim(claim(0.5), recorder), "ucb1/order").verdict == "verified"
    assert verdict_of(check_claim(claim(0.0), recorder), "ucb1/order").verdict == "refuted"


def test_interruption_keeps_what_is_done(recorder, monkeypatch):
    calls = []
    honest = recorder.runs

    def interrupted(*args, **options):
        calls.append(1)
        if len(calls) > 2:
            raise KeyboardInterrupt
        return honest(*args, **options)

    monkeypatch.setattr(recorder, "runs", interrupted)
    report = api.check("ucb1", using=recorder)
    assert report.interrupted and report.exit_code == 3 and report.results[0].interrupted


def test_a_step_that_was_never_reached_is_not_verified(recorder):
    steps = (*ucb1.STEPS, Step("unreached", "never checked", "nowhere"))

    class Watch:
        STEPS = steps
        __name__ = ucb1.__name__

    for hook in ("allocate", "begin", "acted", "observed", "ended"):
        setattr(Watch, hook, staticmethod(getattr(ucb1, hook)))
    result = check_claim(claim_with(bound_times(1.0), watch=Watch), recorder)
    assert verdict_of(result, "unreached").verdict == "undecided"


def test_nan_and_rounding_in_steps():
    records = allocate_records(1, 1)
    check(records, 0, 0, 1.0 + 1e-13, 1.0, 1e-12, 1, -1, -1, -1)
    assert records.violations[0, 0] == 0
    check(records, 0, 0, math.nan, 1.0, 1e-12, 2, -1, -1, -1)
    assert records.violations[0, 0] == 1 and records.where[0, 0, 0] == 2


def test_user_instances(recorder):
    report = api.check(["ucb1"], instance=BernoulliBandit([0.2, 0.7]), horizon=1000, using=recorder)
    assert set(report.verdicts["case"]) == {"user"} and report.exit_code in (0, 3)
    with pytest.raises(UnknownName, match="did you mean ucb1"):
        api.check(["ucb"], using=recorder)
    with pytest.raises(InvalidInput, match="budget"):
        api.check(["ucb1"], budget=0, using=recorder)
    with pytest.raises(InvalidInput, match="horizon is 0"):
        api.check(["ucb1"], instance=BernoulliBandit([0.2, 0.7]), horizon=0, using=recorder)


def test_catalogue_lists_every_claim_once():
    table = api.catalogue()
    assert table["slug"].is_unique and set(table["slug"]) == set(claims()) and (table["faults"] > 0).all()
    assert QUICK.runs == 1
