"""Exact expected regret of small Bernoulli bandits, by dynamic programming over sufficient statistics.

For an algorithm whose next choice depends on the pulls N_i and successes S_i of the arms (and on t) alone, the law of
(N, S) after n plays follows from that after n - 1 plays. The two-armed case is compiled and runs the algorithm's own
``act``, so that it is the ground truth of the simulators; the general case takes any choice rule and any number type,
rationals included.
"""

# ruff: noqa: F821 (names that kernels.loops.specialise binds)
from __future__ import annotations

import math
import sys
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from bandits.model import BanditProblem, as_vector, within
from kernels.loops import specialise
from theory.errors import InvalidInput

if TYPE_CHECKING:  # bound by kernels.loops.specialise
    act: Any
    restore: Any
    first_arm_probability: Any

Float = npt.NDArray[np.float64]
Number = TypeVar("Number", float, Fraction)

#: (pulls of each arm, successes of each arm, round about to be played from 1) -> probability of each arm.
ChoiceLaw = Callable[[tuple[int, ...], tuple[int, ...], int], Sequence[Any]]

#: The compiled recursion keeps four dense arrays of horizon^3 numbers.
LARGEST_HORIZON = 400


class ExactRegret(NamedTuple):
    """Exact expectations after t = 1 .. T rounds.

    Attributes:
        regret: sum_i gap_i E N_i(t), shape (T,).
        pulls: E N_i(t), shape (T, K).
    """

    regret: Float
    pulls: Float


def deterministic_level(params, state, rng, n, mass, first):
    """first[n1, s1, s2] = 1 if ``act`` plays arm 0 there, else 0, for every state of n plays with positive mass."""
    for n1 in range(n + 1):
        for s1 in range(n1 + 1):
            for s2 in range(n - n1 + 1):
                if mass[n1, s1, s2] > 0.0:
                    restore(params, state, 0, n1, float(s1))
                    restore(params, state, 1, n - n1, float(s2))
                    first[n1, s1, s2] = 1.0 if act(params, state, n + 1, rng) == 0 else 0.0


def randomised_level(params, state, rng, n, mass, first):
    """The same for a randomised algorithm, from its exact probability of playing arm 0."""
    for n1 in range(n + 1):
        for s1 in range(n1 + 1):
            for s2 in range(n - n1 + 1):
                if mass[n1, s1, s2] > 0.0:
                    first[n1, s1, s2] = first_arm_probability(params, n1, s1, n - n1, s2)


def push(n, mass, first, following, success):
    """Move the law of the state from n to n + 1 plays; returns the probability that arm 0 was played.

    ``success[i, N, S]``: probability that the next reward of arm i is 1 after N pulls with S successes.
    """
    played = 0.0
    for n1 in range(n + 2):
        for s1 in range(n1 + 1):
            for s2 in range(n - n1 + 2):
                following[n1, s1, s2] = 0.0
    for n1 in range(n + 1):
        for s1 in range(n1 + 1):
            for s2 in range(n - n1 + 1):
                here = mass[n1, s1, s2]
                if here > 0.0:
                    left = here * first[n1, s1, s2]
                    right = here - left
                    played += left
                    p = success[0, n1, s1]
                    following[n1 + 1, s1 + 1, s2] += left * p
                    following[n1 + 1, s1, s2] += left * (1.0 - p)
                    p = success[1, n - n1, s2]
                    following[n1, s1, s2 + 1] += right * p
                    following[n1, s1, s2] += right * (1.0 - p)
    return played


def _recursion(params: Any, horizon: int, success: Float, overrides: Mapping[str, Any]) -> tuple[Float, Float, Float]:
    """Probability that arm 0 is played at t = 1 .. T, and the law of (N_1, S_1, S_2) after T plays, T - 1 plays."""
    if not 1 <= horizon <= LARGEST_HORIZON:
        raise InvalidInput(f"horizon is {horizon}; exact recursion takes 1 .. {LARGEST_HORIZON}")
    module = sys.modules[type(params).__module__]
    names = ("first_arm_probability",) if hasattr(module, "first_arm_probability") else ("act", "restore")
    rule = randomised_level if len(names) == 1 else deterministic_level
    for name in names:
        if name not in overrides and not hasattr(module, name):
            raise InvalidInput(
                f"{module.__name__} has no function {name!r}; exact regret needs act and restore, or "
                "first_arm_probability"
            )
    level = specialise(rule, {name: overrides.get(name, getattr(module, name, None)) for name in names})
    move = specialise(push, {})
    state = module.allocate(params, BanditProblem(2, horizon))
    rng = np.zeros(3, np.uint64)
    shape = (horizon + 1,) * 3
    mass, following, first = np.zeros(shape), np.zeros(shape), np.zeros(shape)
    mass[0, 0, 0] = 1.0
    played = np.zeros(horizon)
    for n in range(horizon):
        level(params, state, rng, n, mass, first)
        played[n] = move(n, mass, first, following, success)
        mass, following = following, mass
    return played, mass, following


def _means(means: Sequence[float] | Float) -> Float:
    vector = as_vector("means", means)
    within("means", vector, 0.0, 1.0)
    return vector


def expected_regret(
    params: Any, means: Sequence[float] | Float, horizon: int, overrides: Mapping[str, Any] | None = None
) -> ExactRegret:
    """Exact E R_t and E N_i(t), t = 1 .. horizon, of an algorithm on two Bernoulli arms.

    Args:
        params: hyper-parameters; their module defines ``act`` and ``restore(params, state, arm, pulls, total)``, or,
            if it is randomised, ``first_arm_probability(params, n1, s1, n2, s2)``.
        means: the two means, in [0, 1].
        horizon: T >= 1, also told to the algorithm; O(T^4) time, O(T^3) memory.
        overrides: name -> function put in the place of the module's own.

    Raises:
        InvalidInput: if there are not two means in [0, 1], the horizon is out of range, or a function is missing.
    """
    mu = _means(means)
    if len(mu) != 2:
        raise InvalidInput(f"{len(mu)} means; the compiled recursion takes two arms (use expected_regret_of_law)")
    success = np.zeros((2, horizon + 1, horizon + 1))
    success[:] = mu[:, None, None]
    played, _, _ = _recursion(params, horizon, success, overrides or {})
    pulls = np.cumsum(np.stack([played, 1.0 - played], axis=1), axis=0)
    return ExactRegret(pulls @ (mu.max() - mu), pulls)


def bayes_regret(
    params: Any, horizon: int, prior: tuple[float, float] = (1.0, 1.0), overrides: Mapping[str, Any] | None = None
) -> float:
    """Exact Bayes regret T E max(mu_1, mu_2) - E sum_t X_t for two Bernoulli arms, independent Beta priors.

    Given N pulls and S successes of an arm its next reward is 1 with probability (a + S) / (a + b + N).

    Args: as for :func:`expected_regret`; prior: (a, b) > 0 of both arms.
    """
    a, b = prior
    if not (a > 0.0 and b > 0.0):
        raise InvalidInput(f"prior is {prior}; expected two positive numbers")
    from scipy.integrate import quad
    from scipy.special import betainc

    counts = np.arange(horizon + 1.0)
    success = np.zeros((2, horizon + 1, horizon + 1))
    success[:] = (a + counts[None, :]) / (a + b + counts[:, None])
    _, mass, _ = _recursion(params, horizon, success, overrides or {})
    reward = float((mass * (counts[None, :, None] + counts[None, None, :])).sum())
    best = 1.0 - quad(lambda x: betainc(a, b, x) ** 2, 0.0, 1.0, epsabs=1e-13, epsrel=1e-13)[0]
    return float(horizon * best - reward)


def expected_regret_of_law(choice: ChoiceLaw, means: Sequence[Number], horizon: int) -> tuple[list[Number], Any]:
    """Exact E R_t, t = 1 .. horizon, of any choice law on any number of Bernoulli arms, in the means' own arithmetic.

    With :class:`fractions.Fraction` means and choice probabilities the result is an exact rational.

    Args:
        choice: (pulls, successes, t) -> probability of each arm at round t.
        means: K means in [0, 1].
        horizon: T >= 1. The number of states grows like T^(2K-1).

    Returns:
        (regrets, pulls): E R_t for t = 1 .. T, and E N_i(T) for every arm.
    """
    if horizon < 1:
        raise InvalidInput(f"horizon is {horizon}; expected at least 1")
    n_arms = len(means)
    best = max(means)
    zero = means[0] - means[0]
    states: dict[tuple[tuple[int, ...], tuple[int, ...]], Any] = {((0,) * n_arms, (0,) * n_arms): zero + 1}
    pulls = [zero] * n_arms
    regrets = []
    for t in range(1, horizon + 1):
        following: dict[tuple[tuple[int, ...], tuple[int, ...]], Any] = {}
        for (counts, successes), probability in states.items():
            for arm, chance in enumerate(choice(counts, successes, t)):
                if chance == 0:
                    continue
                mass = probability * chance
                pulls[arm] += mass
                more = counts[:arm] + (counts[arm] + 1,) + counts[arm + 1 :]
                for reward, likelihood in ((1, means[arm]), (0, 1 - means[arm])):
                    if likelihood != 0:
                        paid = successes[:arm] + (successes[arm] + reward,) + successes[arm + 1 :]
                        key = (more, paid)
                        following[key] = following.get(key, zero) + mass * likelihood
        states = following
        regrets.append(sum(((best - mean) * n for mean, n in zip(means, pulls)), zero))
    return regrets, pulls


def choice_law(params: Any, n_arms: int, horizon: int, overrides: Mapping[str, Any] | None = None) -> ChoiceLaw:
    """The choice rule of a deterministic compiled algorithm, for :func:`expected_regret_of_law`."""
    module = sys.modules[type(params).__module__]
    functions = {name: (overrides or {}).get(name, getattr(module, name)) for name in ("act", "restore")}
    state = module.allocate(params, BanditProblem(n_arms, horizon))
    rng = np.zeros(3, np.uint64)

    def law(pulls: tuple[int, ...], successes: tuple[int, ...], t: int) -> list[int]:
        for arm in range(n_arms):
            functions["restore"](params, state, arm, pulls[arm], float(successes[arm]))
        chosen = functions["act"](params, state, t, rng)
        return [int(arm == chosen) for arm in range(n_arms)]

    return law


def beta_comparison(a1: int, b1: int, a2: int, b2: int) -> Fraction:
    """P(X > Y), X ~ Beta(a1, b1), Y ~ Beta(a2, b2) independent, integer parameters >= 1, as an exact rational.

    sum_{i < a1} B(a2 + i, b1 + b2) / ((b1 + i) B(1 + i, b1) B(a2, b2)).
    """

    def beta(a: int, b: int) -> Fraction:
        return Fraction(math.factorial(a - 1) * math.factorial(b - 1), math.factorial(a + b - 1))

    return sum(
        (beta(a2 + i, b1 + b2) / ((b1 + i) * beta(1 + i, b1) * beta(a2, b2)) for i in range(a1)), start=Fraction(0)
    )
