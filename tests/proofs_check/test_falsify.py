"""The falsifier refutes planted wrong theorems, does not refute true ones, and replays what it found."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import proofs_check.falsify as module
from bandits.algorithms.ucb1 import UCB1
from bandits.instances.bernoulli import bernoulli
from kernels.engine import simulate
from mdps.instances.random import random_mdp
from mdps.loops import Episodes
from proofs_check.api import recorder
from proofs_check.catalogue import claims
from proofs_check.claim import Case, Claim
from proofs_check.cli import main
from proofs_check.falsify import Falsification, falsify
from proofs_check.replay import read_replay, replay
from theory.errors import InvalidInput, UnknownName
from theory.theorem import Hypothesis

ROOT = Path(__file__).resolve().parents[2]
UCB = claims()["ucb1"]


@pytest.fixture
def using(tmp_path):
    return recorder(1, tmp_path / "store")


def planted(change, slug: str = "planted") -> Claim:
    """UCB1's claim on short runs of a few arms with its bound changed: ``change(bound values, T, instance)``."""
    bound = UCB.bounds[0]
    wrong = replace(
        bound.theorem, id=f"{slug}/regret",
        bound=lambda instance, params, horizons: change(
            bound.theorem.bound(instance, params, horizons), horizons, instance
        ),
    )  # fmt: skip
    cases = (Case("two", lambda: bernoulli(0.6, 0.5), 2000),)
    return replace(UCB, slug=slug, bounds=(replace(bound, theorem=wrong),), cases=cases, rate=None)


def test_a_bound_divided_by_a_constant_is_refuted_and_replays(using, tmp_path):
    claim = planted(lambda values, horizons, instance: values / 30.0)
    found = falsify(claim, budget=60.0, tries=60, seed=3, using=using)
    assert found.verdict == "refuted" and found.exit_code == 1 and found.ratio > 1.0
    assert found.tried + found.refused <= 60
    (row,) = found.verdicts.query("layer == 'bound'").to_dict("records")
    assert row["verdict"] == "refuted" and row["seed"] == 4 and row["tightness"] > 1.0
    paths = found.save(tmp_path / "out", ("png", "svg"))
    assert [p.suffix for p in paths] == [".json", ".png", ".svg"] and all(p.stat().st_size > 100 for p in paths)
    replayed = replay(paths[0], claim)
    assert replayed.same and replayed.exit_code == 1 and replayed.recorded.ratio == found.retests[0].ratio
    np.testing.assert_array_equal(replayed.recorded.instance.means, found.instance.means)
    np.testing.assert_array_equal(replayed.verdicts["estimate"], found.verdicts["estimate"])
    (command,) = found.commands(tmp_path / "out")
    assert command == f"regretlab.replay({str(paths[0])!r}, claim=claim).verdicts"


def test_a_dropped_logarithm_is_refuted(using):
    claim = planted(
        lambda values, horizons, instance: (
            values - 8.0 * (np.log(horizons) - 1.0) * (1.0 / instance.gaps[instance.gaps > 0.0]).sum()
        )
    )
    assert falsify(claim, budget=60.0, tries=80, using=using).verdict == "refuted"


@pytest.mark.parametrize("slug", ["exp3", "oful"])
@pytest.mark.parametrize(("divisor", "verdict"), [(1.0, "not refuted"), (8.0, "refuted")])
def test_adversarial_and_linear_bounds_are_refuted_if_divided_and_not_as_they_are(slug, divisor, verdict, using):
    own = claims()[slug]
    bound = own.bounds[0]
    theorem = replace(bound.theorem, bound=lambda *given: bound.theorem.bound(*given) / divisor)
    claim = replace(own, slug="planted", bounds=(replace(bound, theorem=theorem),), cases=own.cases[:1], rate=None)
    found = falsify(claim, budget=300.0, tries=12, rounds=500, using=using)
    assert found.verdict == verdict and (found.ratio > 1.0) == (divisor > 1.0)


@pytest.mark.parametrize(("c", "broken"), [(1.0, set()), (0.0, {"step optimism", "step upper"})])
def test_a_broken_step_of_an_episodic_proof_is_found_and_comes_back(c, broken, using, tmp_path):
    """Q-learning without its bonus; its bound is vacuous in so few episodes."""
    own = claims()["q-learning-hoeffding"]
    bound = replace(own.bounds[0], theorem=replace(own.bounds[0].theorem, hypotheses=()))
    small = Case("small", lambda: Episodes(random_mdp(2, 2, horizon=2, seed=1)), 60, max_runs=25)
    claim = replace(
        own, slug="planted", bounds=(bound,), cases=(small,), rate=None,
        algorithm=lambda instance, horizon: own.algorithm(instance, horizon)._replace(c=c),
    )  # fmt: skip
    found = falsify(claim, budget=300.0, tries=8, using=using)
    assert {retest.found.what for retest in found.retests} == {"ratio", *broken}
    assert found.verdict == ("refuted" if broken else "not refuted")
    for path in found.save(tmp_path, ()):
        assert replay(path, claim).same


def test_the_true_theorem_is_not_refuted_and_the_search_is_repeatable(using):
    claim = planted(lambda values, horizons, instance: values)
    first, second = (falsify(claim, budget=60.0, tries=50, using=using) for _ in range(2))
    assert first.verdict == "not refuted" and first.exit_code == 0
    assert 0.0 < first.ratio < 1.0
    assert first.instance.means.tolist() == second.instance.means.tolist() and first.ratio == second.ratio
    assert set(first.summary.columns) >= {"found", "instance", "in_search", "retested", "refuted"}


def test_the_search_finds_more_than_its_first_instances(using):
    claim = planted(lambda values, horizons, instance: values)
    few, many = (falsify(claim, budget=60.0, tries=n, using=using).ratio for n in (3, 60))
    assert many > few


def test_the_maximum_of_noise_is_not_reported(monkeypatch, using):
    """One instance whose mean regret lies 2 % below its bound, searched with a seed that puts it above by luck."""
    instance = bernoulli(0.6, 0.5)
    level = 1.02 * simulate(UCB1(), instance, 2000, 4000, seed=99).regret[:, -1].mean()
    lucky = planted(lambda values, horizons, instance: np.full(horizons.shape, level))
    only = module.Space("one instance", (1,), lambda x: instance)
    monkeypatch.setattr(module, "spaces", lambda claim, horizon: (only,))
    seed = next(s for s in range(100) if simulate(UCB1(), instance, 2000, 20, seed=s).regret[:, -1].mean() > level)
    found = falsify(lucky, budget=60.0, tries=2, seed=seed, using=using)
    assert found.ratio > 1.0 and not found.refuted


def test_a_broken_step_is_found_and_shown_on_its_own_seed(using, tmp_path):
    narrow = replace(planted(lambda values, horizons, instance: values), algorithm=lambda i, h: UCB1(0.5))
    theorem = replace(narrow.bounds[0].theorem, hypotheses=())
    found = falsify(
        replace(narrow, bounds=(replace(narrow.bounds[0], theorem=theorem),)), budget=60.0, tries=10, using=using
    )
    assert found.verdict == "refuted"
    steps = [retest for retest in found.retests if retest.found.what == "step rule"]
    assert steps and all(retest.seed == 0 for retest in steps)
    for retest in steps:
        assert "rule" in retest.verdicts.query("verdict == 'refuted'")["id"].tolist()
    assert "a step broke" in found.lines()[-1]
    assert (tmp_path / "o" / "planted-step-rule.json") in found.save(tmp_path / "o")


def test_models_are_searched_and_kept(using, tmp_path):
    ucbvi = claims()["ucbvi-ch"]
    small = Case("small", lambda: Episodes(random_mdp(2, 2, horizon=2, seed=1)), 50, max_runs=25)
    found = falsify(replace(ucbvi, slug="small", cases=(small,), rate=None), budget=60.0, tries=12, using=using)
    assert found.verdict == "not refuted" and found.ratio == 0.0  # vacuous at this horizon
    kept = read_replay(found.save(tmp_path)[0]).instance.mdp
    np.testing.assert_array_equal(kept.probabilities, found.instance.mdp.probabilities)
    np.testing.assert_array_equal(kept.rewards, found.instance.mdp.rewards)
    assert kept.horizon == 2


def test_interrupting_keeps_the_best_so_far(using):
    def tick(n: int) -> None:
        raise KeyboardInterrupt

    claim = planted(lambda values, horizons, instance: values)
    found = falsify(claim, budget=60.0, tries=50, using=using, tick=tick)
    assert isinstance(found, Falsification) and found.interrupted and found.tried == 1
    assert "stopped by the user" in found.lines()[0] and len(found.verdicts)


def test_interrupting_before_the_first_instance_passes_on(using):
    def announce(what: str, total: int) -> None:
        if "searching" in what:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        falsify(planted(lambda values, horizons, instance: values), using=using, announce=announce)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"budget": 0.0}, "budget is 0.0"),
        ({"budget": math.nan}, "budget is nan"),
        ({"seed": -1}, "seed is -1"),
        ({"tries": 0}, "tries is 0"),
        ({"rounds": 0}, "rounds is 0"),
        ({"algorithm": "a.py:A", "using": SimpleNamespace(cluster="tcp://host:8786")}, "leave out the cluster"),
        ({"algorithm": "a.py:A"}, "a.py: no such file"),
    ],
)
def test_bad_input(arguments, message):
    with pytest.raises(InvalidInput, match=message):
        falsify(**({"claim": "ucb1"} | arguments))


def test_unknown_slug_and_format(using, tmp_path):
    with pytest.raises(UnknownName, match="ucb1"):
        falsify("ucb11")
    found = falsify(planted(lambda values, horizons, instance: values), budget=60.0, tries=2, using=using)
    with pytest.raises(InvalidInput, match="gif"):
        found.save(tmp_path, ("gif",))
    (tmp_path / "file").write_text("")
    with pytest.raises(InvalidInput, match="cannot write"):
        found.save(tmp_path / "file")


def test_hypotheses_that_nothing_meets_are_reported(using):
    claim = planted(lambda values, horizons, instance: values)
    never = Hypothesis("the moon is green", lambda instance, params, horizon: "it is not")
    theorem = replace(claim.bounds[0].theorem, hypotheses=(never,))
    with pytest.raises(InvalidInput, match=r"no instance within the hypotheses found in \d+ tries.*the moon is green"):
        falsify(replace(claim, bounds=(replace(claim.bounds[0], theorem=theorem),)), tries=10, using=using)


def test_the_command_and_its_replay(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("REGRETLAB_STORE", str(tmp_path / "store"))
    monkeypatch.chdir(tmp_path)
    result = subprocess.run(
        [sys.executable, "-m", "proofs_check.cli", "falsify", "ucb1", "--tries", "20", "--rounds", "1000"],
        cwd=tmp_path, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert result.returncode == 0, result.stdout + result.stderr
    assert sorted(p.name for p in (tmp_path / "falsify-out").iterdir()) == ["ucb1-ratio.json", "ucb1-ratio.png"]
    assert not (tmp_path / ".hypothesis").exists()

    def run(line: str) -> int:
        monkeypatch.setattr(sys, "argv", line.split())
        with pytest.raises(SystemExit) as end:
            main()
        return int(end.value.code or 0)

    replay = next(line for line in result.stdout.splitlines() if line.startswith("replay: "))
    assert run(replay.removeprefix("replay: ") + " --json v.json") == 0
    (bound,) = (v for v in json.loads(Path("v.json").read_text())["verdicts"] if v["layer"] == "bound")
    assert f"{bound['tightness']:.4g} on {bound['n_runs']} fresh runs" in result.stdout
    capsys.readouterr()
    assert run("regretlab falsify ucb1 --budget 0") == 2 and "budget is 0" in capsys.readouterr().err
    assert run("regretlab falsify ucb1 --out v.json") == 2 and "it is a file" in capsys.readouterr().err
