"""The baseline of refined regret: dilated bonuses, entropy and the plain estimator, of regret K^(2/3)."""

from __future__ import annotations

import math
import sys
from typing import Any

from kernels.driven import Check
from mdps.adversarial import AdversarialMDP
from mdps.algorithms.luo_wei_lee import DilatedEntropy, tuned
from mdps.dilated import Moment
from mdps.instances.adversarial import armed, rare_directions
from proofs_check.claim import Bound, Case, Claim, Sabotage
from proofs_check.claims.refined_regret import UNDILATED, WATCHED_CASES
from proofs_check.dilated_steps import ENTROPY, MAGNITUDE, Notes, check_episode, dilated_steps
from theory.theorems import theorem

STEPS = (*dilated_steps("ln A", "ln p", "H^2", "H/gamma"), MAGNITUDE)


def allocate(params: Any, instance: AdversarialMDP, horizon: int) -> Notes:
    """The sums of a run."""
    return Notes(params, instance, horizon, ENTROPY)


def observed(check: Check, watch: Notes, params: Any, instance: AdversarialMDP, t: int, moment: Moment) -> None:
    """Every step after episode t."""
    expected = check_episode(check, watch, instance, t, moment)
    check("range", params.learning_rate * (float(moment.dilated.max()) - expected.least), 1.0, t)


def theorem_parameters(instance: AdversarialMDP, horizon: int) -> DilatedEntropy:
    """The theorem's, for the instance's sizes."""
    return tuned(instance.n_actions, instance.dimension, instance.horizon, horizon)


#: Rounds of the planted fault.
ROUNDS = 1_000


def square_root_rates(params: DilatedEntropy) -> DilatedEntropy:
    """Planted fault: eta of order K^(-1/2), gamma = 1/K and a small bonus, as if the magnitude were reduced."""
    rate = math.sqrt(math.log(4) / (3 * ROUNDS))
    return params._replace(learning_rate=rate, bonus_scale=0.02 * rate, regularization=1.0 / ROUNDS)


CLAIM = Claim(
    slug="luo-wei-lee",
    title="Entropy policy optimisation with dilated bonuses (the baseline of refined regret)",
    paper="Luo, Wei and Lee 2021, Policy optimization in adversarial MDPs: improved exploration via dilated bonuses "
    "(linear Q-functions), as improved on by Dai, Luo, Wei and Zimmert 2023",
    setting="adversarial MDP",
    algorithm=theorem_parameters,
    cases=(
        *WATCHED_CASES,
        Case("one layer", lambda: armed(2, 2**13), 2**13, max_runs=10, full_only=True, watched=False),
    ),
    bounds=(Bound(theorem("refined-regret/dilated-entropy")),),
    watch=sys.modules[__name__],
    sabotages=(
        Sabotage(
            "small-regularization", "eta of order K^(-1/2), gamma = 1/K and a small bonus with the plain estimator",
            ("range",), square_root_rates, build=lambda: rare_directions(ROUNDS), horizon=ROUNDS, n_runs=1,
        ),
        UNDILATED,
    ),
    user_horizon=300,
)  # fmt: skip
