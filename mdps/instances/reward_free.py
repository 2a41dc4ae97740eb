"""Reward-free linear mixture instances: the lower bound's three states, a river of mixed currents, tabular models."""

from __future__ import annotations

import itertools
import math

import numpy as np

from mdps.instances.checks import integer_at_least, number_between
from mdps.linear import LinearMixtureMDP
from mdps.model import MDP, Float
from mdps.reward_free import RewardFreeMDP
from theory.errors import InvalidInput

#: Probability of x_3 under an uncorrelated action in the hard instance.
JUMP = 1.0 / 6.0


def hard_gap(n_episodes: int) -> float:
    """Delta = sqrt(delta / K) / (4 sqrt 2), delta = 1/6."""
    return math.sqrt(JUMP / n_episodes) / (4.0 * math.sqrt(2.0))


def three_state_hard(
    dimension: int = 4, horizon: int = 4, n_episodes: int = 200, seed: int = 0, gap: float | None = None
) -> RewardFreeMDP:
    """The hard instance of Zhang, Zhang and Gu (2023), lower bound, for K = ``n_episodes``.

    States x_1, x_2, x_3 and actions {-1, 1}^(d-1). From x_1 an action reaches x_3 with probability 1/6 + <mu, a> and
    x_2 otherwise; both are absorbing. mu is in {-Delta, Delta}^(d-1), signs from the seed. The features are
    (c (1 - delta), -g a) to x_2, (c delta, g a) to x_3 and (c, 0) for staying, with c^2 = 1/(1 + Delta (d-1)) and
    g^2 = Delta/(1 + Delta (d-1)), so that ||phi_V|| <= 1 and ||theta|| = 1 + Delta (d-1) for theta = (1/c, mu/g).

    The class R holds the reward of the lower bound, 1/H a step in x_3, the same in x_2, and 1 for the last step in
    x_3; the candidates are the 2^(d-1) sign patterns of mu.

    Args:
        gap: Delta, if not the lower bound's sqrt(delta/K)/(4 sqrt 2) (then the lower bound does not speak of it).

    Raises:
        InvalidInput: d < 2 or d > 11, H < 2, or (d - 1) Delta > 1/6 (probabilities outside [0, 1]).
    """
    integer_at_least("dimension", dimension, 2)
    integer_at_least("horizon", horizon, 2)
    integer_at_least("n_episodes", n_episodes, 1)
    if dimension > 11:
        raise InvalidInput(f"dimension is {dimension}: 4**{dimension - 1} pairs of policy and candidate; at most 11")
    delta = hard_gap(n_episodes) if gap is None else gap
    number_between("gap", delta, 1e-12, JUMP / (dimension - 1))
    total = 1.0 + delta * (dimension - 1)
    c, g = math.sqrt(1.0 / total), math.sqrt(delta / total)
    actions = np.array(list(itertools.product((-1.0, 1.0), repeat=dimension - 1)))
    phi = np.zeros((3, len(actions), 3, dimension))
    phi[0, :, 1, 0], phi[0, :, 1, 1:] = c * (1.0 - JUMP), -g * actions
    phi[0, :, 2, 0], phi[0, :, 2, 1:] = c * JUMP, g * actions
    phi[1, :, 1, 0] = phi[2, :, 2, 0] = c
    candidates = np.column_stack([np.full(len(actions), 1.0 / c), delta * actions / g])
    best = int(np.random.default_rng(seed).integers(len(actions)))
    rewards = np.zeros((3, horizon, 3, len(actions)))
    rewards[0, :, 2] = rewards[1, :, 1] = 1.0 / horizon
    rewards[2, -1, 2] = 1.0
    return RewardFreeMDP(
        LinearMixtureMDP(phi, np.tile(candidates[best], (horizon, 1)), rewards[0]),
        rewards,
        candidates,
        name=f"three-state-hard-d{dimension}-H{horizon}-gap{delta:.3g}-seed{seed}",
        meta={"gap": delta, "best_action": best, "lower_bound_episodes": n_episodes if gap is None else 0},
    )


def _current(n_states: int, right: tuple[float, float], left: tuple[float, float]) -> Float:
    """A river: action 1 swims right, action 0 left; pairs are (chance to move right, chance to move left)."""
    kernel = np.zeros((n_states, 2, n_states))
    for s in range(n_states):
        for a, (up, down) in enumerate((left, right)):
            kernel[s, a, min(s + 1, n_states - 1)] += up
            kernel[s, a, max(s - 1, 0)] += down
            kernel[s, a, s] += 1.0 - up - down
    return kernel


def river_mixture(n_states: int = 4, horizon: int = 4, grain: int = 4) -> RewardFreeMDP:
    """A river whose current mixes four base kernels: phi_i = P_i / 2, theta = 2 w with w a point of the simplex.

    The base rivers are a strong and a weak current, one without left strokes and a lazy one. Candidates are the
    weights w that are multiples of 1/``grain``; the truth is the one nearest to (0.4, 0.3, 0.2, 0.1). The class R:
    for each state, 1/H a step there (any action), and 1 for the last step in the rightmost state.

    Raises:
        InvalidInput: n_states < 2, horizon < 2 or grain < 1.
    """
    for what, value, low in (("n_states", n_states, 2), ("horizon", horizon, 2), ("grain", grain, 1)):
        integer_at_least(what, value, low)
    bases = np.stack([
        _current(n_states, (0.9, 0.05), (0.0, 1.0)),
        _current(n_states, (0.35, 0.05), (0.0, 1.0)),
        _current(n_states, (0.6, 0.1), (0.5, 0.3)),
        _current(n_states, (0.1, 0.1), (0.1, 0.5)),
    ])  # fmt: skip
    d = len(bases)
    grid = [w for w in itertools.product(range(grain + 1), repeat=d) if sum(w) == grain]
    weights = np.array(grid, dtype=float) / grain
    true = int(np.argmin(np.linalg.norm(weights - np.array([0.4, 0.3, 0.2, 0.1]), axis=1)))
    rewards = np.zeros((n_states + 1, horizon, n_states, 2))
    for s in range(n_states):
        rewards[s, :, s] = 1.0 / horizon
    rewards[n_states, -1, -1] = 1.0
    candidates = math.sqrt(d) * weights
    return RewardFreeMDP(
        LinearMixtureMDP(
            bases.transpose(1, 2, 3, 0) / math.sqrt(d), np.tile(candidates[true], (horizon, 1)), rewards[0]
        ),
        rewards,
        candidates,
        name=f"river-mixture-{n_states}-H{horizon}-grain{grain}",
    )


def tabular_embedding(mdp: MDP, rewards: Float, other_kernels: Float | None = None) -> RewardFreeMDP:
    """A stationary tabular model as a linear mixture: d = S^2 A, phi(s'|s,a) = e_(s,a,s') / sqrt(S), theta = sqrt(S) P.

    Without the 1/sqrt(S) the norm of phi_V, |V|_2, would exceed 1.

    Args:
        mdp: episodic, stationary, with a fixed first state. rewards: the class R, (n_rewards, H, S, A).
        other_kernels: further candidates, (n, S, A, S).

    Raises:
        InvalidInput: the model depends on the stage or is not episodic, or as :class:`RewardFreeMDP`.
    """
    if mdp.horizon is None or mdp.stage_dependent:
        raise InvalidInput(f"{mdp.name} is not a stationary episodic model; expected one kernel and a horizon")
    s, a = mdp.n_states, mdp.n_actions
    kernels = mdp.dense()[0][None]
    if other_kernels is not None:
        kernels = np.concatenate([kernels, np.asarray(other_kernels, dtype=float)])
    features = np.eye(s * a * s).reshape(s, a, s, s * a * s) / math.sqrt(s)
    candidates = math.sqrt(s) * kernels.reshape(len(kernels), -1)
    return RewardFreeMDP(
        LinearMixtureMDP(features, np.tile(candidates[0], (mdp.horizon, 1)), rewards[0], mdp.initial),
        rewards,
        candidates,
        name=f"embedded {mdp.name}",
    )
