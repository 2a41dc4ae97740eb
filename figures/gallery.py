"""Drawing figures: run each module's experiment through the store, then let the module draw what was recorded."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType

import figures
from kernels.engine import Trace
from proofs_check.record import Recorder
from theory.errors import InvalidInput, UnknownName

FORMATS = ("png", "svg", "pdf")


def modules() -> dict[str, ModuleType]:
    """Slug -> figure module, for every module of this room with an ``EXPERIMENT``."""
    names = sorted(module.name for module in pkgutil.iter_modules(figures.__path__))
    found = [importlib.import_module(f"figures.{name}") for name in names if name != "gallery"]
    return {module.EXPERIMENT.slug: module for module in found if hasattr(module, "EXPERIMENT")}


def draw_all(
    slugs: Sequence[str],
    folder: Path,
    *,
    recorder: Recorder,
    formats: Sequence[str] = ("png",),
    full: bool = False,
    seed: int = 0,
    announce: Callable[[str, int], None] | None = None,
) -> list[Path]:
    """Draw figures.

    Args:
        slugs: which; all of them if none is given (or "all"). folder: created if missing.
        recorder: where runs come from. formats: among png, svg, pdf.
        full: the papers' sizes. seed: replications are (seed, 0), (seed, 1), ...
        announce: called with (what runs now, replications).

    Returns:
        The files written.

    Raises:
        UnknownName: an unknown slug. InvalidInput: an unknown format, or a folder that cannot be written.
    """
    known = modules()
    wanted = list(known) if not slugs or list(slugs) == ["all"] else list(dict.fromkeys(slugs))
    for slug in wanted:
        if slug not in known:
            raise UnknownName("figure", slug, list(known))
    for form in formats:
        if form not in FORMATS:
            raise InvalidInput(f"figure format is {form!r}; expected one of {', '.join(FORMATS)}")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InvalidInput(f"cannot write figures into {folder}: {error.strerror}") from error
    written = []
    for slug in wanted:
        recorded = record(known[slug], recorder, full=full, seed=seed, announce=announce)
        figure = known[slug].draw(recorded)
        for form in formats:
            path = folder / f"{slug}.{form}"
            figure.savefig(path, format=form, bbox_inches="tight")
            written.append(path)
    return written


def record(
    module: ModuleType,
    recorder: Recorder,
    *,
    full: bool = False,
    seed: int = 0,
    announce: Callable[[str, int], None] | None = None,
) -> dict[str, Trace]:
    """The traces behind a figure, by label."""
    recorded = {}
    for run in module.EXPERIMENT.runs:
        horizon = run.full_horizon if full and run.full_horizon else run.horizon
        n_runs = run.full_runs if full and run.full_runs else run.n_runs
        if announce is not None:
            announce(f"figure {module.EXPERIMENT.slug}: {run.label}", n_runs)
        trace = recorder.runs(run.algorithm(), run.instance(), horizon, n_runs, seed=seed)
        assert trace is not None  # without a deadline every run is made
        recorded[run.label] = trace
    return recorded
