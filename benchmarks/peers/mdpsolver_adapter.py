# library: mdpsolver
# requires: mdpsolver numpy
# jobs: planning, planning large
import mdpsolver
import numpy as np
from job import run


def planning(request):
    model, n_states, n_actions = np.load(request["model"]), request["n_states"], request["n_actions"]
    shape = (n_states, n_actions, -1)
    problem = mdpsolver.model()
    problem.mdp(
        discount=request["discount"],
        rewards=model["rewards"].reshape(n_states, n_actions).tolist(),
        tranMatProbs=model["probabilities"].reshape(shape).tolist(),
        tranMatColumns=model["successors"].reshape(shape).tolist(),
    )
    cold = {"initPolicy": [0] * n_states, "initValueVector": [0.0] * n_states}  # else it starts from the last solution
    return lambda: problem.solve(algorithm="mpi", tolerance=request["epsilon"], **cold)


run({"planning": planning, "planning large": planning})
