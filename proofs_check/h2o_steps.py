"""The reduction from hybrid to offline RL, watched round by round with exact occupancies.

Counts are kept here from the episodes and tuples shown; occupancies are exact, also of policies outside the class.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from kernels.driven import Check
from kernels.steps import Step
from mdps.algorithms.h2o import FQI, MABOCR, MLE
from mdps.model import Float
from mdps.planning.finite_horizon import action_values, backward_induction, evaluate_policy, occupancies
from mdps.weight_classes import ratios
from proofs_check.claim import confidence
from theory.theorems.glow import fqi_pair, mabo_pair, mle_pair

_PLACE = ("round", "stage", "function")

STEPS = (
    Step(
        "data", "D_hyb holds the first t-1 offline tuples and the t-1 episodes, from counts of our own (difference)",
        "Amortila et al. 2024, Algorithm 2", place=_PLACE,
    ),
    Step(
        "base", "the policy is that of the base algorithm on D_hyb, recomputed (excess of its objective)",
        "Amortila et al. 2024, Algorithms 2 and 3", place=_PLACE,
    ),
    Step(
        "risk", "J(pi*) - J(pi_f) <= sum_h E_{pi_f}[Delta_h f] - E_{pi*}[Delta_h f] for every f",
        "performance decomposition in the proof of Amortila et al. 2024, Appendix F", place=_PLACE,
    ),
    Step(
        "cc-bounded", "J(pi*) - J(pi^(t)) <= sum_h (a/t)(CC_h(pi*) + CC_h(pi^(t))) + b",
        "Amortila et al. 2024, Definition 4.3 with the base's pair", "event", confidence, place=_PLACE,
    ),
    Step(
        "optimal-coverage", "sum_t (1/t) CC_h(pi*, mu^(t), gamma t) <= 6 C_* log T, T >= 2",
        "Amortila et al. 2024, term (I) in the proof of Theorem 4.1", place=_PLACE,
    ),
    Step(
        "played-coverage", "sum_t (1/t) CC_h(pi^(t), mu^(t), gamma t) <= 4 C_cov (gamma + 10 log T + 1)",
        "Amortila et al. 2024, term (II) in the proof of Theorem 4.1", place=_PLACE,
    ),
    Step(
        "second-moment", "E_mu[min(d/mu, g)^2] <= 2 E_d[min(d/mu, g)]", "Amortila et al. 2024, Lemma F.5", place=_PLACE
    ),
    Step("excess-ratio", "P_d[d/mu > g] <= (2/g) CC_h(pi, mu, g)", "Amortila et al. 2024, Lemma F.4", place=_PLACE),
)  # fmt: skip


@dataclass
class Notes:
    """What the watch keeps of a run."""

    n_rounds: int
    optimal: Float  # d^{pi*}, (H, S, A)
    laws: dict[bytes, Float]  # occupancies of the policies met
    values: dict[bytes, float]
    counts: Float  # own counts of the hybrid data, (H, S, A, S)
    rewards: Float  # (H, S, A)
    played: Float  # sum of occupancies, (H, S, A)
    sums: dict[str, Float] = field(default_factory=dict)
    seen_offline: int = 0
    models: list[tuple[Float, Float]] = field(default_factory=list)


def allocate(params: Any, instance: Any, horizon: int) -> Notes:
    """Fresh notes."""
    _, h, s, a = instance.functions.shape
    optimal = occupancies(instance.mdp, backward_induction(instance.mdp)[2])
    sums = {"optimal": np.zeros(h), "played": np.zeros(h)}
    return Notes(
        horizon, optimal, {}, {}, np.zeros((h, s, a, s)), np.zeros((h, s, a)), np.zeros((h, s, a)), sums
    )  # fmt: skip


def begin(check: Check, watch: Notes, params: Any, instance: Any) -> None:
    """The performance decomposition of every function needs no data."""
    for i, f in enumerate(instance.functions):
        ahead = np.concatenate([f.max(axis=2), np.zeros((1, f.shape[1]))])
        residual = f - action_values(instance.mdp, ahead)
        policy = instance.policies[instance.policy_of[i]]
        own = occupancies(instance.mdp, policy)
        loss = instance.optimum - float(instance.mdp.initial @ evaluate_policy(instance.mdp, policy)[0])
        check("risk", loss, float(((own - watch.optimal) * residual).sum()), 0, -1, i)


def observed(check: Check, watch: Notes, params: Any, instance: Any, t: int, moment: Any) -> None:
    """Round t: its data and policy, then the coverage terms, then what its episode adds."""
    _add_offline(watch, params, moment, t)
    difference = abs(watch.counts - moment.data.following).sum() + abs(watch.rewards - moment.data.rewards).sum()
    check("data", float(difference), 0.0, t)
    if t > 1:
        check("base", _entry(_EXCESS, params.base)(watch, params, instance, moment, t), 0.0, t)
    name = np.ascontiguousarray(moment.policy).tobytes()
    if name not in watch.laws:
        watch.laws[name] = occupancies(instance.mdp, moment.policy)
        watch.values[name] = float(instance.mdp.initial @ evaluate_policy(instance.mdp, moment.policy)[0])
    _coverage(check, watch, params, instance, t, watch.laws[name], watch.values[name])
    watch.played += watch.laws[name]
    states, actions = moment.walks.states[0], moment.walks.actions[0]
    for h in range(instance.horizon):
        watch.counts[h, states[h], actions[h], states[h + 1]] += 1.0
        watch.rewards[h, states[h], actions[h]] += moment.walks.rewards[0, h]


def _add_offline(watch: Notes, params: Any, moment: Any, t: int) -> None:
    """The offline tuples that round t sees for the first time."""
    offline = moment.offline
    for i in range(watch.seen_offline, t - 1):
        for h in range(watch.counts.shape[0]):
            s, a, y = int(offline.states[i, h]), int(offline.actions[i, h]), int(offline.following[i, h])
            watch.counts[h, s, a, y] += 1.0
            watch.rewards[h, s, a] += offline.rewards[i, h]
    watch.seen_offline = max(watch.seen_offline, t - 1)


def _coverage(check: Check, watch: Notes, params: Any, instance: Any, t: int, law: Float, value: float) -> None:
    """Clipped concentrabilities against the law of the data, mu^(t) = (nu + dbar^(t))/2."""
    gamma, a, b = (float(x) for x in _entry(_PAIR, params.base)(instance, params, np.array(float(watch.n_rounds))))
    mu = np.zeros_like(law) if t == 1 else 0.5 * (instance.offline + watch.played / (t - 1))
    level = gamma * t
    clipped = np.minimum(ratios(law, mu), level)
    best = np.minimum(ratios(watch.optimal, mu), level)
    own = (law * clipped).sum(axis=(1, 2))
    optimal = (watch.optimal * best).sum(axis=(1, 2))
    watch.sums["optimal"] += optimal / t
    watch.sums["played"] += own / t
    check("cc-bounded", instance.optimum - value, a / t * float((optimal + own).sum()) + instance.horizon * b, t)
    if t > 1:
        h = int(watch.sums["optimal"].argmax())
        allowed = 6.0 * instance.optimal_concentrability * math.log(t)
        check("optimal-coverage", float(watch.sums["optimal"][h]), allowed, t, h)
    h = int(watch.sums["played"].argmax())
    bound = 4.0 * instance.coverability * (gamma + 10.0 * math.log(t) + 1.0)
    check("played-coverage", float(watch.sums["played"][h]), bound, t, h)
    for h in range(len(law)):
        check("second-moment", float((mu[h] * clipped[h] ** 2).sum()), 2.0 * float(own[h]), t, h)
        above = float(law[h][ratios(law[h], mu[h]) > level].sum())
        check("excess-ratio", above, 2.0 / level * float(own[h]), t, h)


# -------------------------------------------------------------------------------------- base algorithms, recomputed
def _mabo_excess(watch: Notes, params: Any, instance: Any, moment: Any, t: int) -> float:
    """Objective of the policy played (the least over functions with that policy) less the least objective."""
    n, level = 2.0 * (t - 1), params.base.gamma * t
    mu = 0.5 * (instance.offline + watch.played / (t - 1))
    objectives = []
    for f in instance.functions:
        ahead = np.concatenate([f.max(axis=2), np.zeros((1, f.shape[1]))])
        best_joint, best_single = -math.inf, -math.inf
        for law in instance.occupancies:
            terms = []
            for h in range(instance.horizon):
                w = np.minimum(ratios(law[h], mu[h]), level)
                n_h = watch.counts[h].sum(axis=2)
                errors = n_h * f[h] - watch.rewards[h] - watch.counts[h] @ ahead[h + 1]
                penalty = params.base.alpha_scale * 8.0 / level * float((n_h * w * w).sum()) / n
                terms.append(abs(float((errors * w).sum())) / n - penalty)
            best_joint, best_single = max(best_joint, sum(terms)), max(best_single, *terms)
        objectives.append(max(best_joint, best_single))
    same = [(instance.policies[p] == moment.policy).all() for p in instance.policy_of]
    return min((o for o, mine in zip(objectives, same) if mine), default=math.inf) - min(objectives)


def _fqi_excess(watch: Notes, params: Any, instance: Any, moment: Any, t: int) -> float:
    """1 if the policy is not that of fitted Q-iteration, squared errors summed over targets and successors."""
    ahead = np.zeros(instance.n_states)
    for h in reversed(range(instance.horizon)):
        counts = watch.counts[h]
        # sum over tuples of (g - r - V)^2, without the part in r^2 and V^2 alone
        losses = [float((counts * (g[:, :, None] - ahead) ** 2).sum() - 2.0 * (g * watch.rewards[h]).sum())
                  for g in instance.functions[:, h]]  # fmt: skip
        least = min(losses)
        ties = [g for g, loss in zip(instance.functions[:, h], losses) if loss <= least + 1e-9 * (1.0 + abs(least))]
        if not (moment.policy[h] == ties[0].argmax(axis=1)).all():
            return 1.0
        ahead = ties[0].max(axis=1)
    return 0.0


def _mle_excess(watch: Notes, params: Any, instance: Any, moment: Any, t: int) -> float:
    """1 if the policy is not optimal in the model put together from the likeliest stages."""
    h, s, a = instance.functions.shape[1:]
    if not watch.models:
        dense = (model.dense() for model in instance.models)
        watch.models = [(np.broadcast_to(p, (h, s, a, s)), np.broadcast_to(r, (h, s, a))) for p, r in dense]
    ahead = np.zeros(s)
    totals = watch.counts.sum(axis=3)
    for stage in reversed(range(h)):
        scores = []
        for p, r in watch.models:
            cells = [(watch.counts[stage], p[stage]), (watch.rewards[stage], r[stage]),
                     (totals[stage] - watch.rewards[stage], 1.0 - r[stage])]  # fmt: skip
            scores.append(sum(_log_likelihood(times, chance) for times, chance in cells))
        best = next(i for i, score in enumerate(scores) if score >= max(scores) - 1e-7)
        q = watch.models[best][1][stage] + watch.models[best][0][stage] @ ahead
        taken = np.take_along_axis(q, moment.policy[stage][:, None], axis=1)[:, 0]
        if (taken < q.max(axis=1) - 1e-9).any():
            return 1.0
        ahead = q.max(axis=1)
    return 0.0


def _log_likelihood(times: Float, chance: Float) -> float:
    """sum of times log(chance) over the cells that happened."""
    happened = times > 1e-12
    with np.errstate(divide="ignore"):
        return float((times[happened] * np.log(chance[happened])).sum())


_EXCESS: dict[type, Callable[..., float]] = {MABOCR: _mabo_excess, FQI: _fqi_excess, MLE: _mle_excess}
_PAIR: dict[type, Callable[..., Any]] = {MABOCR: mabo_pair, FQI: fqi_pair, MLE: mle_pair}


def _entry(table: dict[type, Any], base: Any) -> Any:
    """The entry of the base algorithm's type, or of the one it is derived from."""
    return next(table[kind] for kind in type(base).__mro__ if kind in table)
