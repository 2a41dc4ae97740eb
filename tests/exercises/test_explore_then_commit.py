"""Exercise 1: every check catches a mistake of its own, at the right place, with the right words."""

from __future__ import annotations

import pytest

from tests.exercises.local import first_broken, mistaken

SLUG = "explore_then_commit"
MISTAKES = [
    ("decomposition", [("(np.max(means) - means) * pulls", "means * pulls")], "R_T = sum_i D_i", "run 0, means"),
    ("decomposition", [("np.max(means) - means", "means[0] - means")], "R_T = sum_i D_i", "run "),
    ("schedule", [("if t <= params.exploration * n_arms:", "if t <= params.exploration:")], "take turns", ", round "),
    ("schedule", [("return (t - 1) % n_arms", "return 0")], "take turns", "run 0, round 2, arm 0"),
    ("commitment", [("    if t <= params.exploration * state.total.shape[0]:\n        state.total[arm] += reward",
                     "    state.total[arm] += reward"), ("if state.committed[0] < 0:", "if True:")],
     "until the end", ", round "),
    ("commitment", [("np.argmax(state.total)", "n_arms - 1 - np.argmax(state.total[::-1])")], "ties to the lowest",
     "run 1, round "),
    ("commitment", [("np.argmax(state.total)", "np.argmin(state.total)")], "the largest mean", "run 0, round "),
    ("mistake", [("-m * gap**2 / 4.0", "-m * gap**2 / 2.0")], "exp(-m D_i^2/4)", "run 0, gap "),
    ("bound", [("(horizon - m * len(gaps))", "horizon")], "(T - mK)", "run 0, gaps "),
    ("bound", [("m * gap + (", "(")], "m sum_i D_i", "run 0, gaps "),
    ("choice", [("math.ceil(", "math.floor(")], "ceil(", "run 0, gap "),
    ("choice", [("max(1, math.ceil(4.0 / gap**2 * math.log(horizon * gap**2 / 4.0)))",
                 "math.ceil(4.0 / gap**2 * math.log(horizon * gap**2 / 4.0))")], "max(1", "run 9, gap "),
    ("proof", [("    state.total[:] = 0.0\n", "")], "mean(m) of the arm played", "run "),
]  # fmt: skip


@pytest.mark.parametrize("check, edits, statement, where", MISTAKES, ids=lambda value: str(value)[:30])
def test_the_check_of_the_broken_statement_is_the_first_to_fail(check, edits, statement, where):
    found = first_broken(SLUG, mistaken(SLUG, *edits))
    assert found is not None
    assert found[0] == check and statement in found[1].statement and where in found[1].where


@pytest.mark.parametrize("edits, hint", [
    ([("-m * gap**2 / 4.0", "-m * gap**2 / 2.0")], "the difference of two has twice its variance"),
    ([("(horizon - m * len(gaps))", "horizon")], "T - mK rounds are left, not T."),
    ([("np.argmax(state.total)", "n_arms - 1 - np.argmax(state.total[::-1])")], "compare with >"),
])  # fmt: skip
def test_well_known_mistakes_are_recognised(edits, hint):
    assert hint in first_broken(SLUG, mistaken(SLUG, *edits))[1].hint


@pytest.mark.parametrize("wrong", ["1.0", "n_arms", "True", "'0'"])
def test_what_is_no_arm_is_named(wrong):
    check, broken = first_broken(SLUG, mistaken(SLUG, ("return (t - 1) % n_arms", f"return {wrong}")))
    assert check == "schedule" and broken.statement == "act returns an arm" and broken.where == "run 0, round 1"
