"""Linear programs of Markov decision processes, solved by HiGHS (Puterman 1994, sections 6.9 and 8.8; Altman 1999).

The variables of the occupancy programs are ``d >= 0``, one per row of the model. Budgets ``<d, cost> <= budget`` make
them constrained problems, whose optimal policies may have to randomise (in as many states as there are budgets at
most, for a basic solution); the dual variable of a budget is its price.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.optimize import OptimizeResult, linprog

from mdps.model import MDP, Float
from mdps.planning.chains import require_weakly_communicating, row_matrix
from mdps.planning.discounted import required_discount
from mdps.planning.policies import require_stationary, required_horizon
from theory.errors import InvalidInput


class Infeasible(InvalidInput):
    """No policy meets the budgets."""


@dataclass(frozen=True, eq=False)
class Budget:
    """The constraint ``sum of occupancy * cost <= limit``.

    Attributes:
        cost: per state and action, of the shape of the occupancy (a leading H may be left out of an episodic one).
        limit: in units of the cost: total over an episode, or mean per step of a normalised occupancy.
    """

    cost: npt.ArrayLike
    limit: float


@dataclass(frozen=True, eq=False)
class OccupancySolution:
    """Optimal occupancy measure.

    Attributes:
        value: optimal objective, ``(occupancy * rewards).sum()``.
        occupancy: shape (H, S, A) if episodic, (S, A) otherwise.
        policy: action probabilities of the same shape; uniform where the occupancy is zero.
        state_prices: dual variables of the flow constraints, (H, S) or (S,): optimal values of the problem that charges
            every budget's cost at its price - V* if episodic or discounted, the bias up to a constant if average.
            Only guaranteed to be so at states the optimal occupancy visits.
        prices: dual variable (>= 0) of each budget: the gain in value per unit of it.
    """

    value: float
    occupancy: Float
    policy: Float
    state_prices: Float
    prices: Float


def occupancy_lp(mdp: MDP, rewards: npt.ArrayLike | None = None, budgets: Sequence[Budget] = ()) -> OccupancySolution:
    """Best occupancy of an episodic model under budgets: a linear program over the occupancy polytope.

    maximise sum_h <d_h, r_h> subject to sum_a d_0(s, a) = initial(s), sum_a d_{h+1}(y, a) = sum_{s,a} d_h(s, a)
    P_h(y | s, a), the budgets, and d >= 0.

    Args:
        mdp: a model with a horizon.
        rewards: objective, shape (H, S, A) or (S, A); the model's mean rewards if not given.
        budgets: constraints on the total expected cost of an episode.

    Raises:
        InvalidInput: no horizon or a malformed array.
        Infeasible: if no policy meets the budgets.
    """
    horizon = required_horizon(mdp)
    shape = (horizon, mdp.n_states, mdp.n_actions)
    pairs = mdp.n_states * mdp.n_actions
    rows = row_matrix(mdp)
    leaving = _state_sums(mdp)
    blocks: list[list[sparse.sparray | None]] = [[None] * horizon for _ in range(horizon)]
    for h in range(horizon):
        blocks[h][h] = leaving
        if h > 0:
            start = (h - 1) * pairs if mdp.stage_dependent else 0
            blocks[h][h - 1] = -rows[start : start + pairs].T
    flow = sparse.block_array(blocks, format="csr")
    sources = np.zeros((horizon, mdp.n_states))
    sources[0] = mdp.initial
    objective = _objective(mdp, rewards, shape)
    return _solve(objective, flow, sources.reshape(-1), [(b, _of_shape("cost", b.cost, shape)) for b in budgets])


def discounted_occupancy_lp(
    mdp: MDP, rewards: npt.ArrayLike | None = None, budgets: Sequence[Budget] = ()
) -> OccupancySolution:
    """Dual program of a discounted model: best normalised occupancy, under budgets (Puterman 1994, section 6.9.1).

    sum_a d(y, a) = (1 - gamma) initial(y) + gamma sum_{s,a} d(s, a) P(y | s, a), so that d sums to one and the value
    of the program is (1 - gamma) times that of the policy.

    Args, raises: as :func:`occupancy_lp`, for a stationary model with a discount and arrays of shape (S, A).
    """
    discount = required_discount(mdp)
    shape = (mdp.n_states, mdp.n_actions)
    flow = (_state_sums(mdp) - discount * row_matrix(mdp).T).tocsr()
    objective = _objective(mdp, rewards, shape)
    costs = [(b, _of_shape("cost", b.cost, shape)) for b in budgets]
    return _solve(objective, flow, (1.0 - discount) * mdp.initial, costs)


def average_occupancy_lp(
    mdp: MDP, rewards: npt.ArrayLike | None = None, budgets: Sequence[Budget] = ()
) -> OccupancySolution:
    """Dual program of the average reward: best stationary occupancy, under budgets (Puterman 1994, section 8.8.2).

    sum_a d(y, a) = sum_{s,a} d(s, a) P(y | s, a) and d sums to one; the value is the optimal gain. (With budgets on a
    model that is not unichain the policy read off the optimal occupancy may need a start inside its support.)

    Args, raises: as :func:`occupancy_lp`, for a stationary weakly communicating model and arrays of shape (S, A).
    """
    require_stationary(mdp)
    require_weakly_communicating(mdp)
    shape = (mdp.n_states, mdp.n_actions)
    balance = (_state_sums(mdp) - row_matrix(mdp).T).tocsr()
    total = sparse.csr_array(np.ones((1, mdp.n_rows)))
    flow = sparse.vstack([balance, total], format="csr")
    sources = np.concatenate([np.zeros(mdp.n_states), [1.0]])
    objective = _objective(mdp, rewards, shape)
    return _solve(objective, flow, sources, [(b, _of_shape("cost", b.cost, shape)) for b in budgets])


def discounted_primal_lp(mdp: MDP) -> Float:
    """Optimal values as the least V with V >= r + gamma P V (Puterman 1994, section 6.9.1), shape (S,).

    Raises:
        InvalidInput: no discount or a stage-dependent model.
    """
    discount = required_discount(mdp)
    # all states weigh the same in the objective: with positive weights the least V is V* everywhere
    system = (discount * row_matrix(mdp) - _state_sums(mdp).T).tocsr()
    solution = _highs(np.ones(mdp.n_states), A_ub=system, b_ub=-mdp.rewards, bounds=(None, None))
    return solution.x


def _state_sums(mdp: MDP) -> sparse.csr_array:
    """The matrix (S, S*A) that sums over the actions of a state."""
    ones = np.ones(mdp.n_states * mdp.n_actions)
    return sparse.csr_array(
        (ones, np.arange(len(ones)), np.arange(0, len(ones) + 1, mdp.n_actions)), shape=(mdp.n_states, len(ones))
    )


def _objective(mdp: MDP, rewards: npt.ArrayLike | None, shape: tuple[int, ...]) -> Float:
    if rewards is None:
        rewards = mdp.rewards.reshape(shape if mdp.stage_dependent else shape[-2:])
    return _of_shape("rewards", rewards, shape)


def _of_shape(what: str, given: npt.ArrayLike, shape: tuple[int, ...]) -> Float:
    """``given`` as an array of the occupancy's shape; (S, A) is repeated over the stages."""
    array = np.asarray(given, dtype=np.float64)
    if array.shape == shape[-2:]:
        array = np.broadcast_to(array, shape)
    if array.shape != shape:
        raise InvalidInput(f"{what} has shape {array.shape}; expected {shape} or {shape[-2:]}")
    if not np.isfinite(array).all():
        where = tuple(int(i) for i in np.argwhere(~np.isfinite(array))[0])
        raise InvalidInput(f"{what} at index {where} is {array[where]}; expected a finite number")
    return array


def _solve(
    objective: Float, flow: sparse.csr_array, sources: Float, costs: Sequence[tuple[Budget, Float]]
) -> OccupancySolution:
    limits = np.array([float(budget.limit) for budget, _ in costs])
    if not np.isfinite(limits).all():
        i = int(np.argmin(np.isfinite(limits)))
        raise InvalidInput(f"limit of budget {i} is {limits[i]}; expected a finite number")
    charged = np.stack([cost.reshape(-1) for _, cost in costs]) if costs else None
    found = _highs(
        -objective.reshape(-1), A_eq=flow, b_eq=sources, A_ub=charged, b_ub=limits if costs else None, bounds=(0, None)
    )
    occupancy = np.maximum(found.x, 0.0).reshape(objective.shape)
    mass = occupancy.sum(axis=-1, keepdims=True)
    uniform = np.full(objective.shape, 1.0 / objective.shape[-1])
    policy = np.divide(occupancy, mass, out=uniform, where=mass > 0.0)
    n_flow = int(np.prod(objective.shape[:-1]))
    return OccupancySolution(
        value=-float(found.fun),
        occupancy=occupancy,
        policy=policy,
        state_prices=-found.eqlin.marginals[:n_flow].reshape(objective.shape[:-1]),
        prices=-found.ineqlin.marginals if costs else np.zeros(0),
    )


def _highs(objective: Float, **program: object) -> OptimizeResult:
    # HiGHS stops at residuals of 1e-7 by default; 1e-10 is the least it accepts
    options = {"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10}
    found = linprog(objective, method="highs", options=options, **program)
    if found.status == 2:
        raise Infeasible("no policy meets the budgets; expected larger limits")
    if not found.success:
        raise RuntimeError(f"HiGHS stopped: {found.message}")
    return found
