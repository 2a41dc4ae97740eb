"""Checks of exercise 2, in the order of the proof of Auer, Cesa-Bianchi and Fischer 2002, Theorem 1."""

from __future__ import annotations

import math

import numpy as np

from bandits.algorithms.ucb1 import UCB1
from bandits.instances.bernoulli import bernoulli
from exercises.compare import require
from exercises.rounds import numbers, place, require_index_rule
from proofs_check.course import Check, Exercise, Submission
from proofs_check.grader.held import held_against
from theory.theorems.ucb1 import regret as theorem


def check_statistics(submission: Submission, seed: int) -> None:
    """What the indices are made of."""
    rng = numbers(seed, "statistics")
    for run in range(3):
        n_arms = int(rng.integers(2, 6))
        agent = submission.start("UCB1", {"n_arms": n_arms, "horizon": 40})
        rewards: list[list[float]] = [[] for _ in range(n_arms)]
        for t in range(1, 41):
            arm = int(rng.integers(n_arms))
            rewards[arm].append(float(np.round(rng.random(), 2)))
            agent.observe(t, arm, rewards[arm][-1])
            pulls = np.array([len(paid) for paid in rewards], dtype=float)
            seen = np.maximum(pulls, 1.0)
            expected = {
                "pulls": pulls,
                "mean": np.array([sum(paid) for paid in rewards]) / seen,
                "inverse_root": np.where(pulls > 0.0, 1.0 / np.sqrt(seen), 0.0),
            }
            for name, value in expected.items():
                statement = f"state.{name} is that of the rewards seen so far, arm by arm"
                require(statement, agent.read(name), value, axes=("arm",), where=place(run, t))


def check_radius(submission: Submission, seed: int) -> None:
    """The width of the intervals."""
    rng = numbers(seed, "radius")
    for run in range(10):
        width, pulls = float(np.round(rng.uniform(0.5, 3.0), 1)), int(rng.integers(1, 50))
        plays = pulls + int(rng.integers(1, 1_000))
        level = width * math.log(plays)
        require(
            "c = sqrt(width * log(n) / s)",
            submission.call("radius", width, pulls, plays),
            math.sqrt(level / pulls),
            where=f"run {run}, width {width}, s {pulls}, n {plays}",
            slips={
                "The logarithm is the natural one.": math.sqrt(width * math.log10(plays) / pulls),
                "The square root is taken of all, of 1/s too.": math.sqrt(level) / pulls,
                "The square root is missing.": level / pulls,
                "There is another 2 in the denominator; for width 2 this is not the paper's.": math.sqrt(
                    level / (2.0 * pulls)
                ),
            },
        )


def _indices(mean: np.ndarray, pulls: np.ndarray, t: int) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """The indices of round t, and those of wrong rules."""
    slips = {
        "This is the arm with the largest mean: the bonus is missing.": mean,
        "This rule takes log(t); the plays made before round t are t - 1.": mean + np.sqrt(2.0 * math.log(t) / pulls),
    }
    return mean + np.sqrt(2.0 * math.log(t - 1) / pulls), slips


def check_rule(submission: Submission, seed: int) -> None:
    """Statement 1. In a run without rewards, arms with equal pulls tie."""
    require_index_rule(submission, "UCB1", numbers(seed, "rule"), 0.0, _indices)


def check_event(submission: Submission, seed: int) -> None:
    """Statement 2."""
    rng = numbers(seed, "event")
    for run in range(10):
        pulls = int(rng.integers(1, 50))
        plays = pulls + int(rng.integers(1, 100))
        where = f"run {run}, s {pulls}, n {plays}"
        found = submission.call("failure_probability", pulls, plays)
        statement = "P(mean of s rewards >= mu + c) <= exp(-2 s c^2) = n^-4"
        slips = {
            "Hoeffding's exponent is 2 s x^2 for rewards in [0, 1].": plays**-2.0,
            "That is one side of one arm and one count; the sums come later.": 2.0 * plays**-4.0,
        }
        # n^-4 is small: compared as a number of order one.
        ratio = found * plays**4.0 if isinstance(found, int | float) else found
        require(statement, ratio, 1.0, where=f"{where}, times n^4", slips={h: v * plays**4 for h, v in slips.items()})


def check_enough(submission: Submission, seed: int) -> None:
    """Statement 3."""
    rng = numbers(seed, "enough")
    for run in range(10):
        gap, plays = float(np.round(rng.uniform(0.05, 0.9), 2)), int(rng.integers(10, 100_000))
        exact = 8.0 * math.log(plays) / gap**2
        require(
            "the least whole s with 2 sqrt(2 log(n)/s) <= gap is ceil(8 log(n) / gap^2)",
            submission.call("sufficient_pulls", gap, plays),
            math.ceil(exact),
            where=f"run {run}, gap {gap}, n {plays}",
            slips={
                "Pulls are whole: round up.": exact,
                "Rounded down the interval is still longer than the gap.": math.floor(exact),
                "2 c <= gap, not c <= gap: both indices may be off.": math.ceil(exact / 4.0),
                "Square both sides: the gap enters squared.": math.ceil(8.0 * math.log(plays) / gap),
            },
        )


def check_bound(submission: Submission, seed: int) -> None:
    """Statement 4."""
    rng = numbers(seed, "bound")
    for run in range(10):
        bandit = bernoulli(*np.round(rng.random(int(rng.integers(2, 6))), 2))
        gaps, horizon = bandit.gaps, int(rng.integers(10, 100_000))
        logarithms = 8.0 * math.log(horizon) * (1.0 / gaps[gaps > 0.0]).sum()
        require(
            "E R_T <= 8 sum_{D_i > 0} log T / D_i + (1 + pi^2/3) sum_i D_i",
            submission.call("regret_bound", gaps, horizon),
            float(theorem(bandit, UCB1(), np.array(float(horizon)))),
            where=f"run {run}, gaps {np.round(gaps, 2).tolist()}, T {horizon}",
            slips={
                "The failures of the intervals cost pulls too: 1 + pi^2/3 for each arm.": logarithms,
                "The rounding up costs another pull for each arm.": logarithms + math.pi**2 / 3.0 * gaps.sum(),
                "Regret, not pulls: each pull of arm i costs D_i.": 8.0
                * math.log(horizon)
                * (1.0 / gaps[gaps > 0.0] ** 2).sum()
                + (1.0 + math.pi**2 / 3.0) * (gaps > 0.0).sum(),
            },
        )


def check_proof(submission: Submission, seed: int) -> None:
    """The steps of the claim, watched: rule, optimism of the algorithm's own indices, number of pulls, regret."""
    held_against(submission, "UCB1", "ucb1", bernoulli(0.8, 0.5, 0.3), horizon=200, n_runs=2, seed=seed)


EXERCISE = Exercise(
    number=2,
    slug="ucb1",
    title="UCB1",
    source="Auer, Cesa-Bianchi and Fischer 2002, Finite-time analysis of the multiarmed bandit problem, Theorem 1",
    checks=(
        Check(
            "statistics", "pulls, mean and 1/sqrt(pulls) of every arm", 1,
            "Only the arm that was played changes; count the pull before you divide by it.", check_statistics,
        ),
        Check(
            "radius", "the width of the interval", 1, "c = sqrt(width * log(n) / s), natural logarithm.", check_radius
        ),
        Check(
            "rule", "the arm played has the largest index", 2,
            "After each arm once: argmax of mean + c with n = t - 1 plays, ties to the lowest number.", check_rule,
        ),
        Check("event", "the probability that an interval fails", 2, "Put x = c into exp(-2 s x^2).", check_event),
        Check(
            "enough", "after so many pulls an arm cannot be mistaken for the best", 2,
            "Solve 2 sqrt(2 log(n) / s) <= gap for s, and round up.", check_enough,
        ),
        Check(
            "bound", "Theorem 1", 1, "Multiply the expected pulls of every suboptimal arm by its gap, and add up.",
            check_bound,
        ),
        Check(
            "proof", "the proof, watched step by step in whole runs", 1,
            "This step relies on the others; does every run start from nothing?", check_proof,
        ),
    ),
    claim="ucb1",
)  # fmt: skip
