"""The proof steps that UCRL2, KL-UCRL and UCRL2B share (Jaksch, Ortner and Auer 2010, section 4).

The functions are compiled and allocate nothing. Counts are kept here, from the states, actions and rewards of the
trajectory alone; of the watched algorithm only its policy, its values u and its own counts (to be compared) are read.
The sets of plausible models differ between the algorithms: :func:`episode_checks` takes the four functions in which
they do, each of ``(params, ledger, t, s, a)`` with N(s, a) = ``ledger.before[s, a]``:

- ``reward_width``: radius of the mean reward; ``law_distance``: distance of the true law from the empirical one, in
  units of the set's radius (at most 1 if plausible), as in the theorem whatever the algorithm's scale;
- ``spread``: a bound on the l1 distance of any plausible law from the true one, if both are plausible;
- ``backup``: the largest plausible mean reward plus the largest plausible expectation of ``ledger.values``, over the
  set as the algorithm was told to scale it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from kernels.jit import inlined
from kernels.steps import Step, check
from mdps.doubling import EPISODE
from mdps.instances.chains import river_swim
from mdps.instances.lower_bounds import jao_two_state
from mdps.instances.random import random_mdp
from mdps.loops import Trajectory
from mdps.model import MDP, Float, Int
from mdps.planning.extended import sort_descending
from proofs_check.claim import Case, Sabotage, confidence
from theory.lower_bounds import average_reward

PLACE = ("step", "state", "action")

(
    COUNTS, DOUBLING, EPISODES, PLAUSIBLE, PLANNED, OPTIMISM, SPAN, RECURSION, PIGEONHOLE, NOISE, MARTINGALE,
) = range(11)  # fmt: skip

#: What ``Ledger.sums`` holds.
_COUNT_SUM, _NOISE_SUM, _MARTINGALE_SUM = 0, 1, 2


def shared_steps(plausible: Step) -> tuple[Step, ...]:
    """The steps in the order of the indices above; the good event differs between the algorithms."""
    return (
        Step(
            "counts",
            "N_k(s,a), N_k(s,a,y) and the estimates are those of the steps before t_k, counted independently",
            "Jaksch et al. 2010, figure 1",
            place=PLACE,
        ),
        Step(
            "doubling",
            "one policy is played until a pair has been played max(1, N_k) times within the episode, no longer",
            "Jaksch et al. 2010, figure 1, step 6",
            place=PLACE,
        ),
        Step(
            "episodes",
            "number of episodes up to step t <= SA log2(8t/(SA)) for t >= SA",
            "Jaksch et al. 2010, Proposition 18",
            place=PLACE,
        ),
        plausible,
        Step(
            "planned",
            "max_s (L u - u) - min_s (L_pi u - u) <= 1/sqrt(t_k), L the optimistic Bellman operator, L_pi that of pi_k",
            "stopping rule of extended value iteration, Jaksch et al. 2010, eq. (12), applied to the last iterate",
            place=PLACE,
        ),
        Step(
            "optimism",
            "rho* - 1/sqrt(t_k) <= min_s (L_pi u - u), a lower bound on the optimistic gain of pi_k",
            "Jaksch et al. 2010, section 4.1 and Theorem 7",
            "conditional",
            given=("plausible",),
            place=PLACE,
        ),
        Step(
            "span",
            "max u - min u <= D",
            "Jaksch et al. 2010, eq. (11)",
            "conditional",
            given=("plausible",),
            place=PLACE,
        ),
        Step(
            "recursion",
            "rho* - r(s,pi(s)) <= 2 reward radius + D l1 spread + P u - u(s) + 1/sqrt(t_k) at every state",
            "Jaksch et al. 2010, eqs. (13)-(15), state by state",
            "conditional",
            given=("plausible",),
            place=PLACE,
        ),
        Step(
            "pigeonhole",
            "sum_t 1/sqrt(max(1, N_k(s_t,a_t))) <= (sqrt 2 + 1) sqrt(SAT)",
            "Jaksch et al. 2010, Lemma 19 and eq. (20)",
            place=PLACE,
        ),
        Step(
            "noise",
            "sum_t (mean reward - reward) <= sqrt(T log(1/delta)/2)",
            "Hoeffding-Azuma, Jaksch et al. 2010, eq. (5)",
            "event",
            confidence,
            place=PLACE,
        ),
        Step(
            "martingale",
            "sum_t (P u_k - u_k(s_{t+1})) <= D sqrt(T log(1/delta)/2) over the episodes with span of u_k <= D",
            "Azuma-Hoeffding for increments of range D, Jaksch et al. 2010, eq. (18)",
            "event",
            confidence,
            place=PLACE,
        ),
    )


class Ledger(NamedTuple):
    """What is known of a run from outside the algorithm.

    Attributes:
        visits, transitions, reward_sums, square_sums: of all steps so far, (S, A) and (S, A, S); rewards and their
            squares.
        before: ``visits`` at the start of the episode. policy: of the episode, (S,). clock: its number, (1,).
        values: u of the episode, (S,). order, row, estimate, ceiling: for inner maxima, (S,).
        laws, means: the true P and r. gain: rho*. diameter: D. n_steps: T.
        sums: see above, (3,).
    """

    visits: Float
    transitions: Float
    reward_sums: Float
    square_sums: Float
    before: Float
    policy: Int
    clock: Int
    values: Float
    order: Int
    row: Float
    estimate: Float
    ceiling: Float
    laws: Float
    means: Float
    gain: float
    diameter: float
    n_steps: int
    sums: Float


def allocate(params: Any, instance: Any, horizon: int) -> Ledger:
    """Arrays for a :class:`~mdps.loops.Trajectory`."""
    s, a = instance.n_states, instance.n_actions
    p, r = instance.mdp.dense()
    return Ledger(
        np.zeros((s, a)), np.zeros((s, a, s)), np.zeros((s, a)), np.zeros((s, a)), np.zeros((s, a)),
        np.zeros(s, np.int64), np.zeros(1, np.int64), np.zeros(s), np.zeros(s, np.int64), np.zeros(s), np.zeros(s),
        np.zeros(s), p, r,
        float(instance.arrays().gain), float(instance.diameter), horizon, np.zeros(3),
    )  # fmt: skip


@inlined
def begin(watch, params, instance):
    """Forget the last run."""
    watch.visits[...] = 0.0
    watch.transitions[...] = 0.0
    watch.reward_sums[...] = 0.0
    watch.square_sums[...] = 0.0
    watch.before[...] = 0.0
    watch.clock[0] = 0
    watch.sums[...] = 0.0


@inlined
def expectation(weights, values):
    """sum_y weights[y] values[y]."""
    total = 0.0
    for y in range(values.shape[0]):
        total += weights[y] * values[y]
    return total


@inlined
def mean_reward(ledger, s, a):
    """Empirical mean reward at the start of the episode (no step has been counted since)."""
    return ledger.reward_sums[s, a] / max(1.0, ledger.before[s, a])


@inlined
def check_turn(records, run, ledger, model, t, s, a):
    """Whether the algorithm keeps its policy just as long as the rule says; whether an episode begins."""
    started = model.clock[EPISODE] != ledger.clock[0]
    due = t == 1
    other = 0
    if t > 1:
        played = ledger.policy[s]
        n = ledger.before[s, played]
        due = ledger.visits[s, played] - n >= max(1.0, n)
        if not started:
            other = abs(a - played)
    wrong = other + (1 if started != due else 0)
    check(records, run, DOUBLING, np.float64(wrong), 0.0, 0.0, t, s, a, -1)
    return started


@inlined
def open_ledger(records, run, ledger, model, t):
    """A new episode: compare the counts, and keep its policy and values."""
    n_states, n_actions = ledger.visits.shape
    ledger.clock[0] = model.clock[EPISODE]
    wrong = 0.0
    for s in range(n_states):
        ledger.policy[s] = model.policy[s]
        ledger.values[s] = model.values[s]
        ledger.order[s] = s
        for a in range(n_actions):
            n = ledger.visits[s, a]
            ledger.before[s, a] = n
            wrong += abs(model.before[s, a] - n)
            for y in range(n_states):
                wrong += abs(model.transitions[s, a, y] - ledger.transitions[s, a, y])
                if n > 0.0:
                    wrong += abs(model.p_hat[s, a, y] - ledger.transitions[s, a, y] / n)
    check(records, run, COUNTS, wrong, 1e-9, 0.0, t, -1, -1, -1)
    pairs = n_states * n_actions
    if t >= pairs:
        right = pairs * math.log2(8.0 * t / pairs)
        check(records, run, EPISODES, np.float64(ledger.clock[0]), right, 1e-12, t, -1, -1, -1)


@inlined
def turn(records, run, ledger, model, t, s, a):
    """Before every step: whether an episode begins, for which the ledger is then open; the pigeonhole sum."""
    started = check_turn(records, run, ledger, model, t, s, a)
    if started:
        open_ledger(records, run, ledger, model, t)
    ledger.sums[_COUNT_SUM] += 1.0 / math.sqrt(max(1.0, ledger.before[s, a]))
    return started


@inlined
def tripled(model, t, s):
    """Planted in the place of :func:`mdps.doubling.episode_over`: has the pair been played twice as often as before?"""
    a = model.policy[s]
    return t == 1 or model.visits[s, a] - model.before[s, a] >= 2.0 * max(1.0, model.before[s, a])


def late_episodes(act: Callable[..., Any]) -> Sabotage:
    """The fault of an ``act`` that begins episodes when a count has :func:`tripled`."""
    return Sabotage(
        "late-episodes", "an episode ends only when a count has tripled", ("doubling",),
        overrides={"act": act}, n_runs=5,
    )  # fmt: skip


def episode_checks(
    reward_width: Callable[..., Any],
    law_distance: Callable[..., Any],
    spread: Callable[..., Any],
    backup: Callable[..., Any],
) -> Callable[..., Any]:
    """The compiled checks at the start of an episode, for one kind of plausible set (see the module's docstring)."""

    @inlined
    def checks(records, run, ledger, params, t):
        n_states, n_actions = ledger.visits.shape
        sort_descending(ledger.values, ledger.order)
        accuracy = 1.0 / math.sqrt(t)
        best, worst_of_policy, span = -np.inf, np.inf, 0.0
        for s in range(n_states):
            span = max(span, ledger.values[s])
            for a in range(n_actions):
                width = reward_width(params, ledger, t, s, a)
                off = abs(mean_reward(ledger, s, a) - ledger.means[s, a])
                if ledger.before[s, a] > 0.0:
                    check(records, run, PLAUSIBLE, off, width, 1e-12, t, s, a, -1)
                    check(records, run, PLAUSIBLE, law_distance(params, ledger, t, s, a), 1.0, 1e-12, t, s, a, -1)
                change = backup(params, ledger, t, s, a) - ledger.values[s]
                best = max(best, change)
                if a == ledger.policy[s]:
                    worst_of_policy = min(worst_of_policy, change)
                    ahead = expectation(ledger.laws[s, a], ledger.values) - ledger.values[s]
                    right = 2.0 * width + ledger.diameter * spread(params, ledger, t, s, a) + ahead + accuracy
                    check(records, run, RECURSION, ledger.gain - ledger.means[s, a], right, 1e-9, t, s, a, -1)
        check(records, run, PLANNED, best - worst_of_policy, accuracy, 1e-9, t, -1, -1, -1)
        check(records, run, OPTIMISM, ledger.gain - accuracy, worst_of_policy, 1e-9, t, -1, -1, -1)
        check(records, run, SPAN, span, ledger.diameter, 1e-9, t, -1, -1, -1)

    return checks  # type: ignore[no-any-return]


@inlined
def observed(records, run, watch, params, state, instance, t, s, a, reward, following):
    """Count the step; the two martingales."""
    watch.visits[s, a] += 1.0
    watch.transitions[s, a, following] += 1.0
    watch.reward_sums[s, a] += reward
    watch.square_sums[s, a] += reward * reward
    watch.sums[_NOISE_SUM] += watch.means[s, a] - reward
    top = 0.0
    for y in range(watch.values.shape[0]):
        top = max(top, watch.values[y])
    if top <= watch.diameter:
        watch.sums[_MARTINGALE_SUM] += expectation(watch.laws[s, a], watch.values) - watch.values[following]


@inlined
def ended(records, run, watch, params, state, instance, t):
    """The sums over all steps."""
    n_states, n_actions = watch.visits.shape
    right = (math.sqrt(2.0) + 1.0) * math.sqrt(np.float64(n_states * n_actions * t))
    check(records, run, PIGEONHOLE, watch.sums[_COUNT_SUM], right, 1e-12, t, -1, -1, -1)
    width = math.sqrt(0.5 * t * math.log(1.0 / params.delta))
    check(records, run, NOISE, watch.sums[_NOISE_SUM], width, 1e-9, t, -1, -1, -1)
    check(records, run, MARTINGALE, watch.sums[_MARTINGALE_SUM], watch.diameter * width, 1e-9, t, -1, -1, -1)


# ------------------------------------------------------------------------------------------------- instances and lines
def watched_cases(max_runs: int) -> tuple[Case, Case]:
    """A small random model and the river swim, with all proof steps."""
    return (
        Case("random", lambda: Trajectory(random_mdp(3, 2, seed=1, reward_law="bernoulli")), 2_000, max_runs=max_runs),
        Case("river-swim", lambda: Trajectory(river_swim(6)), 5_000, max_runs=max_runs),
    )


def lights() -> Trajectory:
    """Two states, D = 1: action 0 stays and action 1 switches, for sure; staying in state 1 pays 1, all else nothing.

    The smallest instance with something to lose, where explicit constants bite earliest.
    """
    p = np.zeros((2, 2, 2))
    p[:, 0], p[:, 1] = np.eye(2), 1.0 - np.eye(2)
    return Trajectory(MDP.from_dense(p, [[0.0, 0.0], [1.0, 0.0]], name="stay or switch, D = 1"))


def shrinking_chain(n_steps: int) -> tuple[Trajectory, int]:
    """The two-state chain of Jaksch et al. (2010), section 6, at the epsilon that is hard for T steps.

    delta = 1/2 (D = 2), A = 2, the better action second; epsilon = 2 sqrt(A log T/T), so that the gap moves with T.
    """
    epsilon = min(0.5, 2.0 * math.sqrt(2.0 * math.log(n_steps) / n_steps))
    return Trajectory(jao_two_state(delta=0.5, epsilon=epsilon, good_action=1)), n_steps


def minimax_if_hard(instance: Any, steps: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """.015 sqrt(DSAT) on the composite instance it was proved for and T >= DSA, otherwise nan."""
    t = np.asarray(steps, dtype=float)
    floor = np.full(t.shape, np.nan)
    if str(instance.name).startswith("jao-composite"):
        s, a, d = instance.n_states, instance.n_actions, instance.diameter
        enough = t >= d * s * a
        floor[enough] = average_reward(s, a, d, t[enough])
    return floor
