"""Algorithms driven from Python: for rounds in which a linear program, an enumeration or a belief tree is solved.

A compiled loop pays when a step costs nanoseconds. Where a step costs more than Python itself does, the algorithm is
a plain generator, and so is its watch; everything around it (replications, seeds, store, statistics, planted faults)
stays the same.

The algorithm's module states ``PROTOCOL = DRIVEN`` (or the instance's class has a :class:`Driven` as its protocol)
and defines, besides ``allocate(params, problem)``, which checks the hyper-parameters::

    def play(params, problem, world, horizon):
        for t in range(1, horizon + 1):
            ...                        # world.pull(arm), world.episode(policy), ...: the only access to the instance
            yield Moment(...)          # whatever the watch wants to see; one yield is one round
        return summary                 # optional: an array of numbers, kept in ``Trace.extra["summary"]``

A run ends at the horizon or when the generator returns; ``Trace.extra["stopped"]`` is then the number of rounds.
The world keeps the exact regret of what was done to it. Private randomness of the algorithm is ``world.private``.
The instance has ``world(seed, run)``, ``problem(horizon)``, ``arrays()`` (a NamedTuple of everything that its numbers
depend on: it names the experiment in the store), ``module``, ``name`` and ``trivial_regret(horizons)``.

The watch is a module with ``STEPS``, ``allocate(params, instance, horizon)`` (called anew for every run) and any of::

    def begin(check, watch, params, instance): ...
    def observed(check, watch, params, instance, t, moment): ...   # after every yield
    def ended(check, watch, params, instance, t): ...

where ``check(step, left, right, *place, tolerance=1e-9)`` records whether left <= right at up to four place indices.
Planted faults replace functions of the algorithm's module by name, also for calls deep inside it.
"""

from __future__ import annotations

import sys
import types
from collections.abc import Callable, Generator, Mapping
from types import ModuleType
from typing import Any

import numpy as np

from kernels.engine import Protocol
from kernels.random import ENVIRONMENT, POLICY
from kernels.steps import Records
from theory.errors import InvalidInput


def generator(seed: int, purpose: int, run: int) -> np.random.Generator:
    """Counter-based randomness (Philox) that is a function of (seed, purpose, run) alone."""
    return np.random.Generator(np.random.Philox(np.random.SeedSequence([seed, purpose, run])))


class World:
    """What a run may do to an instance, and the exact regret of what was done.

    Subclasses add the actions of their setting and raise :attr:`total` by the exact regret of each, or override
    :meth:`regret`.

    Attributes:
        chance: the environment's randomness. private: the algorithm's own.
        total: regret so far.
        actions: every decision so far, for agreement tests.
    """

    def __init__(self, seed: int, run: int) -> None:
        self.chance = generator(seed, ENVIRONMENT, run)
        self.private = generator(seed, POLICY, run)
        self.total = 0.0
        self.actions: list[int] = []

    def regret(self) -> float:
        """Exact regret of everything done so far."""
        return self.total


Check = Callable[..., None]


def checker(records: Records, run: int, names: tuple[str, ...]) -> Check:
    """``check(step, left, right, *place, tolerance=...)`` on a row of the records; see :func:`kernels.steps.check`.

    ``step`` is the position of a step or its id.
    """
    index = {name: i for i, name in enumerate(names)}

    def check(step: int | str, left: float, right: float, *place: int, tolerance: float = 1e-9) -> None:
        i = index[step] if isinstance(step, str) else step
        left, right = float(left), float(right)
        records.checks[run, i] += 1
        slack = right - left
        if slack < records.slack[run, i] or slack != slack:
            records.slack[run, i] = slack
            records.tightest[run, i] = left, right
        if not left <= right + tolerance * (1.0 + abs(right)):
            if records.violations[run, i] == 0:
                records.where[run, i, : len(place)] = place
                records.values[run, i] = left, right
            records.violations[run, i] += 1

    return check


def rebound(module: ModuleType, overrides: Mapping[str, Any]) -> dict[str, Any]:
    """The names of a module, its own functions calling each other through ``overrides``; the module is untouched."""
    names = dict(vars(module))
    for name, value in vars(module).items():
        if isinstance(value, types.FunctionType) and value.__module__ == module.__name__:
            copy = types.FunctionType(value.__code__, names, name, value.__defaults__, value.__closure__)
            copy.__kwdefaults__ = value.__kwdefaults__
            names[name] = copy
    names.update(overrides)
    return names


def _ignore(*_args: Any) -> None:
    """The hook that a watch leaves out."""


class Driven(Protocol):
    """Runs of plain Python algorithms. ``setting`` names the feedback protocol of the instance."""

    algorithm_functions = ("allocate", "play")

    def __init__(self, setting: str = "driven") -> None:
        self.setting = setting

    def bindings(
        self, params: Any, instance: Any, watch: ModuleType | None, overrides: Mapping[str, Any]
    ) -> dict[str, Any]:
        module = sys.modules[type(params).__module__]
        missing = [name for name in self.algorithm_functions if not hasattr(module, name)]
        if missing:
            raise AttributeError(f"{module.__name__} has no function {missing[0]!r}; expected allocate and play")
        return {"play": module.play, **overrides}

    def specialised(
        self, params: Any, instance: Any, watch: ModuleType | None, overrides: Mapping[str, Any]
    ) -> Callable[..., Any]:
        """The function that plays one replication."""
        self.bindings(params, instance, watch, overrides)
        names = rebound(sys.modules[type(params).__module__], overrides)
        steps = tuple(step.id for step in watch.STEPS) if watch is not None else ()
        hooks = {hook: getattr(watch, hook, _ignore) for hook in ("begin", "observed", "ended")}

        def replicate(
            world: World, horizon: int, records: Records, run: int, marks: Any, regret: Any
        ) -> tuple[int, Any]:
            """Play one run; write the regret at the marks; return (rounds played, summary)."""
            check = checker(records, run, steps)
            notes = watch.allocate(params, instance, horizon) if watch is not None else None
            hooks["begin"](check, notes, params, instance)
            moments: Generator[Any, None, Any] = names["play"](params, instance.problem(horizon), world, horizon)
            t, c, summary = 0, 0, None
            while t < marks[-1]:
                try:
                    moment = next(moments)
                except StopIteration as end:
                    summary = end.value
                    break
                t += 1
                hooks["observed"](check, notes, params, instance, t, moment)
                if t == marks[c]:
                    regret[c] = world.regret()
                    c += 1
            else:
                try:
                    next(moments)  # past its last round: the summary, if it has one
                    moments.close()
                except StopIteration as end:
                    summary = end.value
            regret[c:] = world.regret()
            hooks["ended"](check, notes, params, instance, t)
            return t, summary

        return replicate

    def seen(self, instance: Any) -> Any:
        return instance

    def notes(self, params: Any, instance: Any, watch: ModuleType | None, horizon: int) -> Any:
        return horizon  # every run has notes of its own; the block needs to know how long a run is

    def run_block(
        self, loop, params, state, instance, watch, records, seed, first_run, n_runs, checkpoints, n_decisions
    ):
        regret = np.zeros((n_runs, len(checkpoints)))
        stopped = np.zeros(n_runs, np.int64)
        decisions = np.full((n_runs, n_decisions), -1, np.int64)
        summaries = []
        for run in range(n_runs):
            world = instance.world(seed, first_run + run)
            stopped[run], summary = loop(world, watch, records, run, checkpoints, regret[run])
            summaries.append(np.atleast_1d(np.asarray(() if summary is None else summary, dtype=float)))
            made = world.actions[:n_decisions]
            decisions[run, : len(made)] = made
        if len({s.shape for s in summaries}) > 1:
            shapes = sorted({s.shape for s in summaries})
            raise InvalidInput(f"{type(params).__name__}: summaries of shapes {shapes}; expected the same in every run")
        summary = np.stack(summaries) if summaries else np.zeros((0, 0))
        return regret, {"stopped": stopped, "summary": summary, "decisions": decisions}


#: For algorithms' modules: ``PROTOCOL = DRIVEN`` drives them on an instance of any setting that has a ``world``.
DRIVEN = Driven()
