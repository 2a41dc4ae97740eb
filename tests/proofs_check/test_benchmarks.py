"""The benchmarks: C loops and compiled loops give the same results, and the command runs. Nothing is timed here."""

from __future__ import annotations

import dataclasses
import io

import numpy as np
import pytest
from rich.console import Console
from typer.testing import CliRunner

from proofs_check import benchmarking
from proofs_check.cli import app
from theory.errors import InvalidInput

SMALL = {f"{work.name}, {work.size}": work for work in benchmarking.all_work(quick=True)}


@pytest.fixture(scope="module")
def library():
    try:
        return benchmarking.build()
    except benchmarking.NoCompiler as error:
        pytest.skip(str(error))


@pytest.mark.parametrize("name", SMALL)
def test_c_and_python_agree(name, library):
    work = SMALL[name]
    ours, theirs = work.ours(), work.c(library)
    assert benchmarking.differences(ours, theirs, work.tolerance) == []
    key = next(iter(ours))
    spoiled = {**theirs, key: theirs[key] + 1e-3}
    assert benchmarking.differences(ours, spoiled, work.tolerance) == [key]


def test_sequential_generator_gives_other_numbers(library):
    work = next(work for work in SMALL.values() if work.sequential)
    assert benchmarking.differences(work.ours(), work.c(benchmarking.build("XOSHIRO")), 0.0) != []


def test_disagreement_is_not_timed(library):
    work = SMALL["UCB1, K = 2"]
    wrong = dataclasses.replace(work, ours=lambda: {**work.ours(), "regret": np.zeros_like(work.ours()["regret"])})
    with pytest.raises(AssertionError, match="disagrees in regret"):
        benchmarking.compare_with_c(wrong, library, library, 1)


def test_command_prints_and_writes_the_ratios(tmp_path, library):
    target = tmp_path / "table.md"
    result = CliRunner().invoke(app, ["bench", "--quick", "--out", str(target)])
    assert result.exit_code == 0, result.output
    text = target.read_text(encoding="utf-8")
    for work in SMALL.values():
        assert f"| {work.name} | {work.size.replace('|', chr(92) + '|')} |" in text
    assert "Other libraries" not in text


def test_without_a_compiler(monkeypatch):
    monkeypatch.setattr(benchmarking.shutil, "which", lambda name: None)
    console = Console(file=io.StringIO(), width=200)
    benchmarking.run_benchmarks(quick=True, output=None, console=console)
    assert "No comparison with C: no C compiler found" in console.file.getvalue()


def test_output_folder_must_exist(tmp_path):
    with pytest.raises(InvalidInput, match="does not exist"):
        benchmarking.run_benchmarks(quick=True, output=tmp_path / "no" / "table.md", console=Console(quiet=True))


def test_adapters_name_known_jobs(tmp_path):
    jobs = {job.name for job in benchmarking.peer_jobs(tmp_path)}
    found = benchmarking.peers()
    assert len(found) == len(list((benchmarking.SOURCES / "peers").glob("*_adapter.py"))) > 5
    for peer in found:
        assert peer.requires and set(peer.jobs) <= jobs
