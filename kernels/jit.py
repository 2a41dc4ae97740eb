"""How every compiled function of the testbed is compiled."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from numba import njit

F = TypeVar("F", bound=Callable[..., Any])

#: Without reference counts (a private Numba option): an array handed to a function is otherwise counted up and down
#: at every call, which costs more than the arithmetic of a step. Such a function must allocate nothing and return
#: scalars or tuples of scalars; Numba refuses to compile one that allocates.
OPTIONS: dict[str, Any] = {"nogil": True, "error_model": "numpy", "_nrt": False}


def compiled(function: F) -> F:
    """Compile an ``init``, ``act``, ``observe`` or watch function, or a helper that they call.

    Not cached by itself: Numba's cache watches only the file of the cached function and would go on using an old
    callee. The loops that call these functions are cached by the digest of every source they reach
    (see :mod:`kernels.loops`).
    """
    return njit(**OPTIONS)(function)  # type: ignore[no-any-return]


def hook(function: F) -> F:
    """Like :func:`compiled`, for functions that only compiled code calls: the hooks of a watch and their helpers.

    They take the arrays of everything; unpacking those for a call from Python would be most of what is compiled.
    """
    options = {**OPTIONS, "no_cpython_wrapper": True, "no_cfunc_wrapper": True}
    return njit(**options)(function)  # type: ignore[no-any-return]


def inlined(function: F) -> F:
    """Like :func:`compiled`, and always inlined into its callers.

    For functions of an episode that take the arrays of a model: a NamedTuple of arrays is handed over word by word,
    which at ten arrays costs more than a short function does (two to three times the episode of a small MDP).
    """
    options = {**OPTIONS, "forceinline": True, "no_cpython_wrapper": True, "no_cfunc_wrapper": True}
    return njit(**options)(function)  # type: ignore[no-any-return]


def embedded(function: F) -> F:
    """Like :func:`inlined`, and callable from Python as well (which costs compile time).

    For the functions of a bandit's step: at two arms handing over their arrays takes longer than what they do.
    """
    return njit(**{**OPTIONS, "forceinline": True})(function)  # type: ignore[no-any-return]
