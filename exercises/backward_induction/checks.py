"""The checks of exercise 8: Bellman's equation, optimality, evaluation, occupancies, and two exact decompositions."""

from __future__ import annotations

import numpy as np

from exercises.compare import require
from exercises.episodes import PAIRS, STATES, Float, Int, Model, random_model, random_policy, require_parts
from mdps.exact import gaps
from mdps.planning import finite_horizon
from proofs_check.course import Broken, Check, Exercise, Submission

N_MODELS = 4


def _models(seed: int) -> list[tuple[str, Model, np.random.Generator]]:
    """Models with their names, and random numbers for each."""
    return [
        (f"model {i}", random_model(N_MODELS * seed + i), np.random.default_rng([seed, i])) for i in range(N_MODELS)
    ]


def chosen(values: Float, policy: Int) -> Float:
    """The entries of the policy's actions: (H, S, A) -> (H, S)."""
    return np.take_along_axis(values, policy[:, :, None], axis=2)[:, :, 0]


def check_backup(submission: Submission, seed: int) -> None:
    """Statement 1: one backup."""
    for where, model, rng in _models(seed):
        p, r = model.transitions[0], model.rewards[0]
        values = rng.normal(size=len(p))
        found = submission.call("backup", p, r, values)
        slips = {
            "The reward is missing.": p @ values,
            "The reward of the action is added to the expectation, not multiplied.": r * (p @ values),
            "That is the value of this state; the expectation runs over the next one.": r + values[:, None],
        }
        require("Q(s, a) = r(s, a) + sum_y P(y | s, a) V(y)", found, r + p @ values, axes=PAIRS[1:], where=where,
                slips=slips)  # fmt: skip


def check_greedy(submission: Submission, seed: int) -> None:
    """The first of the best actions; values are quarters, so that ties are exact and frequent."""
    rng = np.random.default_rng(seed)
    q = rng.integers(0, 3, (4, 6, 3)) / 4.0
    found, expected = submission.call("greedy", q), q.argmax(axis=2)
    last = q.shape[2] - 1 - q[:, :, ::-1].argmax(axis=2)
    slips = {
        "Among equal values the lowest action is taken; you took the last.": last,
        "That is the worst action.": q.argmin(axis=2),
        "Return the action, not its value.": q.max(axis=2),
    }
    require("the greedy action is the first of the best", found, expected, axes=STATES, slips=slips)


def check_optimality(submission: Submission, seed: int) -> None:
    """Statement 1 for the optimum."""
    for where, model, _ in _models(seed + 1):
        values, q, policy = finite_horizon.backward_induction(model.mdp)
        answer = submission.call("backward_induction", model.transitions, model.rewards)
        found = require_parts(answer, "backward_induction", "values, q, policy")
        slips = {
            "That is one stage earlier or later: V_h is the maximum of Q_h.": np.roll(values, -1, axis=0),
            "That is the mean over the actions, the value of the uniform policy.":
                finite_horizon.evaluate_policy(model.mdp, np.full(q.shape, 1.0 / q.shape[2])),
        }  # fmt: skip
        require("V*_h(s) = max_a Q*_h(s, a), V*_{H+1} = 0", found[0], values, axes=STATES, where=where, slips=slips)
        ahead = model.rewards + np.einsum("hsay,hy->hsa", model.transitions, values[:-1])
        slips = {
            "The values on the right are those of the next stage, h + 1.": ahead,
            "The next stage's values are missing.": model.rewards,
        }
        require("Q*_h = r_h + P_h V*_{h+1}", found[1], q, axes=PAIRS, where=where, slips=slips)
        require("the policy is greedy for Q*", found[2], policy, axes=STATES, where=where)


def check_evaluation(submission: Submission, seed: int) -> None:
    """Statement 1 for a fixed policy."""
    for where, model, rng in _models(seed + 2):
        policy = random_policy(model, rng)
        values = finite_horizon.evaluate_policy(model.mdp, policy)
        q = finite_horizon.action_values(model.mdp, values)
        answer = submission.call("evaluate", model.transitions, model.rewards, policy)
        found = require_parts(answer, "evaluate", "values, q")
        best = finite_horizon.backward_induction(model.mdp)[0]
        greedy = np.vstack([q.max(axis=2), values[-1:]])
        slips = {
            "That is V*: take the action of the policy, not the best one.": best,
            "That is the best action at this stage: take that of the policy.": greedy,
        }
        require("V^pi_h(s) = Q^pi_h(s, pi_h(s))", found[0], values, axes=STATES, where=where, slips=slips)
        require("Q^pi_h = r_h + P_h V^pi_{h+1}", found[1], q, axes=PAIRS, where=where)


def check_occupancies(submission: Submission, seed: int) -> None:
    """Statement 2."""
    for where, model, rng in _models(seed + 3):
        policy = random_policy(model, rng)
        expected = finite_horizon.occupancies(model.mdp, policy).sum(axis=2)
        found = submission.call("occupancies", model.transitions, model.initial, policy)
        slips = _occupancy_slips(model, policy, expected)
        require("d_{h+1}(y) = sum_s d_h(s) P_h(y | s, pi_h(s))", found, expected, axes=STATES, where=where, slips=slips)


def _occupancy_slips(model: Model, policy: Int, mass: Float) -> dict[str, Float]:
    horizon, n_states, _ = model.sizes
    states = np.arange(n_states)
    backward, later = mass.copy(), mass.copy()
    for h in range(horizon - 1):
        backward[h + 1] = model.transitions[h][states, policy[h]] @ mass[h]
        later[h + 1] = mass[h] @ model.transitions[h + 1][states, policy[h + 1]]
    return {
        "Mass moves forward: d P, not P d.": backward,
        "Stage h leads to stage h + 1 by the action and the transitions of stage h.": later,
        "The first row is the initial distribution; you start in state 0.": np.eye(n_states)[[0] * horizon],
    }


def check_difference(submission: Submission, seed: int) -> None:
    """Statement 3, stage by stage."""
    for where, model, rng in _models(seed + 4):
        policy, other = random_policy(model, rng), random_policy(model, rng)
        mass, values = _visits_and_values(model, policy)
        other_mass, other_values = _visits_and_values(model, other)
        advantage = _advantage(model, other_values, policy)
        expected = (mass * advantage).sum(axis=1)
        found = submission.call("difference_by_stage", model.transitions, model.rewards, model.initial, policy, other)
        slips = {
            "The visits are those of `policy`; you took those of `other`.": (other_mass * advantage).sum(axis=1),
            "The sign: J(policy) - J(other) has the advantages of `policy` under `other`.": -expected,
            "The advantages are those of `policy` under `other`; you exchanged the two.":
                (mass * _advantage(model, values, other)).sum(axis=1),
            "The weights are missing: each state counts with its probability of being visited.": advantage.sum(axis=1),
        }  # fmt: skip
        statement = "stage h: sum_s d^pi_h(s) (Q^pi'_h(s, pi_h(s)) - V^pi'_h(s))"
        require(statement, found, expected, axes=("stage",), where=where, slips=slips)
        gain = float(model.initial @ (values[0] - other_values[0]))
        require("the stages sum to J(pi) - J(pi')", float(np.sum(found)), gain, where=where)


def _visits_and_values(model: Model, policy: Int) -> tuple[Float, Float]:
    mass = finite_horizon.occupancies(model.mdp, policy).sum(axis=2)
    return mass, finite_horizon.evaluate_policy(model.mdp, policy)


def _advantage(model: Model, values: Float, policy: Int) -> Float:
    """Q(s, pi(s)) - V(s) of the policy's actions, for the values of another policy; (H, S)."""
    return chosen(finite_horizon.action_values(model.mdp, values), policy) - values[:-1]


def check_gaps(submission: Submission, seed: int) -> None:
    """Statement 4, stage by stage."""
    for where, model, rng in _models(seed + 5):
        policy = random_policy(model, rng)
        mass, values = _visits_and_values(model, policy)
        lost = chosen(gaps(model.mdp), policy)
        optimal, _, best = finite_horizon.backward_induction(model.mdp)
        best_mass = finite_horizon.occupancies(model.mdp, best).sum(axis=2)
        expected = (mass * lost).sum(axis=1)
        found = submission.call("regret_by_stage", model.transitions, model.rewards, model.initial, policy)
        slips = {
            "The visits are those of the policy, not of the optimal one.": (best_mass * lost).sum(axis=1),
            "The sign: a gap is V* - Q*, at least 0.": -expected,
            "Each gap counts with the probability of the visit.": lost.sum(axis=1),
            "The gap is that of Q*, V*_h(s) - Q*_h(s, a); you compared with the policy's own values.":
                (mass * (optimal - values)[:-1]).sum(axis=1),
        }  # fmt: skip
        statement = "stage h: sum_s d^pi_h(s) (V*_h(s) - Q*_h(s, pi_h(s)))"
        require(statement, found, expected, axes=("stage",), where=where, slips=slips, tolerance=1e-8)
        total, loss = float(np.sum(found)), float(model.initial @ (optimal[0] - values[0]))
        if not abs(total - loss) <= 1e-8:
            raise Broken("the stages sum to J* - J(pi)", where=where, expected=loss, found=total)


EXERCISE = Exercise(
    number=8,
    slug="backward_induction",
    title="Backward induction and what a policy loses",
    source="Puterman 1994, section 4.5; Kakade and Langford 2002, Lemma 6.1, for a finite horizon",
    checks=(
        Check("backup", "one Bellman backup", 1, "transitions @ values sums over the next state.", check_backup),
        Check("greedy", "the greedy action", 1, "np.argmax takes the first of equal values.", check_greedy),
        Check("optimality", "V*, Q* and the optimal policy", 2,
              "Start from V_{H+1} = 0 and go from the last stage to the first.", check_optimality),
        Check("evaluation", "the value of a policy", 1,
              "The recursion is that of V*, with the action of the policy in place of the maximum.", check_evaluation),
        Check("occupancies", "where a policy is", 2,
              "Start from the initial distribution and push the mass forward, stage by stage.", check_occupancies),
        Check("difference", "the performance-difference lemma", 2,
              "Visits of the first policy, advantages of its actions under the second.", check_difference),
        Check("gaps", "regret as visits times gaps", 1,
              "The performance-difference lemma with the optimal policy as the other one.", check_gaps),
    ),
)  # fmt: skip
