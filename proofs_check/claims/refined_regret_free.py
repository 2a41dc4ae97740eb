"""Refined regret, Algorithm 3 (no simulator): its mechanisms. The rate K^(8/9) needs longer phases than runs here."""

from __future__ import annotations

import math
import sys
from typing import Any

import numpy as np

from kernels.driven import Check
from kernels.steps import Step
from mdps.adversarial import AdversarialMDP, Walk
from mdps.algorithms.refined_regret_free import FreeMoment, RefinedRegretFree, orders
from mdps.covariance import gram
from mdps.dilated import dilate
from mdps.instances.adversarial import layered, simplex_layered
from mdps.planning.layered import Float
from proofs_check.claim import Case, Claim, Sabotage
from proofs_check.dilated_steps import DILATED, PAPER, barrier_stability, worst

_CELL = ("episode", "stage", "state", "action")

STEPS = (
    Step(
        "cover-gram",
        "Gamma_{m+1} = I + (1/N_0) sum phi phi^T over all episodes of the cover phase (difference)",
        f"{PAPER}, Algorithm 3 (PolicyCover)",
        place=("episode",),
    ),
    Step(
        "cover-potential",
        "sum_m tr(Gamma_m^{-1} (Gamma_{m+1} - Gamma_m)) <= 2 log det Gamma <= 2 d log(1 + M_0/d) in every layer",
        f"{PAPER}, analysis of PolicyCover (elliptic potential, a batch has trace at most 1)",
        place=("episode", "stage"),
    ),
    Step(
        "known",
        "the bonus vanishes at states with max_a |phi|^2 > alpha in (Gamma/M_0)^{-1}",
        f"{PAPER}, Algorithm 3 (known states)",
        place=_CELL,
    ),
    Step(
        "mixture",
        "the policy played is the cover's up to layer h* and the leader's afterwards (difference)",
        f"{PAPER}, Algorithm 3",
        place=("episode",),
    ),
    Step(
        "covariance",
        "Sigma^+ (gamma I + (1/W) sum w phi phi^T) = I over the first half of the epoch, w = (1-Y) + Y H 1{h = h*} "
        "(difference)",
        f"{PAPER}, Algorithm 3 (alternative to matrix geometric resampling)",
        place=("episode", "stage"),
    ),
    Step(
        "estimate",
        "thetahat and Lambdahat are Sigma^+ times the means of w phi L and w phi D over the second half, "
        "D_h = sum_{i>h} (1+1/H)^(i-h) b(s_i, a_i) (difference, relative)",
        f"{PAPER}, Algorithm 3",
        place=("episode", "stage"),
    ),
    Step(
        "unbiased",
        "E[w phi L] = Sigma_mix theta, Sigma_mix = (1-delta_e) Sigma_pi + delta_e Sigma_cover, exactly over the "
        "mixture, the losses of the episode (difference)",
        f"{PAPER}, analysis of Algorithm 3 (bias)",
        place=("episode", "stage"),
    ),
    Step(
        "bonus-mean",
        "E[w phi D] = Sigma_mix Lambda, phi . Lambda = B - b of the exact dilated recursion (difference)",
        f"{DILATED}, dilated Bellman equation",
        place=("episode", "stage"),
    ),
    Step(
        "leader",
        "pi_j is the leader on sum (Qhat - Bhat): eta C_a - 1/p_a is the same for all actions (to the likeliest, "
        "relative)",
        f"{PAPER}, Section 3, first-order condition",
        place=_CELL,
    ),
    Step(
        "stability",
        "stab_j <= eta sum_a pi_j (Qhat - Bhat)^2, however large the estimates",
        f"{PAPER}, log-barrier lemma",
        place=("episode", "stage", "state"),
    ),
)


class Notes:
    """What a run has seen."""

    def __init__(self, instance: AdversarialMDP) -> None:
        horizon, d = instance.horizon, instance.dimension
        self.phi = np.asarray(instance.features, dtype=np.float64).reshape(horizon, -1, d)
        self.fits = np.linalg.pinv(self.phi)
        self.gram = np.broadcast_to(np.eye(d), (horizon, d, d)).copy()
        self.covered, self.batch_gram = 0, self.gram.copy()
        self.potential = np.zeros(horizon)
        self.total = np.zeros(np.asarray(instance.features).shape[:3])
        self.epoch: list[tuple[Float, Float, Walk]] = []  # (weights (H,), features (H, d), episode)


def allocate(params: RefinedRegretFree, instance: AdversarialMDP, horizon: int) -> Notes:
    """Once a run."""
    return Notes(instance)


def _seen(watch: Notes, instance: AdversarialMDP, moment: FreeMoment) -> Float:
    walk = moment.walk
    return watch.phi[np.arange(instance.horizon), walk.states * instance.n_actions + walk.actions]  # type: ignore[no-any-return]


def observed(check: Check, watch: Notes, params: Any, instance: AdversarialMDP, t: int, moment: FreeMoment) -> None:
    """After episode t: of the cover phase, or of an epoch."""
    seen = _seen(watch, instance, moment)
    if moment.cover is None:
        _covering(check, watch, params, instance, t, moment, seen)
    else:
        _optimising(check, watch, params, instance, t, moment, seen)


def _covering(
    check: Check, watch: Notes, params: Any, instance: AdversarialMDP, t: int, moment: FreeMoment, seen: Float
) -> None:
    watch.gram += seen[:, :, None] * seen[:, None, :] / params.batch
    watch.covered += 1
    if watch.covered % params.batch:
        return
    check("cover-gram", float(abs(moment.gram - watch.gram).max()), 1e-9, t, tolerance=0.0)
    growth = watch.gram - watch.batch_gram
    watch.potential += np.trace(np.linalg.solve(watch.batch_gram, growth), axis1=1, axis2=2)
    watch.batch_gram = watch.gram.copy()
    logs = 2.0 * np.linalg.slogdet(watch.gram)[1]
    worst(check, "cover-potential", watch.potential, logs, t)
    d, batches = instance.dimension, watch.covered / params.batch
    worst(check, "cover-potential", logs, 2.0 * d * math.log(1.0 + batches / d), t)


def _optimising(
    check: Check, watch: Notes, params: Any, instance: AdversarialMDP, t: int, moment: FreeMoment, seen: Float
) -> None:
    cover, pi, horizon = moment.cover, moment.target, instance.horizon
    assert cover is not None and pi is not None and moment.compose is not None and moment.importance is not None
    if moment.turn < 0:
        expected = pi
    else:
        expected = np.where(
            (np.arange(horizon) <= moment.turn)[:, None, None], cover.policies[moment.member], pi
        )  # fmt: skip
    check("mixture", float(abs(moment.played - expected).max()), 0.0, t, tolerance=0.0)
    weight = np.ones(horizon) if moment.turn < 0 else np.where(np.arange(horizon) == moment.turn, float(horizon), 0.0)
    watch.epoch.append((weight, seen, moment.walk))
    likeliest = pi.argmax(axis=2)[..., None]
    behind = params.learning_rate * (watch.total - np.take_along_axis(watch.total, likeliest, 2))
    slope = 1.0 / np.take_along_axis(pi, likeliest, 2) - 1.0 / pi
    worst(check, "leader", abs(behind + slope) / (1.0 + abs(behind)), 1e-8, t, tolerance=0.0)
    if moment.update is None:
        return
    update, half, d = moment.update, params.epoch // 2, instance.dimension
    weights, features = (np.stack([part[i] for part in watch.epoch]) for i in (0, 1))
    first = np.einsum("nh,nhd,nhe->hde", weights[:half], features[:half], features[:half]) / half
    identity = update.inverse @ (first + params.regularization * np.eye(d))
    error = abs(identity - np.eye(d)).reshape(horizon, -1).max(axis=1)
    worst(check, "covariance", error, 1e-8, t, tolerance=0.0)
    walks = [part[2] for part in watch.epoch[half:]]
    ahead = np.triu((1.0 + 1.0 / horizon) ** np.subtract.outer(-np.arange(horizon), -np.arange(horizon)), 1)
    paid = [ahead @ update.bonus[np.arange(horizon), walk.states, walk.actions] for walk in walks]
    for got, values in ((update.theta, [walk.to_go for walk in walks]), (update.slope, paid)):
        mean = np.einsum("nh,nhd,nh->hd", weights[half:], features[half:], np.stack(values)) / half
        wanted = np.einsum("hde,he->hd", update.inverse, mean)
        error = abs(got - wanted).max(axis=1) / (1.0 + abs(wanted).max())
        worst(check, "estimate", error, 1e-9, t, tolerance=0.0)
    width = ((watch.phi @ np.linalg.inv(watch.gram / params.n_batches)) * watch.phi).sum(axis=2).reshape(pi.shape)
    unknown = width.max(axis=2, keepdims=True) > params.threshold
    worst(check, "known", np.where(unknown, abs(update.bonus), 0.0), 0.0, t, tolerance=0.0)
    _means(check, watch, params, instance, t, moment)
    change = update.estimate - update.dilated
    stability = barrier_stability(pi, change, params.learning_rate)
    worst(check, "stability", stability, params.learning_rate * (pi * change**2).sum(axis=2), t)
    watch.total = watch.total + change
    watch.epoch.clear()


def _means(check: Check, watch: Notes, params: Any, instance: AdversarialMDP, t: int, moment: FreeMoment) -> None:
    """E[w phi L] and E[w phi D] over (Y, h*, member) and the path, with the algorithm's own policies and weights."""
    cover, pi, update, horizon = moment.cover, moment.target, moment.update, instance.horizon
    assert cover is not None and pi is not None and update is not None
    assert moment.compose is not None and moment.importance is not None
    phi, losses = watch.phi, instance.losses(t)
    _, q = instance.values(pi, losses)
    exact = dilate(instance.transitions, pi, update.bonus, 1.0 + 1.0 / horizon) - update.bonus
    n_members = len(cover.policies)
    kinds = [(1.0 - params.exploration, -1, 0)]
    kinds += [
        (params.exploration / (horizon * n_members), turn, m) for turn in range(horizon) for m in range(n_members)
    ]
    seen_loss, seen_bonus = np.zeros((horizon, instance.dimension)), np.zeros((horizon, instance.dimension))
    for chance, turn, member in kinds:
        played = moment.compose(cover.policies[member], pi, turn)
        visits = instance.occupancy(played).reshape(horizon, -1)
        to_go = instance.values(played, losses)[1].reshape(horizon, -1)
        extra = dilate(instance.transitions, played, update.bonus, 1.0 + 1.0 / horizon) - update.bonus
        weight = chance * moment.importance(turn, horizon)[:, None] * visits
        seen_loss += np.einsum("hn,hn,hnd->hd", weight, to_go, phi)
        seen_bonus += np.einsum("hn,hn,hnd->hd", weight, extra.reshape(horizon, -1), phi)
    mixture = (1.0 - params.exploration) * gram(np.asarray(instance.features), instance.occupancy(pi))
    for policy in cover.policies:
        covered = gram(np.asarray(instance.features), instance.occupancy(policy))
        mixture = mixture + params.exploration / n_members * covered
    for step, values, found in (("unbiased", q, seen_loss), ("bonus-mean", exact, seen_bonus)):
        parameter = (watch.fits @ values.reshape(horizon, -1, 1))[:, :, 0]
        target = np.einsum("hde,he->hd", mixture, parameter)
        worst(check, step, abs(found - target).max(axis=1) / (1.0 + abs(target).max()), 1e-9, t, tolerance=0.0)


def shrunken(instance: AdversarialMDP, horizon: int) -> RefinedRegretFree:
    """The orders of the theorem with constants 1, a cover of 5 batches of 8 episodes, epochs of 20 and alpha = 2."""
    return orders(horizon, n_batches=5, batch=8)._replace(epoch=20, threshold=2.0)


def weights_without_the_horizon(turn: int, horizon: int) -> Float:
    """Planted fault: (1 - Y) + Y 1{h = h*}."""
    return np.ones(horizon) if turn < 0 else 1.0 * (np.arange(horizon) == turn)


def composed_too_short(member: Float, policy: Float, turn: int) -> Float:
    """Planted fault: the leader takes over at layer h* already."""
    return np.concatenate([member[: max(turn, 0)], policy[max(turn, 0) :]])


def grown_by_the_sum(gram: Float, seen: Float, batch: int) -> Float:
    """Planted fault: the sum of a batch instead of its mean."""
    return gram + np.einsum("nhd,nhe->hde", seen, seen)  # type: ignore[no-any-return]


def undilated_to_go(bonus: Float, walk: Walk) -> Float:
    """Planted fault: the bonus-to-go of a path without its factor 1 + 1/H."""
    paid = bonus[np.arange(len(bonus)), walk.states, walk.actions]
    return np.append(np.cumsum(paid[:0:-1])[::-1], 0.0)


CLAIM = Claim(
    slug="refined-regret-free",
    title="Log-barrier policy optimisation without a simulator",
    paper="Dai, Luo, Wei and Zimmert 2023, Refined regret for adversarial MDPs with linear function approximation "
    "(Algorithm 3)",
    setting="adversarial MDP",
    algorithm=shrunken,
    cases=(
        Case("linear", lambda: simplex_layered(n_episodes=200, seed=4), 200, max_runs=4),
        Case("layered", lambda: layered(2, 2, 3, 200), 200, max_runs=4),
    ),
    bounds=(),
    watch=sys.modules[__name__],
    sabotages=(
        Sabotage(
            "no-importance", "exploring episodes are weighted without the factor H",
            ("unbiased", "bonus-mean", "covariance"),
            overrides={"importance": weights_without_the_horizon}, n_runs=1,
        ),
        Sabotage(
            "early-turn", "the leader takes over at layer h* already", ("mixture", "unbiased"),
            overrides={"compose": composed_too_short}, n_runs=1,
        ),
        Sabotage(
            "sum-of-batch", "Gamma grows by the sum of a batch, not its mean", ("cover-gram",),
            overrides={"grown": grown_by_the_sum}, n_runs=1,
        ),
        Sabotage(
            "undilated", "the bonus-to-go of a path without the factor 1 + 1/H", ("estimate",),
            overrides={"bonus_to_go": undilated_to_go}, n_runs=1,
        ),
    ),
    user_horizon=400,
    notes="Shrunken: 5 batches of 8 episodes, epochs of 20 and alpha = 2, where the rate needs M_0 of order "
    "d H^2 alpha^2, N_0 of order M_0^4/alpha^2 and epochs of K^(2/3). The order K^(8/9) is not tested.",
)  # fmt: skip
