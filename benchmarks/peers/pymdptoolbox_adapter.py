# library: pymdptoolbox
# requires: pymdptoolbox
# jobs: planning, planning large
import numpy as np
from job import run
from mdptoolbox.mdp import PolicyIterationModified
from scipy import sparse


def planning(request):
    model, n_states, n_actions = np.load(request["model"]), request["n_states"], request["n_actions"]
    rows = sparse.csr_matrix(
        (model["probabilities"], model["successors"], model["indptr"]), shape=(n_states * n_actions, n_states)
    )
    transitions = [rows[action::n_actions] for action in range(n_actions)]
    rewards = model["rewards"].reshape(n_states, n_actions)

    def work():
        solver = PolicyIterationModified(
            transitions, rewards, request["discount"], epsilon=request["epsilon"], max_iter=10_000
        )
        solver.run()

    return work


run({"planning": planning, "planning large": planning})
