"""Linear and linear mixture Markov decision processes, exact by construction.

A model here satisfies its definition to 1e-12 or is refused. In particular a low-rank matrix with negative entries
that was clipped and normalised afterwards is no longer linear in its features, and is refused.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import linprog

from mdps.model import MDP
from theory.arrays import filled_array
from theory.errors import InvalidInput

Float = npt.NDArray[np.float64]

#: How exactly a model must satisfy its definition: negative parts, row sums, norms and linearity residuals.
LINEARITY_TOLERANCE = 1e-12

_CLIPPING = (
    "clipping negative entries and normalising the rows would break linearity (Jin et al. 2020, Assumption A); "
    "take features on the simplex and measures that are distributions instead"
)


def _initial(initial: npt.ArrayLike | int, n_states: int) -> Float:
    if isinstance(initial, int | np.integer):
        if not 0 <= initial < n_states:
            raise InvalidInput(f"initial state is {initial}; expected an index in 0..{n_states - 1}")
        return np.eye(n_states)[initial]
    return filled_array("initial", initial, "S")


def _check_shape(what: str, array: Float, expected: tuple[int, ...], why: str) -> None:
    if array.shape != expected:
        raise InvalidInput(f"{what} have shape {array.shape}; expected {expected} to match {why}")


def _check_kernel(kernel: Float) -> None:
    """Every row of an (H, S, A, S) kernel is a probability vector."""
    low = kernel < -LINEARITY_TOLERANCE
    if low.any():
        h, s, a, y = (int(i) for i in np.argwhere(low)[0])
        raise InvalidInput(
            f"probability of stage {h}, state {s}, action {a} -> state {y} is {kernel[h, s, a, y]:.6g}; "
            f"expected >= 0; {_CLIPPING}"
        )
    sums = kernel.sum(axis=-1)
    off = np.abs(sums - 1.0) > LINEARITY_TOLERANCE
    if off.any():
        h, s, a = (int(i) for i in np.argwhere(off)[0])
        raise InvalidInput(
            f"transition row of stage {h}, state {s}, action {a} sums to {sums[h, s, a]:.12g}; "
            f"expected 1 within {LINEARITY_TOLERANCE:g}; {_CLIPPING}"
        )


def _check_rewards(rewards: Float) -> None:
    out = (rewards < -LINEARITY_TOLERANCE) | (rewards > 1.0 + LINEARITY_TOLERANCE)
    if out.any():
        h, s, a = (int(i) for i in np.argwhere(out)[0])
        raise InvalidInput(
            f"reward of stage {h}, state {s}, action {a} is {rewards[h, s, a]:.12g}; expected a number in [0, 1]"
        )


def _check_norms(what: str, vectors: Float, bound: float, words: str) -> None:
    norms = np.linalg.norm(vectors, axis=-1)
    off = norms > bound + LINEARITY_TOLERANCE
    if off.any():
        where = tuple(int(i) for i in np.argwhere(off)[0])
        raise InvalidInput(
            f"{what} at index {where} has norm {norms[where]:.12g}; expected at most {words} = {bound:.12g}"
        )


@dataclass(frozen=True, eq=False)
class LinearMDP:
    """A linear MDP (Jin, Yang, Wang and Jordan 2020, Assumption A).

    P_h(s'|s,a) = <phi(s,a), m_h(s')> and r_h(s,a) = <phi(s,a), theta_h>, with |phi| <= 1 and
    |m_h(S)|, |theta_h| <= sqrt(d). All arrays become read-only float64.

    Attributes:
        features: phi, shape (S, A, d).
        measures: m_h, shape (H, d, S).
        reward_vectors: theta_h, shape (H, d); every mean reward <phi, theta_h> lies in [0, 1].
        initial: distribution of the first state, shape (S,), or a first state.
        reward_law: "deterministic" or "bernoulli", see :class:`mdps.model.MDP`.

    Raises:
        InvalidInput: whatever of the definition fails by more than 1e-12, with stage, state, action and value.
    """

    features: Float
    measures: Float
    reward_vectors: Float
    initial: Float | int = 0
    reward_law: str = "deterministic"
    name: str = "linear-mdp"
    meta: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        features = filled_array("features", self.features, "S A d")
        measures = filled_array("measures", self.measures, "H d S")
        vectors = filled_array("reward_vectors", self.reward_vectors, "H d")
        n_states, _, d = features.shape
        horizon = measures.shape[0]
        _check_shape("measures", measures, (horizon, d, n_states), "features (S, A, d)")
        _check_shape("reward_vectors", vectors, (horizon, d), "measures (H, d, S)")
        for what, value in (("features", features), ("measures", measures), ("reward_vectors", vectors)):
            object.__setattr__(self, what, value)
        object.__setattr__(self, "initial", _initial(self.initial, n_states))
        _check_norms("feature phi(s, a)", features, 1.0, "1")
        _check_norms("total measure m_h(S)", measures.sum(axis=2), d**0.5, "sqrt(d)")
        _check_norms("reward vector theta_h", vectors, d**0.5, "sqrt(d)")
        _check_kernel(self._kernel())
        _check_rewards(self._rewards())

    @property
    def n_states(self) -> int:
        return int(self.features.shape[0])

    @property
    def n_actions(self) -> int:
        return int(self.features.shape[1])

    @property
    def dimension(self) -> int:
        """Length d of a feature vector."""
        return int(self.features.shape[2])

    @property
    def horizon(self) -> int:
        return int(self.measures.shape[0])

    def _kernel(self) -> Float:
        return np.einsum("sad,hdy->hsay", self.features, self.measures, optimize=True)

    def _rewards(self) -> Float:
        return np.einsum("sad,hd->hsa", self.features, self.reward_vectors, optimize=True)

    def tabular(self) -> MDP:
        """The same model as a stage-dependent MDP; rounding below 0 (or beyond [0, 1] for rewards) is removed."""
        return MDP.from_dense(
            np.maximum(self._kernel(), 0.0),
            np.clip(self._rewards(), 0.0, 1.0),
            initial=self.initial,
            reward_law=self.reward_law,
            name=self.name,
            meta=dict(self.meta),
        )

    def backup_weights(self, stage: int, values: npt.ArrayLike) -> Float:
        """w with r_h(s,a) + (P_h V)(s,a) = <phi(s,a), w> for the given V of shape (S,) (Proposition 2.3)."""
        return self.reward_vectors[stage] + self.measures[stage] @ np.asarray(values, dtype=np.float64)

    def linearity_residual(self, values: npt.ArrayLike) -> float:
        """max over (h, s, a) of |r_h + P_h V - <phi, theta_h + m_h V>|, the backup taken from :meth:`tabular`."""
        v = np.asarray(values, dtype=np.float64)
        p, r = self.tabular().dense()
        weights = np.stack([self.backup_weights(h, v) for h in range(self.horizon)])
        return float(np.abs(r + p @ v - np.einsum("sad,hd->hsa", self.features, weights)).max())

    @classmethod
    def from_tabular(cls, features: npt.ArrayLike, mdp: MDP) -> LinearMDP:
        """The linear form of an episodic tabular model in the given features, if it has one.

        Measures and reward vectors are the least-squares (minimum-norm) solutions per stage.

        Raises:
            InvalidInput: the model is not episodic, or not linear in the features: the residual exceeds 1e-12 (as
                it does after clipping and normalising), or the norms of the definition fail.
        """
        phi = filled_array("features", features, "S A d")
        _check_shape("features", phi, (mdp.n_states, mdp.n_actions, phi.shape[2]), "the model (S, A)")
        if mdp.horizon is None:
            raise InvalidInput(f"{mdp.name} has the {mdp.criterion} criterion; a linear MDP needs a horizon")
        p, r = mdp.dense()
        stages = 1 if not mdp.stage_dependent else mdp.horizon
        flat = phi.reshape(-1, phi.shape[2])
        targets = np.concatenate([p.reshape(stages, len(flat), mdp.n_states), r.reshape(stages, len(flat), 1)], axis=2)
        solutions = np.stack([np.linalg.lstsq(flat, target, rcond=None)[0] for target in targets])
        residual = np.abs(flat @ solutions - targets).max(axis=2)
        if residual.max() > LINEARITY_TOLERANCE:
            h, row = (int(i) for i in np.unravel_index(int(residual.argmax()), residual.shape))
            raise InvalidInput(
                f"{mdp.name} is not linear in these features: the best fit at stage {h}, "
                f"state {row // mdp.n_actions}, action {row % mdp.n_actions} is off by {residual.max():.6g}; "
                f"expected at most {LINEARITY_TOLERANCE:g}; {_CLIPPING}"
            )
        if not mdp.stage_dependent:
            solutions = np.repeat(solutions, mdp.horizon, axis=0)
        return cls(
            features=phi,
            measures=solutions[:, :, :-1],
            reward_vectors=solutions[:, :, -1],
            initial=mdp.initial,
            reward_law=mdp.reward_law,
            name=mdp.name,
            meta=dict(mdp.meta),
        )


@dataclass(frozen=True, eq=False)
class LinearMixtureMDP:
    """A linear mixture MDP (Ayoub et al. 2020; Zhou, Gu and Szepesvari 2021, Definition 3.1).

    P_h(s'|s,a) = <psi(s'|s,a), theta_h> with psi known; rewards are known. All arrays become read-only float64.

    Attributes:
        features: psi, shape (S, A, S, d): state, action, next state, coordinate.
        parameters: theta_h, shape (H, d).
        rewards: known rewards, shape (H, S, A), in [0, 1].
        initial: distribution of the first state, shape (S,), or a first state.

    Raises:
        InvalidInput: whatever of the definition fails by more than 1e-12, with stage, state, action and value.
    """

    features: Float
    parameters: Float
    rewards: Float
    initial: Float | int = 0
    name: str = "linear-mixture-mdp"
    meta: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        features = filled_array("features", self.features, "S A Y d")
        parameters = filled_array("parameters", self.parameters, "H d")
        rewards = filled_array("rewards", self.rewards, "H S A")
        n_states, n_actions, _, d = features.shape
        horizon = parameters.shape[0]
        _check_shape("features", features, (n_states, n_actions, n_states, d), "(S, A, S, d)")
        _check_shape("parameters", parameters, (horizon, d), "features (S, A, S, d)")
        _check_shape("rewards", rewards, (horizon, n_states, n_actions), "parameters (H, d) and features (S, A, S, d)")
        for what, value in (("features", features), ("parameters", parameters), ("rewards", rewards)):
            object.__setattr__(self, what, value)
        object.__setattr__(self, "initial", _initial(self.initial, n_states))
        _check_kernel(self._kernel())
        _check_rewards(rewards)

    @property
    def n_states(self) -> int:
        return int(self.features.shape[0])

    @property
    def n_actions(self) -> int:
        return int(self.features.shape[1])

    @property
    def dimension(self) -> int:
        """Length d of a feature vector."""
        return int(self.features.shape[3])

    @property
    def horizon(self) -> int:
        return int(self.parameters.shape[0])

    @property
    def parameter_bound(self) -> float:
        """B, the largest |theta_h|."""
        return float(np.linalg.norm(self.parameters, axis=1).max())

    @property
    def feature_bound(self) -> float:
        """An upper bound on |psi_V(s,a)| over all (s,a) and V: S -> [0, 1]; Definition 3.1 asks for at most 1.

        Coordinate i of psi_V lies between the sums of its negative and of its positive parts; the bound takes the
        farther end in each coordinate, so it is exact when no coordinate of psi(.|s,a) changes sign.
        """
        positive = np.maximum(self.features, 0.0).sum(axis=2)
        negative = np.maximum(-self.features, 0.0).sum(axis=2)
        return float(np.linalg.norm(np.maximum(positive, negative), axis=-1).max())

    def _kernel(self) -> Float:
        return np.einsum("sayd,hd->hsay", self.features, self.parameters, optimize=True)

    def integrated_features(self, values: npt.ArrayLike) -> Float:
        """psi_V(s,a) = sum_s' psi(s'|s,a) V(s'), shape (S, A, d), for V of shape (S,)."""
        return np.einsum("sayd,y->sad", self.features, np.asarray(values, dtype=np.float64), optimize=True)

    def tabular(self) -> MDP:
        """The same model as a stage-dependent MDP; rounding below 0 is removed."""
        return MDP.from_dense(
            np.maximum(self._kernel(), 0.0),
            np.clip(self.rewards, 0.0, 1.0),
            initial=self.initial,
            name=self.name,
            meta=dict(self.meta),
        )


def backup_approximation_error(features: npt.ArrayLike, mdp: MDP, stage: int, values: npt.ArrayLike) -> float:
    """inf over w of max over (s, a) of |<phi(s,a), w> - (r_h + P_h V)(s,a)|, by linear programming.

    Zero for every V exactly in a linear MDP with these features; the inherent Bellman error (Zanette et al. 2020) is
    the largest value over the V that are maxima over actions of linear functions.

    Args:
        features: phi, shape (S, A, d).
        stage: h, from 0 (any value if the model is stationary).
        values: V, shape (S,).

    Raises:
        InvalidInput: features that do not match the model, or a linear program that the solver gives up.
    """
    phi = filled_array("features", features, "S A d")
    _check_shape("features", phi, (mdp.n_states, mdp.n_actions, phi.shape[2]), "the model (S, A)")
    p, r = mdp.dense()
    if mdp.stage_dependent:
        p, r = p[stage], r[stage]
    target = (r + p @ np.asarray(values, dtype=np.float64)).reshape(-1)
    flat = phi.reshape(len(target), -1)
    slack = np.ones((len(target), 1))
    result = linprog(
        c=np.append(np.zeros(flat.shape[1]), 1.0),
        A_ub=np.block([[flat, -slack], [-flat, -slack]]),
        b_ub=np.concatenate([target, -target]),
        bounds=[(None, None)] * flat.shape[1] + [(0.0, None)],
        method="highs",
    )
    if result.status != 0:
        raise InvalidInput(f"the best linear fit of the backup of {mdp.name} at stage {stage} failed: {result.message}")
    return float(result.fun)
