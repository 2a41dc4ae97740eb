"""Replications of an index policy in lockstep: the lanes of a vector are replications.

For policies that pull every arm once and then the arm of the largest mean + level(t) * radius(N), ties to the lowest
index. All replications of a block are in the same round, so that the compiler vectorises every pass over them. They
draw from the same stacks and do the same arithmetic as the loop over single replications
(:func:`bandits.loops.stochastic`): regret and pulls are the same numbers, bit for bit, several times sooner.

One source serves both tiers: the algorithm's module defines, next to ``act`` and ``observe``, the compiled
``level(params, t)`` and ``radius(params, problem, pulls)``; rewards and gaps are the instance's own ``draw`` and
``gap``.
"""

# ruff: noqa: F821  names that kernels.loops.specialise binds
from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from bandits.model import Bandit, BanditProblem
from kernels.engine import Protocol, Trace, simulate
from kernels.lanes import LANES as BLOCK
from kernels.lanes import gather, highest_sum, scatter
from kernels.random import REWARD, stream_gamma, stream_key
from theory.errors import InvalidInput

if TYPE_CHECKING:  # bound by kernels.loops.specialise
    level: Any
    radius: Any
    draw: Any
    gap: Any

#: Replications that advance together come in multiples of this, four vectors of eight.
MULTIPLE = 4 * BLOCK

#: Replications that advance together by default: the statistics of ten arms fill a first-level cache of 32 KiB.
LANES = 2 * MULTIPLE


def lockstep(
    params, problem, table, rows, instance, keys, gammas, counts, totals, means, radii, lanes, words, choices,
    seed, first_run, n_runs, marks, regret, pulls,
):  # fmt: skip
    """The loop. Statistics are stored [arm, lane]; the arm of each lane is gathered, updated and scattered.

    Args:
        params, problem: the algorithm and what it is told.
        table: the instance's arrays, one row each, (F, K). rows: the same for the arm that each lane pulls, (F, L).
        instance: the instance's own tuple over ``rows``: to ``draw`` and ``gap`` a lane is an arm.
        keys, gammas: uint64 (K, L). counts: int64 (K, L). totals, means, radii: float64 (K, L) (scratch).
        lanes: float64 (5, L). words: uint64 (2, L). choices: int64 (2, L) (scratch).
        seed, first_run, n_runs, marks, regret, pulls: as in :func:`bandits.loops.stochastic`. The lanes of a last,
            incomplete group all run; those beyond ``n_runs`` are not read.
    """
    n_arms, width = keys.shape
    total, reward, mean, spread, suffered = lanes[0], lanes[1], lanes[2], lanes[3], lanes[4]
    n_rows = table.shape[0]
    key, gamma = words[0], words[1]
    choice, count = choices[0], choices[1]
    for first in range(0, n_runs, width):
        n = min(width, n_runs - first)
        for arm in range(n_arms):
            for lane in range(width):
                keys[arm, lane] = stream_key(seed, REWARD, first_run + first + lane, arm)
                gammas[arm, lane] = stream_gamma(keys[arm, lane])
                counts[arm, lane] = 0
                totals[arm, lane] = 0.0
        for lane in range(width):
            suffered[lane] = 0.0
        t = 0
        for c in range(marks.shape[0]):
            while t < marks[c]:
                t += 1
                if t <= n_arms:
                    for lane in range(width):
                        choice[lane] = t - 1
                else:
                    scale = level(params, t)
                    for lane in range(0, width, MULTIPLE):
                        highest_sum(means, radii, scale, lane, width, n_arms, choices, lane)
                for lane in range(0, width, BLOCK):
                    gather(choices, width + lane, counts, lane, width, 1, choices, lane)
                    gather(lanes, lane, totals, lane, width, 1, choices, lane)
                    gather(words, lane, keys, lane, width, 1, choices, lane)
                    gather(words, width + lane, gammas, lane, width, 1, choices, lane)
                    for row in range(n_rows):
                        gather(rows, row * width + lane, table, row * n_arms, 1, 0, choices, lane)
                for lane in range(width):
                    reward[lane] = draw(instance, lane, count[lane], t, key[lane], gamma[lane])
                    count[lane] += 1
                    total[lane] += reward[lane]
                    mean[lane] = total[lane] / np.float64(count[lane])
                for lane in range(width):
                    spread[lane] = radius(params, problem, np.float64(count[lane]))
                for lane in range(width):
                    suffered[lane] += gap(instance, t, lane)
                for lane in range(0, width, BLOCK):
                    scatter(counts, lane, width, 1, choices, lane, choices, width + lane)
                    scatter(totals, lane, width, 1, choices, lane, lanes, lane)
                    scatter(means, lane, width, 1, choices, lane, lanes, 2 * width + lane)
                    scatter(radii, lane, width, 1, choices, lane, lanes, 3 * width + lane)
            for lane in range(n):
                regret[first + lane, c] = suffered[lane]
        for arm in range(n_arms):
            for lane in range(n):
                pulls[first + lane, arm] = counts[arm, lane]


class Lockstep(Protocol):
    """Stochastic bandits, replications in lockstep."""

    setting = "stochastic bandit"
    loop = staticmethod(lockstep)
    algorithm_functions = ("level", "radius")
    instance_functions = ("draw", "gap")

    def run_block(
        self, loop, params, state, instance, watch, records, seed, first_run, n_runs, checkpoints, n_decisions
    ):
        problem, arrays, width = instance
        k = problem.n_arms
        vectors = [field for field in arrays if isinstance(field, np.ndarray)]
        table = np.stack(vectors)
        rows = np.zeros((len(table), width))
        fields = iter(rows)
        of_lanes = type(arrays)(*(next(fields) if isinstance(field, np.ndarray) else field for field in arrays))
        regret = np.zeros((n_runs, len(checkpoints)))
        pulls = np.zeros((n_runs, k), np.int64)
        keys, gammas = np.zeros((2, k, width), np.uint64)
        totals, means, radii = np.zeros((3, k, width))
        loop(
            params, problem, table, rows, of_lanes, keys, gammas, np.zeros((k, width), np.int64), totals, means, radii,
            np.zeros((5, width)), np.zeros((2, width), np.uint64), np.zeros((2, width), np.int64),
            seed, first_run, n_runs, checkpoints, regret, pulls,
        )  # fmt: skip
        extra = {
            "pulls": pulls,
            "summary": np.zeros((n_runs, 0)),
            "decisions": np.zeros((n_runs, n_decisions), np.int64),
        }
        return regret, extra


@dataclass(frozen=True)
class _InLockstep:
    """An instance as the lockstep protocol takes it."""

    bandit: Bandit
    horizon: int
    lanes: int
    protocol = Lockstep()

    @property
    def module(self) -> str:
        return self.bandit.module

    def problem(self, horizon: int) -> BanditProblem:
        return self.bandit.problem(horizon)

    def arrays(self) -> tuple[BanditProblem, Any, int]:
        return self.problem(self.horizon), self.bandit.arrays(), self.lanes


def simulate_lockstep(
    params: Any,
    instance: Bandit,
    horizon: int,
    n_runs: int,
    *,
    seed: int = 0,
    first_run: int = 0,
    checkpoints: npt.ArrayLike | None = None,
    lanes: int = LANES,
    workers: int = 1,
    progress: Callable[[int], None] | None = None,
) -> Trace:
    """What :func:`kernels.engine.simulate` returns for an index policy, computed in lockstep.

    Args:
        params: an algorithm whose module defines compiled ``level(params, t)`` and ``radius(params, problem, pulls)``,
            its index being mean + level * radius; before, every arm is pulled once, in order.
        instance: a bandit whose arrays hold one number for each arm (Bernoulli, Gaussian, Beta, ...).
        horizon, n_runs, seed, first_run, checkpoints, workers, progress: as for ``simulate``.
        lanes: replications that advance together, a multiple of 32. The numbers do not depend on it.

    Raises:
        InvalidInput: as ``simulate``; if the algorithm or the instance has no lockstep form, or ``lanes`` is not a
            positive multiple of 32.
    """
    algorithm = sys.modules[type(params).__module__]
    missing = [name for name in Lockstep.algorithm_functions if not hasattr(algorithm, name)]
    if missing:
        raise InvalidInput(
            f"{type(params).__name__} has no lockstep form: {algorithm.__name__} has no function "
            f"{' and no function '.join(missing)}; expected level(params, t) and radius(params, problem, pulls)"
        )
    shapes = [field.shape for field in instance.arrays() if isinstance(field, np.ndarray)]
    if any(shape != (instance.n_arms,) for shape in shapes):
        raise InvalidInput(
            f"{instance.name} has no lockstep form: its arrays have shapes {shapes}; expected one number for each arm"
        )
    if lanes < 1 or lanes % MULTIPLE:
        raise InvalidInput(f"lanes is {lanes}; expected a positive multiple of {MULTIPLE}")
    per_worker = -(-n_runs // max(workers, 1))
    return simulate(
        params,
        _InLockstep(instance, horizon, lanes),
        horizon,
        n_runs,
        seed=seed,
        first_run=first_run,
        checkpoints=checkpoints,
        workers=workers,
        block=max(1, -(-per_worker // lanes)) * lanes,
        progress=progress,
    )
