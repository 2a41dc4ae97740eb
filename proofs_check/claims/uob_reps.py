"""UOB-REPS: the confidence set, the upper occupancy bound and mirror descent on the set, watched."""

from __future__ import annotations

import math
import sys
from typing import Any

import numpy as np

from kernels.driven import Check
from kernels.steps import Step
from mdps.adversarial import AdversarialMDP
from mdps.algorithms.uob_reps import UOBREPS, UncertainMoment, tuned
from mdps.instances.adversarial import layered
from mdps.occupancies import relative_entropy
from mdps.planning.layered import Float, deterministic, occupancy
from mdps.uncertain import ACCURACY, bernstein_box
from proofs_check.claim import Case, Claim, Sabotage
from proofs_check.dilated_steps import worst

_PAPER = "Jin, Jin, Luo, Sra and Yu 2020"
_CELL = ("episode", "stage", "state", "action")

#: What the solver's accuracy leaves open: violations of constraints, and the duality gap of a projection.
VIOLATION, GAP = 100.0 * ACCURACY, 10.0 * ACCURACY

STEPS = (
    Step(
        "confidence",
        "the true transitions lie in the confidence set of every epoch",
        f"{_PAPER}, Lemma 2",
        "event",
        lambda params, instance, horizon: 4.0 * params.delta,
        place=("episode", "stage", "state", "action"),
    ),
    Step(
        "upper-occupancy",
        "q^{P,pi_t}(s, a) <= u_t(s, a)",
        f"{_PAPER}, Section 3.3",
        "conditional",
        given=("confidence",),
        place=_CELL,
    ),
    Step(
        "optimism",
        "E_t lhat_t <= l_t",
        f"{_PAPER}, Section 3.3 (bias of the estimator)",
        "conditional",
        given=("confidence",),
        place=_CELL,
    ),
    Step(
        "doubling",
        "no pair is visited more than max(1, N) times within an epoch, N its visits before",
        f"{_PAPER}, Algorithm 2",
        place=_CELL,
    ),
    Step(
        "epochs",
        "there are at most 1 + |X||A| (1 + log2 T) epochs",
        f"{_PAPER}, analysis of the epochs",
        place=("episode",),
    ),
    Step(
        "feasible",
        "qhat_{t+1} is an occupancy of transitions in the boxes (largest violation)",
        f"{_PAPER}, Section 3.2",
        place=("episode",),
    ),
    Step(
        "three-points",
        "KL(q* | qhat_{t+1}) + KL(qhat_{t+1} | w) <= KL(q* | w), w = qhat_t exp(-eta lhat_t)",
        "generalised Pythagorean theorem; q* lies in the set",
        "conditional",
        given=("confidence",),
        place=("episode",),
    ),
    Step(
        "mirror-descent",
        "sum <qhat_t - q*, lhat_t> <= (sum_layers ln(S A S') + sum KL(qhat_t | w_t))/eta",
        f"{_PAPER}, Lemma on the regret of mirror descent",
        "conditional",
        given=("confidence",),
        place=("episode",),
    ),
    Step(
        "stability",
        "KL(qhat_t | w_t) <= (eta^2/2) sum qhat_t lhat_t^2",
        f"{_PAPER}, Lemma on the regret of mirror descent",
        place=("episode",),
    ),
)


class Notes:
    """Sums of a run, visits, and the occupancy q*(s, a, y) of the best fixed policy."""

    def __init__(self, instance: AdversarialMDP, horizon: int) -> None:
        _, actions = instance.best(horizon)
        layers, n_states, n_actions = instance.horizon, instance.n_states, instance.n_actions
        self.pairs = occupancy(
            instance.transitions, np.asarray(instance.initial), deterministic(actions, n_actions)
        )  # fmt: skip
        flat = self.pairs.reshape(layers, -1)
        rows = instance.transitions.reshape(layers - 1, -1, n_states)
        self.star: list[Float] = [flat[h][:, None] * rows[h] for h in range(layers - 1)]
        self.star.append(flat[-1][:, None])
        self.start = layers * math.log(n_states * n_actions) + (layers - 1) * math.log(n_states)
        self.visits, self.at_start = np.zeros(self.pairs.shape), np.zeros(self.pairs.shape)
        self.epoch = 1
        self.left = self.right = 0.0


def allocate(params: UOBREPS, instance: AdversarialMDP, horizon: int) -> Notes:
    """The sums of a run."""
    return Notes(instance, horizon)


def infeasibility(q: list[Float], low: Float, high: Float, initial: Float) -> float:
    """The largest violation of a constraint of the confidence set by q(s, a, y)."""
    n_states = len(initial)
    worst_one = float(abs(q[0].sum(axis=1).reshape(n_states, -1).sum(axis=1) - initial).max())
    for h in range(len(q) - 1):
        mass = q[h].sum(axis=1, keepdims=True)
        over = q[h] - high[h].reshape(q[h].shape) * mass
        under = low[h].reshape(q[h].shape) * mass - q[h]
        flow = abs(q[h + 1].sum(axis=1).reshape(n_states, -1).sum(axis=1) - q[h].sum(axis=0))
        worst_one = max(worst_one, float(over.max()), float(under.max()), float(flow.max()))
    return worst_one


def entropy_between(p: list[Float], log_q: list[Float]) -> float:
    """KL over all layers."""
    return sum(relative_entropy(a, b) for a, b in zip(p, log_q))


def observed(
    check: Check, watch: Notes, params: Any, instance: AdversarialMDP, t: int, moment: UncertainMoment
) -> None:
    """Every step after episode t."""
    eta, layers = params.learning_rate, instance.horizon
    truth = instance.transitions
    visits = instance.occupancy(moment.policy)
    worst(check, "upper-occupancy", visits, moment.upper, t)
    losses, at = instance.losses(t), (np.arange(layers), moment.walk.states, moment.walk.actions)
    seen = moment.estimate[at] * visits[at]
    check("optimism", float((seen - losses[at]).max()), 0.0, t)
    # Epochs, from visits counted here.
    watch.visits[at] += 1.0
    if moment.epoch > watch.epoch:
        watch.epoch, watch.at_start = moment.epoch, watch.visits.copy()
        outside = np.maximum(truth - moment.high, moment.low - truth).max(axis=3)
        worst(check, "confidence", outside, 0.0, t)
    worst(check, "doubling", watch.visits - watch.at_start, np.maximum(1.0, watch.at_start) - 0.5, t)
    cells = float(watch.visits.size)
    check("epochs", moment.epoch, 1.0 + cells * (1.0 + math.log2(t)), t)
    # Mirror descent on q(s, a, y).
    q, after = [np.exp(x) for x in moment.log_q], [np.exp(x) for x in moment.next_log_q]
    check("feasible", infeasibility(after, moment.low, moment.high, np.asarray(instance.initial)), VIOLATION, t)
    moved = [x - eta * lhat.reshape(-1, 1) for x, lhat in zip(moment.log_q, moment.estimate)]
    total = entropy_between(watch.star, moved)
    parts = entropy_between(watch.star, moment.next_log_q) + entropy_between(after, moved)
    # qhat is optimal up to GAP, hence (Pinsker, layer by layer) within sqrt(2 L GAP) of the projection in l1.
    inexact = math.sqrt(2.0 * layers * GAP) * max(float((p / x).max()) for p, x in zip(watch.star, after))
    check("three-points", parts, total + inexact, t)
    mass = np.stack([x.sum(axis=1) for x in q]).reshape(losses.shape)
    stability = float((mass * (np.expm1(-eta * moment.estimate) + eta * moment.estimate)).sum())
    check("stability", stability, 0.5 * eta**2 * float((mass * moment.estimate**2).sum()), t)
    watch.left += float(((mass - watch.pairs) * moment.estimate).sum())
    watch.right += stability + inexact
    check("mirror-descent", watch.left, (watch.start + watch.right) / eta, t)


def expected_occupancy(low: Float, high: Float, initial: Float, policy: Float) -> Float:
    """Planted fault: the occupancy in the middle of the boxes instead of the largest one."""
    middle = low + high
    return occupancy(middle / middle.sum(axis=3, keepdims=True), initial, policy)


def narrow_box(counts: Float, log_term: float, scale: float) -> tuple[Float, Float]:
    """Planted fault: a logarithm 400 times too small where a pair was visited."""
    low, high = bernstein_box(counts, log_term / 400.0, scale)
    unseen = counts.sum(axis=3, keepdims=True) == 0.0
    return np.where(unseen, 0.0, low), np.where(unseen, 1.0, high)


def never(visits: Float, at_start: Float) -> bool:
    """Planted fault: the first epoch never ends."""
    return False


def theorem_parameters(instance: AdversarialMDP, horizon: int) -> UOBREPS:
    """The theorem's."""
    return tuned(instance.n_states, instance.n_actions, instance.horizon, horizon)


CLAIM = Claim(
    slug="uob-reps",
    title="UOB-REPS",
    paper="Jin, Jin, Luo, Sra and Yu 2020, Learning adversarial Markov decision processes with bandit feedback and "
    "unknown transition",
    setting="adversarial MDP",
    algorithm=theorem_parameters,
    cases=(
        Case("layered", lambda: layered(2, 2, 2, 40), 40, max_runs=50),
        Case("three layers", lambda: layered(n_episodes=400), 400, max_runs=10, full_only=True),
    ),
    bounds=(),
    watch=sys.modules[__name__],
    sabotages=(
        Sabotage("small-set", "the logarithm in the confidence radius divided by 400", ("confidence",),
                 overrides={"bernstein_box": narrow_box}, n_runs=20),
        Sabotage("middle", "losses are divided by the occupancy in the middle of the set", ("upper-occupancy",),
                 overrides={"upper_occupancy": expected_occupancy}, n_runs=2),
        Sabotage("one-epoch", "the confidence set is never updated", ("doubling",),
                 overrides={"doubled": never}, n_runs=1),
    ),
    user_horizon=100,
    notes="The theorem is an order. At sizes that run here the radius covers everything until a pair has about "
    "5 ln(T|X||A|/delta) visits, so that the regret is measured, not judged.",
)  # fmt: skip
