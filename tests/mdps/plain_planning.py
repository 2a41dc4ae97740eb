"""The smallest possible planners, from dense arrays: ground truth for tests of instances, files and environments."""

from __future__ import annotations

import numpy as np

from mdps.model import MDP


def stages(mdp: MDP) -> tuple[np.ndarray, np.ndarray]:
    """Transitions (H, S, A, S) and rewards (H, S, A) of an episodic model."""
    p, r = mdp.dense()
    if mdp.stage_dependent:
        return p, r
    return np.broadcast_to(p, (mdp.horizon, *p.shape)), np.broadcast_to(r, (mdp.horizon, *r.shape))


def optimal_value(mdp: MDP) -> float:
    """Expected return of an optimal policy from the initial distribution."""
    v = np.zeros(mdp.n_states)
    for p, r in zip(*(array[::-1] for array in stages(mdp))):
        v = (r + p @ v).max(axis=1)
    return float(mdp.initial @ v)


def value_of(mdp: MDP, policy: np.ndarray) -> float:
    """Expected return of a stochastic policy, shape (H, S, A) or anything that broadcasts to it."""
    v = np.zeros(mdp.n_states)
    p, r = stages(mdp)
    policy = np.broadcast_to(policy, r.shape)
    for h in reversed(range(mdp.horizon)):
        v = (policy[h] * (r[h] + p[h] @ v)).sum(axis=1)
    return float(mdp.initial @ v)


def gain_of(mdp: MDP, policy: np.ndarray) -> float:
    """Gain of a deterministic stationary policy with one recurrent class, from its stationary law."""
    p, r = mdp.dense()
    states = np.arange(mdp.n_states)
    kernel = p[states, policy]
    equations = np.vstack([kernel.T - np.eye(mdp.n_states), np.ones(mdp.n_states)])
    law = np.linalg.lstsq(equations, np.append(np.zeros(mdp.n_states), 1.0), rcond=None)[0]
    return float(law @ r[states, policy])


def diameter(mdp: MDP) -> float:
    """max over targets and states of the least expected hitting time, by value iteration to convergence."""
    p, _ = mdp.dense()
    worst = 0.0
    for target in range(mdp.n_states):
        steps = np.zeros(mdp.n_states)
        while True:
            updated = 1.0 + (p @ steps).min(axis=1)
            updated[target] = 0.0
            if np.abs(updated - steps).max() < 1e-10:
                break
            steps = updated
        worst = max(worst, float(steps.max()))
    return worst


def same_model(a: MDP, b: MDP) -> bool:
    """Do two models hold the same arrays, bit for bit?"""
    names = ("indptr", "successors", "probabilities", "rewards", "initial")
    return all(getattr(a, name).tobytes() == getattr(b, name).tobytes() for name in names)
