"""What the checks of the bandit exercises share: seeded numbers, places and arms."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from exercises.compare import require
from proofs_check.course import Agent, Broken, Submission


def numbers(seed: int, purpose: str) -> np.random.Generator:
    """The random numbers of a check, others for every seed and purpose."""
    return np.random.default_rng([seed, *purpose.encode()])


def place(run: int, t: int, arm: int | None = None) -> str:
    """A place in a run, for :class:`Broken`: rounds count from 1."""
    return f"run {run}, round {t}" + ("" if arm is None else f", arm {arm}")


def require_numbers(found: Any, like: Any, where: str) -> None:
    """The answer is a number, or an array of them in the shape of ``like``, whatever their values; nan is none.

    Raises:
        Broken: unless it is.
    """
    require("the answer has a number in each place", found, like, where=where, tolerance=math.inf)


def require_arm(found: Any, n_arms: int, where: str) -> int:
    """What ``act`` returned, if it is an arm.

    Raises:
        Broken: unless it is an integer in 0..K-1.
    """
    if isinstance(found, bool) or not isinstance(found, int) or not 0 <= found < n_arms:
        raise Broken(
            "act returns an arm",
            where=where,
            expected=f"an integer in 0..{n_arms - 1}",
            found=found,
            hint="Arms are numbered from 0. Convert with int(...) if you have a float.",
        )
    return found


def require_highest(
    arm: int, index: np.ndarray, where: str, slips: Mapping[str, np.ndarray], tolerance: float = 1e-9
) -> None:
    """The arm played has the largest index, up to rounding.

    Args:
        index: exact indices, shape (K,). slips: hint -> the indices of a wrong rule; the hint is given if this rule
            alone explains the arm.

    Raises:
        Broken: unless its index is the largest up to ``tolerance``.
    """
    best = int(np.argmax(index))
    if not index[arm] >= index[best] - tolerance:
        hints = [hint for hint, wrong in slips.items() if arm == int(np.argmax(wrong))]
        raise Broken(
            "the arm played has the largest index",
            where=f"{where}, arm {arm}",
            expected=f"arm {best}; indices {np.round(index, 6).tolist()}",
            found=f"arm {arm}",
            hint=hints[0] if len(hints) == 1 else "",
        )


def require_first(arm: int, index: np.ndarray, where: str) -> None:
    """Of equal indices the lowest number is played. For data without rounding, such as rewards that are all 0.

    Raises:
        Broken: if an arm of the same index comes before.
    """
    first = int(np.argmax(index == index[arm]))
    if first != arm:
        raise Broken(
            "of equal indices the lowest number is played",
            where=f"{where}, arm {arm}",
            expected=f"arm {first}; indices {np.round(index, 6).tolist()}",
            found=f"arm {arm}",
            hint="Go through the arms from 0 on and compare with >, not with >=.",
        )


def require_index_rule(
    submission: Submission,
    algorithm: str,
    rng: np.random.Generator,
    paid: float,
    indices: Callable[[np.ndarray, np.ndarray, int], tuple[np.ndarray, Mapping[str, np.ndarray]]],
) -> None:
    """Each arm once in order, then the largest index: every decision of five runs, from counts of our own.

    Args:
        algorithm: class of hyper-parameters. paid: what every pull of the first run pays, so that there are exact ties.
        indices: (means of the rewards, pulls, round) -> exact indices, and hint -> those of a wrong rule; shapes (K,).

    Raises:
        Broken: at the first decision that the rule does not make.
    """
    for run in range(5):
        n_arms, horizon = int(rng.integers(2, 6)), 100
        means = rng.random(n_arms) if run > 0 else np.full(n_arms, paid)
        agent = submission.start(algorithm, {"n_arms": n_arms, "horizon": horizon})
        pulls, total = np.zeros(n_arms), np.zeros(n_arms)
        for t in range(1, horizon + 1):
            where = place(run, t)
            arm = require_arm(agent.act(t, None), n_arms, where)
            if t > n_arms:
                index, slips = indices(total / pulls, pulls, t)
                require_highest(arm, index, where, slips)
                if run == 0:
                    require_first(arm, index, where)
            elif arm != t - 1:
                raise Broken(
                    "each arm is played once first, in the order of their numbers",
                    where=where, expected=f"arm {t - 1}", found=f"arm {arm}", hint="Rounds count from 1, arms from 0.",
                )  # fmt: skip
            reward = float(rng.random() < means[arm])
            agent.observe(t, arm, reward)
            pulls[arm] += 1.0
            total[arm] += reward


def require_played(
    agent: Agent, run: int, losses: np.ndarray, uniforms: np.ndarray, law: Callable[[np.ndarray], np.ndarray]
) -> None:
    """A game against given losses: law of the arm, arm, and what the loss adds to ``state.total``, round by round.

    Args:
        losses: shape (T, K). uniforms: the number that round t draws its arm with, shape (T,).
        law: sums of the loss estimates -> probabilities of the arms, both of shape (K,).

    Raises:
        Broken: at the first round that differs from the algorithm.
    """
    n_arms = losses.shape[1]
    total = np.zeros(n_arms)
    for t, (loss, u) in enumerate(zip(losses, uniforms), 1):
        where, p = place(run, t), law(total)
        arm = require_arm(agent.act(t, np.array([0.0, u, u])), n_arms, where)
        require(
            "state.probabilities is p_t, from the estimates of the rounds before",
            agent.read("probabilities"),
            p,
            axes=("arm",),
            where=where,
            slips={"These are still the probabilities of the uniform law.": np.full(n_arms, 1.0 / n_arms)},
        )
        reached = np.cumsum(p)
        low = reached[arm] - p[arm]
        if not low - 1e-9 <= u <= reached[arm] + 1e-9:
            raise Broken(
                "A_t is drawn from p_t: the first arm i with u < p_0 + ... + p_i",
                where=where,
                expected=f"arm {int(np.searchsorted(reached, u, side='right'))}; sums {np.round(reached, 6).tolist()}",
                found=f"arm {arm}, u {u:.6f}",
                hint="The likeliest arm is not always played: an adversary would know it."
                if arm == int(np.argmax(p))
                else "",
            )
        agent.observe(t, arm, float(loss[arm]))
        seen = np.arange(n_arms) == arm
        after = law(total + np.where(seen, loss / p, 0.0))
        require(
            "L_t = L_{t-1} + 1{A_t = i} l_{t,i} / p_{t,i}",
            agent.read("total"),
            total + np.where(seen, loss / p, 0.0),
            axes=("arm",),
            where=where,
            slips={
                "That is the loss itself; add its estimate.": total + np.where(seen, loss, 0.0),
                "Divide by the p_t that the arm was drawn from, not by that of the next round.": total
                + np.where(seen, loss / after, 0.0),
            },
        )
        total = total + np.where(seen, loss / p, 0.0)
