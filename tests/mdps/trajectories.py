"""What the tests of the average-reward algorithms share."""

from __future__ import annotations

import numpy as np

from kernels.engine import simulate
from mdps.loops import Trajectory
from mdps.model import MDP
from proofs_check.check import clean_runs
from proofs_check.claim import Claim
from tests.reference.trajectory import stacked


def assert_decides_as(reference, params, mdp: MDP, n_steps: int, *, runs: int = 5, seed: int = 7) -> np.ndarray:
    """Every decision of every run equals the reference's on the same stacks; returns the decisions."""
    found = simulate(params, Trajectory(mdp), n_steps, runs, seed=seed, n_decisions=n_steps).extra["decisions"]
    for run in range(runs):
        assert found[run].tolist() == reference(stacked(mdp, seed, run), mdp.initial, n_steps)
    return found


def assert_every_step_holds(claim: Claim, n_steps: int, runs: int = 5) -> None:
    """On the first case no step of the sound algorithm fails where its events hold, and each is exercised."""
    instance = claim.cases[0].build()
    trace = simulate(claim.algorithm(instance, n_steps), instance, n_steps, runs, watch=claim.watch)
    for i, step in enumerate(claim.steps):
        if step.kind != "event":
            kept = clean_runs(trace.records, claim.steps, step.given)
            assert kept.any() and not trace.records.violations[kept, i].any(), step.id
    assert (trace.records.checks.sum(axis=0) > 0).all()
