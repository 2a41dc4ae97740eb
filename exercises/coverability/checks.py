"""The checks of exercise 12: reachability, coverability, the best distribution, clipping, and the two potentials."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from exercises.compare import require, require_at_most
from exercises.episodes import PAIRS, STATES, Float, Model, random_model, random_policy
from mdps import exact
from mdps.function_classes import policy_coverability
from mdps.planning.finite_horizon import occupancies
from mdps.weight_classes import ratios
from proofs_check.course import Broken, Check, Exercise, Submission
from theory.theorems.glow import DERIVED, potential_bound

N_MODELS, N_POLICIES = 3, 6


class Class(NamedTuple):
    """A model and a finite class of policies on it."""

    name: str
    model: Model
    laws: Float  # (P, H, S, A)
    rng: np.random.Generator

    @property
    def envelope(self) -> Float:
        """m_h(s, a) = max_pi d_h^pi(s, a), (H, S, A)."""
        return np.asarray(self.laws.max(axis=0))

    @property
    def best(self) -> Float:
        """The distribution that covers best, (H, S, A)."""
        return np.asarray(self.envelope / self.envelope.sum(axis=(1, 2), keepdims=True))


def classes(seed: int) -> list[Class]:
    """Random models, a random class on each; few policies, so that some pairs are never reached."""
    found = []
    for i in range(N_MODELS):
        model, rng = random_model(N_MODELS * seed + i), np.random.default_rng([seed, i])
        laws = np.stack([occupancies(model.mdp, random_policy(model, rng)) for _ in range(N_POLICIES)])
        found.append(Class(f"model {i}", model, laws, rng))
    return found


def check_reachability(submission: Submission, seed: int) -> None:
    """The largest probability of being in a state."""
    for given in classes(seed):
        model = given.model
        expected = exact.reach_probabilities(model.mdp)
        slips = _reach_slips(model, given.laws)
        found = submission.call("reachability", model.transitions, model.initial)
        require("rho_h(s) = max_pi P_pi(s_h = s)", found, expected, axes=STATES, where=given.name, slips=slips)


def _reach_slips(model: Model, laws: Float) -> dict[str, Float]:
    horizon, n_states, _ = model.sizes
    forward = np.zeros((horizon, n_states))
    forward[0] = model.initial
    mean = forward.copy()
    for h in range(horizon - 1):
        forward[h + 1] = forward[h] @ model.transitions[h].max(axis=1)
        mean[h + 1] = mean[h] @ model.transitions[h].mean(axis=1)
    return {
        "One policy has to reach the state; the best action for each next state mixes several.": forward,
        "That is the uniform policy; every (h, s) has its own best policy.": mean,
    }


def check_coverability(submission: Submission, seed: int) -> None:
    """C_cov of all policies."""
    for given in classes(seed + 1):
        reach = exact.reach_probabilities(given.model.mdp)
        horizon, _, n_actions = given.model.sizes
        slips = {
            "The sum runs over pairs: each state counts once for every action.": reach.sum(axis=1).max(),
            "It is the largest stage that counts, not their sum.": n_actions * reach.sum(),
            "It is the largest stage that counts, not their mean.": n_actions * reach.sum() / horizon,
            "Sum over the states, then take the largest stage.": n_actions * reach.max(),
        }
        found = submission.call("coverability", reach, n_actions)
        require("C_cov = max_h sum_{s,a} rho_h(s)", found, exact.coverability(given.model.mdp), where=given.name,
                slips=slips)  # fmt: skip


def check_distribution(submission: Submission, seed: int) -> None:
    """The distribution of statement 1."""
    for given in classes(seed + 2):
        found = submission.call("covering_distribution", given.laws)
        shape = given.best.shape
        require("mu has the shape (H, S, A)", np.shape(np.asarray(found, dtype=float)), shape, where=given.name)
        sums = np.asarray(found, dtype=float).sum(axis=(1, 2))
        total = given.envelope.sum(axis=(1, 2))
        slips = {
            "Normalise every stage by itself.": total / total.sum(),
            "The envelope max_pi d is no distribution yet: divide by its sum.": total,
        }
        require("mu_h sums to one", sums, np.ones(shape[0]), axes=("stage",), where=given.name, slips=slips)
        uniform = np.full(shape, 1.0 / (shape[1] * shape[2]))
        slips = {
            "That is the mean of the occupancies; the envelope is their maximum.": given.laws.mean(axis=0),
            "That is the uniform distribution.": uniform,
        }
        require("mu_h(s, a) = m_h(s, a)/sum m_h", found, given.best, axes=PAIRS, where=given.name, slips=slips)


def check_concentrability(submission: Submission, seed: int) -> None:
    """Ratios with zeros, then both halves of statement 1: no mu does better than C_cov, the best one attains it."""
    d, mu = np.array([0.0, 0.5, 0.0, 0.25, 0.25]), np.array([0.5, 0.25, 0.0, 0.0, 0.25])
    _require_ratio(submission.call("ratio", d, mu), ratios(d, mu))
    for given in classes(seed + 3):
        cover = policy_coverability(given.laws)
        found = submission.call("concentrability", given.laws, given.best)
        first = ratios(given.laws[0], given.best).max()
        slips = {
            "Take the largest ratio over all policies, not that of the first.": float(first),
            "Take the largest ratio over all stages, not that of the first.":
                float(ratios(given.laws[:, 0], given.best[0]).max()),
        }  # fmt: skip
        require("the best mu has concentrability C_cov", found, cover, where=given.name, slips=slips)
        for j in range(3):
            other = given.rng.dirichlet(np.ones(given.best[0].size), size=len(given.best)).reshape(given.best.shape)
            where = f"{given.name}, distribution {j}"
            found = submission.call("concentrability", given.laws, other)
            require("concentrability = max d/mu", found, float(ratios(given.laws, other).max()), where=where)
            worst = float(ratios(given.laws, other).max(axis=(0, 2, 3))[_worst_stage(given)])
            require_at_most("C_cov <= concentrability of every mu", cover, worst, where=where)


def _worst_stage(given: Class) -> int:
    return int(given.envelope.sum(axis=(1, 2)).argmax())


def _require_ratio(found: Any, expected: Float) -> None:
    have = np.asarray(found, dtype=float)
    require("one ratio for each entry", have.shape, expected.shape)
    for i, (value, right) in enumerate(zip(have.tolist(), expected.tolist())):
        if value != right and not (math.isfinite(right) and abs(value - right) <= 1e-12):
            hint = "d/0 is infinite for d > 0: mu misses a pair that is visited." if math.isinf(right) else ""
            if right == 0.0:
                hint = "0/0 is 0: a pair that nobody visits needs no data."
            raise Broken("d/mu, 0/0 = 0", where=f"entry {i}", expected=right, found=value, hint=hint)


def check_clipping(submission: Submission, seed: int) -> None:
    """Statement 2."""
    for given in classes(seed + 4):
        mixed = given.laws.mean(axis=0)
        for j, clip in enumerate((0.8, 1.5, 3.0)):
            law = given.laws[j]
            r = ratios(law, mixed)
            kept = np.where(r <= clip, law, 0.0).sum(axis=(1, 2))
            expected = np.where(r > clip, law, 0.0).sum(axis=(1, 2))
            slips = {
                "That is the mass that is kept.": kept,
                "The mass is that of d, not of mu.": np.where(r > clip, mixed, 0.0).sum(axis=(1, 2)),
                "That is the number of pairs; each counts with its mass.": (r > clip).sum(axis=(1, 2)).astype(float),
                "That is what clipping takes off the ratios; the probability of a clipped pair is wanted.":
                    (mixed * np.maximum(r - clip, 0.0)).sum(axis=(1, 2)),
            }  # fmt: skip
            where = f"{given.name}, policy {j}, clip {clip}"
            found = submission.call("clipping_loss", law, mixed, clip)
            require("P_d[d/mu > gamma]", found, expected, axes=("stage",), where=where, slips=slips)
            for h, (lost, mean) in enumerate(zip(np.asarray(found), (law * r).sum(axis=(1, 2)))):
                statement = "P_d[d/mu > gamma] <= E_d[d/mu]/gamma"
                require_at_most(statement, float(lost), float(mean) / clip, where=f"{where}, stage {h}")


def sequence(given: Class, n_rounds: int) -> Float:
    """The laws of a sequence of policies of the class at the last stage, (T, S A)."""
    last = given.laws[:, -1].reshape(N_POLICIES, -1)
    return np.ascontiguousarray(last[given.rng.integers(N_POLICIES, size=n_rounds)])


def check_elliptic(submission: Submission, seed: int) -> None:
    """Statement 3."""
    for given in classes(seed + 5):
        laws = sequence(given, 40)
        reach = given.envelope[-1].reshape(-1)
        before = np.cumsum(laws, axis=0) - laws
        found = submission.call("elliptic_sums", laws, reach)
        slips = {
            "The sum in the denominator ends before round t.": ratios(laws, before + laws + reach).sum(axis=0),
            "m(z) is missing in the denominator.": ratios(laws, before).sum(axis=0),
            "The denominators grow with t: they sum the laws of the rounds before.": ratios(laws, reach).sum(axis=0),
        }
        statement, expected = "sum_t d^(t)(z)/(S_{t-1}(z) + m(z))", ratios(laws, before + reach).sum(axis=0)
        require(statement, found, expected, axes=("pair",), where=given.name, slips=slips)
        most = 2.0 * math.log(1.0 + len(laws))
        for z, value in enumerate(np.asarray(found)):
            require_at_most(f"{statement} <= 2 log(1 + T)", float(value), most, where=f"{given.name}, pair {z}")


def check_potential(submission: Submission, seed: int) -> None:
    """Statement 4: the sum, the bound, and the one below the other."""
    for given in classes(seed + 6):
        laws = sequence(given, 40)
        found = submission.call("coverage_potential", laws)
        _require_potential(found, laws, given.name)
        cover = float(given.envelope[-1].sum())
        for t in (1, 7, len(laws)):
            where = f"{given.name}, T {t}"
            bound = submission.call("potential_bound", cover, t)
            _require_potential_bound(bound, cover, t, where)
            left = float(np.asarray(found)[t - 1])
            require_at_most("potential <= C_cov (1 + 4 log(1 + T))", left, bound, where=where)


def _require_potential(found: Any, laws: Float, where: str) -> None:
    seen = np.cumsum(laws, axis=0)
    rounds = np.arange(1, len(laws) + 1)[:, None]
    terms = (laws * ratios(laws, seen)).sum(axis=1)
    early = (laws * ratios(laws, seen - laws)).sum(axis=1)
    slips = {
        "The denominator counts round t itself: S_t, not S_{t-1}.": early.cumsum(),
        "The denominator is the sum S_t, not the mean.": (laws * ratios(laws, seen / rounds)).sum(axis=1).cumsum(),
        "The expectation is that of d^(t); you summed the ratios alone.": ratios(laws, seen).sum(axis=1).cumsum(),
        "Return the running sum: its last entry is the potential.": terms,
    }  # fmt: skip
    statement = "sum_t E_{d^(t)}[d^(t)/S_t]"
    require(statement, found, terms.cumsum(), axes=("round index",), where=where, slips=slips)


def _require_potential_bound(found: Any, cover: float, t: int, where: str) -> None:
    right = float(potential_bound(DERIVED, cover, np.asarray(float(t))))
    slips = {
        "At T = 1 the left side is 1: the term C_cov stands beside the logarithm.": right - cover,
        "The printed 5 C_cov log T is below the left side at T = 1.": 5.0 * cover * math.log(t),
        "Two factors 2, one from 2 S_t >= S_{t-1} + m and one from the logarithm.":
            cover * (1.0 + 2.0 * math.log(1.0 + t)),
    }  # fmt: skip
    require("the bound is C_cov (1 + 4 log(1 + T))", found, right, where=where, slips=slips)


EXERCISE = Exercise(
    number=12,
    slug="coverability",
    title="Coverability and the coverage potential",
    source="Amortila, Foster, Jiang, Sekhari and Xie 2024, Lemmas D.5 and E.3; "
    "Xie, Foster, Bai, Jiang and Kakade 2023, Lemma 3",
    checks=(
        Check("reachability", "the largest probability of being in a state", 2,
              "Going back from stage h: chance[s] = max_a sum_y P(y | s, a) chance[y].", check_reachability),
        Check("coverability", "C_cov as a sum", 1, "A times the largest sum over states.", check_coverability),
        Check("distribution", "the distribution that covers best", 2,
              "The envelope max_pi d_h^pi, divided by its sum at each stage.", check_distribution),
        Check("concentrability", "ratios and concentrability", 2,
              "Divide where mu > 0; 0/0 is 0, d/0 is infinite.", check_concentrability),
        Check("clipping", "what clipping costs", 1, "The mass of d where d/mu exceeds the clip.", check_clipping),
        Check("elliptic", "the elliptical potential of one pair", 1,
              "Add d^(t)/(seen + m) first, then add d^(t) to what was seen.", check_elliptic),
        Check("potential", "the coverage potential", 1,
              "Add d^(t) to what was seen first, then take the expectation of d^(t)/seen.", check_potential),
    ),
)  # fmt: skip
