"""All claims, found by looking: every ``Claim`` of a module of ``proofs_check.claims``."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Sequence
from functools import cache

import proofs_check.claims
from proofs_check.claim import Claim
from theory.errors import UnknownName


@cache
def claims() -> dict[str, Claim]:
    """Slug -> claim, in alphabetical order of the slugs."""
    names = sorted(module.name for module in pkgutil.iter_modules(proofs_check.claims.__path__))
    modules = [importlib.import_module(f"{proofs_check.claims.__name__}.{name}") for name in names]
    found = [value for module in modules for value in vars(module).values() if isinstance(value, Claim)]
    return {claim.slug: claim for claim in sorted(found, key=lambda claim: claim.slug)}


def select(wanted: Sequence[str | Claim]) -> list[Claim]:
    """The claims of the given slugs (claims stand for themselves), in that order; all of them if none is given.

    Raises:
        UnknownName: with the nearest slugs.
    """
    known = claims()
    if not wanted:
        return list(known.values())
    for slug in wanted:
        if isinstance(slug, str) and slug not in known:
            raise UnknownName("claim", slug, list(known))
    return [known[w] if isinstance(w, str) else w for w in dict.fromkeys(wanted)]


def citation(claim: Claim) -> str:
    """Authors and year of a claim's paper."""
    parts = claim.paper.split(", ")
    year = next((i for i, part in enumerate(parts) if part[-4:].isdigit()), 0)
    return ", ".join(parts[: year + 1])


def page(claim: Claim) -> str:
    """Slug of the paper's page: that of the claim's theorem (claims of other tunings share it)."""
    return claim.bounds[0].theorem.slug if claim.bounds else claim.slug
