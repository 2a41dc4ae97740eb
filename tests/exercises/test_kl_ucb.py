"""Exercise 3: every check catches a mistake of its own, at the right place, with the right words."""

from __future__ import annotations

import pytest

from tests.exercises.local import first_broken, mistaken

SLUG = "kl_ucb"
MISTAKES = [
    ("divergence", ("(1.0 - p) * math.log((1.0 - p) / (1.0 - q))", "0.0"), "d(p, q) =", "run 0, p ", "second term"),
    ("divergence", ("        if q >= 1.0:\n            return math.inf\n", "        q = min(q, 1.0 - 1e-12)\n"),
     "infinite if q excludes", "p 0.0, q 1.0", "makes one infinite"),
    ("root", ("range(60)", "range(20)"), "to 1e-9", "run ", "long enough"),
    ("root", ("    return low\n", "    return high + 1e-8\n"), "", "run 0, mean ", "inside"),
    ("root", ("low, high = mean, 1.0", "low, high = mean, 0.0"), "lies in [mean, 1]", "run ", "low = mean"),
    ("pinsker", ("math.sqrt(level / 2.0)", "math.sqrt(2.0 * level)"), "sqrt(level/2)", "run ", "UCB1"),
    ("pinsker", ("min(1.0, mean + math.sqrt(level / 2.0))", "mean + math.sqrt(level / 2.0)"), "sqrt(level/2)", "run ",
     "at most 1"),
    ("level", ("1.0 + t * math.log(t) ** 2", "t"), "log f(t)", "run 1, round 2", "log t"),
    ("rule", ("exploration(t) / state.pulls[arm]", "exploration(t)"), "largest index", ", arm ", "shared by the pulls"),
    ("rule", ("if index > highest", "if index >= highest"), "of equal indices", "run 0, round ", "compare with >"),
    ("rule", ("return t - 1\n", "return 0\n"), "each arm is played once", "run 0, round 2", "from 1"),
    ("bound", ("kl(mean + e1, best - e2)", "kl(mean, best)"), "2/e2^2", "run 0, mu_i ", "slacks included"),
    ("bound", ("1.0 / (2.0 * e1**2) + 2.0 / e2**2", "1.0 / (2.0 * e2**2) + 2.0 / e1**2"), "2/e2^2", "run 0, mu_i ",
     "changed places"),
    ("proof", ("    state.pulls[:] = 0.0\n", ""), "index of the arm played", "run 1, round ", ""),
]  # fmt: skip


@pytest.mark.parametrize("check, edit, statement, where, hint", MISTAKES, ids=lambda value: str(value)[:30])
def test_the_check_of_the_broken_statement_is_the_first_to_fail(check, edit, statement, where, hint):
    found = first_broken(SLUG, mistaken(SLUG, edit))
    assert found is not None
    assert found[0] == check and statement in found[1].statement and where in found[1].where
    assert hint in found[1].hint
