"""Exercise 7: each check catches the mistake that it is there for, and says where."""

from __future__ import annotations

import pytest

from tests.exercises.local import first_broken, mistaken

MISTAKES = {
    "added": ("sherman-morrison", "inverse - np.outer", "inverse + np.outer", "update 1, row 0", "subtracted"),
    "not divided": ("sherman-morrison", "np.outer(u, u) / growth", "np.outer(u, u)", "update 1, row", "divided by 1 +"),
    "growth without 1": ("sherman-morrison", "return inverse - np.outer(u, u) / growth, growth",
                         "return inverse - np.outer(u, u) / growth, growth - 1.0", "update 1", "alone"),
    "start without lam": ("ridge", ".shape[0]) / params.regularization", ".shape[0])", "before round 1", "I / lam"),
    "old inverse": ("ridge", "state.estimate[:] = state.inverse @ state.moment",
                    "state.estimate[:] = (state.inverse + np.outer(inverse @ x, inverse @ x) * growth) @ state.moment",
                    "after round 1, coordinate 0", "round before"),
    "inverse kept": ("ridge", "    state.inverse[:] = inverse\n", "", "after round 1, row 0", "did not change"),
    "later norm": ("log-det", "math.log(growth)", "math.log(1.0 + x @ inverse @ x)", "after round 1", "V_{t-1}"),
    "no logarithm kept": ("log-det", "    state.log_det[0] += math.log(growth)\n", "", "after round 1", "Nothing was"),
    "no bias": ("radius", " + math.sqrt(regularization) * parameter_bound", "", "log_det", "is missing"),
    "lam for its root": ("radius", "math.sqrt(regularization) * p", "regularization * p", "(case 0)", "not lam S"),
    "one log": ("radius", "2.0 * math.log(1.0 / delta)", "math.log(1.0 / delta)", "(case 0)", "counts twice"),
    "squared width": ("rule", "math.sqrt(x @ (state.inverse @ x))", "x @ (state.inverse @ x)", "round 1, action 0",
                      "its root"),
    "last of the best": ("rule", "if upper > ", "if upper >= ", "round 1, actions 1 to 4", "argmax"),
    "greedy": ("rule", "    return best\n", "    return int(np.argmax(state.mean))\n", "round ", "bonus is missing"),
    "dimension lost": ("potential", "/ (dimension * regularization)", "/ regularization", "T ", "shared by d"),
}  # fmt: skip


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_caught_by_its_check(name):
    check, right, wrong, place, hint = MISTAKES[name]
    found = first_broken("linucb", mistaken("linucb", (right, wrong)))
    assert found is not None
    caught, broken = found
    assert caught == check
    assert place in broken.where and hint in broken.hint
    assert broken.expected != broken.found and str(broken)


def test_widths_of_a_run_are_held_against_the_determinant():
    # Right in the 25 rounds that the rule is checked in, wrong afterwards.
    later = "state.width[a] = math.sqrt(x @ (state.inverse @ x)) * (1.0 if t <= 25 else 3.0)"
    submission = mistaken("linucb", ("state.width[a] = math.sqrt(x @ (state.inverse @ x))", later))
    check, broken = first_broken("linucb", submission) or ("", None)
    assert check == "potential" and "2 log(det V_t/det V_0)" in str(broken) and broken.where.startswith("round ")


def test_a_radius_that_shrinks_later_breaks_the_proof():
    # Right in the 50 rounds that the other checks play.
    later = ("        state.log_det[0], params.delta,", "        state.log_det[0] if t <= 60 else 0.0, params.delta,")
    check, broken = first_broken("linucb", mistaken("linucb", later)) or ("", None)
    assert check == "proof" and "max over the ellipsoid" in str(broken)
    assert broken.where.startswith("run 0, round 61, context")


def test_what_is_kept_from_one_run_to_the_next_breaks_the_proof():
    check, broken = first_broken("linucb", mistaken("linucb", ("    state.moment[:] = 0.0\n", ""))) or ("", None)
    assert check == "proof" and broken.where.startswith("run 1, round 2, context")
