"""Checks of exercise 1, in the order of the proof of Lattimore and Szepesvari 2020, Theorem 6.1."""

from __future__ import annotations

import math

import numpy as np

from bandits.algorithms.etc import ETC
from bandits.instances.gaussian import gaussian
from exercises.compare import require
from exercises.rounds import numbers, place, require_arm
from proofs_check.course import Agent, Broken, Check, Exercise, Submission
from proofs_check.grader.held import held_against
from theory.theorems.etc import regret as theorem
from theory.theorems.etc import tuned_exploration


def check_decomposition(submission: Submission, seed: int) -> None:
    """Statement 1."""
    rng = numbers(seed, "decomposition")
    for run in range(10):
        n_arms = int(rng.integers(2, 7))
        means, pulls = np.round(rng.uniform(-1.0, 1.0, n_arms), 2), rng.integers(1, 50, n_arms).astype(float)
        gaps = means.max() - means
        require(
            "R_T = sum_i D_i E N_i(T), D_i = max_j mu_j - mu_i",
            submission.call("regret", means, pulls),
            gaps @ pulls,
            where=f"run {run}, means {means.tolist()}, pulls {pulls.tolist()}",
            slips={
                "This is the expected reward; the regret is what is lost against the best arm.": means @ pulls,
                "Gaps are differences to the largest mean, not to the first arm's.": (means[0] - means) @ pulls,
                "The gaps are summed, but not weighted by the pulls.": gaps.sum(),
            },
        )


def explored(submission: Submission, run: int, n_arms: int, m: int, rewards: np.ndarray) -> Agent:
    """Statement 2: an algorithm after mK rounds in which each arm had m pulls; pull s of arm i paid rewards[i, s]."""
    agent = submission.start("ExploreThenCommit", {"n_arms": n_arms, "horizon": 10 * m * n_arms}, exploration=m)
    pulls = [0] * n_arms
    for t in range(1, m * n_arms + 1):
        arm = require_arm(agent.act(t, None), n_arms, place(run, t))
        most = (t - 1) // n_arms
        if pulls[arm] > most:
            raise Broken(
                "while exploring the arms take turns: the arm played has had floor((t-1)/K) pulls at most",
                where=place(run, t, arm),
                expected=f"at most {most}",
                found=pulls[arm],
                hint=f"Exploration lasts until round mK = {m * n_arms} here, and every arm gets m = {m} pulls.",
            )
        agent.observe(t, arm, float(rewards[arm, pulls[arm]]))
        pulls[arm] += 1
    return agent


def check_schedule(submission: Submission, seed: int) -> None:
    """Statement 2, the exploration."""
    rng = numbers(seed, "schedule")
    for run in range(8):
        n_arms, m = int(rng.integers(2, 6)), int(rng.integers(1, 6))
        explored(submission, run, n_arms, m, rng.normal(size=(n_arms, m)))


def check_commitment(submission: Submission, seed: int) -> None:
    """Statement 2, the decision: whatever is paid later, the leader of the exploration is played."""
    rng = numbers(seed, "commitment")
    for run in range(8):
        n_arms, m = int(rng.integers(2, 6)), int(rng.integers(1, 6))
        # Every other run is a tie of the arms from 1 on.
        rewards = rng.normal(size=(n_arms, m)) if run % 2 == 0 else np.ones((n_arms, m))
        if run % 2 == 1:
            rewards[0] = 0.0
        agent = explored(submission, run, n_arms, m, rewards)
        totals = rewards.sum(axis=1)
        leader = int(np.argmax(totals))
        for t in range(m * n_arms + 1, m * n_arms + 31):
            where = place(run, t)
            arm = require_arm(agent.act(t, None), n_arms, where)
            if arm != leader:
                raise Broken(
                    "after round mK the arm with the largest mean of its m rewards is played, ties to the lowest index"
                    if t == m * n_arms + 1
                    else "the arm committed to is played until the end",
                    where=where,
                    expected=f"arm {leader}",
                    found=f"arm {arm}; means of the exploration {np.round(totals / m, 3).tolist()}",
                    hint="Of equal means take the lowest index: compare with >, not with >=."
                    if totals[arm] == totals[leader]
                    else "",
                )
            agent.observe(t, arm, -10.0)


def check_mistake(submission: Submission, seed: int) -> None:
    """Statement 3."""
    rng = numbers(seed, "mistake")
    for run in range(10):
        gap, m = float(np.round(rng.uniform(0.1, 1.5), 2)), int(rng.integers(1, 30))
        where = f"run {run}, gap {gap}, m {m}"
        found = submission.call("mistake_probability", gap, m)
        slips = {
            "That is the tail of one mean; the difference of two has twice its variance, 2/m.": math.exp(
                -m * gap**2 / 2.0
            ),
            "A mean of m rewards is 1/sqrt(m)-subgaussian: the exponent grows with m.": math.exp(-(gap**2) / 4.0),
            "The gap enters squared.": math.exp(-m * gap / 4.0),
        }
        require(
            "P(mean_i(m) >= mean_*(m)) <= exp(-m D_i^2/4)", found, math.exp(-m * gap**2 / 4.0), where=where, slips=slips
        )


def check_bound(submission: Submission, seed: int) -> None:
    """Statement 4."""
    rng = numbers(seed, "bound")
    for run in range(10):
        n_arms, m = int(rng.integers(2, 6)), int(rng.integers(1, 30))
        bandit = gaussian(*np.round(rng.uniform(-1.0, 1.0, n_arms), 2))
        horizon = m * n_arms + int(rng.integers(1, 1000))
        gaps = bandit.gaps
        mistakes = float(gaps @ np.exp(-m * gaps**2 / 4.0))
        require(
            "E R_T <= m sum_i D_i + (T - mK) sum_i D_i exp(-m D_i^2/4)",
            submission.call("regret_bound", gaps, m, horizon),
            float(theorem(bandit, ETC(m), np.array(float(horizon)))),
            where=f"run {run}, gaps {np.round(gaps, 2).tolist()}, m {m}, T {horizon}",
            slips={
                "After the exploration T - mK rounds are left, not T.": m * gaps.sum() + horizon * mistakes,
                "All K arms explore: T - mK rounds are left, not T - m.": m * gaps.sum() + (horizon - m) * mistakes,
                "The exploration costs m D_i for every arm; it is missing.": (horizon - m * n_arms) * mistakes,
            },
        )


def check_choice(submission: Submission, seed: int) -> None:
    """The choice of m."""
    rng = numbers(seed, "choice")
    for run in range(12):
        # In the last runs T D^2 < 4: the logarithm is negative.
        gap = float(np.round(rng.uniform(0.1, 1.5) if run < 9 else rng.uniform(0.01, 0.05), 3))
        horizon = int(rng.integers(1_000, 100_000) if run < 9 else rng.integers(50, 1_000))
        raw = 4.0 / gap**2 * math.log(horizon * gap**2 / 4.0)
        require(
            "m = max(1, ceil((4/D^2) log(T D^2/4)))",
            submission.call("tuned_exploration", gap, horizon),
            tuned_exploration(gap, horizon),
            where=f"run {run}, gap {gap}, T {horizon}",
            slips={
                "Without at least one pull of each arm there is nothing to compare: m >= 1.": math.ceil(raw),
                "Pulls are whole, and rounding down is not enough of them.": math.floor(raw),
                "Pulls are whole: round up.": raw,
            },
        )


def check_proof(submission: Submission, seed: int) -> None:
    """The steps of the claim, watched; runs follow each other in one state."""
    m = tuned_exploration(0.2, 300)
    held_against(
        submission, "ExploreThenCommit", "etc", gaussian(0.2, 0.0), horizon=300, n_runs=4, seed=seed, exploration=m
    )


EXERCISE = Exercise(
    number=1,
    slug="explore_then_commit",
    title="Explore-then-commit",
    source="Lattimore and Szepesvari 2020, Bandit algorithms, Lemma 4.5 and Theorem 6.1",
    checks=(
        Check(
            "decomposition", "the regret is a sum over arms", 2,
            "Lemma 4.5: each pull of arm i costs its gap to the largest mean.", check_decomposition,
        ),
        Check(
            "schedule", "every arm has m pulls when the exploration ends", 2,
            "Rounds count from 1, arms from 0: (t - 1) % K takes turns.", check_schedule,
        ),
        Check(
            "commitment", "the leader of the exploration is played for good", 1,
            "Only the m rewards of the exploration decide; what is paid later must change nothing.", check_commitment,
        ),
        Check(
            "mistake", "the probability of a mistake", 1,
            "Which variance has the difference of two independent means of m rewards each?", check_mistake,
        ),
        Check(
            "bound", "Theorem 6.1", 2,
            "Every arm is pulled m times; in the other T - mK rounds arm i is played if it was the mistake.",
            check_bound,
        ),
        Check(
            "choice", "the m that balances the two terms", 1,
            "Differentiate m D + T D exp(-m D^2/4) in m, and mind that m is an integer >= 1.", check_choice,
        ),
        Check(
            "proof", "the proof, watched step by step in whole runs", 1,
            "This step relies on the others; does every run start from nothing?", check_proof,
        ),
    ),
    claim="etc",
)  # fmt: skip
