"""Linear bandits whose noise has a variance that depends on the context and the action, and is known."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np
import numpy.typing as npt

from bandits.linear import LinearBandit, context_of, gap
from bandits.loops import LINEAR
from bandits.model import Float, within
from kernels.engine import Protocol
from kernels.jit import compiled
from kernels.random import uniform
from theory.errors import InvalidInput

__all__ = ["HeteroscedasticBandit", "HeteroscedasticProblem", "context_of", "draw", "gap"]


class HeteroscedasticProblem(NamedTuple):
    """What an algorithm is told before the first round: as for linear bandits, and the variances."""

    n_contexts: int
    n_actions: int
    dimension: int
    horizon: int
    variances: Float


class HeteroscedasticArrays(NamedTuple):
    """The instance as compiled code sees it; names as for linear bandits."""

    features: Float
    theta: Float
    weights: Float
    means: Float
    gaps: Float
    in_order: bool
    chances: Float  # probability of a shock, (n_contexts, n_actions)
    bound: float  # size of a shock


@dataclass(frozen=True, eq=False)
class HeteroscedasticBandit:
    """A linear bandit with rare shocks: the noise is +R or -R with probability v/(2 R^2) each, else zero.

    Its variance is v, its bound R: v may be far smaller than R^2, which is where a bound in the variances gains.

    Attributes:
        linear: contexts, features and theta; its own noise is not used.
        variances: v, shape (n_contexts, n_actions), in [0, R^2].
        bound: R > 0.
        name: shown in tables.

    Raises:
        InvalidInput: if the variances do not fit, with index and value.
    """

    linear: LinearBandit
    variances: Float
    bound: float = 1.0
    name: str = ""

    protocol: ClassVar[Protocol] = LINEAR

    def __post_init__(self) -> None:
        if not (np.isfinite(self.bound) and self.bound > 0.0):
            raise InvalidInput(f"bound of the noise is {self.bound}; expected a finite number > 0")
        variances = np.array(self.variances, dtype=np.float64)
        expected = (self.linear.n_contexts, self.linear.n_actions)
        if variances.shape != expected:
            raise InvalidInput(f"variances have shape {variances.shape}; expected (n_contexts, n_actions) = {expected}")
        within("variances", variances, 0.0, self.bound**2)
        variances.flags.writeable = False
        object.__setattr__(self, "variances", variances)
        if not self.name:
            object.__setattr__(self, "name", f"{self.linear.name}, shocks of size {self.bound:g}")

    @classmethod
    def by_context(cls, linear: LinearBandit, variances: npt.ArrayLike, bound: float = 1.0) -> HeteroscedasticBandit:
        """The same variance for all actions of a context; ``variances`` has shape (n_contexts,)."""
        column = np.asarray(variances, dtype=np.float64)
        if column.shape != (linear.n_contexts,):
            raise InvalidInput(f"variances have shape {column.shape}; expected ({linear.n_contexts},)")
        return cls(linear, np.repeat(column[:, None], linear.n_actions, axis=1), bound)

    @property
    def n_rounds(self) -> int | None:
        """Rounds that a table of contexts lasts; None if contexts are drawn."""
        return self.linear.n_rounds

    @property
    def n_contexts(self) -> int:
        """Number of contexts."""
        return self.linear.n_contexts

    @property
    def n_actions(self) -> int:
        """Number of actions of each context."""
        return self.linear.n_actions

    @property
    def dimension(self) -> int:
        """Length d of a feature vector."""
        return self.linear.dimension

    @property
    def features(self) -> Float:
        """x_{c,a}, shape (n_contexts, n_actions, d)."""
        return self.linear.features

    @property
    def means(self) -> Float:
        """<theta, x_{c,a}>, shape (n_contexts, n_actions)."""
        return self.linear.means

    @property
    def gaps(self) -> Float:
        """Best mean of the context minus mean, shape (n_contexts, n_actions)."""
        return self.linear.gaps

    @property
    def max_gap(self) -> float:
        """The largest gap."""
        return self.linear.max_gap

    @property
    def feature_bound(self) -> float:
        """max |x|."""
        return self.linear.feature_bound

    @property
    def parameter_bound(self) -> float:
        """|theta|."""
        return self.linear.parameter_bound

    @property
    def noise_bound(self) -> float:
        """R >= |noise|."""
        return self.bound

    @property
    def noise_subgaussian(self) -> float:
        """R: noise in [-R, R] is R-subgaussian (Hoeffding's lemma), and for rare shocks hardly better."""
        return self.bound

    @property
    def mean_variance(self) -> float:
        """Largest expected variance of a round: over contexts by their weights, within a context the largest."""
        return float(self.linear.arrays().weights @ self.variances.max(axis=1))

    @property
    def largest_variance(self) -> float:
        """max v."""
        return float(self.variances.max())

    @property
    def module(self) -> str:
        """Name of the module with the compiled functions of the instance."""
        return sys.modules[type(self).__module__].__name__

    def arrays(self) -> HeteroscedasticArrays:
        """What compiled code takes."""
        base = self.linear.arrays()
        return HeteroscedasticArrays(
            base.features, base.theta, base.weights, base.means, base.gaps, base.in_order,
            np.ascontiguousarray(self.variances / self.bound**2), float(self.bound),
        )  # fmt: skip

    def problem(self, horizon: int) -> HeteroscedasticProblem:
        """What an algorithm may know.

        Raises:
            InvalidInput: if a table has fewer rows than there are rounds.
        """
        return HeteroscedasticProblem(*self.linear.problem(horizon), self.variances)

    def trivial_regret(self, horizons: Float) -> Float:
        """The regret that no algorithm can exceed."""
        return self.linear.trivial_regret(horizons)


@compiled
def draw(arrays, context, action, t, key, gamma):
    """The reward of round t: shocks in the two tails of its uniform."""
    u = uniform(key, gamma, t - 1)
    tail = 0.5 * arrays.chances[context, action]
    mean = arrays.means[context, action]
    if u < tail:
        return mean - arrays.bound
    if u >= 1.0 - tail:
        return mean + arrays.bound
    return mean
