"""The console command, as a user types it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def regretlab(tmp_path):
    def run(*arguments: str, code: int | None = 0, **options) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "REGRETLAB_STORE": str(tmp_path / "store")}
        result = subprocess.run(
            [sys.executable, "-m", "proofs_check.cli", *arguments],
            cwd=tmp_path, env=environment, capture_output=True, text=True, **options,
        )  # fmt: skip
        assert code is None or result.returncode == code, result.stdout + result.stderr
        return result

    return run


def test_list_and_show(regretlab):
    assert "ucb1" in regretlab("list").stdout
    assert {row["slug"] for row in json.loads(regretlab("list", "--json").stdout)} >= {"ucb1"}
    shown = regretlab("show", "ucb1").stdout
    for part in ("Theorem", "requires that rewards lie in [0, 1]", "good-event", "Planted faults", "Theorem 1"):
        assert part in shown


def test_check_writes_verdicts_report_and_json(regretlab, tmp_path):
    result = regretlab("check", "ucb1", "--quick", "--seed", "7", "--report", "r.html", "--json", "v.json")
    assert "verified" in result.stdout
    content = json.loads((tmp_path / "v.json").read_text())
    assert {v["verdict"] for v in content["verdicts"]} == {"verified"} and content["options"]["seed"] == 7
    assert all(v["seed"] == 7 for v in content["verdicts"])
    html = (tmp_path / "r.html").read_text()
    for part in ("data:image/svg+xml,", "Proof steps", "Planted faults", "ucb1/regret", "numba", "--seed 7"):
        assert part in html
    for outside in ("http://", "https://", "<script", "<link"):
        assert outside not in html, "the report must open without a network"


def test_same_seed_same_numbers_whatever_the_workers(regretlab, tmp_path):
    for workers in ("1", "2"):
        regretlab("check", "ucb1", "--workers", workers, "--store", f"s{workers}", "--json", f"{workers}.json")
    one, two = (json.loads((tmp_path / f"{w}.json").read_text())["verdicts"] for w in ("1", "2"))
    assert one == two


def test_check_on_supplied_files(regretlab, tmp_path):
    (tmp_path / "arms.csv").write_text("arm,mean\na,0.8\nb,0.3\n")
    assert "user" in regretlab("check", "ucb1", "--bandit", "arms.csv", "--rounds", "2000", code=None).stdout


def test_sabotage_command(regretlab):
    result = regretlab("check", "ucb1", "--sabotage")
    assert "planted faults caught" in result.stdout and "MISSED" not in result.stdout


def _bad_model(tmp_path: Path, transitions, rewards=None) -> str:
    p = np.asarray(transitions, dtype=float)
    np.savez(tmp_path / "m.npz", transitions=p, rewards=np.zeros(p.shape[:2]) if rewards is None else rewards)
    return "m.npz"


GOOD = np.full((2, 1, 2), 0.5)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["check", "ucbb1"], ["'ucbb1'", "did you mean ucb1"]),
        (["show", "klucb"], ["'klucb'", "kl-ucb"]),
        (["figures", "nothing-like-it"], ["'nothing-like-it'"]),
        (["check", "ucb1", "--quick", "--full"], ["exclude each other"]),
        (["check", "--mdp", "absent.npz"], ["absent.npz", "no such file"]),
        (["check", "--bandit", "absent.csv"], ["absent.csv", "no such file"]),
        (["check", "--mdp", "a.npz", "--env", "Taxi-v3"], ["exclude each other"]),
        (["check", "--env", "FrozenLak-v1"], ["FrozenLak-v1", "FrozenLake-v1"]),
        (["check", "--env", "CartPole-v1"], ["CartPole-v1"]),
        (["check", "ucb1", "--env", "FrozenLake-v1"], ["ucb1 is about stochastic bandits"]),
        (["check", "ucb1", "--budget", "-3"], ["budget is -3"]),
        (["check", "ucb1", "--workers", "0"], ["workers is 0"]),
        (["check", "ucb1", "--seed", "-1"], ["seed is -1"]),
        (["check", "ucb1", "--report", "nowhere/r.html"], ["nowhere", "does not exist"]),
        (["check", "--env", "FrozenLake-v1", "--rounds", "0"], ["horizon is 0"]),
        (["check", "--env", "FrozenLake-v1", "--horizon", "0"], ["horizon is 0"]),
        (["figures", "ucb1", "--format", "bmp"], ["'bmp'", "png"]),
    ],
)
def test_bad_usage_is_one_clear_message(regretlab, arguments, expected):
    result = regretlab(*arguments, code=2)
    assert result.stderr.startswith("error: ") and "Traceback" not in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1
    for part in expected:
        assert part in result.stderr


@pytest.mark.parametrize(
    ("transitions", "rewards", "expected"),
    [
        ([[[0.5, 0.4]], [[0.5, 0.5]]], None, "transition row 0 (state 0, action 0) sums to 0.9; expected 1"),
        ([[[1.5, -0.5]], [[0.5, 0.5]]], None, "-0.5; expected a finite number >= 0"),
        ([[[np.nan, 1.0]], [[0.5, 0.5]]], None, "is nan; expected a finite number"),
        (np.full((2, 1, 3), 1 / 3), None, "expected (S, A, S)"),
        (np.zeros((2, 0, 2)), None, "at least one"),
        (GOOD, [[np.inf], [0.0]], "reward of state 0, action 0 is inf; expected a finite number"),
        (GOOD, [[0.0], [3.0]], "requires that rewards lie in [0, 1]: they reach up to 3"),
        (GOOD, [[0.0, 0.0]], "rewards have shape"),
    ],
)
def test_bad_models_are_refused_before_anything_runs(regretlab, tmp_path, transitions, rewards, expected):
    model = _bad_model(tmp_path, transitions, rewards)
    result = regretlab("check", "ucbvi-ch", "--mdp", model, "--horizon", "3", code=2)
    assert expected in result.stderr and "Traceback" not in result.stderr


def test_a_file_that_is_no_model(regretlab, tmp_path):
    (tmp_path / "m.npz").write_bytes(b"no zip")
    assert "m.npz" in regretlab("check", "--mdp", "m.npz", code=2).stderr


def test_interrupt_keeps_what_is_done_and_resumes(regretlab, tmp_path):
    environment = {**os.environ, "REGRETLAB_STORE": str(tmp_path / "store")}
    process = subprocess.Popen(
        [sys.executable, "-m", "proofs_check.cli", "check", "ucb1", "--full", "--seed", "3"],
        cwd=tmp_path, env=environment, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    deadline = time.monotonic() + 120
    while not list(tmp_path.glob("store/*/*/runs-*.parquet")) and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    stdout, _ = process.communicate(timeout=120)
    if process.returncode == 3:
        assert "the same command resumes" in stdout
    kept = {p: p.stat().st_mtime_ns for p in tmp_path.glob("store/*/*/runs-*.parquet")}
    assert kept
    regretlab("check", "ucb1", "--full", "--seed", "3")
    assert all(p.stat().st_mtime_ns == stamp for p, stamp in kept.items())
