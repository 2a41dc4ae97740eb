"""Models drawn from a prior: every replication plays a model of its own (Bayesian regret)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np

from kernels.driven import generator
from kernels.engine import Protocol
from kernels.random import CONTEXT
from mdps.instances.checks import integer_at_least, number_between
from mdps.loops import Episodes, EpisodicProblem
from mdps.loops import Episodic as EpisodicProtocol
from mdps.model import MDP, Float


class PriorArrays(NamedTuple):
    """Everything that the numbers of a :class:`DirichletPrior` depend on."""

    n_states: int
    n_actions: int
    horizon: int
    concentration: float


@dataclass(frozen=True)
class DirichletPrior:
    """Stationary episodic models: rows Dirichlet(c, ..., c), means of Bernoulli rewards uniform on [0, 1], s_1 = 0.

    Replication r of seed n plays the model ``draw(n, r)``, from the beginning to the end.

    Attributes:
        n_states, n_actions, horizon: sizes, each at least 1.
        concentration: c, at least 1.

    Raises:
        InvalidInput: a size or the concentration below 1.
    """

    n_states: int
    n_actions: int
    horizon: int
    concentration: float = 1.0

    protocol: ClassVar[Protocol]
    module: ClassVar[str] = __name__
    stage_dependent: ClassVar[bool] = False
    reward_law: ClassVar[str] = "bernoulli"
    reward_range: ClassVar[tuple[float, float]] = (0.0, 1.0)

    def __post_init__(self) -> None:
        for name in ("n_states", "n_actions", "horizon"):
            integer_at_least(name, getattr(self, name), 1)
        number_between("concentration", self.concentration, 1.0, np.inf)

    @property
    def name(self) -> str:
        """Sizes in words."""
        return f"prior-{self.n_states}x{self.n_actions}-H{self.horizon}"

    @property
    def initial(self) -> Float:
        """All on state 0."""
        return np.eye(self.n_states)[0]

    def draw(self, seed: int, run: int) -> Episodes:
        """The model of one replication."""
        rng = generator(seed, CONTEXT, run)
        shape = (self.n_states, self.n_actions)
        p = rng.dirichlet(np.full(self.n_states, self.concentration), size=shape)
        return Episodes(
            MDP.from_dense(p, rng.random(shape), horizon=self.horizon, reward_law="bernoulli", name=self.name)
        )

    def arrays(self) -> PriorArrays:
        """The sizes."""
        return PriorArrays(self.n_states, self.n_actions, self.horizon, self.concentration)

    def problem(self, n_episodes: int) -> EpisodicProblem:
        """What an algorithm may know; mean rewards are not among it (nan)."""
        s, a, h = self.n_states, self.n_actions, self.horizon
        return EpisodicProblem(s, a, h, n_episodes, False, np.full((h, s, a), np.nan), np.zeros((s, a, 0)))

    def trivial_regret(self, horizons: Float) -> Float:
        """K H: no model with rewards in [0, 1] costs more."""
        return np.asarray(horizons, dtype=float) * self.horizon


class Bayesian(EpisodicProtocol):
    """The episodic loop, one replication at a time, each on the model that the prior gives it."""

    def seen(self, instance: Any) -> Any:
        """The prior itself: models are drawn in :meth:`run_block`."""
        return instance

    def run_block(
        self, loop, params, state, instance, watch, records, seed, first_run, n_runs, checkpoints, n_decisions
    ):
        regret, extras = [], []
        if n_runs == 0:  # only to compile
            return super().run_block(
                loop, params, state, instance.draw(0, 0).arrays(), watch, records, seed, first_run, 0, checkpoints, 0
            )
        for run in range(n_runs):
            arrays = instance.draw(seed, first_run + run).arrays()
            own = type(records)(*(part[run : run + 1] for part in records))
            one, extra = super().run_block(
                loop, params, state, arrays, watch, own, seed, first_run + run, 1, checkpoints, n_decisions
            )
            regret.append(one)
            extras.append(extra)
        return np.concatenate(regret), {name: np.concatenate([e[name] for e in extras]) for name in extras[0]}


DirichletPrior.protocol = Bayesian()
