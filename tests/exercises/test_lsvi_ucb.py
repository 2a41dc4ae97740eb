"""Exercise 11: each check catches the mistake that it is there for, and says where."""

from __future__ import annotations

import pytest

from tests.exercises.local import first_broken, mistaken

GRAM = "state.gram[h] += np.outer(x, x)"
MISTAKES = {
    "no lam": ("covariance", "params.regularization * np.eye", "np.eye", "stage 0, row 0, column 0", "starts as lam I"),
    "pooled": ("covariance", GRAM, "state.gram[:] += np.outer(x, x)", "after episode 1, stage 0", "pool the stages"),
    "no reward kept": ("covariance", "reward * x", "x", "after episode 1, stage 0", "multiplies phi"),
    "wrong state": ("covariance", "state.next_moment[h, following] += x", "state.next_moment[h, s] += x",
                    "after episode 1, stage 0, next state", "state that was reached"),
    "no rewards": ("regression", "state.reward_moment[h] + values @", "values @", "episode 2, stage 0",
                   "rewards are missing"),
    "no values": ("regression", " + values @ state.next_moment[h]", "", "episode 2, stage 0",
                         "next states are missing"),
    "own values": ("regression", "values @ state.next_moment[h]", "state.values[h] @ state.next_moment[h]",
                   "episode 2, stage 0", "next states are missing"),
    "not solved": ("regression", "np.linalg.solve(state.gram[h], target)", "target", "episode 2, stage 0",
                   "solve Lam_h"),
    "no dimension": ("constants", "dimension * n_episodes / regularization", "n_episodes / regularization", "H ",
                     "factor d"),
    "root of d": ("constants", "c * dimension * horizon", "c * math.sqrt(dimension) * horizon", "d ", "not sqrt(d)"),
    "norm for its square": ("optimistic", "state.features[pair] @ inverse @ state.features[pair]",
                            "(state.features[pair] @ inverse @ state.features[pair]) ** 0.5", "episode 1, stage",
                            "its square is wanted"),
    "root twice": ("optimistic", "state.radius * math.sqrt(state.squared[h, pair])",
                   "state.radius * state.squared[h, pair]", "episode 1, stage", "not beta |phi|^2"),
    "stages left": ("optimistic", "min(mean + bonus, horizon)", "min(mean + bonus, horizon - h)", "episode ",
                    "H at every stage"),
    "last of the best": ("rule", "np.argmax(row)", "n_actions - 1 - np.argmax(row[::-1])",
                         "episode 1, stage 0, state 0",
                         "lowest action"),
    "mean for maximum": ("rule", "row.max()", "row.mean()", "episode 1, stage 0, state 0", "maximum"),
    "no shrinking": ("tabular", "target_sum / (visits + regularization)", "target_sum / max(visits, 1.0)",
                     "action", "shrinks the mean"),
    "bonus without lam": ("tabular", "math.sqrt(visits + regularization)", "math.sqrt(max(visits, 1.0))",
                          "episode 1, stage 0", "n + lam below"),
}  # fmt: skip


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_caught_by_its_check(name):
    check, right, wrong, place, hint = MISTAKES[name]
    found = first_broken("lsvi_ucb", mistaken("lsvi_ucb", (right, wrong)))
    assert found is not None
    caught, broken = found
    assert caught == check
    assert place in broken.where and hint in broken.hint
    assert str(broken) and broken.expected != broken.found


def test_stale_targets_are_not_the_regression():
    # The target of a step keeps the value function of its own episode: the planted fault of the claim.
    stale = [
        (
            "state.reward_moment[h] += reward * x",
            "state.reward_moment[h] += (reward + state.values[h + 1, following]) * x",
        ),
        (" + values @ state.next_moment[h]", ""),
    ]
    check, broken = first_broken("lsvi_ucb", mistaken("lsvi_ucb", *stale)) or ("", None)
    assert check == "regression" and "Lam_h w_h" in str(broken) and broken.where.startswith("episode 2, stage 0")


def test_what_is_kept_from_one_run_to_the_next_breaks_the_proof():
    kept = ("    state.reward_moment[:] = 0.0\n", "")
    check, broken = first_broken("lsvi_ucb", mistaken("lsvi_ucb", kept)) or ("", None)
    assert check == "proof" and "Lam_h w_h" in str(broken)
    assert broken.where.startswith("run 1, episode 1, stage 1")
