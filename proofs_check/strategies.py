"""Hypothesis strategies that draw instances: always valid, and shrinking to small ones with simple numbers.

Means, losses and rewards are simple fractions, shrinking towards 0, then 1, then 1/2. Probabilities are small integers
divided by their sum and shrink towards a certain first outcome. Sizes shrink towards their lower limits. A failing
example is shown as the call that builds it, e.g. ``BernoulliBandit(means=[0.0, 1.0])``.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from hypothesis import strategies as st

from bandits.adversaries.sequence import LossSequence
from bandits.instances.bernoulli import BernoulliBandit
from bandits.instances.gaussian import GaussianBandit
from bandits.linear import NOISES, LinearBandit
from mdps.latent import LatentMDP
from mdps.linear import LinearMDP
from mdps.model import MDP, REWARD_LAWS
from theory.errors import InvalidInput

#: Largest denominator of the simple fractions, and largest weight of an outcome before a law is normalised.
LARGEST_DENOMINATOR, LARGEST_WEIGHT = 10, 3

_FRACTIONS = list(dict.fromkeys(n / d for d in range(1, LARGEST_DENOMINATOR + 1) for n in range(d + 1)))

Strategy = st.SearchStrategy


def fractions() -> Strategy[float]:
    """Numbers in [0, 1]: 0, 1, 1/2, 1/3, 2/3, ..., 9/10, the earlier the simpler."""
    return st.sampled_from(_FRACTIONS)


def laws(size: int) -> Strategy[list[float]]:
    """Probability vectors of ``size`` >= 1 entries; the simplest has all its mass on the first.

    Raises:
        InvalidInput: for a size below 1.
    """
    if size < 1:
        raise InvalidInput(f"size is {size}; expected at least 1 outcome")
    return _laws(size)


def _laws(*shape: int) -> Strategy[Any]:
    """Arrays, nested lists, whose last axis is a probability vector."""
    return _arrays(st.integers(0, LARGEST_WEIGHT), *shape, last=_normalised)


def _normalised(weights: list[int]) -> list[float]:
    total = sum(weights)
    return [w / total for w in weights] if total else [1.0] + [0.0] * (len(weights) - 1)


def _cross_polytopes(*shape: int) -> Strategy[Any]:
    """Arrays whose last axis is a vector of absolute sum at most 1, so of norm at most 1; the simplest is 0."""
    return _arrays(st.integers(-LARGEST_WEIGHT, LARGEST_WEIGHT), *shape, last=_shortened)


def _shortened(vector: list[int]) -> list[float]:
    return [x / max(1, sum(map(abs, vector))) for x in vector]


def _arrays(entries: Strategy[Any], *shape: int, last: Callable[[list[Any]], list[Any]] = list) -> Strategy[Any]:
    """Nested lists of the given shape, ``last`` applied to the innermost ones.

    One flat draw: Hypothesis shrinks nested lists of fixed length several times more slowly.
    """

    def nested(flat: Sequence[Any], sizes: tuple[int, ...]) -> list[Any]:
        if len(sizes) == 1:
            return last(list(flat))
        step = len(flat) // sizes[0]
        return [nested(flat[i : i + step], sizes[1:]) for i in range(0, len(flat), step)]

    return st.tuples(*[entries] * math.prod(shape)).map(lambda flat: nested(flat, shape))


def _sizes(what: str, smallest: int, largest: int) -> Strategy[int]:
    """Whole numbers from ``smallest`` to ``largest``.

    Raises:
        InvalidInput: unless 1 <= smallest <= largest, naming the arguments.
    """
    _limits(what, smallest, largest)
    return st.integers(smallest, largest)


def _limits(what: str, smallest: int, largest: int) -> None:
    if not 1 <= smallest <= largest:
        raise InvalidInput(f"min_{what} is {smallest} and max_{what} is {largest}; expected 1 <= min <= max")


def _among(what: str, value: str, known: dict[str, int]) -> None:
    if value not in known:
        raise InvalidInput(f"{what} is {value!r}; expected one of {', '.join(known)}")


def _called(constructor: Callable[..., Any]) -> Callable[..., Any]:
    """A classmethod that failing examples show with the name of its class."""

    def build(*args: Any, **kwargs: Any) -> Any:
        return constructor(*args, **kwargs)

    build.__name__ = constructor.__qualname__
    return build


def bernoulli_bandits(*, min_arms: int = 2, max_arms: int = 5) -> Strategy[BernoulliBandit]:
    """Bernoulli bandits.

    Args:
        min_arms, max_arms: 1 <= min_arms <= max_arms.

    Raises:
        InvalidInput: for limits out of order.
    """
    _limits("arms", min_arms, max_arms)
    return st.builds(BernoulliBandit, means=st.lists(fractions(), min_size=min_arms, max_size=max_arms))


def gaussian_bandits(
    *, min_arms: int = 2, max_arms: int = 5, max_mean: float = 1.0, sd: float = 1.0
) -> Strategy[GaussianBandit]:
    """Gaussian bandits with means in [-max_mean, max_mean], simple fractions of ``max_mean``.

    Args:
        min_arms, max_arms: 1 <= min_arms <= max_arms. max_mean: >= 0. sd: standard deviation of every arm, > 0.

    Raises:
        InvalidInput: for limits out of order, a negative ``max_mean``, or an ``sd`` that the bandit refuses.
    """
    _limits("arms", min_arms, max_arms)
    if not 0.0 <= max_mean < np.inf:
        raise InvalidInput(f"max_mean is {max_mean}; expected a finite number >= 0")
    GaussianBandit(np.zeros(1), sd=sd)
    means = st.sampled_from(list(dict.fromkeys(sign * max_mean * f for f in _FRACTIONS for sign in (1.0, -1.0))))
    return st.builds(GaussianBandit, means=st.lists(means, min_size=min_arms, max_size=max_arms), sd=st.just(sd))


def linear_bandits(
    *,
    max_dimension: int = 3,
    min_actions: int = 2,
    max_actions: int = 4,
    max_contexts: int = 2,
    noise: str = "gaussian",
    scale: float = 1.0,
) -> Strategy[LinearBandit]:
    """Linear bandits with one or more action sets, drawn afresh in every round; |x| <= 1 and means in [-1, 1].

    |theta| <= 1, except for Bernoulli noise: then features are probability vectors and theta lies in [0, 1]^d, so that
    every mean is a probability.

    Args:
        max_dimension: >= 1. min_actions, max_actions: 1 <= min_actions <= max_actions. max_contexts: >= 1.
        noise: "gaussian" (standard deviation ``scale``), "uniform" (on [-scale, scale]) or "bernoulli".

    Raises:
        InvalidInput: for limits out of order, an unknown noise, or a scale that the bandit refuses.
    """
    _among("noise", noise, NOISES)
    LinearBandit.fixed([[0.0]], [0.0], noise=noise, scale=scale)
    sizes = st.tuples(
        _sizes("contexts", 1, max_contexts), _sizes("actions", min_actions, max_actions),
        _sizes("dimension", 1, max_dimension),
    )  # fmt: skip
    build = _called(LinearBandit.contextual)

    @functools.cache
    def of_size(size: tuple[int, int, int]) -> Strategy[LinearBandit]:
        contexts, actions, d = size
        features, theta = _cross_polytopes(contexts, actions, d), _cross_polytopes(d)
        if noise == "bernoulli":
            features, theta = _laws(contexts, actions, d), _arrays(fractions(), d)
        return st.builds(
            build, features, theta, _laws(contexts), noise=st.just(noise),
            scale=st.just(scale),
        )  # fmt: skip

    return sizes.flatmap(of_size)


def tabular_mdps(
    *,
    max_states: int = 3,
    min_actions: int = 1,
    max_actions: int = 2,
    max_horizon: int = 3,
    stage_dependent: bool = False,
    reward_law: str = "deterministic",
) -> Strategy[MDP]:
    """Episodic tabular models with mean rewards in [0, 1]; ``.map(Episodes)`` gives what algorithms run on.

    Args:
        max_states: >= 1. min_actions, max_actions: 1 <= min_actions <= max_actions. max_horizon: stages, >= 1.
        stage_dependent: whether every stage has transitions and rewards of its own.
        reward_law: "deterministic", "bernoulli" or "gaussian" (standard deviation 1).

    Raises:
        InvalidInput: for limits out of order or an unknown law.
    """
    _among("reward_law", reward_law, REWARD_LAWS)
    sizes = st.tuples(
        _sizes("horizon", 1, max_horizon), _sizes("states", 1, max_states), _sizes("actions", min_actions, max_actions)
    )
    options: dict[str, Any] = {"reward_law": reward_law}
    if reward_law == "gaussian":
        options |= {"reward_sd": 1.0, "reward_range": (-np.inf, np.inf)}
    build = _called(MDP.from_dense)

    @functools.cache
    def of_size(size: tuple[int, int, int]) -> Strategy[MDP]:
        horizon, states, actions = size
        shape = (horizon, states, actions) if stage_dependent else (states, actions)
        return st.builds(
            build, _laws(*shape, states), _arrays(fractions(), *shape),
            initial=_laws(states), horizon=st.just(horizon), **{key: st.just(value) for key, value in options.items()},
        )  # fmt: skip

    return sizes.flatmap(of_size)


def linear_mdps(
    *,
    max_states: int = 3,
    min_actions: int = 1,
    max_actions: int = 2,
    max_dimension: int = 3,
    max_horizon: int = 2,
) -> Strategy[LinearMDP]:
    """Linear MDPs: features are probability vectors, measures are laws of the next state, rewards lie in [0, 1].

    ``Episodes(model.tabular(), model.features)`` is what algorithms run on.

    Args:
        max_states, max_dimension, max_horizon: >= 1. min_actions, max_actions: 1 <= min_actions <= max_actions.

    Raises:
        InvalidInput: for limits out of order.
    """
    sizes = st.tuples(
        _sizes("horizon", 1, max_horizon), _sizes("states", 1, max_states), _sizes("actions", min_actions, max_actions),
        _sizes("dimension", 1, max_dimension),
    )  # fmt: skip

    @functools.cache
    def of_size(size: tuple[int, int, int, int]) -> Strategy[LinearMDP]:
        horizon, states, actions, d = size
        return st.builds(
            LinearMDP, features=_laws(states, actions, d), measures=_laws(horizon, d, states),
            reward_vectors=_arrays(fractions(), horizon, d), initial=_laws(states),
        )  # fmt: skip

    return sizes.flatmap(of_size)


def latent_mdps(
    *,
    max_contexts: int = 2,
    max_states: int = 2,
    min_actions: int = 1,
    max_actions: int = 2,
    max_horizon: int = 2,
) -> Strategy[LatentMDP]:
    """Latent MDPs in which every context is possible and all deterministic history policies compete.

    Args:
        max_contexts, max_states, max_horizon: >= 1; the optimum is found on the tree of all histories, so keep them
            small. min_actions, max_actions: 1 <= min_actions <= max_actions.

    Raises:
        InvalidInput: for limits out of order.
    """
    sizes = st.tuples(
        _sizes("horizon", 1, max_horizon), _sizes("contexts", 1, max_contexts), _sizes("states", 1, max_states),
        _sizes("actions", min_actions, max_actions),
    )  # fmt: skip

    @functools.cache
    def of_size(size: tuple[int, int, int, int]) -> Strategy[LatentMDP]:
        horizon, contexts, states, actions = size
        return st.builds(
            LatentMDP, weights=_arrays(st.integers(1, LARGEST_WEIGHT), contexts, last=_normalised),
            initial=_laws(contexts, states),
            transitions=_laws(contexts, states, actions, states),
            rewards=_arrays(fractions(), contexts, states, actions), horizon=st.just(horizon),
        )  # fmt: skip

    return sizes.flatmap(of_size)


def repeated_losses(rows: list[list[float]], repeat: int) -> LossSequence:
    """The sequence that plays every row of losses, (pieces, K) in [0, 1], for ``repeat`` >= 1 rounds."""
    return LossSequence(losses=np.repeat(np.array(rows), repeat, axis=0))


def loss_sequences(
    *, min_arms: int = 2, max_arms: int = 4, min_pieces: int = 1, max_pieces: int = 8, repeat: int = 1
) -> Strategy[LossSequence]:
    """Losses fixed in advance, constant over pieces of ``repeat`` rounds.

    For runs of T rounds draw p pieces of T / p rounds: ``loss_sequences(min_pieces=p, max_pieces=p, repeat=T // p)``.

    Args:
        min_arms, max_arms: 1 <= min_arms <= max_arms. min_pieces, max_pieces: 1 <= min_pieces <= max_pieces.
        repeat: rounds of a piece, >= 1.

    Raises:
        InvalidInput: for limits out of order or a ``repeat`` below 1.
    """
    _limits("pieces", min_pieces, max_pieces)
    if repeat < 1:
        raise InvalidInput(f"repeat is {repeat}; expected a whole number >= 1")

    @functools.cache
    def of_width(n_arms: int) -> Strategy[LossSequence]:
        rows = st.lists(_arrays(fractions(), n_arms), min_size=min_pieces, max_size=max_pieces)
        return st.builds(repeated_losses, rows, st.just(repeat))

    return _sizes("arms", min_arms, max_arms).flatmap(of_width)
