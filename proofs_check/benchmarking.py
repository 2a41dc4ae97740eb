"""The compiled loops side by side with C loops that do the same work, and with other Python libraries.

The C sources and the adapters of the libraries lie in ``benchmarks/`` of a source checkout. Each C loop consumes the
same random streams and does the same arithmetic as the compiled Python loop, and its results are checked to be the
same before anything is timed. Times are processor time of one thread, contenders take turns, and what is reported are
ratios: medians over the turns, with their range.
"""

from __future__ import annotations

import ctypes
import hashlib
import json
import math
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from bandits.adversaries.bernoulli import BernoulliLosses
from bandits.algorithms import exp3, kl_ucb, oful, thompson_beta, ucb1
from bandits.instances.bernoulli import BernoulliBandit
from bandits.linear import LinearBandit
from bandits.lockstep import simulate_lockstep
from kernels.engine import Trace, simulate
from kernels.loops import cache_directory
from mdps.algorithms import lsvi_ucb, ucbvi_ch
from mdps.bellman_tests import version_space
from mdps.instances.linear import simplex_linear
from mdps.instances.random import garnet
from mdps.loops import Episodes
from mdps.planning.discounted import modified_policy_iteration, value_iteration
from mdps.planning.latent import pareto
from mdps.planning.sweeps import Sweeps
from theory.errors import InvalidInput

ROOT = Path(__file__).resolve().parents[1]
SOURCES = ROOT / "benchmarks"
DEFAULT_OUTPUT = ROOT / "docs" / "benchmarks.md"

#: -ffp-contract=off: the same roundings as the Python loops; the other two let square roots be single instructions.
FLAGS = ("-std=gnu11", "-O3", "-ffp-contract=off", "-fno-math-errno", "-fno-trapping-math", "-fopenmp-simd",
         "-shared", "-fPIC")  # fmt: skip

#: Seconds that installing a library, or its share of the work, may take.
PEER_TIMEOUT = 180.0

SEED = 1


class NoCompiler(RuntimeError):
    """There is no C compiler, or it failed."""


# ------------------------------------------------------------------------------------------------------------ C loops
def build(generator: str = "") -> ctypes.CDLL:
    """Compile ``benchmarks/*.c`` with the system compiler and load them.

    Args:
        generator: "" for the counter streams of the testbed, "XOSHIRO" for one xoshiro256++ generator.

    Raises:
        NoCompiler: saying what is missing or what the compiler answered.
    """
    compiler = shutil.which(os.environ.get("CC", "cc")) or shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        raise NoCompiler("no C compiler found (looked for $CC, cc, gcc, clang)")
    sources = sorted(SOURCES.glob("*.c"))
    text = b"".join(path.read_bytes() for path in [*sources, *sorted(SOURCES.glob("*.h"))])
    names = [*FLAGS, *([f"-D{generator}"] if generator else [])]
    digest = hashlib.sha256(text + repr((names, compiler, _processor())).encode()).hexdigest()[:20]
    target = cache_directory().parent / "c" / f"{digest}.so"
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent) as folder:
            fresh = Path(folder) / target.name
            for machine in ("-march=native", "-mcpu=native"):
                command = [compiler, *names, machine, *map(str, sources), "-o", str(fresh), "-lm"]
                done = subprocess.run(command, capture_output=True, text=True)
                if done.returncode == 0:
                    break
            else:
                last = (done.stderr.strip().splitlines() or ["no message"])[-1]
                raise NoCompiler(f"{compiler} failed: {last}")
            os.replace(fresh, target)
    return ctypes.CDLL(str(target))


def _processor() -> str:
    """What -march=native depends on."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return ""
    return next((line for line in lines if line.startswith("flags")), "")


def _call(function: Any, *arguments: Any) -> int:
    """Call a C function: arrays by pointer, integers as int64, the rest as double."""
    function.restype = ctypes.c_int64
    converted = [
        a.ctypes.data_as(ctypes.c_void_p)
        if isinstance(a, np.ndarray)
        else ctypes.c_int64(int(a))
        if isinstance(a, int | np.integer)
        else ctypes.c_double(a)
        for a in arguments
    ]
    return int(function(*converted))


# --------------------------------------------------------------------------------------------------------------- work
Result = dict[str, np.ndarray]


@dataclass(frozen=True)
class Work:
    """A piece of work that several programs do.

    Attributes:
        name, size: what the tables call it.
        steps: rounds, stages of episodes, or backed-up state-action pairs.
        ours: the testbed's result. c: the result of the C library given.
        tolerance: largest difference allowed between the two results (0: the same bits).
        sequential: whether the C loop also exists with one sequential generator.
    """

    name: str
    size: str
    steps: int
    ours: Callable[[], Result]
    c: Callable[[ctypes.CDLL], Result]
    tolerance: float = 0.0
    sequential: bool = False


def _result(trace: Trace, *extra: str) -> Result:
    return {"regret": trace.regret, **{name: trace.extra[name] for name in extra}}


def _bandit(n_arms: int) -> BernoulliBandit:
    return BernoulliBandit(np.linspace(0.9, 0.5, n_arms))


def _stochastic_c(library: ctypes.CDLL, name: str, numbers: Sequence[float], bandit: BernoulliBandit, horizon: int,
                  runs: int) -> Result:  # fmt: skip
    suffix = "_xoshiro" if hasattr(library, f"{name}_xoshiro") else ""
    regret, pulls = np.zeros((runs, 1)), np.zeros((runs, bandit.n_arms), np.int64)
    means, gaps = bandit.arrays()
    _call(
        library[name + suffix], *map(float, numbers), means, gaps, bandit.n_arms, SEED, 0, runs, np.array([horizon]), 1,
        regret, pulls,
    )  # fmt: skip
    return {"regret": regret, "pulls": pulls}


def stochastic_work(name: str, params: Any, n_arms: int, horizon: int, runs: int) -> Work:
    """An algorithm for stochastic bandits whose C loop takes its hyper-parameters first."""
    bandit = _bandit(n_arms)
    return Work(
        name,
        f"K = {n_arms}",
        horizon * runs,
        lambda: _result(simulate(params, bandit, horizon, runs, seed=SEED, checkpoints=[horizon]), "pulls"),
        lambda library: _stochastic_c(library, type(params).__module__.split(".")[-1].removesuffix("_beta"),
                                      params, bandit, horizon, runs),
        sequential=True,
    )  # fmt: skip


def lockstep_work(n_arms: int, horizon: int, runs: int) -> Work:
    """UCB1 over many replications at once."""
    bandit, params = _bandit(n_arms), ucb1.UCB1()
    return Work(
        "UCB1 in lockstep",
        f"K = {n_arms}",
        horizon * runs,
        lambda: _result(simulate_lockstep(params, bandit, horizon, runs, seed=SEED, checkpoints=[horizon]), "pulls"),
        lambda library: _stochastic_c(library, "ucb1_lockstep", params, bandit, horizon, runs),
    )


def exp3_work(n_arms: int, horizon: int, runs: int) -> Work:
    """Exp3 with the tuned rate against Bernoulli losses."""
    adversary, params = BernoulliLosses(np.linspace(0.1, 0.5, n_arms)), exp3.tuned(n_arms, horizon)

    def in_c(library: ctypes.CDLL) -> Result:
        function = library["exp3_xoshiro" if hasattr(library, "exp3_xoshiro") else "exp3"]
        regret, realised = np.zeros((2, runs, 1))
        pulls = np.zeros((runs, n_arms), np.int64)
        _call(
            function, params.learning_rate, np.array(adversary.means), n_arms, SEED, 0, runs, np.array([horizon]), 1,
            regret, realised, pulls,
        )  # fmt: skip
        return {"regret": regret, "realised": realised, "pulls": pulls}

    def ours() -> Result:
        trace = simulate(params, adversary, horizon, runs, seed=SEED, checkpoints=[horizon])
        return _result(trace, "realised", "pulls")

    return Work("Exp3", f"K = {n_arms}", horizon * runs, ours, in_c, sequential=True)


def linear_work(dimension: int, n_actions: int, horizon: int, runs: int) -> Work:
    """LinUCB (OFUL) on a fixed action set of unit vectors with Gaussian noise."""
    rng = np.random.default_rng(SEED)
    features = rng.standard_normal((n_actions, dimension))
    features /= np.linalg.norm(features, axis=1, keepdims=True)
    bandit = LinearBandit.fixed(features, np.full(dimension, dimension**-0.5))
    params = oful.OFUL()

    def in_c(library: ctypes.CDLL) -> Result:
        regret, pulls = np.zeros((runs, 1)), np.zeros((runs, n_actions), np.int64)
        arrays = bandit.arrays()
        _call(
            library.linucb, params.noise, params.parameter_bound, params.regularization, params.delta, arrays.scale,
            np.ascontiguousarray(arrays.features[0]), np.ascontiguousarray(arrays.means[0]),
            np.ascontiguousarray(arrays.gaps[0]), n_actions, dimension, SEED, 0, runs, np.array([horizon]), 1,
            regret, pulls,
        )  # fmt: skip
        return {"regret": regret, "pulls": pulls}

    return Work(
        "LinUCB", f"d = {dimension}, K = {n_actions}", horizon * runs,
        lambda: _result(simulate(params, bandit, horizon, runs, seed=SEED, checkpoints=[horizon]), "pulls"), in_c,
    )  # fmt: skip


def _garnet(n_states: int, n_actions: int, horizon: int) -> Episodes:
    return Episodes(garnet(n_states, n_actions, min(n_states, 10), horizon=horizon, seed=SEED))


def ucbvi_work(n_states: int, n_actions: int, horizon: int, n_episodes: int, runs: int, scale: float) -> Work:
    """UCBVI-CH on a Garnet model."""
    instance, params = _garnet(n_states, n_actions, horizon), ucbvi_ch.UCBVICH(scale=scale)

    def in_c(library: ctypes.CDLL) -> Result:
        arrays, problem = instance.arrays(), instance.problem(n_episodes)
        model = arrays.model
        regret = np.zeros((runs, 1))
        _call(
            library.ucbvi, float(ucbvi_ch.allocate(params, problem).level), problem.rewards, model.indptr,
            model.successors, model.probabilities, model.cumulative, model.rewards, model.initial, n_states, n_actions,
            horizon, model.stage_stride, float(arrays.optimal_value), SEED, 0, runs, np.array([n_episodes]), 1, regret,
        )  # fmt: skip
        return {"regret": regret}

    return Work(
        "UCBVI-CH", f"S = {n_states}, A = {n_actions}, H = {horizon}, bonus x {scale:g}", n_episodes * horizon * runs,
        lambda: _result(simulate(params, instance, n_episodes, runs, seed=SEED, checkpoints=[n_episodes])), in_c,
    )  # fmt: skip


def planning_work(n_states: int, n_actions: int = 4, discount: float = 0.99, epsilon: float = 1e-8) -> Work:
    """Value iteration on a sparse Garnet model to a certified error."""
    mdp = garnet(n_states, n_actions, 10, discount=discount, seed=SEED)
    successors = mdp.successors.astype(np.uint32)
    with Sweeps.of(mdp) as sweeps:
        rounding, row_error = sweeps._relative_rounding, sweeps._row_error

    def ours() -> Result:
        found = value_iteration(mdp, epsilon)
        return {"values": found.values, "policy": found.policy, "sweeps": np.array([found.n_sweeps])}

    def in_c(library: ctypes.CDLL) -> Result:
        values, scratch = np.zeros((2, n_states))
        policy = np.zeros(n_states, np.int64)
        n_sweeps = _call(
            library.value_iteration, mdp.indptr, successors, mdp.probabilities, mdp.rewards, n_states, n_actions,
            discount, epsilon, rounding, row_error, 1_000_000, values, scratch, policy,
        )  # fmt: skip
        return {"values": values, "policy": policy, "sweeps": np.array([n_sweeps])}

    n_sweeps = int(ours()["sweeps"][0])
    return Work(
        "value iteration", f"S = {n_states:,}, A = {n_actions}, 10 successors, discount {discount}",
        n_sweeps * n_states * n_actions, ours, in_c, tolerance=1e-6 * epsilon,
    )  # fmt: skip


def version_space_work(n_functions: int, n_weights: int, horizon: int, n_states: int, n_actions: int) -> Work:
    """GLOW's test of every function against every weight at every stage; half of the functions pass."""
    rng = np.random.default_rng(SEED)
    counts = rng.integers(0, 50, (horizon, n_states, n_actions)).astype(float)
    errors = counts * rng.uniform(-1.0, 1.0, (n_functions, horizon, n_states, n_actions))
    weights = rng.exponential(1.0, (n_weights, horizon, n_states, n_actions))
    n_samples, clip, alpha = 25.0 * n_states * n_actions, 3.0, 0.01
    clipped = np.minimum(weights, clip)
    tests = np.einsum("fhsa,whsa->fwh", errors, clipped) - alpha * np.einsum("hsa,whsa->wh", counts, clipped**2)
    beta = float(np.median(tests.max(axis=(1, 2)))) / n_samples

    def ours() -> Result:
        members = np.empty(n_functions, np.bool_)
        version_space(errors, counts, weights, n_samples, clip, alpha, beta, members)
        return {"members": members.astype(float)}

    def in_c(library: ctypes.CDLL) -> Result:
        members = np.zeros(n_functions, np.int64)
        pairs = n_states * n_actions
        scratch = np.zeros(horizon * pairs * n_weights), np.zeros(horizon * n_weights), np.zeros(n_weights)
        _call(
            library.version_space, errors, counts, weights, n_functions, n_weights, horizon, pairs, n_samples, clip,
            alpha, beta, *scratch, members,
        )  # fmt: skip
        return {"members": members.astype(float)}

    size = f"|F| = {n_functions}, |W| = {n_weights}, H = {horizon}, S = {n_states}, A = {n_actions}"
    return Work("GLOW, version space", size, errors.size * n_weights, ours, in_c)


def lsvi_work(n_states: int, n_actions: int, dimension: int, horizon: int, n_episodes: int, runs: int) -> Work:
    """LSVI-UCB on a random linear MDP; fewer episodes than inverses are kept for."""
    model = simplex_linear(n_states, n_actions, dimension, horizon, seed=SEED)
    instance, params = (
        Episodes(model.tabular(), model.features),
        lsvi_ucb.practical(dimension, horizon, n_episodes, 0.1),
    )

    def in_c(library: ctypes.CDLL) -> Result:
        arrays, problem = instance.arrays(), instance.problem(n_episodes)
        table, state = arrays.model, lsvi_ucb.allocate(params, problem)
        regret = np.zeros((runs, 1))
        _call(
            library.lsvi_ucb, float(state.radius), params.regularization, state.features, dimension, table.indptr,
            table.successors, table.probabilities, table.cumulative, table.rewards, table.initial, n_states, n_actions,
            horizon, table.stage_stride, float(arrays.optimal_value), SEED, 0, runs, n_episodes, regret,
        )  # fmt: skip
        return {"regret": regret}

    return Work(
        "LSVI-UCB", f"S = {n_states}, A = {n_actions}, d = {dimension}, H = {horizon}, c = 0.1",
        n_episodes * horizon * runs,
        lambda: _result(simulate(params, instance, n_episodes, runs, seed=SEED, checkpoints=[n_episodes])), in_c,
    )  # fmt: skip


def pareto_work(n_vectors: int, n_contexts: int) -> Work:
    """Pruning a set of alpha vectors, the heavy step of the dynamic programme of latent MDPs."""
    values = np.random.default_rng(SEED).random((n_vectors, n_contexts))
    values /= np.linalg.norm(values, axis=1, keepdims=True) ** 0.9  # near a sphere: a good part is not dominated

    def ours() -> Result:
        kept = np.zeros(n_vectors)
        kept[pareto(values)] = 1.0
        return {"kept": kept}

    def in_c(library: ctypes.CDLL) -> Result:
        kept = np.zeros(n_vectors, np.int64)
        _call(library.pareto, values, n_vectors, n_contexts, kept)
        return {"kept": kept.astype(float)}

    n_kept = int(ours()["kept"].sum())
    size = f"{n_vectors:,} vectors, {n_contexts} contexts, {n_kept} kept"
    return Work("alpha vectors, pruning", size, n_vectors, ours, in_c)


def all_work(quick: bool) -> list[Work]:
    """What is measured; ``quick``: the same loops, fewer and smaller."""
    n = 1 if quick else 40
    arms = (2, 10) if quick else (2, 10, 100)
    work: list[Work] = []
    for k in arms:
        work.append(stochastic_work("UCB1", ucb1.UCB1(), k, 10_000, 4 * n))
        work.append(stochastic_work("Thompson (Beta)", thompson_beta.ThompsonBeta(), k, 2_000, max(1, 40 * n // k)))
        work.append(stochastic_work("KL-UCB", kl_ucb.KLUCB(), k, 10_000, n))
        work.append(exp3_work(k, 10_000, max(1, 30 * n // k)))
    for k in arms:
        work.append(lockstep_work(k, 2_000 if quick else 10_000, 64 if quick else 1_024 if k < 100 else 256))
    for d, k in ((2, 2), (5, 10)) if quick else ((2, 2), (5, 10), (10, 100)):
        work.append(linear_work(d, k, 2_000, 2 * n))
    shapes = ((6, 2, 10),) if quick else ((6, 2, 10), (20, 4, 10), (50, 5, 20))
    work.extend(ucbvi_work(s, a, h, 200 if quick else 2_000, 1 if quick else 5, 0.01) for s, a, h in shapes)
    models = ((8, 3, 3, 3),) if quick else ((8, 3, 3, 3), (50, 5, 10, 5))
    work.extend(lsvi_work(*sizes, 100 if quick else 500, 1 if quick else 5) for sizes in models)
    sets = ((500, 2),) if quick else ((2_000, 2), (5_000, 3))
    work.extend(pareto_work(*sizes) for sizes in sets)
    classes = ((20, 20, 2, 5, 2),) if quick else ((50, 50, 3, 10, 2), (100, 100, 4, 25, 2))
    work.extend(version_space_work(*sizes) for sizes in classes)
    work.extend(planning_work(s) for s in ((200,) if quick else (1_000, 10_000, 100_000)))
    return work


# ---------------------------------------------------------------------------------------------------------- measuring
@dataclass
class Timing:
    """Processor seconds of each contender, one entry a turn."""

    seconds: dict[str, list[float]] = field(default_factory=dict)

    def ratio(self, one: str, other: str) -> tuple[float, float, float]:
        """(median, least, largest) of time of ``one`` / time of ``other`` over the turns."""
        ratios = [a / b for a, b in zip(self.seconds[one], self.seconds[other])]
        return statistics.median(ratios), min(ratios), max(ratios)


def take_turns(contenders: dict[str, Callable[[], Any]], turns: int) -> Timing:
    """Time each contender ``turns`` times, one after the other, the order reversed every other turn."""
    timing = Timing({name: [] for name in contenders})
    names = list(contenders)
    for turn in range(turns):
        for name in names if turn % 2 == 0 else reversed(names):
            began = time.process_time()
            contenders[name]()
            timing.seconds[name].append(max(time.process_time() - began, 1e-9))
    return timing


def differences(ours: Result, theirs: Result, tolerance: float) -> list[str]:
    """Names of the arrays that disagree."""
    return [
        name
        for name, value in ours.items()
        if value.shape != theirs[name].shape or not (np.abs(value - theirs[name]) <= tolerance).all()
    ]


@contextmanager
def _one_core() -> Iterator[None]:
    """Keep this thread, and what it starts, on one processor: planners then use one thread, as the C loops do."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(allowed)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, allowed)


@dataclass(frozen=True)
class Row:
    """One line of the table of C loops."""

    work: Work
    ratio: tuple[float, float, float]
    nanoseconds: float
    generator: tuple[float, float, float] | None


def compare_with_c(work: Work, library: ctypes.CDLL, sequential: ctypes.CDLL, turns: int) -> Row:
    """Check that the two programs agree, then time them.

    Raises:
        AssertionError: naming the arrays that differ.
    """
    wrong = differences(work.ours(), work.c(library), work.tolerance)
    if wrong:
        raise AssertionError(f"{work.name}, {work.size}: the C loop disagrees in {', '.join(wrong)}")
    contenders: dict[str, Callable[[], Any]] = {"ours": work.ours, "c": lambda: work.c(library)}
    if work.sequential:
        contenders["xoshiro"] = lambda: work.c(sequential)
    timing = take_turns(contenders, turns)
    return Row(
        work,
        timing.ratio("ours", "c"),
        1e9 * min(timing.seconds["c"]) / work.steps,
        timing.ratio("xoshiro", "c") if work.sequential else None,
    )


# -------------------------------------------------------------------------------------------------------------- peers
@dataclass(frozen=True)
class Job:
    """Work that other libraries do as well: ``request`` is handed to their adapters as JSON."""

    name: str
    text: str
    request: dict[str, Any]
    ours: Callable[[], Any]


def peer_jobs(folder: Path) -> list[Job]:
    """The jobs; models travel as NPZ files in ``folder``."""
    k, horizon, runs = 10, 5_000, 10
    bandit = _bandit(k)
    jobs = []
    for name, params in (("ucb1", ucb1.UCB1()), ("thompson", thompson_beta.ThompsonBeta()), ("kl_ucb", kl_ucb.KLUCB())):
        jobs.append(Job(
            name, f"{type(params).__name__}, K = {k}, T = {horizon}, {runs} runs",
            {"means": bandit.means.tolist(), "horizon": horizon, "runs": runs},
            partial(simulate, params, bandit, horizon, runs, seed=SEED, checkpoints=[horizon]),
        ))  # fmt: skip
    losses = BernoulliLosses(1.0 - bandit.means)
    rate = exp3.tuned(k, horizon)
    jobs.append(Job(
        "exp3", f"Exp3, K = {k}, T = {horizon}, {runs} runs",
        {"means": bandit.means.tolist(), "horizon": horizon, "runs": runs, "rate": rate.learning_rate},
        lambda: simulate(rate, losses, horizon, runs, seed=SEED, checkpoints=[horizon]),
    ))  # fmt: skip
    d = 5
    features = np.random.default_rng(SEED).standard_normal((k, d))
    features /= np.linalg.norm(features, axis=1, keepdims=True)
    linear = LinearBandit.fixed(features, np.full(d, d**-0.5))
    jobs.append(Job(
        "linucb", f"LinUCB, d = {d}, K = {k}, T = {horizon}, 2 runs",
        {"features": features.tolist(), "theta": [d**-0.5] * d, "horizon": horizon, "runs": 2},
        lambda: simulate(oful.OFUL(), linear, horizon, 2, seed=SEED, checkpoints=[horizon]),
    ))  # fmt: skip
    episodic = _garnet(20, 4, 10)
    transitions, rewards = episodic.mdp.dense()
    np.savez(folder / "episodic.npz", transitions=transitions, rewards=rewards)
    episodes = 200
    jobs.append(Job(
        "ucbvi", f"UCBVI-CH, S = 20, A = 4, H = 10, {episodes} episodes, 1 run",
        {"model": str(folder / "episodic.npz"), "horizon": 10, "episodes": episodes},
        lambda: simulate(ucbvi_ch.UCBVICH(), episodic, episodes, 1, seed=SEED, checkpoints=[episodes]),
    ))  # fmt: skip
    for n_states, name in ((1_000, "planning"), (100_000, "planning large")):
        mdp = garnet(n_states, 4, 10, discount=0.99, seed=SEED)
        path = folder / f"discounted-{n_states}.npz"
        np.savez(path, indptr=mdp.indptr, successors=mdp.successors, probabilities=mdp.probabilities,
                 rewards=mdp.rewards)  # fmt: skip
        jobs.append(Job(
            name, f"discounted planning to 1e-6, S = {n_states:,}, A = 4, 10 successors, discount 0.99",
            {"model": str(path), "n_states": n_states, "n_actions": 4, "discount": 0.99, "epsilon": 1e-6},
            partial(modified_policy_iteration, mdp, 1e-6),
        ))  # fmt: skip
    return jobs


@dataclass(frozen=True)
class Peer:
    """Another library: the adapter's first lines say what it requires and which jobs it can do."""

    name: str
    adapter: Path
    requires: tuple[str, ...]
    jobs: tuple[str, ...]


def peers() -> list[Peer]:
    """All adapters in ``benchmarks/peers``."""
    found = []
    for path in sorted((SOURCES / "peers").glob("*.py")):
        text = path.read_text(encoding="utf-8")
        head = {key: re.search(rf"^# {key}: (.*)$", text, re.M) for key in ("library", "requires", "jobs")}
        if all(head.values()):
            library, requires, jobs = (match.group(1) for match in head.values() if match)
            found.append(Peer(library, path, tuple(requires.split()), tuple(part.strip() for part in jobs.split(","))))
    return found


def environment_of(peer: Peer) -> Path:
    """The Python of the library's own environment, made on first use and kept in the cache folder.

    Raises:
        RuntimeError: why it cannot be installed.
    """
    folder = cache_directory().parent / "peers" / peer.adapter.stem.removesuffix("_adapter")
    python = folder / ("Scripts" if os.name == "nt" else "bin") / "python"
    stamp = folder / "requires"
    wanted = " ".join(peer.requires)
    if stamp.exists() and stamp.read_text(encoding="utf-8") == wanted:
        return python
    venv.create(folder, with_pip=True, clear=folder.exists())
    command = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *peer.requires]
    _checked(command, "not installable")
    stamp.write_text(wanted, encoding="utf-8")
    return python


def _checked(command: list[str], what: str) -> str:
    """Standard output of a command that must succeed within the time allowed.

    Raises:
        RuntimeError: ``what`` and the last telling line of its standard error.
    """
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=PEER_TIMEOUT)
    except subprocess.TimeoutExpired:
        raise RuntimeError(f"{what}: not done after {PEER_TIMEOUT:.0f} s") from None
    if done.returncode:
        lines = [line.strip() for line in done.stderr.splitlines() if line.strip()]
        telling = [line for line in lines if re.search(r"error|Error|ERROR", line)] or lines or ["no message"]
        raise RuntimeError(f"{what}: {telling[-1].removeprefix('ERROR: ')[:160]}")
    return done.stdout


def measure_peers(console: Console) -> list[tuple[str, str, str]]:
    """(library, job, time of the library / ours, or why there is none)."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        jobs = {job.name: job for job in peer_jobs(Path(folder))}
        mine = {}
        for job in jobs.values():
            job.ours()
            mine[job.name] = min(take_turns({"ours": job.ours}, 5).seconds["ours"])
        for peer in peers():
            console.print(f"[dim]{peer.name}[/]")
            try:
                python = environment_of(peer)
            except RuntimeError as error:
                rows.append((peer.name, "-", str(error)))
                continue
            for name in peer.jobs:
                job = jobs[name]
                try:
                    output = _checked(
                        [str(python), str(peer.adapter), json.dumps({"job": name, **job.request})], "failed"
                    )
                    seconds = float(json.loads(output.strip().splitlines()[-1])["seconds"])
                    rows.append((peer.name, job.text, f"{seconds / mine[name]:,.3g}"))
                except (RuntimeError, ValueError, KeyError, IndexError) as error:
                    rows.append((peer.name, job.text, str(error)))
    return rows


# ------------------------------------------------------------------------------------------------------------- report
def run_benchmarks(quick: bool, output: Path | None, console: Console) -> None:
    """Measure, print the ratios, and write them as Markdown.

    Args:
        quick: small sizes, no other libraries; then nothing is written unless ``output`` is given.
        output: the file to write, by default ``docs/benchmarks.md`` of the checkout.
        console: where the tables are printed.

    Raises:
        InvalidInput: if the sources of the benchmarks are not there, or ``output`` cannot be written.
    """
    if not (SOURCES / "common.h").exists():
        raise InvalidInput(f"no benchmarks at {SOURCES}; expected a source checkout of regretlab")
    target = output if output is not None or quick else DEFAULT_OUTPUT
    if target is not None and not target.resolve().parent.is_dir():
        raise InvalidInput(f"cannot write {target}: folder {target.parent} does not exist")
    note = ""
    rows: list[Row] = []
    with _one_core():
        try:
            library, sequential = build(), build("XOSHIRO")
        except NoCompiler as error:
            note = f"No comparison with C: {error}."
            console.print(f"[yellow]{note}[/]")
        else:
            for work in all_work(quick):
                rows.append(compare_with_c(work, library, sequential, 3 if quick else 9))
                console.print(f"[dim]{work.name}, {work.size}: {rows[-1].ratio[0]:.2f}[/]")
        others = [] if quick else measure_peers(console)
    if rows:
        console.print(_c_table(rows))
    if others:
        console.print(_peer_table(others))
    if target is not None:
        target.write_text(_markdown(rows, others, note), encoding="utf-8")
        console.print(f"written to {target}")


def _cells(row: Row) -> tuple[str, ...]:
    generator = "" if row.generator is None else f"{row.generator[0]:.2f}"
    return (
        row.work.name,
        row.work.size,
        f"{row.ratio[0]:.2f}",
        f"{row.ratio[1]:.2f} - {row.ratio[2]:.2f}",
        f"{row.nanoseconds:.3g}",
        generator,
    )


_C_COLUMNS = ("work", "size", "ours / C", "range", "C, ns a step", "C with xoshiro256++ / C")
_PEER_COLUMNS = ("library", "work", "time / ours")


def _c_table(rows: list[Row]) -> Table:
    table = Table(*_C_COLUMNS, title="Against C loops of the same layout, results checked to be the same")
    for row in rows:
        table.add_row(*_cells(row))
    return table


def _peer_table(rows: list[tuple[str, str, str]]) -> Table:
    table = Table(*_PEER_COLUMNS, title="Other libraries, the same work")
    for row in rows:
        table.add_row(*row)
    return table


def _lines(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    lines = ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    return lines + ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]


def _markdown(rows: list[Row], others: list[tuple[str, str, str]], note: str) -> str:
    lines = ["# Benchmarks", "", "Written by `regretlab bench`; do not edit.", ""]
    lines += [note, ""] if note else []
    if rows:
        lines += [
            "## Against C",
            "",
            "Each C loop (`benchmarks/*.c`, system compiler, `-O3 -march=native`, vector intrinsics where they pay)"
            " reads the same counter streams and does the same arithmetic; regret, pulls and policies are checked to be"
            " the same bits (values of planning: to a millionth of the certified error). Numbers are medians over turns"
            " of processor time of one thread; the time of ours includes everything that `simulate` does. The last"
            " column is the same C loop on one sequential xoshiro256++ generator: below 1, it would be faster. A step"
            " is a round, a stage of an episode, or one backed-up state-action pair.",
            "",
            *_lines(_C_COLUMNS, [_cells(row) for row in rows]),
            "",
            f"Geometric mean of ours / C: {math.exp(statistics.fmean(math.log(row.ratio[0]) for row in rows)):.2f}.",
            "",
        ]
    if others:
        lines += [
            "## Other libraries",
            "",
            "Each in an environment and a process of its own (`benchmarks/peers/`), processor time without imports and,"
            " where it compiles, without compilation; ours is the least of five turns of the same work. What cannot be"
            " installed or fails is listed with the reason.",
            "",
            *_lines(_PEER_COLUMNS, others),
            "",
        ]
    lines.append(f"Python {sys.version.split()[0]}, NumPy {np.__version__}, {_model()}.")
    return "\n".join(lines) + "\n"


def _model() -> str:
    """The processor's name."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return sys.platform
    match = re.search(r"^model name\s*:\s*(.*)$", text, re.M)
    return match.group(1) if match else sys.platform
