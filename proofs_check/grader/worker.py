"""The process in which a submission lives: it reads requests, calls the submission, and writes replies.

Started by :mod:`proofs_check.grader.sandbox` as ``main()`` of a fresh interpreter. It confines itself before it reads
the first line of the submission. Nothing in here is trusted afterwards: whatever a submission does to this process,
the other end only takes lines of JSON from it.
"""

from __future__ import annotations

import builtins
import linecache
import os
import sys
import traceback
import types
from collections.abc import Callable
from typing import Any

from proofs_check.grader import confine, wire

#: What a submission may import.
MODULES = frozenset(
    "__future__ abc bisect cmath collections copy dataclasses decimal enum fractions functools heapq itertools math"
    " numbers numpy operator random scipy statistics string typing warnings".split()
)
#: The name of the submission as a module.
NAME = "submission"


class Forbidden(ImportError):
    """An import that a submission may not make."""


def _import(name: str, scope: Any = None, local: Any = None, wanted: Any = (), level: int = 0) -> Any:
    """``import`` as a submission has it. It names what is allowed; what keeps a submission in are the other layers."""
    if level or name.partition(".")[0] not in MODULES:
        raise Forbidden(f"{'.' * level}{name} cannot be imported here; allowed are {', '.join(sorted(MODULES))}")
    return __import__(name, scope, local, wanted, level)


def load(file: str, text: str) -> types.ModuleType:
    """Run the text of a submission as a module."""
    module = types.ModuleType(NAME)
    module.__dict__["__builtins__"] = {**vars(builtins), "__import__": _import}
    sys.modules[NAME] = module
    linecache.cache[file] = (len(text), None, text.splitlines(True), file)
    exec(compile(text, file, "exec", dont_inherit=True), module.__dict__)
    return module


class Missing(Exception):
    """The submission has no function or class of this name."""


class Session:
    """A submission and the algorithms that were started in it."""

    def __init__(self) -> None:
        self.module = types.ModuleType(NAME)
        self.agents: list[tuple[Any, Any]] = []

    def named(self, name: str) -> Callable[..., Any]:
        """A function or class of the submission."""
        found = getattr(self.module, name, None)
        if not callable(found):
            raise Missing(name)
        return found  # type: ignore[no-any-return]

    def load(self, file: str, text: str) -> None:
        """Run the submission."""
        self.module = load(file, text)

    def call(self, function: str, *arguments: Any) -> Any:
        """Call a function."""
        return self.named(function)(*arguments)

    def start(self, algorithm: str, problem: dict[str, Any], params: dict[str, Any]) -> int:
        """Make an algorithm ready for a run; its number."""
        chosen = self.named(algorithm)(**params)
        state = self.named("allocate")(chosen, types.SimpleNamespace(**problem))
        self.named("init")(chosen, state)
        self.agents.append((chosen, state))
        return len(self.agents) - 1

    def do(self, agent: int, function: str, *arguments: Any) -> Any:
        """Call a function of an algorithm."""
        return self.named(function)(*self.agents[agent], *arguments)

    def nothing(self) -> None:
        """For a request that only carries what was told before."""

    def read(self, agent: int, name: str) -> Any:
        """A field of the state of an algorithm."""
        return getattr(self.agents[agent][1], name)


def fault(error: BaseException, file: str) -> dict[str, Any]:
    """What the other end is told about an error: kind, text, and the last line of the submission that was reached."""
    told: dict[str, Any] = {"kind": type(error).__name__, "text": "", "line": None, "function": ""}
    if isinstance(error, SyntaxError) and error.filename == file:
        told |= {"text": error.msg, "line": error.lineno}
    else:
        frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == file]
        if frames:
            told |= {"line": frames[-1].lineno, "function": frames[-1].name}
        told["text"] = str(error)[:2000]
    return told


def answer(session: Session, steps: list[Any], file: str) -> dict[str, Any]:
    """Take the steps of a request in turn; the value of the last, or the first error."""
    result, verb, arguments = None, "", []
    try:
        for verb, *arguments in steps:
            result = getattr(session, verb)(*map(wire.decode, arguments))
        return {"value": wire.encode(result)}
    except BaseException as error:  # SystemExit and KeyboardInterrupt are errors of the submission like others
        try:
            told = fault(error, file)
        except BaseException:
            told = {"kind": type(error).__name__, "text": "(its text cannot be shown)"}
        return {"fault": told, "asked": next((a for a in arguments if isinstance(a, str)), verb)}


def main() -> None:
    """Confine this process, say so, then answer requests until there are no more."""
    inbox, outbox = int(sys.argv[1]), int(sys.argv[2])
    reader = os.fdopen(inbox, "rb")
    setup = wire.content(reader.readline())
    layers = confine.confine(setup, outbox)

    def send(content: dict[str, Any]) -> None:
        rest = memoryview(wire.message(content))
        while rest:
            rest = rest[os.write(outbox, rest) :]

    send({"layers": layers})
    session = Session()
    for line in reader:
        request = wire.content(line)
        send({"id": request["id"], **answer(session, request["steps"], setup["file"])})
