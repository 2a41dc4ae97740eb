"""Dilated bonuses and linear loss estimates of adversarial policy optimisation, what its algorithms share.

Sources: Luo, Wei and Lee 2021, arXiv:2107.08346 (dilated bonus); Dai, Luo, Wei and Zimmert 2023, arXiv:2301.12942.
Pairs (s, a) are numbered s A + a where features are (H, S A, d).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol

import numpy as np

from mdps.adversarial import AdversarialProblem, AdversarialWorld, Walk
from mdps.covariance import Covariance, Exact
from mdps.planning.layered import Float, Int
from theory.errors import InvalidInput


class Moment(NamedTuple):
    """What an episode shows to a watch.

    Attributes:
        policy: pi_k, (H, S, A). inverse: the regularised inverse covariances, (H, d, d).
        bonus: b_k; dilated: B_k; estimate: Qhat_k, all (H, S, A).
        estimator: (pairs (H,), losses-to-go (H,)) -> Qhat, what the estimate would be on another path.
        walk: the episode played.
    """

    policy: Float
    inverse: Float
    bonus: Float
    dilated: Float
    estimate: Float
    estimator: Callable[[Int, Float], Float]
    walk: Walk


def features_of(problem: AdversarialProblem) -> Float:
    """phi, (H, S A, d)."""
    return problem.features.reshape(problem.horizon, -1, problem.features.shape[3])


def widths(phi: Float, inverse: Float) -> Float:
    """|phi|^2 in Sigma^+, (H, S A)."""
    return ((phi @ inverse) * phi).sum(axis=2)  # type: ignore[no-any-return]


def local_bonus(width: Float, policy: Float, scale: float) -> Float:
    """b(s, a) = beta (|phi(s, a)|^2 + E_{a' ~ pi(s)} |phi(s, a')|^2), both parts in Sigma^+."""
    width = width.reshape(policy.shape)
    return scale * (width + (policy * width).sum(axis=2, keepdims=True))


class Recursion(Protocol):
    """A way to compute B from b."""

    @property
    def exact(self) -> bool: ...

    def dilated(
        self, problem: AdversarialProblem, policy: Float, bonus: Float, world: AdversarialWorld
    ) -> Float: ...  # fmt: skip


class Backward(NamedTuple):
    """B(s, a) = b(s, a) + (1 + 1/H) E_{s'} E_{a' ~ pi(s')} B(s', a'), backwards through the layers."""

    @property
    def exact(self) -> bool:
        """Whether there is no sampling error."""
        return True

    def dilated(self, problem: AdversarialProblem, policy: Float, bonus: Float, world: AdversarialWorld) -> Float:
        """B, (H, S, A)."""
        return dilate(problem.transitions, policy, bonus, 1.0 + 1.0 / problem.horizon)


class OneSuccessor(NamedTuple):
    """The same with one simulated successor and action for every (s, a) of an episode (memoised by construction)."""

    @property
    def exact(self) -> bool:
        """Whether there is no sampling error."""
        return False

    def dilated(self, problem: AdversarialProblem, policy: Float, bonus: Float, world: AdversarialWorld) -> Float:
        """B, (H, S, A); its expectation is that of :class:`Backward`."""
        result = bonus.copy()
        for h in range(problem.horizon - 2, -1, -1):
            for s in range(problem.n_states):
                for a in range(problem.n_actions):
                    after = world.successor(h, s, a)
                    row = policy[h + 1, after].cumsum()
                    choice = int(row.searchsorted(world.simulator.random() * row[-1], side="right"))
                    result[h, s, a] += (1.0 + 1.0 / problem.horizon) * result[h + 1, after, choice]
        return result


def dilate(transitions: Float, policy: Float, bonus: Float, factor: float) -> Float:
    """B_h = b_h + factor P_h <pi_{h+1}, B_{h+1}>, (H, S, A)."""
    result = bonus.copy()
    for h in range(len(bonus) - 2, -1, -1):
        result[h] += factor * (transitions[h] @ (policy[h + 1] * result[h + 1]).sum(axis=1))
    return result


def linear_estimate(phi: Float, inverse: Float, shape: tuple[int, ...], pairs: Int, to_go: Float) -> Float:
    """phi(s, a) . thetahat_h with thetahat_h = Sigma^+_h phi(s_h, a_h) L_h, (H, S, A)."""
    seen = phi[np.arange(len(phi)), pairs]
    theta = (inverse @ seen[:, :, None])[:, :, 0] * to_go[:, None]
    return (phi @ theta[:, :, None]).reshape(shape)


def pairs_of(walk: Walk, n_actions: int) -> Int:
    """s A + a along an episode, (H,)."""
    return walk.states * n_actions + walk.actions


class Rates(NamedTuple):
    """The hyper-parameters of an algorithm with dilated bonuses; a class of each algorithm's own derives from it.

    Attributes:
        learning_rate: eta. bonus_scale: beta. regularization: gamma. ``tuned`` of the algorithm's module has the
            theorem's.
        covariance: exact, sampled or by matrix geometric resampling. recursion: of the bonus, exact or sampled.
    """

    learning_rate: float
    bonus_scale: float
    regularization: float
    covariance: Covariance = Exact()
    recursion: Recursion = Backward()


def allocate(params: Rates, problem: AdversarialProblem) -> None:
    """Check the hyper-parameters.

    Raises:
        InvalidInput: unless learning rate > 0, bonus scale >= 0, regularization >= 0 and the covariance's own hold.
    """
    name = type(params).__name__
    if not params.learning_rate > 0.0:
        raise InvalidInput(f"{name}: learning_rate is {params.learning_rate!r}; expected > 0")
    for what in ("bonus_scale", "regularization"):
        value = getattr(params, what)
        if not value >= 0.0:
            raise InvalidInput(f"{name}: {what} is {value!r}; expected >= 0")
    params.covariance.require()
