"""What the tests of index policies share: decisions against a reference on shared stacks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from bandits.instances.bernoulli import bernoulli
from bandits.instances.gaussian import gaussian
from kernels.engine import simulate
from tests.bandits.stochastic import bernoulli_stack, gaussian_stack

HORIZON, SEED, RUNS = 300, 17, 10

Reference = Callable[[list[list[float]]], list[int]]


def decisions(params: Any, instance: Any, horizon: int = HORIZON, **options: Any) -> list[list[int]]:
    """The decisions of RUNS runs."""
    trace = simulate(params, instance, horizon, RUNS, seed=SEED, n_decisions=horizon, **options)
    return [run.tolist() for run in trace.extra["decisions"]]


def on_bernoulli(means: Sequence[float], reference: Reference, horizon: int = HORIZON) -> list[list[int]]:
    """The reference's decisions on the same stacks of 0/1 rewards."""
    return [reference(bernoulli_stack(means, SEED, run, horizon)) for run in range(RUNS)]


def on_gaussian(means: Sequence[float], reference: Reference, horizon: int = HORIZON) -> list[list[int]]:
    """The reference's decisions on the same stacks of N(., 1) rewards."""
    return [reference(gaussian_stack(means, SEED, run, horizon)) for run in range(RUNS)]


def assert_agrees_on_bernoulli(params: Any, means: Sequence[float], reference: Reference) -> None:
    """Run for run the same decisions on 0/1 rewards."""
    assert decisions(params, bernoulli(*means)) == on_bernoulli(means, reference)


def assert_agrees_on_gaussian(params: Any, means: Sequence[float], reference: Reference) -> None:
    """Run for run the same decisions on N(., 1) rewards."""
    assert decisions(params, gaussian(*means)) == on_gaussian(means, reference)
