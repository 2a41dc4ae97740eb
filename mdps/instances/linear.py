"""Linear and linear mixture MDPs that satisfy their definition by construction, and one that does not."""

from __future__ import annotations

import dataclasses
import math

import numpy as np

from mdps.instances.checks import integer_at_least, number_between, positive_number
from mdps.instances.registry import instance_family
from mdps.linear import LinearMDP, LinearMixtureMDP
from mdps.model import MDP
from theory.errors import InvalidInput


@instance_family
def simplex_linear(
    n_states: int = 20,
    n_actions: int = 4,
    dimension: int = 5,
    horizon: int = 5,
    concentration: float | None = None,
    n_anchors: int = 0,
    seed: int = 0,
    reward_law: str = "deterministic",
) -> LinearMDP:
    """A linear MDP with features on the simplex: phi(s,a) Dirichlet, m_{h,i} distributions, theta_h in [0, 1]^d.

    Rows are then mixtures of d distributions, |phi| <= 1, |m_h(S)| = sqrt(d) and rewards lie in [0, 1].

    Args:
        concentration: Dirichlet parameter of the features, default 1/d (nearly one-hot); large is nearly uniform.
        n_anchors: that many coordinates i < n_anchors get a state-action pair with phi = e_i exactly (an anchor), so
            that with n_anchors = dimension the features span R^d.

    Raises:
        InvalidInput: sizes < 1, concentration <= 0, or more anchors than coordinates or state-action pairs.
    """
    for what, value in (
        ("n_states", n_states),
        ("n_actions", n_actions),
        ("dimension", dimension),
        ("horizon", horizon),
    ):
        integer_at_least(what, value, 1)
    concentration = 1.0 / dimension if concentration is None else concentration
    positive_number("concentration", concentration)
    most = min(dimension, n_states * n_actions)
    if not 0 <= n_anchors <= most:
        raise InvalidInput(f"n_anchors is {n_anchors}; expected 0..{most} (coordinates, state-action pairs)")
    rng = np.random.default_rng(seed)
    features = rng.dirichlet(np.full(dimension, concentration), size=(n_states, n_actions))
    pairs = rng.choice(n_states * n_actions, size=n_anchors, replace=False)
    features.reshape(-1, dimension)[pairs] = np.eye(dimension)[:n_anchors]
    return LinearMDP(
        features=features,
        measures=rng.dirichlet(np.ones(n_states), size=(horizon, dimension)),
        reward_vectors=rng.random((horizon, dimension)),
        reward_law=reward_law,
        name=f"simplex-linear-{n_states}x{n_actions}-d{dimension}-H{horizon}-seed{seed}",
    )


@instance_family
def block_linear(
    n_latent: int = 3, n_actions: int = 3, block_size: int = 5, horizon: int = 5, seed: int = 0
) -> LinearMDP:
    """A block MDP (Du et al. 2019) as a linear MDP with d = n_latent * n_actions one-hot features of (latent, action).

    Latent kernels are Dirichlet(1, ..., 1) and stage-dependent; latent state z emits the observations
    z * block_size .. (z + 1) * block_size - 1 with a Dirichlet(1, ..., 1) law; rewards are uniform per latent pair.

    Raises:
        InvalidInput: sizes < 1.
    """
    sizes = (("n_latent", n_latent), ("n_actions", n_actions), ("block_size", block_size), ("horizon", horizon))
    for what, value in sizes:
        integer_at_least(what, value, 1)
    rng = np.random.default_rng(seed)
    d, n_states = n_latent * n_actions, n_latent * block_size
    latent = np.repeat(np.arange(n_latent), block_size)
    emission = np.zeros((n_latent, n_states))
    emission[latent, np.arange(n_states)] = rng.dirichlet(np.ones(block_size), size=n_latent).reshape(-1)
    kernel = rng.dirichlet(np.ones(n_latent), size=(horizon, d))
    return LinearMDP(
        features=np.eye(d).reshape(n_latent, n_actions, d)[latent],
        measures=kernel @ emission,
        reward_vectors=rng.random((horizon, d)),
        name=f"block-linear-{n_latent}x{block_size}x{n_actions}-H{horizon}-seed{seed}",
        meta={"latent": latent.tolist()},
    )


def one_hot_linear(mdp: MDP) -> LinearMDP:
    """Any episodic tabular model with rewards in [0, 1] as a linear MDP with d = S*A one-hot features.

    Raises:
        InvalidInput: the model is not episodic, or has rewards outside [0, 1].
    """
    if mdp.horizon is None:
        raise InvalidInput(f"{mdp.name} has the {mdp.criterion} criterion; a linear MDP needs a horizon")
    d = mdp.n_states * mdp.n_actions
    p, r = mdp.dense()
    return LinearMDP(
        features=np.eye(d).reshape(mdp.n_states, mdp.n_actions, d),
        measures=np.broadcast_to(p.reshape(-1, d, mdp.n_states), (mdp.horizon, d, mdp.n_states)),
        reward_vectors=np.broadcast_to(r.reshape(-1, d), (mdp.horizon, d)),
        initial=mdp.initial,
        reward_law=mdp.reward_law,
        name=mdp.name,
        meta=dict(mdp.meta),
    )


@instance_family
def kernel_mixture(
    n_states: int = 10, n_actions: int = 3, dimension: int = 4, horizon: int = 5, seed: int = 0
) -> LinearMixtureMDP:
    """A linear mixture of ``dimension`` random kernels: psi_i(s'|s,a) = P_i(s'|s,a) / sqrt(d).

    The weights theta_h are sqrt(d) times a uniform point of the simplex, so |psi_V| <= 1 for V in [0, 1]^S and
    |theta_h| <= sqrt(d). Rewards are uniform on [0, 1] and known.

    Raises:
        InvalidInput: sizes < 1.
    """
    for what, value in (
        ("n_states", n_states),
        ("n_actions", n_actions),
        ("dimension", dimension),
        ("horizon", horizon),
    ):
        integer_at_least(what, value, 1)
    rng = np.random.default_rng(seed)
    kernels = rng.dirichlet(np.ones(n_states), size=(n_states, n_actions, dimension))
    return LinearMixtureMDP(
        features=kernels.transpose(0, 1, 3, 2) / math.sqrt(dimension),
        parameters=rng.dirichlet(np.ones(dimension), size=horizon) * math.sqrt(dimension),
        rewards=rng.random((horizon, n_states, n_actions)),
        name=f"kernel-mixture-{n_states}x{n_actions}-d{dimension}-H{horizon}-seed{seed}",
    )


def perturbed_linear(model: LinearMDP, epsilon: float, seed: int = 0) -> MDP:
    """A control that breaks linearity (and Bellman completeness): (1 - epsilon) P + epsilon Q.

    Q moves from each (h, s, a) to one independent uniform state, which no d < S*A features explain. The result is
    within epsilon of the linear model in total variation, row by row; ``meta["misspecification"]`` is epsilon.

    Raises:
        InvalidInput: epsilon outside [0, 1].
    """
    number_between("epsilon", epsilon, 0.0, 1.0)
    base = model.tabular()
    p, r = base.dense()
    p *= 1.0 - epsilon
    targets = np.random.default_rng(seed).integers(0, base.n_states, p.shape[:-1])
    np.put_along_axis(p, targets[..., None], np.take_along_axis(p, targets[..., None], -1) + epsilon, -1)
    return MDP.from_dense(
        p,
        r,
        initial=base.initial,
        reward_law=base.reward_law,
        name=f"{base.name}-perturbed-{epsilon:g}",
        meta={**base.meta, "misspecification": epsilon},
    )


@dataclasses.dataclass(frozen=True)
class _ZhouGu:
    """The numbers of the construction of Zhou, Gu and Szepesvari (2021), section 5 (proof of Theorem 5.6)."""

    dimension: int
    horizon: int
    n_episodes: int
    seed: int

    def __post_init__(self) -> None:
        integer_at_least("dimension", self.dimension, 2)
        if self.dimension > 21:
            raise InvalidInput(f"dimension is {self.dimension}: 2**{self.dimension - 1} actions; expected at most 21")
        integer_at_least("horizon", self.horizon, 2)
        integer_at_least("n_episodes", self.n_episodes, 1)
        least = (self.dimension - 1) ** 2 * self.horizon / 32  # then (d - 1) Delta <= 1/H, and 2/H <= 1
        if self.n_episodes < least:
            raise InvalidInput(f"n_episodes is {self.n_episodes}; expected at least (d - 1)^2 H / 32 = {least:g}")

    @property
    def jump(self) -> float:
        """delta = 1/H: the probability of reaching the rewarding state with an uncorrelated action."""
        return 1.0 / self.horizon

    @property
    def gap(self) -> float:
        """Delta = sqrt(delta / K) / (4 sqrt 2)."""
        return math.sqrt(self.jump / self.n_episodes) / (4.0 * math.sqrt(2.0))

    @property
    def scales(self) -> tuple[float, float]:
        """alpha and beta: sqrt(1 / (1 + (d-1) Delta)) and sqrt(Delta / (1 + (d-1) Delta))."""
        total = 1.0 + (self.dimension - 1) * self.gap
        return math.sqrt(1.0 / total), math.sqrt(self.gap / total)

    @property
    def actions(self) -> np.ndarray:
        """{-1, 1}^(d-1), shape (2^(d-1), d-1): coordinate j of action a is +1 if bit j of a is set."""
        bits = np.arange(2 ** (self.dimension - 1))[:, None] >> np.arange(self.dimension - 1)[None, :]
        return np.where(bits & 1, 1.0, -1.0)

    @property
    def mu(self) -> np.ndarray:
        """The hidden vectors mu_h in {-Delta, Delta}^(d-1), shape (H, d-1), signs from the seed."""
        signs = np.random.default_rng(self.seed).integers(0, 2, (self.horizon, self.dimension - 1))
        return np.where(signs == 1, self.gap, -self.gap)

    @property
    def label(self) -> str:
        return f"d{self.dimension}-H{self.horizon}-K{self.n_episodes}-seed{self.seed}"


@instance_family
def zhou_gu_hard(dimension: int = 4, horizon: int = 4, n_episodes: int = 200, seed: int = 0) -> LinearMixtureMDP:
    """The hard linear mixture instance of Zhou, Gu and Szepesvari (2021), Theorem 5.6, for K = ``n_episodes``.

    H + 2 states, 2^(d-1) actions {-1, 1}^(d-1). From state h (of 0..H-1) an action reaches the rewarding state H + 1
    with probability 1/H + <mu_h, action> and state h + 1 otherwise; states H and H + 1 are absorbing and H + 1 earns 1
    a step. The optimal action follows the signs of mu_h, ``meta["optimal_actions"][h]``; the optimal value is
    sum_{h=1..H} (1-p)^(h-1) p (H-h) with p = 1/H + (d-1) Delta. |theta_h| = 1 + (d-1) Delta exactly.

    Raises:
        InvalidInput: d < 2 or d > 21, H < 2, or K < (d-1)^2 H / 32 (probabilities outside [0, 1]).
    """
    c = _ZhouGu(dimension, horizon, n_episodes, seed)
    alpha, beta = c.scales
    n_states, good = horizon + 2, horizon + 1
    psi = np.zeros((n_states, 2 ** (dimension - 1), n_states, dimension))
    for x in range(horizon):
        psi[x, :, x + 1, 0], psi[x, :, x + 1, 1:] = alpha * (1.0 - c.jump), -beta * c.actions
        psi[x, :, good, 0], psi[x, :, good, 1:] = alpha * c.jump, beta * c.actions
    psi[horizon, :, horizon, 0] = psi[good, :, good, 0] = alpha
    rewards = np.zeros((horizon, n_states, psi.shape[1]))
    rewards[:, good] = 1.0
    return LinearMixtureMDP(
        features=psi,
        parameters=np.column_stack([np.full(horizon, 1.0 / alpha), c.mu / beta]),
        rewards=rewards,
        name=f"zhou-gu-{c.label}",
        meta={"optimal_actions": ((c.mu > 0) @ (1 << np.arange(dimension - 1))).tolist()},
    )


@instance_family
def zhou_gu_hard_linear(dimension: int = 4, horizon: int = 4, n_episodes: int = 200, seed: int = 0) -> LinearMDP:
    """The linear-MDP twin of :func:`zhou_gu_hard` (Zhou, Gu and Szepesvari 2021, Remark 5.8), with d + 1 features.

    phi = (alpha, beta * action, 0) in states 0..H and (0, 0, 1) in the rewarding one; the hidden mu_h sits in the
    measure of stage h, which leads to state h + 1 or to the rewarding state. From the first state it is the same
    process as the mixture; the twins differ in (state, stage) pairs that cannot occur, since the features of states
    0..H are equal.

    Raises:
        InvalidInput: as :func:`zhou_gu_hard`.
    """
    c = _ZhouGu(dimension, horizon, n_episodes, seed)
    alpha, beta = c.scales
    n_states, good, d = horizon + 2, horizon + 1, dimension + 1
    phi = np.zeros((n_states, 2 ** (dimension - 1), d))
    phi[:good, :, 0], phi[:good, :, 1:-1], phi[good, :, -1] = alpha, beta * c.actions, 1.0
    measures = np.zeros((horizon, d, n_states))
    for h, mu in enumerate(c.mu):
        measures[h, 0, h + 1], measures[h, 1:-1, h + 1] = (1.0 - c.jump) / alpha, -mu / beta
        measures[h, 0, good], measures[h, 1:-1, good], measures[h, -1, good] = c.jump / alpha, mu / beta, 1.0
    reward_vectors = np.zeros((horizon, d))
    reward_vectors[:, -1] = 1.0
    return LinearMDP(
        features=phi,
        measures=measures,
        reward_vectors=reward_vectors,
        name=f"zhou-gu-linear-{c.label}",
        meta={"optimal_actions": ((c.mu > 0) @ (1 << np.arange(dimension - 1))).tolist()},
    )
