"""Exercise 12: each check catches the mistake that it is there for, and says where."""

from __future__ import annotations

import numpy as np
import pytest

from exercises.coverability.checks import classes
from mdps.function_classes import policy_coverability
from mdps.planning.finite_horizon import occupancies
from tests.exercises.local import Local, first_broken, mistaken, solution

CHANCE = "np.max(transitions[stage] @ chance, axis=1)"
MISTAKES = {
    "uniform policy": ("reachability", CHANCE, CHANCE.replace("np.max", "np.mean"), "model 0, stage 1, state 0",
                       "uniform"),
    "one stage off": ("reachability", "range(h - 1, -1, -1)", "range(h, -1, -1)", "model 0, stage 0, state 0", ""),
    "states for pairs": ("coverability", "return n_actions * ", "return ", "model 0", "once for every action"),
    "sum of the stages": ("coverability", "np.max(np.sum(reach, axis=1))", "np.sum(reach)", "model 0", "not their sum"),
    "mean of the policies": ("distribution", "np.max(occupancies, axis=0)", "np.mean(occupancies, axis=0)",
                             "model 0, stage 0", "the envelope is their maximum"),
    "not normalised": ("distribution", "return envelope / np.sum(envelope, axis=(1, 2), keepdims=True)",
                       "return envelope", "model 0, stage 0", "no distribution yet"),
    "one sum for all": ("distribution", "np.sum(envelope, axis=(1, 2), keepdims=True)", "np.sum(envelope)", "stage 0",
                        "stage by itself"),
    "nothing over nothing": ("concentrability", "    result[occupancy == 0.0] = 0.0\n", "", "entry 2", "0/0 is 0"),
    "missed pair": ("concentrability", "np.full(occupancy.shape, np.inf)", "np.zeros(occupancy.shape)", "entry 3",
                    "infinite"),
    "least policy": ("concentrability", "max(np.max(ratio", "min(np.max(ratio", "model 0", ""),
    "mass of mu": ("clipping", "> clip, occupancy, 0.0)", "> clip, mu, 0.0)", "model 0, policy 0, clip 0.8, stage 0",
                   "not of mu"),
    "what is kept": ("clipping", "ratio(occupancy, mu) > clip", "ratio(occupancy, mu) <= clip", "stage 0", "is kept"),
    "round counted": ("elliptic", "        total += ratio(law, seen + reach)\n        seen += law\n",
                      "        seen += law\n        total += ratio(law, seen + reach)\n", "model 0, pair",
                      "before round t"),
    "rounds forgotten": ("elliptic", "ratio(law, seen + reach)", "ratio(law, reach)", "model 0, pair", "grow with t"),
    "round not counted": ("potential", "        seen += law\n        terms[t] = law @ ratio(law, seen)\n",
                          "        terms[t] = law @ ratio(law, seen)\n        seen += law\n", "round index 0",
                          "S_t, not"),
    "no running sum": ("potential", "np.cumsum(terms)", "terms", "model 0, round index 1", "running sum"),
    "printed bound": ("potential", "cover * (1.0 + 4.0 * math.log(1.0 + n_rounds))", "5.0 * cover * math.log(n_rounds)",
                      "model 0, T 1", "printed"),
}  # fmt: skip


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_caught_by_its_check(name):
    check, right, wrong, place, hint = MISTAKES[name]
    found = first_broken("coverability", mistaken("coverability", (right, wrong)))
    assert found is not None
    caught, broken = found
    assert caught == check
    assert place in broken.where and hint in broken.hint
    assert str(broken) and broken.expected != broken.found


def test_all_deterministic_policies_are_as_coverable_as_the_solution_says():
    # Two stages, so that all A^(2S) policies can be listed.
    submission = Local(solution("coverability"))
    model = classes(0)[0].model
    p, r = model.transitions[:2], model.rewards[:2]
    mdp = type(model.mdp).from_dense(p, r, initial=model.initial)
    n_states, n_actions = r.shape[1:]
    policies = np.array(list(np.ndindex(*[n_actions] * (2 * n_states)))).reshape(-1, 2, n_states)
    laws = np.stack([occupancies(mdp, policy) for policy in policies])
    reach = submission.call("reachability", p, model.initial)
    assert submission.call("coverability", reach, n_actions) == pytest.approx(policy_coverability(laws), rel=1e-12)
    best = submission.call("covering_distribution", laws)
    assert submission.call("concentrability", laws, best) == pytest.approx(policy_coverability(laws), rel=1e-12)
