"""Every theorem of the testbed, one module a paper, found by its slug."""

from __future__ import annotations

import importlib
import pkgutil
from functools import lru_cache

from theory.errors import UnknownName
from theory.theorem import Theorem


@lru_cache(maxsize=1)
def _catalogue() -> dict[str, Theorem]:
    found: dict[str, Theorem] = {}
    for module in sorted(info.name for info in pkgutil.iter_modules(__path__)):
        for theorem in importlib.import_module(f"{__name__}.{module}").THEOREMS:
            if theorem.id in found or theorem.slug != module.replace("_", "-"):
                raise RuntimeError(f"theorem id {theorem.id!r} in module {module!r} is repeated or has another's slug")
            found[theorem.id] = theorem
    return found


def all_theorems() -> tuple[Theorem, ...]:
    """All theorems, sorted by slug, in the order of their module."""
    return tuple(_catalogue().values())


def theorem(id: str) -> Theorem:
    """The theorem with this id, e.g. "ucb1/regret".

    Raises:
        UnknownName: listing the nearest ids.
    """
    catalogue = _catalogue()
    if id not in catalogue:
        raise UnknownName("theorem", id, list(catalogue))
    return catalogue[id]


def theorems_of(slug: str) -> tuple[Theorem, ...]:
    """The theorems of one paper, in the order of its module.

    Raises:
        UnknownName: listing the nearest slugs.
    """
    found = tuple(item for item in all_theorems() if item.slug == slug)
    if not found:
        raise UnknownName("slug", slug, sorted({item.slug for item in all_theorems()}))
    return found
