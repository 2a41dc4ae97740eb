"""Small episodic instances and rates that the claims of tabular algorithms share."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from mdps.instances.lower_bounds import domingues_hard
from mdps.instances.random import random_mdp
from mdps.loops import Episodes
from mdps.model import MDP
from theory.lower_bounds import episodic
from theory.theorem import Theorem

Float = npt.NDArray[np.float64]


def one_state() -> Episodes:
    """S = H = 1, A = 2, rewards 0 and 1: the smallest instance there is, so that explicit constants bite earliest."""
    return Episodes(MDP.from_dense(np.ones((1, 2, 1)), [[0.0, 1.0]], horizon=1, name="one state, two actions"))


def two_states() -> Episodes:
    """S = A = H = 2: action 0 pays 1 or 0.9 and action 1 nothing, with different successors."""
    p = [[[0.3, 0.7], [0.8, 0.2]], [[0.6, 0.4], [0.1, 0.9]]]
    return Episodes(MDP.from_dense(p, [[1.0, 0.0], [0.9, 0.0]], horizon=2, name="two states, two actions, H = 2"))


def random_stages() -> Episodes:
    """Three states, two actions, H = 3, and another random model at every stage."""
    return Episodes(random_mdp(3, 2, horizon=3, seed=1, stage_dependent=True))


def hard_tree() -> Episodes:
    """A small member of the family on which the minimax lower bound was proved: A = 2, two levels, H = 6."""
    return Episodes(domingues_hard(2, 2, 6, 0.3))


def gamble(n_actions: int, horizon: int, epsilon: float) -> Episodes:
    """From the start every action leads to the good state with 1/2, the last one with 1/2 + epsilon, else to the bad.

    Both are absorbing; the good one earns 1 a step. The gap of the other actions is (H - 1) epsilon.
    """
    p = np.zeros((3, n_actions, 3))
    p[0, :, 1:] = 0.5
    p[0, n_actions - 1, 1:] = 0.5 + epsilon, 0.5 - epsilon
    p[1, :, 1] = p[2, :, 2] = 1.0
    r = np.zeros((3, n_actions))
    r[1] = 1.0
    return Episodes(MDP.from_dense(p, r, horizon=horizon, name=f"gamble, gap {(horizon - 1) * epsilon:.3g}"))


def shrinking_gamble(n_episodes: int) -> tuple[Episodes, int]:
    """A hard instance for K episodes: S = 3, A = 2, H = 4 and epsilon = L sqrt(SA/K) / 10, L = log(5HSAT/0.1).

    Regret against bonuses of order L/sqrt N is largest at gaps of order L/sqrt K, so the gap moves with K.
    """
    s, a, h = 3, 2, 4
    log_factor = math.log(5.0 * h * s * a * (n_episodes * h) / 0.1)
    return gamble(a, h, min(0.5, 0.1 * log_factor * math.sqrt(s * a / n_episodes))), n_episodes


def shrinking_stage_gamble(n_episodes: int) -> tuple[Episodes, int]:
    """The gamble for optimistic Q-learning: epsilon = sqrt(H^3 i SA/K) / 50, i = log(2SAT/0.1), S = 3, A = 2, H = 4."""
    s, a, h = 3, 2, 4
    iota = math.log(2.0 * s * a * (n_episodes * h) / 0.1)
    return gamble(a, h, min(0.5, 0.02 * math.sqrt(h**3 * iota * s * a / n_episodes))), n_episodes


def order(id: str, source: str, statement: str, rate: Callable[[Any, Any, Float], Float]) -> Theorem:
    """The leading term of an explicit bound as a rate, without its constant; says nothing about any preset."""
    return Theorem(id, source, statement, "high-probability", "order", (), rate)


def minimax_if_hard(instance: Any, episodes: Float) -> Float:
    """(1/(48 sqrt 6)) sqrt(H^3 S A K) on the hard family it was proved for and K >= HSA, otherwise nan."""
    k = np.asarray(episodes, dtype=float)
    floor = np.full(k.shape, np.nan)
    if str(instance.name).startswith("domingues"):
        s, a, h = instance.n_states, instance.n_actions, instance.horizon
        enough = k >= h * s * a
        floor[enough] = episodic(s, a, h, k[enough])
    return floor
