"""Submissions held against the proof of a claim: the watch of the claim says which step breaks, and where."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from bandits.algorithms.ucb1 import UCB1
from bandits.instances.bernoulli import bernoulli
from mdps.instances import named_instance
from mdps.loops import Episodes
from proofs_check.course import Broken, Check, Submission
from proofs_check.grader.held import held_against
from proofs_check.grader.judge import mark
from proofs_check.grader.source import Source
from regretlab import InvalidInput, UnknownName, simulate

INSTANCE = bernoulli(0.8, 0.5, 0.3)
MINE = '''\
import math
from typing import NamedTuple

import numpy as np


class Mine(NamedTuple):
    width: float = 2.0


class State(NamedTuple):
    pulls: np.ndarray
    mean: np.ndarray
    inverse_root: np.ndarray


def allocate(params, problem):
    return State(np.zeros(problem.n_arms), np.zeros(problem.n_arms), np.zeros(problem.n_arms))


def init(params, state):
    state.pulls[:] = 0
    state.mean[:] = 0


def act(params, state, t, rng):
    if t <= len(state.pulls):
        return t - 1
    return int(np.argmax(state.mean + np.sqrt(params.width * math.log(t - 1) / state.pulls)))


def observe(params, state, t, arm, reward):
    state.pulls[arm] += 1
    state.mean[arm] += (reward - state.mean[arm]) / state.pulls[arm]
    state.inverse_root[arm] = 1 / math.sqrt(state.pulls[arm])
'''  # fmt: skip


def held(*edits: tuple[str, str], horizon: int = 150, n_runs: int = 2, **params: Any):
    """The mark of the algorithm above with a student's mistakes."""
    text = MINE
    for right, wrong in edits:
        assert text.count(right) == 1, right
        text = text.replace(right, wrong)

    def check_proof(submission: Submission, seed: int) -> None:
        held_against(submission, "Mine", "ucb1", INSTANCE, horizon=horizon, n_runs=n_runs, seed=seed, **params)

    return mark(Check("proof", "the proof", 2, "hint", check_proof, seconds=60.0), Source("mine.py", text), 0)[0]


def test_the_algorithm_of_the_claim_keeps_every_step():
    assert held().passed


@pytest.mark.parametrize(
    ("edit", "statement", "where"),
    [
        (("math.log(t - 1)", "math.log10(t - 1)"), "<= that of the arm played after n plays", "run 0, round "),
        (("(reward - ", "0.9 * (reward - "), "<= that of the arm played after n plays", "run 0, round "),
        (("    state.pulls[:] = 0\n", ""), "<= that of the arm played after n plays", "run 1, round "),
        (("1 / math.sqrt(state.pulls[arm])", "1 / state.pulls[arm]"), "mu* <= the algorithm's own index", ", arm 0"),
    ],
)
def test_the_first_broken_step_is_named(edit, statement, where):
    found = held(edit)
    assert found.score == 0 and not found.stopped and not found.crash
    assert statement in found.statement and where in found.where and "Auer et al. 2002" in found.statement
    assert float(found.found) > float(found.expected.removeprefix("at most "))


def test_hyper_parameters_are_handed_on():
    assert held(width=2.0).passed
    assert "run 0" in held(width=0.5).where


def test_a_step_that_reads_a_field_which_is_not_there_is_left_out():
    assert held(
        ("    inverse_root: np.ndarray\n", ""),
        ("np.zeros(problem.n_arms), np.zeros(problem.n_arms), np", "np.zeros(problem.n_arms), np"),
        ("    state.inverse_root[arm] = 1 / math.sqrt(state.pulls[arm])\n", ""),
    ).passed


@pytest.mark.parametrize("answer", ["3", "-1", "1.0", "True", "None", "'0'"])
def test_a_decision_that_is_none_is_named(answer):
    found = held(("return t - 1", f"return {answer}"))
    assert (found.statement, found.expected) == ("act returns an integer in 0..2", "an integer in 0..2")
    assert found.where == "run 0, act(1, rng)"


class Played:
    """A submission and agent that plays what UCB1 played in a simulation, and keeps what it is told."""

    def __init__(self, decisions: np.ndarray) -> None:
        self.decisions, self.run, self.rewards, self.numbers = decisions, -1, [], set()

    def start(self, algorithm: str, problem: Any, **params: Any) -> Played:
        assert algorithm == "Mine" and problem["n_arms"] == 3 and params == {"width": 2.0}
        return self

    def do(self, function: str) -> None:
        assert function == "init"
        self.run += 1

    def read(self, name: str) -> list[str]:
        assert name == "_fields"
        return []

    def act(self, t: int, rng: np.ndarray) -> int:
        assert rng.shape == (257,) and rng[0] == 0.0 and 0.0 <= rng[1:].min() < rng[1:].max() < 1.0
        self.numbers.add(float(rng[1]))
        return int(self.decisions[self.run, t - 1])

    def observe(self, t: int, arm: int, reward: float) -> None:
        self.rewards.append((self.run, arm, reward))


def test_a_submission_meets_the_rewards_of_the_compiled_loop():
    decisions = simulate(UCB1(), INSTANCE, 200, 2, seed=7, n_decisions=200).extra["decisions"]
    played: Any = Played(decisions)
    held_against(played, "Mine", "ucb1", INSTANCE, horizon=200, n_runs=2, seed=7, width=2.0)
    assert len(played.rewards) == len(played.numbers) == 400  # every decision has random numbers of its own
    worlds = [INSTANCE.world(7, run) for run in range(2)]
    assert [(run, arm, worlds[run].pull(arm)) for run, arm, _ in played.rewards] == played.rewards


def test_what_cannot_be_held_is_refused():
    played: Any = Played(np.zeros((1, 10), np.int64))
    with pytest.raises(UnknownName, match="did you mean ucb1"):
        held_against(played, "Mine", "ucb-1", INSTANCE, horizon=5, width=2.0)
    river: Any = Episodes(named_instance("river-swim:3,horizon=2"))
    blank: Any = Blank()
    with pytest.raises(InvalidInput, match=r"no proof step of ucbvi-ch can be watched of Mine: .*state"):
        held_against(blank, "Mine", "ucbvi-ch", river, horizon=5)


class Blank(Played):
    """A submission of any setting whose state has no fields."""

    def __init__(self) -> None:
        super().__init__(np.zeros((1, 1), np.int64))

    def start(self, algorithm: str, problem: Any, **params: Any) -> Blank:
        return self


def test_a_broken_step_can_be_caught_by_its_type():
    decisions = np.zeros((1, 200), np.int64)
    decisions[0, :3] = 0, 1, 2
    played: Any = Played(decisions)
    with pytest.raises(Broken, match="that of the arm played"):
        held_against(played, "Mine", "ucb1", INSTANCE, horizon=200, n_runs=1, width=2.0)
