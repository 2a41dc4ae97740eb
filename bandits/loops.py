"""One interaction loop per feedback protocol of the one-state problems.

The loops are plain functions over the free names ``init, act, observe`` (algorithm), ``draw, gap`` (instance) and
``begin, acted, observed, ended`` (watch), bound and compiled by :func:`kernels.loops.specialise`.
A block of replications runs in one call that releases the GIL; everything is written into arrays that the caller
allocated, so that memory does not depend on the horizon and nothing is allocated in a step.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from kernels.engine import Protocol
from kernels.loops import nothing
from kernels.random import POLICY, REWARD, start, stream_gamma, stream_key

if TYPE_CHECKING:  # bound by kernels.loops.specialise
    init: Any
    act: Any
    observe: Any
    draw: Any
    gap: Any

begin = acted = observed = ended = nothing


def stochastic(
    params, state, instance, watch, records, rng, keys, gammas, seed, first_run, n_runs, marks, regret, pulls, decisions
):
    """Stochastic bandits: act, draw the arm's next reward from its stack, observe.

    Args:
        params, state: hyper-parameters and arrays of the algorithm.
        instance: arrays of the instance.
        watch, records: arrays of the watch and the proof-step records (row = run within the block).
        rng: uint64[3], the algorithm's private stream.
        keys, gammas: uint64[K], the arms' reward streams (scratch).
        seed: integer >= 0. first_run: index of the block's first replication; n_runs: its length.
        marks: rounds at which the pseudo-regret is kept, increasing, last = horizon, shape (C,).
        regret: out, (n_runs, C). pulls: out, (n_runs, K).
        decisions: out, (n_runs, R): the first R decisions of each run.
    """
    n_arms = keys.shape[0]
    for run in range(n_runs):
        start(rng, seed, POLICY, first_run + run, 0)
        for arm in range(n_arms):
            keys[arm] = stream_key(seed, REWARD, first_run + run, arm)
            gammas[arm] = stream_gamma(keys[arm])
        init(params, state)
        begin(watch, params, instance)
        total = 0.0
        t = 0
        for c in range(marks.shape[0]):
            while t < marks[c]:
                t += 1
                arm = act(params, state, t, rng)
                acted(records, run, watch, params, state, instance, t, arm)
                reward = draw(instance, arm, pulls[run, arm], t, keys[arm], gammas[arm])
                pulls[run, arm] += 1
                observe(params, state, t, arm, reward)
                observed(records, run, watch, params, state, instance, t, arm, reward)
                total += gap(instance, t, arm)
                if t <= decisions.shape[1]:
                    decisions[run, t - 1] = arm
            regret[run, c] = total
        ended(records, run, watch, params, state, instance, t)


class Stochastic(Protocol):
    """Stochastic bandits."""

    loop = staticmethod(stochastic)
    algorithm_functions = ("init", "act", "observe")
    instance_functions = ("draw", "gap")

    def run_block(
        self, loop, params, state, instance, watch, records, seed, first_run, n_runs, checkpoints, n_decisions
    ):
        n_arms = len(instance.means)
        regret = np.zeros((n_runs, len(checkpoints)))
        pulls = np.zeros((n_runs, n_arms), np.int64)
        decisions = np.full((n_runs, n_decisions), -1, np.int64)
        rng, keys, gammas = np.zeros(3, np.uint64), np.zeros(n_arms, np.uint64), np.zeros(n_arms, np.uint64)
        loop(
            params, state, instance, watch, records, rng, keys, gammas,
            seed, first_run, n_runs, checkpoints, regret, pulls, decisions,
        )  # fmt: skip
        return regret, {"pulls": pulls, "decisions": decisions}


STOCHASTIC = Stochastic()
