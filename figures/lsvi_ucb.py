"""LSVI-UCB: regret against the number of states at a fixed dimension, with linear and with tabular features."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from matplotlib.figure import Figure

from kernels.engine import Trace
from mdps.algorithms.lsvi_ucb import LSVIUCB, practical
from mdps.instances.linear import one_hot_linear, simplex_linear
from mdps.loops import Episodes
from proofs_check.claims.lsvi_ucb import episodes_of
from proofs_check.experiment import Experiment, Run
from proofs_check.plotting import PALETTE, new_axes, plot_line

STATES = (5, 10, 20, 40)
N_ACTIONS, DIMENSION, HORIZON, EPISODES = 3, 3, 3, 2_000
SCALE = 0.1


def _linear(n_states: int) -> Callable[[], Episodes]:
    return lambda: episodes_of(simplex_linear(n_states, N_ACTIONS, DIMENSION, HORIZON, n_anchors=DIMENSION, seed=3))


def _tabular(n_states: int) -> Callable[[], Episodes]:
    """The same model with one-hot features, d = S A: LSVI-UCB is then UCBVI with shrunken means."""
    return lambda: episodes_of(one_hot_linear(_linear(n_states)().mdp))


def _radius(dimension: int) -> Callable[[], LSVIUCB]:
    return lambda: practical(dimension, HORIZON, EPISODES, SCALE)


def _label(kind: str, n_states: int) -> str:
    return f"{kind}, S = {n_states}"


KINDS = ("linear features, d = 3", "one-hot features, d = SA", "one-hot features, beta of d = 3")

EXPERIMENT = Experiment(
    slug="lsvi-ucb",
    title="LSVI-UCB: regret in the number of states",
    caption=(
        f"Regret after {EPISODES:,} episodes (full size: 20,000) of LSVI-UCB on random linear MDPs (simplex features, "
        f"d = {DIMENSION}, A = {N_ACTIONS}, H = {HORIZON}), a new one for each number of states. Practical preset "
        f"beta = {SCALE} d H sqrt(log(2dKH/p)): no theorem covers this constant. Circles: the features of the linear "
        "MDP. Squares: one-hot features of the same model, with the beta of their own dimension d = SA. Triangles: "
        "one-hot features with the small beta of d = 3, which isolates what generalisation alone saves. Mean with "
        "10-90 % bars; grey: the largest regret any algorithm could have."
    ),
    runs=tuple(
        Run(_label(kind, s), algorithm, instance, EPISODES, 5, full_horizon=20_000, full_runs=20)
        for s in STATES
        for kind, algorithm, instance in (
            (KINDS[0], _radius(DIMENSION), _linear(s)),
            (KINDS[1], _radius(s * N_ACTIONS), _tabular(s)),
            (KINDS[2], _radius(DIMENSION), _tabular(s)),
        )
    ),
)


def draw(recorded: dict[str, Trace]) -> Figure:
    """Final regret against S."""
    figure, axes = new_axes(
        "LSVI-UCB, practical preset (no theorem)", "number of states $S$", "regret at the last episode"
    )
    for kind, color, marker in zip(KINDS, PALETTE, "os^"):
        finals = [recorded[_label(kind, s)].regret[:, -1] for s in STATES]
        mean = np.array([f.mean() for f in finals])
        low, high = (np.array([np.quantile(f, q) for f in finals]) for q in (0.1, 0.9))
        axes.errorbar(
            STATES, mean, np.maximum([mean - low, high - mean], 0.0), color=color, marker=marker, capsize=3,
            linewidth=1.6, label=kind,
        )  # fmt: skip
    episodes = float(recorded[_label(KINDS[0], STATES[0])].checkpoints[-1])
    trivial = [float(_linear(s)().trivial_regret(np.array([episodes]))[0]) for s in STATES]
    plot_line(axes, STATES, trivial, "trivial: K (V* - worst policy)", "bound", "0.6")
    axes.set_xticks(STATES, [str(s) for s in STATES])
    axes.minorticks_off()
    axes.set_ylim(top=4.0 * max(trivial))
    axes.legend(fontsize=8, loc="upper left")
    return figure
