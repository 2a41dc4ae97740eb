# library: contextualbandits
# requires: contextualbandits
# jobs: linucb
import numpy as np
from contextualbandits.online import LinUCB
from job import run


def linucb(request):
    # One regression for each arm, with a common context: the closest the library has to a shared theta.
    features, theta = np.array(request["features"]), np.array(request["theta"])
    means, context = features @ theta, np.ones((1, features.shape[1]))
    rng = np.random.default_rng(1)

    def work():
        for _ in range(request["runs"]):
            policy = LinUCB(nchoices=len(means), alpha=1.0, random_state=1)
            regret = 0.0
            for _ in range(request["horizon"]):
                arm = int(np.asarray(policy.predict(context)).ravel()[0])
                reward = means[arm] + rng.standard_normal()
                policy.partial_fit(context, np.array([arm]), np.array([reward]))
                regret += means.max() - means[arm]

    return work


run({"linucb": linucb})
