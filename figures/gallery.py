"""Drawing figures: run each module's experiment through the store, then let the module draw what was recorded.

Beside a figure lie its numbers (``SLUG.csv`` as recorded, ``SLUG.drawn.csv`` as drawn) and its manifest
(``SLUG.json``), from which :func:`redo` makes everything again and compares it byte for byte.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Any

import figures
from figures.manifest import Recorded, drawn_table, dump, load, manifest, recorded_table, sha256
from proofs_check.experiment import Run
from proofs_check.plotting import render, style
from proofs_check.record import Recorder
from theory.errors import InvalidInput, UnknownName

FORMATS = ("png", "svg", "pdf")


def modules() -> dict[str, ModuleType]:
    """Slug -> figure module, for every module of this room with an ``EXPERIMENT``."""
    names = sorted(module.name for module in pkgutil.iter_modules(figures.__path__))
    found = [importlib.import_module(f"figures.{name}") for name in names if name != "gallery"]
    return {module.EXPERIMENT.slug: module for module in found if hasattr(module, "EXPERIMENT")}


def chosen(slugs: Sequence[str]) -> dict[str, ModuleType]:
    """The figures of the given slugs, in that order; all of them if none is given (or "all").

    Raises:
        UnknownName: an unknown slug.
    """
    known = modules()
    wanted = known if not slugs or list(slugs) == ["all"] else dict.fromkeys(slugs)
    for slug in wanted:
        if slug not in known:
            raise UnknownName("figure", slug, list(known))
    return {slug: known[slug] for slug in wanted}


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
    """Draw figures, with the data and the manifest of each beside it.

    Args:
        slugs: which; all of them if none is given (or "all"). folder: created if missing.
        recorder: where runs come from. formats: among png, svg, pdf.
        full: the papers' sizes. seed: replications are (seed, 0), (seed, 1), ...
        announce: called with (what runs now, replications).

    Returns:
        The files written: for each figure the formats in their order, ``SLUG.csv``, ``SLUG.drawn.csv``, ``SLUG.json``.

    Raises:
        UnknownName: an unknown slug. InvalidInput: an unknown format, or a folder that cannot be written.
    """
    wanted = chosen(slugs)
    for form in formats:
        if form not in FORMATS:
            raise InvalidInput(f"figure format is {form!r}; expected one of {', '.join(FORMATS)}")
    _make(folder)
    written = []
    for slug, module in wanted.items():
        recorded = record(slug, sized(module.EXPERIMENT.runs, full), recorder, seed=seed, announce=announce)
        files = _files(module, recorded, formats)
        content = manifest(module.EXPERIMENT, module.__name__, recorded, seed, files)
        written += _write(folder, {**files, f"{slug}.json": dump(content)})
    return written


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InvalidInput(f"cannot write figures into {folder}: {error.strerror}") from error


def _write(folder: Path, files: dict[str, bytes]) -> list[Path]:
    paths = [folder / name for name in files]
    for path, content in zip(paths, files.values()):
        try:
            path.write_bytes(content)
        except OSError as error:
            raise InvalidInput(f"cannot write {path}: {error.strerror}") from error
    return paths


def sized(runs: Iterable[Run], full: bool) -> list[Run]:
    """The runs at the size in which they are to be made."""
    if not full:
        return list(runs)
    return [replace(r, horizon=r.full_horizon or r.horizon, n_runs=r.full_runs or r.n_runs) for r in runs]


def _files(module: ModuleType, recorded: Sequence[Recorded], formats: Iterable[str]) -> dict[str, bytes]:
    """The pictures and tables of a figure: name -> content. Every format is drawn afresh, so none depends on others."""
    experiment = module.EXPERIMENT
    traces = {run.label: run.trace for run in recorded}
    with style():
        files = {
            f"{experiment.slug}.{form}": render(module.draw(traces), form, experiment.slug, experiment.title)
            for form in formats
        }
        drawn = drawn_table(module.draw(traces))
    return {**files, f"{experiment.slug}.csv": recorded_table(recorded), f"{experiment.slug}.drawn.csv": drawn}


def record(
    slug: str,
    runs: Iterable[Run],
    recorder: Recorder,
    *,
    seed: int = 0,
    announce: Callable[[str, int], None] | None = None,
) -> list[Recorded]:
    """Make the runs of a figure, or find them in the recorder's store."""
    recorded = []
    for run in runs:
        if announce is not None:
            announce(f"figure {slug}: {run.label}", run.n_runs)
        params, instance = run.algorithm(), run.instance()
        trace = recorder.runs(params, instance, run.horizon, run.n_runs, seed=seed)
        assert trace is not None  # without a deadline every run is made
        recorded.append(Recorded(run.label, params, instance, run.horizon, trace))
    return recorded


def write_gallery(folder: Path) -> Path:
    """Write ``gallery.md``: every figure of a folder with its picture, caption, files and the commands that draw it.

    The figures are those with a manifest in the folder, in alphabetical order of their slugs. Of the files that a
    manifest names those are linked that lie beside it.

    Raises:
        InvalidInput: a damaged manifest, or none at all.
    """
    parts = ["# Gallery\n"]
    for path in (folder / f"{slug}.json" for slug in sorted(modules())):
        if not path.is_file():
            continue
        content = load(path)
        names = [name for name in [*content["files"], path.name] if (folder / name).is_file()]
        shown = next((name for name in names if name.endswith((".svg", ".png"))), None)
        links = ", ".join(f"[{name}]({name})" for name in names)
        parts += [
            f"## {_escaped(content['title'])}\n",
            *([f"![{_escaped(content['title'])}]({shown})\n"] if shown else []),
            f"{_escaped(content['caption'])}\n",
            f"Files: {links}. Draw it: `regretlab figures {content['slug']}`. "
            f"Make this one again and compare: `regretlab figures --redo {path.name}`.\n",
        ]
    if len(parts) == 1:
        raise InvalidInput(f"{folder} has no manifest of a figure; expected files such as ucb1.json")
    return _write(folder, {"gallery.md": "\n".join(parts).encode()})[0]


def _escaped(text: str) -> str:
    """A title or caption that Markdown shows as it is."""
    return re.sub(r"([\\`*_<>\[\]|#~$])", r"\\\1", text)


@dataclass(frozen=True)
class Redone:
    """A figure made again from its manifest.

    Attributes:
        slug: which figure.
        changes: what is not as the manifest has it: code, hyper-parameters, versions; sentences.
        files: name -> what differs, empty if the file was made again byte for byte.
    """

    slug: str
    changes: tuple[str, ...]
    files: dict[str, str]

    @property
    def same(self) -> bool:
        """Every file was made again byte for byte."""
        return not any(self.files.values())


def redo(
    path: Path,
    *,
    recorder: Recorder,
    folder: Path | None = None,
    announce: Callable[[str, int], None] | None = None,
) -> Redone:
    """Make a figure again from its manifest: the same runs, sizes and seed; compare every file byte for byte.

    Args:
        path: the manifest. Its tables and pictures are expected beside it; those that are not there are compared
            with the checksums of the manifest alone.
        recorder: its threads or cluster and its progress bar are used; its store is not, everything is simulated anew.
        folder: where to put what was made, another one than the manifest's (default: nowhere).
        announce: called with (what runs now, replications).

    Raises:
        UnknownName: a figure that does not exist. InvalidInput: no manifest, one of other runs than the figure has
            today, or a folder that cannot be written.
    """
    content = load(path)
    known = modules()
    slug = content["slug"]
    if slug not in known:
        raise UnknownName("figure", slug, list(known))
    if folder is not None:
        if folder.resolve() == path.resolve().parent:
            raise InvalidInput(
                f"--out {folder} is the folder of {path}; expected another one, to keep what is compared"
            )
        _make(folder)
    module = known[slug]
    sizes = {run["label"]: run for run in content["runs"]}
    labels = [run.label for run in module.EXPERIMENT.runs]
    if list(sizes) != labels:
        raise InvalidInput(f"{path}: its runs are {list(sizes)}; the figure {slug} has today {labels}")
    tables = [f"{slug}.csv", f"{slug}.drawn.csv"]
    pictures = [name for name in content["files"] if name not in tables]
    for name in pictures:
        if name not in [f"{slug}.{form}" for form in FORMATS]:
            raise InvalidInput(f"{path}: files names {name!r}; expected {slug} with one of {', '.join(FORMATS)}")
    if not set(tables) <= set(content["files"]):
        raise InvalidInput(f"{path}: files lacks {' or '.join(tables)}; expected the checksums of both")
    runs = [
        replace(run, horizon=sizes[run.label]["horizon"], n_runs=sizes[run.label]["n_runs"])
        for run in module.EXPERIMENT.runs
    ]
    recorded = record(slug, runs, recorder.anew(), seed=content["seed"], announce=announce)
    files = _files(module, recorded, [name.rpartition(".")[2] for name in pictures])
    now = manifest(module.EXPERIMENT, module.__name__, recorded, content["seed"], files)
    if folder is not None:
        _write(folder, {**files, f"{slug}.json": dump(now)})
    compared = {name: _difference(made, content["files"][name], path.parent / name) for name, made in files.items()}
    return Redone(slug, tuple(_changes(content, now)), compared)


def _changes(then: dict[str, Any], now: dict[str, Any]) -> Iterable[str]:
    """What differs between two manifests of one figure, beside the files."""
    for field in ("title", "caption", "sources"):
        if then[field] != now[field]:
            yield f"{field}: {then[field]} then, {now[field]} now"
    for before, after in zip(then["runs"], now["runs"]):
        for field, value in after.items():
            if before.get(field) != value:
                yield f"run {after['label']}, {field}: {before.get(field)} then, {value} now"
    for package, version in now["versions"].items():
        if then["versions"].get(package) != version:
            yield f"{package}: {then['versions'].get(package)} then, {version} now"


def _difference(made: bytes, recorded: str, path: Path) -> str:
    """How a file made again differs from the recorded one, empty if it does not."""
    here = path.read_bytes() if path.is_file() else None
    if here is not None and sha256(here) != recorded:
        return "the file beside the manifest is not the one that the manifest recorded"
    if sha256(made) == recorded:
        return ""
    if here is None or path.suffix != ".csv":
        return "made again, it has other bytes than recorded"
    before, after = here.decode().splitlines(), made.decode().splitlines()
    if len(before) != len(after):
        return f"{len(before)} lines recorded, {len(after)} made again"
    line = next(i for i, (a, b) in enumerate(zip(before, after)) if a != b)
    return f"line {line + 1} is {before[line]!r} as recorded, {after[line]!r} made again"
