# library: SMPyBandits
# requires: SMPyBandits==0.9.7 numpy<1.24 scipy<1.10
# jobs: ucb1, thompson, kl_ucb, exp3
import random

from job import run
from SMPyBandits.Policies import UCB, Exp3, Thompson, klUCB


def loop(make):
    def adapter(request):
        means, horizon = request["means"], request["horizon"]
        gaps = [max(means) - mean for mean in means]

        def work():
            for _ in range(request["runs"]):
                policy = make(request)
                policy.startGame()
                regret = 0.0
                for _ in range(horizon):
                    arm = policy.choice()
                    policy.getReward(arm, 1.0 if random.random() < means[arm] else 0.0)
                    regret += gaps[arm]

        return work

    return adapter


run({
    "ucb1": loop(lambda request: UCB(len(request["means"]))),
    "thompson": loop(lambda request: Thompson(len(request["means"]))),
    "kl_ucb": loop(lambda request: klUCB(len(request["means"]))),
    "exp3": loop(lambda request: Exp3(len(request["means"]), gamma=request["rate"])),
})  # fmt: skip
