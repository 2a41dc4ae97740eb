"""Backward induction: optimal values, the greedy policy, occupancies, and what a policy loses."""

import numpy as np


def backup(transitions, rewards, values):
    """One step of Bellman's equation at one stage: r(s, a) + sum_y P(y | s, a) V(y).

    Args:
        transitions: P, (S, A, S). rewards: r, (S, A). values: V of the next stage, (S,).

    Returns:
        (S, A).
    """
    return rewards + transitions @ values


def greedy(q):
    """The action of the largest value in every state, ties to the lowest action.

    Args:
        q: action values, (..., A).

    Returns:
        integers, (...).
    """
    return np.argmax(q, axis=-1)


def backward_induction(transitions, rewards):
    """V*, Q* and the greedy policy.

    Args:
        transitions: (H, S, A, S). rewards: (H, S, A).

    Returns:
        values V*, (H + 1, S), the last row zero; Q*, (H, S, A); policy, integers (H, S).
    """
    horizon, n_states, n_actions = rewards.shape
    values = np.zeros((horizon + 1, n_states))
    q = np.zeros((horizon, n_states, n_actions))
    for h in range(horizon - 1, -1, -1):
        q[h] = backup(transitions[h], rewards[h], values[h + 1])
        values[h] = q[h].max(axis=1)
    return values, q, greedy(q)


def evaluate(transitions, rewards, policy):
    """V^pi and Q^pi of a deterministic policy.

    Args:
        transitions: (H, S, A, S). rewards: (H, S, A). policy: actions, (H, S).

    Returns:
        values V^pi, (H + 1, S), the last row zero; Q^pi, (H, S, A).
    """
    horizon, n_states, n_actions = rewards.shape
    values = np.zeros((horizon + 1, n_states))
    q = np.zeros((horizon, n_states, n_actions))
    for h in range(horizon - 1, -1, -1):
        q[h] = backup(transitions[h], rewards[h], values[h + 1])
        values[h] = q[h][np.arange(n_states), policy[h]]
    return values, q


def occupancies(transitions, initial, policy):
    """d^pi_h(s): the probability that state s is visited at stage h.

    Args:
        transitions: (H, S, A, S). initial: distribution of the first state, (S,). policy: actions, (H, S).

    Returns:
        (H, S); every row sums to one.
    """
    horizon, n_states = policy.shape
    mass = np.zeros((horizon, n_states))
    mass[0] = initial
    for h in range(horizon - 1):
        mass[h + 1] = mass[h] @ transitions[h][np.arange(n_states), policy[h]]
    return mass


def difference_by_stage(transitions, rewards, initial, policy, other):
    """The stages of the performance-difference lemma: they sum to J(policy) - J(other).

    Args:
        transitions: (H, S, A, S). rewards: (H, S, A). initial: (S,). policy, other: actions, (H, S).

    Returns:
        (H,): the expectation, over the visits of ``policy`` at stage h, of the advantage of its action under ``other``.
    """
    mass = occupancies(transitions, initial, policy)
    values, q = evaluate(transitions, rewards, other)
    chosen = np.take_along_axis(q, policy[:, :, None], axis=2)[:, :, 0]
    return (mass * (chosen - values[:-1])).sum(axis=1)


def regret_by_stage(transitions, rewards, initial, policy):
    """What a policy loses at each stage: the gaps of its actions, weighted by its visits. Sums to J* - J(policy).

    Returns:
        (H,), all >= 0.
    """
    mass = occupancies(transitions, initial, policy)
    values, q, _ = backward_induction(transitions, rewards)
    gaps = values[:-1, :, None] - q
    return (mass * np.take_along_axis(gaps, policy[:, :, None], axis=2)[:, :, 0]).sum(axis=1)
