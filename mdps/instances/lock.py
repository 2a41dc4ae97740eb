"""The combination lock with rich observations."""

from __future__ import annotations

import numpy as np

from mdps.instances.checks import integer_at_least, number_between
from mdps.instances.registry import instance_family
from mdps.model import MDP


@instance_family
def combination_lock(
    horizon: int = 5, n_actions: int = 4, block_size: int = 3, decoy: float = 0.1, seed: int = 0
) -> MDP:
    """A combination lock observed through blocks (after Misra, Henaff, Krishnamurthy and Langford 2020).

    Each stage has three latent states, two good and one bad (never visited in the first). In a good state one
    (random) action leads to one of the two good states of the next stage, with 1/2 each; every other action leads to
    the bad chain for good and earns ``decoy`` there and then. The right action in a good state of the last stage
    earns 1. A latent state shows itself as one of ``block_size`` observations that no other latent state emits
    (Dirichlet(1, ..., 1) law per block), so this is a block MDP: the tabular model is over observations, its
    3 * horizon latent states decide everything, and coverability is at most 3 * n_actions per stage. The optimal
    value is 1; uniform play succeeds with probability n_actions**-horizon.

    ``meta["latent"][s]`` is the latent state 3*h + {0, 1 good, 2 bad} of observation s, ``meta["code"][h][i]`` the
    right action of good state i in stage h. Below the last stage the lock starts anew (never within an episode).

    Raises:
        InvalidInput: horizon or block_size < 1, n_actions < 2, or decoy outside [0, 1].
    """
    integer_at_least("horizon", horizon, 1)
    integer_at_least("n_actions", n_actions, 2)
    integer_at_least("block_size", block_size, 1)
    number_between("decoy", decoy, 0.0, 1.0)
    rng = np.random.default_rng(seed)
    code = rng.integers(0, n_actions, (horizon, 2))
    emission = rng.dirichlet(np.ones(block_size), size=3 * horizon)
    n_states = 3 * horizon * block_size
    latent = np.repeat(np.arange(3 * horizon), block_size)

    def block(z: int) -> np.ndarray:
        return np.arange(z * block_size, (z + 1) * block_size)

    def good_pair(h: int) -> tuple[np.ndarray, np.ndarray]:
        law = 0.5 * np.concatenate([emission[3 * h], emission[3 * h + 1]])
        return np.concatenate([block(3 * h), block(3 * h + 1)]), law

    indptr, successors, probabilities = [0], [], []
    rewards = np.zeros((n_states, n_actions))
    for s in range(n_states):
        h, i = divmod(int(latent[s]), 3)
        last = h == horizon - 1
        for a in range(n_actions):
            right = i < 2 and a == code[h, i]
            if right or last:
                targets, law = good_pair(0 if last else h + 1)
            else:
                targets, law = block(3 * (h + 1) + 2), emission[3 * (h + 1) + 2]
            if i < 2:
                rewards[s, a] = (1.0 if last else 0.0) if right else decoy
            successors.append(targets)
            probabilities.append(law)
            indptr.append(indptr[-1] + len(targets))
    initial = np.zeros(n_states)
    targets, law = good_pair(0)
    initial[targets] = law
    return MDP.from_csr(
        np.array(indptr),
        np.concatenate(successors),
        np.concatenate(probabilities),
        rewards,
        n_states=n_states,
        n_actions=n_actions,
        initial=initial,
        horizon=horizon,
        name=f"combination-lock-H{horizon}-A{n_actions}",
        meta={"latent": latent.tolist(), "code": code.tolist()},
    )
