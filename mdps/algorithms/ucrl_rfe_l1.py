"""UCRL-RFE with the 1-norm surrogate (Zhang, Zhou and Gu 2021): linear programs for max over f, at a factor d."""

from __future__ import annotations

from collections.abc import Generator
from typing import NamedTuple

from kernels.driven import DRIVEN
from mdps.algorithms import ucrl_rfe
from mdps.model import Float
from mdps.reward_free import RewardFreeProblem, RewardFreeWorld
from mdps.reward_free_regression import widest_l1

PROTOCOL = DRIVEN

allocate = ucrl_rfe.allocate


class UCRLRFEL1(NamedTuple):
    """The hyper-parameters of :class:`mdps.algorithms.ucrl_rfe.UCRLRFE`, whose exploration is that of the surrogate."""

    n_episodes: int
    delta: float = 0.1
    c_beta: float = 1.0


def play(
    params: UCRLRFEL1, problem: RewardFreeProblem, world: RewardFreeWorld, horizon: int
) -> Generator[ucrl_rfe.Moment, None, Float]:
    """UCRL-RFE whose rewards and targets come from max over f of the 1-norm."""
    same = ucrl_rfe.UCRLRFE(*params)
    return ucrl_rfe.explore(same, problem, world, horizon, widest_l1)
