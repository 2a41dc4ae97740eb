"""Variants and comparisons: an L1 ball, estimated weights, memoryless policies, no contexts, contexts told at once."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, NamedTuple

import numpy as np

from mdps.algorithms import lmdp
from mdps.algorithms.lmdp import Moment, ValueOptimistic, iota
from mdps.latent import Batch, LatentProblem, LatentWorld
from mdps.planning.latent import Backup, Float, Int, LatentArrays, Plan, alpha_vectors, stationary_policies

allocate = lmdp.allocate


class L1Ball(NamedTuple):
    """Hoeffding's bonus: c sqrt(S iota/N), the half width of an L1 ball around Ph times the largest return, 1.

    The bonus of L-UCRL (Kwon, Efroni, Caramanis and Mannor 2021) in units of total reward 1. It is paid at every stage
    whatever the variance, so the regret grows with the horizon.
    """

    delta: float = 0.05
    scale: float = 1.0

    def backup(self, problem: LatentProblem, visits: Int, p_hat: Float) -> Backup:
        """alpha <- min{1, R + c sqrt(S iota/N) + Ph alpha}."""
        bonus = self.scale * np.sqrt(problem.n_states * iota(problem, self.delta) / np.maximum(visits, 1))
        nothing = np.zeros(visits.shape)
        return Backup(p_hat, p_hat, p_hat, nothing, np.where(visits > 0, bonus, np.inf), 1.0)

    def run(self, problem: LatentProblem, world: LatentWorld, horizon: int) -> Generator[Moment, None, list[int]]:
        """The framework with another bonus."""
        return lmdp.play(self, problem, world, horizon)


class PlugIn(NamedTuple):
    """The value-optimistic solver with the frequencies of the revealed contexts for unknown weights, uniform at first.

    Weights are planned with as they are when a count has doubled; initial laws and rewards are known.
    """

    delta: float = 0.05
    scale: float = 1.0

    def run(self, problem: LatentProblem, world: LatentWorld, horizon: int) -> Generator[Moment, None, list[int]]:
        """The framework with estimated weights."""
        met = np.zeros(problem.n_contexts)

        def make_plan(visits: Int, p_hat: Float) -> tuple[Backup, Plan]:
            weights = met / met.sum() if met.any() else np.full(len(met), 1.0 / len(met))
            seen = problem._replace(known=problem.known._replace(weights=weights))
            return lmdp.solve(ValueOptimistic(*self), seen, visits, p_hat)

        def episodes(plan: Plan, limit: int, alarm: Int) -> Batch:
            batch = world.episodes(plan.controller, limit, alarm)
            met[:] += batch.transitions.sum(axis=(1, 2, 3)) / problem.horizon  # H steps an episode
            met[batch.context] += 1.0
            return batch

        return lmdp.learn(problem, world, horizon, make_plan, episodes)


class Memoryless(NamedTuple):
    """The value-optimistic solver on the maps from states to actions: its regret is linear where memory helps."""

    delta: float = 0.05
    scale: float = 1.0

    def run(self, problem: LatentProblem, world: LatentWorld, horizon: int) -> Generator[Moment, None, list[int]]:
        """The framework with a class of A^S policies."""
        smaller = problem._replace(policies=stationary_policies(problem.known))
        return lmdp.play(ValueOptimistic(*self), smaller, world, horizon)


class Told(NamedTuple):
    """MVP in each context by itself, the context being shown before the episode; regret against sum_m w_m V*_m."""

    delta: float = 0.05
    scale: float = 1.0

    def run(self, problem: LatentProblem, world: LatentWorld, horizon: int) -> Generator[Moment, None, list[int]]:
        """The framework with a plan for each context."""

        def make_plan(visits: Int, p_hat: Float) -> tuple[Backup, tuple[Plan, ...]]:
            backup = ValueOptimistic(*self).backup(problem, visits, p_hat)
            return backup, tuple(
                alpha_vectors(_context(problem.known, m), _context_backup(backup, m)) for m in range(problem.n_contexts)
            )

        def episodes(plans: tuple[Plan, ...], limit: int, alarm: Int) -> Batch:
            return world.told(tuple(plan.controller for plan in plans), limit, alarm)

        return lmdp.learn(problem, world, horizon, make_plan, episodes)


class Blind(NamedTuple):
    """MVP on the averaged MDP: all contexts are counted as one, and their rewards averaged."""

    delta: float = 0.05
    scale: float = 1.0

    def run(self, problem: LatentProblem, world: LatentWorld, horizon: int) -> Generator[Moment, None, list[int]]:
        """The framework on one context."""
        n_contexts, n_classes = problem.n_contexts, len(problem.known.levels)
        averaged = problem._replace(known=_average(problem.known), policies=())

        def episodes(plan: Plan, limit: int, alarm: Int) -> Batch:
            controller = plan.controller  # the reward tells it nothing: the same child after each of them
            deaf = controller._replace(child=np.tile(controller.child, (1, n_classes)))
            # each context may contribute a share: the sum then stays below the alarm until the last episode
            batch = world.episodes(deaf, limit, np.repeat(-(-alarm // n_contexts), n_contexts, axis=0))
            return batch._replace(transitions=batch.transitions.sum(axis=0, keepdims=True), context=0)

        return lmdp.learn(averaged, world, horizon, lambda n, p: lmdp.solve(ValueOptimistic(*self), averaged, n, p),
                          episodes)  # fmt: skip


def play(params: Any, problem: LatentProblem, world: LatentWorld, horizon: int) -> Generator[Moment, None, list[int]]:
    """Each baseline runs the framework in its own way."""
    return params.run(problem, world, horizon)  # type: ignore[no-any-return]


def _context(known: LatentArrays, m: int) -> LatentArrays:
    """Context m alone, with all reward classes."""
    only = slice(m, m + 1)
    return known._replace(
        weights=np.ones(1), initial=known.initial[only], transitions=known.transitions[only],
        rewards=known.rewards[only], classes=known.classes[only],
    )  # fmt: skip


def _context_backup(backup: Backup, m: int) -> Backup:
    """Its part of the recursion's data."""
    centre, low, high, first, second = (x[m : m + 1] for x in backup[:5])
    return Backup(centre, low, high, first, second, backup.cap)


def _average(known: LatentArrays) -> LatentArrays:
    """One context of average rewards and initial law; all rewards are one class."""
    mean: Float = np.tensordot(known.weights, known.rewards, axes=1)[None]
    return LatentArrays(
        np.ones(1), (known.weights @ known.initial)[None], known.transitions[:1], mean,
        np.zeros(mean.shape, np.int64), np.zeros(1), known.horizon,
    )  # fmt: skip
