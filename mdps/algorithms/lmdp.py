"""Latent MDPs with context in hindsight (Zhou, Wang and Du 2023): the framework and its two optimistic solvers."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator
from typing import Any, NamedTuple

import numpy as np

from mdps.latent import Batch, LatentProblem, LatentWorld
from mdps.optimism import check_confidence, check_scale
from mdps.planning.latent import Backup, Controller, Float, Int, Plan, alpha_vectors, best_of


class ValueOptimistic(NamedTuple):
    """MVP for latent MDPs: bonuses max{4c sqrt(|supp Ph| V(Ph, alpha) iota/N), 16c^2 S iota/N} in the alpha recursion.

    Attributes:
        delta: confidence, in (0, 1).
        scale: c; 1 in the theorem. Other values keep the monotonicity of the recursion and are outside it.
    """

    delta: float = 0.05
    scale: float = 1.0

    def backup(self, problem: LatentProblem, visits: Int, p_hat: Float) -> Backup:
        """alpha <- min{1, R + B + Ph alpha}; pairs that were never visited get 1."""
        log_term = iota(problem, self.delta)
        n = np.maximum(visits, 1)
        support = (p_hat > 0).sum(axis=3)
        first = 16.0 * self.scale**2 * support * log_term / n
        second = 16.0 * self.scale**2 * problem.n_states * log_term / n
        return Backup(p_hat, p_hat, p_hat, first, np.where(visits > 0, second, np.inf), 1.0)


class ModelOptimistic(NamedTuple):
    """The best model in the box |Pt - Ph| <= 2c sqrt(Ph iota/N) + 5c^2 iota/N, entry by entry.

    The box is relaxed: the model may differ between histories. So it contains the published set, optimism is kept, and
    the dynamic programme on alpha vectors is exact.

    Attributes:
        delta: confidence, in (0, 1). scale: c; 1 in the theorem, other values are outside it.
    """

    delta: float = 0.05
    scale: float = 1.0

    def backup(self, problem: LatentProblem, visits: Int, p_hat: Float) -> Backup:
        """alpha <- min{1, R + max of p.alpha over the box}; returns are at most 1."""
        n = np.maximum(visits, 1)[..., None]
        log_term = iota(problem, self.delta)
        radius = 2.0 * self.scale * np.sqrt(p_hat * log_term / n) + 5.0 * self.scale**2 * log_term / n
        radius = np.where(visits[..., None] > 0, radius, 1.0)
        low, high = np.maximum(p_hat - radius, 0.0), np.minimum(p_hat + radius, 1.0)
        nothing = np.zeros(visits.shape)
        return Backup(p_hat, low, high, nothing, nothing, 1.0)


class Estimates(NamedTuple):
    """Live counts n_m(s,a,s'), and N and Ph as they were at each pair's last trigger."""

    counts: Int
    visits: Int
    p_hat: Float


class Moment(NamedTuple):
    """What a watch sees of an episode: the plan, the data it was made from, and the batch that was played with it."""

    plan: Any
    backup: Backup
    visits: Int
    p_hat: Float
    batch: Batch


def iota(problem: LatentProblem, delta: float) -> float:
    """2 ln(2 M S A H K / delta)."""
    sizes = problem.n_contexts * problem.n_states * problem.n_actions * problem.horizon * problem.n_episodes
    return 2.0 * math.log(2.0 * sizes / delta)


def allocate(params: Any, problem: LatentProblem) -> None:
    """Check the hyper-parameters.

    Raises:
        InvalidInput: if delta is outside (0, 1) or the scale is negative.
    """
    check_confidence(params.delta)
    check_scale("scale", params.scale)


def empty(problem: LatentProblem) -> Estimates:
    """No data."""
    shape = problem.known.transitions.shape
    return Estimates(np.zeros(shape, np.int64), np.zeros(shape[:3], np.int64), np.zeros(shape))


def alarm(estimates: Estimates) -> Int:
    """Visits until each n_m(s,a) is the next power of two."""
    n = estimates.counts.sum(axis=3)
    return (1 << np.frexp(n)[1].astype(np.int64)) - n  # type: ignore[no-any-return]


def count(estimates: Estimates, m: int, s: int, a: int, following: int) -> bool:
    """Count a step; a power of two is a trigger: N and Ph of the pair are read off. Returns whether it was one."""
    estimates.counts[m, s, a, following] += 1
    n = int(estimates.counts[m, s, a].sum())
    if n & (n - 1):
        return False
    estimates.visits[m, s, a] = n
    estimates.p_hat[m, s, a] = estimates.counts[m, s, a] / n
    return True


def observe(estimates: Estimates, batch: Batch) -> bool:
    """Count the episodes of a batch for their own context. Triggers are in its last episode only."""
    estimates.counts[...] += batch.transitions
    steps = zip(batch.states[:-1], batch.actions, batch.states[1:])
    return any([count(estimates, batch.context, s, a, following) for s, a, following in steps])


def statistics(estimates: Estimates) -> tuple[Int, Float]:
    """N and Ph for the solver."""
    return estimates.visits.copy(), estimates.p_hat.copy()


def solve(params: Any, problem: LatentProblem, visits: Int, p_hat: Float) -> tuple[Backup, Plan]:
    """argmax over the class of policies of the optimistic objective."""
    backup = params.backup(problem, visits, p_hat)
    if problem.policies:
        return backup, best_of(problem.known, problem.policies, backup)
    return backup, alpha_vectors(problem.known, backup)


def learn(
    problem: LatentProblem,
    world: LatentWorld,
    horizon: int,
    make_plan: Callable[[Int, Float], tuple[Backup, Any]],
    episodes: Callable[[Any, int, Int], Batch],
) -> Generator[Moment, None, list[int]]:
    """Algorithm 1: plan, play until a count has doubled, plan again. Leaves the number of plans."""
    estimates = empty(problem)
    k, plans = 0, 0
    while k < horizon:
        visits, p_hat = statistics(estimates)
        backup, plan = make_plan(visits, p_hat)
        plans += 1
        triggered = False
        while k < horizon and not triggered:
            batch = episodes(plan, horizon - k, alarm(estimates))
            triggered = observe(estimates, batch)
            moment = Moment(plan, backup, visits, p_hat, batch)
            for _ in range(batch.n_episodes):
                world.book()
                yield moment
            k += batch.n_episodes
    return [plans]


def play(params: Any, problem: LatentProblem, world: LatentWorld, horizon: int) -> Generator[Moment, None, list[int]]:
    """The framework with the solver of ``params``."""

    def controller_of(plan: Plan, limit: int, alarms: Int) -> Batch:
        controller: Controller = plan.controller
        return world.episodes(controller, limit, alarms)

    return learn(problem, world, horizon, lambda n, p: solve(params, problem, n, p), controller_of)
