"""The checks of exercise 9: bonus, counts, optimistic backward pass, rule, optimism on the good event, pigeonhole."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from exercises.compare import require, require_at_most
from exercises.episodes import PAIRS, STATES, Float, Int, Model, played, random_model, random_policy, require_optimism
from mdps.planning.finite_horizon import backward_induction
from proofs_check.course import Agent, Check, Exercise, Submission
from theory.complexity import count_potential
from theory.radii import ucbvi_ch, ucbvi_log, ucbvi_value_deviation

#: Promised to the algorithm as K, whatever the number of episodes that a check plays.
N_EPISODES = 40
DELTA = 0.1
#: With the theorem's bonus nothing would be learnt in a few episodes: every Q would be clipped at H.
SCALE = 0.01
#: Where the noise of the model is larger than the bonus, so that Q would grow now and then without the minimum.
TINY_SCALE = 0.0005


class Counts(NamedTuple):
    """N(s, a, y), (S, A, S), kept by the check."""

    transitions: Float

    @property
    def visits(self) -> Float:
        """N(s, a), (S, A)."""
        return np.asarray(self.transitions.sum(axis=2))

    def means(self, values: Float) -> Float:
        """Ph V, (S, A); 0 where there are no visits."""
        return np.asarray(self.transitions @ values / np.maximum(self.visits, 1.0))


def no_counts(model: Model) -> Counts:
    """Before the first episode."""
    _, n_states, n_actions = model.sizes
    return Counts(np.zeros((n_states, n_actions, n_states)))


def logs_of(model: Model) -> float:
    """L."""
    horizon, n_states, n_actions = model.sizes
    return float(ucbvi_log(n_states, n_actions, N_EPISODES * horizon, DELTA))


def start(submission: Submission, model: Model, scale: float = SCALE) -> Agent:
    """The submitted algorithm before episode 1."""
    return submission.start("UCBVI", model.problem(N_EPISODES), delta=DELTA, scale=scale)


def feed(agent: Agent, model: Model, counts: Counts, rng: np.random.Generator, policy: Int) -> None:
    """One episode of a policy, told to the algorithm and counted here."""
    for step in played(model, rng, policy):
        agent.observe(*step)
        counts.transitions[step.s, step.a, step.following] += 1.0


def check_bonus(submission: Submission, seed: int) -> None:
    """The constants of the bonus."""
    rng = np.random.default_rng(seed)
    for _ in range(12):
        s, a, h, k, n = (int(rng.integers(2, most)) for most in (9, 6, 12, 1000, 400))
        delta = float(rng.uniform(0.01, 0.3))
        logs = float(ucbvi_log(s, a, k * h, delta))
        slips = {
            "The union bound needs the factor 5.": math.log(s * a * k * h / delta),
            "The confidence parameter delta is missing.": math.log(5.0 * s * a * k * h),
        }
        where = f"S {s}, A {a}, T {k * h}, delta {delta:.3g}"
        found = submission.call("log_factor", s, a, k * h, delta)
        require("L = log(5 S A T/delta)", found, logs, where=where, slips=slips)
        slips = {
            "L is not below a root: 7 H L / sqrt(n).": 7.0 * h * math.sqrt(logs / n),
            "The range of the values is H: the factor H is missing.": 7.0 * logs / math.sqrt(n),
            "The bonus falls like 1/sqrt(n), not like 1/n.": 7.0 * h * logs / n,
        }
        where = f"n {n}, H {h}, L {logs:.4g}"
        require("b = 7 H L/sqrt(n)", submission.call("bonus", n, h, logs), float(ucbvi_ch(n, h, logs)), where=where,
                slips=slips)  # fmt: skip


def check_counts(submission: Submission, seed: int) -> None:
    """What is counted, and when."""
    model, rng = random_model(seed, stage_dependent=False), np.random.default_rng([seed, 1])
    agent, counts = start(submission, model), no_counts(model)
    for k in range(1, 9):
        before = counts.visits
        feed(agent, model, counts, rng, random_policy(model, rng))
        slips = {"The steps of an episode are counted after its end: observe only keeps them.": counts.visits}
        require("N_k counts the episodes before episode k", agent.read("visits"), before, axes=PAIRS[1:],
                where=f"during episode {k}", slips=slips)  # fmt: skip
        agent.do("count_episode")
        after = f"after episode {k}"
        slips = {
            "Nothing was counted.": before,
            "All H steps count, not the last one alone.": np.minimum(before + 1, 1),
        }
        require("N(s, a) counts the visits of all stages", agent.read("visits"), counts.visits, axes=PAIRS[1:],
                where=after, slips=slips)  # fmt: skip
        turned = counts.transitions.transpose(2, 1, 0)
        slips = {"The first index is the state that was left, the last the state that was reached.": turned}
        require("N(s, a, y) counts the moves from s to y", agent.read("transitions"), counts.transitions,
                axes=("state", "action", "next state"), where=after, slips=slips)  # fmt: skip


def check_backward_pass(submission: Submission, seed: int) -> None:
    """Algorithm 2, stage by stage from the last, given the values of the stage after it."""
    for scale in (SCALE, TINY_SCALE):
        model, rng = random_model(seed + 1, stage_dependent=False), np.random.default_rng([seed, 2])
        agent, counts = start(submission, model, scale), no_counts(model)
        last = np.full(model.sizes, float(model.sizes[0]))
        for k in range(2, 14):
            feed(agent, model, counts, rng, random_policy(model, rng))
            agent.do("plan", k)
            last = _require_pass(agent, model, counts, last, scale, f"scale {scale}, episode {k}")


def _require_pass(agent: Agent, model: Model, counts: Counts, last: Float, scale: float, where: str) -> Float:
    """One backward pass; returns the right Q."""
    q, values = np.asarray(agent.read("q")), np.asarray(agent.read("values"))
    horizon, n_states, _ = model.sizes
    visited = counts.visits > 0
    width = scale * ucbvi_ch(np.maximum(counts.visits, 1.0), horizon, logs_of(model))
    right, ahead = np.zeros_like(last), np.zeros(n_states)
    require("values has H + 1 rows", values.shape, (horizon + 1, n_states), where=where)
    require("V_{H+1} = 0", values[horizon], ahead, axes=("state",), where=f"{where}, after the last stage")
    for h in range(horizon - 1, -1, -1):
        mean = counts.means(ahead)
        backup = model.rewards[h] + mean + width
        right[h] = np.where(visited, np.minimum(np.minimum(last[h], horizon), backup), last[h])
        slips = {
            "Q_h may not grow: take the minimum with the Q_h of the episode before.":
                np.where(visited, np.minimum(horizon, backup), horizon),
            "The ceiling is H at every stage, not the number of stages that are left.":
                np.minimum(right[h], horizon - h),
            "The bonus is missing.": np.where(visited, np.minimum(last[h], model.rewards[h] + mean), last[h]),
            "The bonus is not multiplied by params.scale.":
                np.where(visited, np.minimum(last[h], backup + (1.0 / scale - 1.0) * width), last[h]),
            "The reward is missing.": np.where(visited, np.minimum(last[h], backup - model.rewards[h]), last[h]),
            "A pair without visits keeps its Q_h; it has no bonus of a single visit.": np.minimum(last[h], backup),
        }  # fmt: skip
        place = f"{where}, stage {h}"
        require("Q_h = min{last Q_h, H, r + Ph V_{h+1} + b}", q[h], right[h], axes=PAIRS[1:], slips=slips, where=place)
        ahead = right[h].max(axis=1)
        slips = {"V_h is the maximum over the actions, not the mean.": right[h].mean(axis=1)}
        require("V_h = max_a Q_h", values[h], ahead, axes=("state",), slips=slips, where=place)
    return right


def check_rule(submission: Submission, seed: int) -> None:
    """The greedy actions of the submission's own Q, and act; ties abound where values are still H."""
    model, rng = random_model(seed + 2, stage_dependent=False), np.random.default_rng([seed, 3])
    agent, counts = start(submission, model), no_counts(model)
    for k in range(2, 10):
        feed(agent, model, counts, rng, random_policy(model, rng))
        agent.do("plan", k)
        q = np.asarray(agent.read("q"))
        greedy = q.argmax(axis=2)
        slips = {"Ties go to the lowest action.": q.shape[2] - 1 - q[:, :, ::-1].argmax(axis=2)}
        require("the policy is greedy for Q_h", agent.read("policy"), greedy, axes=STATES, where=f"episode {k}",
                slips=slips)  # fmt: skip
        for h, s in np.ndindex(greedy.shape):
            require("act plays the policy", agent.act(h, s, None), int(greedy[h, s]),
                    where=f"episode {k}, stage {h}, state {s}")  # fmt: skip


def check_optimism(submission: Submission, seed: int) -> None:
    """The width of the good event, that the bonus covers it, and Q* <= Q in a run in which it does."""
    rng = np.random.default_rng(seed)
    for _ in range(12):
        h, n, logs = int(rng.integers(2, 12)), int(rng.integers(1, 500)), float(rng.uniform(2.0, 12.0))
        variance = float(rng.uniform(0.0, h**2 / 4.0))
        first, second = 2.0 * math.sqrt(variance * logs / n), 14.0 * h * logs / (3.0 * n)
        slips = {
            "The term of order 1/n is missing.": first,
            "The first term is 2 sqrt(Var L/n).": math.sqrt(2.0 * variance * logs / n) + second,
            "The values lie in [0, H]: the term of order 1/n has the factor H.": first + second / h,
        }
        where = f"variance {variance:.4g}, n {n}, H {h}, L {logs:.4g}"
        found = submission.call("deviation_width", variance, n, h, logs)
        require("the width is 2 sqrt(Var L/n) + 14 H L/(3n)", found,
                float(ucbvi_value_deviation(n, variance, h, logs)), where=where, slips=slips)  # fmt: skip
        require_at_most("the bonus covers the width", found, submission.call("bonus", n, h, logs), where=where)
    _check_optimism_of_a_run(submission, seed)


def _check_optimism_of_a_run(submission: Submission, seed: int) -> None:
    """With a smaller bonus, for as long as it covers the errors of the model: that is all that statement 2 uses."""
    model, rng = random_model(seed + 3, stage_dependent=False), np.random.default_rng([seed, 4])
    scale = 5.0 * SCALE
    agent, counts = start(submission, model, scale), no_counts(model)
    optimal, optimal_q, _ = backward_induction(model.mdp)
    ahead = optimal_q - model.rewards  # P V*
    for k in range(1, N_EPISODES + 1):
        agent.do("plan", k)
        width = scale * ucbvi_ch(np.maximum(counts.visits, 1.0), model.sizes[0], logs_of(model))
        errors = np.stack([np.abs(counts.means(values) - p) for values, p in zip(optimal[1:], ahead)])
        if ((errors > width) & (counts.visits > 0)).any():
            return
        statement = "Q*_h <= Q_h where the bonus covers (Ph - P)V*"
        require_optimism(statement, agent.read("q"), optimal_q, f"episode {k}")
        feed(agent, model, counts, rng, np.asarray(agent.read("policy")))


def check_pigeonhole(submission: Submission, seed: int) -> None:
    """The bound, and the sum itself in a run."""
    rng = np.random.default_rng(seed)
    for _ in range(8):
        s, a, h, k = (int(rng.integers(2, most)) for most in (9, 6, 12, 1000))
        root = 2.0 * math.sqrt(s * a * k * h)
        slips = {
            "The visits before the first count of a pair cost up to H S A more.": root,
            "The sum of 1/sqrt(n) for n <= N is at most 2 sqrt(N): the factor 2 is missing.": root / 2.0 + h * s * a,
            "There are K H steps below the root.": 2.0 * math.sqrt(s * a * k) + h * s * a,
            "At most H steps of a pair share a count: H S A, not S A.": root + s * a,
        }
        found = submission.call("pigeonhole_bound", s, a, h, k)
        expected = float(count_potential(k, s, a, h)[0])
        where = f"S {s}, A {a}, H {h}, K {k}"
        require("the bound is 2 sqrt(S A K H) + H S A", found, expected, where=where, slips=slips)
    model = random_model(seed + 4, stage_dependent=False)
    agent, counts, total = start(submission, model), no_counts(model), 0.0
    for k in range(1, N_EPISODES + 1):
        agent.do("plan", k)
        policy, visits = np.asarray(agent.read("policy")), counts.visits
        before = counts.transitions.copy()
        feed(agent, model, counts, rng, policy)
        total += float(((counts.transitions - before).sum(axis=2) / np.sqrt(np.maximum(visits, 1.0))).sum())
        horizon, n_states, n_actions = model.sizes
        bound = submission.call("pigeonhole_bound", n_states, n_actions, horizon, k)
        require_at_most("sum 1/sqrt(max(1, N_k)) <= 2 sqrt(S A K H) + H S A", total, bound, where=f"episode {k}")


EXERCISE = Exercise(
    number=9,
    slug="ucbvi",
    title="UCBVI with Chernoff-Hoeffding bonuses",
    source="Azar, Osband and Munos 2017, Theorem 1, Algorithms 1-3, Lemma 18",
    checks=(
        Check("bonus", "the constants of the bonus", 2, "L = log(5SAT/delta), b = 7HL/sqrt(n).", check_bonus),
        Check("counts", "what is counted, and when", 2,
              "Counts are pooled over stages and stand still within an episode.", check_counts),
        Check("backward-pass", "the optimistic backward pass", 3,
              "Go from the last stage to the first; three entries in the minimum.", check_backward_pass),
        Check("rule", "the greedy policy", 1, "The first action with the largest Q_h, at every stage.", check_rule),
        Check("optimism", "the good event and optimism", 1,
              "Bernstein's width, below the bonus; then Q* <= Q by induction.", check_optimism),
        Check("pigeonhole", "the sum of the bonuses", 1,
              "2 sqrt(N) for each pair, then Cauchy and Schwarz over the S A pairs.", check_pigeonhole),
    ),
    claim="ucbvi-ch",
)  # fmt: skip
