"""What the claims on policies that forget (windows, discounts) share: the steps on a round's indices."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from bandits.instances.nonstationary import PiecewiseBandit, piece_of, piecewise
from kernels.jit import hook
from kernels.steps import Step, check

MEMORY = Step(
    "memory",
    "|the algorithm's count and sum of an arm - those of the run's own history, forgotten in the same way|",
    "definition of the policy",
)
RULE = Step(
    "rule",
    "mean_i + width_i <= that of the arm played (from the run's own history)",
    "definition of the policy",
)
TRICHOTOMY = Step(
    "trichotomy",
    "D_i <= 2 width_i when a suboptimal arm i is played although the best arm's index covers its mean and mean_i <= "
    "mu_i + width_i",
    "Garivier and Moulines 2011, proof of Theorem 1, the three events",
)
FEW = Step(
    "few-pulls",
    "rounds in which an arm is played that the memory holds less than m times: at most m (window) or "
    "m g^(-1/(1-g)) + 1 (discount) for each length of the memory",
    "Garivier and Moulines 2011, Lemma 1 (discount) and Lemma 25 (window)",
    place=("round", "arm", "m"),
)
DECOMPOSITION = Step(
    "decomposition",
    "sum of the gaps of the arms played, each in its round = the run's regret from the table of means; |difference|",
    "definition of the dynamic regret",
    place=("round",),
)
STEPS = (MEMORY, RULE, TRICHOTOMY, FEW, DECOMPOSITION)
MEMORY_STEP, RULE_STEP, TRICHOTOMY_STEP, FEW_STEP, DECOMPOSITION_STEP = range(5)


class History(NamedTuple):
    """What the watch knows of a run by itself.

    Attributes:
        arms, rewards: the run so far, (T,).
        counts, sums, means, widths: what the policy should remember of every arm, (K,), filled by the claim.
        few: rounds of few pulls, (K, levels). pulls: pulls of every piece, (P, K). regret: so far, one entry.
    """

    arms: npt.NDArray[np.int64]
    rewards: npt.NDArray[np.float64]
    counts: npt.NDArray[np.float64]
    sums: npt.NDArray[np.float64]
    means: npt.NDArray[np.float64]
    widths: npt.NDArray[np.float64]
    few: npt.NDArray[np.int64]
    pulls: npt.NDArray[np.int64]
    regret: npt.NDArray[np.float64]


#: The thresholds m at which few pulls are counted.
LEVELS = np.array([1, 4, 16], np.int64)


def allocate_history(instance: PiecewiseBandit, horizon: int) -> History:
    """An empty history of ``horizon`` rounds."""
    k = instance.n_arms
    return History(
        np.zeros(horizon, np.int64), np.zeros(horizon), np.zeros(k), np.zeros(k), np.zeros(k), np.zeros(k),
        np.zeros((k, len(LEVELS)), np.int64), np.zeros((instance.n_changes + 1, k), np.int64), np.zeros(1),
    )  # fmt: skip


@hook
def clear(history):
    """Forget the last run."""
    history.few[...] = 0
    history.pulls[...] = 0
    history.regret[0] = 0.0


@hook
def append(history, instance, t, arm, reward):
    """Round t."""
    history.arms[t - 1] = arm
    history.rewards[t - 1] = reward
    piece = piece_of(instance, t)
    history.pulls[piece, arm] += 1
    history.regret[0] += instance.gaps[piece, arm]


def one_change(horizon: int) -> PiecewiseBandit:
    """Three Bernoulli arms; at half the horizon the worst becomes the best."""
    return piecewise((1, horizon // 2 + 1), [(0.8, 0.5, 0.3), (0.2, 0.5, 0.7)])


def two_changes(horizon: int) -> PiecewiseBandit:
    """The best of two arms changes at each third."""
    third = horizon // 3
    return piecewise((1, third + 1, 2 * third + 1), [(0.7, 0.4), (0.1, 0.4), (0.7, 0.4)])


def swap(horizon: int, gap: float) -> PiecewiseBandit:
    """Two arms (1 +- gap)/2 that change places at half the horizon.

    The gap must be large for the rate to show early. With a window exploration comes in bursts, one a window, so the
    regret swings by some 7 % with where the change falls between two bursts; a larger gap swings more.
    """
    high, low = 0.5 + 0.5 * gap, 0.5 - 0.5 * gap
    return piecewise((1, horizon // 2 + 1), [(high, low), (low, high)])


@hook
def check_round(records, run, instance, t, arm, history, pulls, totals, level, factor):
    """Round t before its reward, the counts and sums of ``history`` having been filled.

    The algorithm's own ``pulls`` and ``totals``, the rule and the trichotomy, with widths
    factor * sqrt(level / count).
    """
    counts = history.counts
    for i in range(counts.shape[0]):
        difference = abs(counts[i] - pulls[i]) + abs(history.sums[i] - totals[i])
        check(records, run, MEMORY_STEP, difference, 0.0, 1e-9, t, i, -1, -1)
        # an arm that a window does not hold has no mean; check_indices gives it an infinite index
        history.means[i] = history.sums[i] / counts[i] if counts[i] > 0.0 else 0.0
        history.widths[i] = factor * math.sqrt(level / counts[i]) if counts[i] > 0.0 else 0.0
    check_indices(records, run, instance, t, arm, counts, history.means, history.widths)
    note_few(history.few, counts, arm)


@hook
def check_indices(records, run, instance, t, arm, counts, means, widths):
    """The rule and the trichotomy in round t, before its reward; counts, means and widths are the watch's own."""
    n_arms = counts.shape[0]
    piece = piece_of(instance, t)
    best = 0
    for i in range(n_arms):
        if instance.table[piece, i] > instance.table[piece, best]:
            best = i
        if counts[arm] > 0.0:
            index = means[i] + widths[i] if counts[i] > 0.0 else np.inf
            check(records, run, RULE_STEP, index, means[arm] + widths[arm], 1e-9, t, i, -1, -1)
    gap = instance.gaps[piece, arm]
    if gap > 0.0 and counts[arm] > 0.0 and counts[best] > 0.0:
        optimistic = means[best] + widths[best] >= instance.table[piece, best]
        if optimistic and means[arm] <= instance.table[piece, arm] + widths[arm]:
            check(records, run, TRICHOTOMY_STEP, gap, 2.0 * widths[arm], 1e-9, t, arm, -1, -1)


@hook
def note_few(few, counts, arm):
    """Count the round for every level that the memory of the arm played has not reached."""
    for level in range(few.shape[1]):
        if counts[arm] < LEVELS[level]:
            few[arm, level] += 1


@hook
def check_few(records, run, few, memories, factor, extra, t):
    """At the end: at most ``factor`` m + ``extra`` such rounds for each of the ``memories`` stretches of the run."""
    for arm in range(few.shape[0]):
        for level in range(few.shape[1]):
            most = memories * (factor * LEVELS[level] + extra)
            check(records, run, FEW_STEP, 1.0 * few[arm, level], most, 1e-9, t, arm, LEVELS[level], -1)


@hook
def check_dynamic_regret(records, run, pulls, instance, total, t):
    """Pulls of every piece times the gaps of the piece, against the sum of the gaps as they were met."""
    expected = 0.0
    for piece in range(pulls.shape[0]):
        for arm in range(pulls.shape[1]):
            best = 0.0
            for i in range(pulls.shape[1]):
                best = max(best, instance.table[piece, i])
            expected += pulls[piece, arm] * (best - instance.table[piece, arm])
    check(records, run, DECOMPOSITION_STEP, abs(expected - total), 1e-9 * (1.0 + expected), 0.0, t, -1, -1, -1)
