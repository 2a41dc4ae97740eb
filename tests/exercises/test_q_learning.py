"""Exercise 10: each check catches the mistake that it is there for, and says where."""

from __future__ import annotations

import pytest

from tests.exercises.local import first_broken, mistaken

AHEAD = "state.values[h + 1, following]"
MISTAKES = {
    "plain average": ("learning-rate", "(horizon + 1.0) / (horizon + t)", "1.0 / t", "t 2", "averages all"),
    "rate from zero": ("learning-rate", "(horizon + t)", "(horizon + t + 1.0)", "t 1", "The first rate is 1"),
    "shrunk at once": ("weights", "        alpha[i] = rate\n", "        alpha[i] = rate * (1.0 - rate)\n",
                       "t 1", "j = i + 1"),
    "turned weights": ("weights", "    return alpha\n", "    return np.append(alpha[0], alpha[:0:-1])\n", "t ",
                       "is turned"),
    "one weight short": ("weights", "    return alpha\n", "    return alpha[1:]\n", "t 1", ""),
    "H squared": ("bonus", "horizon**3", "horizon**2", "t ", "H^3 below the root"),
    "value of this stage": ("update", AHEAD, "state.values[h, following]", "stage", "not of this one"),
    "state that was left": ("update", AHEAD, "state.values[h + 1, s]", "stage", "state that was reached"),
    "no bonus": ("update", " + bonus(t, horizon, state.iota[0], params.c)", "", "episode 1, stage 0", "is missing"),
    "shares exchanged": ("update", "(1.0 - rate) * state.q[h, s, a] + rate * target",
                         "rate * state.q[h, s, a] + (1.0 - rate) * target", "episode 1, stage 0", "new target"),
    "not clipped": ("update", "min(float(horizon), state.q[h, s, best])", "state.q[h, s, best]", "state", "clipped"),
    "last of the best": ("rule", "best = np.argmax(state.q[h, s])",
                         "best = state.q.shape[2] - 1 - np.argmax(state.q[h, s, ::-1])", "stage", "lowest"),
    "clipped comparison": ("rule", "state.policy[h, s] = best",
                           "state.policy[h, s] = np.argmax(np.minimum(state.q[h, s], horizon))", "stage", "unclipped"),
    "start forgotten": ("unrolled", "return alpha[0] * horizon + ", "return ", "t 0", "alpha_0^0"),
    "weights shifted": ("unrolled", "alpha[1:] @ targets", "alpha[:-1] @ targets", "t 1", "not to the first target"),
    "half of beta": ("optimism", "return 2.0 * total", "return total", "t 1", "twice"),
    "one bonus": ("optimism", "alpha[i] * bonus(i, horizon", "alpha[i] * bonus(t, horizon", "t 2", "b_i, not b_t"),
}  # fmt: skip


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_caught_by_its_check(name):
    check, right, wrong, place, hint = MISTAKES[name]
    found = first_broken("q_learning", mistaken("q_learning", (right, wrong)))
    assert found is not None
    caught, broken = found
    assert caught == check
    assert place in broken.where and hint in broken.hint
    assert str(broken) and broken.expected != broken.found


def test_a_q_below_the_optimum_is_not_optimistic():
    # Right in the 30 episodes in which updates are compared; from the 15th visit of a pair on too low.
    wrong = ("    best = np.argmax(state.q[h, s])\n",
             "    if t >= 15:\n        state.q[h, s] = 0.0\n    best = np.argmax(state.q[h, s])\n")  # fmt: skip
    check, broken = first_broken("q_learning", mistaken("q_learning", wrong)) or ("", None)
    assert check == "optimism" and "Q*_h <= Q_h" in str(broken) and "stage 2, state 0, action 0" in broken.where
