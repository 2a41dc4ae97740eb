"""PSRL: Bayesian regret under the prior, and the regret on one hard instance of the same size."""

from __future__ import annotations

from matplotlib.figure import Figure

from kernels.engine import Trace
from mdps.algorithms.psrl import PSRL
from mdps.instances.lower_bounds import domingues_hard
from mdps.loops import Episodes
from mdps.priors import DirichletPrior
from proofs_check.episodic_cases import minimax_if_hard
from proofs_check.experiment import Experiment, Run
from proofs_check.plotting import new_axes, plot_line, plot_regret
from theory.theorems import theorem

EPISODES = 20_000
BAYES, HARD = "prior, S = 6, A = 2, H = 9", "one hard instance, S = 6, A = 2, H = 9"


def prior() -> DirichletPrior:
    """Six states, two actions, nine stages."""
    return DirichletPrior(6, 2, 9)


def hard() -> Episodes:
    """The lower bound's instance of these sizes: stage-dependent, gap 0.1."""
    return Episodes(domingues_hard(n_actions=2, n_levels=2, horizon=9, epsilon=0.1))


EXPERIMENT = Experiment(
    slug="psrl",
    title="Posterior sampling",
    caption=(
        "Regret of PSRL: every run on a model drawn from the prior (Dirichlet rows, uniform means of Bernoulli "
        "rewards), and on the hard instance of Domingues et al. (2021) with counts for each stage, of which no prior "
        "was drawn and no Bayesian bound speaks. Dashed: the Bayesian bound of Osband, Russo and Van Roy (2013), grey: "
        "the largest possible regret; dotted: the lower bound for stage-dependent models. Mean with the 10-90 % band."
    ),
    runs=(
        Run(BAYES, PSRL, prior, EPISODES, 12, 100_000, 100),
        Run(HARD, PSRL, hard, EPISODES, 6, 100_000, 40),
    ),
)


def draw(recorded: dict[str, Trace]) -> Figure:
    """Regret against episodes, log-log."""
    figure, axes = new_axes("PSRL", "episodes $K$", "regret")
    marks = recorded[BAYES].checkpoints.astype(float)
    for label in (BAYES, HARD):
        plot_regret(axes, recorded[label], label)
    bound = theorem("psrl/bayes-regret").bound(prior(), PSRL(), marks)
    plot_line(axes, marks, bound, "Bayesian bound (prior)", "bound", "#0072B2")
    plot_line(axes, marks, prior().trivial_regret(marks), "largest possible regret", "bound", "0.6")
    plot_line(axes, marks, minimax_if_hard(hard(), marks), "lower bound (hard instance)", "lower", "#D55E00")
    axes.set_ylim(bottom=0.5, top=1e8)
    axes.legend(fontsize=8, loc="upper left")
    return figure
