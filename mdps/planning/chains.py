"""The Markov chain of a policy, its classes, the end components of a model, and linear solves on chains."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.sparse.csgraph import connected_components
from scipy.sparse.linalg import splu

from mdps.model import MDP, Float, Int
from mdps.planning.policies import require_stationary, stationary_policy
from mdps.planning.sweeps import NotConverged
from theory.errors import InvalidInput

#: Above this share of non-zeros, or below this many unknowns, a dense factorisation is the faster one.
DENSE_SHARE, DENSE_SIZE = 0.1, 64


class NotWeaklyCommunicating(InvalidInput):
    """The optimal gain may depend on the first state: the model has several maximal end components.

    ``classes`` lists their states; no policy can be forced from one to every other.
    """

    def __init__(self, name: str, classes: list[Int]) -> None:
        self.classes = classes
        shown = "; ".join(_listed(c) for c in classes[:4]) + ("; ..." if len(classes) > 4 else "")
        super().__init__(
            f"{name} is not weakly communicating: it has {len(classes)} classes of states that some policy never "
            f"leaves and that do not communicate, namely {shown}; expected one"
        )


class SeveralRecurrentClasses(InvalidInput):
    """A policy's chain has several recurrent classes where one was expected; ``classes`` lists their states."""

    def __init__(self, classes: list[Int]) -> None:
        self.classes = classes
        shown = "; ".join(_listed(c) for c in classes[:4]) + ("; ..." if len(classes) > 4 else "")
        super().__init__(f"the chain of this policy has {len(classes)} recurrent classes, namely {shown}; expected one")


def _listed(states: Int) -> str:
    shown = ", ".join(str(int(s)) for s in states[:6])
    return "{" + shown + (", ..." if len(states) > 6 else "") + "}"


def policy_chain(mdp: MDP, policy: npt.ArrayLike) -> tuple[sparse.csr_array, Float]:
    """Transition matrix (S, S) and mean rewards (S,) of a stationary policy.

    Args:
        mdp: a stationary model.
        policy: actions of shape (S,), or probabilities of shape (S, A).

    Raises:
        InvalidInput: if the model is stage-dependent or the policy malformed.
    """
    weights = stationary_policy(mdp, policy).reshape(-1)
    n_rows, n_states = mdp.n_rows, mdp.n_states
    played = np.flatnonzero(weights)
    choose = sparse.csr_array((weights[played], (played // mdp.n_actions, played)), shape=(n_states, n_rows))
    return (choose @ row_matrix(mdp)).tocsr(), choose @ mdp.rewards


def row_matrix(mdp: MDP) -> sparse.csr_array:
    """The transition probabilities as a sparse matrix of shape (n_rows, S), sharing the model's memory."""
    return sparse.csr_array((mdp.probabilities, mdp.successors, mdp.indptr), shape=(mdp.n_rows, mdp.n_states))


def solve(matrix: sparse.csr_array, right_hand_side: Float) -> Float:
    """Solution of a square non-singular system by a direct factorisation, dense or sparse as suits the matrix.

    Raises:
        NotConverged: if the matrix is singular to working precision.
    """
    n = matrix.shape[0]
    try:
        if n <= DENSE_SIZE or matrix.nnz > DENSE_SHARE * n * n:
            return np.linalg.solve(matrix.toarray(), right_hand_side)
        return splu(matrix.tocsc()).solve(right_hand_side)
    except (np.linalg.LinAlgError, RuntimeError) as error:
        raise NotConverged(f"a system of {n} equations is singular to working precision: {error}") from error


def chain_classes(chain: sparse.csr_array) -> list[Int]:
    """Recurrent classes of a chain: its strongly connected components that no transition leaves, in order of state."""
    n_components, label = connected_components(_support(chain), directed=True, connection="strong")
    closed = np.ones(n_components, dtype=bool)
    source, target = chain.nonzero()
    leaving = label[source] != label[target]
    closed[label[source[leaving]]] = False
    return _groups(np.where(closed[label], label, -1))


def recurrent_classes(mdp: MDP, policy: npt.ArrayLike) -> list[Int]:
    """Recurrent classes of a policy's chain, each a sorted array of states. One class: the policy is unichain.

    (Whether *every* deterministic policy is unichain is NP-hard to decide, Tsitsiklis 2007, and not offered.)

    Raises:
        InvalidInput: if the model is stage-dependent or the policy malformed.
    """
    return chain_classes(policy_chain(mdp, policy)[0])


def maximal_end_components(mdp: MDP) -> list[Int]:
    """Maximal end components: largest sets that some policy never leaves and whose states reach one another in it.

    Every policy ends up in one of them (de Alfaro 1997, section 3.3). The model is weakly communicating if and only
    if there is exactly one, and communicating if that one holds every state.

    Raises:
        InvalidInput: if the model is stage-dependent.
    """
    require_stationary(mdp)
    positive = mdp.probabilities > 0.0
    row_of = np.repeat(np.arange(mdp.n_rows, dtype=np.int32), np.diff(mdp.indptr))[positive]
    target = mdp.successors[positive].astype(np.int32)
    kept = np.ones(mdp.n_rows, dtype=bool)
    while True:
        source = row_of // np.int32(mdp.n_actions)
        graph = sparse.coo_array((np.ones(len(source), np.int8), (source, target)), shape=(mdp.n_states,) * 2)
        label = connected_components(graph, directed=True, connection="strong")[1]
        left = np.unique(row_of[label[source] != label[target]])
        if len(left) == 0:
            break
        kept[left] = False
        staying = kept[row_of]
        row_of, target = row_of[staying], target[staying]
    alive = kept.reshape(mdp.n_states, mdp.n_actions).any(axis=1)
    return _groups(np.where(alive, label, -1))


def is_communicating(mdp: MDP) -> bool:
    """Whether every state can be reached from every other under some policy."""
    classes = maximal_end_components(mdp)
    return len(classes) == 1 and len(classes[0]) == mdp.n_states


def is_weakly_communicating(mdp: MDP) -> bool:
    """Whether all states but those transient under every policy communicate (Puterman 1994, section 8.3.1)."""
    return len(maximal_end_components(mdp)) == 1


def require_weakly_communicating(mdp: MDP) -> None:
    """Refuse a model whose optimal gain may depend on the first state.

    Raises:
        NotWeaklyCommunicating: with the classes of states that do not communicate.
    """
    classes = maximal_end_components(mdp)
    if len(classes) != 1:
        raise NotWeaklyCommunicating(mdp.name, classes)


def _support(chain: sparse.csr_array) -> sparse.csr_array:
    positive = chain.copy()
    positive.data = (positive.data > 0.0).astype(np.float64)
    positive.eliminate_zeros()
    return positive


def _groups(label: npt.NDArray) -> list[Int]:
    """States by label, in order of the first state; label -1 belongs to none."""
    order = np.argsort(label, kind="stable")
    cuts = np.flatnonzero(np.diff(label[order])) + 1
    groups = [group.astype(np.int64) for group in np.split(order, cuts) if label[group[0]] >= 0]
    return sorted(groups, key=lambda group: int(group[0]))
