# library: QuantEcon
# requires: quantecon
# jobs: planning, planning large
import numpy as np
from job import run
from quantecon.markov import DiscreteDP
from scipy import sparse


def planning(request):
    model, n_states, n_actions = np.load(request["model"]), request["n_states"], request["n_actions"]
    rows = n_states * n_actions
    transitions = sparse.csr_matrix(
        (model["probabilities"], model["successors"], model["indptr"]), shape=(rows, n_states)
    )
    states, actions = np.divmod(np.arange(rows), n_actions)
    problem = DiscreteDP(model["rewards"], transitions, request["discount"], states, actions)
    return lambda: problem.solve(method="modified_policy_iteration", epsilon=request["epsilon"], max_iter=100_000)


run({"planning": planning, "planning large": planning})
