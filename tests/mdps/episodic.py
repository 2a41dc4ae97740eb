"""What the tests of the episodic algorithms share."""

from __future__ import annotations

import numpy as np

from kernels.engine import simulate
from mdps.loops import Episodes
from mdps.model import MDP
from proofs_check.check import clean_runs
from proofs_check.claim import Claim, Sabotage
from tests.reference.episodes import from_dense


def assert_decides_as(reference, params, mdp: MDP, n_episodes: int, *, runs: int = 10, seed: int = 7) -> np.ndarray:
    """Every decision of every run equals the reference's on the same stacks; returns the decisions."""
    n = n_episodes * mdp.horizon
    found = simulate(params, Episodes(mdp), n_episodes, runs, seed=seed, n_decisions=n).extra["decisions"]
    p, r = mdp.dense()
    for run in range(runs):
        expected, _ = reference(from_dense(p, r, mdp.horizon, seed, run), n_episodes)
        assert found[run].tolist() == expected
    return found


def assert_fault_is_caught(claim: Claim, sabotage: Sabotage, runs: int = 20) -> None:
    """The step that must catch a fault is violated in a run in which the events it relies on held."""
    case = claim.cases[0]
    instance = sabotage.build() if sabotage.build else case.build()
    horizon = sabotage.horizon or case.horizon
    params = claim.algorithm(instance, horizon)
    params = sabotage.params(params) if sabotage.params else params
    trace = simulate(params, instance, horizon, runs, watch=claim.watch, overrides=sabotage.overrides)
    broken = {
        step.id
        for i, step in enumerate(claim.steps)
        if (trace.records.violations[clean_runs(trace.records, claim.steps, step.given), i] > 0).any()
    }
    assert set(sabotage.caught_by) <= broken


def assert_every_step_holds(claim: Claim, n_episodes: int, runs: int = 5) -> None:
    """No step of the sound algorithm fails on the first case, and each is exercised."""
    instance = claim.cases[0].build()
    params = claim.algorithm(instance, n_episodes)
    trace = simulate(params, instance, n_episodes, runs, watch=claim.watch)
    assert (trace.records.violations == 0).all()
    assert (trace.records.checks.sum(axis=0) > 0).all()
