"""Claims: a theorem, an algorithm, a family of instances, the way to test it, and the faults it must catch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from kernels.engine import Trace
from kernels.steps import Step
from theory.theorem import Theorem

Float = npt.NDArray[np.float64]

#: Settings named after a theory rather than a protocol have instances of their own, which no file describes.
Setting = Literal[
    "stochastic bandit", "adversarial bandit", "linear bandit", "episodic MDP", "continuing MDP",
    "combinatorial bandit", "full information", "adversarial MDP", "function approximation",
    "latent MDP", "reward-free MDP", "linear mixture MDP",
]  # fmt: skip


@dataclass(frozen=True)
class Case:
    """An instance at a horizon.

    Attributes:
        id: short name, unique within the claim.
        build: makes the instance (deterministic; called once).
        horizon: rounds, or episodes.
        max_runs: replications after which an undecided check gives up (at size 1; ``--full`` multiplies it).
        full_only: left out of ``--quick``.
        watched: whether the proof steps are watched; False for long runs made for the bound alone, too few to decide
            an event.
    """

    id: str
    build: Callable[[], Any]
    horizon: int
    max_runs: int = 400
    full_only: bool = False
    watched: bool = True


@dataclass(frozen=True)
class Bound:
    """One theorem of a claim and how a run is held against it.

    Attributes:
        theorem: what is claimed.
        outcome: (trace, instance, params) -> the quantity that the theorem bounds, one number per run. Default: the
            regret (``trace.extra["realised"]`` if the theorem is about realised regret). A PAC or high-probability
            theorem fails in a run whose quantity exceeds the bound; it allows that in a share ``params.delta``.
        anytime: the high-probability statement holds for all rounds at once: a run fails if the regret exceeds the
            bound at any checkpoint.
        largest: (instance, horizon) -> an upper limit M of the outcome that no run can exceed (for bounded-mean
            tests and for the vacuity ratio). Default: ``instance.trivial_regret``.
    """

    theorem: Theorem
    outcome: Callable[[Trace, Any, Any], Float] | None = None
    anytime: bool = False
    largest: Callable[[Any, int], float] | None = None


def confidence(params: Any, instance: Any, horizon: int) -> float:
    """What the good event of a proof is allowed, if it may fail with probability delta, the algorithm's parameter."""
    return float(params.delta)


@dataclass(frozen=True)
class Rate:
    """Layer 3: is regret / f flat over a geometric grid?

    Attributes:
        theorem: an order theorem; its ``bound`` is f.
        preset: how the algorithm is run, in words ("the theorem's parameters", "practical: bonus x 0.1, no theorem").
        algorithm: (instance, horizon) -> hyper-parameters of that preset.
        sweep: name of what grows ("T", "K", "S", ...).
        grid: (quick) values; the instance moves with it.
        case: value -> (instance, horizon).
        n_runs: independent replications for each grid value.
        prefix: True if one run to the last value gives all smaller ones (same instance and parameters; anytime
            algorithms only): runs are then whole curves.
    """

    theorem: Theorem
    preset: str
    algorithm: Callable[[Any, int], Any]
    sweep: str
    grid: tuple[int, ...]
    case: Callable[[int], tuple[Any, int]]
    n_runs: int = 40
    prefix: bool = False


@dataclass(frozen=True)
class Sabotage:
    """A planted fault and the check that must catch it.

    Attributes:
        id: short name, unique within the claim.
        fault: what was broken, in words.
        caught_by: ids of proof steps, ids of theorems, or "rate"; at least one of them must be refuted.
        params: changes the hyper-parameters. overrides: replaces functions of the algorithm (compiled ones).
        case: id of the case it runs on (default: the claim's first).
        build, horizon: an instance of its own instead of a case's (both or neither).
        n_runs: replications (the fault must be caught within them).
    """

    id: str
    fault: str
    caught_by: tuple[str, ...]
    params: Callable[[Any], Any] | None = None
    overrides: Mapping[str, Any] = field(default_factory=dict)
    case: str | None = None
    build: Callable[[], Any] | None = None
    horizon: int | None = None
    n_runs: int = 40


@dataclass(frozen=True)
class Claim:
    """What ``regretlab check <slug>`` checks.

    Attributes:
        slug: the paper's or algorithm's slug. title, paper: for people. setting: the feedback protocol.
        algorithm: (instance, horizon) -> hyper-parameters of the theorem.
        cases: instances and horizons; user-supplied instances take their place.
        bounds: layer 1. watch: layer 2, a module with ``STEPS``, ``allocate`` and hooks. rate: layer 3.
        sabotages: at least one.
        lower_bound: (instance, horizons) -> values of a lower bound for this kind of instance, or None.
        lower_bound_name: its source, for legends.
        user_horizon: longest horizon on a user-supplied instance unless told otherwise.
        work: elementary operations of a round or an episode on an instance, roughly; with a supplied instance the
            horizon is cut so that a run stays near a second.
        notes: deviations and findings, shown by ``regretlab show``.
    """

    slug: str
    title: str
    paper: str
    setting: Setting
    algorithm: Callable[[Any, int], Any]
    cases: tuple[Case, ...]
    bounds: tuple[Bound, ...]
    watch: ModuleType | None
    sabotages: tuple[Sabotage, ...]
    rate: Rate | None = None
    lower_bound: Callable[[Any, Float], Float] | None = None
    lower_bound_name: str = ""
    user_horizon: int = 10_000
    work: Callable[[Any], float] | None = None
    notes: str = ""

    @property
    def theorems(self) -> tuple[Theorem, ...]:
        """The theorems held against a run; if there are none, the one whose rate is checked."""
        if self.bounds or self.rate is None:
            return tuple(bound.theorem for bound in self.bounds)
        return (self.rate.theorem,)

    @property
    def steps(self) -> tuple[Step, ...]:
        """The watched proof steps."""
        return self.watch.STEPS if self.watch is not None else ()
