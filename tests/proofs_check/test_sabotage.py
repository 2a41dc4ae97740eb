"""Every planted fault of every claim is caught by a check that should catch it."""

from __future__ import annotations

import pytest

from proofs_check.catalogue import claims
from proofs_check.check import run_sabotage
from proofs_check.record import Recorder
from proofs_check.store import Store

pytestmark = pytest.mark.faults

FAULTS = [(slug, fault.id) for slug, claim in claims().items() for fault in claim.sabotages]


@pytest.mark.parametrize(("slug", "fault"), FAULTS)
def test_planted_fault_is_caught(slug, fault, tmp_path):
    claim = claims()[slug]
    planted = next(f for f in claim.sabotages if f.id == fault)
    result = run_sabotage(claim, planted, Recorder(Store(None), 1))
    assert result.caught, f"{planted.fault}: expected {planted.caught_by} to be refuted in {result.n_runs} runs"


def test_every_claim_has_a_planted_fault():
    assert {slug for slug, _ in FAULTS} == set(claims())
