"""Planning a sweep: the arithmetic of batches and workers, and that it plans exactly what is run."""

from __future__ import annotations

import json
import math
import sys
from dataclasses import replace

import pytest

import regretlab
from figures.gallery import chosen, record, sized
from proofs_check import cli
from proofs_check import record as recording
from proofs_check.check import batches
from proofs_check.claims import ucb1
from proofs_check.plan import MOST, span, totals
from proofs_check.record import Recorder
from proofs_check.store import Store
from theory.errors import InvalidInput, UnknownName

#: A claim whose tests cannot be decided before their limit of 12 runs.
CLAIM = replace(ucb1.CLAIM, cases=tuple(replace(c, max_runs=12) for c in ucb1.CLAIM.cases), rate=None)


@pytest.fixture
def simulated(monkeypatch) -> list[int]:
    """Numbers of replications simulated, call by call."""
    counts: list[int] = []
    honest = recording.simulate
    monkeypatch.setattr(recording, "simulate", lambda *a, **k: counts.append(a[3]) or honest(*a, **k))
    return counts


def test_a_check_looks_after_batches_that_double():
    assert list(batches(400)) == [25, 50, 100, 200, 400]
    assert list(batches(60)) == [25, 50, 60]
    assert list(batches(25)) == [25] and list(batches(10)) == [10]


@pytest.mark.parametrize(
    ("looks", "done", "workers", "rounds"),
    [
        ((25, 50, 100), 0, 1, 100),
        ((25, 50, 100), 0, 8, 4 + 4 + 7),
        ((25, 50, 100), 0, 64, 3),
        ((25, 50, 100), 0, math.inf, 3),
        ((25, 50, 100), 30, 8, 3 + 7),
        ((25, 50, 100), 30, math.inf, 2),
        ((25, 50, 100), 50, 1, 50),
        ((40,), 1, 13, 3),
    ],
)
def test_batches_wait_for_each_other_and_runs_are_whole(looks, done, workers, rounds):
    assert span(looks, done, 3.0, 2.0, workers) == 3.0 + 2.0 * rounds


@pytest.mark.parametrize("done", [25, 30, 1_000])
def test_what_is_stored_takes_no_time(done):
    assert span((25,), done, 3.0, 2.0, 1) == 0.0


def test_it_plans_what_a_check_runs_and_its_pilot_is_not_repeated(tmp_path, simulated):
    before = regretlab.plan(CLAIM, workers=(1, 4), store=tmp_path)
    cases = [case for case in CLAIM.cases if not case.full_only]
    assert list(before["part"]) == [case.id for case in cases] and set(before["runs"]) == {12}
    assert sum(simulated) == before["done"].sum() and before["done"].between(1, 1 + MOST).all()
    assert (before["latest_1"] >= before["latest_4"]).all() and (before["latest_4"] >= before["latest_inf"]).all()
    assert (before["earliest_1"] <= before["latest_1"]).all() and (before["latest_inf"] > 0).all()
    regretlab.check(CLAIM, store=tmp_path, workers=1)
    assert sum(simulated) == 12 * len(cases)
    after = regretlab.plan(CLAIM, workers=(1, 4), store=tmp_path)
    assert sum(simulated) == 12 * len(cases), "nothing is left for a pilot"
    assert set(after["done"]) == {12} and after.filter(regex="^(earliest|latest)_").to_numpy().sum() == 0.0


def test_the_full_size_and_the_rate_layer(tmp_path):
    rate = replace(ucb1.CLAIM.rate, n_runs=2, grid=(16, 32))
    claim = replace(CLAIM, rate=rate)
    table = regretlab.plan(claim, full=True, workers=(1,), store=tmp_path)
    assert len(table) == len(CLAIM.cases) + 1 and list(table["runs"]) == [48] * len(CLAIM.cases) + [8]
    swept = replace(CLAIM, cases=(), rate=replace(rate, prefix=False))
    assert list(regretlab.plan(swept, store=tmp_path)["horizon"]) == [16, 32]


def test_it_plans_what_the_figures_run(tmp_path):
    (module,) = chosen(["etc"]).values()
    runs = sized(module.EXPERIMENT.runs, False)[:2]
    record("etc", runs, Recorder(Store(tmp_path)), seed=4)
    table = regretlab.plan("etc", figures=True, seed=4, store=tmp_path)
    assert list(table["part"]) == [run.label for run in module.EXPERIMENT.runs]
    assert (table["done"][:2] == table["runs"][:2]).all() and (table["done"][2:] < table["runs"][2:]).all()
    assert (table["earliest_8"] <= table["latest_8"]).all()


def test_totals(tmp_path):
    table = regretlab.plan(CLAIM, workers=(1, 2), store=tmp_path)
    sums = totals(table)
    assert list(sums["workers"]) == [1.0, 2.0, math.inf]
    assert list(sums["latest"]) == [table[f"latest_{n}"].sum() for n in ("1", "2", "inf")]
    assert sums["efficiency"][0] == 1.0 and sums["efficiency"][1] == pytest.approx(
        table["latest_1"].sum() / (2 * table["latest_2"].sum())
    )
    assert totals(regretlab.plan(CLAIM, workers=(2,), store=tmp_path))["efficiency"].isna().all()


def test_the_command(tmp_path, monkeypatch, capsys):
    def command(*arguments: str) -> str:
        monkeypatch.setattr(sys, "argv", ["regretlab", "plan", *arguments, "--store", str(tmp_path)])
        with pytest.raises(SystemExit) as end:
            cli.main()
        shown = capsys.readouterr()
        assert (end.value.code or 0) == (2 if shown.err else 0)
        return shown.out + shown.err

    content = json.loads(command("ucb1", "--workers", "1,3", "--json"))
    assert {part["slug"] for part in content["parts"]} == {"ucb1"}
    assert [row["workers"] for row in content["totals"]] == [1, 3, None]
    text = command("ucb1", "--workers", "1,3")
    assert "largest indivisible piece: one run of ucb1" in text and "latest: no test stops before its limit" in text
    assert "--workers is '1,x'; expected whole numbers" in command("ucb1", "--workers", "1,x")
    assert "workers is 0; expected at least 1" in command("ucb1", "--workers", "0")
    assert "did you mean ucb1" in command("ucb11")


def test_bad_input_is_refused_before_anything_runs(tmp_path, simulated):
    with pytest.raises(InvalidInput, match="workers is -1"):
        regretlab.plan("ucb1", workers=(2, -1), store=tmp_path)
    with pytest.raises(UnknownName, match="unknown figure 'etcc'"):
        regretlab.plan("etcc", figures=True, store=tmp_path)
    assert not simulated
