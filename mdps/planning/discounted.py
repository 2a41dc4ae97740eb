"""Exact planning with a discount factor (Puterman 1994, chapter 6), every answer with certified bounds."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numba import njit
from scipy import sparse
from scipy.sparse.linalg import bicgstab

from mdps.model import MDP, Float, Int
from mdps.planning.chains import policy_chain, solve
from mdps.planning.policies import require_stationary, stationary_policy
from mdps.planning.sweeps import Sweeps
from theory.errors import InvalidInput

#: Up to this many states a policy is evaluated by a direct factorisation, above it by certified sweeps.
DIRECT_SIZE = 5_000

#: Most BiCGSTAB steps before those sweeps (each costs two of them).
KRYLOV_STEPS = 500


@dataclass(frozen=True, eq=False)
class DiscountedSolution:
    """A solution of a discounted model with its certificate.

    Attributes:
        values: estimate of V*, shape (S,).
        policy: a greedy policy, shape (S,), actions of lowest index among equals.
        lower, upper: ``lower <= V* <= upper`` at every state, rounding included, shape (S,). The value of ``policy``
            is at least ``lower`` too, so ``policy`` loses at most ``upper - lower``.
        n_sweeps: passes over the states (all actions, or those of one policy), direct solves not counted.
    """

    values: Float
    policy: Int
    lower: Float
    upper: Float
    n_sweeps: int

    @property
    def error_bound(self) -> float:
        """Certified bound on ``max |values - V*|``."""
        return float(np.maximum(self.upper - self.values, self.values - self.lower).max())


# ---------------------------------------------------------------------------------------------------- value iteration
def value_iteration(mdp: MDP, epsilon: float) -> DiscountedSolution:
    """Value iteration stopped on the span (MacQueen 1966; Porteus 1971; Puterman 1994, section 6.6.2).

    With lo <= T V - V <= hi everywhere, T V + gamma lo / (1 - gamma) <= V* <= T V + gamma hi / (1 - gamma). The span
    hi - lo shrinks at the rate gamma times the second eigenvalue rather than gamma.

    Args:
        mdp: a stationary model with a discount.
        epsilon: certified bound on ``max |values - V*|``, > 0, in units of reward.

    Raises:
        InvalidInput: no discount, a stage-dependent model, or an ``epsilon`` that float64 cannot certify here.
    """
    return modified_policy_iteration(mdp, epsilon, sweeps=0)


def modified_policy_iteration(mdp: MDP, epsilon: float, sweeps: int = 20) -> DiscountedSolution:
    """Modified policy iteration: after each improvement, ``sweeps`` backups of the greedy policy alone.

    Puterman and Shin 1978; Puterman 1994, section 6.5. An evaluation sweep costs one A-th of an improvement. Zero
    sweeps is value iteration. The certificate is that of :func:`value_iteration`, taken at the improvement.

    Args:
        mdp: a stationary model with a discount.
        epsilon: certified bound on ``max |values - V*|``, > 0, in units of reward.
        sweeps: evaluation sweeps between improvements at most, >= 0; fewer once the span has shrunk tenfold.

    Raises:
        InvalidInput: as :func:`value_iteration`, or ``sweeps`` negative.
    """
    discount = required_discount(mdp)
    _require_accuracy(epsilon)
    if sweeps < 0:
        raise InvalidInput(f"sweeps is {sweeps}; expected at least 0")
    values, ahead = np.zeros(mdp.n_states), np.empty(mdp.n_states)
    policy = np.empty(mdp.n_states, dtype=np.int64)
    tail = discount / (1.0 - discount)
    n_sweeps = 0
    with Sweeps.of(mdp) as model:
        limit = _sweep_limit(discount, model.largest_reward, epsilon)
        for _ in range(limit):
            low, high = model.improve(discount, 0.0, values, ahead, policy)
            n_sweeps += 1
            if 0.5 * tail * (high - low) <= epsilon:  # the certificate adds rounding, which takes a pass to bound
                certificate = _certificate(model, discount, values, ahead, low, high)
                if _half_width(certificate) <= epsilon:
                    return _solution(ahead, policy, certificate, n_sweeps)
            values, ahead = ahead, values
            # evaluating further than this cannot pay: the next improvement changes the policy anyway
            enough = max(0.1 * (high - low), 0.2 * epsilon / tail if tail > 0.0 else math.inf)
            for _ in range(sweeps):
                low, high = model.follow(discount, 0.0, values, ahead, policy)
                n_sweeps += 1
                values, ahead = ahead, values
                if high - low <= enough:
                    break
        floor = model.rounding(model.largest_reward / (1.0 - discount)) / (1.0 - discount)
    raise InvalidInput(
        f"epsilon is {epsilon:g}, which float64 cannot certify on {mdp.name} (rounding alone may reach {floor:.3g}); "
        "expected a larger one, or use policy_iteration and read its bounds"
    )


def gauss_seidel_value_iteration(mdp: MDP, epsilon: float) -> DiscountedSolution:
    """Value iteration in place, each state using the new values of those before it (Puterman 1994, section 6.3.3).

    Fewer sweeps than plain value iteration in the sup norm, but the operator does not commute with adding a constant,
    so the span bounds do not apply to its iterates. It stops when the sup-norm bound holds, and one plain sweep then
    gives the certificate.

    Args and raises: as :func:`value_iteration`.
    """
    discount = required_discount(mdp)
    _require_accuracy(epsilon)
    values, ahead = np.zeros(mdp.n_states), np.empty(mdp.n_states)
    policy = np.empty(mdp.n_states, dtype=np.int64)
    with Sweeps.of(mdp) as model:
        limit = _sweep_limit(discount, model.largest_reward, epsilon)
        for n_sweeps in range(1, limit + 1):
            change = _gauss_seidel(
                mdp.indptr, mdp.successors, mdp.probabilities, mdp.rewards, mdp.n_actions, discount, values
            )
            if discount * change <= 0.5 * epsilon * (1.0 - discount):
                low, high = model.improve(discount, 0.0, values, ahead, policy)
                certificate = _certificate(model, discount, values, ahead, low, high)
                if _half_width(certificate) <= epsilon:
                    return _solution(ahead, policy, certificate, n_sweeps + 1)
        floor = model.rounding(model.largest_reward / (1.0 - discount)) / (1.0 - discount)
    raise InvalidInput(
        f"epsilon is {epsilon:g}, which float64 cannot certify on {mdp.name} (rounding alone may reach {floor:.3g}); "
        "expected a larger one"
    )


# --------------------------------------------------------------------------------------------------- policy iteration
def policy_iteration(mdp: MDP, start: npt.ArrayLike | None = None) -> DiscountedSolution:
    """Howard's policy iteration with exact evaluation (Howard 1960; Puterman 1994, section 6.4).

    An action is changed only for a gain above the rounding error, so it terminates. Policies are evaluated by a direct
    solve up to ``DIRECT_SIZE`` states and by BiCGSTAB and certified sweeps down to rounding above.

    Args:
        mdp: a stationary model with a discount.
        start: first policy, shape (S,); greedy for the rewards alone if not given.

    Raises:
        InvalidInput: no discount, a stage-dependent model, or a malformed ``start``.
    """
    discount = required_discount(mdp)
    rewards = mdp.rewards.reshape(mdp.n_states, mdp.n_actions)
    policy = np.argmax(rewards, axis=1) if start is None else np.asarray(start).copy()
    greedy, ahead = np.empty(mdp.n_states, dtype=np.int64), np.zeros(mdp.n_states)
    n_sweeps = 0
    with Sweeps.of(mdp) as model:
        while True:
            values = _policy_values(mdp, policy, discount, ahead)
            low, high = model.improve(discount, 0.0, values, ahead, greedy)
            n_sweeps += 1
            # V^pi itself carries an error of rounding / (1 - gamma); T V - V is then off by a few times that
            tolerance = 4.0 * model.rounding(float(np.abs(values).max())) / (1.0 - discount)
            better = ahead - values > tolerance
            if not better.any():
                certificate = _certificate(model, discount, values, ahead, low, high)
                return _solution(ahead, greedy, certificate, n_sweeps)
            policy = np.where(better, greedy, policy)


def evaluate_policy(mdp: MDP, policy: npt.ArrayLike) -> Float:
    """Values of a stationary policy, V = (I - gamma P_pi)^{-1} r_pi, shape (S,).

    Args:
        mdp: a stationary model with a discount.
        policy: actions of shape (S,), or probabilities of shape (S, A).

    Raises:
        InvalidInput: no discount, a stage-dependent model, or a malformed policy.
    """
    return _policy_values(mdp, policy, required_discount(mdp), np.zeros(mdp.n_states))


def _policy_values(mdp: MDP, policy: npt.ArrayLike, discount: float, start: Float) -> Float:
    """``start`` is a first guess, used above ``DIRECT_SIZE`` states."""
    chain, rewards = policy_chain(mdp, policy)
    if mdp.n_states <= DIRECT_SIZE:
        return solve(sparse.eye_array(mdp.n_states, format="csr") - discount * chain, rewards)
    # Krylov steps from the guess, no further than float64 residuals go; the sweeps below finish and certify
    system = sparse.eye_array(mdp.n_states, format="csr") - discount * chain
    guess, _ = bicgstab(system, rewards, x0=start, rtol=1e-12, maxiter=KRYLOV_STEPS)
    values = guess if np.isfinite(guess).all() else np.zeros(mdp.n_states)
    ahead = np.empty(mdp.n_states)
    only = np.zeros(mdp.n_states, dtype=np.int64)
    with Sweeps(chain.indptr.astype(np.int64), chain.indices, chain.data, rewards, mdp.n_states, 1) as model:
        # twice the rounding of the fixed point: sweeping cannot certify less
        floor = 4.0 * model.rounding(model.largest_reward / (1.0 - discount)) / (1.0 - discount)
        certificate = (-math.inf, math.inf)
        while _half_width(certificate) > floor:
            low, high = model.follow(discount, 0.0, values, ahead, only)
            certificate = _certificate(model, discount, values, ahead, low, high)
            values, ahead = ahead, values
    return values + 0.5 * (certificate[0] + certificate[1])


def action_values(mdp: MDP, values: npt.ArrayLike) -> Float:
    """One-step backups ``Q[s, a] = r(s, a) + gamma sum_y P(y | s, a) values[y]``, shape (S, A).

    Raises:
        InvalidInput: no discount, a stage-dependent model, or ``values`` not of shape (S,).
    """
    discount = required_discount(mdp)
    v = np.ascontiguousarray(values, dtype=np.float64)
    if v.shape != (mdp.n_states,):
        raise InvalidInput(f"values have shape {v.shape}; expected ({mdp.n_states},)")
    products = np.add.reduceat(mdp.probabilities * v[mdp.successors], mdp.indptr[:-1])
    return (mdp.rewards + discount * products).reshape(mdp.n_states, mdp.n_actions)


def occupancy(mdp: MDP, policy: npt.ArrayLike) -> Float:
    """Normalised discounted occupancy of a stationary policy, shape (S, A), summing to one.

    ``d[s, a] = (1 - gamma) sum_t gamma^t P_pi(s_t = s, a_t = a)`` from the initial distribution; ``(d * r).sum()`` is
    (1 - gamma) times the value.

    Raises:
        InvalidInput: no discount, a stage-dependent model, or a malformed policy.
    """
    discount = required_discount(mdp)
    weights = stationary_policy(mdp, policy)
    chain, _ = policy_chain(mdp, weights)
    system = (sparse.eye_array(mdp.n_states, format="csr") - discount * chain).T.tocsr()
    return solve(system, (1.0 - discount) * mdp.initial)[:, None] * weights


# ------------------------------------------------------------------------------------------------------------- pieces
def required_discount(mdp: MDP) -> float:
    """The discount of a stationary discounted model.

    Raises:
        InvalidInput: if it has none or is stage-dependent.
    """
    require_stationary(mdp)
    if mdp.discount is None:
        raise InvalidInput(f"{mdp.name} has no discount; expected a discounted model")
    return mdp.discount


def _require_accuracy(epsilon: float) -> None:
    if not (math.isfinite(epsilon) and epsilon > 0.0):
        raise InvalidInput(f"epsilon is {epsilon}; expected a finite number > 0")


def _sweep_limit(discount: float, largest_reward: float, epsilon: float) -> int:
    """Sweeps after which only rounding can keep the certificate above ``epsilon``.

    In exact arithmetic hi - lo <= 2 gamma^n max |r|, so gamma^(n+1) max |r| / (1 - gamma) <= epsilon / 4 is enough.
    """
    start = 4.0 * largest_reward / ((1.0 - discount) * epsilon)
    return 2 if discount == 0.0 or start <= 1.0 else 2 + math.ceil(math.log(start) / -math.log(discount))


def _certificate(
    model: Sweeps, discount: float, values: Float, ahead: Float, low: float, high: float
) -> tuple[float, float]:
    """What to add to the backup ``ahead`` to bound V* from below and above (Puterman 1994, section 6.6.2)."""
    largest = max(float(np.abs(values).max()), float(np.abs(ahead).max()))
    tail, rounding = discount / (1.0 - discount), model.rounding(largest) / (1.0 - discount)
    return tail * low - rounding, tail * high + rounding


def _half_width(certificate: tuple[float, float]) -> float:
    return 0.5 * (certificate[1] - certificate[0])


def _solution(ahead: Float, policy: Int, certificate: tuple[float, float], n_sweeps: int) -> DiscountedSolution:
    low, high = certificate
    return DiscountedSolution(ahead + 0.5 * (low + high), policy, ahead + low, ahead + high, n_sweeps)


@njit(nogil=True, error_model="numpy", cache=True)
def _gauss_seidel(indptr, successors, probabilities, rewards, n_actions, discount, values):
    change = 0.0
    row = 0
    for state in range(len(values)):
        best = -np.inf
        for _ in range(n_actions):
            q = 0.0
            for k in range(indptr[row], indptr[row + 1]):
                q += probabilities[k] * values[successors[k]]
            best = max(best, rewards[row] + discount * q)
            row += 1
        change = max(change, abs(best - values[state]))
        values[state] = best
    return change
