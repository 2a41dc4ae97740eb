"""Linear and contextual bandits: immutable, validated, with their exact quantities.

In round t a context c gives the action set, one feature vector x_{c,a} for each action a; the reward is
<theta, x_{c,a}> plus noise. A fixed action set is the case of one context.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np
import numpy.typing as npt

from bandits.loops import LINEAR
from bandits.model import Float, within
from bandits.worlds import LinearWorld
from kernels.engine import Protocol
from kernels.jit import compiled
from kernels.random import choose, standard_normal, uniform
from theory.arrays import filled_array
from theory.errors import InvalidInput

#: Laws of the rewards, all with mean <theta, x>.
GAUSSIAN, UNIFORM, BERNOULLI = 0, 1, 2
NOISES = {"gaussian": GAUSSIAN, "uniform": UNIFORM, "bernoulli": BERNOULLI}

#: Probabilities of the contexts must sum to one within this error.
SUM_TOLERANCE = 1e-9


class LinearProblem(NamedTuple):
    """What an algorithm is told before the first round; features come with every call of ``act``."""

    n_contexts: int
    n_actions: int
    dimension: int
    horizon: int


class LinearArrays(NamedTuple):
    """The instance as compiled code sees it.

    Attributes:
        features: (n_contexts, n_actions, d). theta: (d,). weights: (n_contexts,), probabilities of the contexts.
        means: <theta, x>, (n_contexts, n_actions). gaps: best mean of the context minus mean, same shape.
        in_order: whether round t shows context t - 1 instead of drawing one.
        law: GAUSSIAN, UNIFORM or BERNOULLI. scale: standard deviation, or half-width of the uniform noise.
    """

    features: Float
    theta: Float
    weights: Float
    means: Float
    gaps: Float
    in_order: bool
    law: int
    scale: float


@dataclass(frozen=True, eq=False)
class LinearBandit:
    """A linear bandit with finitely many action sets.

    Build it with :meth:`fixed`, :meth:`contextual`, :meth:`action_sets` or :meth:`table`.

    Attributes:
        features: x_{c,a}, shape (n_contexts, n_actions, d).
        theta: shape (d,).
        weights: probabilities of the contexts, shape (n_contexts,); None: round t shows context t - 1, and the
            number of contexts limits the horizon.
        noise: "gaussian" (standard deviation ``scale``), "uniform" (on [-scale, scale]) or "bernoulli" (means in
            [0, 1], ``scale`` unused).
        scale: > 0.
        name: shown in tables.

    Raises:
        InvalidInput: on malformed arrays, with index and value.
    """

    features: Float
    theta: Float
    weights: Float | None = None
    noise: str = "gaussian"
    scale: float = 1.0
    name: str = ""

    protocol: ClassVar[Protocol] = LINEAR

    def __post_init__(self) -> None:
        features = filled_array("features", self.features, "n_contexts n_actions d")
        theta = filled_array("theta", self.theta, "d")
        if len(theta) != features.shape[2]:
            raise InvalidInput(f"theta has {len(theta)} entries; expected {features.shape[2]} to match the features")
        object.__setattr__(self, "features", features)
        object.__setattr__(self, "theta", theta)
        if self.weights is not None:
            weights = filled_array("weights", self.weights, "n_contexts")
            if len(weights) != len(features):
                raise InvalidInput(f"there are {len(weights)} weights for {len(features)} contexts; expected as many")
            within("weights", weights, 0.0, 1.0)
            if abs(weights.sum() - 1.0) > SUM_TOLERANCE:
                raise InvalidInput(f"weights sum to {weights.sum():.12g}; expected 1 within {SUM_TOLERANCE:g}")
            object.__setattr__(self, "weights", weights)
        if self.noise not in NOISES:
            raise InvalidInput(f"noise is {self.noise!r}; expected one of {', '.join(NOISES)}")
        if not (np.isfinite(self.scale) and self.scale > 0.0):
            raise InvalidInput(f"scale is {self.scale}; expected a finite number > 0")
        if self.noise == "bernoulli":
            within("mean rewards <theta, x>, means", self.means, 0.0, 1.0)
        if not self.name:
            sets = "table" if self.weights is None else f"{self.n_contexts} contexts"
            sets = "fixed actions" if self.n_contexts == 1 else sets
            object.__setattr__(
                self, "name", f"linear(d={self.dimension}, {self.n_actions} actions, {sets}, {self.noise})"
            )

    @classmethod
    def fixed(
        cls,
        actions: npt.ArrayLike,
        theta: npt.ArrayLike,
        *,
        noise: str = "gaussian",
        scale: float = 1.0,
        name: str = "",
    ) -> LinearBandit:
        """The same actions, shape (n_actions, d), in every round."""
        features = filled_array("actions", actions, "n_actions d")
        return cls(features[None], np.asarray(theta), np.ones(1), noise, scale, name)

    @classmethod
    def contextual(
        cls,
        features: npt.ArrayLike,
        theta: npt.ArrayLike,
        weights: npt.ArrayLike | None = None,
        *,
        noise: str = "gaussian",
        scale: float = 1.0,
        name: str = "",
    ) -> LinearBandit:
        """Contexts drawn independently: features (n_contexts, n_actions, d), weights (n_contexts,), default uniform."""
        array = filled_array("features", features, "n_contexts n_actions d")
        law = np.full(len(array), 1.0 / len(array)) if weights is None else np.asarray(weights)
        return cls(array, np.asarray(theta), law, noise, scale, name)

    @classmethod
    def action_sets(
        cls,
        sets: Sequence[npt.ArrayLike],
        theta: npt.ArrayLike,
        weights: npt.ArrayLike | None = None,
        *,
        noise: str = "gaussian",
        scale: float = 1.0,
        name: str = "",
    ) -> LinearBandit:
        """Action sets of any sizes, each of shape (size, d), drawn independently with the given weights.

        A set smaller than the largest is filled up with copies of its last action, which changes neither its best
        action nor what a rule that breaks ties by the lowest index does.
        """
        if len(sets) == 0:
            raise InvalidInput("there is no action set; expected at least one")
        arrays = [filled_array(f"action set {i}", actions, "size d") for i, actions in enumerate(sets)]
        dimensions = {array.shape[1] for array in arrays}
        if len(dimensions) > 1:
            raise InvalidInput(f"the action sets have dimensions {sorted(dimensions)}; expected the same in all")
        largest = max(len(array) for array in arrays)
        filled = [np.concatenate([array, np.repeat(array[-1:], largest - len(array), axis=0)]) for array in arrays]
        return cls.contextual(np.stack(filled), theta, weights, noise=noise, scale=scale, name=name)

    @classmethod
    def table(
        cls,
        features: npt.ArrayLike,
        theta: npt.ArrayLike,
        *,
        noise: str = "gaussian",
        scale: float = 1.0,
        name: str = "",
    ) -> LinearBandit:
        """Contexts in the order of a table: row t - 1 of ``features`` (n_rows, n_actions, d) is shown in round t."""
        return cls(np.asarray(features), np.asarray(theta), None, noise, scale, name)

    @property
    def n_rounds(self) -> int | None:
        """Rounds that a table of contexts lasts; None if contexts are drawn."""
        return self.n_contexts if self.weights is None else None

    @property
    def n_contexts(self) -> int:
        """Number of contexts."""
        return int(self.features.shape[0])

    @property
    def n_actions(self) -> int:
        """Number of actions of each context."""
        return int(self.features.shape[1])

    @property
    def dimension(self) -> int:
        """Length d of a feature vector."""
        return int(self.features.shape[2])

    @property
    def means(self) -> Float:
        """<theta, x_{c,a}>, shape (n_contexts, n_actions)."""
        return np.asarray(self.features @ self.theta)

    @property
    def gaps(self) -> Float:
        """Best mean of the context minus mean, shape (n_contexts, n_actions)."""
        means = self.means
        return np.asarray(means.max(axis=1, keepdims=True) - means)

    @property
    def max_gap(self) -> float:
        """The largest gap."""
        return float(self.gaps.max())

    @property
    def feature_bound(self) -> float:
        """max |x|."""
        return float(np.linalg.norm(self.features, axis=2).max())

    @property
    def parameter_bound(self) -> float:
        """|theta|."""
        return float(np.linalg.norm(self.theta))

    @property
    def noise_subgaussian(self) -> float:
        """R: sd (Gaussian), half-width / sqrt 3 (uniform: its variance proxy is its variance), 1/2 (Bernoulli).

        Uniform: E e^{s U} = sinh(sb)/(sb) <= e^{s^2 b^2/6}, term by term since (2k+1)! >= 6^k k!.
        Bernoulli: Hoeffding's lemma.
        """
        return {"gaussian": self.scale, "uniform": self.scale / 3.0**0.5, "bernoulli": 0.5}[self.noise]

    @property
    def module(self) -> str:
        """Name of the module with the compiled functions of the instance."""
        return sys.modules[type(self).__module__].__name__

    def arrays(self) -> LinearArrays:
        """What compiled code takes."""
        n = self.n_contexts
        return LinearArrays(
            self.features,
            self.theta,
            np.full(n, 1.0 / n) if self.weights is None else self.weights,
            self.means,
            self.gaps,
            self.weights is None,
            NOISES[self.noise],
            float(self.scale),
        )

    def problem(self, horizon: int) -> LinearProblem:
        """What an algorithm may know.

        Raises:
            InvalidInput: if a table has fewer rows than there are rounds.
        """
        if self.weights is None and horizon > self.n_contexts:
            raise InvalidInput(f"{self.name} has {self.n_contexts} rows of contexts for {horizon} rounds")
        return LinearProblem(self.n_contexts, self.n_actions, self.dimension, horizon)

    def world(self, seed: int, run: int) -> LinearWorld:
        """One run for an algorithm driven from Python."""
        return LinearWorld(self, seed, run)

    def trivial_regret(self, horizons: Float) -> Float:
        """The regret that no algorithm can exceed: the largest gap of every round."""
        horizons = np.asarray(horizons, dtype=float)
        worst = self.gaps.max(axis=1)
        if self.weights is not None:
            return horizons * worst.max()
        running = np.concatenate([[0.0], np.cumsum(worst)])
        return np.asarray(running[np.clip(horizons.astype(np.int64), 0, self.n_contexts)])


@compiled
def context_of(arrays, t, key, gamma):
    """The context of round t (from 1): the next row of a table, or drawn with the t-th word of the context stream."""
    if arrays.in_order:
        return t - 1
    if arrays.weights.shape[0] == 1:
        return 0
    return choose(arrays.weights, 1.0, uniform(key, gamma, t - 1))


@compiled
def draw(arrays, context, action, t, key, gamma):
    """The reward of round t."""
    u = uniform(key, gamma, t - 1)
    mean = arrays.means[context, action]
    if arrays.law == GAUSSIAN:
        return mean + arrays.scale * standard_normal(u)
    if arrays.law == UNIFORM:
        return mean + arrays.scale * (2.0 * u - 1.0)
    return 1.0 if u < mean else 0.0


@compiled
def gap(arrays, context, action):
    """The regret of the round."""
    return arrays.gaps[context, action]
