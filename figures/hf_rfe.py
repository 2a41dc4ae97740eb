"""HF-UCRL-RFE++ and its relatives: suboptimality in K, the price of the horizon at total reward 1, and dimension."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from kernels.engine import Trace
from mdps.algorithms import hf_rfe, ucrl_rfe
from mdps.algorithms.hf_rfe import HFUCRLRFE
from mdps.algorithms.rf_express import RFExpress
from mdps.algorithms.rf_ucrl import RFUCRL
from mdps.algorithms.ucbvi_ch import UCBVICH
from mdps.algorithms.ucrl_rfe import UCRLRFE
from mdps.algorithms.ucrl_rfe_uniform import UniformRFE
from mdps.instances.reward_free import three_state_hard
from mdps.loops import Episodes
from mdps.model import MDP
from mdps.reward_free import RewardFreeMDP
from proofs_check.claims.rf_express import plug_in_gaps
from proofs_check.experiment import Experiment, Run
from proofs_check.plotting import PALETTE, new_axes, plot_line, plot_regret
from theory.theorems import theorem

Float = npt.NDArray[np.float64]

DELTA, EPISODES = 0.1, 256
HF, UCRL = hf_rfe.PRACTICAL_RADIUS, ucrl_rfe.PRACTICAL_RADIUS
HORIZONS, SHORT = (4, 8, 16, 32), 128
DIMENSIONS, LONG = (2, 3, 4), 200
COUNTED = (8, 64, 512, 4096, 32_768)  # episodes at which the tabular algorithms are read
NEVER = 1e-6  # an accuracy at which none of these runs stops

THEORY, PRACTICAL = "HF-UCRL-RFE++, theorem's radius", f"HF-UCRL-RFE++, practical: radius x {HF:g}"
RELATIVE = f"UCRL-RFE, practical: radius x {UCRL:g}"
UNIFORM = "uniform exploration, planned as UCRL-RFE"
AWARE = "UCBVI-CH, knows the reward: loss of its episodes"
TABULAR = {"RF-UCRL": RFUCRL, "RF-Express": RFExpress}
MADE: dict[str, Callable[[int], Any]] = {
    PRACTICAL: lambda k: HFUCRLRFE(k, DELTA, HF),
    RELATIVE: lambda k: UCRLRFE(k, DELTA, UCRL),
}


def base() -> RewardFreeMDP:
    """Three states, four actions, four stages."""
    return three_state_hard(3, 4, gap=0.05)


def tabular() -> Episodes:
    """The same process as a tabular model with the lower bound's reward."""
    instance = base()
    return Episodes(MDP.from_dense(instance.kernel, instance.rewards[0, 0], horizon=instance.horizon, name="base"))


def by_horizon(horizon: int) -> RewardFreeMDP:
    """Two actions, gap 0.15, total reward 1 whatever H."""
    return three_state_hard(2, horizon, gap=0.15)


def by_dimension(dimension: int) -> RewardFreeMDP:
    """2^(d-1) actions; (d - 1) gap is 0.16 whatever d."""
    return three_state_hard(dimension, 4, gap=0.16 / (dimension - 1))


def _sweep(label: str, what: str, value: int, build: Callable[[int], RewardFreeMDP], episodes: int) -> Run:
    return Run(f"{label}, {what} = {value}", partial(MADE[label], episodes), partial(build, value), episodes, 3,
               full_runs=20)  # fmt: skip


EXPERIMENT = Experiment(
    slug="hf-rfe",
    title="Reward-free exploration of linear mixture MDPs",
    caption=(
        "Three-state instances with total reward 1; losses are the largest over R of the policies planned after k "
        "episodes, exactly. Top left (d = 3, H = 4, gap 0.05): HF-UCRL-RFE++ with the theorem's radius learns nothing "
        "in 256 episodes; practical radii (no theorem) do, and so does uniform exploration, since here one step "
        "decides; tabular algorithms read at some k (one run for each), and UCBVI-CH, which knows one reward, by the "
        "average loss of its episodes; a line that leaves below has loss 0. Dotted: lower bound d/(16 sqrt(3 K)), "
        f"for the instance built for each K. Top right: what the algorithm itself can certify after {SHORT} episodes, "
        "4 Vhat and H V^K: at most 4 for the horizon-free values, growing with H for UCRL-RFE. Bottom: episodes until "
        "the mean loss stays at or below half of the largest, against H and against d with guides of the rates."
    ),
    runs=(
        Run(THEORY, lambda: HFUCRLRFE(EPISODES, DELTA), base, EPISODES, 3, full_runs=20),
        *(Run(label, partial(make, EPISODES), base, EPISODES, 8, full_runs=40) for label, make in MADE.items()),
        Run(UNIFORM, lambda: UniformRFE(EPISODES, DELTA, UCRL), base, EPISODES, 8, full_runs=40),
        Run(AWARE, lambda: UCBVICH(DELTA), tabular, max(COUNTED), 20, full_runs=100),
        *(
            Run(f"{name}, k = {k}", partial(make, NEVER, DELTA), tabular, k, 20, full_runs=100)
            for name, make in TABULAR.items()
            for k in COUNTED
        ),
        *(_sweep(label, "H", h, by_horizon, SHORT) for label in MADE for h in HORIZONS),
        *(_sweep(label, "d", d, by_dimension, LONG) for label in MADE for d in DIMENSIONS),
    ),
)


def episodes_needed(trace: Trace, instance: RewardFreeMDP) -> float:
    """First checkpoint from which on the mean loss is at most half of the largest; nan if it is not at the end."""
    above = np.flatnonzero(trace.regret.mean(axis=0) > 0.5 * instance.largest_loss)
    if not above.size:
        return float(trace.checkpoints[0])
    return float(trace.checkpoints[above[-1] + 1]) if above[-1] + 1 < len(trace.checkpoints) else float("nan")


def panels() -> tuple[Figure, list[Axes]]:
    """Two by two logarithmic axes in the house style."""
    figure, first = new_axes("suboptimality, d = 3, H = 4", "episodes $k$", "largest loss over $R$", size=(11.0, 7.6))
    grid = figure.add_gridspec(2, 2)
    first.set_subplotspec(grid[0, 0])
    axes = [first]
    for place, title, x, y in (
        (grid[0, 1], f"certified loss after {SHORT} episodes", "horizon $H$", "certificate"),
        (grid[1, 0], "half of the largest loss, total reward 1", "horizon $H$", "episodes"),
        (grid[1, 1], "half of the largest loss, H = 4", "dimension $d$", "episodes"),
    ):
        more = figure.add_subplot(place)
        more.set(title=title, xlabel=x, ylabel=y, xscale="log", yscale="log")
        more.grid(alpha=0.25)
        more.spines[["top", "right"]].set_visible(False)
        more.title.set_fontsize(first.title.get_fontsize())
        axes.append(more)
    return figure, axes


def _ticks(axes: Axes, values: tuple[int, ...]) -> None:
    axes.set_xticks(values, [str(v) for v in values])
    axes.minorticks_off()


def draw(recorded: dict[str, Trace]) -> Figure:
    """Four panels, see the caption."""
    figure, (left, certified, in_h, in_d) = panels()
    instance = base()
    for label, color in zip((THEORY, PRACTICAL, RELATIVE, UNIFORM), (*PALETTE[:3], PALETTE[6])):
        plot_regret(left, recorded[label], label, color)
    for name, color in zip(TABULAR, PALETTE[3:]):
        worst = [
            plug_in_gaps(recorded[f"{name}, k = {k}"].extra["summary"], tabular().mdp, instance.rewards).max(axis=1)
            for k in COUNTED
        ]
        left.plot(COUNTED, [w.mean() for w in worst], "o--", color=color, label=name, markersize=4)
    aware = recorded[AWARE]
    left.plot(aware.checkpoints, aware.regret.mean(axis=0) / aware.checkpoints, color=PALETTE[5], label=AWARE)
    k = np.geomspace(27.0, max(COUNTED), 30)  # from K = 3 d^2
    plot_line(left, k, theorem("hf-rfe/lower").bound(instance, None, k), "lower bound", "lower")
    left.axhline(instance.largest_loss, color="0.6", linewidth=1.0, label="largest possible loss")
    left.set_ylim(5e-4, 1e3)
    left.legend(fontsize=6.5, loc="upper right")
    for label, color in zip(MADE, PALETTE[1:]):
        value = [recorded[f"{label}, H = {h}"].extra["summary"].mean() for h in HORIZONS]
        certified.plot(HORIZONS, value, "o-", color=color, label=label)
        need = [episodes_needed(recorded[f"{label}, H = {h}"], by_horizon(h)) for h in HORIZONS]
        in_h.plot(HORIZONS, need, "o-", color=color, label=label)
        need = [episodes_needed(recorded[f"{label}, d = {d}"], by_dimension(d)) for d in DIMENSIONS]
        in_d.plot(DIMENSIONS, need, "o-", color=color, label=label)
    certified.axhline(1.0, color="0.6", linewidth=1.0, label="total reward")
    h, d = np.array(HORIZONS, dtype=float), np.array(DIMENSIONS, dtype=float)
    plot_line(in_h, h, 8.0 * np.ones(len(h)), "horizon-free: slope 0", "bound")
    plot_line(in_d, d, 8.0 * (d / 2.0) ** 2, "rate of the theorem: slope 2", "bound")
    for axes, values in ((certified, HORIZONS), (in_h, HORIZONS), (in_d, DIMENSIONS)):
        _ticks(axes, values)
        axes.legend(fontsize=7)
    in_h.set_ylim(1.0, 100.0)
    in_d.set_ylim(1.0, 1000.0)
    return figure
