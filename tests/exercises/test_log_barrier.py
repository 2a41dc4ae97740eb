"""Exercise 6: every check catches a mistake of its own, at the right place, with the right words."""

from __future__ import annotations

import pytest

from tests.exercises.local import first_broken, mistaken

SLUG = "log_barrier"
SOLVED = "    return 1.0 / (y + shifts)\n"
MISTAKES = [
    ("leader", (SOLVED, "    return 1.0 / (1.0 + shifts)\n"), "sum to one", "run 0, eta ", "left end"),
    ("leader", (SOLVED, "    return (1.0 / (1.0 + shifts)) / np.sum(1.0 / (1.0 + shifts))\n"), "the same for all arms",
     ", arm 0", "does not solve"),
    ("leader", ("range(100)", "range(2)"), "sum to one", "run ", ""),
    ("leader", ("shifts = rate * (", "shifts = ("), "the same for all arms", "run ", "learning rate is missing"),
    ("play", ("loss / state.probabilities[arm]", "loss"), "L_t = L_{t-1}", "run 0, round 1, arm ", "add its estimate"),
    ("play", ("    state.total[arm] += loss / state.probabilities[arm]",
              "    state.total[:] += loss / state.probabilities[arm]"), "L_t = L_{t-1}", "run 0, round 1, arm ", ""),
    ("local-norm", ("np.sum((weights * losses) ** 2)", "np.sum(weights * losses**2)"), "sum_i w_i^2 l_i^2", "run 0, w ",
     "entropy's"),
    ("stability", ("np.sum(z - np.log1p(z)) / rate", "np.sum(z**2) / (2.0 * rate)"), "z_i - log(1 + z_i)",
     "run 0, eta ", "too small for negative"),
    ("stability", ("    if np.min(z) <= -1.0:\n        return math.inf\n", "    z = np.maximum(z, -0.99)\n"),
     "the maximum over v is infinite", "eta 0.5, w ", "before you take logarithms"),
    ("penalty", ("1.0 / (n_arms * horizon)", "1.0 / horizon"), "u = (1 - 1/T) e_i", ", times T, arm 0",
     "do not sum to one"),
    ("penalty", (" - len(u) * math.log(len(u))", ""), "(psi(u) - psi(w_1)) / eta", "run 0, K ", "is not zero"),
    ("bound", ("0.5 * rate * horizon + 1.0", "0.5 * rate * horizon"), "+ 1", "run 0, K ", "costs 1 more"),
    ("bound", ("(n_arms - 1)", "n_arms"), "(K - 1) log T", "run 0, K ", "All arms but one"),
    ("refined", ("penalty(u, rate) + rate * float(np.sum(weights * losses**2))",
                 "penalty(u, rate) + rate * local_norm(weights, losses)"), "x_{t,i} l_{t,i}^2", "run 0, K ",
     "x l^2, not x^2 l^2"),
]  # fmt: skip


@pytest.mark.parametrize("check, edit, statement, where, hint", MISTAKES, ids=lambda value: str(value)[:30])
def test_the_check_of_the_broken_statement_is_the_first_to_fail(check, edit, statement, where, hint):
    found = first_broken(SLUG, mistaken(SLUG, edit))
    assert found is not None
    assert found[0] == check and statement in found[1].statement and where in found[1].where
    assert hint in found[1].hint
