"""Refined regret, Algorithm 1 (log-barrier): the explicit bound, and every step of its proof."""

from __future__ import annotations

import sys
from typing import Any, NamedTuple

from kernels.driven import Check
from mdps.adversarial import AdversarialMDP, AdversarialProblem, AdversarialWorld
from mdps.algorithms.refined_regret import RefinedRegret, practical, tuned
from mdps.dilated import Moment, dilate
from mdps.instances.adversarial import armed, layered, simplex_layered
from mdps.leaders import barrier_leaders
from mdps.planning.layered import Float
from proofs_check.claim import Bound, Case, Claim, Rate, Sabotage
from proofs_check.dilated_steps import BARRIER, Notes, check_episode, dilated_steps
from theory.theorems import theorem

STEPS = dilated_steps("A ln K", "-1/p", "H^2", "H/gamma")


def allocate(params: Any, instance: AdversarialMDP, horizon: int) -> Notes:
    """The sums of a run."""
    return Notes(params, instance, horizon, BARRIER)


def observed(check: Check, watch: Notes, params: Any, instance: AdversarialMDP, t: int, moment: Moment) -> None:
    """Every step after episode t."""
    check_episode(check, watch, instance, t, moment)


class Undilated(NamedTuple):
    """Planted fault: B without the factor 1 + 1/H."""

    @property
    def exact(self) -> bool:
        """As the algorithm's own."""
        return True

    def dilated(self, problem: AdversarialProblem, policy: Float, bonus: Float, world: AdversarialWorld) -> Float:
        """B = b + E B."""
        return dilate(problem.transitions, policy, bonus, 1.0)


class Negated(NamedTuple):
    """Planted fault: the bonus has the wrong sign."""

    @property
    def exact(self) -> bool:
        """As the algorithm's own."""
        return True

    def dilated(self, problem: AdversarialProblem, policy: Float, bonus: Float, world: AdversarialWorld) -> Float:
        """-B."""
        return -dilate(problem.transitions, policy, bonus, 1.0 + 1.0 / problem.horizon)


def half_a_bonus(width: Float, policy: Float, scale: float) -> Float:
    """Planted fault: b without its part E_{a'} |phi(s, a')|^2."""
    return scale * width.reshape(policy.shape)


def mixed_leaders(losses: Float, rate: float, start: Any = 1.0) -> tuple[Float, Float]:
    """Planted fault: a tenth of the uniform policy is mixed in."""
    policy, normaliser = barrier_leaders(losses, rate, start)
    return 0.9 * policy + 0.1 / policy.shape[-1], normaliser


def theorem_parameters(instance: AdversarialMDP, horizon: int) -> RefinedRegret:
    """The theorem's, for the instance's sizes."""
    return tuned(instance.n_actions, instance.dimension, instance.horizon, horizon)


def changing_once(horizon: int) -> tuple[AdversarialMDP, int]:
    """Two layers, three actions; the better table changes in the middle of the run."""
    return layered(2, 3, 2, horizon, n_blocks=2, seed=5), horizon


def preset(instance: AdversarialMDP, horizon: int) -> RefinedRegret:
    """The practical preset, for the instance's sizes."""
    return practical(instance.n_actions, instance.dimension, instance.horizon, horizon)


#: What every algorithm with dilated bonuses is watched on, and the faults planted in the bonus.
WATCHED_CASES = (
    Case("layered", lambda: layered(n_episodes=150), 150, max_runs=4),
    Case("linear", lambda: simplex_layered(n_episodes=150, seed=4), 150, max_runs=4),
)
UNDILATED = Sabotage(
    "undilated", "the bonus recursion without the factor 1 + 1/H", ("telescoping",),
    lambda p: p._replace(recursion=Undilated()), n_runs=1,
)  # fmt: skip
FAULTS_OF_BONUS = (
    UNDILATED,
    Sabotage(
        "wrong-sign", "the bonus is added to the losses", ("bonus-sign",), lambda p: p._replace(recursion=Negated()),
        n_runs=1,
    ),
)  # fmt: skip
#: Lengths of the rate layers.
LENGTHS = (96, 192, 384, 768)

CLAIM = Claim(
    slug="refined-regret",
    title="Log-barrier policy optimisation with dilated bonuses",
    paper="Dai, Luo, Wei and Zimmert 2023, Refined regret for adversarial MDPs with linear function approximation "
    "(Algorithm 1)",
    setting="adversarial MDP",
    algorithm=theorem_parameters,
    cases=(
        *WATCHED_CASES,
        Case("one layer", lambda: armed(2, 300), 300, max_runs=2),
        Case("one layer, long", lambda: armed(2, 2**15), 2**15, max_runs=3, full_only=True, watched=False),
    ),
    bounds=(Bound(theorem("refined-regret/log-barrier")),),
    watch=sys.modules[__name__],
    sabotages=(
        *FAULTS_OF_BONUS,
        Sabotage(
            "half-a-bonus", "the bonus without the part averaged over the policy", ("bonus-cost",),
            overrides={"local_bonus": half_a_bonus}, n_runs=1,
        ),
        Sabotage(
            "mixing", "a tenth of uniform exploration is mixed into the leader", ("leader",),
            overrides={"barrier_leaders": mixed_leaders}, n_runs=1,
        ),
    ),
    rate=Rate(
        theorem("refined-regret/log-barrier-order"),
        "practical: eta = 5 sqrt(A ln K/(d H^2 K)), beta = 0.02 eta H^2, gamma = 0.1/sqrt(K), no theorem", preset, "K",
        LENGTHS, changing_once, n_runs=20,
    ),
    user_horizon=300,
    notes="The bound exceeds H K unless K > 288 A d H^4 ln K: it bites only in the full case with one layer.",
)  # fmt: skip
