"""What the claims on latent MDPs watch: the steps of the proof of Zhou, Wang and Du (2023), for either solver.

Counts, triggers, estimates, radii and alpha vectors are kept and computed here a second time, from the batches alone.
The solvers differ in one function, :attr:`Notes.plausible`. Plans are checked when they are first played.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from kernels.driven import Check
from kernels.steps import Step
from mdps.latent import LatentMDP
from mdps.planning.latent import (
    Backup,
    Controller,
    Float,
    Int,
    accumulate,
    evaluate,
    exact_backup,
    possible_places,
    return_variance,
    root_value,
    stages,
    successors,
    total_variance,
)
from proofs_check.claim import confidence
from theory.theorems.lmdp import log_factor

SOURCE = "Zhou, Wang and Du 2023"
PLACE = ("episode", "context", "state", "action")


STEPS = (
    Step(
        "good-event",
        "|P - Ph|(s'|s,a) <= 2 sqrt(Ph iota/N) + 5 iota/N for all m, s, a, s' at every plan",
        f"{SOURCE}, confidence set; empirical Bernstein",
        "event",
        confidence,
        place=PLACE,
    ),
    Step("counts", "N, Ph are those of each pair's last power of two, own contexts only", f"{SOURCE}, Algorithm 1",
         place=("episode",)),
    Step("recursion", "the plan's alpha vectors solve the optimistic recursion", f"{SOURCE}, solvers",
         place=("episode", "node", "context")),
    Step("optimism", "V* <= optimistic value", f"{SOURCE}, optimism", "conditional", given=("good-event",),
         place=("episode",)),
    Step(
        "optimism-everywhere",
        "alpha_m(h) <= optimistic alpha_m(h) at nodes possible in context m, for the plan's policies and the best one",
        f"{SOURCE}, optimism",
        "conditional",
        given=("good-event",),
        place=("episode", "node", "context"),
    ),
    Step("split", "optimistic value - V^pi = sum_m w_m E_pi sum_t (alpha~ - R - P alpha~)", f"{SOURCE}, regret split",
         place=("episode",)),
    Step("residual", "alpha~ - R - P alpha~ <= bonus + (p - P) alpha~, p the optimistic law; = where not clipped",
         f"{SOURCE}, regret split", place=("episode", "node", "context")),
    Step("variance-law", "Var(return) = V(w o nu, alpha) + E_pi sum_t V(P_m, alpha_m)", "law of total variance",
         place=("episode",)),
    Step("variance-bound", "Var^pi <= Var*", f"{SOURCE}, definition of Var*", place=("episode",)),
    Step("monotone", "alpha <= alpha' in [0,1]^S implies F(alpha) <= F(alpha')", f"{SOURCE}, optimism", place=PLACE),
    Step("pigeonhole", "sum of 1/max(1,N) over steps up to an episode's first trigger <= MSA (log2(KH) + 2)",
         f"{SOURCE}, doubling counts", place=("episode",)),
    Step("truncation", "episodes with a trigger <= MSA (log2(KH) + 1)", f"{SOURCE}, truncation", place=("episode",)),
    Step("plans", "number of plans <= MSA (log2(KH) + 2)", f"{SOURCE}, Algorithm 1", place=("episode",)),
)  # fmt: skip

#: (first, second, low, high) of a :class:`~mdps.planning.latent.Backup`.
Radii = tuple[Float, Float, Float, Float]
#: (scale, S, iota, N, Ph) -> what a solver adds to the estimates.
Plausible = Callable[[float, int, float, Int, Float], Radii]


@dataclass
class Notes:
    """Counts of a run of the watch's own, and exact values that do not change."""

    plausible: Plausible
    iota: float
    counts: Int
    visits: Int
    p_hat: Float
    best: Float
    possible: Any
    limits: tuple[float, float, float]
    rng: np.random.Generator = field(default_factory=lambda: np.random.default_rng(0))
    moment: Any = None
    plan: Any = None
    pigeonhole: float = 0.0
    cut: int = 0
    plans: int = 0


def notes_of(plausible: Plausible, params: Any, instance: LatentMDP, horizon: int) -> Notes:
    """Fresh notes for a run of ``horizon`` episodes."""
    shape = instance.transitions.shape
    rows = instance.n_contexts * instance.n_states * instance.n_actions
    octaves = math.log2(horizon * instance.horizon)
    return Notes(
        plausible,
        float(log_factor(instance, params, np.array([float(horizon)]))[0]),
        np.zeros(shape, np.int64),
        np.zeros(shape[:3], np.int64),
        np.zeros(shape),
        instance.optimum.values,
        possible_places(instance.model),
        (rows * (octaves + 2), rows * (octaves + 1), rows * (octaves + 2)),
    )


def optimistic_mean(low: Float, high: Float, ahead: Float) -> Float:
    """max of p.alpha over low <= p <= high in the simplex, for arrays (..., S): the best are filled first."""
    if (high <= low).all():
        return (low * ahead).sum(axis=-1)  # type: ignore[no-any-return]
    order = np.argsort(-ahead, axis=-1, kind="stable")
    low, high, sorted_ahead = (np.take_along_axis(x, order, axis=-1) for x in (low, high, ahead))
    width = high - low
    before = np.cumsum(width, axis=-1) - width
    room = 1.0 - low.sum(axis=-1, keepdims=True)
    return ((low + np.clip(room - before, 0.0, width)) * sorted_ahead).sum(axis=-1)  # type: ignore[no-any-return]


def bonus(centre: Float, first: Float, second: Float, ahead: Float) -> Float:
    """max{sqrt(first V(centre, alpha)), second}, for arrays (..., S) and (...)."""
    mean = (centre * ahead).sum(axis=-1, keepdims=True)
    return np.maximum(np.sqrt(first * (centre * (ahead - mean) ** 2).sum(axis=-1)), second)


def along(controller: Controller, values: Float) -> Float:
    """What belongs to each node's state and action, context by context: (N, M) or (N, M, S) of (M, S, A[, S])."""
    return values[:, controller.state, controller.action].swapaxes(0, 1)


def optimistic_values(instance: LatentMDP, controller: Controller, data: Backup) -> Float:
    """The recursion F along a controller, (N, M), stage by stage."""
    values = np.zeros((len(controller.state), instance.n_contexts))
    rewards, centre, low, high, first, second = (along(controller, x) for x in (instance.rewards, *data[:5]))
    for at, stage in stages(controller):
        ahead = successors(instance.model, stage, values)
        total = rewards[at] + bonus(centre[at], first[at], second[at], ahead)
        values[at] = np.minimum(data.cap, total + optimistic_mean(low[at], high[at], ahead))
    return values


def worst(excess: Float) -> tuple[int, ...]:
    """Index of the largest entry."""
    return tuple(int(i) for i in np.unravel_index(int(np.argmax(excess)), excess.shape))


def check_plan(check: Check, notes: Notes, params: Any, instance: LatentMDP, t: int, moment: Any) -> None:
    """Everything about a new plan, on the estimates it should be made from."""
    model, plan = instance.model, moment.plan
    n, p_hat = notes.visits, notes.p_hat
    differences = np.abs(moment.visits - n).sum() + np.abs(moment.p_hat - p_hat).sum()
    check("counts", differences, 0.0, t, tolerance=0.0)
    if (moment.visits > 0).any():  # the event is about the estimates that the plan was made from
        size = np.maximum(moment.visits, 1)[..., None]
        radius = 2.0 * np.sqrt(moment.p_hat * notes.iota / size) + 5.0 * notes.iota / size
        deviation = np.abs(instance.transitions - moment.p_hat)
        excess = np.where(moment.visits[..., None] > 0, deviation - radius, -np.inf)
        m, s, a, y = worst(excess)
        check("good-event", deviation[m, s, a, y], radius[m, s, a, y], t, m, s, a)
    first, second, low, high = notes.plausible(params.scale, instance.n_states, notes.iota, n, p_hat)
    data = Backup(p_hat, low, high, first, second, 1.0)
    own = optimistic_values(instance, plan.controller, data)
    i, m = worst(np.abs(own - plan.values))
    check("recursion", abs(own[i, m] - plan.values[i, m]), 0.0, t, i, m)
    check("optimism", instance.optimal_value, plan.objective, t)
    truth = evaluate(model, plan.controller, exact_backup(model))
    best = instance.optimum.controller
    above = optimistic_values(instance, best, data)
    for controller, exact, optimistic in ((plan.controller, truth, plan.values), (best, notes.best, above)):
        possible = notes.possible[controller.stage, :, controller.state]  # (N, M); elsewhere alpha may exceed 1
        i, m = worst(np.where(possible, exact - optimistic, -np.inf))
        check("optimism-everywhere", exact[i, m], optimistic[i, m], t, i, m)
    ahead = successors(model, plan.controller, plan.values)
    laws, rewards = along(plan.controller, instance.transitions), along(plan.controller, instance.rewards)
    residual = plan.values - rewards - (laws * ahead).sum(axis=2)
    achieved = root_value(model, plan.controller, truth)
    split = root_value(model, plan.controller, accumulate(model, plan.controller, residual))
    check("split", abs(plan.objective - achieved - split), 0.0, t)
    centre, low_, high_, first_, second_ = (along(plan.controller, x) for x in data[:5])
    allowed = bonus(centre, first_, second_, ahead) + optimistic_mean(low_, high_, ahead) - (laws * ahead).sum(axis=2)
    i, m = worst(residual - np.minimum(allowed, 1e6))  # an infinite bonus allows everything
    check("residual", residual[i, m], allowed[i, m], t, i, m)
    free = plan.values < data.cap
    if free.any():  # not clipped: an equality
        i, m = worst(np.where(free, allowed - residual, -np.inf))
        check("residual", allowed[i, m], residual[i, m], t, i, m)
    spread = total_variance(model, plan.controller, truth)
    check("variance-law", abs(spread - return_variance(model, plan.controller, truth)), 1e-10, t)
    check("variance-bound", spread, instance.variance, t)
    check_monotone(check, notes, instance, t, moment.backup)


def check_monotone(check: Check, notes: Notes, instance: LatentMDP, t: int, backup: Backup) -> None:
    """The recursion's own data at every (m, s, a) that was visited, on a random pair alpha <= alpha'."""
    where = np.argwhere(notes.visits > 0)
    if len(where) == 0:
        return
    m, s, a = where.T
    size = notes.rng.random((len(where), 1)) ** 4  # small alpha vectors too, which the cap does not hide
    high = size * notes.rng.random((len(where), instance.n_states))
    raised = notes.rng.random(high.shape) < 0.5  # one successor or more is lowered
    low = np.where(raised, high, high * notes.rng.random(high.shape))

    def value(ahead: Float) -> Float:
        total = bonus(backup.centre[m, s, a], backup.first[m, s, a], backup.second[m, s, a], ahead)
        return np.minimum(backup.cap, total + optimistic_mean(backup.low[m, s, a], backup.high[m, s, a], ahead))

    below, above = value(low), value(high)
    i = int(np.argmax(below - above))
    check("monotone", below[i], above[i], t, *where[i])


def add_batch(notes: Notes, batch: Any) -> None:
    """Count a batch for its own contexts; freeze estimates at powers of two; the sums of the pigeonhole."""
    inverse = 1.0 / np.maximum(1, notes.visits)
    notes.counts += batch.transitions
    notes.pigeonhole += float((batch.transitions.sum(axis=3) * inverse).sum())
    m, rung = batch.context, False
    for t in range(len(batch.actions)):
        s, a = batch.states[t], batch.actions[t]
        if not rung:
            notes.pigeonhole += inverse[m, s, a]
        notes.counts[m, s, a, batch.states[t + 1]] += 1
        n = int(notes.counts[m, s, a].sum())
        if 2 ** round(math.log2(n)) == n:
            rung = True
            notes.visits[m, s, a] = n
            notes.p_hat[m, s, a] = notes.counts[m, s, a] / n
    notes.cut += rung


def observed(check: Check, notes: Notes, params: Any, instance: LatentMDP, t: int, moment: Any) -> None:
    """At the first episode of every batch."""
    if moment is notes.moment:
        return
    notes.moment = moment
    if moment.plan is not notes.plan:
        notes.plan = moment.plan
        notes.plans += 1
        check_plan(check, notes, params, instance, t, moment)
    add_batch(notes, moment.batch)


def ended(check: Check, notes: Notes, params: Any, instance: LatentMDP, t: int) -> None:
    """The counting arguments."""
    check("pigeonhole", notes.pigeonhole, notes.limits[0], t)
    check("truncation", notes.cut, notes.limits[1], t)
    check("plans", notes.plans, notes.limits[2], t)
