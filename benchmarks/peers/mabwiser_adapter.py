# library: MABWiser
# requires: mabwiser
# jobs: ucb1, thompson, linucb
import random

import numpy as np
from job import run
from mabwiser.mab import MAB, LearningPolicy


def stochastic(policy):
    def adapter(request):
        means, arms = request["means"], list(range(len(request["means"])))

        def work():
            for _ in range(request["runs"]):
                mab = MAB(arms, policy())
                mab.fit(arms, [int(random.random() < mean) for mean in means])
                regret = 0.0
                for _ in range(request["horizon"] - len(arms)):
                    arm = mab.predict()
                    mab.partial_fit([arm], [int(random.random() < means[arm])])
                    regret += max(means) - means[arm]

        return work

    return adapter


def linucb(request):
    # The library keeps one regression for each arm, with a common context; the closest it has to a shared theta.
    features, theta = np.array(request["features"]), np.array(request["theta"])
    means, arms = features @ theta, list(range(len(features)))
    context = np.ones((1, features.shape[1]))

    def work():
        for _ in range(request["runs"]):
            mab = MAB(arms, LearningPolicy.LinUCB(alpha=1.0))
            mab.fit(arms, means.tolist(), np.repeat(context, len(arms), axis=0))
            regret = 0.0
            for _ in range(request["horizon"] - len(arms)):
                arm = mab.predict(context)
                mab.partial_fit([arm], [means[arm] + random.gauss(0.0, 1.0)], context)
                regret += means.max() - means[arm]

    return work


run({
    "ucb1": stochastic(lambda: LearningPolicy.UCB1(alpha=2.0)),
    "thompson": stochastic(lambda: LearningPolicy.ThompsonSampling()),
    "linucb": linucb,
})  # fmt: skip
