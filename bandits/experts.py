# ruff: noqa: F821 (the free names of the loop are bound by kernels.loops.specialise)
"""Full information: prediction with expert advice on the adversaries of the bandits, every loss of a round is seen.

An algorithm's module states ``PROTOCOL = FULL_INFORMATION``; its ``observe(params, state, t, arm, row)`` gets the
losses of all arms, shape (K,). Everything else is as in :func:`bandits.loops.adversarial`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bandits.loops import Adversarial
from kernels.loops import nothing
from kernels.random import ENVIRONMENT, POLICY, start, stream_gamma, stream_key
from kernels.reductions import least, sum_of

if TYPE_CHECKING:  # bound by kernels.loops.specialise
    init: Any
    act: Any
    observe: Any
    losses: Any
    played: Any
    prepare: Any

begin = acted = observed = ended = nothing


def full_information(
    params, state, adversary, memory, watch, records, rng, row, mean_row, sums, mean_sums, expected,
    seed, first_run, n_runs, marks, regret, realised, pulls, decisions,
):  # fmt: skip
    """Arguments and outputs of :func:`bandits.loops.adversarial`; the algorithm observes the whole row."""
    n_arms = row.shape[0]
    for run in range(n_runs):
        start(rng, seed, POLICY, first_run + run, 0)
        key = stream_key(seed, ENVIRONMENT, first_run + run, 0)
        gamma = stream_gamma(key)
        for arm in range(n_arms):
            sums[arm] = 0.0
            mean_sums[arm] = 0.0
            expected[arm] = 0.0
        init(params, state)
        prepare(adversary, memory, key, gamma)
        begin(watch, params, adversary)
        suffered = 0.0
        t = 0
        for c in range(marks.shape[0]):
            while t < marks[c]:
                t += 1
                losses(adversary, memory, t, key, gamma, row, mean_row)
                arm = act(params, state, t, rng)
                if arm < 0 or arm >= n_arms:
                    raise IndexError("act returned an arm outside 0 .. n_arms - 1")
                acted(records, run, watch, params, state, adversary, t, arm, row)
                for i in range(n_arms):
                    expected[i] += state.probabilities[i] * mean_row[i]
                    sums[i] += row[i]
                    mean_sums[i] += mean_row[i]
                suffered += row[arm]
                pulls[run, arm] += 1
                observe(params, state, t, arm, row)
                played(adversary, memory, t, arm)
                observed(records, run, watch, params, state, adversary, t, arm, row)
                if t <= decisions.shape[1]:
                    decisions[run, t - 1] = arm
            regret[run, c] = sum_of(expected) - least(mean_sums)
            realised[run, c] = suffered - least(sums)
        ended(records, run, watch, params, state, adversary, t)


class FullInformation(Adversarial):
    """The adversarial protocol with every loss revealed."""

    loop = staticmethod(full_information)


FULL_INFORMATION = FullInformation()
