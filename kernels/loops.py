"""Specialised interaction loops, compiled once and kept on disk.

A loop (``bandits.loops.stochastic``, ``mdps.loops.episodic``, ...) is a plain function that refers to ``act``,
``observe``, ``draw`` and so on as globals. :func:`specialise` writes its source to a file in which these names are
imported from a concrete algorithm, instance and watch, and compiles it there. The file is named by the digest of the
loop and of every project source that the imported functions can reach: an edit anywhere gives a new file, so that
Numba's disk cache, which watches only the file of the cached function, can never answer with old code.
"""

from __future__ import annotations

import ast
import hashlib
import importlib.util
import inspect
import os
import sys
import sysconfig
import tempfile
import textwrap
import threading
import time
import types
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numba
import numpy as np

from kernels.jit import compiled

#: Packages whose sources count in a digest, wherever they are installed. So does every other source that lies outside
#: the interpreter's own folders: scripts, tests, files of the user.
ROOMS = ("theory", "kernels", "bandits", "mdps", "proofs_check", "figures", "regretlab", "exercises")

#: Plain functions of a user may allocate (write NumPy expressions), although the loop that calls them may not: without
#: being told so, Numba would compile them like their caller.
_PLAIN = 'nogil=True, error_model="numpy", _nrt=True'

_HEADER = '''"""Generated from {origin}; named by the digest of every source it reaches. Safe to delete."""
from numba import njit

{imports}


@njit(nogil=True, error_model="numpy", cache=True, _nrt=False)
'''

#: When this process started, in nanoseconds.
_STARTED = time.time_ns()

_lock = threading.Lock()
_built: dict[Any, Any] = {}


@compiled
def nothing(*_args):
    """The hook of a loop that nobody watches: compiles to no instruction."""


def cache_directory() -> Path:
    """Where generated loops and their machine code are kept: ``$REGRETLAB_CACHE`` or the user's cache folder."""
    chosen = os.environ.get("REGRETLAB_CACHE")
    root = Path(chosen) if chosen else Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "regretlab"
    try:
        (root / "loops").mkdir(parents=True, exist_ok=True)
        probe = tempfile.TemporaryFile(dir=root / "loops")
        probe.close()
        return root / "loops"
    except OSError:
        fallback = Path(tempfile.gettempdir()) / f"regretlab-{os.getuid() if hasattr(os, 'getuid') else 'user'}"
        fallback.mkdir(parents=True, exist_ok=True)
        return fallback


_INSTALLED = tuple(
    str(Path(folder).resolve()) + os.sep
    for folder in {sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
)


def _is_project(module: str) -> bool:
    if module.split(".")[0] in ROOMS:
        return True
    file = _module_file(module)
    return file is not None and file.endswith(".py") and not str(Path(file).resolve()).startswith(_INSTALLED)


def _module_file(module: str) -> str | None:
    loaded = sys.modules.get(module)
    if loaded is not None:
        return getattr(loaded, "__file__", None)
    try:
        spec = importlib.util.find_spec(module)
    except (ImportError, ValueError):
        return None
    return spec.origin if spec is not None else None


@cache
def _read(file: str) -> tuple[bytes, frozenset[str]]:
    """A source as it stands when this process first asks, and the modules it imports anywhere.

    (A ``from a import b`` counts as a and a.b.)
    """
    content = Path(file).read_bytes()
    found: set[str] = set()
    for node in ast.walk(ast.parse(content)):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            found.add(node.module)
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
    return content, frozenset(found)


@cache
def _reachable(module: str) -> frozenset[tuple[str, str]]:
    """(module, file) of every project source that ``module`` can reach by imports, itself included."""
    sources: dict[str, str] = {}
    waiting = {module} if _is_project(module) else set()
    while waiting:
        name = waiting.pop()
        file = _module_file(name)
        if name in sources or file is None or not file.endswith(".py"):
            continue
        sources[name] = file
        waiting |= {m for m in _read(file)[1] if _is_project(m)} - sources.keys()
    return frozenset(sources.items())


def reachable_sources(modules: set[str]) -> dict[str, str]:
    """Module name -> file of every source of the project or the user that the modules can reach by imports."""
    return dict(pair for module in modules for pair in _reachable(module))


def source_digest(modules: set[str], *extra: str) -> str:
    """SHA-256 (20 hex digits) of the sources reachable from ``modules``, the compiler's version, and ``extra``."""
    return _digest(frozenset(modules), extra)


@cache
def _digest(modules: frozenset[str], extra: tuple[str, ...]) -> str:
    digest = hashlib.sha256()
    for module, file in sorted(reachable_sources(set(modules)).items()):
        digest.update(module.encode() + b"\0" + _read(file)[0] + b"\0")
    for text in (numba.__version__, np.__version__, *extra):
        digest.update(text.encode() + b"\0")
    return digest.hexdigest()[:20]


def _python_function(value: Any) -> Any:
    return getattr(value, "py_func", value)


def _importable(value: Any) -> bool:
    function = _python_function(value)
    module = sys.modules.get(getattr(function, "__module__", None) or "")
    return module is not None and getattr(module, getattr(function, "__name__", ""), None) is value


def unsettled(functions: Iterable[Any], modules: Iterable[str] = ()) -> str:
    """Why results of these functions and modules must not be kept on disk under the digest of their sources.

    A digest names the code that runs only if that code was read from the files as they stand: not for functions
    without a source file of their own (typed at a prompt, defined inside another function), nor when a file has been
    edited since this process started. Empty if all is settled.
    """
    names = set(modules)
    for value in functions:
        if not _importable(value):
            return f"{getattr(value, '__name__', value)} cannot be imported by name"
        names.add(_python_function(value).__module__)
    for name in names:
        file = _module_file(name)
        if file is None or not Path(file).is_file():
            return f"module {name} has no source file"
    for name, file in reachable_sources(names).items():
        if Path(file).stat().st_mtime_ns > _STARTED:
            return f"{name} was edited after this process started"
    return ""


def _import_lines(name: str, value: Any) -> str | None:
    """The source lines that give ``name`` its value, or None if the value must be handed over in memory."""
    if isinstance(value, types.ModuleType):
        return f"import {value.__name__} as {name}"
    if isinstance(value, bool | int | float | str):
        return f"{name} = {value!r}"
    if not _importable(value):
        return None
    function = _python_function(value)
    line = f"from {function.__module__} import {function.__name__} as {name}"
    # A plain function of a user's file reaches Numba here; the project's own are compiled where they are defined.
    return f"{line}\n{name} = njit({_PLAIN})({name})" if isinstance(value, types.FunctionType) else line


def specialise(loop: Callable[..., Any], bindings: Mapping[str, Any]) -> Any:
    """The loop with its free names bound to concrete functions, compiled, and kept on disk where possible.

    Args:
        loop: a plain function; its free global names are looked up in ``bindings``, then in its own module.
        bindings: name -> function, compiled or plain. Functions that cannot be imported by name (defined inside
            another function, typed at a prompt, edited since the process started) work too, but the loop is then
            compiled anew in every process.

    Returns:
        A compiled function with the loop's signature that releases the GIL.
    """
    values = _free_names(loop, bindings)
    source = _source(loop)
    functions = [value for value in values.values() if callable(value)]
    if unsettled(functions, {loop.__module__}):
        return _in_memory(loop, values, source)
    lines = {name: _import_lines(name, value) for name, value in values.items()}
    header = _HEADER.format(origin=f"{loop.__module__}.{loop.__name__}", imports="\n".join(map(str, lines.values())))
    modules = {getattr(_python_function(v), "__module__", None) or "" for v in values.values()} | {loop.__module__}
    digest = source_digest(modules, header, source)
    with _lock:
        if digest not in _built:
            _built[digest] = getattr(_load(f"{loop.__name__}_{digest}", header + source), loop.__name__)
        return _built[digest]


def _in_memory(loop: Callable[..., Any], values: Mapping[str, Any], source: str) -> Any:
    """Compile for this process alone, once for these very functions."""
    key = (loop, tuple(values.items()))
    with _lock:
        if key not in _built:
            namespace = {
                name: numba.njit(nogil=True, error_model="numpy")(v) if isinstance(v, types.FunctionType) else v
                for name, v in values.items()
            }
            exec(_code(source), namespace)
            _built[key] = numba.njit(nogil=True, error_model="numpy")(namespace[loop.__name__])
        return _built[key]


def interpreted(loop: Callable[..., Any], bindings: Mapping[str, Any]) -> Callable[..., Any]:
    """The same loop run by Python on the undecorated functions: slow, with readable errors, for a first dry run."""
    namespace = {name: _python_function(value) for name, value in _free_names(loop, bindings).items()}
    exec(_code(_source(loop)), namespace)
    return namespace[loop.__name__]  # type: ignore[no-any-return]


@cache
def _source(loop: Callable[..., Any]) -> str:
    return textwrap.dedent(inspect.getsource(loop))


def _free_names(loop: Callable[..., Any], bindings: Mapping[str, Any]) -> dict[str, Any]:
    names = loop.__code__.co_names  # type: ignore[attr-defined]
    scope = loop.__globals__  # type: ignore[attr-defined]
    return {name: bindings.get(name, scope.get(name)) for name in names if name in bindings or name in scope}


def _code(source: str) -> types.CodeType:
    return compile("from __future__ import annotations\n" + source, "<loop>", "exec")


def _load(name: str, text: str) -> types.ModuleType:
    """Import a generated module, written to the cache directory by atomic rename if it is not there yet."""
    path = cache_directory() / f"{name}.py"
    if not path.exists():
        handle, temporary = tempfile.mkstemp(dir=path.parent, suffix=".tmp")
        with os.fdopen(handle, "w", encoding="utf-8") as out:
            out.write(text)
        os.replace(temporary, path)
    spec = importlib.util.spec_from_file_location(f"regretlab_{name}", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def functions_of(module_name: str, wanted: tuple[str, ...], overrides: Mapping[str, Any]) -> dict[str, Any]:
    """The functions ``wanted`` of an algorithm's or instance's module, with ``overrides`` put in their place.

    Raises:
        AttributeError: naming the module and the missing function.
    """
    module = sys.modules[module_name]
    found: dict[str, Any] = {}
    for name in wanted:
        if name in overrides:
            found[name] = overrides[name]
        elif hasattr(module, name):
            found[name] = getattr(module, name)
        else:
            raise AttributeError(f"{module_name} has no function {name!r}; expected {', '.join(wanted)}")
    return found
