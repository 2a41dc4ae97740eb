"""LSVI-UCB++ action values from the whole history, one regression at a time."""

from __future__ import annotations

import numpy as np


def refresh(features, rewards, history, radii, last_upper, last_lower):
    """(upper, lower) at an update; ``history[h]`` lists (phi, next state, sigma^2) of stage h."""
    horizon, n_states, n_actions = rewards.shape
    d = features.shape[2]
    upper, lower = np.zeros(rewards.shape), np.zeros(rewards.shape)
    above, below = np.zeros(n_states), np.zeros(n_states)
    for h in range(horizon - 1, -1, -1):
        sigma = np.eye(d) / horizon**2
        b_above, b_below = np.zeros(d), np.zeros(d)
        for phi, y, w in history[h]:
            sigma = sigma + np.outer(phi, phi) / w
            b_above = b_above + phi * above[y] / w
            b_below = b_below + phi * below[y] / w
        inverse = np.linalg.inv(sigma)
        for s in range(n_states):
            for a in range(n_actions):
                phi = features[s, a]
                width = np.sqrt(phi @ inverse @ phi)
                high = rewards[h, s, a] + phi @ inverse @ b_above + radii[0] * width
                low = rewards[h, s, a] + phi @ inverse @ b_below - radii[1] * width
                upper[h, s, a] = min(high, last_upper[h, s, a], horizon)
                lower[h, s, a] = max(low, last_lower[h, s, a], 0.0)
        above, below = upper[h].max(axis=1), lower[h].max(axis=1)
    return upper, lower
