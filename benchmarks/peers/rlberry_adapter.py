# library: rlberry-scool
# requires: rlberry rlberry-scool
# jobs: ucbvi
import numpy as np
from job import run
from rlberry.envs.finite_mdp import FiniteMDP
from rlberry_scool.agents import UCBVIAgent


def ucbvi(request):
    model = np.load(request["model"])
    environment = FiniteMDP(model["rewards"], model["transitions"], initial_state_distribution=0)

    def work():
        UCBVIAgent(environment, horizon=request["horizon"], gamma=1.0).fit(budget=request["episodes"])

    return work


run({"ucbvi": ucbvi})
