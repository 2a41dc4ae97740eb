"""Exercise 5: every check catches a mistake of its own, at the right place, with the right words."""

from __future__ import annotations

import pytest

from tests.exercises.local import first_broken, mistaken

SLUG = "exp3"
MISTAKES = [
    ("weights", ("np.exp(-rate * (total - np.min(total)))", "np.exp(-rate * total)"), "exp(-eta L_i)", "run 6, eta ",
     ""),
    ("weights", ("np.exp(-rate * (total - np.min(total)))", "np.exp(rate * (total - np.max(total)))"), "exp(-eta L_i)",
     "run 0, eta ", "The sign"),
    ("estimates", ("loss / probabilities[arm]", "loss"), "unbiased", "run 0, p ", "Divide the loss"),
    ("estimates", ("losses[arm] = loss / probabilities[arm]", "losses[:] = loss"), "unbiased", "run 0, p ", ""),
    ("estimates", ("    losses = np.zeros(len(probabilities))\n    losses[arm] = loss / probabilities[arm]",
                   "    losses = np.ones(len(probabilities))\n    losses[arm] -= (1.0 - loss) / probabilities[arm]"),
     "sum_i l_i^2 <= K", "run 0, p ", ""),
    ("play", ("    state.probabilities[:] = distribution(state.total, params.learning_rate)\n", ""),
     "state.probabilities is p_t", "run 0, round 2, arm ", "uniform law"),
    ("play", ("if u < reached:", "if state.probabilities[arm] == np.max(state.probabilities):"),
     "A_t is drawn from p_t", "run 0, round ", "The likeliest arm"),
    ("play", ("    state.total[:] += estimate(state.probabilities, arm, loss)", "    state.total[arm] += loss"),
     "L_t = L_{t-1}", "run 0, round 1, arm ", "add its estimate"),
    ("mix-loss", ("least - math.log(np.sum(probabilities * np.exp(-rate * (losses - least)))) / rate",
                  "least - math.log(np.sum(probabilities * np.exp(-rate * (losses - least))))"), "m = -(1/eta)",
     "run 0, eta ", "Divide the logarithm"),
    ("mix-loss", ("least - math.log(np.sum(probabilities * np.exp(-rate * (losses - least)))) / rate",
                  "-np.log(np.sum(probabilities * np.exp(-rate * losses))) / rate"), "m <= <p, l>", "run 8, eta ", ""),
    ("potential", ("np.full(len(total), 1.0 / len(total))", "np.ones(len(total))"), "sum_t m_t", "after round 30",
     "not their sum"),
    ("bound", ("0.5 * rate * n_arms", "rate * n_arms"), "(eta/2) K T", "run 0, K ", "factor 1/2"),
    ("rate", ("2.0 * math.log(n_arms) / (n_arms * horizon)", "math.log(n_arms) / (n_arms * horizon)"), "is least at",
     "run 0, K ", "2 under the root"),
]  # fmt: skip


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # of the mistakes that underflow
@pytest.mark.parametrize("check, edit, statement, where, hint", MISTAKES, ids=lambda value: str(value)[:30])
def test_the_check_of_the_broken_statement_is_the_first_to_fail(check, edit, statement, where, hint):
    found = first_broken(SLUG, mistaken(SLUG, edit))
    assert found is not None
    assert found[0] == check and statement in found[1].statement and where in found[1].where
    assert hint in found[1].hint
