"""A user's own algorithm in the place of a claim's.

``regretlab check --algorithm my_ucb.py:MyUCB --like ucb1`` puts the NamedTuple ``MyUCB`` of ``my_ucb.py`` and the
functions beside it (``allocate``, ``init``, ``act``, ``observe``; ``plan`` for episodes; or ``allocate`` and ``play``
with ``PROTOCOL = DRIVEN``) where UCB1 stood: same theorems, same instances, same proof steps.

What the claim's hypotheses, bounds and allowed failure probabilities say of hyper-parameters, they say of the claim's
own algorithm, and are evaluated with that algorithm's hyper-parameters. The user's fields keep their defaults; those
without a default, and ``delta`` and ``epsilon``, which are what a theorem promises, take the claim's values.

A watch may read the state and the hyper-parameters of the algorithm. Fields are known by name: a hyper-parameter that
the user's tuple lacks has the theorem's value, built in; a proof step that reads a field which the user's state lacks
is called undecided, with the field, and the other steps are watched all the same.
"""

from __future__ import annotations

import ast
import contextlib
import copy
import difflib
import functools
import hashlib
import importlib.util
import inspect
import re
import signal
import sys
import textwrap
import threading
import traceback
import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

import numba
import numpy as np

from kernels.driven import Driven
from kernels.engine import HOOKS, Protocol, prepare, protocol_of
from kernels.jit import hook as as_hook
from kernels.steps import Records, Step, allocate_records
from proofs_check.check import ClaimResult
from proofs_check.claim import Bound, Case, Claim
from proofs_check.verdict import Verdict
from theory.errors import InvalidInput
from theory.theorem import Hypothesis, Theorem

#: Length of the first run, in plain Python: rounds of a bandit; episodes, or rounds of an algorithm driven from Python.
DRY_ROUNDS, DRY_EPISODES = 300, 30
#: Rounds of a bandit that are played once more in plain Python to find the line of an error.
LOCATING_ROUNDS = 5_000
#: After so many seconds of a first run an endless loop is suspected.
DRY_SECONDS = 60.0
#: What a theorem promises: the algorithm is told, it does not choose.
PROMISED = ("delta", "epsilon")
#: Modules whose functions are called compiled in the first run: their integers have 64 bits, or they have no Python.
_MACHINE = ("kernels.random", "kernels.lanes")
#: Those of them that return words of 64 bits.
_WORDS = ("mix", "stream_key", "stream_gamma", "word_at")


class _Watched(types.ModuleType):
    """A claim's watch, as it can be held against another algorithm."""


@dataclass(frozen=True)
class Adopted:
    """A claim with the user's algorithm.

    Attributes:
        claim: what to check. unwatched: id of a step -> why it cannot be checked of this algorithm.
        steps: the steps of the original claim. plugin: the user's algorithm.
        again: a longer run in plain Python, to find the line of an error that machine code does not name.
    """

    claim: Claim
    unwatched: Mapping[str, str]
    steps: tuple[Step, ...]
    plugin: Plugin
    again: Callable[[], None]

    def fail(self, error: Exception) -> NoReturn:
        """Raise an error in the middle of a run as a sentence, with file, line and function if they are the user's.

        Raises:
            InvalidInput: always.
        """
        file = self.plugin.file
        cause = error.__cause__ if isinstance(error, InvalidInput) and error.__cause__ is not None else error
        if isinstance(cause, IndexError) and not _frames(cause, file):
            try:
                self.again()
            except InvalidInput as located:
                raise located from error
            except Exception as located:
                cause = located
        if _frames(cause, file) or not isinstance(error, InvalidInput):
            raise InvalidInput(_sentence(cause, file)) from error
        if str(cause).startswith("act returned"):
            raise InvalidInput(f"{self.plugin.place_of('act')}: {cause}") from error
        raise error


def load(spec: str) -> type:
    """The class of hyper-parameters named by ``FILE.py:CLASS``; the file is imported.

    Raises:
        InvalidInput: no such file or class, or the file cannot be imported: the line and the reason.
    """
    path, colon, name = spec.rpartition(":")
    if not colon or not path or not name.isidentifier():
        raise InvalidInput(f"--algorithm is {spec!r}; expected FILE.py:CLASS, such as my_ucb.py:MyUCB")
    file = Path(path).resolve()
    if not file.is_file():
        raise InvalidInput(f"{path}: no such file; expected a Python file with the class {name}")
    module = _import(file)
    found = getattr(module, name, None)
    if found is None:
        tuples = [n for n, v in vars(module).items() if _is_tuple_class(v) and v.__module__ == module.__name__]
        near = difflib.get_close_matches(name, tuples, 1) or tuples
        raise InvalidInput(f"{file.name} has no class {name}" + (f"; did you mean {near[0]}?" if near else ""))
    if not _is_tuple_class(found):
        raise InvalidInput(f"{name} of {file.name} is no NamedTuple; expected class {name}(NamedTuple) with its fields")
    return found  # type: ignore[no-any-return]


def _is_tuple_class(value: Any) -> bool:
    return isinstance(value, type) and issubclass(value, tuple) and hasattr(value, "_fields")


def _import(file: Path) -> types.ModuleType:
    """Import a file under a name of its own; its folder is searched last for what it imports."""
    place = hashlib.sha256(str(file).encode()).hexdigest()[:8]
    name = f"plugin_{re.sub(r'[^0-9A-Za-z_]', '_', file.stem)}_{place}"
    if str(file.parent) not in sys.path:
        sys.path.append(str(file.parent))
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise InvalidInput(f"{file.name} is no Python file; expected a name that ends in .py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except SyntaxError as error:
        raise InvalidInput(f"{file.name}, line {error.lineno}: {error.msg}") from error
    except (Exception, SystemExit) as error:
        raise InvalidInput(_sentence(error, file)) from error
    return module


def _frames(error: BaseException, file: Path) -> list[traceback.FrameSummary]:
    """The lines of the user's file on the way to an error."""
    return [f for f in traceback.extract_tb(error.__traceback__) if Path(f.filename).resolve() == file]


def _sentence(error: BaseException, file: Path) -> str:
    """An error as "my_ucb.py, line 12, in act: AttributeError: 'State' object has no attribute 'sum'"."""
    text = " ".join(f"{type(error).__name__}: {error}".split())
    frames = _frames(error, file)
    if not frames:
        return f"{file.name}: {text}"
    where = "" if frames[-1].name == "<module>" else f", in {frames[-1].name}"
    return f"{file.name}, line {frames[-1].lineno}{where}: {text}"


def _python(function: Any) -> Any:
    return getattr(function, "py_func", function)


#: How plain functions are compiled: with the project's arithmetic; they may allocate, and indices are looked at.
_PLAIN: dict[str, Any] = {"nogil": True, "error_model": "numpy", "boundscheck": True, "_nrt": True}


def _compile_helpers(module: types.ModuleType, names: Sequence[str]) -> None:
    """Compile the plain functions ``names`` of the user's file and those that they call.

    An index outside of an array is an error in Python, and so it is in what the user wrote as Python.
    """
    waiting, seen = list(names), set(names)
    while waiting:
        name = waiting.pop()
        value = getattr(module, name, None)
        plain = _python(value)
        if not isinstance(plain, types.FunctionType) or plain.__module__ != module.__name__:
            continue
        called = set(plain.__code__.co_names) - seen
        seen |= called
        waiting += called
        if value is plain:
            setattr(module, name, numba.njit(**_PLAIN)(plain))


def _names(code: types.CodeType) -> set[str]:
    """The global names that a function uses, its inner functions included."""
    inner = [_names(constant) for constant in code.co_consts if isinstance(constant, types.CodeType)]
    return set(code.co_names).union(*inner)


def _scope(function: types.FunctionType) -> dict[str, Any]:
    """What the names of a function stand for, those of an enclosing function included."""
    cells = zip(function.__code__.co_freevars, function.__closure__ or ())
    return {**function.__globals__, **{name: cell.cell_contents for name, cell in cells}}


def _in_python(function: Any, done: dict[Any, Any], names: Mapping[str, Any] | None = None) -> Any:
    """A function run by Python together with everything compiled that it calls; ``names`` replace its globals."""
    plain = _python(function)
    if not isinstance(plain, types.FunctionType):
        return function
    if plain.__module__ in _MACHINE:
        return (lambda *words: np.uint64(function(*words))) if plain.__name__ in _WORDS else function
    if plain not in done:
        scope = {**plain.__globals__, **(names or {})}
        cells = tuple(types.CellType() for _ in plain.__closure__ or ())
        done[plain] = types.FunctionType(plain.__code__, scope, plain.__name__, plain.__defaults__, cells)
        for cell, given in zip(cells, plain.__closure__ or ()):
            cell.cell_contents = _in_python(given.cell_contents, done)
        for name in _names(plain.__code__) & scope.keys():
            value = scope[name]
            beside = isinstance(value, types.FunctionType) and value.__module__ == plain.__module__
            if hasattr(value, "py_func") or beside or (names is not None and name in names):
                scope[name] = _in_python(value, done)
            elif isinstance(scope[name], types.ModuleType):
                inside = vars(scope[name])
                used = {n: inside[n] for n in _names(plain.__code__) & inside.keys() if hasattr(inside[n], "py_func")}
                if used:
                    theirs = {n: _in_python(value, done) for n, value in used.items()}
                    scope[name] = types.SimpleNamespace(**{**inside, **theirs})
    return done[plain]


class Plugin:
    """The user's algorithm: its class or tuple, module and file."""

    def __init__(self, algorithm: Any) -> None:
        self.given = None if isinstance(algorithm, type) else algorithm
        self.kind: Any = algorithm if isinstance(algorithm, type) else type(algorithm)
        if not _is_tuple_class(self.kind):
            raise InvalidInput(f"algorithm is {algorithm!r}; expected a NamedTuple of hyper-parameters")
        self.name = self.kind.__name__
        self.module = sys.modules[self.kind.__module__]
        self.file = Path(getattr(self.module, "__file__", None) or f"{self.module.__name__}.py").resolve()

    def params(self, own: Any, claim: Claim) -> Any:
        """The user's hyper-parameters where the claim's own algorithm has ``own``."""
        if self.given is not None:
            for name in set(PROMISED) & set(self.kind._fields) & set(own._fields):
                if getattr(self.given, name) != getattr(own, name):
                    raise InvalidInput(
                        f"{name} of {self.name} is {getattr(self.given, name)!r}; "
                        f"the theorem of {claim.slug} is checked at {getattr(own, name)!r}"
                    )
            return self.given
        taken = {}
        for name in self.kind._fields:
            if name in own._fields and (name in PROMISED or name not in self.kind._field_defaults):
                taken[name] = getattr(own, name)
            elif name not in self.kind._field_defaults:
                raise InvalidInput(
                    f"hyper-parameter {name} of {self.name} ({self.file.name}) has no default, and the algorithm of "
                    f"{claim.slug} has none of that name; expected {name}: <type> = <value>"
                )
        return self.kind(**taken)

    def require_functions(self, protocol: Protocol, own: Any) -> None:
        """Every function is there and takes what it is given."""
        wanted = tuple(dict.fromkeys(("allocate", *protocol.algorithm_functions)))
        model = sys.modules[type(own).__module__]
        alike = protocol.algorithm_functions == getattr(model, "PROTOCOL", protocol).algorithm_functions
        for name in wanted:
            function = getattr(self.module, name, None)
            if not callable(function):
                raise InvalidInput(f"{self.file.name} has no function {name}; expected {', '.join(wanted)}")
            if not alike or not hasattr(model, name):
                continue
            expected = list(inspect.signature(_python(getattr(model, name))).parameters)
            given = inspect.signature(_python(function))
            try:
                given.bind(*expected)
            except TypeError:
                raise InvalidInput(
                    f"{self.place_of(name)}: {name} takes {given}; expected ({', '.join(expected)})"
                ) from None

    def place_of(self, name: str) -> str:
        """File and line of one of its functions."""
        return f"{self.file.name}, line {_python(getattr(self.module, name)).__code__.co_firstlineno}"

    def checked_act(self, problem: Any) -> Callable[..., Any]:
        """``act`` in Python, its answers looked at."""
        n = getattr(problem, "n_arms", getattr(problem, "n_actions", None))

        def act(*arguments: Any) -> Any:
            answer = plain(*arguments)
            place = f"{self.place_of('act')}: act returned {answer!r}"
            if isinstance(answer, bool | np.bool_) or not isinstance(answer, int | np.integer):
                raise InvalidInput(f"{place}, of type {type(answer).__name__}; expected an integer")
            if n is not None and not 0 <= answer < n:
                raise InvalidInput(f"{place}; expected an integer in 0..{n - 1}")
            return answer

        plain = _in_python(self.module.act, {})
        return act

    def dry_run(
        self, params: Any, instance: Any, horizon: int, watch: types.ModuleType | None, rounds: int = DRY_ROUNDS
    ) -> None:
        """The first rounds of a run of ``horizon`` in plain Python: errors are Python's, with their line."""
        problem = instance.problem(horizon)
        state = self.module.allocate(params, problem)
        functions: dict[str, Any] = {}
        driven = isinstance(protocol_of(params, instance), Driven)
        rounds = min(horizon, rounds if not driven and not hasattr(problem, "n_episodes") else DRY_EPISODES)
        if not driven:
            if not hasattr(state, "_fields"):
                raise InvalidInput(
                    f"{self.file.name}: allocate returned {type(state).__name__}; expected a NamedTuple of arrays"
                )
            functions = {"act": self.checked_act(problem)}
        try:
            with _time_limit(rounds):
                play_in_python(params, state, instance, watch, functions, horizon=horizon, rounds=rounds)
        except NotImplementedError as error:
            if "not usable in pure-python" not in str(error):  # a helper that exists as machine code alone
                raise


def play_in_python(
    params: Any,
    state: Any,
    instance: Any,
    watch: types.ModuleType | None,
    functions: Mapping[str, Callable[..., Any]],
    *,
    horizon: int,
    rounds: int,
    seed: int = 0,
    n_runs: int = 1,
) -> Records:
    """The loop of an algorithm in plain Python, nothing compiled; what the watch recorded.

    Args:
        functions: name -> function that is called as it is, in the place of the algorithm's own.
        horizon: what the watch is told. rounds: <= horizon, what is played. n_runs: replications 0, 1, ... of ``seed``.
    """
    protocol = protocol_of(params, instance)
    if isinstance(protocol, Driven):
        loop = protocol.specialised(params, instance, watch, {})
    else:
        opaque = {name: _Opaque(function) for name, function in functions.items()}
        loop = _in_python(protocol.loop, {}, protocol.bindings(params, instance, watch, opaque))
    records = allocate_records(n_runs, len(watch.STEPS) if watch is not None else 0)
    with np.errstate(all="ignore"):
        protocol.run_block(
            loop, params, state, protocol.seen(instance), protocol.notes(params, instance, watch, horizon),
            records, seed, 0, n_runs, np.array([rounds]), 0,
        )  # fmt: skip
    return records


@contextlib.contextmanager
def _time_limit(rounds: int) -> Iterator[None]:
    """Raise TimeoutError where the user's code stands after DRY_SECONDS of the processor's time.

    Only the main thread of a system with timers can be stopped; elsewhere there is no limit.
    """

    def stop(*_: Any) -> NoReturn:
        raise TimeoutError(f"no end after {DRY_SECONDS:g} s of the first {rounds} rounds; expected a loop that ends")

    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "setitimer"):
        yield
        return
    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, DRY_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0.0)
        signal.signal(signal.SIGPROF, before)


class _Opaque:
    """A Python function that is called as it is."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function

    def __call__(self, *arguments: Any) -> Any:
        return self.function(*arguments)


class _Unwatchable(Exception):
    """Why a whole watch cannot be held against an algorithm."""


def _parameter_reads(function: Any, parameter: str, depth: int = 6) -> set[str]:
    """The fields of its parameter that a function reads, also in functions to which it hands the parameter on."""
    plain = _python(function)
    if not isinstance(plain, types.FunctionType) or depth == 0:
        return set()
    found: set[str] = set()
    for node in ast.walk(_tree(plain)):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == parameter:
            found.add(node.attr)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            helper = _python(_scope(plain).get(node.func.id))
            if isinstance(helper, types.FunctionType):
                theirs = list(inspect.signature(helper).parameters)
                for name, argument in zip(theirs, node.args):
                    if isinstance(argument, ast.Name) and argument.id == parameter:
                        found |= _parameter_reads(helper, name, depth - 1)
    return found


def _tree(function: types.FunctionType) -> ast.FunctionDef:
    tree = ast.parse(textwrap.dedent(inspect.getsource(function))).body[0]
    assert isinstance(tree, ast.FunctionDef)
    return tree


class _Pruner:
    """Takes out of the hooks of a watch whatever depends on fields of the state that are not there.

    A statement that reads such a field goes, and with it whatever reads what it would have set; the steps that it
    checks are noted in ``steps``.
    """

    def __init__(self, watch: types.ModuleType, missing: set[str]) -> None:
        self.watch, self.missing = watch, missing
        self.fields: set[str] = set()  # of the arrays of the watch that can no longer be trusted
        self.steps: set[int] = set()

    def hooks(self) -> dict[str, Any]:
        """Name -> hook, those that read nothing missing as they are."""
        plain = {name: _python(getattr(self.watch, name)) for name in HOOKS if hasattr(self.watch, name)}
        before = -1
        while before != len(self.fields):
            before = len(self.fields)
            pruned = {name: self._pruned(function) for name, function in plain.items()}
        return {
            name: getattr(self.watch, name) if tree is None else _compiled(plain[name], tree)
            for name, tree in pruned.items()
        }

    def _pruned(self, function: types.FunctionType) -> ast.FunctionDef | None:
        tree = _tree(function)
        names = list(inspect.signature(function).parameters)
        self.state = "state" if "state" in names else ""
        self.notes = "watch" if "watch" in names else ""
        self.scope = _scope(function)
        self.tainted: set[str] = set()
        before = -1
        while before != len(self.tainted) + len(self.fields):
            before = len(self.tainted) + len(self.fields)
            rest = copy.deepcopy(tree)
            rest.body = self._kept(rest.body)
        return None if ast.dump(rest) == ast.dump(tree) else rest

    def _reads(self, node: ast.AST) -> bool:
        for part in ast.walk(node):
            if isinstance(part, ast.Name) and part.id in self.tainted:
                return True
            if isinstance(part, ast.Attribute) and isinstance(part.value, ast.Name):
                fields = {self.state: self.missing, self.notes: self.fields}.get(part.value.id, set())
                if part.attr in fields:
                    return True
            if isinstance(part, ast.Call) and isinstance(part.func, ast.Name):
                helper = _python(self.scope.get(part.func.id))
                if not isinstance(helper, types.FunctionType):
                    continue
                for name, argument in zip(inspect.signature(helper).parameters, part.args):
                    owner = argument.id if isinstance(argument, ast.Name) else ""
                    fields = {self.state: self.missing, self.notes: self.fields}.get(owner, set())
                    if owner and fields and fields & _parameter_reads(helper, name):
                        return True
        return False

    def _kept(self, body: list[ast.stmt]) -> list[ast.stmt]:
        kept: list[ast.stmt] = []
        for statement in body:
            if isinstance(statement, ast.If | ast.While):
                head: ast.AST = statement.test
            elif isinstance(statement, ast.For):
                head = statement.iter
            else:
                head = statement
            if self._reads(head):
                self._drop(statement)
                continue
            if isinstance(statement, ast.If | ast.While | ast.For):
                statement.body = self._kept(statement.body) or [ast.Pass()]
                statement.orelse = self._kept(statement.orelse)
            kept.append(statement)
        return kept or [ast.Pass()]

    def _drop(self, statement: ast.stmt) -> None:
        for part in ast.walk(statement):
            if isinstance(part, ast.Return | ast.Break | ast.Continue):
                raise _Unwatchable
            if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store):
                self.tainted.add(part.id)
            if isinstance(part, ast.Assign | ast.AugAssign):
                for target in part.targets if isinstance(part, ast.Assign) else [part.target]:
                    self._spoil(target)
            if isinstance(part, ast.Call):
                for argument in part.args:
                    self._spoil(argument)
            if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Load):
                self._note(part.id, self.scope)
                helper = _python(self.scope.get(part.id))
                if isinstance(helper, types.FunctionType):
                    for name in _names(helper.__code__):
                        self._note(name, _scope(helper))

    def _note(self, name: str, scope: Mapping[str, Any]) -> None:
        """A constant that may be the position of a step."""
        value = scope.get(name)
        if name.isupper() and type(value) is int and 0 <= value < len(self.watch.STEPS):
            self.steps.add(value)

    def _spoil(self, target: ast.AST) -> None:
        """What a dropped statement would have written: an array of the watch, or the elements of a local array."""
        inner = target
        while isinstance(inner, ast.Subscript | ast.Attribute):
            if isinstance(inner, ast.Attribute) and isinstance(inner.value, ast.Name) and inner.value.id == self.notes:
                self.fields.add(inner.attr)
                return
            inner = inner.value
        if isinstance(inner, ast.Name) and inner.id == self.notes:
            raise _Unwatchable


def _compiled(function: types.FunctionType, tree: ast.FunctionDef) -> Any:
    """The hook ``function`` with another body."""
    tree.decorator_list = []
    code = compile(ast.fix_missing_locations(ast.Module([tree], [])), f"<{function.__module__}>", "exec")
    scope = _scope(function)
    exec(code, scope)
    return as_hook(scope[function.__name__])


def _listed(names: set[str], owner: str) -> str:
    return ", ".join(f"{owner}.{name}" for name in sorted(names))


def _hook_reads(watch: types.ModuleType, parameter: str) -> set[str]:
    """The fields of the state or of the hyper-parameters that the hooks of a watch read."""
    hooks = [getattr(watch, name) for name in HOOKS if hasattr(watch, name)]
    return {field for h in hooks for field in _parameter_reads(h, parameter)}


class _Like(NamedTuple):
    """A claim and its own algorithm's hyper-parameters, as functions of (instance, horizon)."""

    claim: Claim
    algorithm: Callable[[Any, int], Any]

    def hypothesis(self, given: Hypothesis) -> Hypothesis:
        """The same assumption, of the claim's own algorithm."""
        return Hypothesis(given.text, lambda i, p, horizon: given.violation(i, self.algorithm(i, horizon), horizon))

    def theorem(self, theorem: Theorem) -> Theorem:
        """The same statement, evaluated with the hyper-parameters of the claim's own algorithm."""
        return replace(
            theorem,
            hypotheses=tuple(self.hypothesis(h) for h in theorem.hypotheses),
            bound=lambda i, p, n: theorem.bound(i, self.algorithm(i, int(n[-1])), n),
        )

    def bound(self, bound: Bound, name: str) -> Bound:
        """The same for a theorem of the claim and what it bounds."""
        outcome = bound.outcome
        if outcome is None:
            return replace(bound, theorem=self.theorem(bound.theorem))

        def measured(trace: Any, instance: Any, params: Any) -> Any:
            try:
                return outcome(trace, instance, self.algorithm(instance, int(trace.checkpoints[-1])))
            except (IndexError, KeyError, ValueError) as error:
                raise InvalidInput(
                    f"{bound.theorem.id} is about what the algorithm leaves of a run (summarise, or what play returns);"
                    f" that of {name} does not have the form which {self.claim.slug} expects: {error}"
                ) from error

        return replace(bound, theorem=self.theorem(bound.theorem), outcome=measured)

    def step(self, step: Step) -> Step:
        """The same for a proof step."""
        allowed = step.probability
        if allowed is None:
            return step
        return replace(step, probability=lambda p, i, horizon: allowed(self.algorithm(i, horizon), i, horizon))


def _built_in(params: Any, own: Any, wanted: set[str]) -> Any:
    """``params`` with the fields that a watch reads and the user's tuple lacks, at the theorem's values."""
    extra = [name for name in own._fields if name in wanted and name not in params._fields]
    if not extra:
        return params
    kind: Any = type(params)
    fields = [(name, Any) for name in (*kind._fields, *extra)]
    padded: Any = NamedTuple(kind.__name__, fields)  # type: ignore[misc]
    padded.__module__ = kind.__module__
    return padded(*params, *(getattr(own, name) for name in extra))


def adopt(claim: Claim, algorithm: Any, cases: Sequence[Case] | None = None) -> Adopted:
    """The claim with ``algorithm`` (a NamedTuple class, or a tuple of it) in the place of its own.

    The algorithm is first run for some rounds (:data:`DRY_ROUNDS`) in plain Python, then compiled with the watch.

    Args:
        claim: what is to be checked. cases: in place of the claim's own.

    Raises:
        InvalidInput: what is wrong with the algorithm: file, line, function, in a sentence.
    """
    plugin = Plugin(algorithm)
    case = (claim.cases if cases is None else cases)[0]
    instance = case.build()
    own = claim.algorithm(instance, case.horizon)
    params = plugin.params(own, claim)
    protocol = protocol_of(params, instance)
    plugin.require_functions(protocol, own)
    for bound in claim.bounds:
        needs_delta = bound.theorem.kind != "expected" and bound.theorem.constants == "explicit"
        if needs_delta and hasattr(own, "delta") and not hasattr(params, "delta"):
            raise InvalidInput(
                f"{plugin.name} ({plugin.file.name}) has no hyper-parameter delta, with which {bound.theorem.id} may "
                f"fail; expected delta: float = {own.delta!r}"
            )
    try:
        plugin.dry_run(params, instance, case.horizon, None)
    except InvalidInput:
        raise
    except Exception as error:
        raise InvalidInput(_sentence(error, plugin.file)) from error
    if not isinstance(protocol, Driven):
        _compile_helpers(plugin.module, protocol.algorithm_functions + protocol.optional_functions)
    watch, unwatched = watch_for(claim, plugin, params, own, instance, case.horizon)
    wanted: set[str] = set()
    if claim.watch is not None and watch is not None and not isinstance(protocol, Driven):
        wanted = _hook_reads(claim.watch, "params")

    def filled(algorithm: Callable[[Any, int], Any]) -> Callable[[Any, int], Any]:
        def build(instance: Any, horizon: int) -> Any:
            own = algorithm(instance, horizon)
            return _built_in(plugin.params(own, claim), own, wanted)

        return build

    like = _Like(claim, claim.algorithm)
    if watch is not None:
        vars(watch)["STEPS"] = tuple(like.step(step) for step in watch.STEPS)
    rate = claim.rate
    if rate is not None:
        theorem = _Like(claim, rate.algorithm).theorem(rate.theorem)
        rate = replace(rate, theorem=theorem, algorithm=filled(rate.algorithm), preset=plugin.name)
    adopted = replace(
        claim, slug=f"{plugin.name} like {claim.slug}", title=f"{plugin.name} in the place of {claim.title}",
        algorithm=filled(claim.algorithm), bounds=tuple(like.bound(b, plugin.name) for b in claim.bounds), watch=watch,
        rate=rate, sabotages=(),
    )  # fmt: skip
    try:
        prepare(adopted.algorithm(instance, case.horizon), instance, watch)
    except Exception as error:  # the compiler has errors of many kinds
        try:
            prepare(params, instance)
        except Exception as theirs:
            raise InvalidInput(_compile_sentence(theirs, plugin)) from theirs
        reason = f"the watch of {claim.slug} cannot be compiled for {plugin.name}: {_numba_reason(error)}"
        adopted, unwatched = replace(adopted, watch=None), {step.id: reason for step in claim.steps}
    again = functools.partial(plugin.dry_run, params, instance, case.horizon, None, LOCATING_ROUNDS)
    return Adopted(adopted, unwatched, claim.steps, plugin, again)


def _alike(state: Any, model: Any, name: str) -> bool:
    """Whether a state has a field as the claim's own algorithm has it: an array of the same shape, or the same type."""
    if not hasattr(state, name) or not hasattr(model, name):
        return False
    mine, theirs = getattr(state, name), getattr(model, name)
    if isinstance(mine, np.ndarray) and isinstance(theirs, np.ndarray):
        return mine.shape == theirs.shape
    return type(mine) is type(theirs)


def watch_for(
    claim: Claim, plugin: Plugin, params: Any, own: Any, instance: Any, horizon: int
) -> tuple[types.ModuleType | None, dict[str, str]]:
    """The claim's watch as far as it can be held against the algorithm, and step -> why not for the others."""
    if claim.watch is None:
        return None, {}
    driven = isinstance(protocol_of(params, instance), Driven)
    if driven != isinstance(protocol_of(own, instance), Driven):
        words = "driven from Python" if not driven else "compiled round by round"
        reason = f"the watch of {claim.slug} follows an algorithm that is {words}, which {plugin.name} is not"
        return None, {step.id: reason for step in claim.steps}
    watch = _Watched(claim.watch.__name__)
    vars(watch).update(STEPS=claim.watch.STEPS)
    vars(watch).update({name: getattr(claim.watch, name) for name in HOOKS if hasattr(claim.watch, name)})
    allocate, own_algorithm = claim.watch.allocate, claim.algorithm

    def own_notes(params: Any, instance: Any, rounds: int) -> Any:
        # Only to compile, one round is asked for; the claim's own tuning may not exist there.
        own = own_algorithm(instance, horizon if rounds == 1 else rounds)
        return allocate(own, instance, rounds)

    watch.allocate = own_notes  # type: ignore[attr-defined]
    unwatched: dict[str, str] = {}
    if not driven:
        state = plugin.module.allocate(params, instance.problem(horizon))
        model = sys.modules[type(own).__module__].allocate(own, instance.problem(horizon))
        missing = {name for name in _hook_reads(claim.watch, "state") if not _alike(state, model, name)}
        if missing:
            owner = f"{type(state).__name__} of {plugin.file.name}"
            fields = f"{_listed(missing, 'state')}, which {owner} lacks or has in another shape"
            pruner = _Pruner(claim.watch, missing)
            try:
                vars(watch).update(pruner.hooks())
            except _Unwatchable:
                return None, {step.id: f"not checkable: the watch reads {fields}" for step in claim.steps}
            names = [step.id for step in claim.steps]
            unwatched = {names[i]: f"not checkable: this step reads {fields}" for i in sorted(pruner.steps)}
            for step in claim.steps:
                lost = [name for name in step.given if name in unwatched]
                if lost:
                    unwatched.setdefault(step.id, f"not checkable: it relies on {', '.join(lost)}, which is not")
    try:
        if driven:
            plugin.dry_run(params, instance, horizon, watch)
    except Exception as error:  # whatever the watch stumbles over, the bound can be checked without it
        text = " ".join(f"{type(error).__name__}: {error}".split())
        return None, {step.id: f"not checkable: the watch stumbles over {plugin.name}: {text}" for step in claim.steps}
    return watch, unwatched


#: What a compiler's word means for the person who wrote the function.
_PLAIN_WORDS = {
    "OptionalType": "a function returns a number in some cases and None in others; expected a number in all",
    "reflected list": "lists outside of a function cannot be used; expected arrays, in the State",
    "Cannot unify": "a variable has two types; expected one",
    "type of <class 'function'>": "a compiled function calls a plain one; expected @compiled on both",
}


def _numba_reason(error: Exception) -> str:
    """The sentence of a compiler error that says why."""
    lines = [line.strip() for line in re.sub(r"\x1b\[[0-9;]*m", "", str(error)).splitlines()]
    frame = ("Failed in nopython", "During:", "File ", "<source", "Traceback", "[1]", "[2]", "- ")
    useful = [line for line in lines if line and not line.startswith(frame)]
    why = (
        "Unknown attribute",
        "Cannot unify",
        "ntyped global",
        "nsupported",
        "No implementation",
        "Invalid use",
        "annot",
    )
    told = [line for line in useful if any(word in line for word in why)]
    reason = (told or useful or ["no reason given"])[-1 if told else 0]
    return "; ".join([reason.rstrip("."), *(words for sign, words in _PLAIN_WORDS.items() if sign in str(error))])


def _compile_sentence(error: Exception, plugin: Plugin) -> str:
    """A compiler error as file, line, function and reason."""
    text = re.sub(r"\x1b\[[0-9;]*m", "", str(error))
    places = rf'{re.escape(plugin.file.name)}(?:", line | \(|:)(\d+)'
    lines = [int(n) for n in re.findall(places, f"{text} {getattr(error, 'loc', '')}")]
    where = plugin.file.name
    if lines:
        defined = sorted(
            (f.__code__.co_firstlineno, name)
            for name, value in vars(plugin.module).items()
            if isinstance(f := _python(value), types.FunctionType) and f.__module__ == plugin.module.__name__
        )
        around = [name for first, name in defined if first <= lines[-1]]
        where += f", line {lines[-1]}" + (f", in {around[-1]}" if around else "")
    return f"{where}: cannot be compiled: {_numba_reason(error)}"


def explained(result: ClaimResult, adopted: Adopted, seed: int) -> ClaimResult:
    """The result with every step that could not be checked called undecided, and why."""
    by_id = {step.id: step for step in adopted.steps}
    rows: list[Verdict] = [v for v in result.verdicts if not (v.layer == "step" and v.id in adopted.unwatched)]
    for found in result.cases:
        if not found.case.watched:
            continue
        for name, reason in adopted.unwatched.items():
            step = by_id[name]
            verdict = Verdict(
                adopted.claim.slug, "step", name, step.statement, step.source, found.case.id, found.instance.name,
                found.case.horizon, step.kind, "undecided", seed=seed, note=reason,
            )  # fmt: skip
            rows.append(verdict)
    result.verdicts = rows
    return result
