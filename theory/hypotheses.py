"""The assumptions that theorems share, each as a predicate that says by how much it fails.

Instances and hyper-parameters are duck-typed. An instance that does not state a quantity a hypothesis asks for is
refused too: nothing is assumed silently of an instance.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from theory.theorem import Hypothesis

#: Relative error within which a learning rate counts as the one the theorem prescribes.
RATE_TOLERANCE = 1e-9


def _stated(owner: Any, what: str, name: str, test: Callable[[Any], str | None]) -> str | None:
    value = getattr(owner, name, None)
    if value is None:
        return f"the {what} does not state its {name}"
    return test(value)


def _within(name: str, low: float, high: float) -> Callable[[Any, Any, int], str | None]:
    def test(value: Any) -> str | None:
        if value[0] < low:
            return f"they reach down to {value[0]:g}, {low - value[0]:g} below the range"
        if value[1] > high:
            return f"they reach up to {value[1]:g}, {value[1] - high:g} above the range"
        return None

    return lambda instance, params, horizon: _stated(instance, "instance", name, test)


REWARDS_IN_UNIT = Hypothesis("rewards lie in [0, 1]", _within("reward_range", 0.0, 1.0))
LOSSES_IN_UNIT = Hypothesis("losses lie in [0, 1]", _within("loss_range", 0.0, 1.0))


def _fixed_laws(instance: Any, params: Any, horizon: int) -> str | None:
    return None if getattr(instance, "stationary", True) else "they change over the rounds"


FIXED_LAWS = Hypothesis("the laws of the arms stay the same", _fixed_laws)


def _oblivious(instance: Any, params: Any, horizon: int) -> str | None:
    return None if getattr(instance, "oblivious", True) else "the losses answer to the arms played"


OBLIVIOUS = Hypothesis("the adversary is oblivious (the expected regret is against the best fixed arm)", _oblivious)


def subgaussian(sigma: float) -> Hypothesis:
    """Rewards are ``sigma``-subgaussian (attribute ``subgaussian`` of the instance)."""

    def test(value: float) -> str | None:
        return None if value <= sigma else f"they are only {value:g}-subgaussian, {value - sigma:g} too much"

    return Hypothesis(
        f"rewards are {sigma:g}-subgaussian",
        lambda instance, params, horizon: _stated(instance, "instance", "subgaussian", test),
    )


def family(name: str) -> Hypothesis:
    """Every arm belongs to one parametric family (attribute ``family``)."""
    return Hypothesis(
        f"arms are {name}",
        lambda instance, params, horizon: _stated(
            instance, "instance", "family", lambda value: None if value == name else f"they are {value}"
        ),
    )


def _delta(instance: Any, params: Any, horizon: int) -> str | None:
    return _stated(
        params, "algorithm", "delta", lambda value: None if 0.0 < value < 1.0 else f"delta = {value:g} is outside"
    )


CONFIDENCE = Hypothesis("the confidence parameter delta lies in (0, 1)", _delta)


def at_least(minimum: int) -> Hypothesis:
    """The horizon (rounds, or episodes) is at least ``minimum``."""
    return Hypothesis(
        f"the horizon is at least {minimum}",
        lambda instance, params, horizon: (
            None if horizon >= minimum else f"horizon {horizon} is {minimum - horizon} short"
        ),
    )


def _at_least_arms(instance: Any, params: Any, horizon: int) -> str | None:
    arms = int(instance.n_arms)
    return None if horizon >= arms else f"horizon {horizon} is below the number of arms {arms}"


AT_LEAST_ARMS = Hypothesis("the horizon is at least the number of arms", _at_least_arms)


def _at_least_two_arms(instance: Any, params: Any, horizon: int) -> str | None:
    return None if instance.n_arms >= 2 else f"there is {instance.n_arms} arm"


TWO_OR_MORE_ARMS = Hypothesis("there are at least two arms", _at_least_two_arms)


def arms(count: int) -> Hypothesis:
    """There are exactly ``count`` arms."""
    return Hypothesis(
        f"there are {count} arms",
        lambda instance, params, horizon: None if instance.n_arms == count else f"there are {instance.n_arms}",
    )


def _unique_best(instance: Any, params: Any, horizon: int) -> str | None:
    def test(value: Any) -> str | None:
        best = np.flatnonzero(np.asarray(value) == 0.0)
        return None if best.size == 1 else f"arms {best.tolist()} have gap zero"

    return _stated(instance, "instance", "gaps", test)


UNIQUE_BEST_ARM = Hypothesis("exactly one arm has gap zero", _unique_best)


def _some_gap(instance: Any, params: Any, horizon: int) -> str | None:
    def test(value: Any) -> str | None:
        return None if (np.asarray(value) > 0.0).any() else "all arms are equally good"

    return _stated(instance, "instance", "gaps", test)


SOME_GAP = Hypothesis("at least one arm is suboptimal", _some_gap)


def learning_rate(text: str, prescribed: Callable[[Any, Any, int], float]) -> Hypothesis:
    """The algorithm's ``learning_rate`` is the one the theorem prescribes for this horizon.

    A bound tuned for a horizon says nothing about the same run read at an earlier checkpoint.
    Hyper-parameters without an attribute ``learning_rate`` are taken to set it themselves.
    """

    def violation(instance: Any, params: Any, horizon: int) -> str | None:
        rate = getattr(params, "learning_rate", None)
        wanted = prescribed(instance, params, horizon)
        if rate is None or abs(rate - wanted) <= RATE_TOLERANCE * abs(wanted):
            return None
        return f"it is {rate:.9g}, {rate / wanted:.6g} times the prescribed {wanted:.9g} at horizon {horizon}"

    return Hypothesis(f"the learning rate is {text}", violation)


def setting(name: str, value: float) -> Hypothesis:
    """The hyper-parameter ``name`` has the theorem's value; an algorithm without that attribute has it built in."""

    def violation(instance: Any, params: Any, horizon: int) -> str | None:
        given = getattr(params, name, None)
        return None if given is None or given == value else f"it is {given!r}"

    return Hypothesis(f"the algorithm's {name} is {value:g}", violation)


def _rate_given(instance: Any, params: Any, horizon: int) -> str | None:
    return _stated(params, "algorithm", "learning_rate", lambda value: None if value > 0.0 else f"it is {value:g}")


POSITIVE_LEARNING_RATE = Hypothesis("the learning rate is a positive constant", _rate_given)


def _stationary(instance: Any, params: Any, horizon: int) -> str | None:
    return _stated(instance, "instance", "stage_dependent", lambda value: "they depend on the stage" if value else None)


STATIONARY = Hypothesis("transitions and rewards are the same at every stage", _stationary)


def _deterministic(instance: Any, params: Any, horizon: int) -> str | None:
    return _stated(
        instance, "instance", "reward_law", lambda value: None if value == "deterministic" else f"they are {value}"
    )


KNOWN_REWARDS = Hypothesis("rewards are deterministic (the algorithm is given them)", _deterministic)


def _fixed_start(instance: Any, params: Any, horizon: int) -> str | None:
    return _stated(
        instance, "instance", "initial",
        lambda value: None if max(value) == 1.0 else f"the likeliest has probability {max(value):g}",
    )  # fmt: skip


FIXED_START = Hypothesis("every episode starts in the same state", _fixed_start)


def _episodic(instance: Any, params: Any, horizon: int) -> str | None:
    return _stated(instance, "instance", "horizon", lambda value: None if value >= 1 else f"it has {value} stages")


EPISODIC = Hypothesis("the process is episodic with at least one stage", _episodic)


def _epsilon(instance: Any, params: Any, horizon: int) -> str | None:
    return _stated(params, "algorithm", "epsilon", lambda value: None if value > 0.0 else f"epsilon = {value:g}")


ACCURACY = Hypothesis("the accuracy epsilon is positive", _epsilon)


def _unit_features(instance: Any, params: Any, horizon: int) -> str | None:
    features = getattr(instance, "features", None)
    if features is None:
        return "the instance does not state its features"
    norms = np.linalg.norm(np.asarray(features, dtype=np.float64), axis=-1)
    where = tuple(int(i) for i in np.unravel_index(norms.argmax(), norms.shape))
    return None if norms[where] <= 1.0 + 1e-12 else f"feature {list(where)} has norm {norms[where]:.12g}"


UNIT_FEATURES = Hypothesis("features have norm at most 1", _unit_features)
