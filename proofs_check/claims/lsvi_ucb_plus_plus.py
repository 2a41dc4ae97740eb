"""LSVI-UCB++: rare switching, monotone values, weights and the steps of its proof."""

from __future__ import annotations

import math
import sys
from typing import Any

import numpy as np

from kernels.steps import Step
from mdps.algorithms.lsvi_ucb_plus_plus import LSVIUCBPlusPlus, Moment, radii_of
from mdps.instances.linear import simplex_linear, zhou_gu_hard_linear
from mdps.linear import LinearMDP
from mdps.loops import Episodes, EpisodicProblem
from mdps.model import Float
from mdps.planning.finite_horizon import backward_induction
from proofs_check.claim import Case, Claim, Rate, Sabotage
from theory.theorems import theorem

_STATE = ("episode", "stage", "state", "action")


def unknown(params: Any, instance: Any, horizon: int) -> float:
    """The paper's radii have unknown constants: no probability is claimed of them."""
    return 1.0


STEPS = (
    Step("concentration", "|<w, phi> - P V| <= beta |phi| in Sigma^-1 for the values of this run, optimistic (beta) "
         "and pessimistic (beta-bar), every stage, state and action", "He et al. 2023, Lemma B.2 (constants unknown)",
         "event", unknown, place=_STATE),
    Step("optimism", "Q*_h <= Q_h at every stage, state and action", "He et al. 2023, Lemma B.4", "conditional",
         given=("concentration",), place=_STATE),
    Step("pessimism", "pessimistic Q_h <= Q*_h at every stage, state and action", "He et al. 2023, Lemma B.5",
         "conditional", given=("concentration",), place=_STATE),
    Step("values", "action values are the rule's: regression on own sums, minimum with the last at an update, the last "
         "else; largest difference", "He et al. 2023, Algorithm 1, lines 8-14", place=("episode", "stage")),
    Step("monotone", "Q_h never increases, the pessimistic Q_h never decreases", "He et al. 2023, Algorithm 1",
         place=_STATE),
    Step("switching", "updates so far <= 1 + d H log2(1 + K/(d lam H))", "He et al. 2023, Lemma F.1",
         place=("episode",)),
    Step("weight", "max(H, Var V_{h+1}) <= sigma^2 of every step", "He et al. 2023, Lemma B.1 and equation (4.7)",
         "conditional", given=("concentration",), place=_STATE),
    Step("potential", "sum_k min(1, |phi/sigma|^2 in Sigma_k^-1) <= 2 d log(1 + K/(d lam H)), every stage",
         "Abbasi-Yadkori et al. 2011, Lemma 11, with sigma^2 >= H", place=("episode", "stage")),
)  # fmt: skip


class Watch:
    """The truth; own matrices and sums; the last action values; counts."""

    def __init__(self, params: LSVIUCBPlusPlus, instance: Episodes, n_episodes: int) -> None:
        mdp, h, d = instance.mdp, instance.horizon, instance.dimension
        shape = (h, mdp.n_states, mdp.n_actions)
        self.kernels = np.broadcast_to(mdp.dense()[0], (*shape, mdp.n_states))
        self.rewards = np.broadcast_to(mdp.rewards.reshape(-1, *shape[1:]), shape)
        self.best = backward_induction(mdp)[1]
        self.features = np.asarray(instance.features)
        self.radii = radii_of(d, h, n_episodes, params.delta, LSVIUCBPlusPlus().scale)
        self.sigmas = np.array([np.eye(d) / h**2] * h)
        self.sums = np.zeros((h, d, mdp.n_states))
        self.upper, self.lower = np.full(shape, float(h)), np.zeros(shape)
        self.updates = 0
        self.potential = np.zeros(h)


def allocate(params: LSVIUCBPlusPlus, instance: Episodes, horizon: int) -> Watch:
    """A fresh watch."""
    return Watch(params, instance, horizon)


def _worst(gap: Float) -> tuple[int, ...]:
    return tuple(int(i) for i in np.unravel_index(gap.argmax(), gap.shape))


def observed(check: Any, watch: Watch, params: Any, instance: Episodes, k: int, moment: Moment) -> None:
    """The statements about episode k, then its observations."""
    horizon, d = instance.horizon, instance.dimension
    for name, gap in (("monotone", moment.upper - watch.upper), ("monotone", watch.lower - moment.lower)):
        at = _worst(gap)
        check(name, gap[at], 0.0, k, *at)
    watch.updates += moment.updated
    check("switching", watch.updates, 1.0 + d * horizon * math.log2(1.0 + k * horizon / d), k)
    zero = np.zeros(instance.n_states)
    for h in reversed(range(horizon)):
        above = moment.upper[h + 1].max(axis=1) if h + 1 < horizon else zero
        below = moment.lower[h + 1].max(axis=1) if h + 1 < horizon else zero
        if moment.updated:
            inverse = np.linalg.inv(watch.sigmas[h])
            size = np.sqrt(np.einsum("sai,ij,saj->sa", watch.features, inverse, watch.features))
            high, low = (watch.features @ (inverse @ (watch.sums[h] @ v)) for v in (above, below))
            upper = np.minimum(np.minimum(watch.rewards[h] + high + watch.radii[0] * size, watch.upper[h]), horizon)
            lower = np.maximum(np.maximum(watch.rewards[h] + low - watch.radii[1] * size, watch.lower[h]), 0.0)
            for guess, v, beta in ((high, above, watch.radii[0]), (low, below, watch.radii[1])):
                error = np.abs(guess - watch.kernels[h] @ v) - beta * size
                at = _worst(error)
                check("concentration", error[at], 0.0, k, h, *at)
            for name, gap in (
                ("optimism", watch.best[h] - moment.upper[h]),
                ("pessimism", moment.lower[h] - watch.best[h]),
            ):
                at = _worst(gap)
                check(name, gap[at], 0.0, k, h, *at)
        else:
            upper, lower = watch.upper[h], watch.lower[h]
        difference = max(np.abs(upper - moment.upper[h]).max(), np.abs(lower - moment.lower[h]).max())
        check("values", difference, 0.0, k, h, tolerance=1e-7)
        _observe(check, watch, instance, k, h, moment, above)
    watch.upper, watch.lower = moment.upper, moment.lower


def _observe(check: Any, watch: Watch, instance: Episodes, k: int, h: int, moment: Moment, above: Float) -> None:
    """The step of stage h: its weight, then own matrices, sums and potentials."""
    s, a, following = (int(x[h]) for x in (moment.walk.states, moment.walk.actions, moment.walk.states[1:]))
    mean = float(watch.kernels[h, s, a] @ above)
    variance = max(float(watch.kernels[h, s, a] @ above**2) - mean**2, 0.0)
    check("weight", max(instance.horizon, variance), moment.weights[h], k, h, s, a)
    phi = watch.features[s, a]
    watch.potential[h] += min(1.0, float(phi @ np.linalg.solve(watch.sigmas[h], phi)) / moment.weights[h])
    watch.sigmas[h] += np.outer(phi, phi) / moment.weights[h]
    watch.sums[h, :, following] += phi / moment.weights[h]
    d = instance.dimension
    check("potential", watch.potential[h], 2.0 * d * math.log1p(k * instance.horizon / d), k, h)


def forget_the_last(
    problem: EpisodicProblem, sigmas: Float, sums: Float, radii: Float, upper: Float, lower: Float
) -> tuple[Float, Float]:
    """Planted fault: a radius of its own each time and no minimum with the last values: they may rise."""
    above = np.zeros(problem.n_states)
    new = np.zeros_like(upper)
    for h in reversed(range(problem.horizon)):
        fit = problem.features @ np.linalg.solve(sigmas[h], sums[h] @ above)
        new[h] = np.clip(problem.rewards[h] + fit, 0.0, problem.horizon)
        above = new[h].max(axis=1)
    return new, lower


def light(*_args: Any) -> float:
    """Planted fault: every weight is one."""
    return 1.0


def episodes(model: LinearMDP) -> Episodes:
    """A linear MDP as an episodic instance."""
    return Episodes(model.tabular(), model.features)


def practical(instance: Any, horizon: int) -> LSVIUCBPlusPlus:
    """Practical: radii x 0.02 and no floor of the weights, no theorem."""
    return LSVIUCBPlusPlus(scale=0.02, floor=0.0)


CLAIM = Claim(
    slug="lsvi-ucb-plus-plus",
    title="LSVI-UCB++",
    paper="He, Zhao, Zhou and Gu 2023, Nearly minimax optimal reinforcement learning for linear MDPs",
    setting="episodic MDP",
    algorithm=lambda instance, horizon: LSVIUCBPlusPlus(),
    cases=(
        Case("simplex", lambda: episodes(simplex_linear(5, 2, 2, 2)), 200, max_runs=25),
        Case("simplex, longer", lambda: episodes(simplex_linear(8, 2, 3, 3)), 2_000, max_runs=25, full_only=True),
    ),
    bounds=(),
    watch=sys.modules[__name__],
    rate=Rate(
        theorem("lsvi-ucb-plus-plus/rate"), "practical: radii x 0.02, no floor, no theorem; the hard instance moves "
        "with K", practical, "K", (2**5, 2**7, 2**9), lambda k: (episodes(zhou_gu_hard_linear(3, 3, k)), k), n_runs=24,
    ),
    sabotages=(
        Sabotage("forgets", "the minimum with the last values is dropped", ("values", "monotone"),
                 overrides={"refresh": forget_the_last}, n_runs=2),
        Sabotage("light", "every weight is one", ("weight",), overrides={"weight": light}, n_runs=2),
        Sabotage("narrow", "a thousandth of the radii", ("values",), lambda p: p._replace(scale=1e-3), n_runs=2),
    ),
    work=lambda instance: 2e5 * instance.horizon,
    user_horizon=200,
    notes="The floor 2 d^3 H^2 |phi|^(1/2) makes the weights constant at every affordable K: the variance branch is "
    "never active with the paper's constants. The paper prints H where its lemmas need sqrt(H) in the weights.",
)  # fmt: skip
