"""Bandit instances in files and as Gymnasium environments."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from gymnasium.utils.env_checker import check_env

from bandits.algorithms.ucb1 import UCB1
from bandits.files import read_bandit, write_bandit
from bandits.gym import to_gymnasium
from bandits.instances.bernoulli import BernoulliBandit
from bandits.linear import LinearBandit
from kernels.engine import simulate
from theory.errors import DamagedFile, InvalidInput


def test_arm_means_from_csv(tmp_path):
    path = tmp_path / "arms.csv"
    path.write_text("arm,mean\na,0.5\nb,0.6\n")
    instance = read_bandit(path)
    assert instance.family == "bernoulli" and instance.means.tolist() == [0.5, 0.6] and instance.name == "arms"


def test_gaussian_means_from_parquet(tmp_path):
    path = tmp_path / "arms.parquet"
    pq.write_table(pa.table({"mean": [0.5, 2.0], "law": ["gaussian"] * 2, "sd": [2.0, 2.0]}), path)
    instance = read_bandit(path)
    assert instance.family == "gaussian" and instance.means.tolist() == [0.5, 2.0] and instance.subgaussian == 2.0


def test_losses_from_csv(tmp_path):
    path = tmp_path / "losses.csv"
    path.write_text("round,a,b\n1,0,1\n2,1,0.5\n")
    assert read_bandit(path).losses.tolist() == [[0.0, 1.0], [1.0, 0.5]]


@pytest.fixture
def contexts(tmp_path):
    rng = np.random.default_rng(0)
    features, theta = rng.normal(size=(4, 3, 2)), np.array([0.3, -0.4])
    path = tmp_path / "contexts.parquet"
    table = {
        "context": np.repeat(np.arange(4), 3),
        "action": np.tile(np.arange(3), 4),
        "x0": features[..., 0].reshape(-1),
        "x1": features[..., 1].reshape(-1),
        "mean": (features @ theta).reshape(-1),
    }
    pq.write_table(pa.table(table), path)
    return path, features, theta, table


def test_logged_contexts(contexts):
    path, features, theta, _ = contexts
    instance = read_bandit(path)
    np.testing.assert_array_equal(instance.features, features)
    np.testing.assert_allclose(instance.theta, theta, atol=1e-12)


def test_logged_rewards_are_fitted_and_say_so(contexts):
    path, _, theta, table = contexts
    noisy = {**table, "reward": table["mean"] + 0.01 * np.random.default_rng(1).normal(size=12)}
    del noisy["mean"]
    pq.write_table(pa.table(noisy), path)
    instance = read_bandit(path)
    assert "fitted" in instance.name
    np.testing.assert_allclose(instance.theta, theta, atol=0.05)


@pytest.mark.parametrize(
    ("name", "text", "where", "expected"),
    [
        ("a.csv", "arm,mean\na,0.5\nb,much\n", "line 3, column 'mean'", "finite number"),
        ("a.csv", "arm,mean\na,0.5\nb\n", "line 3", "expected 2"),
        ("a.csv", "arm,mean\n", "empty", "at least one row"),
        ("a.csv", "mean,mean\n1,2\n", "'mean' appears twice", "distinct"),
        ("a.csv", "arm,mean\na,1.5\n", "means[0] is 1.5", "[0, 1]"),
        ("a.csv", "round,a,b\n1,0,1\n2,0,1.5\n", "line 3, column 'b'", "[0, 1]"),
        ("a.csv", "context,action,x0,mean\n1,1,1,0.5\n1,2,2,0.9\n", "line 2", "<theta, x> exactly"),
        ("a.csv", "context,action,mean\n1,1,1\n", "header", "x0, x1"),
        ("a.csv", "mean,law\n1,cauchy\n", "'cauchy'", "bernoulli"),
        ("a.json", "{", "not readable as JSON", ""),
        ("a.json", '{"instance": "Evil", "fields": {}}', "'Evil'", "expected one of"),
        ("a.json", '{"instance": "BernoulliBandit", "fields": {"meens": [1]}}', "'meens'", "means"),
        ("a.parquet", "not parquet", "not a readable Parquet", ""),
        ("a.txt", "", "unknown extension", ".csv"),
    ],
)
def test_bad_files_are_refused_with_place_and_expectation(tmp_path, name, text, where, expected):
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(InvalidInput) as caught:
        read_bandit(path)
    assert str(path) in str(caught.value) and where in str(caught.value) and expected in str(caught.value)


def test_missing_file(tmp_path):
    with pytest.raises(InvalidInput, match="no such file"):
        read_bandit(tmp_path / "absent.csv")


def test_unreadable_is_a_damaged_file(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(b"arm,mean\n\xff\xfe,1\n")
    with pytest.raises(DamagedFile):
        read_bandit(path)


def test_json_round_trip_gives_the_same_runs(tmp_path):
    for instance in (BernoulliBandit([0.1, 1 / 3]), LinearBandit.fixed(np.eye(2), [0.5, 0.1])):
        write_bandit(instance, tmp_path / "i.json")
        again = read_bandit(tmp_path / "i.json")
        for before, after in zip(instance.arrays(), again.arrays()):
            np.testing.assert_array_equal(before, after)


def test_environment_follows_the_interface_and_the_stacks():
    instance = BernoulliBandit([0.2, 0.8, 0.5])
    env = to_gymnasium(instance, 50)
    check_env(env, skip_render_check=True)
    trace = simulate(UCB1(), instance, 50, 1, seed=9, n_decisions=50)
    env.reset(seed=9)
    regret = 0.0
    for arm in trace.extra["decisions"][0]:
        *_, info = env.step(int(arm))
        regret += info["regret"]
    assert regret == pytest.approx(trace.regret[0, -1])
