"""Replay files repeat what was found, bit for bit; edited, damaged and foreign ones are refused with the reason."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import regretlab
from bandits.instances.bernoulli import bernoulli
from proofs_check.api import check
from proofs_check.catalogue import claims
from proofs_check.cli import main
from proofs_check.replay import Recorded, read_replay, record, replay, write_replay
from theory.errors import DamagedFile, InvalidInput, UnknownName

UCB = claims()["ucb1"]
PAIR = bernoulli(0.9, 1 / 3)

#: UCB1 in plain Python with a bonus that is too small.
PLUGIN = """
import math
from typing import NamedTuple

import numpy as np


class Narrow(NamedTuple):
    scale: float = 0.5


class State(NamedTuple):
    count: np.ndarray
    total: np.ndarray


def allocate(params, problem):
    return State(np.zeros(problem.n_arms), np.zeros(problem.n_arms))


def init(params, state):
    state.count[:] = 0.0
    state.total[:] = 0.0


def act(params, state, t, rng):
    best, largest = 0, -1.0
    for i in range(state.count.shape[0]):
        if state.count[i] == 0.0:
            return i
        index = state.total[i] / state.count[i] + math.sqrt(params.scale * math.log(t - 1) / state.count[i])
        if index > largest:
            best, largest = i, index
    return best


def observe(params, state, t, arm, reward):
    state.count[arm] += 1.0
    state.total[arm] += reward
"""


def recorded_of(algorithm=None, found: str = "ratio") -> Recorded:
    """Thirty runs of UCB1 (or of a user's algorithm), as the falsifier records them."""
    report = check(
        [UCB], instance=PAIR, horizon=200, seed=7, max_runs=30, algorithm=algorithm, using=regretlab.recorder(1)
    )
    return record(UCB, algorithm, found, 0.25, PAIR, 200, 7, report)


@pytest.fixture(autouse=True)
def own_store(tmp_path, monkeypatch):
    monkeypatch.setenv("REGRETLAB_STORE", str(tmp_path / "store"))


@pytest.fixture(scope="module")
def content(tmp_path_factory):
    """The text of a replay file."""
    path = tmp_path_factory.mktemp("replay") / "r.json"
    write_replay(recorded_of(), path)
    return path.read_text()


def saved(folder: Path, text: str) -> Path:
    (folder / "r.json").write_text(text)
    return folder / "r.json"


def test_a_file_holds_what_was_recorded(content, tmp_path):
    again, before = read_replay(saved(tmp_path, content)), recorded_of()
    np.testing.assert_array_equal(again.instance.means, PAIR.means)
    assert str(replace(again, instance=None)) == str(replace(before, instance=None))
    assert again.n_runs == 30 and 0.0 < again.ratio < 1.0
    assert len(content.splitlines()) == len(json.loads(content)) + 2


def test_a_replay_comes_back_bit_for_bit(content, tmp_path):
    again = replay(saved(tmp_path, content), workers=2)
    assert again.same and again.exit_code == again.report.exit_code
    assert "came back bit for bit" in again.lines()[0]
    assert not list((tmp_path / "store").rglob("*.parquet"))  # nothing was read, nothing is kept


def test_another_number_is_named_and_so_is_changed_code(tmp_path):
    honest = recorded_of()
    rows = [row | {"estimate": row["estimate"] + 1.0} if row["layer"] == "bound" else row for row in honest.rows]
    path = tmp_path / "r.json"
    write_replay(replace(honest, rows=rows, ratio=0.5, sources="another"), path)
    again = replay(path)
    assert not again.same and again.exit_code == 1
    assert "did NOT come back" in again.lines()[0]
    estimate, ratio, sources = again.differences
    assert estimate.startswith("bound ucb1/regret: estimate was ") and ratio.startswith("measured / bound was 0.5")
    assert sources == "the sources of ucb1 have changed since the file was written"


def test_statements_that_came_or_went_are_named(tmp_path):
    honest = recorded_of()
    rows = [row | {"id": "gone"} if row["id"] == "rule" else row for row in honest.rows]
    write_replay(replace(honest, rows=rows), tmp_path / "r.json")
    texts = replay(tmp_path / "r.json").differences
    assert texts == ("step gone: there is no such statement now", "step rule: was not recorded")


def test_a_users_algorithm_is_replayed_from_its_own_file(tmp_path):
    (tmp_path / "narrow.py").write_text(PLUGIN)
    spec = f"{tmp_path / 'narrow.py'}:Narrow"
    write_replay(recorded_of(spec, "step rule"), tmp_path / "r.json")
    again = replay(tmp_path / "r.json")
    assert again.same and again.exit_code == 1
    assert again.verdicts.set_index("id").verdict["rule"] == "refuted"
    (tmp_path / "narrow.py").write_text(PLUGIN.replace("0.5", "0.3"))
    changed = replay(tmp_path / "r.json")
    assert changed.differences[-1] == f"{tmp_path / 'narrow.py'} has changed since the file was written"
    (tmp_path / "narrow.py").unlink()
    with pytest.raises(InvalidInput, match="no such file"):
        replay(tmp_path / "r.json")


def test_the_falsifier_takes_a_users_algorithm(tmp_path):
    (tmp_path / "narrow.py").write_text(PLUGIN)
    result = regretlab.falsify(
        "ucb1", algorithm=f"{tmp_path / 'narrow.py'}:Narrow", budget=300.0, tries=6, rounds=300,
        using=regretlab.recorder(1),
    )  # fmt: skip
    assert result.verdict == "refuted" and result.lines()[-1].startswith("Narrow like ucb1: refuted")
    found = [r.found.what for r in result.retests]
    assert "step rule" in found
    files = [path for path in result.save(tmp_path / "out") if path.suffix == ".json"]
    assert replay(files[found.index("step rule")]).same


def edited(text: str, **changes: object) -> str:
    return json.dumps({**json.loads(text), **changes})


REFUSED = [
    ("{", DamagedFile, "r.json: not readable as JSON"),
    ("[1]", DamagedFile, "r.json: not a replay file"),
    ('{"format": "regretlab-mdp"}', DamagedFile, "r.json: not a replay file"),
    ({"version": 2}, InvalidInput, "version is 2; expected 1"),
    ({"seed": 8}, DamagedFile, "does not match its checksum"),
    ({"seed": "8"}, DamagedFile, "seed is missing or of another kind"),
    ({"verdicts": [1]}, DamagedFile, "does not match its checksum"),
    ({"instance": {}}, DamagedFile, "does not match its checksum"),
]


@pytest.mark.parametrize(("change", "kind", "expected"), REFUSED)
def test_damaged_and_foreign_files_are_refused(change, kind, expected, content, tmp_path):
    path = saved(tmp_path, change if isinstance(change, str) else edited(content, **change))
    with pytest.raises(kind, match=expected):
        replay(path)


def test_a_file_that_is_cut_or_not_text(content, tmp_path):
    with pytest.raises(DamagedFile, match="not readable as JSON"):
        replay(saved(tmp_path, content[: len(content) // 2]))
    (tmp_path / "r.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DamagedFile, match="not readable as JSON"):
        replay(tmp_path / "r.json")
    with pytest.raises(InvalidInput, match="no such file"):
        replay(tmp_path / "absent.json")


def test_other_claims(tmp_path):
    write_replay(replace(recorded_of(), slug="ucb11"), tmp_path / "r.json")
    with pytest.raises(UnknownName, match="did you mean ucb1"):
        replay(tmp_path / "r.json")
    with pytest.raises(InvalidInput, match="the claim is ucb11; expected ucb1"):
        replay(tmp_path / "r.json", UCB)


def test_no_runs_at_all(tmp_path):
    write_replay(replace(recorded_of(), n_runs=0), tmp_path / "r.json")
    with pytest.raises(InvalidInput, match="ended before its first run"):
        replay(tmp_path / "r.json")


def test_an_instance_that_nothing_can_run_on(tmp_path):
    part = regretlab.claims()["lsvi-ucb"].cases[0].build().mdp
    write_replay(replace(recorded_of(), instance=part), tmp_path / "r.json")
    with pytest.raises(InvalidInput, match="instance is MDP, which nothing can run on"):
        replay(tmp_path / "r.json")
    with pytest.raises(InvalidInput, match="object cannot be written"):
        write_replay(replace(recorded_of(), instance=object()), tmp_path / "r.json")
    with pytest.raises(InvalidInput, match="cannot write"):
        write_replay(recorded_of(), tmp_path / "no" / "r.json")


def test_at_the_console(content, tmp_path, monkeypatch, capsys):
    path = saved(tmp_path, content)

    def run(*arguments: str) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["regretlab", "check", *arguments])
        with pytest.raises(SystemExit) as end:
            main()
        shown = capsys.readouterr()
        return int(end.value.code or 0), " ".join((shown.out + shown.err).split())

    code, shown = run("--replay", str(path), "--json", str(tmp_path / "v.json"))
    assert code == replay(path).exit_code and "verdicts came back bit for bit" in shown
    assert json.loads((tmp_path / "v.json").read_text())["options"]["slugs"] == ["ucb1"]
    code, shown = run("ucb1", "--replay", str(path))
    assert code == 2 and "expected no claims and no options" in shown
    saved(tmp_path, edited(content, seed=8))
    code, shown = run("--replay", str(path))
    assert code == 2 and "edited after it was written" in shown
