"""Checks of exercise 3, in the order of the proof of Lattimore and Szepesvari 2020, Theorem 10.6."""

from __future__ import annotations

import math

import numpy as np

from bandits.instances.bernoulli import bernoulli
from exercises.compare import require, require_at_most
from exercises.rounds import numbers, require_index_rule, require_numbers
from kernels.kl import kl_upper
from proofs_check.course import Broken, Check, Exercise, Submission
from proofs_check.grader.held import held_against
from theory.divergences import bernoulli_kl, bernoulli_kl_upper
from theory.theorems.kl_ucb import exploration

#: (p, q) -> d(p, q) where a logarithm or a quotient has no value.
EDGES = {
    (0.0, 0.0): 0.0,
    (1.0, 1.0): 0.0,
    (0.0, 1.0): math.inf,
    (1.0, 0.0): math.inf,
    (0.25, 0.0): math.inf,
    (0.25, 1.0): math.inf,
    (0.0, 0.5): math.log(2.0),
    (1.0, 0.5): math.log(2.0),
}


def check_divergence(submission: Submission, seed: int) -> None:
    """The divergence inside, then at its edges."""
    rng = numbers(seed, "divergence")
    for run in range(15):
        p, q = np.round(rng.uniform(0.01, 0.99, 2), 2).tolist()
        require(
            "d(p, q) = p log(p/q) + (1-p) log((1-p)/(1-q))",
            submission.call("kl", p, q),
            float(bernoulli_kl(p, q)),
            where=f"run {run}, p {p}, q {q}",
            slips={
                "The divergence is not symmetric: this is d(q, p).": float(bernoulli_kl(q, p)),
                "The second term, for the reward 0, is missing.": p * math.log(p / q),
                "The logarithm is the natural one.": float(bernoulli_kl(p, q)) / math.log(2.0),
            },
        )
    for (p, q), value in EDGES.items():
        found = submission.call("kl", p, q)
        if found != value and not (math.isfinite(value) and isinstance(found, float) and abs(found - value) < 1e-9):
            raise Broken(
                "0 log 0 = 0, and d(p, q) is infinite if q excludes what p allows",
                where=f"p {p}, q {q}", expected=value, found=found,
                hint="Leave out a term whose factor p or 1 - p is 0; of the others, q = 0 or q = 1 makes one infinite.",
            )  # fmt: skip


def _levels(rng: np.random.Generator, run: int) -> tuple[float, float]:
    """A mean and a level as they come up in runs: means 0 and 1, small levels and large ones."""
    mean = {2: 0.0, 3: 1.0}.get(run, float(np.round(rng.random(), 2)))
    return mean, float(np.round(10.0 ** rng.uniform(-4.0, 1.0), 5))


def check_root(submission: Submission, seed: int) -> None:
    """Statement 1."""
    rng = numbers(seed, "root")
    for run in range(25):
        mean, level = _levels(rng, run)
        where = f"run {run}, mean {mean}, level {level}"
        found = submission.call("upper", mean, level)
        exact = float(bernoulli_kl_upper(mean, level))
        require_numbers(found, exact, where)
        if not mean - 1e-9 <= found <= 1.0 + 1e-9:
            raise Broken(
                "the index lies in [mean, 1]", where=where, expected=f"in [{mean}, 1]", found=found,
                hint="There is a root below the mean too; begin with low = mean and high = 1.",
            )  # fmt: skip
        if found > exact + 1e-9:
            raise Broken(
                "d(mean, index) <= level", where=where, expected=exact, found=found,
                hint="Of the interval's two ends return the one that is known to be inside.",
            )  # fmt: skip
        if found < exact - 1e-9:
            raise Broken(
                "the index is the largest q with d(mean, q) <= level, to 1e-9",
                where=where, expected=exact, found=found,
                hint="Is the search long enough? Every halving gains one binary digit, 1e-9 needs 30 of them."
                if found > exact - 1e-2 else "",
            )  # fmt: skip


def check_pinsker(submission: Submission, seed: int) -> None:
    """Statement 2."""
    rng = numbers(seed, "pinsker")
    for run in range(15):
        mean, level = _levels(rng, run)
        where = f"run {run}, mean {mean}, level {level}"
        found, index = submission.call("pinsker_upper", mean, level), float(bernoulli_kl_upper(mean, level))
        require_numbers(found, index, where)
        require_at_most("the index of KL-UCB is never above Pinsker's", index, found, where=where)
        require(
            "2 (q - mean)^2 <= d(mean, q) <= level gives q <= min(1, mean + sqrt(level/2))",
            found,
            min(1.0, mean + math.sqrt(level / 2.0)),
            where=where,
            slips={
                "Pinsker's constant is 2: 2 (q - mean)^2 = level.": min(1.0, mean + math.sqrt(level)),
                "This is the width of UCB1, twice Pinsker's.": min(1.0, mean + math.sqrt(2.0 * level)),
                "A probability is at most 1.": mean + math.sqrt(level / 2.0),
            },
        )


def check_level(submission: Submission, seed: int) -> None:
    """The level of statement 3."""
    rng = numbers(seed, "level")
    for run, t in enumerate([1, 2, *rng.integers(3, 100_000, 10).tolist()]):
        log_t = math.log(t)
        require(
            "log f(t), f(t) = 1 + t log^2 t",
            submission.call("exploration", t),
            float(exploration(float(t))),
            where=f"run {run}, round {t}",
            slips={
                "log^2 t is the square of the logarithm.": math.log1p(2.0 * t * log_t),
                "This is f(t); the level is its logarithm.": 1.0 + t * log_t**2,
                "This is log t; the factor log^2 t pays for the rounds in which the interval fails.": log_t,
            },
        )


def _roots(mean: np.ndarray, level: np.ndarray) -> np.ndarray:
    """The largest q in [mean, 1] with d(mean, q) <= level, entry by entry."""
    return np.array([-math.expm1(-kl_upper(m, x)) for m, x in zip(mean, level)])


def _indices(mean: np.ndarray, pulls: np.ndarray, t: int) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """The indices of round t, and those of wrong rules."""
    mean, level, before = np.minimum(mean, 1.0), float(exploration(float(t))), float(exploration(t - 1.0))
    slips = {
        "The level is shared by the pulls: d(mean, q) <= log f(t) / N.": _roots(mean, np.full(len(mean), level)),
        "These are the indices of the round before: log f(t), t the round about to be played.":
            _roots(mean, before / pulls),
        "These are Pinsker's bounds; KL-UCB plays the largest root.":
            np.minimum(1.0, mean + np.sqrt(level / pulls / 2.0)),
    }  # fmt: skip
    return _roots(mean, level / pulls), slips


def check_rule(submission: Submission, seed: int) -> None:
    """Statement 3. In a run in which every pull pays 1, every index is 1."""
    require_index_rule(submission, "KLUCB", numbers(seed, "rule"), 1.0, _indices)


def check_bound(submission: Submission, seed: int) -> None:
    """Statement 4."""
    rng = numbers(seed, "bound")
    for run in range(10):
        low, high = np.sort(np.round(rng.uniform(0.05, 0.95, 2), 2)).tolist()
        best = high + 0.04 if high == low else high
        e1, e2 = np.round((best - low) * rng.uniform(0.1, 0.45, 2), 4).tolist()
        horizon = int(rng.integers(10, 100_000))
        level = float(exploration(float(horizon)))
        first = level / float(bernoulli_kl(low + e1, best - e2))
        require(
            "E N_i(T) <= log f(T) / d(mu_i + e1, mu* - e2) + 1/(2 e1^2) + 2/e2^2",
            submission.call("pulls_bound", low, best, e1, e2, horizon),
            first + 1.0 / (2.0 * e1**2) + 2.0 / e2**2,
            where=f"run {run}, mu_i {low}, mu* {best}, e1 {e1}, e2 {e2}, T {horizon}",
            slips={
                "The failures of the two means cost pulls too.": first,
                "The slacks have changed places: e1 is the suboptimal arm's.": first
                + 1.0 / (2.0 * e2**2)
                + 2.0 / e1**2,
                "The divergence is between mu_i + e1 and mu* - e2, the slacks included.": level
                / float(bernoulli_kl(low, best))
                + 1.0 / (2.0 * e1**2)
                + 2.0 / e2**2,
                "The first argument is the mean of the arm that is played.": level
                / float(bernoulli_kl(best - e2, low + e1))
                + 1.0 / (2.0 * e1**2)
                + 2.0 / e2**2,
            },
        )


def check_proof(submission: Submission, seed: int) -> None:
    """The steps of the claim, watched; runs follow each other in one state."""
    held_against(submission, "KLUCB", "kl-ucb", bernoulli(0.8, 0.5, 0.3), horizon=150, n_runs=2, seed=seed)


EXERCISE = Exercise(
    number=3,
    slug="kl_ucb",
    title="KL-UCB",
    source="Lattimore and Szepesvari 2020, Bandit algorithms, Algorithm 8 and Theorem 10.6; Garivier and Cappe 2011",
    checks=(
        Check(
            "divergence", "the divergence of Bernoulli laws", 2, "Two terms, one for the reward 1 and one for 0.",
            check_divergence,
        ),
        Check(
            "root", "the index is the largest mean within the level", 2,
            "Keep d(mean, low) <= level < d(mean, high), and halve; return low.", check_root,
        ),
        Check("pinsker", "never above UCB's index", 1, "Solve 2 (q - mean)^2 = level for q >= mean.", check_pinsker),
        Check("level", "the level of round t", 1, "The logarithm of 1 + t (log t)^2.", check_level),
        Check(
            "rule", "the arm played has the largest index", 2,
            "After each arm once: argmax of upper(mean, log f(t) / N), ties to the lowest number.", check_rule,
        ),
        Check("bound", "the pulls of Theorem 10.6", 1, "Three terms, one for each of statements 3 and 4.", check_bound),
        Check(
            "proof", "the proof, watched step by step in whole runs", 1,
            "This step relies on the others; does every run start from nothing?", check_proof,
        ),
    ),
    claim="kl-ucb",
)  # fmt: skip
