"""The checks of exercise 10: learning rate, weights, bonus, update, rule, one sum, optimism."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from exercises.compare import require, require_at_most
from exercises.episodes import (
    PAIRS,
    Float,
    Model,
    Visit,
    episode,
    played,
    random_model,
    random_policy,
    require_optimism,
)
from mdps.planning.finite_horizon import backward_induction
from proofs_check.course import Agent, Broken, Check, Exercise, Submission
from theory.radii import q_learning_hoeffding

N_EPISODES = 100
DELTA = 0.1
#: A small bonus keeps Q away from the ceiling H, where mistakes do not show.
SMALL_BONUS = 0.05


def rate(horizon: int, t: int) -> float:
    """alpha_t."""
    return (horizon + 1.0) / (horizon + t)


def right_weights(horizon: int, t: int) -> Float:
    """alpha_t^0 .. alpha_t^t from their definition as products."""
    rates = np.array([rate(horizon, j) for j in range(1, t + 1)])
    return np.array([(rates[i - 1] if i else 1.0) * np.prod(1.0 - rates[i:]) for i in range(t + 1)])


def iota_of(model: Model) -> float:
    """log(2 S A T / p)."""
    horizon, n_states, n_actions = model.sizes
    return math.log(2.0 * n_states * n_actions * N_EPISODES * horizon / DELTA)


def start(submission: Submission, model: Model, c: float) -> Agent:
    """The submitted algorithm before episode 1."""
    return submission.start("QLearning", model.problem(N_EPISODES), delta=DELTA, c=c)


def check_learning_rate(submission: Submission, seed: int) -> None:
    """alpha_1 = 1 and the others."""
    for horizon in np.random.default_rng(seed).integers(2, 12, 4).tolist():
        for t in range(1, 9):
            slips = {
                "1/t averages all targets alike and forgets old, wrong ones too slowly: errors would grow like H^H.":
                    1.0 / t,
                "The first rate is 1, so that the start H is forgotten: t counts from 1.": rate(horizon, t + 1),
                "The numerator is H + 1.": horizon / (horizon + t),
            }  # fmt: skip
            found = submission.call("learning_rate", horizon, t)
            require("alpha_t = (H + 1)/(H + t)", found, rate(horizon, t), where=f"H {horizon}, t {t}", slips=slips)


def check_weights(submission: Submission, seed: int) -> None:
    """Statement 1: the properties of Lemma 4.1 in their order, then the weights themselves."""
    horizon = int(np.random.default_rng(seed).integers(2, 8))
    rows = {}
    for t in [*range(1, 9), 20, 60]:
        rows[t] = _numbers(submission.call("weights", horizon, t), t)
        _require_lemma(rows[t], horizon, t)
        _require_weights(rows[t], horizon, t)
    require("the start has weight 1 before the first update", submission.call("weights", horizon, 0), [1.0],
            axes=("weight",), where="t 0")  # fmt: skip
    later = [float(_numbers(submission.call("weights", horizon, n), n)[2]) for n in range(2, 31)]
    found = sum(later) + later[-1] * 30 / horizon
    statement = "sum_{t=i..n} alpha_t^i + alpha_n^i n/H = 1 + 1/H"
    require(statement, found, 1.0 + 1.0 / horizon, where=f"H {horizon}, i 2, n 30")


def _numbers(found: Any, t: int) -> Float:
    require("there are t + 1 weights", np.shape(found), (t + 1,), where=f"t {t}")
    return np.asarray(found, dtype=float)


def _require_lemma(alpha: Float, horizon: int, t: int) -> None:
    where = f"H {horizon}, t {t}"
    later = alpha[1:]
    hint = "alpha_i is multiplied by (1 - alpha_j) for j = i + 1 .. t, not for j = i."
    if abs(alpha[0]) > 1e-12:
        raise Broken("alpha_t^0 = 0 for t >= 1", where=where, expected=0.0, found=float(alpha[0]),
                     hint="alpha_1 = 1: after one update nothing is left of the start.")  # fmt: skip
    if not abs(later.sum() - 1.0) <= 1e-9:
        raise Broken("sum_i alpha_t^i = 1", where=where, expected=1.0, found=float(later.sum()), hint=hint)
    tilted = float((later / np.sqrt(np.arange(1, t + 1))).sum())
    newest = "The last target has the largest weight; the order of yours is turned."
    require_at_most("1/sqrt(t) <= sum_i alpha_t^i/sqrt(i)", 1.0 / math.sqrt(t), tilted, where=where)
    require_at_most("sum_i alpha_t^i/sqrt(i) <= 2/sqrt(t)", tilted, 2.0 / math.sqrt(t), where=where, hint=newest)
    require_at_most("max_i alpha_t^i <= 2H/t", float(later.max()), 2.0 * horizon / t, where=where)
    require_at_most("sum_i (alpha_t^i)^2 <= 2H/t", float((later**2).sum()), 2.0 * horizon / t, where=where)


def _require_weights(alpha: Float, horizon: int, t: int) -> None:
    expected = right_weights(horizon, t)
    slips = {
        "The last target has the largest weight; the order of yours is turned.": np.append(0.0, expected[:0:-1]),
        "These are plain averages.": np.append(0.0, np.full(t, 1.0 / t)),
    }
    statement = "alpha_t^i = alpha_i prod_{j=i+1..t} (1 - alpha_j)"
    require(statement, alpha, expected, axes=("i",), where=f"H {horizon}, t {t}", slips=slips)


def check_bonus(submission: Submission, seed: int) -> None:
    """The constants of the bonus."""
    rng = np.random.default_rng(seed)
    for _ in range(12):
        t, h, s, a, k = (int(rng.integers(2, most)) for most in (300, 12, 9, 6, 1000))
        c, iota = float(rng.uniform(0.2, 3.0)), math.log(2.0 * s * a * k * h / DELTA)
        slips = {
            "The values at the next stage have range H, the weights' squares sum to 2H/t: H^3 below the root.":
                c * math.sqrt(h**2 * iota / t),
            "The logarithm stands below the root.": c * math.sqrt(h**3 / t) * iota,
            "c stands before the root.": math.sqrt(c * h**3 * iota / t),
            "The factor c is missing.": math.sqrt(h**3 * iota / t),
        }  # fmt: skip
        expected = float(q_learning_hoeffding(t, s, a, h, k * h, DELTA, c))
        where = f"t {t}, H {h}, iota {iota:.4g}, c {c:.3g}"
        require("b_t = c sqrt(H^3 iota/t)", submission.call("bonus", t, h, iota, c), expected, where=where, slips=slips)


class Table:
    """The algorithm as it should be."""

    def __init__(self, model: Model, c: float) -> None:
        horizon, n_states, _ = model.sizes
        self.model, self.c, self.iota = model, c, iota_of(model)
        self.q, self.visits = np.full(model.sizes, float(horizon)), np.zeros(model.sizes, np.int64)
        self.values = np.vstack([np.full((horizon, n_states), float(horizon)), np.zeros(n_states)])

    def bonus(self, t: int) -> float:
        """b_t."""
        return self.c * math.sqrt(self.model.sizes[0] ** 3 * self.iota / t)

    def update(self, step: Visit) -> dict[str, float]:
        """One step; returns hint -> the Q that the mistake leads to."""
        horizon = self.model.sizes[0]
        at = step.h, step.s, step.a
        self.visits[at] += 1
        t = int(self.visits[at])
        share, old, ahead = rate(horizon, t), float(self.q[at]), float(self.values[step.h + 1, step.following])

        def mixed(share: float, target: float) -> float:
            return (1.0 - share) * old + share * target

        slips = {
            "The target has the value of the next stage, V_{h+1}(s'), not of this one.":
                mixed(share, step.reward + float(self.values[step.h, step.following]) + self.bonus(t)),
            "The target has the value of the state that was reached, not of the one that was left.":
                mixed(share, step.reward + float(self.values[step.h + 1, step.s]) + self.bonus(t)),
            "The bonus is missing.": mixed(share, step.reward + ahead),
            "The bonus belongs to the target: it is multiplied by alpha_t as well.":
                mixed(share, step.reward + ahead) + self.bonus(t),
            "The share of the new target is alpha_t, not 1/t.": mixed(1.0 / t, step.reward + ahead + self.bonus(t)),
            "alpha_t is the share of the new target, 1 - alpha_t that of the past.":
                mixed(1.0 - share, step.reward + ahead + self.bonus(t)),
            "Count the visit first: t = 1 at the first one.":
                mixed(rate(horizon, t + 1), step.reward + ahead + self.bonus(t + 1)),
        }  # fmt: skip
        self.q[at] = mixed(share, step.reward + ahead + self.bonus(t))
        self.values[at[:2]] = min(float(horizon), self.q[at[:2]].max())
        return slips


def check_update(submission: Submission, seed: int) -> None:
    """Every step of random episodes: Q of the pair, V of the state; then all arrays, so that nothing else changed."""
    model, rng = random_model(seed), np.random.default_rng([seed, 1])
    agent, table = start(submission, model, SMALL_BONUS), Table(model, SMALL_BONUS)
    for k in range(1, 31):
        for step in played(model, rng, random_policy(model, rng)):
            agent.observe(*step)
            slips = table.update(step)
            _require_step(agent, table, step, slips, k)
        where = f"after episode {k}"
        require("N_h(s, a) counts the visits", agent.read("visits"), table.visits, axes=PAIRS, where=where)
        require("one pair at a time: no other Q changes", agent.read("q"), table.q, axes=PAIRS, where=where)
        require("V_h = min{H, max_a Q_h}", agent.read("values"), table.values, axes=PAIRS[:2], where=where)


def _require_step(agent: Agent, table: Table, step: Visit, slips: dict[str, float], k: int) -> None:
    h, s, a, _, _ = step
    where = f"episode {k}, stage {h}, state {s}"
    q = np.asarray(agent.read("q"))
    statement = "Q_h(s, a) becomes (1 - alpha_t) Q_h(s, a) + alpha_t (r + V_{h+1}(s') + b_t)"
    require(statement, float(q[h, s, a]), float(table.q[h, s, a]), where=f"{where}, action {a}", slips=slips)
    value = float(np.asarray(agent.read("values"))[h, s])
    slips = {
        "V is clipped: no return exceeds H.": float(table.q[h, s].max()),
        "V_h(s) is the largest Q_h(s, .), not that of the action just played.": min(table.model.sizes[0], q[h, s, a]),
    }
    require("V_h(s) = min{H, max_a Q_h(s, a)}", value, float(table.values[h, s]), where=where, slips=slips)


def check_rule(submission: Submission, seed: int) -> None:
    """act against the submission's own Q: with the theorem's bonus many exceed H, without one actions not tried tie."""
    for c in (1.0, 0.0):
        model, rng = random_model(seed + 1, least_actions=3), np.random.default_rng([seed, 2])
        agent = start(submission, model, c)
        for k in range(1, 13):
            _require_greedy(agent, np.asarray(agent.read("q")), f"c {c:g}, episode {k}")
            for step in played(model, rng, random_policy(model, rng)):
                agent.observe(*step)


def _require_greedy(agent: Agent, q: Float, where: str) -> None:
    policy = q.argmax(axis=2)
    clipped = np.minimum(q, len(q)).argmax(axis=2)
    last = q.shape[2] - 1 - q[:, :, ::-1].argmax(axis=2)
    for h, s in np.ndindex(policy.shape):
        slips = {
            "Ties go to the lowest action.": int(last[h, s]),
            "Compare the unclipped Q: only V is cut at H.": int(clipped[h, s]),
        }
        place = f"{where}, stage {h}, state {s}"
        statement = "the action is the first of the largest Q_h(s, .)"
        require(statement, agent.act(h, s, None), int(policy[h, s]), where=place, slips=slips)


def check_unrolled(submission: Submission, seed: int) -> None:
    """Statement 2: the sum against the updates one after the other."""
    rng = np.random.default_rng(seed)
    for t in (0, 1, 2, 3, 7, 25):
        horizon = int(rng.integers(2, 9))
        targets = rng.uniform(0.0, 2.0 * horizon, t)
        expected = float(horizon)
        for i, target in enumerate(targets, 1):
            expected = (1.0 - rate(horizon, i)) * expected + rate(horizon, i) * float(target)
        alpha = right_weights(horizon, t)
        slips = {
            "Before the first update Q is H: alpha_0^0 H.": 0.0 if t == 0 else math.nan,
            "The weights belong to the targets in their order; yours is turned.": float(alpha[:0:-1] @ targets),
            "The first weight, alpha_t^0, belongs to the start and not to the first target.":
                float(alpha[:t] @ targets) if t else math.nan,
        }  # fmt: skip
        found = submission.call("unrolled", horizon, targets)
        statement = "Q = alpha_t^0 H + sum_i alpha_t^i target_i"
        require(statement, found, expected, where=f"H {horizon}, t {t}", slips=slips)


def check_optimism(submission: Submission, seed: int) -> None:
    """Statement 4: beta_t and its two bounds, and both sides of the lemma in a run in which the event holds."""
    rng = np.random.default_rng(seed)
    for t in (1, 2, 5, 20, 60):
        h, iota, c = int(rng.integers(2, 9)), float(rng.uniform(2.0, 12.0)), float(rng.uniform(0.5, 2.0))
        bonuses = c * np.sqrt(h**3 * iota / np.arange(1, t + 1))
        total = float(right_weights(h, t)[1:] @ bonuses)
        slips = {
            "beta_t is twice the sum: once for the noise, once for the bonuses.": total,
            "Every bonus has its own i: b_i, not b_t.": 2.0 * float(bonuses[-1]),
            "The bonuses are weighted by alpha_t^i.": 2.0 * float(bonuses.sum()),
        }
        where = f"t {t}, H {h}, iota {iota:.4g}, c {c:.3g}"
        found = submission.call("beta", t, h, iota, c)
        require("beta_t = 2 sum_i alpha_t^i b_i", found, 2.0 * total, where=where, slips=slips)
        require_at_most("2 b_t <= beta_t", 2.0 * float(bonuses[-1]), found, where=where)
        require_at_most("beta_t <= 4 b_t", found, 4.0 * float(bonuses[-1]), where=where)
    _check_optimism_of_a_run(submission, random_model(seed + 2), np.random.default_rng([seed, 3]))


def _check_optimism_of_a_run(submission: Submission, model: Model, rng: np.random.Generator) -> None:
    agent = start(submission, model, 1.0)
    optimal, optimal_q, _ = backward_induction(model.mdp)
    noise, visits = np.zeros(model.sizes), np.zeros(model.sizes, np.int64)
    horizon, iota = model.sizes[0], iota_of(model)
    for k in range(1, N_EPISODES + 1):
        for step in episode(model, rng, lambda h, s: int(agent.act(h, s, None))):
            at = step.h, step.s, step.a
            visits[at] += 1
            share = rate(horizon, int(visits[at]))
            surprise = step.reward + optimal[step.h + 1, step.following] - optimal_q[at]
            noise[at] = (1.0 - share) * noise[at] + share * surprise
            if abs(noise[at]) > math.sqrt(horizon**3 * iota / visits[at]):
                return  # the event of statement 3 has failed
            agent.observe(*step)
        statement = "Q*_h <= Q_h on the event of statement 3"
        require_optimism(statement, agent.read("q"), optimal_q, f"episode {k}")


EXERCISE = Exercise(
    number=10,
    slug="q_learning",
    title="Optimistic Q-learning",
    source="Jin, Allen-Zhu, Bubeck and Jordan 2018, Theorem 1, Lemmas 4.1 and 4.3",
    checks=(
        Check("learning-rate", "the learning rate", 1, "alpha_1 = 1, and alpha_t is about H/t later.",
              check_learning_rate),
        Check("weights", "the weights and their properties", 2,
              "Multiply the weights of the past by 1 - alpha_t, then append alpha_t.", check_weights),
        Check("bonus", "the bonus", 1, "b_t = c sqrt(H^3 iota/t).", check_bonus),
        Check("update", "the update of Q and V", 3,
              "Count the visit, mix the target into Q, then recompute V and the greedy action of this state.",
              check_update),
        Check("rule", "the greedy action", 1, "The first action with the largest Q_h(s, .).", check_rule),
        Check("unrolled", "Q as one sum", 1, "weights(H, t) has t + 1 entries; the first one belongs to the start H.",
              check_unrolled),
        Check("optimism", "beta_t and optimism", 1, "beta_t = 2 sum_i alpha_t^i b_i lies between 2 b_t and 4 b_t.",
              check_optimism),
    ),
    claim="q-learning-hoeffding",
)  # fmt: skip
