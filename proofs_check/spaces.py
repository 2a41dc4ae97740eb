"""Search spaces of the falsifier: for each kind of instance, families with coordinates in a unit cube.

A space keeps the sizes of a claim's own instances (arms, states, stages, dimensions, experts, the class of models) and
searches their numbers. Points are mapped to instances so that all of the cube is valid: weights are normalised to laws,
vectors are pulled back into the ball of the claim's own instance. What a theorem assumes besides is asked of each
instance, not here.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from bandits.adversaries.advised import AdvisedLosses
from bandits.adversaries.alternating import AlternatingLosses
from bandits.adversaries.bernoulli import BernoulliLosses
from bandits.adversaries.constant import ConstantLosses
from bandits.adversaries.constrained import StochasticallyConstrained
from bandits.adversaries.heavy_tailed import HeavyTailedLosses
from bandits.adversaries.punishing import PunishMostPlayed
from bandits.adversaries.shifting import GapShifting
from bandits.adversaries.switching import SwitchingLosses
from bandits.combinatorial import CombinatorialBandit
from bandits.generalised import LogisticBandit
from bandits.heteroscedastic import HeteroscedasticBandit
from bandits.instances.bernoulli import BernoulliBandit
from bandits.instances.gaussian import GaussianBandit
from bandits.instances.heavy import HeavyBandit
from bandits.instances.nonstationary import PiecewiseBandit, piecewise
from bandits.kernel import GaussianProcessBandit, kernel_features, squared_exponential
from bandits.linear import LinearBandit
from mdps.adversarial import AdversarialMDP
from mdps.function_classes import FunctionApproximation
from mdps.instances.function_classes import code_lock, model_class
from mdps.latent import LatentMDP
from mdps.linear import LinearMDP, LinearMixtureMDP
from mdps.loops import Episodes, Trajectory
from mdps.mixture import MixtureEpisodes, mixture_episodes
from mdps.model import MDP
from mdps.planning.finite_horizon import backward_induction, occupancies
from mdps.priors import DirichletPrior
from mdps.reward_free import RewardFreeMDP
from mdps.weight_classes import ReciprocalAverages
from proofs_check.claim import Claim
from proofs_check.strategies import repeated_losses
from theory.errors import InvalidInput

Float = npt.NDArray[np.float64]

#: Coordinates of the global part of a search are multiples of 1 / GRID: readable instances.
GRID = 1000
#: Gaussian means are searched up to so many standard deviations.
GAUSSIAN_RANGES = (1.0, 3.0)
#: Loss sequences are constant over so many pieces.
PIECES = 4
#: Points of the domain of a Gaussian process, and its least length scale.
DOMAIN, LEAST_LENGTH = 8, 0.05


@dataclass(frozen=True)
class Space:
    """A family of instances with coordinates in a unit cube.

    Attributes:
        text: the family in words. sizes: possible numbers of coordinates.
        build: coordinates in [0, 1], shape (n,), n among ``sizes`` -> instance.
    """

    text: str
    sizes: tuple[int, ...]
    build: Callable[[Float], Any]


Spaces = tuple[Space, ...]


# ------------------------------------------------------------------------------------------------------- coordinates
def _of_arrays(text: str, shapes: Sequence[tuple[int, ...]], build: Callable[..., Any]) -> Space:
    """A space whose instances are built from arrays of these shapes, entries in [0, 1]."""
    ends = list(itertools.accumulate(math.prod(shape) for shape in shapes))

    def from_point(x: Float) -> Any:
        return build(*(part.reshape(shape) for part, shape in zip(np.split(np.asarray(x), ends[:-1]), shapes)))

    return Space(text, (ends[-1],), from_point)


def _whole(x: float, low: int, high: int) -> int:
    """The coordinate x in [0, 1] as an integer in low .. high, in equal parts."""
    return min(high, low + int(x * (high - low + 1)))


def _laws(x: Float) -> Float:
    """Weights in [0, 1] as laws over the last axis; no outcome is impossible."""
    weights = x + 1e-6
    return np.asarray(weights / weights.sum(axis=-1, keepdims=True))


def _ball(x: Float, radius: float) -> Float:
    """Entries in [0, 1] as vectors (last axis) of norm at most ``radius``; 1/2 is the origin."""
    vectors = 2.0 * x - 1.0
    return np.asarray(radius * vectors / np.maximum(1.0, np.linalg.norm(vectors, axis=-1, keepdims=True)))


def _arms(low: int, high: int) -> str:
    return f"{low} arms" if low == high else f"{low} to {high} arms"


def _fewest_and_most(instances: Sequence[Any]) -> tuple[int, int]:
    return min(b.n_arms for b in instances), max(b.n_arms for b in instances)


# ----------------------------------------------------------------------------------------------- stochastic bandits
def _bernoulli(instances: Sequence[BernoulliBandit], horizon: int) -> Spaces:
    low, high = _fewest_and_most(instances)
    return (Space(f"Bernoulli means, {_arms(low, high)}", tuple(range(low, high + 1)), lambda x: BernoulliBandit(x)),)


def _gaussian(instances: Sequence[GaussianBandit], horizon: int) -> Spaces:
    low, high = _fewest_and_most(instances)
    sd = instances[0].sd

    def means_up_to(largest: float) -> Space:
        return Space(
            f"Gaussian means in [0, {largest:g} sd], {_arms(low, high)}", tuple(range(low, high + 1)),
            lambda x: GaussianBandit(largest * sd * x, sd=sd),
        )  # fmt: skip

    return tuple(means_up_to(largest) for largest in GAUSSIAN_RANGES)


def _heavy(instances: Sequence[HeavyBandit], horizon: int) -> Spaces:
    first = instances[0]
    low, high = _fewest_and_most(instances)
    return (
        Space(
            f"means in [0, 1] with heavy tails of index {first.tail:g}, {_arms(low, high)}",
            tuple(range(low, high + 1)), lambda x: HeavyBandit(x, tail=first.tail, scale=first.scale),
        ),
    )  # fmt: skip


def _piecewise(instances: Sequence[PiecewiseBandit], horizon: int) -> Spaces:
    first = instances[0]
    shape = (first.n_changes + 1, first.n_arms)
    text = f"Bernoulli means that change {first.n_changes} times, {first.n_arms} arms"
    return (_of_arrays(text, [shape], lambda means: piecewise(first.starts, list(means))),)


def _combinatorial(instances: Sequence[CombinatorialBandit], horizon: int) -> Spaces:
    def means_of(first: CombinatorialBandit) -> Space:
        return _of_arrays(
            f"means of the items of {first.name}", [(first.n_items,)],
            lambda means: CombinatorialBandit(means, first.actions, first.name),
        )  # fmt: skip

    return tuple(means_of(instance) for instance in {i.actions.tobytes(): i for i in instances}.values())


# ---------------------------------------------------------------------------------------------------------- losses
def _adversaries(instances: Sequence[Any], horizon: int) -> Spaces:
    low, high = _fewest_and_most(instances)
    arms = tuple(range(low, high + 1))
    pieces = min(PIECES, horizon)

    def constrained(x: Float) -> StochasticallyConstrained:
        return StochasticallyConstrained(_whole(x[0], low, high), max(float(x[1]), 1.0 / GRID), 1.1 + 2.9 * float(x[2]))

    def shifting(x: Float) -> GapShifting:
        return GapShifting(_whole(x[0], low, high), float(x[1]), float(x[1] * x[2]), 1.1 + 2.9 * float(x[3]))

    def sequence(x: Float) -> Any:
        return repeated_losses(x.reshape(pieces, -1).tolist(), -(-horizon // pieces))

    return (
        Space(f"Bernoulli losses, {_arms(low, high)}", arms, lambda x: BernoulliLosses(x)),
        Space(f"stochastically constrained losses, {_arms(low, high)}", (3,), constrained),
        Space(f"gap-shifting losses, {_arms(low, high)}", (4,), shifting),
        Space(f"losses constant over {pieces} pieces, {_arms(low, high)}", tuple(pieces * k for k in arms), sequence),
    )


def _switching(instances: Sequence[SwitchingLosses], horizon: int) -> Spaces:
    low, high = _fewest_and_most(instances)

    def build(arms: Float, period: Float, ends: Float) -> SwitchingLosses:
        rounds = max(1, round(horizon / 16.0 ** float(period[0])))
        return SwitchingLosses(_whole(float(arms[0]), low, high), rounds, float(ends.min()), float(ends.max()))

    text = f"a best arm that moves on after T/16 to T rounds, {_arms(low, high)}"
    return (_of_arrays(text, [(1,), (1,), (2,)], build),)


def _advised(instances: Sequence[AdvisedLosses], horizon: int) -> Spaces:
    def of_sizes(first: AdvisedLosses) -> Space:
        return _of_arrays(
            f"losses of period {len(first.table)} with {first.n_experts} experts, {first.n_arms} arms",
            [first.table.shape, first.laws.shape], lambda cycle, advice: AdvisedLosses(cycle, _laws(advice)),
        )  # fmt: skip

    return (of_sizes(instances[0]),)


def _heavy_losses(instances: Sequence[HeavyTailedLosses], horizon: int) -> Spaces:
    first = instances[0]
    text = f"signs of losses +-10^[{first.low:g}, {first.high:g}], {first.n_arms} arms"
    return (_of_arrays(text, [(first.n_arms,)], lambda x: HeavyTailedLosses(x, first.low, first.high)),)


# ---------------------------------------------------------------------------------------------------------- linear
def _linear(instances: Sequence[LinearBandit], horizon: int) -> Spaces:
    """Features and theta in the balls of the first case; for Bernoulli means, laws and theta in [0, 1]^d."""
    first = instances[0]

    def build(features: Float, theta: Float) -> LinearBandit:
        if first.noise == "bernoulli":
            return replace(first, features=_laws(features), theta=theta, name="")
        x, parameter = _ball(features, first.feature_bound), _ball(theta, first.parameter_bound)
        return replace(first, features=x, theta=parameter, name="")

    text = f"linear bandits, d = {first.dimension}, {first.n_contexts} x {first.n_actions} actions, {first.noise}"
    return (_of_arrays(text, [first.features.shape, (first.dimension,)], build),)


def _logistic(instances: Sequence[LogisticBandit], horizon: int) -> Spaces:
    """The actions. theta stays: one of the algorithms enumerates a grid, on which the claim has its theta."""
    first = instances[0]
    text = f"actions of logistic bandits, d = {first.dimension}, {first.n_actions} actions, |theta| = "
    return (
        _of_arrays(
            f"{text}{first.parameter_bound:g}", [first.features.shape],
            lambda features: replace(first, features=_ball(features, first.feature_bound), name="searched"),
        ),
    )  # fmt: skip


def _heteroscedastic(instances: Sequence[HeteroscedasticBandit], horizon: int) -> Spaces:
    first = instances[0]
    (plain,) = _linear([first.linear], horizon)

    def build(x: Float) -> HeteroscedasticBandit:
        variances = x[plain.sizes[0] :].reshape(first.variances.shape) * first.bound**2
        return HeteroscedasticBandit(plain.build(x[: plain.sizes[0]]), variances, first.bound)

    return (
        Space(f"{plain.text}, variances up to {first.bound**2:g}", (plain.sizes[0] + first.variances.size,), build),
    )


def _processes(instances: Sequence[GaussianProcessBandit], horizon: int) -> Spaces:
    first = instances[0]

    def build(length: Float, points: Float) -> GaussianProcessBandit:
        gram = squared_exponential(points[:, None], LEAST_LENGTH + (1.0 - LEAST_LENGTH) * float(length[0]))
        return GaussianProcessBandit(kernel_features(gram), first.scale, f"Gaussian process on {DOMAIN} points")

    return (_of_arrays(f"Gaussian processes on {DOMAIN} points of [0, 1]", [(1,), (DOMAIN,)], build),)


# ---------------------------------------------------------------------------------------------------------- models
def _models(mdp: MDP) -> tuple[tuple[int, ...], Callable[[Float, Float], MDP]]:
    """Shape of the rewards, and (rows of weights, rewards) -> a model of the same sizes, with everything possible."""
    n_stages = mdp.horizon if mdp.stage_dependent and mdp.horizon is not None else 1

    def build(rows: Float, rewards: Float) -> MDP:
        p = _laws(rows)
        return MDP.from_dense(
            p if mdp.stage_dependent else p[0], rewards if mdp.stage_dependent else rewards[0], initial=mdp.initial,
            horizon=mdp.horizon, reward_law=mdp.reward_law, name="searched",
        )  # fmt: skip

    return (n_stages, mdp.n_states, mdp.n_actions), build


def _episodes(instances: Sequence[Episodes], horizon: int) -> Spaces:
    """Tabular models of the first case's sizes, with one-hot features if it has features; or linear MDPs."""
    first = instances[0]
    shape, model = _models(first.mdp)
    pairs = first.n_states * first.n_actions
    features = None if first.features is None else np.eye(pairs).reshape(first.n_states, first.n_actions, pairs)
    text = f"{first.n_states} states, {first.n_actions} actions, {first.mdp.horizon} stages"
    tabular = _of_arrays(
        f"tabular models, {text}", [(*shape, first.n_states), shape],
        lambda rows, rewards: Episodes(model(rows, rewards), features),
    )  # fmt: skip
    return (tabular,) if features is None else (tabular, _linear_models(first, text))


def _sizes(instance: Episodes) -> tuple[int, int, int, int]:
    """S, A, d, H."""
    assert instance.mdp.horizon is not None
    return instance.mdp.n_states, instance.mdp.n_actions, instance.dimension, instance.mdp.horizon


def _linear_models(first: Episodes, text: str) -> Space:
    """Linear MDPs: features are laws, measures are laws of the next state, rewards lie in [0, 1]."""
    s, a, d, h = _sizes(first)

    def build(features: Float, measures: Float, rewards: Float) -> Episodes:
        linear = LinearMDP(_laws(features), _laws(measures), rewards, first.initial, name="searched")
        return Episodes(linear.tabular(), linear.features)

    return _of_arrays(f"linear MDPs of dimension {d}, {text}", [(s, a, d), (h, d, s), (h, d)], build)


def _trajectories(instances: Sequence[Trajectory], horizon: int) -> Spaces:
    mdp = instances[0].mdp
    shape, model = _models(mdp)
    text = f"communicating models, {mdp.n_states} states, {mdp.n_actions} actions"
    return (_of_arrays(text, [(*shape, mdp.n_states), shape], lambda rows, r: Trajectory(model(rows, r))),)


def _priors(instances: Sequence[DirichletPrior], horizon: int) -> Spaces:
    """The prior's own family of models (theorems state it), of sizes up to those of the cases."""
    largest = [max(getattr(i, name) for i in instances) for name in ("n_states", "n_actions", "horizon")]

    def build(x: Float) -> DirichletPrior:
        states, actions, stages = (_whole(float(part), 1, most) for part, most in zip(x, largest))
        return DirichletPrior(states, actions, stages, instances[0].concentration)

    text = f"priors on up to {largest[0]} states, {largest[1]} actions, {largest[2]} stages"
    return (_of_arrays(text, [(3,)], build),)


def _mixtures(instances: Sequence[MixtureEpisodes], horizon: int) -> Spaces:
    """psi has d kernels, divided by sqrt(d) so that |psi_V| <= 1; theta_h their weights, times sqrt(d)."""
    first = instances[0]
    s, a, d, h = _sizes(first)
    scale = math.sqrt(d)

    def build(kernels: Float, weights: Float, rewards: Float) -> MixtureEpisodes:
        psi = np.moveaxis(_laws(kernels), 0, -1) / scale
        return mixture_episodes(LinearMixtureMDP(psi, scale * _laws(weights), rewards, first.initial, name="searched"))

    text = f"mixtures of {d} kernels, {s} states, {a} actions, {h} stages"
    return (_of_arrays(text, [(d, s, a, s), (h, d), (h, s, a)], build),)


def _latent(instances: Sequence[LatentMDP], horizon: int) -> Spaces:
    """All numbers of a latent MDP; with a class of policies, the possible outcomes and the rewards are kept."""
    first = instances[0]
    largest = 1.0 if first.horizon * first.rewards.max() > 1.0 else 1.0 / first.horizon  # a total reward of 1 or not
    shapes = [first.weights.shape, first.initial.shape, first.transitions.shape, first.rewards.shape]
    text = f"{len(first.weights)} latent models, {first.n_states} states, {first.n_actions} actions"

    def anew(weights: Float, initial: Float, transitions: Float, rewards: Float) -> LatentMDP:
        return LatentMDP(
            _laws(weights), _laws(initial), _laws(transitions), largest * rewards, first.horizon, name="searched"
        )

    def same_support(weights: Float, transitions: Float) -> LatentMDP:
        rows = first.transitions * (transitions + 1e-3)
        return replace(
            first, weights=_laws(weights), transitions=rows / rows.sum(axis=-1, keepdims=True), name="searched"
        )

    if first.policies:
        return (_of_arrays(f"{text}, possible outcomes kept", [shapes[0], shapes[2]], same_support),)
    return (_of_arrays(text, shapes, anew),)


def _adversarial_models(instances: Sequence[AdversarialMDP], horizon: int) -> Spaces:
    """One-hot features; which loss table comes when is that of the first case."""
    first = instances[0]
    text = (
        f"{len(first.tables)} loss tables, {first.horizon} layers of {first.n_states} states, {first.n_actions} actions"
    )
    return (
        _of_arrays(
            text, [first.tables.shape, first.transitions.shape],
            lambda tables, rows: AdversarialMDP(_laws(rows), tables, first.schedule, first.initial, name="searched"),
        ),
    )  # fmt: skip


def _reward_free(instances: Sequence[RewardFreeMDP], horizon: int) -> Spaces:
    """The first case's features; candidates that are mixtures of its own, rewards that are at most its own."""
    first = instances[0]
    n = len(first.candidates)

    def build(weights: Float, truth: Float, scales: Float) -> RewardFreeMDP:
        candidates = _laws(weights) @ first.candidates
        theta = np.repeat(candidates[_whole(float(truth[0]), 0, n - 1)][None], first.horizon, axis=0)
        rewards = first.rewards * scales[:, :, None, None]
        return replace(first, model=replace(first.model, parameters=theta), rewards=rewards, candidates=candidates)

    text = f"parameters and rewards of {first.name}"
    return (_of_arrays(text, [(n, n), (1,), first.rewards.shape[:2]], build),)


def _locks(instances: Sequence[FunctionApproximation], horizon: int) -> Spaces:
    """Locks whose code is one of all codes, as the claims have them: the chances and rewards that they share."""
    first = next((i for i in instances if i.models), None)
    if first is None:
        return ()
    n_actions, block = first.n_actions, first.n_states // 2
    codes = list(itertools.product(range(n_actions), repeat=first.horizon))

    def build(x: Float, truth: Float, share: Float) -> FunctionApproximation:
        stay, ends = float(x[0]), (float(x[1]), float(x[2]))
        models = [code_lock(code, n_actions, stay, max(ends), min(ends), block) for code in codes]
        at = _whole(float(truth[0]), 0, len(codes) - 1)
        lock = model_class(models, at, name=f"lock, stay {stay:g}, rewards {max(ends):g} and {min(ends):g}")
        if first.offline is not None:
            lock = replace(lock, offline=_offline(models[at], max(float(share[0]), 1.0 / GRID)))
        if isinstance(first.weights, ReciprocalAverages):
            lock = replace(lock, weights=ReciprocalAverages(lock.occupancies))
        return lock

    return (_of_arrays(f"locks, {first.horizon} stages, {n_actions} actions", [(3,), (1,), (1,)], build),)


def _offline(world: MDP, share: float) -> Float:
    """An offline law: ``share`` of the optimal policy's occupancy, the rest of uniform play's."""
    optimal = occupancies(world, backward_induction(world)[2])
    uniform = occupancies(world, np.full(optimal.shape, 1.0 / world.n_actions))
    return np.asarray(share * optimal + (1.0 - share) * uniform)


#: Class of a claim's instances -> (its instances of that kind, horizon) -> the spaces that are searched in their place.
SPACES: dict[type, Callable[[Any, int], Spaces]] = {
    BernoulliBandit: _bernoulli,
    GaussianBandit: _gaussian,
    HeavyBandit: _heavy,
    PiecewiseBandit: _piecewise,
    CombinatorialBandit: _combinatorial,
    AlternatingLosses: _adversaries,
    BernoulliLosses: _adversaries,
    ConstantLosses: _adversaries,
    GapShifting: _adversaries,
    PunishMostPlayed: _adversaries,
    StochasticallyConstrained: _adversaries,
    SwitchingLosses: _switching,
    AdvisedLosses: _advised,
    HeavyTailedLosses: _heavy_losses,
    LinearBandit: _linear,
    LogisticBandit: _logistic,
    HeteroscedasticBandit: _heteroscedastic,
    GaussianProcessBandit: _processes,
    Episodes: _episodes,
    MixtureEpisodes: _mixtures,
    Trajectory: _trajectories,
    DirichletPrior: _priors,
    LatentMDP: _latent,
    AdversarialMDP: _adversarial_models,
    RewardFreeMDP: _reward_free,
    FunctionApproximation: _locks,
}


def spaces(claim: Claim, horizon: int) -> Spaces:
    """The spaces in which a claim is searched, in runs of ``horizon`` rounds or episodes.

    Raises:
        InvalidInput: if the instances of the claim's cases are of a kind without a search space.
    """
    instances = [case.build() for case in claim.cases]
    first = instances[0]
    if type(first) not in SPACES:
        raise InvalidInput(
            f"{claim.slug} is about instances of class {type(first).__name__}, which have no search space; "
            f"expected one of {', '.join(kind.__name__ for kind in SPACES)}"
        )
    kind = SPACES[type(first)]
    places = kind([instance for instance in instances if SPACES.get(type(instance)) is kind], horizon)
    if not places:
        raise InvalidInput(
            f"{claim.slug} is about a {type(first).__name__} without a family of models, which has no search space"
        )
    return places
