"""Exact quantities of a tabular model: gaps, diameter, span, coverability, reachability, mixing, variances.

Everything here is computed from the model by planning and linear solves; nothing is sampled.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit
from scipy import sparse
from scipy.sparse.csgraph import breadth_first_order

from mdps.model import MDP, Float, Int
from mdps.planning import average, discounted, finite_horizon
from mdps.planning.chains import SeveralRecurrentClasses, chain_classes, policy_chain, row_matrix, solve
from mdps.planning.policies import episodic_policy, require_stationary, required_horizon
from theory.errors import InvalidInput

#: Gaps below this share of the largest value are rounding, not gaps.
GAP_TOLERANCE = 1e-11


# --------------------------------------------------------------------------------------------------------------- gaps
def gaps(mdp: MDP) -> Float:
    """Value gaps of every action under the model's own criterion, >= 0, exactly 0 for optimal actions.

    Episodic: V*_h(s) - Q*_h(s, a), shape (H, S, A). Discounted: V*(s) - Q*(s, a), shape (S, A). Average reward:
    g* + h*(s) - r(s, a) - sum_y P(y | s, a) h*(y), shape (S, A). Differences that rounding can explain
    (``GAP_TOLERANCE`` of the largest value) are set to zero.

    Raises:
        NotWeaklyCommunicating: average reward, if the optimal gain may depend on the state.
    """
    if mdp.criterion == "episodic":
        values, q, _ = finite_horizon.backward_induction(mdp)
        return _cleaned(values[:-1, :, None] - q, values)
    if mdp.criterion == "discounted":
        v = discounted.policy_iteration(mdp).values
        q = discounted.action_values(mdp, v)
        return _cleaned(q.max(axis=1, keepdims=True) - q, v)
    h = average.average_policy_iteration(mdp).bias
    q = (mdp.rewards + row_matrix(mdp) @ h).reshape(mdp.n_states, mdp.n_actions)
    return _cleaned(q.max(axis=1, keepdims=True) - q, h)


def _cleaned(differences: Float, values: Float) -> Float:
    scale = max(1.0, float(np.abs(values).max()))
    return np.where(differences > GAP_TOLERANCE * scale, differences, 0.0)


def minimal_gap(mdp: MDP) -> float:
    """Smallest positive entry of :func:`gaps`; infinity if every action is optimal everywhere."""
    g = gaps(mdp)
    return float(g[g > 0.0].min()) if (g > 0.0).any() else math.inf


# ---------------------------------------------------------------------------------------------------- average reward
def gain(mdp: MDP) -> float:
    """Optimal gain of a stationary weakly communicating model, in reward per step (discount and horizon ignored).

    Raises:
        NotWeaklyCommunicating: if it may depend on the first state.
    """
    return average.average_policy_iteration(mdp).gain


def bias(mdp: MDP) -> Float:
    """Optimal bias h* of a stationary weakly communicating model, minimum zero, shape (S,).

    It solves g* + h* = max_a {r + P h*}. (With several optimal recurrent classes it is one solution among many.)

    Raises:
        NotWeaklyCommunicating: as :func:`gain`.
    """
    h = average.average_policy_iteration(mdp).bias
    return h - h.min()


def span(mdp: MDP) -> float:
    """Span of the optimal bias, max h* - min h*, in units of reward.

    Raises:
        NotWeaklyCommunicating: as :func:`gain`.
    """
    return float(bias(mdp).max())


# ----------------------------------------------------------------------------------------------------------- diameter
class FarthestPair(NamedTuple):
    """The diameter and the pair of states that attains it: ``distance`` = least expected steps source -> target."""

    distance: float
    source: int
    target: int


def diameter(mdp: MDP) -> float:
    """D = max_{s != s'} min_pi E[steps from s to s'] (Jaksch, Ortner, Auer 2010, definition 1), in steps.

    Infinite if the model is not communicating, 0 if it has one state; :func:`farthest_pair` names the pair.

    Raises:
        InvalidInput: if the model is stage-dependent.
    """
    return farthest_pair(mdp).distance


def farthest_pair(mdp: MDP) -> FarthestPair:
    """The pair of states that attains the diameter (the first such, by target then source).

    Raises:
        InvalidInput: if the model is stage-dependent.
    """
    require_stationary(mdp)
    farthest = FarthestPair(0.0, 0, 0)
    rows = _RowsInto(mdp)
    for target in range(mdp.n_states):
        steps = _hitting_times(mdp, target, rows)
        source = int(np.argmax(steps))
        if steps[source] > farthest.distance:
            farthest = FarthestPair(float(steps[source]), source, target)
        if math.isinf(farthest.distance):
            break
    return farthest


def hitting_times(mdp: MDP, target: int) -> Float:
    """Least expected number of steps to ``target`` from each state, shape (S,); 0 at the target itself.

    Infinite where no policy reaches it with probability one. Exact: policy iteration for the stochastic shortest path
    with unit costs from a proper policy (Bertsekas and Tsitsiklis 1991), each policy evaluated by a direct solve.

    Raises:
        InvalidInput: a stage-dependent model, or no such state.
    """
    require_stationary(mdp)
    if not 0 <= target < mdp.n_states:
        raise InvalidInput(f"target is {target}; expected a state in 0..{mdp.n_states - 1}")
    return _hitting_times(mdp, target, _RowsInto(mdp))


class _RowsInto:
    """For each state, the rows that may lead to it: the model's successor lists turned round."""

    def __init__(self, mdp: MDP) -> None:
        positive = row_matrix(mdp).tocsc()
        self.indptr, self.rows, self.probabilities = positive.indptr, positive.indices, positive.data


def _hitting_times(mdp: MDP, target: int, into: _RowsInto) -> Float:
    n_states, n_actions = mdp.n_states, mdp.n_actions
    # the largest set of states that can reach the target without ever risking to leave the set
    allowed = np.ones(mdp.n_rows, dtype=np.bool_)
    while True:
        policy = _towards(into.indptr, into.rows, into.probabilities, allowed, n_states, n_actions, target)
        able = policy >= 0
        inside = ~np.logical_or.reduceat((mdp.probabilities > 0.0) & ~able[mdp.successors], mdp.indptr[:-1])
        if (inside >= allowed).all():
            break
        allowed &= inside
    steps = np.full(n_states, math.inf)
    steps[target] = 0.0
    others = np.flatnonzero(able)
    others = others[others != target]
    if len(others) == 0:
        return steps
    matrix = row_matrix(mdp)
    rows = (others[:, None] * n_actions + np.arange(n_actions)).reshape(-1)
    usable = allowed[rows].reshape(len(others), n_actions)
    onward = matrix[rows][:, others]  # (len(others) * A, len(others)): the target itself costs nothing more
    chosen = policy[others]
    every = np.arange(len(others))
    identity = sparse.eye_array(len(others), format="csr")
    while True:
        t = solve((identity - onward[every * n_actions + chosen]).tocsr(), np.ones(len(others)))
        q = np.where(usable, 1.0 + (onward @ t).reshape(len(others), n_actions), math.inf)
        better = q.min(axis=1) < q[every, chosen] - 1e-12 * t.max()
        if not better.any():
            steps[others] = t
            return steps
        # a policy improved from a proper one is proper
        chosen = np.where(better, q.argmin(axis=1), chosen)


@njit(nogil=True, error_model="numpy", cache=True)
def _towards(indptr, rows, probabilities, allowed, n_states, n_actions, target):
    """Breadth-first search back from the target: an action that may step closer to it, -1 where there is none."""
    policy = np.full(n_states, -1, dtype=np.int64)
    queue = np.empty(n_states, dtype=np.int64)
    policy[target], queue[0] = 0, target
    head, tail = 0, 1
    while head < tail:
        state = queue[head]
        head += 1
        for k in range(indptr[state], indptr[state + 1]):
            row = rows[k]
            source = row // n_actions
            if probabilities[k] > 0.0 and allowed[row] and policy[source] < 0:
                policy[source] = row - source * n_actions
                queue[tail] = source
                tail += 1
    return policy


# ------------------------------------------------------------------------------------- reachability and coverability
def reach_probabilities(mdp: MDP) -> Float:
    """``sup_pi P_pi(s_h = s)`` from the initial distribution, for every stage and state, shape (H, S).

    By dynamic programming backwards from each (h, s): the reward is 1 for being in s at stage h.

    Raises:
        InvalidInput: if the model has no horizon.
    """
    horizon = required_horizon(mdp)
    n = mdp.n_states
    reach = np.empty((horizon, n))
    reach[0] = mdp.initial
    stride = n * mdp.n_actions if mdp.stage_dependent else 0
    row = np.empty(n)

    def step_back(h: int, chance: Float, out: Float) -> None:
        _best_chances(mdp.indptr, mdp.successors, mdp.probabilities, mdp.n_actions, h * stride, chance, out, row)

    chance, earlier = np.eye(n), np.empty((n, n))  # [s, y]: best probability of being in y at stage h, from s now
    if not mdp.stage_dependent:
        for h in range(1, horizon):
            step_back(0, chance, earlier)
            chance, earlier = earlier, chance
            reach[h] = mdp.initial @ chance
        return reach
    for h in range(1, horizon):
        chance[:] = np.eye(n)
        for stage in reversed(range(h)):
            step_back(stage, chance, earlier)
            chance, earlier = earlier, chance
        reach[h] = mdp.initial @ chance
    return reach


@njit(nogil=True, error_model="numpy", cache=True)
def _best_chances(indptr, successors, probabilities, n_actions, first_row, chance, out, row_chance):
    """out[s, :] = max_a sum_y P(y | s, a) chance[y, :], all targets at once."""
    n = len(row_chance)
    row = first_row
    for state in range(n):
        for action in range(n_actions):
            row_chance[:] = 0.0
            for k in range(indptr[row], indptr[row + 1]):
                p, successor = probabilities[k], successors[k]
                for target in range(n):
                    row_chance[target] += p * chance[successor, target]
            for target in range(n):
                if action == 0 or row_chance[target] > out[state, target]:
                    out[state, target] = row_chance[target]
            row += 1


def coverability(mdp: MDP) -> float:
    """C_cov = max_h inf_mu sup_pi |d_h^pi / mu|_inf = max_h sum_{s,a} sup_pi d_h^pi(s, a) (Xie et al. 2023, Lemma 3).

    Between 1 and S A. The action of stage h is free, so every (s, a) is reached as likely as s:
    the sum is A times that of :func:`reach_probabilities`.

    Raises:
        InvalidInput: if the model has no horizon.
    """
    return float(mdp.n_actions * reach_probabilities(mdp).sum(axis=1).max())


def reachable_states(mdp: MDP) -> npt.NDArray[np.bool_]:
    """Which states some policy visits with positive probability: (H, S) per stage if episodic, otherwise (S,)."""
    matrix = row_matrix(mdp)
    matrix = sparse.csr_array((mdp.probabilities > 0.0, matrix.indices, matrix.indptr), shape=matrix.shape)
    pairs = mdp.n_states * mdp.n_actions
    if mdp.criterion == "episodic":
        horizon = required_horizon(mdp)
        reached = np.zeros((horizon, mdp.n_states), dtype=np.bool_)
        reached[0] = mdp.initial > 0.0
        for h in range(horizon - 1):
            start = h * pairs if mdp.stage_dependent else 0
            from_here = np.repeat(reached[h], mdp.n_actions).astype(np.float64)
            reached[h + 1] = matrix[start : start + pairs].T @ from_here > 0.0
        return reached
    row_of, successor = matrix.nonzero()
    # one more state, numbered S, leads to every possible first state
    first = np.flatnonzero(mdp.initial > 0.0)
    source = np.concatenate([row_of // mdp.n_actions, np.full(len(first), mdp.n_states)])
    target = np.concatenate([successor, first])
    size = mdp.n_states + 1
    graph = sparse.csr_array((np.ones(len(source)), (source, target)), shape=(size, size))
    order = breadth_first_order(graph, mdp.n_states, directed=True, return_predecessors=False)
    visited = np.zeros(size, dtype=np.bool_)
    visited[order] = True
    return visited[:-1]


def unreachable_states(mdp: MDP) -> Int:
    """States that no policy ever visits (at any stage), in increasing order."""
    reached = reachable_states(mdp)
    return np.flatnonzero(~(reached.any(axis=0) if reached.ndim == 2 else reached)).astype(np.int64)


# ------------------------------------------------------------------------------------------------------------- chains
def stationary_distribution(mdp: MDP, policy: npt.ArrayLike) -> Float:
    """Stationary distribution of a unichain policy, shape (S,); zero on transient states.

    Args:
        mdp: a stationary model.
        policy: actions of shape (S,), or probabilities of shape (S, A).

    Raises:
        SeveralRecurrentClasses: if the policy has more than one recurrent class; names them.
    """
    chain, _ = policy_chain(mdp, policy)
    return _stationary(chain)


def _stationary(chain: sparse.csr_array) -> Float:
    classes = chain_classes(chain)
    if len(classes) != 1:
        raise SeveralRecurrentClasses(classes)
    law = np.zeros(chain.shape[0])
    law[classes[0]] = average.stationary_law(chain[classes[0]][:, classes[0]])
    return law


def mixing_time(mdp: MDP, policy: npt.ArrayLike, epsilon: float = 0.25, limit: int = 2**40) -> float:
    """Least t with max_s TV(P_pi^t(s, .), stationary) <= epsilon (Levin, Peres, Wilmer 2009, section 4.5), in steps.

    By repeated squaring of the chain and bisection (the distance never increases with t). Infinite if the chain is
    periodic, or if ``limit`` steps are not enough.

    Args:
        mdp: a stationary model.
        policy: actions of shape (S,), or probabilities of shape (S, A), with one recurrent class.
        epsilon: total variation distance, in (0, 1).
        limit: where to give up.

    Raises:
        SeveralRecurrentClasses: as :func:`stationary_distribution`.
        InvalidInput: a malformed argument.
    """
    if not 0.0 < epsilon < 1.0:
        raise InvalidInput(f"epsilon is {epsilon}; expected a number in (0, 1)")
    chain, _ = policy_chain(mdp, policy)
    law = _stationary(chain)

    def far(power: Float) -> bool:
        return bool((0.5 * np.abs(power - law).sum(axis=1)).max() > epsilon)

    power = np.eye(len(law))
    if not far(power):
        return 0.0
    squares = [chain.toarray()]  # P^(2^i)
    while far(squares[-1]):
        if 2 ** len(squares) > limit:
            return math.inf
        squares.append(squares[-1] @ squares[-1])
    # the largest t that is still far, bit by bit
    t = 0
    for i in reversed(range(len(squares) - 1)):
        longer = power @ squares[i]
        if far(longer):
            power, t = longer, t + 2**i
    return float(t + 1)


# ---------------------------------------------------------------------------------------- variances and decompositions
def transition_variances(mdp: MDP, values: npt.ArrayLike) -> Float:
    """Variance of the next value, ``Var_{y ~ P_h(. | s, a)} values[h+1, y]``, shape (H, S, A).

    Args:
        mdp: a model with a horizon.
        values: shape (H+1, S).

    Raises:
        InvalidInput: no horizon or a wrong shape.
    """
    horizon = required_horizon(mdp)
    v = np.asarray(values, dtype=np.float64)
    if v.shape != (horizon + 1, mdp.n_states):
        raise InvalidInput(f"values have shape {v.shape}; expected {(horizon + 1, mdp.n_states)}")
    pairs = mdp.n_states * mdp.n_actions
    matrix = row_matrix(mdp)
    variances = np.empty((horizon, pairs))
    for h in range(horizon):
        rows = matrix[h * pairs : (h + 1) * pairs] if mdp.stage_dependent else matrix
        mean = rows @ v[h + 1]
        # sum p (v - mean)^2 over the successors, without the cancellation of E v^2 - mean^2
        deviations = v[h + 1][rows.indices] - np.repeat(mean, np.diff(rows.indptr))
        variances[h] = np.add.reduceat(rows.data * deviations**2, rows.indptr[:-1])
    return variances.reshape(horizon, mdp.n_states, mdp.n_actions)


def total_variance(mdp: MDP, policy: npt.ArrayLike) -> float:
    """E_pi sum_h Var_{P_h(. | s_h, a_h)}(V^pi_{h+1}), the left side of the law of total variance.

    For a deterministic policy, deterministic rewards and a fixed first state it equals the variance of the sum of the
    rewards of an episode (Munos and Moore 1999); in general it is one part of that variance. Hence at most H^2 / 4 for
    rewards in [0, 1].

    Raises:
        InvalidInput: no horizon or a malformed policy.
    """
    values = finite_horizon.evaluate_policy(mdp, policy)
    return float((finite_horizon.occupancies(mdp, policy) * transition_variances(mdp, values)).sum())


def value_difference(mdp: MDP, policy: npt.ArrayLike, q: npt.ArrayLike) -> float:
    """Value-difference identity: what a policy's own Q would have to explain of a claimed one.

    With V_h(s) = sum_a pi_h(a | s) Q_h(s, a), V_H = 0:
    E[V_1 - V^pi_1] = E_pi sum_h (Q_h - r_h - P_h V_{h+1})(s_h, a_h), signed and exact (Cai et al. 2020, Lemma 4.2, at
    one policy). This is the right side. If Q is the policy's in another model, it is the simulation lemma
    (Kearns and Singh 2002).

    Args:
        mdp: a model with a horizon.
        policy: actions (H, S) or probabilities (H, S, A).
        q: any action values, shape (H, S, A).

    Raises:
        InvalidInput: no horizon or a malformed argument.
    """
    probabilities = episodic_policy(mdp, policy)
    claimed = np.asarray(q, dtype=np.float64)
    if claimed.shape != probabilities.shape:
        raise InvalidInput(f"q has shape {claimed.shape}; expected {probabilities.shape}")
    values = np.zeros((claimed.shape[0] + 1, mdp.n_states))
    values[:-1] = (probabilities * claimed).sum(axis=2)
    residuals = claimed - finite_horizon.action_values(mdp, values)
    return float((finite_horizon.occupancies(mdp, policy) * residuals).sum())
