"""H2O (Amortila, Foster, Jiang, Sekhari and Xie 2024, Algorithm 2): hybrid RL by an offline algorithm, round by round.

Base algorithms: MABO.CR (with it H2O is HyGLOW), fitted Q-iteration (close to Hy-Q of Song et al. 2023), and maximum
likelihood over a model class. Stages are 0-based.
"""

from __future__ import annotations

import math
from collections.abc import Generator
from typing import Any, NamedTuple, Protocol

import numpy as np

from kernels.driven import DRIVEN
from mdps.function_classes import FunctionProblem, FunctionWorld, OfflineData, Walks
from mdps.model import MDP, Float, Int
from mdps.planning.finite_horizon import backward_induction
from mdps.weight_classes import HybridRatios
from theory.errors import InvalidInput

PROTOCOL = DRIVEN


class Tuples(NamedTuple):
    """Counts of the hybrid data D_hyb, n tuples at every stage.

    Attributes:
        following: n(s, a, s'), (H, S, A, S). rewards: sum of the rewards of (s, a), (H, S, A).
        round: t. n_samples: n. n_offline: how many of them are offline.
        plays: how often each policy of the class was played, (P,); a policy outside the class is not counted.
    """

    following: Float
    rewards: Float
    round: int
    n_samples: int
    n_offline: int
    plays: Int


class Base(Protocol):
    """An offline algorithm: data -> a policy, (H, S)."""

    def validate(self, problem: FunctionProblem) -> None:
        """Refuse hyper-parameters and problems that do not fit."""
        ...

    def fit(self, problem: FunctionProblem, data: Tuples) -> Int:
        """The policy."""
        ...


class MABOCR(NamedTuple):
    """MABO.CR (Eq. 13): argmin_f max_w sum_h |Eh_h[wc Dh f]| - alpha_t Eh_h[wc^2], alpha_t = 8/gamma_t.

    gamma_t = gamma t and wc = min(w, gamma_t) for the ratios w of every policy's occupancy to the law of the data; w
    also ranges over its one-stage versions (zero elsewhere) and over -w, which the absolute value makes the same.

    Attributes:
        gamma: scale of the clipping, in (0, 1]. alpha_scale: multiplies alpha_t; 1 in the theorem.
    """

    gamma: float
    alpha_scale: float = 1.0

    def validate(self, problem: FunctionProblem) -> None:
        """Raises InvalidInput if a hyper-parameter is out of its range or W is not that of hybrid data."""
        if not 0.0 < self.gamma <= 1.0:
            raise InvalidInput(f"MABO.CR: gamma is {self.gamma}; expected a number in (0, 1]")
        if not 0.0 <= self.alpha_scale < math.inf:
            raise InvalidInput(f"MABO.CR: alpha_scale is {self.alpha_scale}; expected a finite number >= 0")
        if not isinstance(problem.weights, HybridRatios):
            raise InvalidInput(f"MABO.CR: W is {type(problem.weights).__name__}; expected HybridRatios")

    def fit(self, problem: FunctionProblem, data: Tuples) -> Int:
        """The greedy policy of the best function; ties to the lowest index."""
        objective = mabo_objective(self, problem, data)
        chosen = int(np.argmax(objective <= objective.min() + 1e-12))
        return np.asarray(problem.policies[problem.policy_of[chosen]])


class FQI(NamedTuple):
    """Fitted Q-iteration: for h = H..1, f_h = argmin over F_h of Eh_h[(f_h(x, a) - r - max f_{h+1}(x', .))^2].

    F_h are the stage-h parts of all functions; ties go to the lowest index.
    """

    def validate(self, problem: FunctionProblem) -> None:
        """Nothing can be wrong."""

    def fit(self, problem: FunctionProblem, data: Tuples) -> Int:
        """The greedy policy of the last iterate."""
        return fitted_q(problem, data).argmax(axis=2)


class TabularQ(NamedTuple):
    """Fitted Q-iteration over all tabular functions; pairs without data are worth 0.

    It is also MABO.CR for all tabular f and all w into [-gamma_t, gamma_t]: the best w of a pair is ebar/(2 alpha_t),
    so that the objective is sum_h sum_z n ebar^2/(4 alpha_t n_samples), which these f make zero.
    """

    def validate(self, problem: FunctionProblem) -> None:
        """Nothing can be wrong."""

    def fit(self, problem: FunctionProblem, data: Tuples) -> Int:
        """The greedy policy of the empirical model."""
        return empirical_q(data).argmax(axis=2)


class MLE(NamedTuple):
    """Maximum likelihood over a finite model class, stage by stage, and the optimal policy of the winner.

    Ties go to the lowest index; rewards count for Bernoulli and deterministic laws.
    """

    def validate(self, problem: FunctionProblem) -> None:
        """Raises InvalidInput if there are no models or their rewards are Gaussian."""
        if problem.models is None:
            raise InvalidInput("MLE: the instance has no models; expected a class induced by models")
        if "gaussian" in problem.models.laws:
            raise InvalidInput("MLE: a model has Gaussian rewards; expected Bernoulli or deterministic ones")

    def fit(self, problem: FunctionProblem, data: Tuples) -> Int:
        """The optimal policy of the likeliest model."""
        return backward_induction(likeliest_model(problem, data))[2]


class H2O(NamedTuple):
    """T rounds of: policy = base(D_hyb), play it once; D_hyb are t - 1 offline tuples a stage and all episodes so far.

    Attributes:
        base: :class:`MABOCR`, :class:`FQI`, :class:`TabularQ` or :class:`MLE`.
        delta: failure probability.
        offline_per_round: offline tuples that each round adds; 1 in the theorem, 0: purely online.
        exploration: chance of a uniform action at each step, in [0, 1]; 0 in the theorem (epsilon-greedy baselines).
        online_share: 1 in the theorem; 0 keeps no episode: purely offline (regret is counted all the same).
    """

    base: Any
    delta: float = 0.1
    offline_per_round: int = 1
    online_share: int = 1
    exploration: float = 0.0


class Moment(NamedTuple):
    """What a round shows to a watch: the policy (H, S), the data it was fitted to, the episode, all offline data."""

    policy: Int
    data: Tuples
    walks: Walks
    offline: OfflineData


def hyglow(instance: Any, n_rounds: int, delta: float = 0.1) -> H2O:
    """HyGLOW with the scale of Corollary 4.1, gamma = sqrt((C_* + C_cov)/(T H^2 log(|F||W|/delta)))."""
    log_size = float(instance.log_classes(n_rounds)) + math.log(1.0 / delta)
    cover = instance.optimal_concentrability + instance.coverability
    return H2O(MABOCR(min(1.0, math.sqrt(cover / (n_rounds * instance.horizon**2 * log_size)))), delta)


def practical(instance: Any, n_rounds: int, delta: float = 0.1) -> H2O:
    """HyGLOW with alpha_t x 0.01: a practical preset, without a theorem."""
    params = hyglow(instance, n_rounds, delta)
    return params._replace(base=params.base._replace(alpha_scale=0.01))


def allocate(params: H2O, problem: FunctionProblem) -> FunctionProblem:
    """Nothing to prepare but the checks.

    Raises:
        InvalidInput: if a hyper-parameter is out of its range.
    """
    if not 0.0 < params.delta < 1.0:
        raise InvalidInput(f"H2O: delta is {params.delta}; expected a number in (0, 1)")
    if params.offline_per_round < 0 or int(params.offline_per_round) != params.offline_per_round:
        raise InvalidInput(f"H2O: offline_per_round is {params.offline_per_round}; expected an integer >= 0")
    if params.online_share not in (0, 1):
        raise InvalidInput(f"H2O: online_share is {params.online_share}; expected 0 or 1")
    if not 0.0 <= params.exploration <= 1.0:
        raise InvalidInput(f"H2O: exploration is {params.exploration}; expected a number in [0, 1]")
    if params.exploration > 0.0 and isinstance(params.base, MABOCR):
        raise InvalidInput(
            f"H2O: exploration is {params.exploration}; expected 0 with MABO.CR, whose ratios know the policy"
        )
    params.base.validate(problem)
    return problem


def bellman_errors(problem: FunctionProblem, data: Tuples) -> Float:
    """Sum of f_h - r - max f_{h+1}(x') over the tuples of each pair, for every f, (|F|, H, S, A)."""
    ahead = np.einsum("hsay,fhy->fhsa", data.following, problem.values[:, 1:])
    return np.asarray(data.following.sum(axis=3) * problem.functions - data.rewards - ahead)


def mabo_objective(params: MABOCR, problem: FunctionProblem, data: Tuples) -> Float:
    """max over w of sum_h |Eh_h[wc Dh f]| - alpha_t Eh_h[wc^2] for every f, (|F|,); 0 without data."""
    n = data.n_samples
    if n == 0:
        return np.zeros(len(problem.functions))
    scale = params.gamma * data.round  # gamma_t
    assert isinstance(problem.weights, HybridRatios)
    clipped = np.minimum(problem.weights.against(data.plays, data.n_offline), scale)
    first = np.einsum("fhsa,whsa->fwh", bellman_errors(problem, data), clipped) / n
    second = np.einsum("hsa,whsa->wh", data.following.sum(axis=3), clipped**2) / n
    stages = abs(first) - params.alpha_scale * 8.0 / scale * second
    return np.asarray(np.maximum(stages.sum(axis=2), stages.max(axis=2)).max(axis=1))


def fitted_q(problem: FunctionProblem, data: Tuples) -> Float:
    """The iterates f_h of fitted Q-iteration over the class, (H, S, A)."""
    counts = data.following.sum(axis=3)
    fitted = np.zeros(counts.shape)
    ahead = np.zeros(problem.n_states)
    for h in reversed(range(problem.horizon)):
        targets = data.rewards[h] + data.following[h] @ ahead
        candidates = problem.functions[:, h]
        losses = (counts[h] * candidates**2 - 2.0 * candidates * targets).sum(axis=(1, 2))
        fitted[h] = candidates[int(np.argmax(losses <= losses.min() + 1e-12 * (1.0 + abs(losses.min()))))]
        ahead = fitted[h].max(axis=1)
    return fitted


def empirical_q(data: Tuples) -> Float:
    """Q of the empirical model by backward induction, 0 where there is no data, (H, S, A)."""
    counts = data.following.sum(axis=3)
    q = np.zeros(counts.shape)
    ahead = np.zeros(counts.shape[1])
    for h in reversed(range(len(counts))):
        q[h] = (data.rewards[h] + data.following[h] @ ahead) / np.maximum(counts[h], 1.0)
        ahead = q[h].max(axis=1)
    return q


def likeliest_model(problem: FunctionProblem, data: Tuples) -> MDP:
    """The model put together from the likeliest stage of the class at every stage."""
    assert problem.models is not None
    kernels, means = problem.models.kernels, problem.models.rewards
    counts = data.following.sum(axis=3)
    with np.errstate(divide="ignore", invalid="ignore"):
        moves = np.where(data.following > 0.0, data.following * np.log(kernels), 0.0).sum(axis=(2, 3, 4))
        if problem.models.laws[0] == "bernoulli":
            ones = np.where(data.rewards > 0.0, data.rewards * np.log(means), 0.0)
            zeros = np.where(counts > data.rewards, (counts - data.rewards) * np.log1p(-means), 0.0)
            pays = (ones + zeros).sum(axis=(2, 3))
        else:
            pays = np.where(abs(counts * means - data.rewards) <= 1e-9 * (1.0 + counts), 0.0, -np.inf).sum(axis=(2, 3))
    likelihood = moves + pays
    best = np.argmax(likelihood >= likelihood.max(axis=0) - 1e-9, axis=0)
    stages = np.arange(problem.horizon)
    return MDP.from_dense(kernels[best, stages], means[best, stages], initial=problem.models.initial)


def hybrid_data(
    params: H2O, problem: FunctionProblem, offline: OfflineData, online: Walks, plays: Int, t: int
) -> Tuples:
    """D_hyb of round t: the first offline_per_round (t - 1) offline tuples and the t - 1 episodes of before."""
    h, s, a = problem.functions.shape[1:]
    following, rewards = np.zeros((h, s, a, s)), np.zeros((h, s, a))
    n_offline = params.offline_per_round * (t - 1)
    n_online = params.online_share * (t - 1)
    stages = np.arange(h)
    for states, actions, paid, after in (
        (offline.states[:n_offline], offline.actions[:n_offline], offline.rewards[:n_offline],
         offline.following[:n_offline]),
        (online.states[:n_online, :-1], online.actions[:n_online], online.rewards[:n_online],
         online.states[:n_online, 1:]),
    ):  # fmt: skip
        stage = np.broadcast_to(stages, states.shape)
        np.add.at(following, (stage, states, actions, after), 1.0)
        np.add.at(rewards, (stage, states, actions), paid)
    return Tuples(following, rewards, t, n_offline + n_online, n_offline, plays * params.online_share)


def perturbed(params: H2O, problem: FunctionProblem, policy: Int, rng: np.random.Generator) -> Int:
    """The policy with each action replaced by a uniform one with probability ``exploration``, drawn for one episode."""
    if params.exploration == 0.0:
        return policy
    random = rng.integers(problem.n_actions, size=policy.shape)
    return np.where(rng.random(policy.shape) < params.exploration, random, policy)


def play(params: H2O, problem: FunctionProblem, world: FunctionWorld, horizon: int) -> Generator[Moment, None, None]:
    """Rounds t = 1, 2, ...; the output is uniform over the policies played."""
    h = problem.horizon
    n_offline = params.offline_per_round * horizon
    empty = np.zeros((0, h), np.int64)
    offline = world.offline(n_offline) if n_offline else OfflineData(empty, empty, np.zeros((0, h)), empty)
    played = Walks(np.zeros((horizon, h + 1), np.int64), np.zeros((horizon, h), np.int64), np.zeros((horizon, h)))
    plays = np.zeros(len(problem.policies), np.int64)
    for t in range(1, horizon + 1):
        data = hybrid_data(params, problem, offline, played, plays, t)
        policy = params.base.fit(problem, data)
        walks = world.trajectories(perturbed(params, problem, policy, world.private), 1)
        for kept, new in zip(played, walks):
            kept[t - 1] = new[0]
        plays = plays + (problem.policies == policy).all(axis=(1, 2))
        yield Moment(policy, data, walks, offline)
