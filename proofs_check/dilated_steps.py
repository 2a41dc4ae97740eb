"""The proof of policy optimisation with dilated bonuses, watched episode by episode with exact expectations.

What the paper states in expectation is checked as an equality or inequality of conditional expectations, which are
finite sums over the pairs (s_h, a_h) of a layer. Where random estimates accumulate, their martingale is computed and
carried along, so that the accumulated inequalities hold on every path.

The estimate of an episode is affine in the loss-to-go L_h, given (s_h, a_h); E[L_h | s, a] = Q and E[L_h^2 | s, a]
come from exact recursions. pi* is the best fixed policy of the whole run.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from kernels.driven import Check
from kernels.steps import Step
from mdps.adversarial import AdversarialMDP
from mdps.dilated import Moment
from mdps.leaders import barrier_leaders
from mdps.planning.layered import Float, Int, deterministic, evaluate, occupancy, second_moment

PAPER = "Dai, Luo, Wei and Zimmert 2023"
DILATED = "Luo, Wei and Lee 2021"


class Analysis(NamedTuple):
    """What depends on the regulariser and the estimator.

    Attributes:
        penalty: (n_actions, n_episodes) -> bound on (Psi(y) - Psi(pi_1)) for the comparator y.
        smoothing: n_episodes -> weight of the uniform distribution in y.
        gradient: p -> Psi'(p), coordinatewise.
        stability: (pi, losses, eta) -> max_p <pi - p, l> - D(p, pi)/eta at every state.
        moment: c in E Qhat^2 <= c H^2 |phi|^2.
        magnitude: gamma -> 1/gamma or 1/sqrt(gamma), the largest -Qhat/H.
    """

    penalty: Callable[[int, int], float]
    smoothing: Callable[[int], float]
    gradient: Callable[[Float], Float]
    stability: Callable[[Float, Float, float], Float]
    moment: float
    magnitude: Callable[[float], float]


def barrier_stability(policy: Float, losses: Float, rate: float) -> Float:
    """For the log-barrier: the maximiser has 1/p = 1/pi + eta l + mu, the leader of the losses 1/(eta pi) + l."""
    p, _ = barrier_leaders(1.0 / (rate * policy) + losses, rate)
    ratio = p / policy
    return ((policy - p) * losses).sum(axis=-1) - (ratio - 1.0 - np.log(ratio)).sum(axis=-1) / rate  # type: ignore[no-any-return]


def entropy_stability(policy: Float, losses: Float, rate: float) -> Float:
    """For the entropy: <pi, l> + (1/eta) log E_pi exp(-eta l)."""
    mean = (policy * losses).sum(axis=-1)
    centred = losses - mean[..., None]
    low = centred.min(axis=-1, keepdims=True)
    logs = np.log((policy * np.exp(-rate * (centred - low))).sum(axis=-1))
    return logs / rate - low[..., 0]  # type: ignore[no-any-return]


BARRIER = Analysis(
    penalty=lambda n_actions, n_episodes: n_actions * math.log(n_episodes),
    smoothing=lambda n_episodes: 1.0 / n_episodes,
    gradient=lambda p: -1.0 / p,
    stability=barrier_stability,
    moment=1.0,
    magnitude=lambda gamma: 1.0 / gamma,
)
ENTROPY = BARRIER._replace(
    penalty=lambda n_actions, n_episodes: math.log(n_actions),
    smoothing=lambda n_episodes: 0.0,
    gradient=np.log,
    stability=entropy_stability,
)
REDUCED = ENTROPY._replace(moment=2.0, magnitude=lambda gamma: 1.0 / math.sqrt(gamma))

_PLACE = ("episode", "stage", "state")
_PAIR = ("episode", "stage", "state", "action")


def dilated_steps(penalty: str, gradient: str, moment: str, magnitude: str) -> tuple[Step, ...]:
    """The steps, in the symbols of a regulariser and an estimator."""
    return (
        Step(
            "performance-difference",
            "V^pi_k - V^pi*_k = sum_h E_pi* <pi_k - pi*, Q_k> (difference)",
            f"{DILATED}, Section 3, performance difference lemma",
            place=("episode",),
        ),
        Step(
            "leader",
            f"pi_k is the leader on sum (Qhat - B): eta C_a + Psi'(p_a), Psi'(p) = {gradient}, is the same for all "
            "actions (difference to the likeliest, relative)",
            f"{PAPER}, Section 3, first-order condition",
            place=_PAIR,
        ),
        Step(
            "bias",
            "Q_k - E_k Qhat_k = gamma phi^T Sigma^+ theta_k (difference, relative)",
            f"{PAPER}, bias term of the decomposition",
            place=_PAIR,
        ),
        Step(
            "bias-size",
            "|Q_k - E_k Qhat_k| <= (beta/4) |phi|^2 + gamma d H^2/beta",
            f"{PAPER}, bias term, by |theta| <= sqrt(d) H",
            place=_PAIR,
        ),
        Step("second-moment", f"E_k Qhat_k^2 <= {moment} |phi|^2 in Sigma^+", f"{PAPER}, stability term", place=_PAIR),
        Step(
            "magnitude",
            f"-Qhat <= {magnitude}, on every path that the episode could have taken",
            f"{PAPER}, Section 4 (magnitude-reduced estimator)",
            place=("episode",),
        ),
        Step(
            "ftrl",
            f"sum <pi_k - y, Qhat_k - B_k> <= ({penalty})/eta + sum stab_k at every state, for the best y",
            f"{PAPER}, log-barrier lemma (or its entropy analogue), before the stability is bounded",
            place=_PLACE,
        ),
        Step(
            "stability",
            "stab_k <= eta sum_a pi_k (Qhat_k - B_k)^2",
            f"{PAPER}, log-barrier lemma (the entropy needs eta (Qhat - B) >= -1)",
            place=_PLACE,
        ),
        Step("bonus-sign", "0 <= B_k", DILATED, place=("episode",)),
        Step(
            "bonus-size",
            "B_k <= 2 H (1+1/H)^(H-1) beta/gamma and 2 eta B_k <= 1/H",
            f"{PAPER}, by 12 eta beta H^2 <= gamma",
            place=("episode",),
        ),
        Step(
            "per-state",
            "sum <pi_k - pi*, Q_k - B_k> <= X + sum [<pi*, b_k> + <pi_k, B_k>/H] + martingale, "
            f"X = ({penalty})/eta + 2 gamma d H^2 K/beta + realised smoothing",
            f"{DILATED}, condition of the dilated-bonus lemma",
            place=_PLACE,
        ),
        Step(
            "telescoping",
            "sum_h E_pi* [<pi_k - pi*, B_k> + <pi*, b_k> + <pi_k, B_k>/H] = (1+1/H) E <pi_k, B_k(s_1)> (difference)",
            f"{DILATED}, dilated-bonus lemma",
            place=("episode",),
        ),
        Step(
            "bonus-value",
            "E <pi_k, B_k(s_1)> <= (1+1/H)^(H-1) V^pi_k(s_1; b_k)",
            f"{DILATED}, dilated-bonus lemma",
            place=("episode",),
        ),
        Step(
            "bonus-cost",
            "V^pi_k(s_1; b_k) = 2 beta sum_h tr(Sigma Sigma^+) (difference)",
            f"{PAPER}, bonus term",
            place=("episode",),
        ),
        Step("trace", "tr(Sigma_h Sigma_h^+) <= d", f"{PAPER}, bonus term", place=("episode", "stage")),
        Step(
            "regret",
            f"R_k <= H ({penalty})/eta + 2 gamma d H^3 k/beta + 2e beta d H k + realised smoothing + martingale",
            f"{PAPER}, assembled",
            place=("episode",),
        ),
    )


MAGNITUDE = Step(
    "range",
    "-eta (Qhat - B) <= 1, on every path that the episode could have taken",
    "condition of the exponential-weights lemma",
    place=("episode",),
)


#: (pairs (H,), losses-to-go (H,)) -> Qhat (H, S, A), affine in the losses-to-go.
Estimator = Callable[[Int, Float], Float]


class Expectation(NamedTuple):
    """E Qhat, E Qhat^2 and the smallest Qhat over all paths, for (H, S, A); the last one a number."""

    mean: Float
    square: Float
    least: float


def expectation(estimator: Estimator, visits: Float, q: Float, squares: Float) -> Expectation:
    """Over the path of an episode, exactly: sums over the pair (s_h, a_h) that is seen in a layer."""
    horizon, n_states, n_actions = visits.shape
    pairs = n_states * n_actions
    at, mean_to_go, square_to_go = (x.reshape(horizon, pairs) for x in (visits, q, squares))
    remaining = (horizon - np.arange(horizon))[:, None, None]
    mean, square, least = np.zeros(visits.shape), np.zeros(visits.shape), np.full(horizon, np.inf)
    for j in range(pairs):
        seen = np.full(horizon, j)
        start = estimator(seen, np.zeros(horizon))
        slope = estimator(seen, np.ones(horizon)) - start
        weight, first, second = (x[:, j, None, None] for x in (at, mean_to_go, square_to_go))
        mean += weight * (start + slope * first)
        square += weight * (start * start + 2.0 * start * slope * first + slope * slope * second)
        ends = np.minimum(start, start + remaining * slope).reshape(horizon, -1).min(axis=1)
        least = np.where(at[:, j] > 0.0, np.minimum(least, ends), least)
    return Expectation(mean, square, float(least.min()))


class Notes:
    """What a run has added up; every array is per state, (H, S), or per action, (H, S, A)."""

    def __init__(self, params: Any, instance: AdversarialMDP, horizon: int, analysis: Analysis) -> None:
        self.analysis, self.params = analysis, params
        _, actions = instance.best(horizon)
        self.star = deterministic(actions, instance.n_actions)
        self.star_states = occupancy(instance.transitions, np.asarray(instance.initial), self.star).sum(axis=2)
        states = self.star_states.shape
        self.penalty = analysis.penalty(instance.n_actions, horizon) / params.learning_rate
        self.weight = analysis.smoothing(horizon)
        self.total = np.zeros((*states, instance.n_actions))
        self.played, self.stability = np.zeros(states), np.zeros(states)
        self.left, self.right, self.martingale = np.zeros(states), np.zeros(states), np.zeros(states)
        self.regret = 0.0
        self.phi = np.asarray(instance.features).reshape(states[0], -1, instance.dimension)
        self.fits = np.linalg.pinv(self.phi)


def worst(check: Check, step: str, left: Float, right: Float | float, t: int, tolerance: float = 1e-9) -> None:
    """Check left <= right at the entry where left exceeds right the most."""
    slack = np.where(np.isnan(left), np.inf, left - right)
    at = np.unravel_index(int(slack.argmax()), slack.shape)
    bound = np.broadcast_to(right, slack.shape)[at]
    check(step, left[at], bound, t, *(int(i) for i in at), tolerance=tolerance)


def check_episode(check: Check, notes: Notes, instance: AdversarialMDP, t: int, moment: Moment) -> Expectation:
    """All steps of :func:`dilated_steps` after episode t."""
    params, analysis = notes.params, notes.analysis
    eta, beta, gamma = params.learning_rate, params.bonus_scale, params.regularization
    horizon, d, pi = instance.horizon, instance.dimension, moment.policy
    losses = instance.losses(t)
    v, q = instance.values(pi, losses)
    visits = instance.occupancy(pi)
    start, states, star = np.asarray(instance.initial), notes.star_states, notes.star

    def mean(policy: Float, values: Float) -> Float:
        return (policy * values).sum(axis=2)  # type: ignore[no-any-return]

    # Performance difference lemma: exact, whatever the algorithm.
    gap = float(start @ (v[0] - evaluate(instance.transitions, star, losses)[0][0]))
    advantage = mean(pi - star, q)
    check("performance-difference", abs(gap - float((states * advantage).sum())), 1e-10, t, tolerance=0.0)
    notes.regret += gap

    # The leader, before this episode's estimate enters.
    likeliest = pi.argmax(axis=2)[..., None]
    slope = analysis.gradient(pi)
    behind = eta * (notes.total - np.take_along_axis(notes.total, likeliest, 2))
    slope = slope - np.take_along_axis(slope, likeliest, 2)
    worst(check, "leader", abs(behind + slope) / (1.0 + abs(behind)), 1e-8, t, tolerance=0.0)

    # Bias and second moment of the estimate.
    expected = expectation(moment.estimator, visits, q, second_moment(instance.transitions, pi, losses))
    theta = (notes.fits @ q.reshape(horizon, -1, 1))[:, :, 0]
    pull = (notes.phi @ moment.inverse @ theta[:, :, None]).reshape(pi.shape)
    width = ((notes.phi @ moment.inverse) * notes.phi).sum(axis=2).reshape(pi.shape)
    bias = q - expected.mean
    scale = 1.0 + abs(expected.mean).max()
    worst(check, "bias", abs(bias - gamma * pull) / scale, 1e-9, t, tolerance=0.0)
    worst(check, "bias-size", abs(bias), 0.25 * beta * width + gamma * d * horizon**2 / beta, t)
    worst(check, "second-moment", expected.square, analysis.moment * horizon**2 * width, t)
    check("magnitude", -expected.least, horizon * analysis.magnitude(gamma), t)

    # FTRL at every state, on the losses it was given.
    change = moment.estimate - moment.dilated
    notes.total = notes.total + change
    stability = analysis.stability(pi, change, eta)
    notes.played += mean(pi, change)
    notes.stability += stability
    uniform = notes.weight * notes.total.mean(axis=2)
    comparator = (1.0 - notes.weight) * notes.total.min(axis=2) + uniform
    worst(check, "ftrl", notes.played - comparator, notes.penalty + notes.stability, t)
    worst(check, "stability", stability, eta * mean(pi, change**2), t)

    # Bonuses.
    factor = (1.0 + 1.0 / horizon) ** (horizon - 1)
    check("bonus-sign", -float(moment.dilated.min()), 0.0, t)
    top = float(moment.dilated.max())
    check("bonus-size", top, min(2.0 * horizon * factor * beta / gamma, 0.5 / (eta * horizon)), t)
    dilated = mean(pi, moment.dilated)
    paid = mean(star, moment.bonus) + dilated / horizon
    ahead = float(start @ dilated[0])
    identity = float((states * (mean(pi - star, moment.dilated) + paid)).sum())
    check("telescoping", abs(identity - (1.0 + 1.0 / horizon) * ahead), 1e-9 * (1.0 + ahead), t, tolerance=0.0)
    value = float((visits * moment.bonus).sum())
    check("bonus-value", ahead, factor * value, t)
    flat = visits.reshape(horizon, -1)
    traces = (flat * width.reshape(horizon, -1)).sum(axis=1)
    check("bonus-cost", abs(value - 2.0 * beta * traces.sum()), 1e-9 * (1.0 + value), t, tolerance=0.0)
    worst(check, "trace", traces, float(d), t)

    # The pieces together, with the martingale of the estimates.
    notes.martingale += mean(pi - star, expected.mean - moment.estimate)
    notes.martingale += 2.0 * eta * mean(pi, moment.estimate**2 - expected.square)
    notes.left += mean(pi - star, q - moment.dilated)
    notes.right += paid
    noise = notes.martingale + uniform - notes.weight * mean(star, notes.total)
    bias_cost = 2.0 * gamma * d * horizon**2 * t / beta
    worst(check, "per-state", notes.left, notes.penalty + bias_cost + notes.right + noise, t)
    fixed = horizon * (notes.penalty + bias_cost) + 2.0 * math.e * beta * d * horizon * t
    check("regret", notes.regret, fixed + float((states * noise).sum()), t)
    return expected
