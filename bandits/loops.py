"""One interaction loop per feedback protocol of the one-state problems.

The loops are plain functions over the free names ``init, act, observe`` (algorithm), ``draw, gap`` (instance) and
``begin, acted, observed, ended`` (watch), bound and compiled by :func:`kernels.loops.specialise`.
A block of replications runs in one call that releases the GIL; everything is written into arrays that the caller
allocated, so that memory does not depend on the horizon and nothing is allocated in a step.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from kernels.engine import Protocol, summary_shape
from kernels.jit import embedded
from kernels.loops import nothing
from kernels.random import CONTEXT, ENVIRONMENT, POLICY, REWARD, start, stream_gamma, stream_key
from kernels.reductions import least, sum_of

if TYPE_CHECKING:  # bound by kernels.loops.specialise
    init: Any
    act: Any
    observe: Any
    draw: Any
    gap: Any
    losses: Any
    played: Any
    prepare: Any
    context_of: Any

begin = acted = observed = ended = summarise = nothing


def stochastic(
    params, state, instance, watch, records, rng, keys, gammas,
    seed, first_run, n_runs, marks, regret, pulls, summary, decisions,
):  # fmt: skip
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
        summary: out, (n_runs, ...): what the algorithm's ``summarise`` leaves.
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
                if arm < 0 or arm >= n_arms:
                    raise IndexError("act returned an arm outside 0 .. n_arms - 1")
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
        summarise(params, state, summary, run)


@embedded
def revealed(arm, n_arms):
    """Which losses of the round the algorithm is shown, as an index: bandit feedback, that of its arm."""
    return arm


def adversarial(
    params, state, adversary, memory, watch, records, rng, row, mean_row, sums, mean_sums, expected,
    seed, first_run, n_runs, marks, regret, realised, pulls, decisions,
):  # fmt: skip
    """Adversarial bandits: the adversary fixes the loss vector of the round, the algorithm plays and sees one entry.

    After ``act`` the algorithm's ``state.probabilities`` (K,) must hold the law that its arm was drawn from.

    Args:
        adversary, memory: arrays of the adversary and what it remembers of a run.
        row, mean_row, sums, mean_sums, expected: float64[K], scratch: this round's losses, their conditional
            expectation given the past, the running sums of both, and each arm's share of the expected loss (summed
            arm by arm because that vectorises, one running total does not).
        regret: out, (n_runs, C): sum_t <p_t, E l_t> - min_i sum_t E l_{t,i}.
        realised: out, (n_runs, C): sum_t l_{t,A_t} - min_i sum_t l_{t,i}.
        The other arguments are those of :func:`stochastic`.
    """
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
                observe(params, state, t, arm, row[revealed(arm, n_arms)])
                played(adversary, memory, t, arm)
                observed(records, run, watch, params, state, adversary, t, arm, row)
                if t <= decisions.shape[1]:
                    decisions[run, t - 1] = arm
            regret[run, c] = sum_of(expected) - least(mean_sums)
            realised[run, c] = suffered - least(sums)
        ended(records, run, watch, params, state, adversary, t)


def linear(
    params, state, instance, watch, records, rng,
    seed, first_run, n_runs, marks, regret, pulls, summary, decisions,
):  # fmt: skip
    """Linear and contextual bandits: a context gives the round's action set, a row of features per action.

    ``instance.features`` has shape (n_contexts, n_actions, d). The noise of round t is the t-th draw of the run's
    reward stream, whatever the action: these are the common random numbers of comparisons.

    Args: as for :func:`stochastic`; ``pulls`` counts actions over all contexts.
    """
    for run in range(n_runs):
        start(rng, seed, POLICY, first_run + run, 0)
        key = stream_key(seed, REWARD, first_run + run, 0)
        gamma = stream_gamma(key)
        context_key = stream_key(seed, CONTEXT, first_run + run, 0)
        context_gamma = stream_gamma(context_key)
        init(params, state)
        begin(watch, params, instance)
        total = 0.0
        t = 0
        for c in range(marks.shape[0]):
            while t < marks[c]:
                t += 1
                context = context_of(instance, t, context_key, context_gamma)
                action = act(params, state, t, instance.features, context, rng)
                if action < 0 or action >= pulls.shape[1]:
                    raise IndexError("act returned an action outside 0 .. n_actions - 1")
                acted(records, run, watch, params, state, instance, t, context, action)
                reward = draw(instance, context, action, t, key, gamma)
                pulls[run, action] += 1
                observe(params, state, t, instance.features, context, action, reward)
                observed(records, run, watch, params, state, instance, t, context, action, reward)
                total += gap(instance, context, action)
                if t <= decisions.shape[1]:
                    decisions[run, t - 1] = action
            regret[run, c] = total
        ended(records, run, watch, params, state, instance, t)
        summarise(params, state, summary[run])


class Stochastic(Protocol):
    """Stochastic bandits; an algorithm may define ``summary_shape`` and ``summarise``, as for episodes."""

    setting = "stochastic bandit"
    loop = staticmethod(stochastic)
    algorithm_functions = ("init", "act", "observe")
    optional_functions = ("summarise",)
    instance_functions = ("draw", "gap")

    def run_block(
        self, loop, params, state, instance, watch, records, seed, first_run, n_runs, checkpoints, n_decisions
    ):
        n_arms = len(instance.means)
        regret = np.zeros((n_runs, len(checkpoints)))
        pulls = np.zeros((n_runs, n_arms), np.int64)
        decisions = np.full((n_runs, n_decisions), -1, np.int64)
        summary = np.zeros((n_runs, *summary_shape(params, state)))
        rng, keys, gammas = np.zeros(3, np.uint64), np.zeros(n_arms, np.uint64), np.zeros(n_arms, np.uint64)
        loop(
            params, state, instance, watch, records, rng, keys, gammas,
            seed, first_run, n_runs, checkpoints, regret, pulls, summary, decisions,
        )  # fmt: skip
        return regret, {"pulls": pulls, "summary": summary, "decisions": decisions}


STOCHASTIC = Stochastic()


class Adversarial(Protocol):
    """Adversarial bandits; the instance also gives ``memory()``, the arrays an adversary may write."""

    setting = "adversarial bandit"
    loop = staticmethod(adversarial)
    algorithm_functions = ("init", "act", "observe")
    instance_functions = ("prepare", "losses", "played")

    def run_block(
        self, loop, params, state, instance, watch, records, seed, first_run, n_runs, checkpoints, n_decisions
    ):
        adversary, memory = instance
        n_arms = len(state.probabilities)
        regret, realised = np.zeros((2, n_runs, len(checkpoints)))
        pulls = np.zeros((n_runs, n_arms), np.int64)
        decisions = np.full((n_runs, n_decisions), -1, np.int64)
        scratch = np.zeros((5, n_arms))
        loop(
            params, state, adversary, type(memory)(*(array.copy() for array in memory)), watch, records,
            np.zeros(3, np.uint64), *scratch,
            seed, first_run, n_runs, checkpoints, regret, realised, pulls, decisions,
        )  # fmt: skip
        return regret, {"realised": realised, "pulls": pulls, "decisions": decisions}


class Linear(Protocol):
    """Linear and contextual bandits; an algorithm may define ``summary_shape`` and ``summarise``, as for episodes."""

    setting = "linear bandit"
    loop = staticmethod(linear)
    algorithm_functions = ("init", "act", "observe")
    optional_functions = ("summarise",)
    instance_functions = ("context_of", "draw", "gap")

    def run_block(
        self, loop, params, state, instance, watch, records, seed, first_run, n_runs, checkpoints, n_decisions
    ):
        regret = np.zeros((n_runs, len(checkpoints)))
        pulls = np.zeros((n_runs, instance.features.shape[1]), np.int64)
        decisions = np.full((n_runs, n_decisions), -1, np.int64)
        summary = np.zeros((n_runs, *summary_shape(params, state)))
        loop(
            params, state, instance, watch, records, np.zeros(3, np.uint64),
            seed, first_run, n_runs, checkpoints, regret, pulls, summary, decisions,
        )  # fmt: skip
        return regret, {"pulls": pulls, "summary": summary, "decisions": decisions}


ADVERSARIAL = Adversarial()
LINEAR = Linear()
