"""The bounds of best-arm identification and of semi-bandits, written out a second time."""

from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np
import pytest

from theory.identification import elimination_time
from theory.theorems import theorem

ARMS = SimpleNamespace(means=np.array([0.9, 0.5, 0.4]), gaps=np.array([0.0, 0.4, 0.5]), n_arms=3, subgaussian=0.5)
T = np.array([10.0, 2000.0])


def value(id, params):
    return np.asarray(theorem(id).bound(ARMS, SimpleNamespace(**params), T))


def first_time(gap):
    """The first t with U(t) < gap/4, by trying."""
    return next(t for t in range(1, 10**6) if 0.5 * math.sqrt(2 * math.log(12 * t * t / 0.05) / t) < gap / 4)


def test_successive_elimination():
    params = {"delta": 0.05, "sigma": 0.5}
    most = {gap: first_time(gap) for gap in (0.4, 0.5)}
    assert all(elimination_time(gap, 3, 0.05, 0.5) == t for gap, t in most.items())
    regret = [sum(gap * min(t, most[gap]) for gap in most) for t in T]
    assert value("successive-elimination/regret", params) == pytest.approx(regret)
    assert value("successive-elimination/expected", params) == pytest.approx(regret + 0.05 * T * 0.5)
    assert (value("successive-elimination/correct", params) == 0.0).all()


def test_lucb():
    h = 1 / 0.4**2 + 1 / 0.4**2 + 1 / 0.5**2
    samples = value("lucb/samples", {"delta": 0.05, "epsilon": 0.1})
    assert samples == pytest.approx(292 * h * math.log(h / 0.05) + 16)
    assert (value("lucb/correct", {"delta": 0.05, "epsilon": 0.1}) == 0.1).all()


def test_track_and_stop_allows_no_wrong_answer():
    assert (value("track-and-stop/correct", {"delta": 0.05}) == 0.0).all()


def test_sequential_halving():
    h_2 = max(2 / 0.4**2, 3 / 0.5**2)
    by_hand = 3 * math.log2(3) * math.exp(-600 / (16 * 0.25 * h_2 * math.log2(3)))
    assert value("sequential-halving/error", {"budget": 600}) == pytest.approx(by_hand)


def test_semi_bandits():
    problem = SimpleNamespace(largest_set=2, n_items=5)
    minimax = theorem("cucb/minimax").bound(problem, SimpleNamespace(width=1.5), T)
    assert minimax == pytest.approx([47 * math.sqrt(10 * t * math.log(t)) + (math.pi**2 / 3 + 1) * 10 for t in T])
