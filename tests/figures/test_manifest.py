"""What lies beside a figure: deterministic files, tables of what was recorded and drawn, and its manifest."""

from __future__ import annotations

import csv
import json
import math
import shutil
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import matplotlib
import numpy as np
import pytest

from figures.gallery import draw_all, modules, redo, write_gallery
from figures.manifest import Recorded, _plain, drawn_table, dump, load, recorded_table
from kernels.engine import Trace, simulate
from proofs_check.cli import main
from proofs_check.plotting import PALETTE, new_axes, render, style
from proofs_check.record import Recorder
from proofs_check.store import Store
from theory.errors import InvalidInput, UnknownName
from theory.theorems import theorem

FORMATS = ("pdf", "svg", "png")


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def resize(monkeypatch: pytest.MonkeyPatch, horizon: int, n_runs: int) -> ModuleType:
    """The figure of UCB1 at another size."""
    module = modules()["ucb1"]
    runs = tuple(replace(run, horizon=horizon, n_runs=n_runs) for run in module.EXPERIMENT.runs)
    monkeypatch.setattr(module, "EXPERIMENT", replace(module.EXPERIMENT, runs=runs))
    return module


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """5 runs of 500 rounds."""
    return resize(monkeypatch, 500, 5)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small figure at seed 3: as SVG in "one", in every format in "all"."""
    folder = tmp_path_factory.mktemp("made")
    with pytest.MonkeyPatch.context() as monkeypatch:
        resize(monkeypatch, 500, 5)
        draw_all(["ucb1"], folder / "one", recorder=Recorder(Store(None)), formats=("svg",), seed=3)
        draw_all(["ucb1"], folder / "all", recorder=Recorder(Store(None)), formats=FORMATS, seed=3)
    return folder


@pytest.fixture
def drawn(made: Path, tmp_path: Path) -> Path:
    """A copy of the folder "one"."""
    return Path(shutil.copytree(made / "one", tmp_path / "drawn"))


def anew(path: Path, **options: Any) -> Any:
    return redo(path, recorder=Recorder(Store(None)), **options)


def test_the_same_call_gives_the_same_bytes_whatever_the_user_configured(made, small, tmp_path):
    with matplotlib.rc_context({"font.size": 20, "axes.facecolor": "red", "svg.hashsalt": None}):
        draw_all(["ucb1"], tmp_path, recorder=Recorder(Store(None), workers=2), formats=FORMATS, seed=3)
    names = sorted(path.name for path in (made / "all").iterdir())
    assert names == sorted(f"ucb1.{end}" for end in (*FORMATS, "csv", "drawn.csv", "json"))
    for name in names:
        assert (made / "all" / name).read_bytes() == (tmp_path / name).read_bytes(), name


def test_a_format_does_not_depend_on_the_others(made):
    assert (made / "one" / "ucb1.svg").read_bytes() == (made / "all" / "ucb1.svg").read_bytes()


def test_another_seed_gives_other_numbers(made, small, tmp_path):
    draw_all(["ucb1"], tmp_path, recorder=Recorder(Store(None)), formats=("svg",), seed=4)
    for name in ("ucb1.csv", "ucb1.drawn.csv", "ucb1.svg"):
        assert (tmp_path / name).read_bytes() != (made / "one" / name).read_bytes()


def test_vector_files_have_no_date_no_bitmap_and_fonts_that_journals_take(made):
    pdf, svg = (made / "all" / "ucb1.pdf").read_bytes(), (made / "all" / "ucb1.svg").read_text(encoding="utf-8")
    assert b"/CreationDate" not in pdf and b"/Subtype /Image" not in pdf
    assert b"/Subtype /Type3" not in pdf and b"/FontFile2" in pdf  # TrueType, embedded
    assert "<dc:date>" not in svg and "<text" not in svg and "<image" not in svg


def test_the_table_holds_the_statistics_of_the_trace(small, drawn):
    table = rows(drawn / "ucb1.csv")
    for run in small.EXPERIMENT.runs:
        trace = simulate(run.algorithm(), run.instance(), 500, 5, seed=3)
        mine = [row for row in table if row["run"] == run.label]
        regret = [row for row in mine if row["quantity"] == "regret"]
        assert [int(row["checkpoint"]) for row in regret] == trace.checkpoints.tolist()
        assert [float(row["mean"]) for row in regret] == trace.regret.mean(axis=0).tolist()
        assert [float(row["q10"]) for row in regret] == np.quantile(trace.regret, 0.1, axis=0).tolist()
        assert [float(row["q90"]) for row in regret] == np.quantile(trace.regret, 0.9, axis=0).tolist()
        pulls = [row for row in mine if row["quantity"].startswith("pulls")]
        assert [row["quantity"] for row in pulls] == ["pulls[0]", "pulls[1]"]
        assert [float(row["mean"]) for row in pulls] == trace.extra["pulls"].mean(axis=0).tolist()
        assert {row["n"] for row in mine} == {"5"} and {row["checkpoint"] for row in pulls} == {"500"}


def test_every_extra_has_its_place_in_the_table():
    extra = {
        "realised": np.array([[1.0, 2.0], [3.0, 6.0]]),
        "summary": np.arange(8.0).reshape(2, 2, 2),
        "stopped": np.array([3, 5]),
        "decisions": np.zeros((2, 0), np.int64),
    }
    trace = Trace(np.array([1, 7]), np.array([[0.0, 1.0], [0.0, np.inf]]), None, extra)
    text = recorded_table([Recorded("a, b", None, None, 7, trace)]).decode()
    table = {(row[1], row[2]): row for row in csv.reader(text.splitlines())}
    assert table["realised", "7"] == ["a, b", "realised", "7", "4.0", "2.4", "5.6", "2"]
    assert table["regret", "7"][3] == "inf"
    assert table["summary[1,0]", "7"][3] == "4.0" and table["stopped", "7"][3] == "4.0"
    assert len(table) == 1 + 2 + 2 + 4 + 1


def test_what_is_drawn_is_in_the_table(drawn):
    table = [row for row in rows(drawn / "ucb1.drawn.csv") if row["series"] == "Theorem 1"]
    module = modules()["ucb1"]
    expected = [
        theorem("ucb1/regret").bound(build(), module.UCB1(), np.array([500.0]))[0]
        for build in module.INSTANCES.values()
    ]
    assert [float(row["y"]) for row in table if float(row["x"]) == 500.0] == expected
    mean = {
        (row["run"], row["checkpoint"]): row["mean"] for row in rows(drawn / "ucb1.csv") if row["quantity"] == "regret"
    }
    line = [row for row in rows(drawn / "ucb1.drawn.csv") if row["series"] == "means 0.9, 0.5 (n = 5)"]
    assert line and all(mean["means 0.9, 0.5", str(int(float(row["x"])))] == row["y"] for row in line)


def test_every_kind_of_artist_is_in_the_table():
    figure, axes = new_axes("title", "x", "y", log="")
    axes.plot([1, 2], [3, 4], label="a line")
    axes.axvline(5.0, label="upright")
    axes.axhline(6.0)
    axes.errorbar([7.0], [8.0], [0.5], capsize=2, label="a point")
    axes.fill_between([1.0, 2.0], [0.0, 0.0], [1.0, 1.0])
    axes.bar([3.0], [4.0], label="a bar")
    table = list(csv.DictReader(drawn_table(figure).decode().splitlines()))
    found = {(row["kind"], row["series"]): [] for row in table}
    for row in table:
        found[row["kind"], row["series"]].append((row["x"], row["y"]))
    assert found["line", "a line"] == [("1.0", "3.0"), ("2.0", "4.0")]
    assert found["vertical", "upright"] == [("5.0", "")] and found["horizontal", ""] == [("", "6.0")]
    assert found["line", "a point"] == [("7.0", "8.0")]
    assert found["segment", "a point"] == [("7.0", "7.5"), ("7.0", "8.5")]
    assert set(found["band", ""]) == {("1.0", "0.0"), ("2.0", "0.0"), ("1.0", "1.0"), ("2.0", "1.0")}
    assert found["bar", "a bar"] == [("3.0", "4.0")]
    assert len({row["artist"] for row in table}) == 7


def test_the_manifest_states_what_was_run(drawn, small):
    content = load(drawn / "ucb1.json")
    assert (content["slug"], content["seed"]) == ("ucb1", 3)
    assert content["title"] == small.EXPERIMENT.title and content["caption"] == small.EXPERIMENT.caption
    run = content["runs"][0]
    assert run["algorithm"] == "bandits.algorithms.ucb1.UCB1" and run["parameters"] == {"width": 2.0}
    assert (run["label"], run["instance"]) == ("means 0.9, 0.5", "bernoulli(0.9, 0.5)")
    assert (run["horizon"], run["n_runs"], run["seed"]) == (500, 5, 3)
    assert content["runs"][1]["experiment"] != run["experiment"] and len(run["experiment"]) == 32
    assert {"python", "numpy", "numba", "matplotlib", "regretlab"} <= set(content["versions"])


class Inner(NamedTuple):
    rate: float


class Outer(NamedTuple):
    inner: Inner
    grid: tuple[float, ...]
    table: Any


def test_hyper_parameters_of_every_kind_become_json():
    plain = _plain(Outer(Inner(math.inf), (1.0, math.nan), np.array([[1, 2]])))
    assert plain["inner"] == {"class": f"{__name__}.Inner", "rate": "inf"}
    assert plain["grid"] == [1.0, "nan"] and plain["table"] == [[1, 2]]
    assert json.loads(dump(plain)) == plain


def test_a_figure_is_made_again_from_its_manifest(drawn, tmp_path, monkeypatch):
    """Whatever its size is today: the sizes and the seed are those of the manifest."""
    resize(monkeypatch, 70, 2)
    redone = anew(drawn / "ucb1.json", folder=tmp_path / "again")
    assert redone.same and redone.changes == ()
    assert set(redone.files) == {"ucb1.svg", "ucb1.csv", "ucb1.drawn.csv"}
    for path in drawn.iterdir():
        assert (tmp_path / "again" / path.name).read_bytes() == path.read_bytes()


def test_a_figure_without_its_tables_is_compared_with_their_checksums(drawn):
    for name in ("ucb1.csv", "ucb1.drawn.csv", "ucb1.svg"):
        (drawn / name).unlink()
    assert anew(drawn / "ucb1.json").same


def test_a_number_edited_in_the_table_is_found(drawn):
    path = drawn / "ucb1.csv"
    path.write_text(path.read_text(encoding="utf-8").replace(",5\n", ",6\n", 1), encoding="utf-8")
    redone = anew(drawn / "ucb1.json")
    assert not redone.same
    assert [name for name, difference in redone.files.items() if difference] == ["ucb1.csv"]
    assert "not the one that the manifest recorded" in redone.files["ucb1.csv"]


def edit(path: Path, change: Callable[[dict[str, Any]], Any]) -> None:
    content = json.loads(path.read_text(encoding="utf-8"))
    change(content)
    path.write_text(json.dumps(content), encoding="utf-8")


def test_other_numbers_are_shown_with_their_line_and_what_changed(drawn):
    edit(drawn / "ucb1.json", lambda content: content.update(seed=4, sources="0" * 20))
    redone = anew(drawn / "ucb1.json")
    assert not redone.same and all(redone.files.values())
    assert "as recorded" in redone.files["ucb1.csv"] and "means 0.9, 0.5" in redone.files["ucb1.csv"]
    assert any(change.startswith("sources: 00000000000000000000 then, ") for change in redone.changes)
    assert "run means 0.9, 0.5, seed: 3 then, 4 now" in redone.changes


def test_another_number_of_runs_is_shown(drawn):
    edit(drawn / "ucb1.json", lambda content: content["runs"][0].update(horizon=1000))
    assert "lines recorded" in anew(drawn / "ucb1.json").files["ucb1.csv"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda c: c.pop("kind"), 'expected an object with "kind": "regretlab-figure"'),
        (lambda c: c.update(version=2), "version is 2; expected 1"),
        (lambda c: c.update(runs={}), "runs is {}; expected a list"),
        (lambda c: c.update(seed=-1), "seed is -1; expected an integer of at least 0"),
        (lambda c: c.update(seed=True), "seed is True; expected an integer"),
        (lambda c: c["runs"][1].pop("label"), r"runs\[1\] has no label"),
        (
            lambda c: c["runs"][1].update(horizon="500"),
            r"runs\[1\]: horizon is '500'; expected an integer of at least 1",
        ),
        (lambda c: c["runs"].pop(), "its runs are .* the figure ucb1 has today"),
        (lambda c: c["files"].update({"../x.png": ""}), "files names '../x.png'; expected names without folders"),
        (lambda c: c["files"].update({"moss.png": ""}), "files names 'moss.png'; expected ucb1 with one of"),
        (lambda c: c["files"].pop("ucb1.csv"), "files lacks ucb1.csv"),
    ],
)
def test_a_bad_manifest_is_refused(drawn, change, said):
    edit(drawn / "ucb1.json", change)
    with pytest.raises(InvalidInput, match=said):
        anew(drawn / "ucb1.json")


def test_bad_requests_to_repeat(drawn, tmp_path):
    with pytest.raises(InvalidInput, match=r"cannot read .*nowhere\.json"):
        anew(tmp_path / "nowhere.json")
    (tmp_path / "text.json").write_text("no JSON", encoding="utf-8")
    with pytest.raises(InvalidInput, match="is no JSON"):
        anew(tmp_path / "text.json")
    with pytest.raises(InvalidInput, match="expected another one"):
        anew(drawn / "ucb1.json", folder=drawn)
    (tmp_path / "taken" / "ucb1.csv").mkdir(parents=True)
    with pytest.raises(InvalidInput, match=r"cannot write .*ucb1\.csv"):
        anew(drawn / "ucb1.json", folder=tmp_path / "taken")
    edit(drawn / "ucb1.json", lambda content: content.update(slug="ucb"))
    with pytest.raises(UnknownName, match="did you mean ucb1"):
        anew(drawn / "ucb1.json")


def command(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> int:
    monkeypatch.setattr(sys, "argv", ["regretlab", *map(str, arguments)])
    with pytest.raises(SystemExit) as end:
        main()
    return int(end.value.code or 0)


def test_from_the_command_line(small, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("REGRETLAB_STORE", str(tmp_path / "store"))
    folder = tmp_path / "out"
    assert command(monkeypatch, "figures", "ucb1", "--out", folder, "--format", "svg", "--seed", 2, "--gallery") == 0
    assert "(ucb1.svg)" in (folder / "gallery.md").read_text(encoding="utf-8")
    assert load(folder / "ucb1.json")["seed"] == 2
    assert command(monkeypatch, "figures", "--redo", folder / "ucb1.json") == 0
    assert "ucb1.csv: the same bytes" in capsys.readouterr().out
    edit(folder / "ucb1.json", lambda content: content.update(seed=1))
    assert command(monkeypatch, "figures", "--redo", folder / "ucb1.json") == 1
    assert "made again" in capsys.readouterr().out
    assert command(monkeypatch, "figures", "ucb1", "--redo", folder / "ucb1.json") == 2
    assert "leave out SLUG" in capsys.readouterr().err


def test_the_gallery_shows_the_figures_of_a_folder(drawn, tmp_path):
    shutil.copy(drawn / "ucb1.json", drawn / "moss.json")
    edit(drawn / "moss.json", lambda content: content.update(title="A_B", caption="x * <b>", files={"a.pdf": ""}))
    page = write_gallery(drawn).read_text(encoding="utf-8")
    assert page.index("## A\\_B") < page.index("## UCB1: regret on two pairs of Bernoulli arms")
    assert "x \\* \\<b\\>" in page and "![UCB1: regret on two pairs of Bernoulli arms](ucb1.svg)" in page
    assert page.count("![") == 1 and "[ucb1.csv](ucb1.csv)" in page
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "machine.json").write_text("{}", encoding="utf-8")  # somebody's model, no manifest
    with pytest.raises(InvalidInput, match="has no manifest of a figure"):
        write_gallery(tmp_path / "empty")


#: Machado, Oliveira and Fernandes 2009, severity 1, on linear RGB: what each kind of colour-vision deficiency sees.
DEFICIENCIES = {
    "none": np.eye(3),
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}


def lab(linear: np.ndarray) -> np.ndarray:
    """CIE 1976 L*a*b* of linear sRGB, white point D65."""
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    x, y, z = np.cbrt(np.clip(to_xyz @ linear, 1e-4, None) / to_xyz.sum(axis=1))
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("kind", DEFICIENCIES)
def test_colours_can_be_told_apart(kind):
    """Any two colours are 10 units of CIELAB apart or more (2 is just noticeable side by side)."""
    rgb = np.array([matplotlib.colors.to_rgb(color) for color in PALETTE])
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    seen = [lab(np.clip(np.asarray(DEFICIENCIES[kind]) @ color, 0.0, 1.0)) for color in linear]
    assert min(np.linalg.norm(a - b) for i, a in enumerate(seen) for b in seen[:i]) > 10.0


def test_the_style_is_the_projects_and_leaves_the_users_alone():
    with matplotlib.rc_context({"font.size": 20, "text.usetex": True}):
        with style():
            assert matplotlib.rcParams["font.size"] == 9 and not matplotlib.rcParams["text.usetex"]
            assert matplotlib.rcParams["pdf.fonttype"] == 42
        assert matplotlib.rcParams["font.size"] == 20
        figure, axes = new_axes("title $x_1$", "x", "y")
        axes.plot([1, 2], [1, 2])
        assert render(figure, "svg", "name", "title").startswith(b"<?xml")
