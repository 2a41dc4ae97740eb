"""Coverability: how much of the state space can be covered by one distribution, and what that buys."""

import math

import numpy as np


def reachability(transitions, initial):
    """rho_h(s): the largest probability with which any policy is in state s at stage h.

    Args:
        transitions: (H, S, A, S). initial: distribution of the first state, (S,).

    Returns:
        (H, S).
    """
    horizon, n_states = transitions.shape[:2]
    reach = np.zeros((horizon, n_states))
    for h in range(horizon):
        chance = np.eye(n_states)  # [s, y]: the best probability of being in y at stage h, from s at the stage at hand
        for stage in range(h - 1, -1, -1):
            chance = np.max(transitions[stage] @ chance, axis=1)
        reach[h] = initial @ chance
    return reach


def coverability(reach, n_actions):
    """C_cov of all policies, from the reachability: max_h sum_{s,a} max_pi d_h^pi(s, a) (statement 1).

    Args:
        reach: (H, S). n_actions: A.
    """
    return n_actions * np.max(np.sum(reach, axis=1))


def covering_distribution(occupancies):
    """The distribution mu_h that covers a finite class of policies best.

    Args:
        occupancies: d_h^pi(s, a), (P, H, S, A).

    Returns:
        mu, (H, S, A); every stage sums to one.
    """
    envelope = np.max(occupancies, axis=0)
    return envelope / np.sum(envelope, axis=(1, 2), keepdims=True)


def ratio(occupancy, mu):
    """d / mu entry by entry, where 0/0 is 0 and d/0 is infinite for d > 0; two arrays of one shape."""
    result = np.full(occupancy.shape, np.inf)
    np.divide(occupancy, mu, out=result, where=mu > 0.0)
    result[occupancy == 0.0] = 0.0
    return result


def concentrability(occupancies, mu):
    """max over policies, stages and pairs of d_h^pi(s, a) / mu_h(s, a).

    Args:
        occupancies: (P, H, S, A). mu: (H, S, A).
    """
    return max(np.max(ratio(occupancy, mu)) for occupancy in occupancies)


def clipping_loss(occupancy, mu, clip):
    """P_d[d/mu > clip]: the probability, for each stage, of a pair whose ratio is cut off.

    Args:
        occupancy, mu: (H, S, A). clip: > 0.

    Returns:
        (H,).
    """
    return np.sum(np.where(ratio(occupancy, mu) > clip, occupancy, 0.0), axis=(1, 2))


def elliptic_sums(laws, reach):
    """Statement 3 for every pair: the sum over t of d^(t)(z) / (sum_{i<t} d^(i)(z) + m(z)).

    Args:
        laws: d^(1), ..., d^(T) at one stage, (T, Z). reach: m(z) >= every d^(t)(z), (Z,).

    Returns:
        (Z,); 0 for a pair with m(z) = 0.
    """
    total = np.zeros(laws.shape[1])
    seen = np.zeros(laws.shape[1])
    for law in laws:
        total += ratio(law, seen + reach)
        seen += law
    return total


def coverage_potential(laws):
    """Statement 4: sum_{t<=T} E_{d^(t)}[d^(t)(z) / sum_{i<=t} d^(i)(z)], for every T.

    Args:
        laws: d^(1), ..., d^(T) at one stage, (T, Z).

    Returns:
        (T,): the sum of the first t terms.
    """
    seen = np.zeros(laws.shape[1])
    terms = np.zeros(len(laws))
    for t, law in enumerate(laws):
        seen += law
        terms[t] = law @ ratio(law, seen)
    return np.cumsum(terms)


def potential_bound(cover, n_rounds):
    """The bound of statement 4 in terms of C_cov and T."""
    return cover * (1.0 + 4.0 * math.log(1.0 + n_rounds))
