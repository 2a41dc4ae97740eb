"""Every claim is well formed: theorems on its own instances, steps, faults; every explicit bound is computed twice."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest

from proofs_check.catalogue import claims
from theory.theorems import all_theorems

TESTS = Path(__file__).resolve().parents[1]


@cache
def setting_of(slug):
    """(instance, horizon, params) of a claim's first case."""
    claim = claims()[slug]
    case = claim.cases[0]
    instance = case.build()
    return instance, case.horizon, claim.algorithm(instance, case.horizon)


HELD = [(slug, bound.theorem) for slug, claim in claims().items() for bound in claim.bounds]


@pytest.mark.parametrize(("slug", "theorem"), HELD, ids=lambda x: x if isinstance(x, str) else x.id)
def test_bounds_are_vectorised_finite_and_nonnegative(slug, theorem):
    instance, horizon, params = setting_of(slug)
    theorem.require(instance, params, horizon)
    t = np.unique(np.round(np.geomspace(2, max(4, horizon), 12)))
    values = np.asarray(theorem.bound(instance, params, t))
    assert values.shape == t.shape and np.isfinite(values).all() and (values >= 0.0).all()
    one = np.asarray(theorem.bound(instance, params, t[-1:]))
    assert one == pytest.approx(values[-1:], rel=1e-12)


@pytest.mark.parametrize("theorem", all_theorems(), ids=lambda t: t.id)
def test_statements_are_complete(theorem):
    assert theorem.source and theorem.statement and theorem.hypotheses


def test_every_explicit_bound_is_computed_a_second_time_in_the_tests():
    text = "\n".join(path.read_text(encoding="utf-8") for path in TESTS.rglob("*.py"))
    alone = [t.id for t in all_theorems() if t.constants == "explicit" and t.id not in text]
    assert not alone, "no test names these theorems: write their right-hand sides out by hand"


@pytest.mark.parametrize("slug", claims())
def test_steps_and_faults_are_named_once(slug):
    claim = claims()[slug]
    ids = [step.id for step in claim.steps]
    assert len(set(ids)) == len(ids)
    assert len({case.id for case in claim.cases}) == len(claim.cases)
    known = {*ids, *(bound.theorem.id for bound in claim.bounds), "rate"}
    for step in claim.steps:
        assert set(step.given) <= {s.id for s in claim.steps if s.kind == "event"}
        assert (step.probability is not None) == (step.kind == "event")
    for fault in claim.sabotages:
        assert set(fault.caught_by) <= known, fault.id
        assert fault.case in {None, *(case.id for case in claim.cases)}
    assert claim.cases[0].full_only is False
