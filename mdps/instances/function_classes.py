"""Instances with a finite class of value functions: locks induced by a model class, bandits, and small traps."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import numpy as np

from mdps.function_classes import FunctionApproximation
from mdps.instances.checks import integer_at_least, number_between
from mdps.model import MDP, Float
from mdps.planning.finite_horizon import backward_induction, occupancies
from mdps.weight_classes import Listed, WeightClass
from theory.errors import InvalidInput

#: States of the latent lock.
GOOD, BAD = 0, 1


def code_lock(
    code: Sequence[int],
    n_actions: int = 2,
    stay: float = 0.9,
    high: float = 0.9,
    low: float = 0.1,
    block_size: int = 1,
    emission: Float | None = None,
) -> MDP:
    """A lock with latent states good and bad; the right action of stage h is ``code[h]``.

    From the good state the right action stays good with probability ``stay``; everything else leads to the bad state,
    which is never left. The only reward is that of the last stage: Bernoulli(high) for the right action in the good
    state, Bernoulli(low) otherwise, so an episode earns at most 1. The good state emits one of ``block_size``
    observations, the bad state one of ``block_size`` others (a block MDP).

    Args:
        emission: (2, block_size), the law of the observations in each latent state; default uniform.

    Raises:
        InvalidInput: an argument out of its range.
    """
    integer_at_least("n_actions", n_actions, 2)
    integer_at_least("block_size", block_size, 1)
    for name, value in (("stay", stay), ("high", high), ("low", low)):
        number_between(name, value, 0.0, 1.0)
    if len(code) == 0 or not all(0 <= c < n_actions for c in code):
        raise InvalidInput(f"code is {list(code)}; expected actions in 0..{n_actions - 1}, one for each stage")
    horizon = len(code)
    laws = np.full((2, block_size), 1.0 / block_size) if emission is None else np.asarray(emission, dtype=float)
    rows = np.zeros((2, 2 * block_size))
    rows[GOOD, :block_size], rows[BAD, block_size:] = laws[GOOD], laws[BAD]
    p = np.zeros((horizon, 2 * block_size, n_actions, 2 * block_size))
    r = np.zeros((horizon, 2 * block_size, n_actions))
    p[:] = rows[BAD]
    for h, right in enumerate(code):
        p[h, :block_size, right] = stay * rows[GOOD] + (1.0 - stay) * rows[BAD]
    r[-1] = low
    r[-1, :block_size, code[-1]] = high
    name = f"lock-H{horizon}-A{n_actions}" + (f"-m{block_size}" if block_size > 1 else "")
    return MDP.from_dense(p, r, initial=rows[GOOD], reward_law="bernoulli", name=name)


def model_class(models: Sequence[MDP], truth: int, **options: object) -> FunctionApproximation:
    """The class F = {Q*_M} induced by a finite model class; the world is ``models[truth]``.

    Raises:
        InvalidInput: no models, or no such model.
    """
    if not 0 <= truth < len(models):
        raise InvalidInput(f"truth is {truth}; expected the index of one of {len(models)} models")
    functions = np.stack([backward_induction(model)[1] for model in models])
    return FunctionApproximation(models[truth], functions, models=tuple(models), **options)  # type: ignore[arg-type]


def lock_class(
    horizon: int = 3,
    n_actions: int = 2,
    code: Sequence[int] | None = None,
    block_size: int = 1,
    offline_optimal: float | None = None,
    weights: WeightClass | None = None,
) -> FunctionApproximation:
    """A lock whose code is one of all n_actions^horizon codes.

    Args:
        code: the true one; default: the last action everywhere, the last function of the class.
        block_size: observations for each latent state.
        offline_optimal: None, or the share lambda of the optimal policy's occupancy in the offline law
            nu_h = lambda d_h^{pi*} + (1 - lambda) d_h^{uniform}.
        weights: W (default: mixture ratios).

    Raises:
        InvalidInput: an argument out of its range.
    """
    integer_at_least("horizon", horizon, 1)
    codes = list(product(range(n_actions), repeat=horizon))
    true = tuple(code) if code is not None else (n_actions - 1,) * horizon
    if true not in codes:
        raise InvalidInput(f"code is {list(true)}; expected {horizon} actions in 0..{n_actions - 1}")
    models = [code_lock(c, n_actions, block_size=block_size) for c in codes]
    law = None
    if offline_optimal is not None:
        number_between("offline_optimal", offline_optimal, 0.0, 1.0)
        world = models[codes.index(true)]
        optimal = occupancies(world, backward_induction(world)[2])
        uniform = occupancies(world, np.full((horizon, world.n_states, n_actions), 1.0 / n_actions))
        law = offline_optimal * optimal + (1.0 - offline_optimal) * uniform
    name = f"lock, H = {horizon}, A = {n_actions}" + (f", m = {block_size}" if block_size > 1 else "")
    return model_class(models, codes.index(true), weights=weights, offline=law, name=name)


#: W = {1} for two arms.
ONE = Listed(np.ones((1, 1, 1, 2)))


def two_armed(
    overestimate: float = 0.9, good: float = 0.5, bad: float = 0.0, weights: WeightClass | None = ONE
) -> FunctionApproximation:
    """Two deterministic arms (H = 1) and F = {f', Q*}; f' overestimates the bad arm.

    Args:
        overestimate: D = f'(bad arm) - its reward; f' is right about the good arm.
        weights: W, {1} by default; None: mixture ratios.

    Raises:
        InvalidInput: if f' would leave [0, 1].
    """
    number_between("good", good, 0.0, 1.0)
    number_between("bad", bad, 0.0, 1.0)
    mdp = MDP.from_dense(np.ones((1, 2, 1)), [[good, bad]], horizon=1, name="two arms")
    truth = np.array([good, bad]).reshape(1, 1, 2)
    misled = truth + np.array([0.0, overestimate]).reshape(1, 1, 2)
    functions = np.stack([misled, truth])
    return FunctionApproximation(mdp, functions, weights, name=f"two arms, D = {overestimate:g}")


def incomplete() -> FunctionApproximation:
    """A realizable class that is not Bellman complete, on which squared-error tests between functions learn nothing.

    One state, then one state, two actions each; only the second stage pays: 1 for action 0, 0.1 for action 1.
    F = {f, Q*}, f being right about the first stage and about the bad action of the second, but believing that the
    good one pays 0. Its policy loses 0.9, and its first-stage value cannot be told from Q*'s.
    """
    p = np.ones((2, 1, 2, 1))
    r = np.array([[[0.0, 0.0]], [[1.0, 0.1]]])
    mdp = MDP.from_dense(p, r, name="two stages")
    q_star = np.array([[[1.0, 1.0]], [[1.0, 0.1]]])
    f = np.array([[[1.0, 1.0]], [[0.0, 0.1]]])
    return FunctionApproximation(mdp, np.stack([f, q_star]), name="incomplete class")


def rare_state(chance: float = 0.02) -> FunctionApproximation:
    """Two stages; at the first, action 1 leads to a state that action 0 reaches with probability ``chance`` only.

    The second stage pays Bernoulli(0.5) in the usual state, Bernoulli(0.6) in the rare one for action 1, nothing in
    the rare one for action 0. F: one function that hopes for the usual state, the most optimistic; two that misjudge
    the rare one; Q*.

    Raises:
        InvalidInput: if ``chance`` is no probability.
    """
    number_between("chance", chance, 0.0, 1.0)
    p = np.zeros((2, 3, 2, 3))
    p[0, 0, 0, 1:] = 1.0 - chance, chance
    p[0, 0, 1, 2] = 1.0
    p[0, 1:, :, 1] = p[1, :, :, 1] = 1.0
    r = np.zeros((2, 3, 2))
    r[1, 1] = 0.5
    r[1, 2, 1] = 0.6
    mdp = MDP.from_dense(p, r, reward_law="bernoulli", name="rare state")
    q_star = backward_induction(mdp)[1]
    usual, lower, wrong = q_star.copy(), q_star.copy(), q_star.copy()
    usual[0, 0, 0], usual[1, 1] = 0.95, 0.95
    lower[0, 0, 1], lower[1, 2] = 0.2, (0.0, 0.2)  # believes that the rare state is poor
    wrong[0, 0, 1], wrong[1, 2] = 0.9, (0.9, 0.6)  # believes that its other action pays
    return FunctionApproximation(mdp, np.stack([usual, lower, wrong, q_star]), name="rare state")


def compensating() -> FunctionApproximation:
    """Two stages, two actions at the first, deterministic: a function whose residuals are 0.6 and then -0.3.

    Action 0 leads to a state that pays nothing, action 1 to one that pays 0.5. F: one function that expects 1 of action
    0; one that expects 0.8 of action 1 but only 0.2 after it; Q*.
    """
    p = np.zeros((2, 3, 2, 3))
    p[0, 0, 0, 1] = p[0, 0, 1, 2] = 1.0
    p[0, 1:, :, 0] = p[1, :, :, 0] = 1.0
    r = np.zeros((2, 3, 2))
    r[1, 2] = 0.5
    mdp = MDP.from_dense(p, r, name="compensating residuals")
    q_star = backward_induction(mdp)[1]
    first, second = q_star.copy(), q_star.copy()
    first[0, 0, 0] = 1.0
    second[0, 0, 1], second[1, 2] = 0.8, 0.2
    return FunctionApproximation(mdp, np.stack([first, second, q_star]), name="compensating residuals")
