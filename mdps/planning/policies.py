"""Policies as planners take them: validated, and always as action probabilities."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from mdps.model import MDP, Float
from theory.errors import InvalidInput

#: The probabilities of the actions in one state must sum to one within this error.
POLICY_SUM_TOLERANCE = 1e-9


def required_horizon(mdp: MDP) -> int:
    """The horizon of an episodic model.

    Raises:
        InvalidInput: if the model has none.
    """
    if mdp.horizon is None:
        raise InvalidInput(f"{mdp.name} has no horizon; expected an episodic model")
    return mdp.horizon


def require_stationary(mdp: MDP) -> None:
    """Refuse a model whose rows differ between stages: infinite-horizon quantities need one kernel.

    Raises:
        InvalidInput: if the model is stage-dependent.
    """
    if mdp.stage_dependent:
        raise InvalidInput(f"{mdp.name} is stage-dependent; expected a stationary model (one row per state and action)")


def episodic_policy(mdp: MDP, policy: npt.ArrayLike) -> Float:
    """Action probabilities of shape (H, S, A).

    Args:
        mdp: a model with a horizon.
        policy: actions of shape (H, S), integers in 0..A-1, or probabilities of shape (H, S, A).

    Raises:
        InvalidInput: wrong shape, an action that does not exist, or a row that is not a distribution.
    """
    return _action_probabilities(mdp, policy, (required_horizon(mdp), mdp.n_states))


def stationary_policy(mdp: MDP, policy: npt.ArrayLike) -> Float:
    """Action probabilities of shape (S, A) from actions of shape (S,) or probabilities of shape (S, A).

    Raises:
        InvalidInput: a stage-dependent model, a wrong shape, or a row that is not a distribution.
    """
    require_stationary(mdp)
    return _action_probabilities(mdp, policy, (mdp.n_states,))


def _action_probabilities(mdp: MDP, policy: npt.ArrayLike, situations: tuple[int, ...]) -> Float:
    """``situations`` is the shape of what an action is chosen in: (H, S) or (S,)."""
    given = np.asarray(policy)
    if given.shape == situations:
        if not np.issubdtype(given.dtype, np.integer):
            raise InvalidInput(f"a deterministic policy has entries of type {given.dtype}; expected integer actions")
        outside = (given < 0) | (given >= mdp.n_actions)
        if outside.any():
            where = tuple(int(i) for i in np.argwhere(outside)[0])
            raise InvalidInput(f"action at index {where} is {given[where]}; expected one of 0..{mdp.n_actions - 1}")
        probabilities = np.zeros((*situations, mdp.n_actions))
        np.put_along_axis(probabilities, given[..., None], 1.0, axis=-1)
        return probabilities
    shape = (*situations, mdp.n_actions)
    if given.shape != shape:
        raise InvalidInput(
            f"policy has shape {given.shape}; expected {situations} (actions) or {shape} (probabilities)"
        )
    probabilities = np.ascontiguousarray(given, dtype=np.float64)
    bad = ~(np.isfinite(probabilities) & (probabilities >= 0.0))
    if bad.any():
        where = tuple(int(i) for i in np.argwhere(bad)[0])
        raise InvalidInput(f"policy probability at index {where} is {probabilities[where]}; expected a number >= 0")
    sums = probabilities.sum(axis=-1)
    off = np.abs(sums - 1.0) > POLICY_SUM_TOLERANCE
    if off.any():
        where = tuple(int(i) for i in np.argwhere(off)[0])
        raise InvalidInput(f"policy at index {where} sums to {sums[where]:.12g}; expected 1")
    return probabilities
