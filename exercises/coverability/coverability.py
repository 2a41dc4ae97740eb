"""Coverability: how much of the state space can be covered by one distribution, and what that buys."""

import math  # noqa: F401 (for the gaps)

import numpy as np  # noqa: F401 (for the gaps)


def reachability(transitions, initial):
    """rho_h(s): the largest probability with which any policy is in state s at stage h.

    Args:
        transitions: (H, S, A, S). initial: distribution of the first state, (S,).

    Returns:
        (H, S).
    """
    raise NotImplementedError(
        "gap 1: for each (h, s) a backward recursion over the stages before h; the reward is 1 for being there"
    )


def coverability(reach, n_actions):
    """C_cov of all policies, from the reachability: max_h sum_{s,a} max_pi d_h^pi(s, a) (statement 1).

    Args:
        reach: (H, S). n_actions: A.
    """
    raise NotImplementedError("gap 2: the action of stage h is free")


def covering_distribution(occupancies):
    """The distribution mu_h that covers a finite class of policies best.

    Args:
        occupancies: d_h^pi(s, a), (P, H, S, A).

    Returns:
        mu, (H, S, A); every stage sums to one.
    """
    raise NotImplementedError("gap 3: statement 1 of the text, its second half")


def ratio(occupancy, mu):
    """d / mu entry by entry, where 0/0 is 0 and d/0 is infinite for d > 0; two arrays of one shape."""
    raise NotImplementedError("gap 4: mind the zeros")


def concentrability(occupancies, mu):
    """max over policies, stages and pairs of d_h^pi(s, a) / mu_h(s, a).

    Args:
        occupancies: (P, H, S, A). mu: (H, S, A).
    """
    raise NotImplementedError("gap 5: the largest ratio")


def clipping_loss(occupancy, mu, clip):
    """P_d[d/mu > clip]: the probability, for each stage, of a pair whose ratio is cut off.

    Args:
        occupancy, mu: (H, S, A). clip: > 0.

    Returns:
        (H,).
    """
    raise NotImplementedError("gap 6: the mass of d where the ratio exceeds the clip")


def elliptic_sums(laws, reach):
    """Statement 3 for every pair: the sum over t of d^(t)(z) / (sum_{i<t} d^(i)(z) + m(z)).

    Args:
        laws: d^(1), ..., d^(T) at one stage, (T, Z). reach: m(z) >= every d^(t)(z), (Z,).

    Returns:
        (Z,); 0 for a pair with m(z) = 0.
    """
    raise NotImplementedError("gap 7: the visits before round t, and the largest possible ones of a round")


def coverage_potential(laws):
    """Statement 4: sum_{t<=T} E_{d^(t)}[d^(t)(z) / sum_{i<=t} d^(i)(z)], for every T.

    Args:
        laws: d^(1), ..., d^(T) at one stage, (T, Z).

    Returns:
        (T,): the sum of the first t terms.
    """
    raise NotImplementedError("gap 8: the denominator counts the round itself")


def potential_bound(cover, n_rounds):
    """The bound of statement 4 in terms of C_cov and T."""
    raise NotImplementedError("gap 9: C_cov times one plus a logarithm")
