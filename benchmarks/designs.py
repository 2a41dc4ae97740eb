"""Designs of a generic interaction loop, compared: time of a step, and whether a new process finds the machine code.

    python benchmarks/designs.py            prints the table of docs/design-of-the-loops.md

The same two algorithms (UCB1; Exp3 with a running sum of weights, rewards as losses) are run by a loop closed over the
algorithm's functions (plain, without reference counts, and with everything inlined), by one that imports them in a
file of its own, by one that takes them as arguments, by one that finds them through numba.extending.overload on the
type of the state, and by one over a jitclass. All use the same streams; the regrets are checked to be equal.
"""

from __future__ import annotations

import importlib.util
import inspect
import json
import math
import os
import subprocess
import sys
import tempfile
import textwrap
import time
from functools import cache, partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numba import float64, int64, njit  # noqa: F401  njit, jitclass: the generated files import them from here
from numba.experimental import jitclass  # noqa: F401
from numba.extending import overload

from kernels.random import choose, random, start, stream_gamma, stream_key, uniform

PLAIN = {"nogil": True, "error_model": "numpy"}
BARE = {**PLAIN, "_nrt": False}
INLINED = {**BARE, "forceinline": True}
WIDTH, RATE = 2.0, 0.01


class UCB1State(NamedTuple):
    pulls: np.ndarray
    total: np.ndarray
    mean: np.ndarray
    root: np.ndarray


class Exp3State(NamedTuple):
    total: np.ndarray
    weights: np.ndarray
    probabilities: np.ndarray
    sums: np.ndarray


def ucb1_init(state):
    for i in range(state.pulls.shape[0]):
        state.pulls[i] = 0
        state.total[i] = 0.0
        state.mean[i] = 0.0
        state.root[i] = 0.0


def ucb1_act(state, t, rng):
    n = state.pulls.shape[0]
    if t <= n:
        return t - 1
    scale = math.sqrt(WIDTH * math.log(t - 1.0))
    top = -np.inf
    for i in range(n):
        index = state.mean[i] + scale * state.root[i]
        top = index if index > top else top
    for i in range(n):
        if state.mean[i] + scale * state.root[i] == top:
            return i
    return 0


def ucb1_observe(state, t, arm, reward):
    state.pulls[arm] += 1
    state.total[arm] += reward
    n = np.float64(state.pulls[arm])
    state.mean[arm] = state.total[arm] / n
    state.root[arm] = 1.0 / math.sqrt(n)


def exp3_init(state):
    for i in range(state.weights.shape[0]):
        state.total[i] = 0.0
        state.weights[i] = 1.0
    state.sums[0] = state.weights.shape[0]


def exp3_act(state, t, rng):
    inverse = 1.0 / state.sums[0]
    for i in range(state.weights.shape[0]):
        state.probabilities[i] = state.weights[i] * inverse
    return choose(state.weights, state.sums[0], random(rng))


def exp3_observe(state, t, arm, reward):
    if reward > 0.0:  # as a loss
        state.total[arm] += reward / state.probabilities[arm]
        weight = math.exp(-RATE * state.total[arm])
        state.sums[0] += weight - state.weights[arm]
        state.weights[arm] = weight


def loop(state, means, rng, keys, gammas, pulls, horizon, runs):
    """The generic loop over the free names init, act, observe; regret summed over the runs."""
    regret = 0.0
    for run in range(runs):
        start(rng, 1, 2, run, 0)
        for i in range(means.shape[0]):
            keys[i] = stream_key(1, 1, run, i)
            gammas[i] = stream_gamma(keys[i])
            pulls[i] = 0
        init(state)  # noqa: F821
        for t in range(1, horizon + 1):
            arm = act(state, t, rng)  # noqa: F821
            reward = 1.0 if uniform(keys[arm], gammas[arm], pulls[arm]) < means[arm] else 0.0
            pulls[arm] += 1
            observe(state, t, arm, reward)  # noqa: F821
            regret += means[0] - means[arm]
    return regret


FUNCTIONS = {"ucb1": (ucb1_init, ucb1_act, ucb1_observe), "exp3": (exp3_init, exp3_act, exp3_observe)}
SPECIFICATION = {
    "ucb1": [("pulls", int64[::1]), ("total", float64[::1]), ("mean", float64[::1]), ("root", float64[::1])],
    "exp3": [(name, float64[::1]) for name in Exp3State._fields],
}


def state_of(algorithm, n_arms):
    if algorithm == "ucb1":
        return UCB1State(np.zeros(n_arms, np.int64), *(np.zeros(n_arms) for _ in range(3)))
    return Exp3State(*(np.zeros(n_arms) for _ in range(3)), np.zeros(1))


def generic_init(state):
    raise NotImplementedError


def generic_act(state, t, rng):
    raise NotImplementedError


def generic_observe(state, t, arm, reward):
    raise NotImplementedError


@cache
def register_overloads():
    """Let numba choose the functions by the type of the state."""
    chosen = {UCB1State: FUNCTIONS["ucb1"], Exp3State: FUNCTIONS["exp3"]}
    overload(generic_init, jit_options=PLAIN)(lambda state: chosen[state.instance_class][0])
    overload(generic_act, jit_options=PLAIN)(lambda state, t, rng: chosen[state.instance_class][1])
    overload(generic_observe, jit_options=PLAIN)(lambda state, t, arm, reward: chosen[state.instance_class][2])


HEADER = """import numpy as np
import designs
from designs import *
from numba import njit
"""
LOOP = inspect.getsource(loop)
NJIT = "@njit(cache=True, **designs.PLAIN)\n"


def closed(options, algorithm):
    """A factory's closure over functions compiled with the options of that name."""
    inner = textwrap.indent(NJIT + LOOP, "    ")
    compiled = f"*(njit(**designs.{options})(f) for f in designs.FUNCTIONS[{algorithm!r}])"
    return f"def make(init, act, observe):\n{inner}    return loop\n\nrunner = loop = make({compiled})\n"


def generated(algorithm):
    """The functions as globals of a file of its own."""
    compiled = f"(njit(**designs.INLINED)(f) for f in designs.FUNCTIONS[{algorithm!r}])"
    return f"init, act, observe = {compiled}\n\n{NJIT}{LOOP}\nrunner = loop\n"


def arguments(algorithm):
    """The functions as arguments."""
    compiled = f"[njit(**designs.PLAIN)(f) for f in designs.FUNCTIONS[{algorithm!r}]]"
    text = LOOP.replace("def loop(", "def loop(init, act, observe, ")
    return f"functions = {compiled}\n\n{NJIT}{text}\nrunner = lambda *rest: loop(*functions, *rest)\n"


def overloaded(algorithm):
    """One loop for every state type."""
    names = "from designs import generic_init as init, generic_act as act, generic_observe as observe\n"
    return f"{names}designs.register_overloads()\n\n{NJIT}{LOOP}\nrunner = loop\n"


def with_jitclass(algorithm):
    """Methods of a jitclass that owns the state."""
    fields = [name for name, _ in SPECIFICATION[algorithm]]
    body = f"class Algorithm:\n    def __init__(self, {', '.join(fields)}):\n"
    body += "".join(f"        self.{field} = {field}\n" for field in fields)
    for function, name in zip(FUNCTIONS[algorithm], ("init", "act", "observe")):
        text = inspect.getsource(function).replace(f"def {function.__name__}(state", f"def {name}(self")
        body += textwrap.indent(text.replace("state.", "self."), "    ")
    text = LOOP
    for name in ("init", "act", "observe"):
        text = text.replace(f" {name}(state, ", f" state.{name}(").replace(f" {name}(state)", f" state.{name}()")
    kind = f"jitclass(designs.SPECIFICATION[{algorithm!r}])(Algorithm)"
    return f"{body}\nkind = {kind}\n\n{NJIT}{text}\nrunner = lambda state, *rest: loop(kind(*state), *rest)\n"


DESIGNS = {
    "generated file, no reference counts, inlined": generated,
    "closure, no reference counts, inlined": partial(closed, "INLINED"),
    "closure, no reference counts": partial(closed, "BARE"),
    "closure, plain": partial(closed, "PLAIN"),
    "functions as arguments": arguments,
    "overload on the state's type": overloaded,
    "jitclass": with_jitclass,
}


def imported(folder, name, text):
    """The module of this text, from a file that a second process finds unchanged."""
    path = Path(folder) / f"{name}.py"
    if not path.exists():
        path.write_text(text)
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def measure(folder, turns, horizon=20_000, runs=5, n_arms=10):
    """{algorithm: {design: [nanoseconds a step, whether the machine code came from disk, regret]}} of this process."""
    means = np.linspace(0.9, 0.5, n_arms)
    found = {}
    for algorithm in FUNCTIONS:
        modules, seconds, regret = {}, {}, {}
        rest = (
            means,
            np.zeros(3, np.uint64),
            *np.zeros((2, n_arms), np.uint64),
            np.zeros(n_arms, np.int64),
            horizon,
            runs,
        )
        for k, (design, text) in enumerate(DESIGNS.items()):
            modules[design] = imported(folder, f"{algorithm}_{k}", HEADER + text(algorithm))
            regret[design] = modules[design].runner(state_of(algorithm, n_arms), *rest)
            seconds[design] = []
        for _ in range(turns):
            for design, module in modules.items():
                state = state_of(algorithm, n_arms)
                began = time.process_time()
                module.runner(state, *rest)
                seconds[design].append(time.process_time() - began)
        found[algorithm] = {
            design: [
                1e9 * min(seconds[design]) / horizon / runs,
                sum(module.loop.stats.cache_hits.values()) > 0,
                regret[design],
            ]
            for design, module in modules.items()
        }
    return found


def main():
    if len(sys.argv) > 1:
        print(json.dumps(measure(sys.argv[1], int(sys.argv[2]))))
        return
    with tempfile.TemporaryDirectory() as folder:
        here = str(Path(__file__).resolve().parent)
        path = os.pathsep.join([here, str(Path(here).parent), os.environ.get("PYTHONPATH", "")])
        environment = {**os.environ, "NUMBA_CACHE_DIR": folder, "PYTHONPATH": path}
        answers = []
        for turns in (1, 9):  # the second process is asked for the disk cache
            command = [sys.executable, "-c", "import designs; designs.main()", folder, str(turns)]
            done = subprocess.run(command, capture_output=True, text=True, env=environment, check=True)
            answers.append(json.loads(done.stdout.splitlines()[-1]))
    first = next(iter(DESIGNS))
    print("| design | UCB1, time / first row | Exp3, time / first row | found on disk by a new process |")
    print("|---|---|---|---|")
    for design in DESIGNS:
        rows = [answers[1][algorithm] for algorithm in FUNCTIONS]
        assert all(row[design][2] == row[first][2] for row in rows), f"{design} gives another regret"
        ratios = " | ".join(f"{row[design][0] / row[first][0]:.2f}" for row in rows)
        print(f"| {design} | {ratios} | {'yes' if all(row[design][1] for row in rows) else 'no'} |")
    print(f"\nFirst row: {', '.join(f'{a} {answers[1][a][first][0]:.1f} ns a step' for a in FUNCTIONS)}.")


if __name__ == "__main__":
    main()
