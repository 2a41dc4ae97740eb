"""Exercise 2: every check catches a mistake of its own, at the right place, with the right words."""

from __future__ import annotations

import pytest

from tests.exercises.local import first_broken, mistaken

SLUG = "ucb1"
MISTAKES = [
    ("statistics", ("state.mean[arm] += (reward - state.mean[arm]) / state.pulls[arm]", "state.mean[arm] += reward"),
     "state.mean", ", arm ", ""),
    ("statistics", ("1.0 / math.sqrt(state.pulls[arm])", "1.0 / state.pulls[arm]"), "state.inverse_root", ", arm ", ""),
    ("radius", ("math.sqrt(width * math.log(plays) / pulls)", "math.sqrt(width * math.log10(plays) / pulls)"),
     "sqrt(width * log(n) / s)", "run 0, width ", "natural"),
    ("radius", ("math.sqrt(width * math.log(plays) / pulls)", "math.sqrt(width * math.log(plays)) / pulls"),
     "sqrt(width * log(n) / s)", "run ", "of 1/s too"),
    ("rule", ("return t - 1\n", "return n_arms - t\n"), "each arm is played once first", "run 0, round 1", "from 1"),
    ("rule", ("if index > highest", "if index >= highest"), "the lowest number", "run 0, round ", "compare with >"),
    ("rule", ("pulls[arm], t - 1)", "pulls[arm], t)"), "largest index", ", arm ", "t - 1"),
    ("rule", ("state.mean[arm] + radius(params.width, state.pulls[arm], t - 1)", "state.mean[arm]"), "largest index",
     "run 0, round ", "bonus is missing"),
    ("event", ("-2.0 * pulls", "-1.0 * pulls"), "n^-4", "run 0, s ", "2 s x^2"),
    ("enough", ("math.ceil(8.0 * math.log(plays) / gap**2)", "math.ceil(2.0 * math.log(plays) / gap**2)"),
     "least whole s", "run 0, gap ", "both indices"),
    ("enough", ("math.ceil(8.0 * math.log(plays) / gap**2)", "8.0 * math.log(plays) / gap**2"), "least whole s",
     "run 0, gap ", "round up"),
    ("bound", (" + 1.0 + math.pi**2 / 3.0", ""), "pi^2/3", "run 0, gaps ", "cost pulls too"),
    ("proof", ("    state.pulls[:] = 0.0\n", ""), "that of the arm played", "run 1, round ", ""),
    ("bound", ("bound += gap * (", "bound += ("), "pi^2/3", "run 0, gaps ", "costs D_i"),
]  # fmt: skip


@pytest.mark.parametrize("check, edit, statement, where, hint", MISTAKES, ids=lambda value: str(value)[:30])
def test_the_check_of_the_broken_statement_is_the_first_to_fail(check, edit, statement, where, hint):
    found = first_broken(SLUG, mistaken(SLUG, edit))
    assert found is not None
    assert found[0] == check and statement in found[1].statement and where in found[1].where
    assert hint in found[1].hint
