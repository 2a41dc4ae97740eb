"""What lies beside a figure: its numbers as CSV, and a manifest from which it can be made again."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.container import ErrorbarContainer
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from kernels.engine import Trace
from kernels.loops import source_digest
from proofs_check.report import versions
from proofs_check.store import experiment_digest
from theory.errors import InvalidInput

KIND, VERSION = "regretlab-figure", 1
#: Columns of the table of recorded numbers, and of the table of what is drawn.
RECORDED_COLUMNS = ("run", "quantity", "checkpoint", "mean", "q10", "q90", "n")
DRAWN_COLUMNS = ("panel", "artist", "series", "kind", "x", "y")


@dataclass(frozen=True)
class Recorded:
    """A finished run of a figure: what was run, and the trace it left."""

    label: str
    params: Any
    instance: Any
    horizon: int
    trace: Trace

    def entry(self) -> dict[str, Any]:
        """The run as the manifest states it."""
        return {
            "label": self.label,
            "algorithm": _name(self.params),
            "parameters": {name: _plain(value) for name, value in self.params._asdict().items()},
            "instance": self.instance.name,
            "horizon": self.horizon,
            "n_runs": self.trace.n_runs,
            "seed": self.trace.seed,
            "experiment": experiment_digest(
                self.params, self.instance, self.horizon, self.trace.checkpoints, self.trace.seed, None, {}
            ),
        }


def _name(value: Any) -> str:
    return f"{type(value).__module__}.{type(value).__qualname__}"


def _plain(value: Any) -> Any:
    """Hyper-parameters as JSON has them; infinite values and nan become words."""
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        return {"class": _name(value), **{name: _plain(part) for name, part in value._asdict().items()}}
    if isinstance(value, tuple | list | np.ndarray):
        return [_plain(part) for part in value]
    if isinstance(value, np.generic):
        value = value.item()
    return value if not isinstance(value, float) or math.isfinite(value) else str(value)


def _csv(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    """Rows as CSV: UTF-8, lines end in a newline, floats in the shortest form that reads back to the same number."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return text.getvalue().encode()


def recorded_table(recorded: Iterable[Recorded]) -> bytes:
    """The recorded numbers behind a figure, a row for each run, quantity and checkpoint (``RECORDED_COLUMNS``).

    Mean, 10th and 90th percentile over the ``n`` replications. ``quantity`` is "regret", "realised" (regret in the
    losses that occurred), or what the protocol leaves at the end of a run, component by component: "pulls[0]",
    "summary[2]", "stopped"; its checkpoint is the horizon.
    """
    return _csv(RECORDED_COLUMNS, (row for run in recorded for row in _statistics(run)))


def _statistics(run: Recorded) -> Iterator[tuple[Any, ...]]:
    trace = run.trace
    for name, value in {"regret": trace.regret, **trace.extra}.items():
        if name in ("regret", "realised"):
            rows = [(name, int(checkpoint)) for checkpoint in trace.checkpoints]
        else:
            places = [",".join(map(str, place)) for place in np.ndindex(value.shape[1:])]
            rows = [(f"{name}[{place}]" if place else name, run.horizon) for place in places]
        samples = value.reshape(trace.n_runs, -1).astype(float)
        with np.errstate(invalid="ignore"):  # summaries may be infinite
            mean = samples.mean(axis=0)
            low, high = np.quantile(samples, [0.1, 0.9], axis=0)
        for i, (quantity, checkpoint) in enumerate(rows):
            yield run.label, quantity, checkpoint, float(mean[i]), float(low[i]), float(high[i]), trace.n_runs


def drawn_table(figure: Figure) -> bytes:
    """What is drawn, a row for each point (``DRAWN_COLUMNS``), bounds and lower bounds included.

    ``panel`` numbers the axes from 1, ``artist`` what is drawn in them (a line, one error bar, one area). ``series`` is
    the label in the legend, or empty. ``kind`` is "line" (markers too), "horizontal" or "vertical" (a line across the
    panel; the other coordinate is empty), "segment" (the ends of an error bar), "band" (the corners of a filled area,
    in order) or "bar" (its centre and its height).
    """
    return _csv(DRAWN_COLUMNS, (row for i, axes in enumerate(figure.axes, 1) for row in _points(axes, i)))


def _points(axes: Axes, panel: int) -> Iterator[tuple[Any, ...]]:
    labels = {part: whole.get_label() for whole in axes.containers for part in whole.get_children()}
    caps = {cap for whole in axes.containers if isinstance(whole, ErrorbarContainer) for cap in whole[1]}
    kinds: list[tuple[Any, str, Any]] = []
    for line in axes.lines:
        x, y = np.asarray(line.get_xdata(), dtype=float), np.asarray(line.get_ydata(), dtype=float)
        if line in caps:
            continue
        if line.get_transform() == axes.get_xaxis_transform(which="grid"):
            kinds.append((line, "vertical", [(float(x[0]), "")]))
        elif line.get_transform() == axes.get_yaxis_transform(which="grid"):
            kinds.append((line, "horizontal", [("", float(y[0]))]))
        else:
            kinds.append((line, "line", zip(x.tolist(), y.tolist())))
    for collection in axes.collections:
        kind = "segment" if isinstance(collection, LineCollection) else "band"
        kinds += [(collection, kind, np.asarray(p.vertices, dtype=float).tolist()) for p in collection.get_paths()]
    for bar in axes.patches:
        if isinstance(bar, Rectangle):
            top = (float(bar.get_x() + bar.get_width() / 2), float(bar.get_y() + bar.get_height()))
            kinds.append((bar, "bar", [top]))
    for i, (artist, kind, points) in enumerate(kinds, 1):
        label = str(labels.get(artist, artist.get_label()))
        for a, b in points:
            yield panel, i, "" if label.startswith("_") else label, kind, a, b


def sha256(content: bytes) -> str:
    """SHA-256, in hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def manifest(
    experiment: Any, module: str, recorded: Iterable[Recorded], seed: int, files: Mapping[str, bytes]
) -> dict[str, Any]:
    """What was run for a figure, with which code, and the checksums of the files that came of it."""
    runs = list(recorded)
    return {
        "kind": KIND,
        "version": VERSION,
        "slug": experiment.slug,
        "title": experiment.title,
        "caption": experiment.caption,
        "seed": seed,
        "runs": [run.entry() for run in runs],
        "sources": source_digest({module, *(type(run.params).__module__ for run in runs)}),
        "versions": versions(),
        "files": {name: sha256(content) for name, content in files.items()},
    }


def dump(content: Mapping[str, Any]) -> bytes:
    """A manifest as the text of its file."""
    return (json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode()


def load(path: Path) -> dict[str, Any]:
    """Read a manifest.

    Raises:
        InvalidInput: the file cannot be read, is no manifest of a figure, or a field that is needed to repeat it is
            missing or of a wrong type; the message names the field.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InvalidInput(f"cannot read {path}: {error.strerror}; expected the manifest of a figure") from error
    except (ValueError, RecursionError) as error:
        raise InvalidInput(f"{path} is no JSON ({error}); expected the manifest of a figure") from error
    if not isinstance(content, dict) or content.get("kind") != KIND:
        raise InvalidInput(f'{path} is no manifest of a figure; expected an object with "kind": "{KIND}"')
    if content.get("version") != VERSION:
        raise InvalidInput(f"{path}: version is {content.get('version')!r}; expected {VERSION}")
    kinds = {"slug": str, "title": str, "caption": str, "sources": str, "runs": list, "versions": dict, "files": dict}
    for field, kind in kinds.items():
        if not isinstance(content.get(field), kind):
            raise InvalidInput(f"{path}: {field} is {content.get(field)!r}; expected a {kind.__name__}")
    _need_integer(content, "seed", 0, str(path))
    for i, run in enumerate(content["runs"]):
        if not isinstance(run, dict) or not isinstance(run.get("label"), str):
            raise InvalidInput(f"{path}: runs[{i}] has no label; expected an object that states a run")
        for field in ("horizon", "n_runs"):
            _need_integer(run, field, 1, f"{path}: runs[{i}]")
    for name, value in content["files"].items():
        if Path(name).name != name or not isinstance(value, str):
            raise InvalidInput(f"{path}: files names {name!r}; expected names without folders, and their SHA-256")
    return content


def _need_integer(content: Mapping[str, Any], field: str, least: int, where: str) -> None:
    value = content.get(field)
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise InvalidInput(f"{where}: {field} is {value!r}; expected an integer of at least {least}")
