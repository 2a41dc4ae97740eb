"""All claims, found by looking: every module of ``proofs_check.claims`` with a ``CLAIM``."""

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
    found = [module.CLAIM for module in modules if hasattr(module, "CLAIM")]
    return {claim.slug: claim for claim in sorted(found, key=lambda claim: claim.slug)}


def select(slugs: Sequence[str]) -> list[Claim]:
    """The claims of the given slugs, in that order; all of them if none is given.

    Raises:
        UnknownName: with the nearest slugs.
    """
    known = claims()
    for slug in slugs:
        if slug not in known:
            raise UnknownName("claim", slug, list(known))
    return [known[slug] for slug in dict.fromkeys(slugs)] if slugs else list(known.values())
