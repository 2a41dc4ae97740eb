"""All claims, found by looking: every ``Claim`` of a module of ``proofs_check.claims``."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Sequence
from functools import cache

import proofs_check.claims
from proofs_check.claim import Claim
from theory.errors import UnknownName
from theory.theorems import all_theorems


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
    distinct = {w if isinstance(w, str) else id(w): w for w in wanted}  # claims hold dictionaries: they have no hash
    return [known[w] if isinstance(w, str) else w for w in distinct.values()]


def citation(claim: Claim) -> str:
    """Authors and year of a claim's paper."""
    parts = claim.paper.split(", ")
    year = next((i for i, part in enumerate(parts) if part[-4:].isdigit()), 0)
    return ", ".join(parts[: year + 1])


def page(claim: Claim) -> str:
    """Slug of the paper's page: that of the claim's theorem (claims of other tunings share it).

    A claim of proof steps alone has the page of its own module, or of the theorem that its slug begins with.
    """
    if claim.theorems:
        return claim.theorems[0].slug
    if claim.watch is not None and claim.watch.__name__.rsplit(".", 1)[-1] == claim.slug.replace("-", "_"):
        return claim.slug
    families = {theorem.slug for theorem in all_theorems() if claim.slug.startswith(f"{theorem.slug}-")}
    return max(families, key=len, default=claim.slug)
