"""Checks of exercise 6, in the order of the proof of the FTRL lemma for the log-barrier, then the refined lemma."""

from __future__ import annotations

import math
from functools import partial
from types import SimpleNamespace

import numpy as np
from scipy.special import softmax

from exercises.compare import require, require_at_most
from exercises.rounds import numbers, require_numbers, require_played
from proofs_check.course import Broken, Check, Exercise, Submission
from theory.regularisers import LogBarrier
from theory.theorems.log_barrier import fixed_rate

BARRIER = LogBarrier()


def exact_leader(rate: float, total: np.ndarray) -> np.ndarray:
    """The weights at this rate."""
    return BARRIER.weights(total, rate)


def check_leader(submission: Submission, seed: int) -> None:
    """Statement 1: equal totals, small ones, and those of a long game, negative ones among them."""
    rng = numbers(seed, "leader")
    for run in range(20):
        n_arms, rate = int(rng.integers(2, 9)), float(np.round(rng.uniform(0.01, 1.0), 2))
        scale = 0.0 if run == 0 else 10.0 ** rng.uniform(-1.0, 5.0)
        total = np.round(scale * rng.normal(size=n_arms), 3)
        shifts, exact = rate * (total - total.min()), exact_leader(rate, total)
        where = f"run {run}, eta {rate}, L {total.tolist()}"
        found = submission.call("leader", total, rate)
        require_numbers(found, exact, where)
        require(
            "the weights sum to one",
            float(np.sum(found)),
            1.0,
            where=where,
            slips={
                "y = 1 is the left end, not the solution.": float(np.sum(1.0 / (1.0 + shifts))),
                "y = K is the right end, not the solution.": float(np.sum(1.0 / (n_arms + shifts))),
            },
            tolerance=1e-10,
        )
        unsolved = 1.0 / (1.0 + shifts)
        require(
            "eta L_i - 1/w_i is the same for all arms (ratio to the exact weight)",
            np.asarray(found) / exact,
            np.ones(n_arms),
            axes=("arm",),
            where=where,
            slips={
                "Dividing by the sum does not solve for y: it changes the first-order condition.": unsolved
                / unsolved.sum()
                / exact,
                "These are exponential weights, the entropy's; the log-barrier's are 1/(y + eta L).": softmax(-shifts)
                / exact,
                "The learning rate is missing.": exact_leader(1.0, total) / exact,
            },
        )


def check_play(submission: Submission, seed: int) -> None:
    """The game, with uniforms that both sides know."""
    rng = numbers(seed, "play")
    for run in range(3):
        n_arms, rate = int(rng.integers(2, 6)), float(np.round(rng.uniform(0.1, 0.5), 2))
        losses, uniforms = rng.random((50, n_arms)), rng.random(50)
        agent = submission.start("LogBarrier", {"n_arms": n_arms, "horizon": 50}, learning_rate=rate)
        require_played(agent, run, losses, uniforms, partial(exact_leader, rate))


def check_local_norm(submission: Submission, seed: int) -> None:
    """Statement 2, the norm."""
    rng = numbers(seed, "local norm")
    for run in range(10):
        weights = rng.dirichlet(np.ones(int(rng.integers(2, 6))))
        losses = rng.normal(size=weights.size)
        require(
            "|l|^2 = sum_i l_i^2 / psi''(w_i) = sum_i w_i^2 l_i^2",
            submission.call("local_norm", weights, losses),
            float(np.sum(weights**2 * losses**2)),
            where=f"run {run}, w {np.round(weights, 3).tolist()}, l {np.round(losses, 3).tolist()}",
            slips={
                "That is the entropy's local norm, psi'' = 1/w; the log-barrier has psi'' = 1/w^2.": float(
                    np.sum(weights * losses**2)
                ),
                "The dual norm divides by psi''; this is the primal one.": float(np.sum((losses / weights) ** 2)),
                "Asked is the square of the norm.": float(np.sqrt(np.sum(weights**2 * losses**2))),
            },
        )


def check_stability(submission: Submission, seed: int) -> None:
    """Statement 2: it bounds the true stability, has the form stated, and ends where the maximum is infinite."""
    rng = numbers(seed, "stability")
    for run in range(15):
        n_arms, rate = int(rng.integers(2, 6)), float(np.round(rng.uniform(0.05, 0.5), 2))
        total = rng.uniform(0.0, 20.0, n_arms)
        weights = exact_leader(rate, total)
        arm = int(rng.integers(n_arms))
        # Importance weighting in the first runs, then losses of both signs within z > -1.
        losses = np.eye(n_arms)[arm] / weights if run < 7 else rng.uniform(-0.9, 3.0, n_arms) / (rate * weights)
        where = f"run {run}, eta {rate}, w {np.round(weights, 4).tolist()}, l {np.round(losses, 3).tolist()}"
        found = submission.call("stability_bound", weights, losses, rate)
        stability = BARRIER.stability(total, losses, rate)
        require_numbers(found, stability, where)
        require_at_most("stab_t is at most the bound", stability, found, where=where)
        z = rate * weights * losses
        require(
            "(1/eta) sum_i (z_i - log(1 + z_i)), z_i = eta w_i l_i",
            found,
            BARRIER.stability_bound(weights, losses, rate),
            where=where,
            slips={
                "Divide by eta.": float(np.sum(z - np.log1p(z))),
                "That is (eta/2) |l|^2, which is larger for l >= 0 and too small for negative losses.": float(
                    np.sum(z**2) / (2.0 * rate)
                ),
            },
        )
    weights = rng.dirichlet(np.ones(3))
    for least in (-1.0, -2.0):
        losses = np.array([least, 0.5, 0.5]) / (0.5 * weights)
        losses[0] *= 1.0 + 1e-9  # beyond -1 whatever the rounding
        found = submission.call("stability_bound", weights, losses, 0.5)
        if found != math.inf:
            raise Broken(
                "the maximum over v is infinite if some z_i <= -1",
                where=f"eta 0.5, w {np.round(weights, 4).tolist()}, l {np.round(losses, 3).tolist()}",
                expected=math.inf,
                found=found,
                hint="Look for z_i <= -1 before you take logarithms.",
            )


def check_penalty(submission: Submission, seed: int) -> None:
    """Statement 3."""
    rng = numbers(seed, "penalty")
    for run in range(10):
        n_arms, horizon = int(rng.integers(2, 8)), int(rng.integers(10, 10_000))
        arm, rate = int(rng.integers(n_arms)), float(np.round(rng.uniform(0.01, 0.5), 2))
        uniform, corner = np.full(n_arms, 1.0 / n_arms), np.eye(n_arms)[arm]
        u = (1.0 - 1.0 / horizon) * corner + uniform / horizon
        where = f"run {run}, K {n_arms}, T {horizon}"
        require(
            "u = (1 - 1/T) e_i + (1/T) (1/K, ..., 1/K)",
            np.asarray(submission.call("comparator", arm, n_arms, horizon), dtype=float) * horizon,
            u * horizon,
            axes=("arm",),
            where=f"{where}, i {arm}, times T",
            slips={
                "The weights do not sum to one: each arm has 1/(TK) of the uniform law.": corner * (horizon - 1.0)
                + 1.0,
                "Arm i has its share of the uniform law as well.": u * horizon - corner / n_arms,
                "That is the corner, where the barrier is infinite.": corner * horizon,
            },
        )
        found = submission.call("penalty", u, rate)
        start = n_arms * math.log(n_arms) / rate
        exact = BARRIER.value(u) / rate - start
        require(
            "(psi(u) - psi(w_1)) / eta",
            found,
            exact,
            where=f"{where}, eta {rate}, u near arm {arm}",
            slips={
                "psi(w_1) = K log K is not zero.": exact + start,
                "psi is minus the sum of the logarithms, and psi(w_1) = K log K.": -exact - 2.0 * start,
                "Divide by eta.": exact * rate,
            },
        )


def check_bound(submission: Submission, seed: int) -> None:
    """Statement 4."""
    rng = numbers(seed, "bound")
    for run in range(10):
        n_arms, horizon = int(rng.integers(2, 20)), int(rng.integers(10, 100_000))
        rate = float(np.round(rng.uniform(0.001, 0.5), 3))
        problem, params = SimpleNamespace(n_arms=n_arms), SimpleNamespace(learning_rate=rate)
        exact = float(fixed_rate(problem, params, np.array(float(horizon))))
        require(
            "R_T <= (K - 1) log T / eta + (eta/2) T + 1",
            submission.call("regret_bound", n_arms, horizon, rate),
            exact,
            where=f"run {run}, K {n_arms}, T {horizon}, eta {rate}",
            slips={
                "The comparator costs 1 more than the arm that it is near.": exact - 1.0,
                "The local norm is at most 1 in every round: no factor K.": exact + 0.5 * rate * horizon * (n_arms - 1),
                "Stability has a factor 1/2.": exact + 0.5 * rate * horizon,
                "All arms but one are far from u: K - 1.": exact + math.log(horizon) / rate,
            },
        )


def check_refined(submission: Submission, seed: int) -> None:
    """The refined lemma, on losses of any sign over some decades."""
    rng = numbers(seed, "refined")
    for run in range(6):
        n_arms, rate = int(rng.integers(2, 6)), float(np.round(rng.uniform(0.05, 0.5), 2))
        losses = rng.choice([-1.0, 1.0], (40, n_arms)) * 10.0 ** rng.uniform(-2.0, 2.0, (40, n_arms))
        before = np.cumsum(losses, axis=0) - losses
        weights = np.array([exact_leader(rate, total) for total in before])
        u = 0.9 * np.eye(n_arms)[int(losses.sum(axis=0).argmin())] + 0.1 / n_arms
        moment = rate * float(np.sum(weights * losses**2))
        start = (BARRIER.value(u) - BARRIER.value(weights[0])) / rate
        where = f"run {run}, K {n_arms}, T 40, eta {rate}"
        found, regret = (
            submission.call("refined_bound", weights, losses, u, rate),
            float(np.sum((weights - u) * losses)),
        )
        require_numbers(found, regret, where)
        require_at_most("sum_t <x_t - u, l_t> is at most the bound", regret, found, where=where)
        require(
            "(psi(u) - psi(x_1))/eta + eta sum_t sum_i x_{t,i} l_{t,i}^2",
            found,
            start + moment,
            where=where,
            slips={
                "The penalty is missing.": moment,
                "x l^2, not x^2 l^2: for negative losses the local norm is not enough.": start
                + rate * float(np.sum((weights * losses) ** 2)),
                "The second moment has the factor eta.": start + moment / rate,
                "The lemma has the constant 1, not 1/2.": start + 0.5 * moment,
            },
        )


EXERCISE = Exercise(
    number=6,
    slug="log_barrier",
    title="Follow the regularised leader with the log-barrier",
    source="Lattimore and Szepesvari 2020, Bandit algorithms, chapter 28; Dai, Luo, Wei and Zimmert 2023",
    checks=(
        Check(
            "leader", "the leader solves its first-order condition", 3,
            "Look for the y in [1, K] at which 1/(y + eta (L_i - min L)) sums to one.", check_leader,
        ),
        Check(
            "play", "a game, round by round", 1,
            "w_t from the totals before round t; one uniform; loss over the w_t that the arm was drawn from.",
            check_play,
        ),
        Check(
            "local-norm", "the dual local norm", 1, "psi(w) = -sum log w has psi'' = 1/w^2 in each coordinate.",
            check_local_norm,
        ),
        Check(
            "stability", "one round", 2, "Maximise (w - v) l - D(v, w)/eta over v > 0, one arm at a time.",
            check_stability,
        ),
        Check(
            "penalty", "the comparator and its penalty", 1, "u is positive everywhere, and sums to one.", check_penalty
        ),
        Check("bound", "the regret at a fixed rate", 1, "Penalty, eta/2 for each round, and 1 for u.", check_bound),
        Check("refined", "the refined lemma", 1, "Penalty of u, plus eta times the sum of x l^2.", check_refined),
    ),
    claim="log-barrier",
)  # fmt: skip
