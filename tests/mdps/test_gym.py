"""Gymnasium's tabular environments as models and back."""

from __future__ import annotations

import dataclasses

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from mdps.gym import DEFAULT_HORIZON, TabularEnv, from_gymnasium, to_gymnasium
from mdps.instances import garnet, grid_world, jao_two_state, random_mdp, river_swim
from mdps.model import MDP
from tests.mdps.plain_planning import optimal_value, same_model, stages, value_of
from theory.errors import InvalidInput, UnknownName


def _raw_value(mdp: MDP, value: float) -> float:
    """A value of a rescaled model in the environment's own rewards."""
    return value / mdp.meta["reward_scale"] - mdp.horizon * mdp.meta["reward_shift"]


def _exact_return(env: gymnasium.Env, policy: np.ndarray, horizon: int) -> float:
    """Expected raw return of a deterministic policy (H, S), straight from P, stopping where P says so."""
    unwrapped = env.unwrapped
    mass, total = np.array(unwrapped.initial_state_distrib, dtype=float), 0.0
    for h in range(horizon):
        following = np.zeros_like(mass)
        for s in np.nonzero(mass)[0]:
            for p, target, reward, done in unwrapped.P[s][policy[h, s]]:
                total += mass[s] * p * reward
                following[target] += 0.0 if done else mass[s] * p
        mass = following
    return total


# ------------------------------------------------------------------------------------ environments by id
@pytest.mark.parametrize(
    ("env_id", "n_states", "n_actions", "n_terminal"),
    [("FrozenLake-v1", 16, 4, 5), ("Taxi-v4", 500, 6, 4), ("CliffWalking-v1", 48, 4, 1)],
)
def test_known_environments(env_id: str, n_states: int, n_actions: int, n_terminal: int) -> None:
    if env_id not in gymnasium.registry:  # named so before Gymnasium 1.3
        env_id = {"Taxi-v4": "Taxi-v3", "CliffWalking-v1": "CliffWalking-v0"}[env_id]
    mdp = from_gymnasium(env_id, horizon=30)
    assert (mdp.n_states, mdp.n_actions, mdp.horizon) == (n_states, n_actions, 30)
    assert len(mdp.meta["terminal_states"]) == n_terminal
    assert 0 <= mdp.rewards.min() and mdp.rewards.max() <= 1
    # The same policies have the same returns, up to the affine map, when episodes end where the environment ends them.
    env = gymnasium.make(env_id)
    rng = np.random.default_rng(0)
    for policy in rng.integers(0, n_actions, (3, 30, n_states)):
        value = value_of(mdp, np.eye(n_actions)[policy])
        assert _raw_value(mdp, value) == pytest.approx(_exact_return(env, policy, 30), abs=1e-9)


def test_frozen_lake_needs_no_rescaling() -> None:
    mdp = from_gymnasium("FrozenLake-v1")
    assert (mdp.meta["reward_scale"], mdp.meta["reward_shift"], mdp.horizon) == (1.0, 0.0, 100)
    assert "step limit 100" in mdp.meta["horizon_note"]
    assert optimal_value(from_gymnasium("FrozenLake-v1", is_slippery=False)) == 1.0
    assert from_gymnasium("FrozenLake-v1", map_name="8x8").n_states == 64


def test_cliff_walking_walks_thirteen_steps_along_the_cliff() -> None:
    mdp = from_gymnasium("CliffWalking-v1")
    assert mdp.horizon == DEFAULT_HORIZON and "no step limit" in mdp.meta["horizon_note"]
    assert (mdp.meta["reward_shift"], mdp.meta["reward_scale"]) == (100.0, 0.01)
    assert _raw_value(mdp, optimal_value(mdp)) == pytest.approx(-13.0, abs=1e-8)


def test_discount_alone_means_no_horizon() -> None:
    mdp = from_gymnasium("FrozenLake-v1", discount=0.9)
    assert mdp.criterion == "discounted" and mdp.horizon is None


# ------------------------------------------------------------------------------------ a small environment of our own
class _Corridor(gymnasium.Env):
    """State 0: action 0 stops at once for -1, action 1 walks to 1 for -2; in state 1 any action stops for ``prize``."""

    def __init__(self, prize: float = 0.0, end: int = 2, limit: int | None = None, **changes: object) -> None:
        self.observation_space = gymnasium.spaces.Discrete(3)
        self.action_space = gymnasium.spaces.Discrete(2)
        self.initial_state_distrib = np.array([1.0, 0.0, 0.0])
        stop = {a: [(1.0, end, prize, True)] for a in range(2)}
        stay = {a: [(1.0, 2, 7.0, False)] for a in range(2)}
        self.P = {0: {0: [(1.0, end, -1.0, True)], 1: [(1.0, 1, -2.0, False)]}, 1: stop, 2: stay}
        self.horizon = limit
        for name, value in changes.items():
            setattr(self, name, value)


def _greedy(mdp: MDP) -> int:
    v = np.zeros(mdp.n_states)
    for p, r in zip(*(array[::-1] for array in stages(mdp))):
        q = r + p @ v
        v = q.max(axis=1)
    return int(q[0].argmax())


@pytest.mark.parametrize("end", [2, 1, 0])
def test_a_shift_of_rewards_never_makes_late_stopping_pay(end: int) -> None:
    """Stopping at once (-1) beats walking on (-2 + prize) if prize < 1, whatever state the process is said to end in.

    Were only the running steps shifted (by 2), walking on would earn 0 + prize + 2 against 1 for stopping at once.
    """
    assert _greedy(from_gymnasium(_Corridor(0.5, end), horizon=6)) == 0
    assert _greedy(from_gymnasium(_Corridor(1.5, end), horizon=6)) == 1
    mdp = from_gymnasium(_Corridor(1.5, end), horizon=6)
    assert _raw_value(mdp, optimal_value(mdp)) == pytest.approx(-0.5, abs=1e-9)


def test_terminal_states_are_made_absorbing_in_place_or_added() -> None:
    in_place = from_gymnasium(_Corridor(end=2), horizon=4)
    assert in_place.n_states == 3 and in_place.meta["terminal_states"] == [2]
    scale, shift = in_place.meta["reward_scale"], in_place.meta["reward_shift"]
    p, r = in_place.dense()
    assert (p[2, :, 2] == 1).all() and (r[2] == scale * shift).all() and shift == 2.0
    added = from_gymnasium(_Corridor(end=1), horizon=4)  # state 1 is also passed through
    assert added.n_states == 4 and added.meta["terminal_states"] == [3]
    assert added.dense()[0][0, 0, 3] == 1


def test_the_default_horizon_is_cut_with_a_note() -> None:
    mdp = from_gymnasium(_Corridor(limit=100_000))
    assert mdp.horizon == DEFAULT_HORIZON and "step limit 100000 was cut" in mdp.meta["horizon_note"]


# ------------------------------------------------------------------------------------ refusals
@pytest.mark.parametrize(
    ("env_id", "nearest"), [("FrozenLke-v1", "FrozenLake-v1"), ("Taxi-v99", "Taxi-v"), ("frozenlake", "FrozenLake")]
)
def test_unknown_environments_come_with_the_nearest(env_id: str, nearest: str) -> None:
    with pytest.raises(UnknownName, match=rf"unknown environment '{env_id}'; did you mean .*{nearest}"):
        from_gymnasium(env_id)


@pytest.mark.parametrize(
    ("env", "message"),
    [
        ("CartPole-v1", r"environment CartPole-v1 has the observation space Box.*expected Discrete\(n\)"),
        ("Blackjack-v1", r"environment Blackjack-v1 has the observation space Tuple"),
        (_Corridor(P=None), "_Corridor is not tabular: it has no table P"),
        (_Corridor(P={0: {}}), r"P\[0\]\[0\] is missing"),
        (
            _Corridor(P={0: {0: [(1.0, 0, 0.0)]}}),
            r"P\[0\]\[0\] is \[\(1.0, 0, 0.0\)\]; expected a list of \(probability",
        ),
        (
            _Corridor(P={s: {a: [(1.0, 9, 0.0, False)] for a in (0, 1)} for s in range(3)}),
            r"P\[0\]\[0\] leads to state 9",
        ),
        (
            _Corridor(P={s: {a: [(0.9, 0, 0.0, False)] for a in (0, 1)} for s in range(3)}),
            r"state 0, action 0\) sums to 0.9",
        ),
        (_Corridor(prize=np.inf), r"P\[1\]\[0\] earns inf; expected a finite number"),
        (_Corridor(initial_state_distrib=None), "has no initial_state_distrib"),
        (_Corridor(initial_state_distrib=[0.5, 0.5]), r"initial_state_distrib has shape \(2,\); expected \(3,\)"),
        (
            to_gymnasium(random_mdp(3, 2, horizon=2, stage_dependent=True)),
            "TabularEnv is not tabular: it has no table P",
        ),
    ],
)
def test_environments_that_are_not_tabular_are_refused(env: object, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        from_gymnasium(env)


def test_bad_arguments_are_refused() -> None:
    with pytest.raises(InvalidInput, match=r"FrozenLake-v1 cannot be made: .*map_nam"):
        from_gymnasium("FrozenLake-v1", map_nam="8x8")
    with pytest.raises(InvalidInput, match="map_name given with an environment"):
        from_gymnasium(_Corridor(), map_name="8x8")
    with pytest.raises(InvalidInput, match="environment FrozenLake-v1: horizon is 0; expected an integer, at least 1"):
        from_gymnasium("FrozenLake-v1", horizon=0)


# ------------------------------------------------------------------------------------ models as environments
_MODELS = [
    river_swim(6, horizon=20),
    garnet(12, 3, 4, discount=0.9, reward_law="bernoulli"),
    random_mdp(5, 2, horizon=4, seed=1, stage_dependent=True),
    dataclasses.replace(random_mdp(3, 2), reward_law="gaussian", reward_sd=0.5),
    grid_world("S.S/.HG", slip=0.3, horizon=8),
]


@pytest.mark.filterwarnings("ignore:.*not having a spec.*")
@pytest.mark.parametrize("mdp", _MODELS, ids=lambda mdp: mdp.name)
def test_models_pass_the_environment_checker(mdp: MDP) -> None:
    check_env(to_gymnasium(mdp))


@pytest.mark.parametrize("mdp", [m for m in _MODELS if not m.stage_dependent], ids=lambda mdp: mdp.name)
def test_models_come_back_bit_for_bit(mdp: MDP) -> None:
    again = from_gymnasium(to_gymnasium(mdp), horizon=mdp.horizon, discount=mdp.discount)
    assert same_model(again, mdp)
    assert again.meta["reward_scale"] == 1.0 and again.meta["terminal_states"] == []


def test_gymnasium_environments_come_back_as_the_same_model() -> None:
    mdp = from_gymnasium("CliffWalking-v1", horizon=15)
    assert same_model(from_gymnasium(to_gymnasium(mdp)), mdp)


def test_episodes_are_truncated_at_the_horizon_and_repeat_with_their_seed() -> None:
    env = to_gymnasium(river_swim(6, horizon=5))
    assert isinstance(env, TabularEnv)
    episodes = []
    for _ in range(2):
        state, _ = env.reset(seed=7)
        steps = [(state, 0.0, False, False)]
        while not steps[-1][3]:
            steps.append(env.step(1)[:4])
        episodes.append(steps)
    assert episodes[0] == episodes[1] and len(episodes[0]) == 6
    assert not any(terminated for _, _, terminated, _ in episodes[0])
    with pytest.raises(gymnasium.error.ResetNeeded, match="call reset"):
        env.step(1)


def test_actions_outside_the_space_are_refused() -> None:
    env = to_gymnasium(river_swim(6))
    env.reset(seed=0)
    with pytest.raises(InvalidInput, match=r"action is 2; expected an index in 0\.\.1"):
        env.step(2)


def test_steps_follow_the_models_stages_and_laws() -> None:
    """Frequencies of 20,000 steps within 6 standard errors of the model's (a failure has probability below 1e-7)."""
    n = 20_000
    env = to_gymnasium(dataclasses.replace(jao_two_state(0.3, 0.2), reward_law="bernoulli"))
    state, _ = env.reset(seed=3)
    moved, visits, earned = 0, 0, 0.0
    for _ in range(n):
        following, reward, _, _, _ = env.step(0)
        if state == 0:
            visits, moved = visits + 1, moved + int(following == 1)
        earned += reward
        state = following
    assert abs(moved / visits - 0.5) < 6 * (0.25 / visits) ** 0.5
    assert earned == pytest.approx(n - visits)  # mean 1 in state 1, 0 in state 0

    stage_dependent = random_mdp(3, 2, horizon=3, seed=5, stage_dependent=True)
    env = to_gymnasium(stage_dependent)
    total = 0.0
    for i in range(n // 3):
        env.reset(seed=0 if i == 0 else None)
        total += sum(env.step(0)[1] for _ in range(3))
    always_zero = value_of(stage_dependent, np.array([1.0, 0.0]))
    assert abs(total / (n // 3) - always_zero) < 6 * 3 / (n // 3) ** 0.5 / 2
