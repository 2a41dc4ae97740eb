"""Checks of exercise 5, in the order of the proof of Lattimore and Szepesvari 2020, Theorem 11.2."""

from __future__ import annotations

import math
from functools import partial
from types import SimpleNamespace

import numpy as np
from scipy.special import logsumexp, softmax

from bandits.algorithms.exp3 import tuned
from exercises.compare import require, require_at_most
from exercises.rounds import numbers, require_numbers, require_played
from proofs_check.course import Check, Exercise, Submission
from theory.theorems.exp3 import fixed_rate


def exponential(rate: float, total: np.ndarray) -> np.ndarray:
    """p_i proportional to exp(-eta L_i)."""
    return np.asarray(softmax(-rate * (total - total.min())))


def check_weights(submission: Submission, seed: int) -> None:
    """Statement 1: short games, then totals as they are after 1e5 rounds of loss 1."""
    rng = numbers(seed, "weights")
    for run in range(16):
        n_arms, rate = int(rng.integers(2, 8)), float(np.round(rng.uniform(0.05, 0.5), 2))
        total = rng.uniform(0.0, 20.0, n_arms)
        if run >= 6:  # estimates are l/p: far larger than the number of rounds, and often all of them
            total = total / rate + 10.0 ** rng.uniform(5.0, 8.0)
        require(
            "p_i = exp(-eta L_i) / sum_j exp(-eta L_j)",
            submission.call("distribution", total, rate),
            exponential(rate, total),
            axes=("arm",),
            where=f"run {run}, eta {rate}, L {np.round(total, 3).tolist()}",
            slips={
                "The sign: an arm with larger losses is played less.": exponential(-rate, total),
                "The learning rate is missing.": exponential(1.0, total),
            },
            tolerance=1e-6,  # eta L of 1e8 is rounded to 1e-8 if the least is taken out after the product
        )


def check_estimates(submission: Submission, seed: int) -> None:
    """Statement 2, by enumeration of the arm that is drawn."""
    rng = numbers(seed, "estimates")
    for run in range(10):
        n_arms = int(rng.integers(2, 6))
        p, losses = rng.dirichlet(np.ones(n_arms)), np.round(rng.random(n_arms), 2)
        where = f"run {run}, p {np.round(p, 3).tolist()}, losses {losses.tolist()}"
        estimates = np.empty((n_arms, n_arms))
        for arm in range(n_arms):
            found = submission.call("estimate", p, arm, float(losses[arm]))
            require_numbers(found, p, f"{where}, A {arm}")
            estimates[arm] = found
        require(
            "E_t lh_i = sum_A p_A lh_i(A) = l_i: the estimate is unbiased",
            p @ estimates,
            losses,
            axes=("arm",),
            where=where,
            slips={
                "Divide the loss by the probability of the arm that was drawn.": p * losses,
                "The loss was multiplied by the probability; divide by it.": p**2 * losses,
            },
        )
        require(
            "E_t sum_i p_i lh_i^2 = sum_i l_i^2 <= K",
            float(p @ (estimates**2 @ p)),
            float(losses @ losses),
            where=where,
        )


def check_play(submission: Submission, seed: int) -> None:
    """Statements 1 and 2 in a game, with uniforms that both sides know."""
    rng = numbers(seed, "play")
    for run in range(4):
        n_arms = int(rng.integers(2, 6))
        rate = float(np.round(rng.uniform(0.1, 0.5), 2))
        losses, uniforms = rng.random((80, n_arms)), rng.random(80)
        agent = submission.start("Exp3", {"n_arms": n_arms, "horizon": 80}, learning_rate=rate)
        require_played(agent, run, losses, uniforms, partial(exponential, rate))


def check_mix_loss(submission: Submission, seed: int) -> None:
    """Statement 3, the inequality first."""
    rng = numbers(seed, "mix loss")
    for run in range(16):
        n_arms, rate = int(rng.integers(2, 6)), float(np.round(rng.uniform(0.05, 1.0), 2))
        p = rng.dirichlet(np.ones(n_arms))
        if run < 8:
            losses = np.zeros(n_arms)
            losses[rng.integers(n_arms)] = 5.0 * rng.random()
        else:
            losses = 10.0 ** rng.uniform(3.0, 5.0, n_arms)
        where = f"run {run}, eta {rate}, p {np.round(p, 3).tolist()}, losses {np.round(losses, 3).tolist()}"
        found, mean = submission.call("mix_loss", p, losses, rate), float(p @ losses)
        exact = float(-logsumexp(-rate * losses, b=p) / rate)
        require_numbers(found, exact, where)
        require_at_most("m <= <p, l>", found, mean, where=where)
        least = mean - 0.5 * rate * float(p @ losses**2)
        require_at_most("<p, l> - (eta/2) sum_i p_i l_i^2 <= m", least, found, where=where)
        require(
            "m = -(1/eta) log sum_i p_i exp(-eta l_i)",
            found,
            exact,
            where=where,
            slips={
                "Divide the logarithm by eta.": rate * exact,
                "The mean is over p: weigh the exponentials.": float(-logsumexp(-rate * losses) / rate),
            },
        )


def check_potential(submission: Submission, seed: int) -> None:
    """Statement 4: the mix losses of a game add up to the potential."""
    rng = numbers(seed, "potential")
    for run in range(10):
        n_arms, rate = int(rng.integers(2, 6)), float(np.round(rng.uniform(0.05, 0.5), 2))
        total, mixed = np.zeros(n_arms), 0.0
        for _ in range(30):
            p = exponential(rate, total)
            losses = np.zeros(n_arms)
            arm = int(rng.choice(n_arms, p=p))
            losses[arm] = rng.random() / p[arm]
            mixed -= float(logsumexp(-rate * losses, b=p)) / rate
            total += losses
        where = f"run {run}, after round 30, eta {rate}, L {np.round(total, 3).tolist()}"
        found = submission.call("potential", total, rate)
        require_numbers(found, mixed, where)
        require_at_most("Phi(L) <= min_i L_i + log K / eta", found, total.min() + math.log(n_arms) / rate, where=where)
        require(
            "sum_t m_t = Phi(L_T)",
            found,
            mixed,
            where=where,
            slips={
                "The mean of the exponentials, not their sum: the game begins with p = 1/K.": mixed
                - math.log(n_arms) / rate,
                "The sign: Phi grows with the losses.": -mixed,
            },
        )


def check_bound(submission: Submission, seed: int) -> None:
    """The sum of statements 3 and 4."""
    rng = numbers(seed, "bound")
    for run in range(10):
        n_arms, horizon = int(rng.integers(2, 20)), int(rng.integers(10, 100_000))
        rate = float(np.round(rng.uniform(0.001, 0.5), 3))
        problem, params = SimpleNamespace(n_arms=n_arms), SimpleNamespace(learning_rate=rate)
        penalty, moment = math.log(n_arms) / rate, float(n_arms * horizon)
        require(
            "R_T <= log K / eta + (eta/2) K T",
            submission.call("regret_bound", n_arms, horizon, rate),
            float(fixed_rate(problem, params, np.array(float(horizon)))),
            where=f"run {run}, K {n_arms}, T {horizon}, eta {rate}",
            slips={
                "The second-order term of statement 3 has a factor 1/2.": penalty + rate * moment,
                "The second moment of the estimates is K in each round, not 1.": penalty + 0.5 * rate * horizon,
                "The penalty of statement 4, log K / eta, is missing.": 0.5 * rate * moment,
            },
        )


def check_rate(submission: Submission, seed: int) -> None:
    """The rate of the theorem."""
    rng = numbers(seed, "rate")
    for run in range(10):
        n_arms, horizon = int(rng.integers(2, 20)), int(rng.integers(10, 100_000))
        best = tuned(n_arms, horizon).learning_rate
        require(
            "log K / eta + (eta/2) K T is least at eta = sqrt(2 log K / (K T))",
            submission.call("tuned_rate", n_arms, horizon),
            best,
            where=f"run {run}, K {n_arms}, T {horizon}",
            slips={
                "The 1/2 of the second term makes a 2 under the root.": best / math.sqrt(2.0),
                "K belongs under the root, below the line.": best * math.sqrt(n_arms),
            },
            tolerance=1e-9 * best,
        )


EXERCISE = Exercise(
    number=5,
    slug="exp3",
    title="Exp3",
    source="Lattimore and Szepesvari 2020, Bandit algorithms, Theorem 11.2",
    checks=(
        Check(
            "weights", "exponential weights of totals of any size", 2,
            "Subtract the least total, or all weights underflow; exponentiate; divide by the sum.", check_weights,
        ),
        Check(
            "estimates", "the estimate is unbiased", 2,
            "Loss over probability for the arm that was drawn, 0 for all others.", check_estimates,
        ),
        Check(
            "play", "a game, round by round", 2,
            "p_t from the totals before round t; one uniform; the estimate with the p_t that the arm was drawn from.",
            check_play,
        ),
        Check(
            "mix-loss", "one round", 1,
            "Mean of exp(-eta l) under p, its logarithm, over -eta. Of large losses take out the least first.",
            check_mix_loss,
        ),
        Check(
            "potential", "all rounds telescope", 1, "Phi is the mix loss of the totals under the uniform law.",
            check_potential,
        ),
        Check("bound", "the regret at a fixed rate", 1, "Penalty log K / eta, stability (eta/2) K T.", check_bound),
        Check("rate", "the best rate", 1, "Set the derivative in eta to zero.", check_rate),
    ),
    claim="exp3",
)  # fmt: skip
