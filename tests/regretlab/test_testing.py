"""assert_regret_bound: true theorems pass, false ones and wrong algorithms fail with a message that repeats them."""

from __future__ import annotations

import re
from dataclasses import replace

import hypothesis
import pytest
from hypothesis import given

import regretlab
from bandits.algorithms.successive_elimination import SuccessiveElimination
from bandits.algorithms.ucb1 import UCB1
from bandits.algorithms.ucb_constant import UCBConstant
from bandits.instances.bernoulli import bernoulli
from bandits.instances.gaussian import gaussian
from mdps.algorithms.ucbvi_ch import UCBVICH
from mdps.loops import Episodes
from mdps.model import MDP
from proofs_check.check import ALPHA_VERIFY, FIRST_BATCH
from proofs_check.statistics import MeanTest
from proofs_check.testing import _bound
from regretlab import assert_regret_bound
from regretlab.strategies import bernoulli_bandits, tabular_mdps
from regretlab.testing import ALPHA
from tests.regretlab.greedy import Greedy
from theory.errors import HypothesisViolated, InvalidInput, UnknownName

UCB1_REGRET = regretlab.theorem("ucb1/regret")
EASY = bernoulli(0.9, 0.5)
#: The greedy rule stays with the first arm for ever if the second one's first reward is 0: with probability 1/5.
TRAP = bernoulli(0.4, 0.8)

settings = hypothesis.settings(deadline=None, database=None, derandomize=True, max_examples=25)


def divided(theorem, by):
    return replace(theorem, id=f"{theorem.id}-divided", bound=lambda i, p, t: theorem.bound(i, p, t) / by)


def test_ucb1_passes():
    verdicts = assert_regret_bound(UCB1(), "ucb1/regret", [EASY, TRAP], horizon=5000)
    assert verdicts["verdict"].tolist() == ["verified", "verified"]
    assert verdicts["id"].tolist() == ["ucb1/regret"] * 2 and (verdicts["estimate"] < verdicts["bound"]).all()
    # One instance need not be wrapped, and the algorithm may depend on it.
    alone = assert_regret_bound(lambda instance, horizon: UCB1(), UCB1_REGRET, EASY, horizon=5000)
    assert alone["estimate"].tolist()[0] == regretlab.simulate(
        UCB1(), EASY, 5000, int(alone["n_runs"][0])
    ).regret[:, -1].mean()  # fmt: skip


def test_a_greedy_rule_fails_and_the_message_repeats_it():
    with pytest.raises(AssertionError) as failure:
        assert_regret_bound(Greedy(), "ucb1/regret", [EASY, TRAP], horizon=20_000, seed=7, accept={"undecided"})
    message = str(failure.value)
    assert "ucb1/regret is refuted for Greedy() on instances[1], bernoulli(0.4, 0.8)" in message
    assert "horizon 20000, seed 7" in message and UCB1_REGRET.source in message
    repeat = next(line for line in message.splitlines() if "repeat:" in line and "instances[1]" in line)
    names = {"regretlab": regretlab, "Greedy": Greedy, "instances": [EASY, TRAP]}
    trace = eval(repeat.split("repeat: ")[1], names)
    measured = trace.regret[:, -1].mean()
    assert f"measured {measured:.6g} on average over {trace.n_runs} runs, bound" in message
    assert measured > UCB1_REGRET.bound(TRAP, Greedy(), 20_000)


def test_a_bound_divided_by_30_fails():
    false = divided(UCB1_REGRET, 30)
    with pytest.raises(AssertionError, match="ucb1/regret-divided is refuted for UCB1"):
        assert_regret_bound(UCB1(), false, EASY, horizon=5000)
    with pytest.raises(AssertionError, match="is refuted"):
        assert_regret_bound(UCB1(), false, EASY, horizon=5000, accept={"undecided", "vacuous"})


def test_vacuous_and_undecided_fail_unless_accepted():
    with pytest.raises(AssertionError, match=r"vacuous .*(\n.*)*no run can exceed 40: take a longer horizon"):
        assert_regret_bound(UCB1(), "ucb1/regret", EASY, horizon=100)
    assert assert_regret_bound(UCB1(), "ucb1/regret", EASY, horizon=100, accept={"vacuous"})["verdict"][0] == "vacuous"
    with pytest.raises(AssertionError, match=r"undecided .*(\n.*)*over 2 runs.*; raise max_runs"):
        assert_regret_bound(UCB1(), "ucb1/regret", EASY, horizon=5000, max_runs=2)
    few = assert_regret_bound(UCB1(), "ucb1/regret", EASY, horizon=5000, max_runs=2, accept=["undecided"])
    assert few["verdict"][0] == "undecided" and few["n_runs"][0] == 2


def test_theorems_that_hold_with_a_probability():
    params, instance = UCBConstant(0.05), gaussian(1.0, 0.0)
    verdicts = assert_regret_bound(params, "ucb-constant/regret", instance, horizon=2000)
    assert verdicts["verdict"][0] == "verified" and verdicts["allowed"][0] == 0.05
    bound = _bound("ucb-constant/regret")
    assert bound.anytime  # the claim's own way to hold a run against the theorem
    false = replace(bound, theorem=divided(bound.theorem, 30))
    with pytest.raises(AssertionError, match=r"above it in 0.96 of the runs, allowed 0.05 \(run 0 is"):
        assert_regret_bound(params, false, instance, horizon=2000)


def test_a_claims_own_outcome_is_used():
    three = bernoulli(0.9, 0.5, 0.4)
    params = SuccessiveElimination(0.05, 0.5)
    assert _bound("successive-elimination/correct").outcome is not None
    verdicts = assert_regret_bound(params, "successive-elimination/correct", three, horizon=3000)
    assert verdicts["verdict"][0] == "verified"


def test_the_level_is_shared_between_the_instances():
    false = divided(UCB1_REGRET, 30)
    with pytest.raises(AssertionError, match="is refuted") as failure:
        assert_regret_bound(UCB1(), false, EASY, horizon=5000, max_runs=25)
    p_value = float(re.search(r"; p = (\S+)", str(failure.value))[1])
    assert p_value < ALPHA / 2
    # Evidence that suffices for one instance at level 1.5 p is too little for either of two.
    with pytest.raises(AssertionError, match="is refuted"):
        assert_regret_bound(UCB1(), false, [EASY], horizon=5000, alpha=1.5 * p_value, max_runs=25)
    with pytest.raises(AssertionError) as failure:
        assert_regret_bound(UCB1(), false, [EASY, EASY], horizon=5000, alpha=1.5 * p_value, max_runs=25)
    assert str(failure.value).count("is undecided") == 2


def test_every_run_counts_once():
    verdict = assert_regret_bound(UCB1(), "ucb1/regret", EASY, horizon=5000).iloc[0]
    assert verdict["n_runs"] > FIRST_BATCH  # several batches
    regret = regretlab.simulate(UCB1(), EASY, 5000, int(verdict["n_runs"])).regret[:, -1]
    test = MeanTest(verdict["bound"], 0.0, verdict["trivial"], ALPHA, ALPHA_VERIFY)
    test.update(regret)
    assert verdict["p_value"] == pytest.approx(test.p_verify, rel=1e-9)


def test_under_given_a_true_theorem_passes():
    seen = set()

    @settings
    @given(bernoulli_bandits(max_arms=3))
    def holds(bandit):
        verdicts = assert_regret_bound(
            UCB1(), "ucb1/regret", bandit, horizon=2000, max_runs=100, accept={"vacuous", "undecided"}
        )
        seen.add(verdicts["verdict"][0])

    holds()
    assert "verified" in seen and "vacuous" in seen  # equal arms leave nothing to test


def test_under_given_a_wrong_algorithm_is_shown_its_smallest_instance():
    @hypothesis.settings(settings, max_examples=200)
    @given(bandit=bernoulli_bandits(max_arms=3))
    def holds(bandit):
        assert_regret_bound(
            Greedy(), "ucb1/regret", bandit, horizon=5000, max_runs=100, accept={"vacuous", "undecided"}
        )

    with pytest.raises(AssertionError, match="ucb1/regret is refuted for Greedy") as failure:
        holds()
    notes = "\n".join(failure.value.__notes__)
    assert "BernoulliBandit(means=[" in notes and notes.split("means=[")[1].split("]")[0].count(",") == 1


def test_episodes():
    lock = MDP.from_dense([[[1.0], [1.0]]], [[0.0, 1.0]], horizon=1)
    verdicts = assert_regret_bound(
        lambda instance, horizon: UCBVICH(0.1), "ucbvi-ch/regret", Episodes(lock), horizon=50, accept={"vacuous"}
    )
    assert verdicts["verdict"][0] in ("verified", "vacuous")

    @hypothesis.settings(settings, max_examples=3)
    @given(tabular_mdps(max_states=2, max_horizon=2).map(Episodes))
    def runs(instance):
        assert_regret_bound(UCBVICH(0.1), "ucbvi-ch/regret", instance, horizon=20, max_runs=2, accept={"vacuous"})

    runs()


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"horizon": 0}, InvalidInput, "horizon is 0"),
        ({"max_runs": 0}, InvalidInput, "max_runs is 0"),
        ({"alpha": 0.0}, InvalidInput, "alpha is 0.0"),
        ({"seed": -1}, InvalidInput, "seed is -1"),
        ({"accept": {"refuted"}}, InvalidInput, "accept is {'refuted'}"),
        ({"accept": "vacuous"}, InvalidInput, "accept is 'vacuous'"),
        ({"instances": []}, InvalidInput, "there are no instances"),
        ({"instances": [EASY, "arms"]}, InvalidInput, r"instances\[1\] is of type str"),
        ({"algorithm": UCB1}, InvalidInput, "algorithm is the class UCB1"),
        ({"algorithm": UCB1(1.0)}, HypothesisViolated, "the algorithm's width is 2"),
        ({"instances": gaussian(1.0, 0.0)}, HypothesisViolated, "rewards lie in"),
        ({"theorem": "ucb1/regrets"}, UnknownName, "did you mean ucb1/regret"),
        ({"theorem": "ucb1/pulls"}, InvalidInput, r"ucb1/pulls has shape \(\d+, 2\)"),
        ({"theorem": replace(UCB1_REGRET, constants="order")}, InvalidInput, "unknown constants"),
        ({"theorem": replace(UCB1_REGRET, kind="lower bound")}, InvalidInput, "is a lower bound"),
        ({"theorem": replace(UCB1_REGRET, kind="PAC")}, InvalidInput, "which UCB1 does not state"),
    ],
)
def test_wrong_arguments_are_refused_before_anything_runs(changes, error, message):
    arguments = {"algorithm": UCB1(), "theorem": "ucb1/regret", "instances": EASY, "horizon": 5000} | changes
    with pytest.raises(error, match=message):
        assert_regret_bound(**arguments)
