"""Adversaries: their losses, what they state of themselves, files, and refusals."""

from __future__ import annotations

import importlib
import math
from collections import Counter

import numpy as np
import pytest

from bandits.adversaries.alternating import AlternatingLosses
from bandits.adversaries.bernoulli import BernoulliLosses
from bandits.adversaries.constant import ConstantLosses
from bandits.adversaries.constrained import StochasticallyConstrained
from bandits.adversaries.corrupted import CorruptedBernoulli
from bandits.adversaries.exploiting import ExploitExp3
from bandits.adversaries.hidden import HiddenArm
from bandits.adversaries.phases import phase_ends
from bandits.adversaries.punishing import PunishMostPlayed
from bandits.adversaries.sequence import LossSequence
from bandits.adversaries.shifting import GapShifting
from bandits.adversaries.switching import SwitchingLosses
from bandits.files import read_bandit, write_bandit
from kernels.random import ENVIRONMENT, stream_gamma, stream_key
from tests.bandits.test_exp3 import table
from tests.reference.paths import forced
from theory.errors import InvalidInput

ALL = [
    LossSequence(table(200, 3)),
    ConstantLosses([0.2, 0.9, 0.2]),
    AlternatingLosses(table(7, 3)),
    SwitchingLosses(3, 20, 0.1, 0.7),
    BernoulliLosses([0.1, 0.5, 0.9]),
    StochasticallyConstrained(3, 0.25),
    GapShifting(3, 0.6, 0.1),
    HiddenArm(3, 0.4),
    CorruptedBernoulli([0.2, 0.5, 0.6], 12.0),
    PunishMostPlayed(3),
    ExploitExp3(3, 0.1),
]
IDS = [type(a).__name__ for a in ALL]


def play(adversary, path, run=0, seed=1):
    """Losses and their conditional means along a path of arms, (T, K) each."""
    law = importlib.import_module(adversary.module)
    arrays, memory = adversary.arrays()
    key = np.uint64(stream_key(seed, ENVIRONMENT, run, 0))
    gamma = np.uint64(stream_gamma(key))
    law.prepare(arrays, memory, key, gamma)
    rows, means = np.full((2, len(path), adversary.n_arms), np.nan)
    for t, arm in enumerate(path, start=1):
        law.losses(arrays, memory, t, key, gamma, rows[t - 1], means[t - 1])
        law.played(arrays, memory, t, arm)
    return rows, means


def path_of(seed, n_arms=3, horizon=200):
    return np.random.default_rng(seed).integers(0, n_arms, horizon)


@pytest.mark.parametrize("adversary", ALL, ids=IDS)
def test_losses_lie_in_range_and_have_the_stated_means(adversary):
    rows, means = play(adversary, path_of(0))
    low, high = adversary.loss_range
    assert (rows >= low).all() and (rows <= high).all() and (means >= low).all() and (means <= high).all()
    if adversary.deterministic:
        assert (rows == means).all()
    else:
        assert not (rows == means).all()
        total, variance = (rows - means).sum(axis=0), (means * (1 - means)).sum(axis=0)
        assert (np.abs(total) <= 4.5 * np.sqrt(variance)).all()


@pytest.mark.parametrize("adversary", ALL, ids=IDS)
def test_a_run_is_a_function_of_its_address(adversary):
    first, again = play(adversary, path_of(0)), play(adversary, path_of(0))
    assert (first[0] == again[0]).all()
    if not adversary.deterministic:
        assert not (first[0] == play(adversary, path_of(0), run=1)[0]).all()


@pytest.mark.parametrize("adversary", ALL, ids=IDS)
def test_only_adaptive_adversaries_react(adversary):
    assert (play(adversary, path_of(0))[0] == play(adversary, path_of(1))[0]).all() == adversary.oblivious


@pytest.mark.parametrize("adversary", ALL, ids=IDS)
def test_regret_stays_within_the_stated_limits(adversary):
    """Best and worst arm of every round, in expectation, against the best fixed arm."""
    horizons = np.array([1, 2, 19, 200])
    for run in range(3):
        _, means = play(adversary, path_of(run), run=run)
        best = np.cumsum(means, axis=0).min(axis=1)
        most, least = np.cumsum(means.max(axis=1)) - best, np.cumsum(means.min(axis=1)) - best
        assert (most[horizons - 1] <= adversary.trivial_regret(horizons) + 1e-9).all()
        assert (least[horizons - 1] >= adversary.least_regret(horizons) - 1e-9).all()
        if isinstance(adversary, LossSequence | AlternatingLosses):
            assert np.allclose(most[horizons - 1], adversary.trivial_regret(horizons))
            assert np.allclose(least[horizons - 1], adversary.least_regret(horizons))


def test_gaps_are_those_of_the_means():
    for adversary in (ConstantLosses([0.2, 0.9, 0.3]), BernoulliLosses([0.1, 0.5]), StochasticallyConstrained(4, 0.3)):
        _, means = play(adversary, path_of(0, adversary.n_arms, 50))
        assert np.allclose(means - means.min(axis=1, keepdims=True), adversary.gaps)


def test_phases_grow_by_the_ratio():
    """Lengths ceil(1.6^n) = 1, 2, 3, 5, 7, 11, ...; the level jumps at each end, the gap stays."""
    ends = phase_ends(1.6, 100)
    assert np.diff([0, *ends])[:6].tolist() == [1, 2, 3, 5, 7, 11]
    _, means = play(StochasticallyConstrained(3, 0.25), path_of(0, 3, 29))
    levels = [0.0, 0.75, 0.0, 0.75, 0.0, 0.75]
    assert means[:, 0].tolist() == [x for x, n in zip(levels, (1, 2, 3, 5, 7, 11)) for _ in range(n)]


def test_the_gap_shifts_with_the_phases():
    adversary = GapShifting(3, 0.6, 0.1)
    _, means = play(adversary, path_of(0))
    gaps = means[:, 1] - means[:, 0]
    assert sorted(set(gaps.round(12))) == [0.1, 0.6]
    assert np.allclose(np.cumsum(gaps)[[0, 50, 199]], adversary.trivial_regret(np.array([1, 51, 200])))


def test_the_best_arm_switches():
    rows, _ = play(SwitchingLosses(3, 4, 0.2, 0.9), path_of(0, 3, 13))
    assert rows.argmin(axis=1).tolist() == [0] * 4 + [1] * 4 + [2] * 4 + [0]
    assert set(rows.ravel()) == {0.2, 0.9}


def test_every_arm_is_hidden_equally_often():
    found = Counter(int(play(HiddenArm(4, 0.2), [0], run=run)[1].argmin()) for run in range(2000))
    assert sum((found[arm] - 500) ** 2 / 500 for arm in range(4)) < 16.3  # chi-square, 3 degrees, level 0.001


def test_corruption_is_spent_and_bounds_the_self_bounding_regime():
    """Reg >= sum p gap - C for every sequence of laws, and C is needed: a budget of zero would break it."""
    adversary = CorruptedBernoulli([0.2, 0.5, 0.6], 12.1)
    rounds = 30  # floor(12.1 / 0.4)
    assert adversary.corrupted_rounds == rounds and adversary.corruption == pytest.approx(24.0)
    _, means = play(adversary, path_of(0))
    assert np.allclose(means[:rounds], [0.6, 0.3, 0.2]) and np.allclose(means[rounds:], [0.2, 0.5, 0.6])
    slack = []
    for law in (*np.eye(3), *np.random.default_rng(0).dirichlet(np.ones(3), 20)):
        for horizon in (10, 30, 200):
            regret = (means[:horizon] @ law).sum() - means[:horizon].sum(axis=0).min()
            regret_to_best = (means[:horizon] @ law).sum() - means[:horizon, 0].sum()
            assert regret >= regret_to_best - 1e-9
            assert regret_to_best >= horizon * (law @ adversary.gaps) - adversary.corruption - 1e-9
            slack.append(regret_to_best - horizon * (law @ adversary.gaps))
    assert min(slack) == pytest.approx(-adversary.corruption)


def test_the_most_played_arm_is_punished():
    rows, _ = play(PunishMostPlayed(3), [2, 2, 0, 0, 0, 1])
    assert rows.argmax(axis=1).tolist() == [0, 2, 2, 2, 0, 0]  # ties to the lowest index
    assert (rows.sum(axis=1) == 1.0).all()


def test_exp3_is_reproduced_and_exploited():
    """Along any path the adversary charges the arm that Exp3 with its rate would most probably play."""
    from bandits.algorithms.exp3 import Exp3

    path = path_of(3, 3, 60)
    rows, _ = play(ExploitExp3(3, 0.2), path)
    laws = forced(Exp3(0.2), rows, tuple(path))
    assert (laws[np.arange(60), rows.argmax(axis=1)] >= laws.max(axis=1) * (1 - 1e-12)).all()


@pytest.mark.parametrize("adversary", ALL, ids=IDS)
def test_written_and_read_back(adversary, tmp_path):
    write_bandit(adversary, tmp_path / "adversary.json")
    again = read_bandit(tmp_path / "adversary.json")
    assert type(again) is type(adversary) and again.name == adversary.name
    assert (play(again, path_of(0))[0] == play(adversary, path_of(0))[0]).all()


def test_a_table_of_losses_is_read(tmp_path):
    (tmp_path / "losses.csv").write_text("round,a,b\n1,0.5,1\n2,0,0.25\n")
    read = read_bandit(tmp_path / "losses.csv")
    assert isinstance(read, LossSequence) and read.table.tolist() == [[0.5, 1.0], [0.0, 0.25]]


def test_instances_are_immutable():
    source = table(5, 2)
    adversary = LossSequence(source)
    source[0, 0] = 0.123
    assert adversary.table[0, 0] != 0.123
    with pytest.raises(ValueError):
        adversary.table[0, 0] = 1.0


@pytest.mark.parametrize(
    "build, message",
    [
        (lambda: LossSequence([[0.5, 1.5]]), r"losses\[0, 1\] is 1.5; expected a number in \[0, 1\]"),
        (lambda: LossSequence([[0.5], [math.nan]]), r"losses\[1, 0\] is nan; expected a finite number"),
        (lambda: LossSequence([0.5, 0.5]), r"shape \(2,\)"),
        (lambda: LossSequence(np.zeros((0, 2))), "at least one of each"),
        (lambda: LossSequence([[0.5], [0.1, 0.2]]), "cannot be read as a table"),
        (lambda: ConstantLosses([0.5, -0.1]), r"losses\[1\] is -0.1"),
        (lambda: AlternatingLosses([[2.0]]), r"cycle\[0, 0\] is 2"),
        (lambda: SwitchingLosses(2, 0), "period is 0; expected a whole number >= 1"),
        (lambda: SwitchingLosses(2, 5, 0.9, 0.1), "below the low loss"),
        (lambda: BernoulliLosses([1.1]), r"means\[0\] is 1.1"),
        (lambda: StochasticallyConstrained(1, 0.5), "number of arms is 1; expected a whole number >= 2"),
        (lambda: StochasticallyConstrained(2, 0.0), "gap is 0.0"),
        (lambda: StochasticallyConstrained(2, 0.5, 1.0), "ratio of the phases is 1.0"),
        (lambda: GapShifting(2, 0.2, 0.3), "narrow gap is 0.3"),
        (lambda: HiddenArm(2, 1.5), "advantage is 1.5"),
        (lambda: CorruptedBernoulli([0.5, 0.5], 1.0), "means are all 0.5"),
        (lambda: CorruptedBernoulli([0.5, 0.6], -1.0), "budget of corruption is -1.0"),
        (lambda: PunishMostPlayed(1.5), "number of arms is 1.5"),
        (lambda: ExploitExp3(2, 0.0), "learning rate is 0.0"),
    ],
)
def test_malformed_adversaries_are_refused(build, message):
    with pytest.raises(InvalidInput, match=message):
        build()


def test_a_run_longer_than_the_table_is_refused():
    with pytest.raises(InvalidInput, match=r"horizon is 201, but .* has 200 rounds"):
        ALL[0].problem(201)
    assert ALL[0].problem(200).horizon == 200
