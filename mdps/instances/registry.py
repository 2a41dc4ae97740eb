"""Instance families by name: one decorator, and a reader of names such as ``"river-swim:6,horizon=20"``.

The registry is filled by the decorator alone; what a name accepts is read off the family's own signature, so there is
no second table to keep in step with the code.
"""

from __future__ import annotations

import difflib
import inspect
import types
import typing
from collections.abc import Callable
from typing import Any, Protocol, TypeVar, Union

from mdps.model import MDP
from theory.errors import InvalidInput, UnknownName


class Tabular(Protocol):
    """What every family returns: an MDP, or a structured model that gives one."""

    def tabular(self) -> MDP: ...


_FAMILIES: dict[str, Callable[..., MDP | Tabular]] = {}
Family = TypeVar("Family", bound=Callable[..., "MDP | Tabular"])

_TRUE, _FALSE = ("true", "yes", "1"), ("false", "no", "0")


def instance_family(function: Family) -> Family:
    """Register a family under its function's name, with dashes for underscores."""
    _FAMILIES[function.__name__.replace("_", "-")] = function
    return function


def instance_families() -> dict[str, Callable[..., MDP | Tabular]]:
    """Every registered family by name, in alphabetical order."""
    return dict(sorted(_FAMILIES.items()))


def named_instance(name: str) -> MDP:
    """The instance that a name describes: ``family`` or ``family:value,...,argument=value,...``.

    Values are read as the types in the family's signature; a word ``none`` is None where that is allowed. Families of
    structured models (linear, linear mixture) give their tabular form.

    Raises:
        UnknownName: no such family (with the nearest names).
        InvalidInput: an argument that is missing, unknown, given twice or not of its type; or refused by the family.
    """
    family_name, _, text = name.partition(":")
    family = _FAMILIES.get(family_name.strip().replace("_", "-"))
    if family is None:
        raise UnknownName("instance", family_name.strip(), list(instance_families()))
    model = family(**_read_arguments(name, family, text))
    return model if isinstance(model, MDP) else model.tabular()


def _read_arguments(name: str, family: Callable[..., Any], text: str) -> dict[str, Any]:
    hints = typing.get_type_hints(family)
    parameters = inspect.signature(family).parameters
    positional = [p for p, what in parameters.items() if what.kind is not inspect.Parameter.KEYWORD_ONLY]
    given: dict[str, Any] = {}
    for position, piece in enumerate(text.split(",") if text.strip() else []):
        key, equals, value = (part.strip() for part in piece.partition("="))
        if not equals:
            if position >= len(positional):
                raise InvalidInput(f"{name!r}: value {position + 1} ({key!r}) has no argument left; {_usage(family)}")
            key, value = positional[position], key
        key = key.replace("-", "_")
        if key not in parameters:
            near = difflib.get_close_matches(key, parameters, n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise InvalidInput(f"{name!r}: unknown argument {key!r}{hint} ({_usage(family)})")
        if key in given:
            raise InvalidInput(f"{name!r}: argument {key!r} is given twice")
        given[key] = _read_value(name, key, value, hints[key])
    missing = [p for p, what in parameters.items() if what.default is inspect.Parameter.empty and p not in given]
    if missing:
        raise InvalidInput(f"{name!r}: argument {missing[0]!r} is missing; {_usage(family)}")
    return given


def _usage(family: Callable[..., Any]) -> str:
    words = [
        p if what.default is inspect.Parameter.empty else f"{p}={'none' if what.default is None else what.default}"
        for p, what in inspect.signature(family).parameters.items()
    ]
    return f"expected {family.__name__.replace('_', '-')}:{','.join(words)}"


def _read_value(name: str, key: str, value: str, hint: Any) -> Any:
    accepted = typing.get_args(hint) if typing.get_origin(hint) in (Union, types.UnionType) else (hint,)
    if value.lower() == "none" and type(None) in accepted:
        return None
    # int before float before str: "6" is an integer wherever an integer is allowed.
    for kind in (bool, int, float, str):
        if kind in accepted:
            try:
                return _read_bool(value) if kind is bool else kind(value)
            except ValueError:
                continue
    words = {bool: "true or false", int: "an integer", float: "a number", str: "text", type(None): "none"}
    expected = " or ".join(words[kind] for kind in words if kind in accepted)
    raise InvalidInput(f"{name!r}: {key} is {value!r}; expected {expected or 'a value that no name can express'}")


def _read_bool(value: str) -> bool:
    if value.lower() in _TRUE:
        return True
    if value.lower() in _FALSE:
        return False
    raise ValueError(value)
