"""Exact planning for the average reward (Puterman 1994, chapters 8 and 9).

The gain of a policy from a state is its long-run reward per step; the bias is the total reward in excess of the gain.
``T h = max_a { r + P h }`` below; an optimal pair solves ``g + h = T h``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

from mdps.model import MDP, Float, Int
from mdps.planning.chains import chain_classes, policy_chain, require_weakly_communicating, row_matrix, solve
from mdps.planning.policies import require_stationary
from mdps.planning.sweeps import NotConverged, Sweeps
from theory.errors import InvalidInput

#: Policy iteration starts from the greedy policy after so many sweeps, or once the gain is known so well (in units of
#: the largest reward). Neither affects its result, only the conditioning of the systems it solves on the way.
FIRST_SWEEPS, FIRST_ACCURACY = 10_000, 1e-3


@dataclass(frozen=True, eq=False)
class AverageSolution:
    """A solution of a weakly communicating model with its certificate.

    Attributes:
        gain: estimate of the optimal gain, in reward per step.
        gain_lower, gain_upper: they bracket the optimal gain, rounding included.
        bias: relative values h, shape (S,), determined up to a constant (see the planner for which).
        policy: greedy for the bias (ties: lowest index), shape (S,); its gain is at least ``gain_lower`` everywhere.
        n_sweeps: sweeps over all actions.
    """

    gain: float
    gain_lower: float
    gain_upper: float
    bias: Float
    policy: Int
    n_sweeps: int

    @property
    def span(self) -> float:
        """Span of the bias, max h - min h."""
        return float(self.bias.max() - self.bias.min())


def relative_value_iteration(
    mdp: MDP, epsilon: float, *, aperiodicity: float = 0.9, max_sweeps: int = 1_000_000
) -> AverageSolution:
    """Relative value iteration on the aperiodic transform (Puterman 1994, sections 8.5.4-8.5.5).

    The transform P <- a P + (1 - a) I leaves gains and stationary laws as they are and divides the bias by a, which is
    undone in the result. For any h, min(T h - h) <= g* <= max(T h - h) (Theorem 8.5.5); it stops when the two are
    within ``epsilon``. The bias is zero at state 0.

    Args:
        mdp: a stationary, weakly communicating model; its discount, if any, is ignored.
        epsilon: width of the bracket on the gain, > 0.
        aperiodicity: a in (0, 1); 1 is plain relative value iteration, which periodic chains defeat.
        max_sweeps: give up after so many.

    Raises:
        InvalidInput: a stage-dependent model, a bad argument, or ``epsilon`` below what float64 certifies.
        NotWeaklyCommunicating: if the optimal gain may depend on the state; names the classes.
        NotConverged: at ``max_sweeps``.
    """
    require_stationary(mdp)
    if not (math.isfinite(epsilon) and epsilon > 0.0):
        raise InvalidInput(f"epsilon is {epsilon}; expected a finite number > 0")
    if not 0.0 < aperiodicity <= 1.0:
        raise InvalidInput(f"aperiodicity is {aperiodicity}; expected a number in (0, 1]")
    require_weakly_communicating(mdp)
    values, ahead = np.zeros(mdp.n_states), np.empty(mdp.n_states)
    policy = np.empty(mdp.n_states, dtype=np.int64)
    with Sweeps.of(mdp) as model:
        for n_sweeps in range(1, max_sweeps + 1):
            low, high = model.improve(aperiodicity, 1.0 - aperiodicity, values, ahead, policy)
            rounding = model.rounding(float(np.abs(values).max()))
            if high - low + 2.0 * rounding <= epsilon:
                # the bias of the model itself: from g + h' = r + a P h' + (1 - a) h' follows g + a h' = r + P (a h')
                bias = aperiodicity * (ahead - ahead[0])
                return AverageSolution(0.5 * (low + high), low - rounding, high + rounding, bias, policy, n_sweeps)
            if 8.0 * rounding > epsilon and high - low <= 8.0 * rounding:
                raise InvalidInput(
                    f"epsilon is {epsilon:g}, which float64 cannot certify on {mdp.name} (rounding alone is "
                    f"{2.0 * rounding:.3g}); expected a larger one, or use average_policy_iteration"
                )
            ahead -= ahead[0]
            values, ahead = ahead, values
    raise NotConverged(
        f"the gain of {mdp.name} is only known to lie in [{low}, {high}] after {max_sweeps} sweeps; "
        f"expected a bracket of width {epsilon:g}"
    )


def evaluate_policy(mdp: MDP, policy: npt.ArrayLike) -> tuple[Float, Float]:
    """Gain and bias of a stationary policy, exactly, whatever its classes (Puterman 1994, section 8.2 and appendix A).

    On each recurrent class the gain is the mean reward under the stationary law, and the bias is the solution of
    g + h = r + P h of stationary mean zero (so that P* h = 0, the bias itself and not only up to constants).

    Args:
        mdp: a stationary model.
        policy: actions of shape (S,), or probabilities of shape (S, A).

    Returns:
        gain, bias: both of shape (S,).

    Raises:
        InvalidInput: a stage-dependent model or a malformed policy.
        NotConverged: if a system is singular to working precision (classes left with a probability below 1e-16).
    """
    chain, rewards = policy_chain(mdp, policy)
    gain, bias = np.zeros(mdp.n_states), np.zeros(mdp.n_states)
    transient = np.ones(mdp.n_states, dtype=bool)
    for states in chain_classes(chain):
        transient[states] = False
        within = chain[states][:, states]
        law = stationary_law(within)
        g = float(law @ rewards[states])
        gain[states] = g
        h = np.zeros(len(states))
        if len(states) > 1:  # h = 0 at the likeliest state, solve for the others, then shift to stationary mean zero
            others = np.delete(np.arange(len(states)), np.argmax(law))
            system = sparse.eye_array(len(others), format="csr") - within[others][:, others]
            h[others] = solve(system.tocsr(), rewards[states][others] - g)
        bias[states] = h - law @ h
    rest = np.flatnonzero(transient)
    if len(rest):
        closed = np.flatnonzero(~transient)
        system = (sparse.eye_array(len(rest), format="csr") - chain[rest][:, rest]).tocsr()
        into = chain[rest][:, closed]
        gain[rest] = solve(system, into @ gain[closed])
        bias[rest] = solve(system, rewards[rest] - gain[rest] + into @ bias[closed])
    return gain, bias


def stationary_law(chain: sparse.csr_array) -> Float:
    """Stationary distribution of an irreducible chain, shape (n,).

    One state gets mass 1 and the others are solved for. That state must be one the chain visits often: if it is hardly
    ever visited the system is singular to working precision. Some steps of the lazy chain from the uniform law find one
    (where they lead matters for the conditioning only).
    """
    n = chain.shape[0]
    if n == 1:
        return np.ones(1)
    backwards = chain.T.tocsr()
    law = np.full(n, 1.0 / n)
    for _ in range(1000 + 10 * n):
        moved = 0.5 * (law + backwards @ law)
        change = float(np.abs(moved - law).max())
        law = moved
        if change <= 1e-3 * float(law.max()):
            break
    often = int(np.argmax(law))
    others = np.delete(np.arange(n), often)
    system = sparse.eye_array(n - 1, format="csr") - backwards[others][:, others]
    law[often] = 1.0
    law[others] = solve(system.tocsr(), chain[[often]].toarray()[0, others])
    return law / law.sum()


def average_policy_iteration(mdp: MDP) -> AverageSolution:
    """Multichain policy iteration (Howard 1960; Puterman 1994, section 9.2) on a weakly communicating model.

    Policies on the way may have several recurrent classes, so each is evaluated by :func:`evaluate_policy`; actions
    are improved on P g first and, among those that keep P g largest, on r + P h. The bias in the result is that of the
    policy (stationary mean zero on its recurrent classes).

    The first policy is greedy for the values after a bounded number of value-iteration sweeps: the evaluation of a poor
    policy can be hopelessly ill-conditioned (one that leaves a good class with probability 1e-80 has a bias of 1e80),
    that of a good one is not, its bias being bounded by the diameter.

    Args:
        mdp: a stationary, weakly communicating model; its discount, if any, is ignored.

    Raises:
        InvalidInput: a stage-dependent model.
        NotWeaklyCommunicating: if the optimal gain may depend on the state; names the classes.
        NotConverged: if a policy on the way is too ill-conditioned to be evaluated in float64.
    """
    require_stationary(mdp)
    require_weakly_communicating(mdp)
    matrix = row_matrix(mdp)
    shape = (mdp.n_states, mdp.n_actions)
    everywhere = np.arange(mdp.n_states)
    seen: set[bytes] = set()
    with Sweeps.of(mdp) as model:
        policy, n_sweeps = _first_policy(model, mdp.n_states)
        while True:
            if policy.tobytes() in seen:
                raise NotConverged(
                    f"policy iteration on {mdp.name} came back to an earlier policy: its evaluation is too "
                    "ill-conditioned for float64; use relative_value_iteration"
                )
            seen.add(policy.tobytes())
            gain, bias = evaluate_policy(mdp, policy)
            n_sweeps += 1
            # solves are accurate to a modest multiple of the roundoff of the largest number in play
            gain_tolerance = 1e-12 * max(1.0, model.largest_reward)
            tolerance = 1e-12 * max(1.0, model.largest_reward, float(np.abs(bias).max()))
            next_gain = (matrix @ gain).reshape(shape)
            if (next_gain.max(axis=1) > next_gain[everywhere, policy] + gain_tolerance).any():
                policy = _switch(policy, next_gain, gain_tolerance)
                continue
            backup = (mdp.rewards + matrix @ bias).reshape(shape)
            backup[next_gain < next_gain.max(axis=1, keepdims=True) - gain_tolerance] = -np.inf
            if (backup.max(axis=1) > backup[everywhere, policy] + tolerance).any():
                policy = _switch(policy, backup, tolerance)
                continue
            ahead, greedy = np.empty(mdp.n_states), np.empty(mdp.n_states, dtype=np.int64)
            low, high = model.improve(1.0, 0.0, bias, ahead, greedy)
            rounding = model.rounding(float(np.abs(bias).max()))
            return AverageSolution(0.5 * (low + high), low - rounding, high + rounding, bias, greedy, n_sweeps)


def _first_policy(model: Sweeps, n_states: int) -> tuple[Int, int]:
    """Greedy after sweeps of the aperiodic transform, until the gain is known to ``FIRST_ACCURACY``; their number."""
    values, ahead = np.zeros(n_states), np.empty(n_states)
    policy = np.empty(n_states, dtype=np.int64)
    n_sweeps, width = 0, math.inf
    while n_sweeps < FIRST_SWEEPS and width > FIRST_ACCURACY * model.largest_reward:
        low, high = model.improve(0.9, 0.1, values, ahead, policy)
        n_sweeps, width = n_sweeps + 1, high - low
        ahead -= ahead[0]
        values, ahead = ahead, values
    return policy, n_sweeps


def _switch(policy: Int, scores: Float, tolerance: float) -> Int:
    """The best action where it beats the present one by more than the tolerance, the present one elsewhere."""
    better = scores.max(axis=1) > scores[np.arange(len(policy)), policy] + tolerance
    return np.where(better, scores.argmax(axis=1), policy)
