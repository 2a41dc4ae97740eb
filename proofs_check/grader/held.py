"""A submission held against the proof of a claim: the claim's own watch says which step breaks first, and where.

The claim's interaction loop runs here, in plain Python; only ``init``, ``plan``, ``act`` and ``observe`` are asked of
the submission, in its own process. The watch counts for itself, reads the truth from the instance, and reads the
fields of the submission's state where a step speaks of them. A check of an exercise is then one call::

    def check_proof(submission, seed):
        held_against(submission, "UCB1", "ucb1", bernoulli(0.8, 0.5, 0.3), horizon=300, n_runs=3, seed=seed)
"""

from __future__ import annotations

from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np

from kernels.engine import protocol_of
from kernels.random import random
from kernels.steps import Records, Step
from proofs_check.catalogue import claims
from proofs_check.course import Agent, Broken, Submission
from proofs_check.plugin import play_in_python, watch_for
from theory.errors import InvalidInput, UnknownName

#: Uniform numbers that a decision may use.
UNIFORMS = 256


class _State:
    """The state of a submitted algorithm, read field by field, each once between two messages to it."""

    def __init__(self, agent: Agent) -> None:
        self._agent = agent
        self._known = frozenset(agent.read("_fields"))
        self._read: dict[str, Any] = {}

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name not in self._known:
            raise AttributeError(name)
        if name not in self._read:
            self._read[name] = self._agent.read(name)
        return self._read[name]

    def forget(self) -> None:
        """It may have changed."""
        self._read.clear()


class _Remote:
    """The functions of an algorithm as the loop calls them, ``f(params, state, *arguments)``, asked of an agent."""

    def __init__(self, agent: Agent, state: _State, problem: Any) -> None:
        self.agent, self.state = agent, state
        self.n_choices = getattr(problem, "n_arms", getattr(problem, "n_actions", None))
        self.run = -1

    def init(self, params: Any, state: Any) -> None:
        self.run += 1
        self.agent.do("init")
        self.state.forget()

    def plan(self, params: Any, state: Any, episode: int) -> Any:
        answer = self.agent.do("plan", episode)
        self.state.forget()
        return self._integer("plan", answer, 3, f"run {self.run}, episode {episode}")

    def act(self, params: Any, state: Any, *arguments: Any) -> int:
        *given, rng = arguments
        answer = self.agent.act(*given, np.array([0.0, *(random(rng) for _ in range(UNIFORMS))]))
        self.state.forget()
        return self._integer("act", answer, self.n_choices, f"run {self.run}, act{_listed(given)}")

    def observe(self, params: Any, state: Any, *arguments: Any) -> None:
        self.agent.observe(*arguments)
        self.state.forget()

    def _integer(self, function: str, answer: Any, below: int | None, where: str) -> int:
        right = isinstance(answer, int) and not isinstance(answer, bool) and answer >= 0
        if not right or (below is not None and answer >= below):
            wanted = "an integer >= 0" if below is None else f"an integer in 0..{below - 1}"
            raise Broken(f"{function} returns {wanted}", where=where, expected=wanted, found=answer)
        return answer  # type: ignore[no-any-return]


def _listed(arguments: list[Any]) -> str:
    return "(" + ", ".join(str(a) if np.ndim(a) == 0 else "..." for a in arguments) + ", rng)"


def held_against(
    submission: Submission,
    algorithm: str,
    slug: str,
    instance: Any,
    *,
    horizon: int,
    n_runs: int = 3,
    seed: int = 0,
    **params: Any,
) -> None:
    """Raise :class:`Broken` at the first proof step of a claim that the submission breaks.

    Deterministic steps must hold always; conditional ones in the runs in which the events that they rely on held. An
    event may fail with the probability that its proof allows; a few runs say nothing about that.

    ``act`` is given as ``rng`` an array: a counter that begins at 0, then :data:`UNIFORMS` uniform numbers in [0, 1).

    Args:
        submission: its state is a NamedTuple; steps that read fields which it lacks are left out.
        algorithm: name of its NamedTuple of hyper-parameters. params: hyper-parameters given to it.
        slug: the claim. instance: an instance of the claim's setting.
        horizon: rounds, or episodes, of a run, >= 1; each costs a message to the submission and back, and one for each
            field that the watch reads. n_runs: runs, >= 1. seed: integer >= 0; rewards are those of ``simulate``.

    Raises:
        UnknownName: no such claim. InvalidInput: it has no watch that could follow the submission.
    """
    known = claims()
    if slug not in known:
        raise UnknownName("claim", slug, list(known))
    claim = known[slug]
    problem = instance.problem(horizon)
    agent = submission.start(algorithm, problem._asdict(), **params)
    state = _State(agent)
    remote = _Remote(agent, state, problem)
    own = claim.algorithm(instance, horizon)
    protocol = protocol_of(own, instance)
    functions = {name: getattr(remote, name) for name in protocol.algorithm_functions}
    functions |= dict.fromkeys(protocol.optional_functions, lambda *_: None)
    student: Any = SimpleNamespace(
        name=algorithm, file=Path("submission.py"), module=SimpleNamespace(allocate=lambda *_: state)
    )
    watch, unwatched = watch_for(claim, student, own, own, instance, horizon)
    if watch is None or len(unwatched) == len(claim.steps):
        raise InvalidInput(
            f"no proof step of {slug} can be watched of {algorithm}: {next(iter(unwatched.values()), '')}"
        )
    records = play_in_python(
        own, state, instance, watch, functions, horizon=horizon, rounds=horizon, seed=seed, n_runs=n_runs
    )
    _require_held(watch, records)


def _require_held(watch: ModuleType, records: Records) -> None:
    """Raise :class:`Broken` for the earliest violation of the first run that has one."""
    steps: tuple[Step, ...] = watch.STEPS
    names = [step.id for step in steps]
    for run in range(len(records.violations)):
        violated = records.violations[run] > 0
        broken = [
            (tuple(records.where[run, i]), i)
            for i, step in enumerate(steps)
            if violated[i] and step.kind != "event" and not any(violated[names.index(event)] for event in step.given)
        ]
        if broken:
            place, first = min(broken)
            left, right = records.values[run, first]
            at = ", ".join([f"run {run}", *(f"{n} {i}" for n, i in zip(steps[first].place, place) if i >= 0)])
            raise Broken(
                f"{steps[first].statement} ({steps[first].source})",
                where=at, expected=f"at most {right:.6g}", found=float(left),
            )  # fmt: skip
