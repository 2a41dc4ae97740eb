# library: StatisticalRL
# requires: statisticalrl
# jobs: ucb1
import random

from job import run
from statisticalrl_learners.MABs.UCB import UCB


def ucb1(request):
    means = request["means"]

    def work():
        for _ in range(request["runs"]):
            learner = UCB(len(means), lambda t: 1.0 / max(t, 1) ** 4)  # width sqrt(2 log t / N)
            learner.reset()
            regret = 0.0
            for _ in range(request["horizon"]):
                arm = learner.play()
                learner.update(0, arm, 1.0 if random.random() < means[arm] else 0.0, 0)
                regret += max(means) - means[arm]

    return work


run({"ucb1": ucb1})
