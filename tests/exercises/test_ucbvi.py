"""Exercise 9: each check catches the mistake that it is there for, and says where."""

from __future__ import annotations

import pytest

from tests.exercises.local import first_broken, mistaken

TARGET = "min(state.q[h, s, a], horizon, state.rewards[h, s, a] + mean + width)"
MISTAKES = {
    "no union bound": ("bonus", "math.log(5.0 * ", "math.log(", "S ", "factor 5"),
    "root of L": ("bonus", "7.0 * horizon * logs / math.sqrt(n)", "7.0 * horizon * math.sqrt(logs / n)", "n ",
                  "not below a root"),
    "one over n": ("bonus", "7.0 * horizon * logs / math.sqrt(n)", "7.0 * horizon * logs / n", "n ", "not like 1/n"),
    "counted at once": ("counts", "    state.states[h + 1] = following\n",
                        "    state.states[h + 1] = following\n    state.visits[s, a] += 1.0\n", "during episode 1",
                        "after its end"),
    "indices turned": ("counts", "state.transitions[s, a, following] +=", "state.transitions[following, a, s] +=",
                       "after episode 1, state", "first index"),
    "no visits counted": ("counts", "        state.visits[s, a] += 1.0\n", "", "after episode 1", "Nothing"),
    "no minimum": ("backward-pass", "min(state.q[h, s, a], horizon,", "min(horizon,", "episode ", "may not grow"),
    "stages left": ("backward-pass", "min(state.q[h, s, a], horizon,", "min(state.q[h, s, a], horizon - h,",
                    "stage", "at every stage"),
    "no bonus": ("backward-pass", "+ mean + width", "+ mean", "stage", "bonus is missing"),
    "no scale": ("backward-pass", "width = params.scale * ", "width = ", "episode", "params.scale"),
    "unvisited as one visit": ("backward-pass", "            n = state.visits[s, a]\n",
                               "            n = max(1.0, state.visits[s, a])\n", "stage",
                               "keeps its Q_h"),
    "mean for maximum": ("backward-pass", "state.values[h, s] = state.q[h, s, best]",
                         "state.values[h, s] = state.q[h, s].mean()", "stage", "not the mean"),
    "last of the best": ("rule", "np.argmax(state.q[h, s])", "n_actions - 1 - np.argmax(state.q[h, s, ::-1])",
                         "stage 0, state", "lowest action"),
    "no second term": ("optimism", " + 14.0 * horizon * logs / (3.0 * n)", "", "variance", "order 1/n is missing"),
    "no range": ("optimism", "14.0 * horizon * logs / (3.0", "14.0 * logs / (3.0", "variance", "factor H"),
    "no first visits": ("pigeonhole", " + horizon * n_states * n_actions", "", "S ", "first count"),
}  # fmt: skip


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_caught_by_its_check(name):
    check, right, wrong, place, hint = MISTAKES[name]
    found = first_broken("ucbvi", mistaken("ucbvi", (right, wrong)))
    assert found is not None
    caught, broken = found
    assert caught == check
    assert place in broken.where and hint in broken.hint
    assert str(broken) and broken.expected != broken.found


def test_a_q_below_the_optimum_is_not_optimistic():
    # Right in the 13 episodes of the backward pass, too low afterwards.
    wrong = ("    if episode > 1:\n", "    if episode > 30:\n        state.q[:] = 0.0\n    if episode > 1:\n")
    check, broken = first_broken("ucbvi", mistaken("ucbvi", wrong)) or ("", None)
    assert check == "optimism" and "Q*_h <= Q_h" in str(broken)
    assert broken.where.startswith("episode 31, stage 0, state 0, action 0")
