"""Backward induction: optimal values, the greedy policy, occupancies, and what a policy loses."""

import numpy as np  # noqa: F401 (for the gaps)


def backup(transitions, rewards, values):
    """One step of Bellman's equation at one stage: r(s, a) + sum_y P(y | s, a) V(y).

    Args:
        transitions: P, (S, A, S). rewards: r, (S, A). values: V of the next stage, (S,).

    Returns:
        (S, A).
    """
    raise NotImplementedError("gap 1: the reward and the expected value of the next state")


def greedy(q):
    """The action of the largest value in every state, ties to the lowest action.

    Args:
        q: action values, (..., A).

    Returns:
        integers, (...).
    """
    raise NotImplementedError("gap 2: the first of the best actions")


def backward_induction(transitions, rewards):
    """V*, Q* and the greedy policy.

    Args:
        transitions: (H, S, A, S). rewards: (H, S, A).

    Returns:
        values V*, (H + 1, S), the last row zero; Q*, (H, S, A); policy, integers (H, S).
    """
    raise NotImplementedError("gap 3: from the last stage to the first")


def evaluate(transitions, rewards, policy):
    """V^pi and Q^pi of a deterministic policy.

    Args:
        transitions: (H, S, A, S). rewards: (H, S, A). policy: actions, (H, S).

    Returns:
        values V^pi, (H + 1, S), the last row zero; Q^pi, (H, S, A).
    """
    raise NotImplementedError("gap 4: as backward induction, with the action of the policy in place of the best")


def occupancies(transitions, initial, policy):
    """d^pi_h(s): the probability that state s is visited at stage h.

    Args:
        transitions: (H, S, A, S). initial: distribution of the first state, (S,). policy: actions, (H, S).

    Returns:
        (H, S); every row sums to one.
    """
    raise NotImplementedError("gap 5: from the first stage to the last")


def difference_by_stage(transitions, rewards, initial, policy, other):
    """The stages of the performance-difference lemma: they sum to J(policy) - J(other).

    Args:
        transitions: (H, S, A, S). rewards: (H, S, A). initial: (S,). policy, other: actions, (H, S).

    Returns:
        (H,): the expectation, over the visits of ``policy`` at stage h, of the advantage of its action under ``other``.
    """
    raise NotImplementedError("gap 6: statement 3 of the text")


def regret_by_stage(transitions, rewards, initial, policy):
    """What a policy loses at each stage: the gaps of its actions, weighted by its visits. Sums to J* - J(policy).

    Returns:
        (H,), all >= 0.
    """
    raise NotImplementedError("gap 7: statement 4 of the text")
