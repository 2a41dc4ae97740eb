"""Exercise 4: every check catches a mistake of its own, at the right place, with the right words."""

from __future__ import annotations

import pytest

from tests.exercises.local import first_broken, mistaken

SLUG = "thompson_sampling"
DRAW = "state.sample[arm] = beta_variate(rng, state.a[arm], state.b[arm])"
MISTAKES = [
    ("posterior", ("state.a[arm] += reward\n    state.b[arm] += 1.0 - reward",
                   "state.b[arm] += reward\n    state.a[arm] += 1.0 - reward"), "Beta(a, b)", "run 0, round 1, a, arm ",
     "changed places"),
    ("posterior", ("state.b[arm] += 1.0 - reward", "state.b[arm] += 1.0"), "Beta(a, b)", ", b, arm ", ""),
    ("posterior", ("state.b[:] = params.failures", "state.b[:] = 1.0"), "Beta(a, b)", "after init, b, arm 0", ""),
    ("samples", (DRAW, "state.sample[arm] = state.a[arm] / (state.a[arm] + state.b[arm])"), "one draw an arm",
     "run 0, round 1, arm 0", "nothing was drawn"),
    ("samples", (DRAW, DRAW.replace("state.a[arm], state.b[arm]", "state.b[arm], state.a[arm]")), "one draw an arm",
     "run 0, round 2, arm ", "changed places"),
    ("samples", (DRAW, "beta_variate(rng, 1.0, 1.0)\n        " + DRAW), "one draw an arm", "run 0, round 1, arm 0",
     "More than one draw"),
    ("samples", ("np.argmax(state.sample)", "np.argmax(state.a / (state.a + state.b))"), "the largest sample",
     "run 0, round ", "samples decide"),
    ("tail", ("n = successes + failures + 1", "n = successes + failures"), "Bin(S + F + 1, y)", "run ", "One coin"),
    ("tail", ("range(successes + 1))", "range(successes))"), "Bin(S + F + 1, y)", "run 0, S ", "S itself"),
    ("law", ("(1.0 - tail(s2, f2, x))", "tail(s2, f2, x)"), "theta_1 > theta_2", "run ", "the other arm"),
    ("law", ("total += 0.5 * weight", "total += weight"), "theta_1 > theta_2", "run 0, S_1 ", "weights sum to 2"),
    ("wait", ("(1.0 / tail(s, pulls - s, y) - 1.0)", "1.0 / tail(s, pulls - s, y)"), "1/p_s - 1", "run 0, mu ",
     "not waited for"),
    ("wait", ("(1.0 / tail(s, pulls - s, y) - 1.0)", "tail(s, pulls - s, y)"), "1/p_s - 1", "run 0, mu ", ""),
]  # fmt: skip


@pytest.mark.parametrize("check, edit, statement, where, hint", MISTAKES, ids=lambda value: str(value)[:30])
def test_the_check_of_the_broken_statement_is_the_first_to_fail(check, edit, statement, where, hint):
    found = first_broken(SLUG, mistaken(SLUG, edit))
    assert found is not None
    assert found[0] == check and statement in found[1].statement and where in found[1].where
    assert hint in found[1].hint
