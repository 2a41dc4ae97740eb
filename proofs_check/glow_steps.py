"""The proof of GLOW's regret bound, watched round by round with exact occupancies and residuals.

Everything is computed from the model, the policies and the episodes shown, never from what the algorithm has cached;
only the weight functions it tested against are its own. Stages are 0-based.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from kernels.driven import Check
from kernels.steps import Step
from mdps.model import Float
from mdps.planning.finite_horizon import evaluate_policy, occupancies
from mdps.weight_classes import ratios
from proofs_check.claim import confidence
from theory.theorems.glow import DERIVED, Constants, log_factor, potential_bound, thresholds

#: Suprema this close to beta_t may fall on either side of it by rounding.
BOUNDARY = 1e-9

_EVENTS = ("concentration", "second-moment-below", "second-moment-above")


_PLACE = ("round", "stage", "function")

STEPS = (
    Step("residual-range", "-2 <= Delta_h f <= 1 (printed: |Delta_h f| <= 1)", "used in Lemma E.4", place=_PLACE),
    Step(
        "version-space", "F^(t) is the set of Algorithm 1, from counts of our own (number of functions that differ)",
        "Amortila et al. 2024, Algorithm 1, line 3", place=_PLACE,
    ),
    Step(
        "optimistic", "no member of F^(t) has a larger average of f_1(x_1, pi_f(x_1)) than f^(t)",
        "Amortila et al. 2024, Algorithm 1, line 4", place=_PLACE,
    ),
    Step(
        "ratio", "w dbar^{t+1} = d^pi for the weight of every policy, had it been played in round t (largest error)",
        "Amortila et al. 2024, Assumption 2.2'", place=_PLACE,
    ),
    Step(
        "concentration", "|Eh[Dh f wc] - E_dbar[Delta f wc]| <= (10/(3 gamma_t)) E_dbar[wc^2] + beta_t/12 for all f, w",
        "Amortila et al. 2024, Lemma E.1 (a)", "event", confidence, place=_PLACE,
    ),
    Step(
        "second-moment-below", "E_dbar[wc^2] <= 2 Eh[wc^2] + (2/9) gamma_t beta_t for all w, h",
        "Amortila et al. 2024, Lemma E.1 (b)", "event", confidence, place=_PLACE,
    ),
    Step(
        "second-moment-above", "Eh[wc^2] <= 1.5 E_dbar[wc^2] + (1/9) gamma_t beta_t for all w, h",
        "Amortila et al. 2024, Lemma E.1 (c)", "event", confidence, place=_PLACE,
    ),
    Step(
        "q-star", "Q* belongs to F^(t) (0 if it does)",
        "Amortila et al. 2024, Lemma E.2 (a)", "conditional", given=_EVENTS, place=_PLACE,
    ),
    Step(
        "members", "E_dbar[Delta f wc] <= (46/(3 gamma_t)) E_dbar[wc^2] + (71/36) beta_t for f in F^(t) and all w, h "
        "(printed: 20 and 7/18)",
        "Amortila et al. 2024, Lemma E.2 (b)", "conditional", given=_EVENTS, place=_PLACE,
    ),
    Step(
        "optimism", "E[max_a Q*_1 - f^(t)_1(x_1, pi^(t))] <= sqrt(8L/(K(t-1)))",
        "Amortila et al. 2024, Lemma E.2 (c)", "event", confidence, place=_PLACE,
    ),
    Step(
        "decomposition", "E[f_1(x_1, pi_f)] - J(pi_f) = sum_h E_{d_h^{pi_f}}[Delta_h f], absolute difference",
        "Amortila et al. 2024, Lemma D.4", place=_PLACE,
    ),
    Step(
        "elliptic", "sum_t d^(t)(z)/(sum_{i<t} d^(i)(z) + C mu(z)) <= 2 log(1+T) for every z, C mu = max_pi d^pi",
        "Amortila et al. 2024, Lemma D.5", place=("round", "stage", "state", "action"),
    ),
    Step(
        "potential", "sum_t E_{d^(t)}[d^(t)/dtil^(t+1)] <= C_cov (1 + 4 log(1+T)) (printed: 5 C_cov log T)",
        "Amortila et al. 2024, Lemma E.3", place=_PLACE,
    ),
    Step(
        "clipping-loss", "B_t = P_{d^(t)}[d^(t)/dbar^{t+1} >= gamma_t] <= (1/gamma) E_{d^(t)}[d^(t)/dtil^{t+1}]",
        "Markov's inequality in the proof of Amortila et al. 2024, Lemma E.4", place=_PLACE,
    ),
    Step(
        "truncation", "E_{d^(t)}[Delta f^(t)] <= E_{dbar^{t+1}}[Delta f^(t) wc] + B_t, w the weight tested for pi^(t)",
        "first display in the proof of Amortila et al. 2024, Lemma E.4", place=_PLACE,
    ),
    Step(
        "residual-sum", "sum_{t>=2} E_{d^(t)}[Delta_h f^(t)] <= (81/gamma) sum_t E[d/dtil] + 10 sum_t beta_t "
        "+ (gamma/80)(1 + log T)",
        "Amortila et al. 2024, Lemma E.4", "conditional", given=_EVENTS, place=_PLACE,
    ),
)  # fmt: skip


@dataclass
class Notes:
    """What the watch keeps of a run; pairs z = (s, a) are flat, so that arrays are (..., H, Z)."""

    n_rounds: int
    constants: Constants
    laws: Float  # d^pi, (P, H, Z)
    residuals: Float  # Delta f, (F, H, Z)
    functions: Float  # (F, H, Z)
    ahead: Float  # max_a f_{h+1}, (F, H, S)
    first_values: Float  # max_a f_1, (F, S)
    rewards: Float  # sums, (H, Z)
    following: Float  # counts, (H, Z, S)
    starts: Float  # (S,)
    played: Float  # dtil, sum of the occupancies played, (H, Z)
    reach: Float  # max_pi d^pi, (H, Z)
    elliptic: Float  # (H, Z)
    sums: dict[str, Float] = field(default_factory=dict)  # per stage
    beta_sum: float = 0.0


def allocate(params: Any, instance: Any, horizon: int) -> Notes:
    """Fresh notes; occupancies and residuals by exact planning."""
    f, h, s, a = instance.functions.shape
    z = s * a
    laws = np.stack([occupancies(instance.mdp, policy) for policy in instance.policies]).reshape(-1, h, z)
    kernel, mean = instance.mdp.dense()
    kernel = np.broadcast_to(kernel, (h, s, a, s)).reshape(h, z, s)
    mean = np.broadcast_to(mean, (h, s, a)).reshape(h, z)
    functions = instance.functions.reshape(f, h, z)
    ahead = np.zeros((f, h, s))
    ahead[:, :-1] = instance.functions[:, 1:].max(axis=3)
    residuals = functions - mean - np.einsum("hzy,fhy->fhz", kernel, ahead)
    return Notes(
        horizon, getattr(instance, "constants", DERIVED), laws, residuals, functions, ahead,
        instance.functions[:, 0].max(axis=2), np.zeros((h, z)), np.zeros((h, z, s)), np.zeros(s), np.zeros((h, z)),
        laws.max(axis=0), np.zeros((h, z)), {"potential": np.zeros(h), "residual": np.zeros(h)},
    )  # fmt: skip


def begin(check: Check, watch: Notes, params: Any, instance: Any) -> None:
    """What needs no data: the range of residuals and the decomposition of every function's error."""
    lowest = watch.residuals.min(axis=2)
    f, h = np.unravel_index(int(lowest.argmin()), lowest.shape)
    check("residual-range", watch.constants.least_residual, float(lowest[f, h]), 0, h, f)
    check("residual-range", float(watch.residuals.max()), 1.0, 0)
    for i, p in enumerate(instance.policy_of):
        gain = float(instance.mdp.initial @ watch.first_values[i])
        value = float(instance.mdp.initial @ evaluate_policy(instance.mdp, instance.policies[p])[0])
        check("decomposition", abs(gain - value - float((watch.laws[p] * watch.residuals[i]).sum())), 0.0, 0, -1, i)


def observed(check: Check, watch: Notes, params: Any, instance: Any, t: int, moment: Any) -> None:
    """Round t: the tests before it, then what its policy adds."""
    p = int(instance.policy_of[moment.chosen])
    law = watch.laws[p]
    if t > 1:
        _members(check, watch, params, instance, t, moment, p)
    _potentials(check, watch, params, instance, t, law, watch.residuals[moment.chosen])
    count(watch, instance, moment, law)


def count(watch: Notes, instance: Any, moment: Any, law: Float) -> None:
    """Add the episodes of a round and the occupancy of its policy, (H, Z)."""
    watch.played += law
    np.add.at(watch.starts, moment.walks.states[:, 0], 1.0)
    pairs = moment.walks.states[:, :-1] * instance.n_actions + moment.walks.actions
    for h in range(instance.horizon):
        np.add.at(watch.rewards[h], pairs[:, h], moment.walks.rewards[:, h])
        np.add.at(watch.following[h], (pairs[:, h], moment.walks.states[:, h + 1]), 1.0)


def _members(check: Check, watch: Notes, params: Any, instance: Any, t: int, moment: Any, p: int) -> None:
    """The version space of round t against a recomputation, and everything Lemmas E.1 and E.2 say of it."""
    gamma_t, alpha, beta = thresholds(instance, params, watch.n_rounds, t)
    clip = params.clip_scale * gamma_t
    samples = float(params.n_trajectories * (t - 1))
    counts = watch.following.sum(axis=2)
    weights = moment.weights.reshape(len(moment.weights), *counts.shape)
    clipped = np.minimum(weights, clip)
    # e_f(z)/M, one average over the M tuples of each stage.
    errors = (
        watch.functions * counts - watch.rewards - np.einsum("hzy,fhy->fhz", watch.following, watch.ahead)
    ) / samples
    mixture = watch.played / (t - 1)
    first = np.einsum("fhz,whz->fwh", errors, clipped)
    first_true = np.einsum("fhz,whz->fwh", watch.residuals * mixture, clipped)
    second = np.einsum("hz,whz->wh", counts / samples, clipped**2)
    second_true = np.einsum("hz,whz->wh", mixture, clipped**2)

    suprema = (first - alpha * second).max(axis=1)
    inside, outside = (suprema <= beta - BOUNDARY).all(axis=1), (suprema > beta + BOUNDARY).any(axis=1)
    wrong = (inside & ~moment.members) | (outside & moment.members)
    check("version-space", float(wrong.sum()), 0.0, t, -1, int(wrong.argmax()))
    values = watch.first_values @ watch.starts / samples
    allowed = np.where(moment.members, values, -np.inf) if moment.members.any() else values
    check("optimistic", float(allowed.max()), float(values[moment.chosen]), t, -1, moment.chosen)
    if len(weights) == len(watch.laws):
        mixed = (watch.played + watch.laws) / t
        with np.errstate(invalid="ignore"):
            error = abs(np.where(watch.laws > 0.0, weights * mixed, 0.0) - watch.laws)
        check("ratio", float(np.nan_to_num(error, nan=np.inf).max()), 0.0, t)
        _truncation(check, watch, moment, t, law=watch.laws[p], weight=weights[p], gamma_t=gamma_t, clip=clip)

    excess = abs(first - first_true) - 10.0 / (3.0 * gamma_t) * second_true
    _worst(check, "concentration", excess.max(axis=1).T, beta / 12.0, t)
    _worst(check, "second-moment-below", (second_true - 2.0 * second).max(axis=0)[:, None], 2 / 9 * gamma_t * beta, t)
    _worst(check, "second-moment-above", (second - 1.5 * second_true).max(axis=0)[:, None], gamma_t * beta / 9.0, t)
    q_star = instance.q_star_index
    check("q-star", 0.0 if moment.members[q_star] else 1.0, 0.0, t, -1, q_star)
    if moment.members.any():
        slack = first_true[moment.members] - watch.constants.spread / gamma_t * second_true
        _worst(check, "members", slack.max(axis=1).T, watch.constants.width * beta, t)
    short = float(instance.mdp.initial @ (instance.optimal_values[0] - watch.first_values[moment.chosen]))
    logs = float(log_factor(instance, params, watch.n_rounds))
    check("optimism", short, math.sqrt(8.0 * logs / samples), t, -1, moment.chosen)
    watch.beta_sum += beta


class Terms(NamedTuple):
    """The sums over rounds and stages that the proof of Theorem 3.1 trades against each other."""

    errors: float  # A: E_{dbar^{t+1}}[Delta f^(t) wc]
    lost: float  # B: P_{d^(t)}[d^(t)/dbar^{t+1} >= gamma_t]
    thresholds: float  # beta_t, t >= 2


def terms_of(instance: Any, params: Any, chosen: npt.NDArray[np.int64]) -> Terms:
    """The exact terms of a recorded run, from the functions it chose, (T,)."""
    n_rounds = len(chosen)
    played = np.zeros(instance.occupancies.shape[1:])
    residuals = instance.residuals
    errors = lost = widths = 0.0
    for t, f in enumerate(chosen.tolist(), 1):
        law = instance.occupancies[instance.policy_of[f]]
        played += law
        ratio = ratios(law, played / t)
        gamma_t = params.gamma * t
        errors += float((played / t * residuals[f] * np.minimum(ratio, params.clip_scale * gamma_t)).sum())
        lost += float(law[ratio >= gamma_t].sum())
        widths += thresholds(instance, params, n_rounds, t)[2] if t > 1 else 0.0
    return Terms(errors, lost, widths)


def _truncation(
    check: Check, watch: Notes, moment: Any, t: int, *, law: Float, weight: Float, gamma_t: float, clip: float
) -> None:
    """What clipping the weight of the policy played costs."""
    residual = watch.residuals[moment.chosen]
    mixed = (watch.played + law) / t
    for h in range(len(law)):
        lost = float(law[h][(law[h] > 0.0) & (law[h] >= gamma_t * mixed[h])].sum())
        kept = float((mixed[h] * residual[h] * np.minimum(weight[h], clip)).sum())
        check("truncation", float(law[h] @ residual[h]), kept + lost, t, h, moment.chosen)


def _potentials(check: Check, watch: Notes, params: Any, instance: Any, t: int, law: Float, residual: Float) -> None:
    """Lemmas D.5 and E.3, the clipping loss, and the sum of Lemma E.4."""
    total = watch.played + law
    ratio = np.where(law > 0.0, law / np.where(total > 0.0, total, 1.0), 0.0)
    lost = np.where(ratio >= params.gamma, law, 0.0).sum(axis=1)  # d/dbar >= gamma_t iff d/dtil >= gamma
    step = (law * ratio).sum(axis=1)
    h = int((params.gamma * lost - step).argmax())
    check("clipping-loss", float(lost[h]), float(step[h] / params.gamma), t, h)
    watch.sums["potential"] += step
    allowed = float(potential_bound(watch.constants, instance.coverability, np.array(float(t))))
    _worst(check, "potential", watch.sums["potential"][:, None], allowed, t)
    with np.errstate(invalid="ignore"):
        watch.elliptic += np.where(law > 0.0, law / (watch.played + watch.reach), 0.0)
    i, z = divmod(int(watch.elliptic.argmax()), law.shape[1])
    check("elliptic", float(watch.elliptic[i, z]), 2.0 * math.log(1.0 + t), t, i, *divmod(z, instance.n_actions))
    if t > 1:
        watch.sums["residual"] += (law * residual).sum(axis=1)
        slack = watch.sums["residual"] - 81.0 / params.gamma * watch.sums["potential"]
        rest = 10.0 * watch.beta_sum + params.gamma / 80.0 * (1.0 + math.log(t))
        _worst(check, "residual-sum", slack[:, None], rest, t)


def _worst(check: Check, step: str, left: npt.NDArray[np.float64], right: float, t: int) -> None:
    """Check the largest entry of ``left``, (H, ...), against ``right``."""
    h, i = np.unravel_index(int(left.argmax()), left.shape)
    check(step, float(left[h, i]), right, t, h, i)
