# library: mabby
# requires: mabby
# jobs: ucb1, thompson
from job import run
from mabby import Bandit, BernoulliArm, Metric, Simulation
from mabby.strategies import BetaTSStrategy, UCB1Strategy


def simulation(strategy):
    def adapter(request):
        def work():
            bandit = Bandit(arms=[BernoulliArm(mean) for mean in request["means"]])
            simulated = Simulation(bandit=bandit, strategies=[strategy()], seed=1)
            simulated.run(trials=request["runs"], steps=request["horizon"], metrics=[Metric.REGRET])

        return work

    return adapter


run({"ucb1": simulation(lambda: UCB1Strategy(alpha=2.0)), "thompson": simulation(BetaTSStrategy)})
