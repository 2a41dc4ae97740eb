"""Replay files: one instance on which a claim was tight or broke, with all that repeats it.

A file holds the claim, the instance (:mod:`theory.documents`), the horizon, the seed, the number of runs, a user's
algorithm if there was one, and what was found: the verdicts with their numbers. A replay makes the runs anew and says
whether every number came back bit for bit. A checksum tells an edited file from one that was written here.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from bandits.files import instance_classes
from mdps.files.instances import INSTANCES, document_classes
from proofs_check.api import Report, _claim_digest, check
from proofs_check.catalogue import claims, select
from proofs_check.claim import Claim
from proofs_check.plugin import Plugin, load
from proofs_check.ratios import largest_score
from proofs_check.record import Recorder
from proofs_check.store import Store
from proofs_check.verdict import Verdict, frame
from theory.documents import decode, encode
from theory.errors import DamagedFile, InvalidInput

FORMAT, VERSION = "regretlab-replay", 1
#: The numbers of a verdict that must come back.
NUMBERS = ("verdict", "n_runs", "estimate", "failures", "bound", "checks", "violations", "where", "left", "right")
_FIELDS = {
    "format": str, "version": int, "claim": str, "found": str, "horizon": int, "seed": int, "runs": int,
    "measured": object, "ratio": object, "verdicts": list, "sources": str, "algorithm": object, "instance": dict,
    "checksum": str,
}  # fmt: skip


@dataclass(frozen=True)
class Recorded:
    """What a replay file holds.

    Attributes:
        slug: the claim. found: "ratio", "step ID" or "event ID". instance, horizon, seed, n_runs: the runs.
        measured: what the search measured there (:class:`proofs_check.falsify.Found`).
        ratio: measured / bound on these runs; nan without bounds.
        rows: a mapping for each verdict: layer, id, and :data:`NUMBERS`.
        sources: digest of the code that ran; empty for a claim that no catalogue has.
        algorithm: file, class, values (None: the class's defaults) and digest of a user's algorithm, or None.
    """

    slug: str
    found: str
    instance: Any
    horizon: int
    seed: int
    n_runs: int
    measured: float
    ratio: float
    rows: list[dict[str, Any]]
    sources: str = ""
    algorithm: dict[str, Any] | None = None


@dataclass(frozen=True)
class Replayed:
    """A replay: what was recorded, the report of the new runs, and where they differ."""

    recorded: Recorded
    report: Report
    differences: tuple[str, ...]

    @property
    def same(self) -> bool:
        """Whether every recorded number came back bit for bit."""
        return not self.differences

    @property
    def verdicts(self) -> pd.DataFrame:
        """The verdicts of the new runs."""
        return frame(kept(self.recorded.found, self.report))

    @property
    def exit_code(self) -> int:
        """1 if something is refuted or did not come back, 3 if something is undecided, else 0."""
        return self.report.exit_code if self.same else 1

    def lines(self) -> list[str]:
        """The outcome in sentences."""
        recorded = self.recorded
        what = f"{recorded.found} on {recorded.instance.name}, horizon {recorded.horizon:,}, seed {recorded.seed}"
        if recorded.found == "ratio" and not math.isnan(recorded.ratio) and recorded.ratio > 0.0:
            what = f"measured / bound {recorded.ratio:.6g} as {what}"
        if self.same:
            return [f"replay: {what}: {len(recorded.rows)} verdicts came back bit for bit"]
        return [f"replay: {what}: did NOT come back", *(f"  {text}" for text in self.differences)]


def kept(found: str, report: Report) -> list[Verdict]:
    """The verdicts of a re-test; of a broken step's own seed, those of the steps that must hold in every run.

    A step that no run reached, or that cannot be watched of a user's algorithm, says nothing and is left out.
    """
    verdicts = [v for result in report.results for v in result.verdicts if v.checks or v.layer != "step"]
    if found.startswith("step "):
        verdicts = [v for v in verdicts if v.layer == "step" and v.kind != "event"]
    return [replace(v, case=found) for v in verdicts]


def _rows(verdicts: Iterable[Verdict]) -> list[dict[str, Any]]:
    """The part of each verdict that is recorded."""
    return [{name: asdict(v)[name] for name in ("layer", "id", *NUMBERS)} for v in verdicts]


def known_classes() -> dict[str, Any]:
    """Class name -> class of everything that an instance of any room is made of."""
    return {**instance_classes(), **document_classes()}


def record(
    claim: Claim, algorithm: Any, found: str, measured: float, instance: Any, horizon: int, seed: int, report: Report
) -> Recorded:
    """What a re-test leaves to be replayed.

    Args:
        claim: as it was chosen, with its own algorithm. algorithm: a user's, in its place, or None.
        found, measured: what the search found. report: of the re-test.
    """
    runs = [shown.trace.n_runs for result in report.results for shown in result.cases]
    sources = _claim_digest(claim) if claims().get(claim.slug) is claim else ""
    return Recorded(
        claim.slug, found, instance, horizon, seed, max(runs, default=0), float(measured), largest_score(report),
        _rows(kept(found, report)), sources, None if algorithm is None else _described(algorithm),
    )  # fmt: skip


def _described(algorithm: Any) -> dict[str, Any]:
    """A user's algorithm as a file can name it: its code stays where it is."""
    plugin = Plugin(load(algorithm) if isinstance(algorithm, str) else algorithm)
    file = algorithm.rpartition(":")[0] if isinstance(algorithm, str) else str(plugin.file)
    values = None if plugin.given is None else encode(tuple(plugin.given), {})
    return {"file": file, "class": plugin.name, "values": values, "digest": _digest_of(plugin.file)}


def _digest_of(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()[:20] if file.is_file() else ""


def _checksum(content: dict[str, Any]) -> str:
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _text(content: dict[str, Any]) -> str:
    """JSON with one line for each key."""
    return "{\n" + ",\n".join(f" {json.dumps(name)}: {json.dumps(value)}" for name, value in content.items()) + "\n}\n"


def write_replay(recorded: Recorded, path: Path | str) -> None:
    """Write a replay file.

    Raises:
        InvalidInput: an instance that no document can hold, or a file that cannot be written.
    """
    content = {
        "format": FORMAT, "version": VERSION, "claim": recorded.slug, "found": recorded.found,
        "horizon": recorded.horizon, "seed": recorded.seed, "runs": recorded.n_runs,
        "measured": encode(recorded.measured, {}), "ratio": encode(recorded.ratio, {}),
        "verdicts": [{name: encode(value, {}) for name, value in row.items()} for row in recorded.rows],
        "sources": recorded.sources, "algorithm": recorded.algorithm,
        "instance": encode(recorded.instance, known_classes()),
    }  # fmt: skip
    try:
        Path(path).write_text(_text({**content, "checksum": _checksum(content)}), "utf-8")
    except OSError as error:
        raise InvalidInput(f"cannot write {path}: {error.strerror}") from error


def read_replay(path: Path | str) -> Recorded:
    """Read a replay file.

    Raises:
        DamagedFile: not JSON, not a replay file, or not as it was written.
        InvalidInput: no such file, another version, or an instance that its class refuses.
    """
    content = _content(Path(path))
    instance = decode(content["instance"], known_classes(), f"{path}: instance")
    if type(instance) not in (*instance_classes().values(), *INSTANCES):
        raise InvalidInput(f"{path}: instance is {type(instance).__name__}, which nothing can run on")
    rows = [
        {name: decode(value, {}, f"{path}: verdicts") for name, value in row.items()} for row in content["verdicts"]
    ]
    measured, ratio = (float(decode(content[name], {}, f"{path}: {name}")) for name in ("measured", "ratio"))
    return Recorded(
        content["claim"], content["found"], instance, content["horizon"], content["seed"], content["runs"], measured,
        ratio, rows, content["sources"], content["algorithm"],
    )  # fmt: skip


def _content(path: Path) -> dict[str, Any]:
    """The document of a replay file: of this version, complete, as it was written; without its checksum."""
    if not path.is_file():
        raise InvalidInput(f"{path}: no such file")
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (UnicodeDecodeError, ValueError, RecursionError) as error:
        raise DamagedFile(f"{path}: not readable as JSON: {error}") from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise DamagedFile(f'{path}: not a replay file; expected an object with "format": "{FORMAT}"')
    if content.get("version") != VERSION:
        raise InvalidInput(f"{path}: version is {content.get('version')!r}; expected {VERSION}")
    for name, kind in _FIELDS.items():
        if name not in content or not isinstance(content[name], kind):
            raise DamagedFile(f"{path}: {name} is missing or of another kind; expected what regretlab falsify writes")
    written = content.pop("checksum")
    if _checksum(content) != written:
        raise DamagedFile(
            f"{path}: the content does not match its checksum: the file was damaged, or edited after it was written"
        )
    return content


def replay(
    path: Path | str,
    claim: Claim | None = None,
    *,
    workers: int | None = None,
    tick: Callable[[int], None] | None = None,
    announce: Callable[[str, int], None] | None = None,
) -> Replayed:
    """Make the runs of a replay file anew, without the store, and compare every number.

    Args:
        path: a file that :meth:`proofs_check.falsify.Falsification.save` wrote.
        claim: the claim, if it is one of your own; it must have the slug of the file.
        workers: threads (default: processors). tick, announce: progress callbacks.

    Raises:
        DamagedFile, InvalidInput: as :func:`read_replay`; or the user's algorithm cannot be loaded.
        UnknownName: the claim of the file is not known.
    """
    recorded = read_replay(path)
    if claim is not None and claim.slug != recorded.slug:
        raise InvalidInput(f"{path}: the claim is {recorded.slug}; expected {claim.slug}")
    if recorded.n_runs < 1:
        raise InvalidInput(f"{path}: the re-test ended before its first run; there is nothing to compare")
    (chosen,) = select([claim or recorded.slug])
    report = check(
        [chosen], instance=recorded.instance, horizon=recorded.horizon, seed=recorded.seed,
        max_runs=recorded.n_runs,
        algorithm=None if recorded.algorithm is None else _restored(recorded.algorithm, Path(path)),
        using=Recorder(Store(None), workers or os.cpu_count() or 1, tick), announce=announce,
    )  # fmt: skip
    return Replayed(recorded, report, tuple(_differences(recorded, report, chosen)))


def _restored(described: dict[str, Any], path: Path) -> Any:
    """The user's algorithm of a replay file."""
    try:
        kind = load(f"{described['file']}:{described['class']}")
        values = described["values"]
        return kind if values is None else kind(*decode(values, {}, f"{path}: algorithm"))
    except (KeyError, TypeError) as error:
        raise InvalidInput(f"{path}: algorithm cannot be restored: {error}") from error


def _differences(recorded: Recorded, report: Report, claim: Claim) -> list[str]:
    """What did not come back, in sentences; if anything did not, also which code has changed since."""
    texts = []
    again = {(row["layer"], row["id"]): row for row in _rows(kept(recorded.found, report))}
    for row in recorded.rows:
        now = again.pop((row["layer"], row["id"]), None)
        if now is None:
            texts.append(f"{row['layer']} {row['id']}: there is no such statement now")
            continue
        texts += [
            f"{row['layer']} {row['id']}: {name} was {row[name]!r}, is now {now[name]!r}"
            for name in NUMBERS
            if not _same(row.get(name), now[name])
        ]
    texts += [f"{layer} {name}: was not recorded" for layer, name in again]
    ratio = largest_score(report)
    if not _same(recorded.ratio, ratio):
        texts.append(f"measured / bound was {recorded.ratio!r}, is now {ratio!r}")
    if texts and recorded.sources and recorded.sources != _claim_digest(claim):
        texts.append(f"the sources of {claim.slug} have changed since the file was written")
    described = recorded.algorithm
    if texts and described is not None and described["digest"] != _digest_of(Path(described["file"])):
        texts.append(f"{described['file']} has changed since the file was written")
    return texts


def _same(before: Any, now: Any) -> bool:
    """Equal, not a number being equal to itself."""
    return bool(before == now or (before != before and now != now))
