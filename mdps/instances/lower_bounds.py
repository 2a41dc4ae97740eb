"""Instances of lower-bound proofs: Jaksch, Ortner and Auer (2010) and Domingues et al. (2021)."""

from __future__ import annotations

import math

import numpy as np

from mdps.instances.checks import index_below, integer_at_least, number_between, positive_number
from mdps.instances.registry import instance_family
from mdps.model import MDP
from theory.errors import InvalidInput


@instance_family
def jao_two_state(
    delta: float = 0.1,
    epsilon: float = 0.05,
    n_actions: int = 2,
    good_action: int = 0,
    horizon: int | None = None,
    discount: float | None = None,
) -> MDP:
    """The two-state chain of Jaksch, Ortner and Auer (2010), section 6.

    From state 0 an action reaches state 1 with probability ``delta``, the good one with ``delta + epsilon``; every
    action leaves state 1 with probability ``delta``. Each step in state 1 earns 1. Optimal gain
    (delta + epsilon) / (2 delta + epsilon), 1/2 without the good action; diameter 1 / delta.

    Raises:
        InvalidInput: delta outside (0, 1], epsilon outside [0, 1 - delta], or good_action out of range.
    """
    positive_number("delta", delta)
    number_between("delta", delta, 0.0, 1.0)
    number_between("epsilon", epsilon, 0.0, 1.0 - delta)
    integer_at_least("n_actions", n_actions, 1)
    index_below("good_action", good_action, n_actions)
    up = np.full(n_actions, delta)
    up[good_action] = delta + epsilon
    p = np.zeros((2, n_actions, 2))
    p[0, :, 0], p[0, :, 1] = 1.0 - up, up
    p[1, :, 0], p[1, :, 1] = delta, 1.0 - delta
    r = np.zeros((2, n_actions))
    r[1] = 1.0
    return MDP.from_dense(p, r, horizon=horizon, discount=discount, name=f"jao-two-state-{delta:g}-{epsilon:g}")


@instance_family
def jao_composite(
    n_states: int = 10,
    n_actions: int = 10,
    diameter: float = 40.0,
    n_steps: int = 100_000,
    epsilon: float | None = None,
    good_copy: int | None = None,
    good_action: int = 0,
) -> MDP:
    """The composite instance behind the lower bound of Jaksch, Ortner and Auer (2010), Theorem 5.

    k = floor(n_states / 2) copies of the two-state chain with delta = 4 / diameter; copy i has states 2i (its s0) and
    2i + 1 (its s1). Actions 0..A'-1, A' = floor((n_actions - 1) / 2), act within the copy; exactly one (copy, action)
    has delta + epsilon. In the s0 states the next A' actions lead to the children in a complete A'-ary tree of copies
    and one more leads to the parent; where there is no such copy, and in the s1 states, they stay. All of these earn
    nothing; the first A' actions of an s1 state earn 1. States have number 2k and actions 2A' + 1, as in the proof.

    Args:
        n_steps: the horizon T for which the instance is hard; sets ``epsilon`` unless that is given.
        epsilon: default sqrt(k A' / (n_steps * diameter)), the order in the proof (its constant is 1 here).
        good_copy: default the last copy, the farthest from the root.

    Raises:
        InvalidInput: sizes too small (n_states < 2, n_actions < 3, diameter < 4), delta + epsilon > 1, or a tree too
            deep for the diameter: going from any s1 to any other costs at most 2 / delta + 2 * depth.
    """
    integer_at_least("n_states", n_states, 2)
    integer_at_least("n_actions", n_actions, 3)
    integer_at_least("n_steps", n_steps, 1)
    number_between("diameter", diameter, 4.0, math.inf)
    k, inner = n_states // 2, (n_actions - 1) // 2
    good_copy = k - 1 if good_copy is None else good_copy
    index_below("good_copy", good_copy, k)
    index_below("good_action", good_action, inner)
    delta = 4.0 / diameter
    if epsilon is None:
        epsilon = math.sqrt(k * inner / (n_steps * diameter))
    number_between("epsilon", epsilon, 0.0, 1.0 - delta)
    depth, node = 0, k - 1
    while node > 0:
        node, depth = (node - 1) // inner, depth + 1
    if 2 / delta + 2 * depth > diameter:
        raise InvalidInput(
            f"diameter is {diameter:g} but {k} copies in a {inner}-ary tree of depth {depth} need "
            f"2 / delta + 2 * depth = {2 / delta + 2 * depth:g}; expected a diameter of at least {4 * depth}"
        )

    p = np.zeros((2 * k, 2 * inner + 1, 2 * k))
    r = np.zeros((2 * k, 2 * inner + 1))
    for copy in range(k):
        s0, s1 = 2 * copy, 2 * copy + 1
        p[s0, :inner, s0], p[s0, :inner, s1] = 1.0 - delta, delta
        p[s1, :inner, s0], p[s1, :inner, s1] = delta, 1.0 - delta
        r[s1, :inner] = 1.0
        p[s1, inner:, s1] = 1.0
        for i in range(inner):
            child = inner * copy + 1 + i
            p[s0, inner + i, 2 * child if child < k else s0] = 1.0
        p[s0, 2 * inner, 2 * ((copy - 1) // inner) if copy > 0 else s0] = 1.0
    s0 = 2 * good_copy
    p[s0, good_action, [s0, s0 + 1]] = 1.0 - delta - epsilon, delta + epsilon
    return MDP.from_dense(p, r, name=f"jao-composite-{2 * k}x{2 * inner + 1}-D{diameter:g}")


@instance_family
def domingues_hard(
    n_actions: int = 2,
    n_levels: int = 2,
    horizon: int = 9,
    epsilon: float = 0.1,
    leaf: int = 0,
    stage: int | None = None,
    action: int = 0,
) -> MDP:
    """The hard instance of Domingues, Menard, Kaufmann and Valko (2021), Theorem 9 (stage-dependent).

    State 0 waits: action 0 stays there up to stage Hb = floor(H/3) and every other action, or any action from Hb on,
    goes to the root of an A-ary tree of ``n_levels`` levels d (A**(d-1) leaves). Actions lead down the tree; at a leaf
    every action reaches the good or the bad absorbing state with 1/2 each, except that ``action`` at ``leaf`` in
    ``stage`` reaches the good one with 1/2 + epsilon. The good state earns 1 a step from stage Hb + d + 1 on (counted
    from 1). States: 0 waiting, then the tree level by level, then good, then bad; S = 3 + (A**d - 1) / (A - 1).

    Stages count from 0 as everywhere in this package: ``stage`` = h* - 1, in d..Hb+d-1 (default the first). Every
    policy that reaches (leaf, stage, action) is optimal, with value (H - Hb - d)(1/2 + epsilon); every policy that
    never does has (H - Hb - d)/2. For this the agent must leave the waiting state at stage Hb at the latest; were it
    let stay in stage Hb too, it could arrive one stage after the rewards have begun.

    Raises:
        InvalidInput: A < 2, d < 1, H < 3d (the assumption of the theorem), epsilon outside [0, 1/2], or leaf, stage
            or action out of range.
    """
    integer_at_least("n_actions", n_actions, 2)
    integer_at_least("n_levels", n_levels, 1)
    integer_at_least("horizon", horizon, 3 * n_levels)
    number_between("epsilon", epsilon, 0.0, 0.5)
    n_leaves = n_actions ** (n_levels - 1)
    n_nodes = (n_actions**n_levels - 1) // (n_actions - 1)
    wait_until = horizon // 3
    stage = n_levels if stage is None else stage
    index_below("leaf", leaf, n_leaves)
    index_below("action", action, n_actions)
    if not n_levels <= stage < wait_until + n_levels:
        raise InvalidInput(
            f"stage is {stage}; a leaf is reached in stages {n_levels}..{wait_until + n_levels - 1} only (from 0)"
        )
    waiting, root, first_leaf = 0, 1, 1 + n_nodes - n_leaves
    good, bad = 1 + n_nodes, 2 + n_nodes
    n_states = 3 + n_nodes
    p = np.zeros((horizon, n_states, n_actions, n_states))
    r = np.zeros((horizon, n_states, n_actions))
    p[: wait_until - 1, waiting, 0, waiting] = 1.0
    p[: wait_until - 1, waiting, 1:, root] = 1.0
    p[wait_until - 1 :, waiting, :, root] = 1.0
    for node in range(n_nodes - n_leaves):
        for a in range(n_actions):
            p[:, 1 + node, a, 1 + n_actions * node + 1 + a] = 1.0
    p[:, first_leaf:good, :, good] = 0.5
    p[:, first_leaf:good, :, bad] = 0.5
    p[stage, first_leaf + leaf, action, [good, bad]] = 0.5 + epsilon, 0.5 - epsilon
    p[:, good, :, good] = 1.0
    p[:, bad, :, bad] = 1.0
    r[wait_until + n_levels :, good] = 1.0
    return MDP.from_dense(p, r, name=f"domingues-A{n_actions}-d{n_levels}-H{horizon}")
