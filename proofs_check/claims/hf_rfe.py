"""HF-UCRL-RFE++: the horizon-free reward-free guarantee of Zhang, Zhang and Gu (2023) and the steps of its proof."""

from __future__ import annotations

import functools
import math
import sys
from typing import Any

import numpy as np
import numpy.typing as npt

from kernels.driven import Check
from kernels.steps import Step
from mdps.algorithms.hf_rfe import HFUCRLRFE, PRACTICAL_RADIUS, Constants, Frozen, Moment
from mdps.instances.reward_free import river_mixture, three_state_hard
from mdps.reward_free import RewardFreeMDP, optimal_policy
from proofs_check.claim import Bound, Case, Claim, Sabotage
from theory.theorems import theorem
from theory.theorems.hf_rfe import level, log_deviation, log_potential, n_moments, radius, weight_floors

Float = npt.NDArray[np.float64]

#: Failure probability of the claims.
DELTA = 0.2
HAT, TILDE = 0, 1


def _half(params: HFUCRLRFE, instance: Any, horizon: int) -> float:
    """2 M delta' of the 4 M delta' = delta: the regressions and the martingales have 2 M statements each."""
    return params.delta / 2.0 if params.c_beta >= 1.0 else 1.0


_STAGE = ("episode", "stage")
_MOMENT = ("episode", "family", "moment")
_PAPER = "Zhang, Zhang and Gu 2023"

STEPS = (
    Step(
        "coverage",
        "||theta_{k,m} - theta*|| in dotSigma_{k,m} <= beta_k for both families, every moment and every k",
        f"{_PAPER}, the good event (their Lemma on the confidence sets)",
        "event",
        _half,
        place=_MOMENT,
    ),
    Step(
        "martingales",
        "|A_m| <= sqrt(2 zeta S_m) + zeta for both families and every moment, at every k",
        f"{_PAPER}, (2.8.27)",
        "event",
        _half,
        place=_MOMENT,
    ),
    Step(
        "value",
        "the maximum that the oracle reports is Vhat_{k,1}(s_1) of its triple, from matrices of our own",
        f"{_PAPER}, Algorithm 4, recursion of Vhat; difference of both sides",
        place=("episode",),
    ),
    Step(
        "monotone",
        "Vhat_{k,1}(s_1; theta_k, pi_k, r_k) <= Vhat_{k-1,1}(s_1; theta_{k-1}, pi_{k-1}, r_{k-1})",
        f"{_PAPER}, (2.8.8)",
        place=("episode",),
    ),
    Step(
        "planning",
        "V*_1(s_1; r) - V_1(s_1; pi_r) <= 4 Vhat_{k,1}(s_1; theta_k, pi_k, r_k) for every r in R",
        f"{_PAPER}, (2.8.7)",
        "conditional",
        given=("coverage",),
        place=("episode",),
    ),
    Step(
        "radius",
        "||theta_k - theta*|| in dotSigma_{k,0} <= 2 beta, both families",
        f"{_PAPER}, theta_k and theta* lie in U_k",
        "conditional",
        given=("coverage",),
        place=("episode", "family"),
    ),
    Step(
        "variance",
        "|Var_P(V^{2^m}) - var_m| <= E_m at every step, both families, m <= M-2",
        f"{_PAPER}, HOME",
        "conditional",
        given=("coverage",),
        place=("episode", "stage", "family", "moment"),
    ),
    Step(
        "weights",
        "Var_P(V^{2^m}) <= sigma_m^2 at every step, both families, every moment",
        f"{_PAPER}, HOME",
        "conditional",
        given=("coverage",),
        place=("episode", "stage", "family", "moment"),
    ),
    Step(
        "hat-error",
        "Vhat_h - u_h - P Vhat_{h+1} <= 4 min{1, beta ||phihat|| in dotSigma_{k,0}^{-1}} along the walk",
        f"{_PAPER}, (2.8.24)",
        "conditional",
        given=("coverage",),
        place=_STAGE,
    ),
    Step(
        "tilde-error",
        "Vtil_h - r_k - P Vtil_{h+1} <= 2 min{1, beta ||phitil|| in dotSigma_{k,0}^{-1}} along the walk",
        f"{_PAPER}, (2.8.24)",
        "conditional",
        given=("coverage",),
        place=_STAGE,
    ),
    Step(
        "chain",
        "sum_k Vhat_{k,1} <= Rtil_0 + 4 Rhat_0 + Ahat_0 + G",
        f"{_PAPER}, (2.8.53)",
        "conditional",
        given=("coverage",),
        place=("episode",),
    ),
    Step(
        "jumps",
        "G, the number of episodes in which some det^{1/2} grew more than fourfold, is at most M d iota",
        f"{_PAPER}, determinant argument",
        place=("episode",),
    ),
    Step(
        "bonus-sums",
        "R_m <= min{KH, 4 d iota + 4 beta gamma^2 d iota + 2 beta sqrt(d iota) sqrt(S_m + 4 R_m + 2 R_{m+1} + "
        "K H alpha^2)}, m <= M-2",
        f"{_PAPER}, (2.8.25)",
        "conditional",
        given=("coverage",),
        place=_MOMENT,
    ),
    Step(
        "variance-sums",
        "S_m <= |A_{m+1}| + G + 2^{m+1} (Rtil_0 + 4 Rhat_0) for hat, with (K + 2 Rtil_0) for tilde, m <= M-2",
        f"{_PAPER}, (2.8.26)",
        "conditional",
        given=("coverage",),
        place=_MOMENT,
    ),
    Step(
        "elliptic-potential",
        "sum_{k,h} min{1, ||phi_m/sigma_m||^2 in Sigma_m^{-1}} <= 2 d log(1 + K H/(d lambda alpha^2))",
        f"{_PAPER}, weighted elliptical potential",
        place=_MOMENT,
    ),
)


class Watch:
    """Regressions of our own, from the walks and the triples alone, and the sums of the proof."""

    def __init__(self, params: HFUCRLRFE, instance: RewardFreeMDP, horizon: int) -> None:
        d, stages, bound = instance.dimension, instance.horizon, instance.parameter_bound
        self.moments = n_moments(params.n_episodes, stages)
        self.part = level(params.n_episodes, stages, params.delta)
        self.alpha, self.gamma = weight_floors(d, stages)
        self.ridge = d / bound**2
        self.beta = radius(params.n_episodes, d, stages, bound, self.part, params.c_beta)
        shape = (2, self.moments)
        self.sigma = np.tile(self.ridge * np.eye(d), (*shape, 1, 1))
        self.targets = np.zeros((*shape, d))
        self.best = math.inf  # last maximum
        self.total = 0.0  # sum of the maxima
        self.bonus = np.zeros(shape)  # R_m
        self.martingale = np.zeros(shape)  # A_m
        self.variance = np.zeros(shape)  # S_m
        self.potential = np.zeros(shape)
        self.jumps = 0
        self.losses: dict[bytes, float] = {}

    def loss(self, instance: RewardFreeMDP, parameter: Float) -> float:
        """The largest loss of the policies that are optimal under ``parameter``."""
        name = parameter.tobytes()
        if name not in self.losses:
            kernel = np.maximum(np.tensordot(instance.model.features, parameter, axes=1), 0.0)
            self.losses[name] = max(instance.losses([optimal_policy(kernel, r)[1] for r in instance.rewards]))
        return self.losses[name]


def allocate(params: HFUCRLRFE, instance: RewardFreeMDP, horizon: int) -> Watch:
    """A watch of one run."""
    return Watch(params, instance, horizon)


def own_values(watch: Watch, instance: RewardFreeMDP, moment: Moment) -> tuple[Float, Float, Float]:
    """Vhat, V, (H + 1, S), and u, (H, S), of the triple played, state by state."""
    stages, n_states = instance.horizon, instance.n_states
    upper, value, bonus = (
        np.zeros((stages + 1, n_states)),
        np.zeros((stages + 1, n_states)),
        np.zeros((stages, n_states)),
    )
    inverses = np.linalg.inv(watch.sigma[:, 0])
    for h in reversed(range(stages)):
        for s in range(n_states):
            a = int(moment.policy[h, s])
            phi = instance.model.features[s, a].T @ np.stack([upper[h + 1], value[h + 1]], axis=1)
            wide, narrow = (math.sqrt(max(0.0, float(phi[:, i] @ inverses[i] @ phi[:, i]))) for i in (HAT, TILDE))
            bonus[h, s] = min(1.0, watch.beta * narrow)
            upper[h, s] = min(1.0, bonus[h, s] + 2.0 * watch.beta * wide + float(phi[:, HAT] @ moment.parameter))
            value[h, s] = moment.reward[h, s, a] + float(phi[:, TILDE] @ moment.parameter)
    return upper, value, bonus


def _worst(check: Check, step: str, left: Float, right: Float, *place: int) -> None:
    """One check of an array of inequalities: the one with the least slack, at its place."""
    right = np.broadcast_to(right, left.shape)
    where = np.unravel_index(int(np.argmin(right - left)), left.shape)
    check(step, left[where], right[where], *place, *(int(i) for i in where))


def observed(check: Check, watch: Watch, params: HFUCRLRFE, instance: RewardFreeMDP, k: int, moment: Moment) -> None:
    """Everything the proof says of one episode."""
    features, d, stages = instance.model.features, instance.dimension, instance.horizon
    beta, theta = watch.beta, instance.parameter
    upper, value, bonus = own_values(watch, instance, moment)
    check("value", abs(upper[0, instance.initial] - moment.value), 0.0, k)
    check("monotone", moment.value, watch.best, k)
    check("planning", watch.loss(instance, moment.parameter), 4.0 * moment.value, k)
    watch.best, watch.total = moment.value, watch.total + moment.value
    start = watch.sigma.copy()
    estimates = np.linalg.solve(start, watch.targets[..., None])[..., 0]
    for family in (HAT, TILDE):
        error = moment.parameter - theta
        check("radius", math.sqrt(float(error @ start[family, 0] @ error)), 2.0 * beta, k, family)
    powers = np.stack([np.stack([v ** (2.0**m) for m in range(watch.moments)]) for v in (upper, value)])
    squares = np.stack([np.stack([v ** (2.0 ** (m + 1)) for m in range(watch.moments)]) for v in (upper, value)])
    beta_k = radius(k, d, stages, instance.parameter_bound, watch.part, params.c_beta)
    start_determinants = np.linalg.slogdet(start)[1]
    counted = True  # I_{k,h}: no determinant has jumped so far in this episode
    for h in range(stages):
        s, a, y = int(moment.walk.states[h]), int(moment.walk.actions[h]), int(moment.walk.states[h + 1])
        row = instance.kernel[s, a]
        phi = powers[:, :, h + 1] @ features[s, a]
        widths = np.sqrt((phi * np.linalg.solve(start, phi[..., None])[..., 0]).sum(axis=-1))
        running = np.sqrt((phi * np.linalg.solve(watch.sigma, phi[..., None])[..., 0]).sum(axis=-1))
        mean = powers[:, :, h + 1] @ row
        spread = squares[:, :, h + 1] @ row - mean**2  # Var_P(V^{2^m})
        fitted = np.clip((phi * estimates).sum(axis=-1), 0.0, 1.0)
        guess = fitted[:, 1:] - fitted[:, :-1] ** 2
        error = np.minimum(1.0, 2.0 * beta_k * widths[:, :-1]) + np.minimum(1.0, beta_k * widths[:, 1:])
        _worst(check, "variance", np.abs(spread[:, :-1] - guess), error, k, h)
        weights = np.maximum(watch.gamma**2 * running, watch.alpha**2)
        weights[:, :-1] = np.maximum(weights[:, :-1], guess + error)
        weights[:, -1] = np.maximum(weights[:, -1], 1.0)
        _worst(check, "weights", spread, weights, k, h)
        short = np.minimum(1.0, beta * widths)
        a_k = int(moment.policy[h, s])
        check("hat-error", upper[h, s] - bonus[h, s] - mean[HAT, 0], 4.0 * short[HAT, 0], k, h)
        check("tilde-error", value[h, s] - moment.reward[h, s, a_k] - mean[TILDE, 0], 2.0 * short[TILDE, 0], k, h)
        if counted:
            watch.bonus += short
            watch.martingale += mean - powers[:, :, h + 1, y]
            watch.variance += spread
        watch.potential += np.minimum(1.0, running**2 / weights)
        watch.sigma += phi[..., :, None] * phi[..., None, :] / weights[..., None, None]
        watch.targets += phi * (powers[:, :, h + 1, y] / weights)[..., None]
        # det^{1/2} ratio above 4, that is log det up by more than log 16
        counted = counted and bool((np.linalg.slogdet(watch.sigma)[1] - start_determinants <= math.log(16.0)).all())
    watch.jumps += not counted
    _sums(check, watch, instance, k)
    error = np.linalg.solve(watch.sigma, watch.targets[..., None])[..., 0] - theta
    distance = np.sqrt(np.einsum("fmi,fmij,fmj->fm", error, watch.sigma, error))
    _worst(check, "coverage", distance, np.full(distance.shape, beta_k), k)


def _sums(check: Check, watch: Watch, instance: RewardFreeMDP, k: int) -> None:
    """The sums over the first k episodes."""
    d, stages, bound = instance.dimension, instance.horizon, instance.parameter_bound
    iota = float(log_potential(k, d, stages, bound))
    zeta = float(log_deviation(k, stages, watch.part))
    r, size, s, g = watch.bonus, np.abs(watch.martingale), watch.variance, watch.jumps
    _worst(check, "martingales", size, np.sqrt(2.0 * zeta * s) + zeta, k)
    chain = r[TILDE, 0] + 4.0 * r[HAT, 0] + watch.martingale[HAT, 0] + g
    check("chain", watch.total, chain, k)
    check("jumps", g, watch.moments * d * iota, k)
    root = np.sqrt(s[:, :-1] + 4.0 * r[:, :-1] + 2.0 * r[:, 1:] + k * stages * watch.alpha**2)
    di = d * iota
    right = 4.0 * di + 4.0 * watch.beta * watch.gamma**2 * di + 2.0 * watch.beta * math.sqrt(di) * root
    _worst(check, "bonus-sums", r[:, :-1], np.minimum(k * stages, right), k)
    doubling = 2.0 ** np.arange(1, watch.moments)
    rise = np.array([r[TILDE, 0] + 4.0 * r[HAT, 0], k + 2.0 * r[TILDE, 0]])[:, None]
    _worst(check, "variance-sums", s[:, :-1], size[:, 1:] + g + doubling * rise, k)
    _worst(check, "elliptic-potential", watch.potential, np.full(r.shape, 2.0 * di), k)


# ---------------------------------------------------------------------------------------------------- planted faults
def one_series(upper: Float, value: Float, moments: int) -> Float:
    """Planted fault: one HOME series for both families, that of Vhat."""
    return np.stack([np.stack([upper, upper]) ** (2.0**m) for m in range(moments)], axis=1)


def clipped_moments(upper: Float, value: Float, moments: int) -> Float:
    """Goes with the fault of no truncation: powers of a value of H would overflow."""
    family = np.minimum(1.0, np.stack([upper, value]))
    return np.stack([family ** (2.0**m) for m in range(moments)], axis=1)


def unweighted(phi: Float, now: Frozen, sigma: Float, beta_k: float, c: Constants) -> Float:
    """Planted fault: HOME forgotten."""
    return np.full(phi.shape[:2], c.alpha**2)


def averaged_matrices(now: Frozen) -> tuple[Float, Float]:
    """Planted fault: dotSigma scaled to a fixed trace, as an average would be; bonuses then move, but do not fall."""
    sums = now.factors[:, 0] @ now.factors[:, 0].transpose(0, 2, 1)
    traces = np.trace(sums, axis1=1, axis2=2)
    whiteners = np.linalg.inv(np.linalg.cholesky(sums * (200.0 * len(sums[0]) / traces)[:, None, None]))
    return whiteners[HAT], whiteners[TILDE]


# ------------------------------------------------------------------------------------------------------------- claims
def theorem_parameters(instance: RewardFreeMDP, n_episodes: int) -> HFUCRLRFE:
    """K and delta; everything else is the theorem's."""
    return HFUCRLRFE(n_episodes, DELTA)


def practical_parameters(instance: RewardFreeMDP, n_episodes: int) -> HFUCRLRFE:
    """The radius times PRACTICAL_RADIUS."""
    return HFUCRLRFE(n_episodes, DELTA, PRACTICAL_RADIUS)


def practical(params: HFUCRLRFE) -> HFUCRLRFE:
    """The same with the practical radius, under which the bonuses are not all cut off at 1."""
    return params._replace(c_beta=PRACTICAL_RADIUS)


def worst_case(instance: RewardFreeMDP, episodes: Float) -> Float:
    """The lower bound, on the three-state instance at the number of episodes it was built for; nothing elsewhere."""
    built_for = instance.meta.get("lower_bound_episodes", 0)
    values = theorem("hf-rfe/lower").bound(instance, None, episodes)
    return np.where(np.asarray(episodes) == built_for, values, np.nan)


hard = functools.partial(three_state_hard, 2, 4, 24)
short = functools.partial(three_state_hard, 2, 4, gap=0.15)
river = functools.partial(river_mixture, 3, 3, 3)


CLAIM = Claim(
    slug="hf-rfe",
    title="HF-UCRL-RFE++",
    paper="Zhang, Zhang and Gu 2023, Optimal horizon-free reward-free exploration for linear mixture MDPs",
    setting="reward-free MDP",
    algorithm=theorem_parameters,
    cases=(
        Case("three states, K = 24", hard, 24, max_runs=50),
        Case("river of three states", river, 12, max_runs=50),
        Case("three states, d = 4, H = 16", functools.partial(three_state_hard, 4, 16, 60), 60, max_runs=15,
             full_only=True),
        Case("river of four states", functools.partial(river_mixture, 4, 4, 4), 60, max_runs=15, full_only=True),
    ),
    bounds=(Bound(theorem("hf-rfe/suboptimality")),),
    watch=sys.modules[__name__],
    sabotages=(
        Sabotage(
            "one-series", "one HOME series for both value families", ("tilde-error", "value"), practical,
            overrides={"moment_values": one_series}, build=short, horizon=150, n_runs=2,
        ),
        Sabotage(
            "averaged-sigma", "the bonuses' dotSigma is an average, not a sum", ("monotone",), practical,
            overrides={"exploration_matrices": averaged_matrices}, build=short, horizon=60, n_runs=2,
        ),
        Sabotage(
            "no-truncation", "Vhat without min{1, .}", ("value",), lambda p: p._replace(value_cap=math.inf),
            overrides={"moment_values": clipped_moments}, n_runs=2,
        ),
        Sabotage(
            "unweighted", "every sigma_m^2 is its floor alpha^2, whatever the variance", ("value",), practical,
            overrides={"home_variances": unweighted}, build=short, horizon=60, n_runs=2,
        ),
    ),
    lower_bound=worst_case,
    lower_bound_name="Zhang, Zhang and Gu 2023, lower bound for this K",
    user_horizon=200,
    notes="What is kept is the suboptimality of the planned policies after k episodes, not a regret.",
)  # fmt: skip

PRACTICAL = Claim(
    slug="hf-rfe-practical",
    title=f"HF-UCRL-RFE++, practical: radius x {PRACTICAL_RADIUS:g}",
    paper=CLAIM.paper,
    setting="reward-free MDP",
    algorithm=practical_parameters,
    cases=(
        Case("two actions, gap 0.15", short, 150, max_runs=4),
        Case("river of three states", river, 150, max_runs=4),
        Case("four actions, H = 16", functools.partial(three_state_hard, 3, 16, gap=0.08), 300, max_runs=4,
             full_only=True),
        Case("river of four states", functools.partial(river_mixture, 4, 4, 4), 400, max_runs=2, full_only=True),
    ),
    bounds=(),
    watch=sys.modules[__name__],
    sabotages=(
        Sabotage(
            "one-series", "one HOME series for both value families", ("tilde-error", "value"),
            overrides={"moment_values": one_series}, n_runs=3,
        ),
        Sabotage(
            "no-truncation", "Vhat without min{1, .}", ("value",), lambda p: p._replace(value_cap=math.inf),
            overrides={"moment_values": clipped_moments}, n_runs=2,
        ),
    ),
    user_horizon=200,
    notes="With the theorem's radius every bonus is cut off at 1 for longer than a run can last, so the steps hold "
    "with room to spare; here they bite. Coverage is observed, not guaranteed; what it implies must hold.",
)  # fmt: skip
