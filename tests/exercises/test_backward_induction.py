"""Exercise 8: each check catches the mistake that it is there for, and says where."""

from __future__ import annotations

import pytest

from tests.exercises.local import first_broken, mistaken

IN_STAGES = "values[h] = q[h].max(axis=1)"
MISTAKES = {
    "no reward": ("backup", "return rewards + transitions @ values", "return transitions @ values",
                  "model 0, state 0, action 0", "reward is missing"),
    "no transition": ("backup", "rewards + transitions @ values", "rewards + values[:, None]", "model 0", "next"),
    "last of the best": ("greedy", "np.argmax(q, axis=-1)", "q.shape[-1] - 1 - np.argmax(q[..., ::-1], axis=-1)",
                         "stage 0, state", "you took the last"),
    "mean for maximum": ("optimality", IN_STAGES, IN_STAGES.replace("max", "mean"), "model 0, stage", "mean over"),
    "order of the results": ("optimality", "return values, q, greedy(q)", "return q, values, greedy(q)", "shape", ""),
    "two results": ("optimality", "return values, q, greedy(q)", "return values, q", "", ""),
    "optimal for the policy": ("evaluation", "values[h] = q[h][np.arange(n_states), policy[h]]", IN_STAGES,
                               "model 0, stage 0", "That is V*"),
    "backward mass": ("occupancies", "mass[h] @ transitions[h][np.arange(n_states), policy[h]]",
                      "transitions[h][np.arange(n_states), policy[h]] @ mass[h]", "model 0, stage 1", "forward"),
    "stage too late": ("occupancies", "transitions[h][np.arange(n_states), policy[h]]\n    return mass",
                       "transitions[h + 1][np.arange(n_states), policy[h + 1]]\n    return mass", "stage 1, state 0",
                       "of stage h."),
    "visits of the other": ("difference", "policy)\n    values, q = evaluate", "other)\n    values, q = evaluate",
                            "model 0, stage 1", "those of `other`"),
    "sign": ("difference", "(chosen - values[:-1])", "(values[:-1] - chosen)", "model 0, stage 0", "sign"),
    "own gaps": ("gaps", "np.take_along_axis(gaps, policy[:, :, None], axis=2)[:, :, 0]",
                 "(values - evaluate(transitions, rewards, policy)[0])[:-1]", "model 0, stage 0", "own values"),
    "no visits": ("gaps", "(mass * np.take_along_axis(gaps", "(1.0 * np.take_along_axis(gaps", "model 0, stage 0",
                  "probability of the visit"),
}  # fmt: skip


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_caught_by_its_check(name):
    check, right, wrong, place, hint = MISTAKES[name]
    found = first_broken("backward_induction", mistaken("backward_induction", (right, wrong)))
    assert found is not None
    caught, broken = found
    assert caught == check
    assert place in broken.where and hint in broken.hint
    assert str(broken) and broken.expected != broken.found
