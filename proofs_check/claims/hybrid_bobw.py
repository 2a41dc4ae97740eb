"""The hybrid regulariser of Zimmert, Luo and Wei 2019 for bandits: both regimes, the FTRL identity, both series."""

from __future__ import annotations

import math
import sys
from typing import Any, NamedTuple

from bandits.adversaries.constrained import StochasticallyConstrained
from bandits.algorithms.hybrid_bobw import HybridBOBW
from bandits.algorithms.tsallis_inf import rate
from bandits.ftrl import draw_leader, tsallis_weights
from bandits.hybrid import (
    COMPLEMENT,
    hybrid_divergence,
    hybrid_gradient,
    hybrid_potential,
    hybrid_stability,
    hybrid_weights,
)
from kernels.jit import hook
from kernels.steps import Step, check
from proofs_check.claim import Bound, Case, Claim, Sabotage
from proofs_check.claims.exp3 import MINIMAX_NAME, minimax
from proofs_check.ftrl import (
    OWN,
    ROUNDING,
    Bookkeeping,
    Calculus,
    Estimator,
    allocate_bookkeeping,
    bookkeeping,
    ftrl_steps,
    open_books,
    over_probability,
    penalty_at_vertices,
    theorem_rate,
    zero,
)
from theory.theorems import theorem
from theory.theorems.hybrid_bobw import PENALTY as P
from theory.theorems.hybrid_bobw import STABILITY as S

SPREAD = OWN

HYBRID = Calculus(hybrid_weights, hybrid_potential, hybrid_divergence, hybrid_gradient, hybrid_stability)


@hook
def exact_stability(p, estimate, eta):
    """One arm's share of the bound on stab_t."""
    return hybrid_stability(p, estimate, eta)


before, after, expectations = bookkeeping(HYBRID, Estimator(over_probability, zero, zero, exact_stability))

_SOURCE = "Zimmert, Luo and Wei 2019, recipe; constants derived"

STEPS = (
    *ftrl_steps(
        gradient="-2/sqrt p - 2 log(1 - p)",
        estimator="1{A_t = i} l_{t,i} / p_{t,i}",
        mean="E_t lh_{t,i} = l_{t,i}",
        moment="E_t of the bound on stab_t <= s eta_t sum_{i != *} sqrt p_i, * the likeliest arm (upper series), "
        "from round 4 on; (eta_t/2) sum_i sqrt p_i before",
        stability="sum_i max_v (p_i - v) lh_i - D(v, p_i)/eta_t, exactly",
        penalty="(4 (sqrt K - 1) + 2 (K-1) log(K/(K-1))) / eta_t",
    ),
    Step(
        "penalty-series",
        "psi(e_*) - psi(p_t) <= p sum_{i != *} sqrt p_i, p = 6 + 4/e, * the likeliest arm",
        _SOURCE,
        place=("round",),
    ),
)


class Watch(NamedTuple):
    """The books, and the constants s and p of the theorem."""

    books: Bookkeeping
    stability: float
    penalty: float


def allocate(params: HybridBOBW, instance: Any, horizon: int) -> Watch:
    """Arrays of the watch; the theorem's rate is 2/sqrt t."""
    return Watch(allocate_bookkeeping(instance.n_arms, HybridBOBW().scale, 0.5), float(S), float(P))


@hook
def begin(watch, params, adversary):
    """Forget the last run."""
    open_books(watch.books)


@hook
def acted(records, run, watch, params, state, adversary, t, arm, row):
    """w_t is known."""
    before(records, run, watch.books, state, t)


@hook
def observed(records, run, watch, params, state, adversary, t, arm, row):
    """The loss of round t is in the estimates."""
    books = watch.books
    n_arms = row.shape[0]
    eta = theorem_rate(books, t)
    after(records, run, books, state, t)
    spread = 4.0 * (math.sqrt(n_arms) - 1.0) + COMPLEMENT * (n_arms - 1.0) * math.log(n_arms / (n_arms - 1.0))
    penalty_at_vertices(records, run, books, state, t, spread)
    most = 0.0
    roots = 0.0
    span = -2.0
    for i in range(n_arms):
        p = books.played[i]
        most = max(most, p)
        roots += math.sqrt(p)
        # psi(e_*) - psi(p) = -2 - psi(p).
        span += 4.0 * math.sqrt(p) - 2.0 * p
        if p < 1.0:
            span -= COMPLEMENT * (1.0 - p) * math.log1p(-p)
    others = roots - math.sqrt(most)
    limit = watch.stability * eta * others if t >= 4 else 0.5 * eta * roots
    expectations(records, run, books, t, arm, row, limit)
    check(records, run, SPREAD, span, watch.penalty * others, ROUNDING, t, -1, -1, -1)


@hook
def act_tsallis(params, state, t, rng):
    """Planted fault: the complement's entropy is forgotten."""
    state.start[0] = tsallis_weights(state.total, rate(params, t), state.start[0], state.probabilities)
    return draw_leader(state, rng)


CLAIM = Claim(
    slug="hybrid-bobw",
    title="Hybrid regulariser, best of both worlds",
    paper="Zimmert, Luo and Wei 2019, Beating stochastic and adversarial semi-bandits optimally and simultaneously; "
    "one arm a round, constants derived",
    setting="adversarial bandit",
    algorithm=lambda instance, horizon: HybridBOBW(),
    cases=(
        Case("constrained", lambda: StochasticallyConstrained(3, 0.6), 1_500),
        Case("constrained, long", lambda: StochasticallyConstrained(4, 0.5), 10_000, full_only=True),
    ),
    bounds=(Bound(theorem("hybrid-bobw/adversarial")), Bound(theorem("hybrid-bobw/stochastic"))),
    watch=sys.modules[__name__],
    sabotages=(
        Sabotage("quadruple-rate", "eta_t four times too large", ("leader", "identity"),
                 lambda p: p._replace(scale=4.0 * p.scale), n_runs=5),
        Sabotage("no-complement", "Tsallis entropy alone: the complement's is forgotten", ("leader", "identity"),
                 overrides={"act": act_tsallis}, n_runs=5),
        Sabotage("tiny-rate", "eta_t ten thousand times too small: nothing is learnt",
                 ("hybrid-bobw/adversarial", "leader"), lambda p: p._replace(scale=1e-4 * p.scale), n_runs=60),
    ),
    lower_bound=minimax,
    lower_bound_name=MINIMAX_NAME,
)  # fmt: skip
