"""The checks of exercise 7, in the order of the proof: regression, determinant, radius, rule, elliptical potential."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from bandits.linear import LinearBandit
from exercises.compare import require, require_at_most
from proofs_check.claims.oful import theorem_parameters
from proofs_check.course import Agent, Broken, Check, Exercise, Submission
from proofs_check.grader.held import held_against
from theory.complexity import elliptic_potential
from theory.radii import ellipsoid

Float = npt.NDArray[np.float64]

N_CONTEXTS, N_ACTIONS, ROUNDS, PROOF_ROUNDS = 3, 5, 25, 150


class Problem(NamedTuple):
    """A random linear bandit with Gaussian noise, and hyper-parameters that are true of it."""

    features: Float  # (N_CONTEXTS, N_ACTIONS, d)
    theta: Float  # (d,)
    noise: float
    regularization: float
    delta: float
    rng: np.random.Generator

    @property
    def dimension(self) -> int:
        return len(self.theta)

    @property
    def parameter_bound(self) -> float:
        return float(np.linalg.norm(self.theta))

    def radius(self, log_det: float) -> float:
        """sqrt(beta), determinant form."""
        return float(
            ellipsoid(
                log_det, self.delta, noise=self.noise, regularization=self.regularization,
                parameter_bound=self.parameter_bound,
            )
        )  # fmt: skip

    def start(self, submission: Submission) -> Agent:
        """The submitted algorithm before round 1."""
        sizes = {"n_contexts": N_CONTEXTS, "n_actions": N_ACTIONS, "dimension": self.dimension, "horizon": ROUNDS}
        return submission.start(
            "LinUCB", sizes, noise=self.noise, parameter_bound=self.parameter_bound,
            regularization=self.regularization, delta=self.delta,
        )  # fmt: skip

    def reward(self, context: int, action: int) -> float:
        """<theta, x> plus noise."""
        return float(self.features[context, action] @ self.theta + self.noise * self.rng.standard_normal())


def random_problem(seed: int) -> Problem:
    """Features in the unit ball, lam away from 1 (where a forgotten lam would not be seen)."""
    rng = np.random.default_rng(seed)
    d = int(rng.integers(2, 5))
    features = rng.standard_normal((N_CONTEXTS, N_ACTIONS, d))
    features *= rng.uniform(0.4, 1.0, (N_CONTEXTS, N_ACTIONS, 1)) / np.linalg.norm(features, axis=2, keepdims=True)
    noise, lam, delta = rng.uniform(0.2, 0.6), rng.uniform(1.5, 3.0), rng.uniform(0.02, 0.2)
    return Problem(features, rng.standard_normal(d), float(noise), float(lam), float(delta), rng)


class Ridge:
    """The regression from its definition: V_t and sum x r are summed, and solved anew whenever they are asked."""

    def __init__(self, problem: Problem) -> None:
        self.lam = problem.regularization
        self.gram, self.moment = self.lam * np.eye(problem.dimension), np.zeros(problem.dimension)

    def add(self, x: Float, reward: float) -> None:
        self.gram += np.outer(x, x)
        self.moment += reward * x

    @property
    def inverse(self) -> Float:
        return np.asarray(np.linalg.inv(self.gram))

    @property
    def estimate(self) -> Float:
        return np.asarray(np.linalg.solve(self.gram, self.moment))

    @property
    def log_det(self) -> float:
        return float(np.linalg.slogdet(self.gram)[1] - len(self.moment) * math.log(self.lam))

    def squared(self, x: Float) -> float:
        """|x|^2 in the norm of V^{-1}."""
        return float(x @ np.linalg.solve(self.gram, x))


def check_sherman_morrison(submission: Submission, seed: int) -> None:
    """A chain of rank-one updates against fresh inversions."""
    problem = random_problem(seed)
    ridge = Ridge(problem)
    for t in range(1, 13):
        x, old = problem.features[t % N_CONTEXTS, t % N_ACTIONS], ridge.inverse
        u, squared = old @ x, ridge.squared(x)
        answer = submission.call("update_inverse", old, x)
        ridge.add(x, 0.0)
        where = f"update {t}"
        if not isinstance(answer, list) or len(answer) != 2:
            raise Broken("update_inverse returns two things", where=where, expected="(inverse, growth)", found=answer)
        slips = {
            "The correction is subtracted: more data make the inverse smaller.": old + np.outer(u, u) / (1.0 + squared),
            "The correction u u' is divided by 1 + <x, u>.": old - np.outer(u, u),
            "It is 1 + <x, u> that divides; you divided by <x, u>.": old - np.outer(u, u) / squared,
            "The correction is the matrix u u' (np.outer), not a number.": old - u @ u / (1.0 + squared),
        }
        require("(V + x x')^{-1} = V^{-1} - u u'/(1 + <x, u>), u = V^{-1} x", answer[0], ridge.inverse,
                axes=("row", "column"), where=where, slips=slips)  # fmt: skip
        grown = {
            "The determinant grows by 1 + |x|^2; you returned |x|^2 alone.": squared,
            "The norm is that of the old inverse: take x' V^{-1} x before the update.": 1.0 + ridge.squared(x),
        }
        require("det(V + x x')/det V = 1 + |x|^2", answer[1], 1.0 + squared, where=where, slips=grown)


def check_ridge(submission: Submission, seed: int) -> None:
    """init and observe, round by round, against the normal equations."""
    problem = random_problem(seed)
    agent, ridge = problem.start(submission), Ridge(problem)
    plain = np.eye(problem.dimension)
    slips = {"V_0 is lam I, so its inverse is I / lam.": plain, "You stored V_0; its inverse is wanted.": ridge.gram}
    require("V_0^{-1} = I/lam", agent.read("inverse"), ridge.inverse, axes=("row", "column"), where="before round 1",
            slips=slips)  # fmt: skip
    for t in range(1, ROUNDS + 1):
        context, action = (int(problem.rng.integers(n)) for n in (N_CONTEXTS, N_ACTIONS))
        x, reward = problem.features[context, action], problem.reward(context, action)
        stale, before = ridge.estimate, ridge.inverse
        agent.observe(t, problem.features, context, action, reward)
        ridge.add(x, reward)
        where = f"after round {t}"
        require("V_t^{-1} is the inverse of lam I + sum x x'", agent.read("inverse"), ridge.inverse,
                axes=("row", "column"), where=where,
                slips={"The inverse did not change: write the new one into state.inverse[:].": before})  # fmt: skip
        wrong = {
            "The estimate did not move: recompute it from the new inverse and the new moment.": stale,
            "You multiplied by the inverse of the round before: update it first.": before @ ridge.moment,
            "The moment sums x_s r_s; the rewards are missing or not summed.": ridge.inverse @ (reward * x),
        }
        require("thh_t = V_t^{-1} sum x_s r_s", agent.read("estimate"), ridge.estimate, axes=("coordinate",),
                where=where, slips=wrong)  # fmt: skip


def check_log_det(submission: Submission, seed: int) -> None:
    """Statement 1: the log-determinant that observe keeps."""
    problem = random_problem(seed + 1)
    agent, ridge, later = problem.start(submission), Ridge(problem), 0.0
    for t in range(1, ROUNDS + 1):
        context, action = t % N_CONTEXTS, t % N_ACTIONS
        x = problem.features[context, action]
        agent.observe(t, problem.features, context, action, 0.0)
        ridge.add(x, 0.0)
        later += math.log(1.0 + ridge.squared(x))
        slips = {
            "The norm of x_t is that of V_{t-1}^{-1}: take the growth from before the update.": later,
            "Sum log(1 + |x|^2), not the determinant itself.": math.exp(ridge.log_det),
            "That is log det V_t; log det V_0 = d log lam goes off.": float(np.linalg.slogdet(ridge.gram)[1]),
            "Nothing was added to state.log_det[0].": 0.0,
        }
        require("log(det V_t/det V_0) = sum_s log(1 + |x_s|^2)", agent.read("log_det"), [ridge.log_det],
                axes=("entry",), where=f"after round {t}", slips={h: [v] for h, v in slips.items()})  # fmt: skip


def check_radius(submission: Submission, seed: int) -> None:
    """Statement 2: the radius as a function of what it depends on."""
    rng = np.random.default_rng(seed)
    for i in range(20):
        log_det, delta, noise, lam, bound = rng.uniform([0.0, 0.01, 0.1, 1.5, 0.5], [9.0, 0.3, 2.0, 4.0, 3.0]).tolist()
        found = submission.call("confidence_radius", log_det, delta, noise, lam, bound)
        noise_term = noise * math.sqrt(2.0 * math.log(1.0 / delta) + log_det)
        bias = math.sqrt(lam) * bound
        slips = {
            "The regularisation shrinks the estimate by up to sqrt(lam) S: that term is missing.": noise_term,
            "It is sqrt(lam) S, not lam S.": noise_term + lam * bound,
            "The logarithm of 1/delta counts twice: 2 log(1/delta) + log_det.":
                noise * math.sqrt(math.log(1.0 / delta) + log_det) + bias,
            "log_det is that of the ratio already: it is not divided by 2 below the root.":
                noise * math.sqrt(2.0 * math.log(1.0 / delta) + 0.5 * log_det) + bias,
            "That is beta; its root is wanted.": (noise_term + bias) ** 2,
            "The noise level R multiplies the root.": noise_term / noise + bias,
        }  # fmt: skip
        expected = float(ellipsoid(log_det, delta, noise=noise, regularization=lam, parameter_bound=bound))
        where = f"log_det {log_det:.3g}, delta {delta:.3g}, R {noise:.3g}, lam {lam:.3g}, S {bound:.3g} (case {i})"
        require("radius = R sqrt(2 log(1/delta) + log_det) + sqrt(lam) S", found, expected, where=where, slips=slips)


def check_rule(submission: Submission, seed: int) -> None:
    """Statement 3: the decision, and what it was taken from."""
    problem = random_problem(seed + 2)
    agent, ridge = problem.start(submission), Ridge(problem)
    for t in range(1, ROUNDS + 1):
        context = int(problem.rng.integers(N_CONTEXTS))
        found = agent.act(t, problem.features, context, None)
        actions = problem.features[context]
        mean = actions @ ridge.estimate
        squared = np.array([ridge.squared(x) for x in actions])
        width, radius = np.sqrt(squared), problem.radius(ridge.log_det)
        where = f"round {t}"
        require("mean_a = <thh, x_a>", agent.read("mean"), mean, axes=("action",), where=where)
        slips = {
            "That is |x|^2; the width is its root.": squared,
            "The norm is that of V_{t-1}^{-1}, not the Euclidean one.": np.linalg.norm(actions, axis=1),
            "The norm is that of the inverse of V, not of V.": np.sqrt(((actions @ ridge.gram) * actions).sum(axis=1)),
        }
        require("width_a = |x_a| in the norm of V_{t-1}^{-1}", agent.read("width"), width, axes=("action",),
                where=where, slips=slips)  # fmt: skip
        require("radius = sqrt(beta_{t-1})", agent.read("radius"), [radius], axes=("entry",), where=where)
        upper = mean + radius * width
        _require_action(found, upper, mean, where)
        action = int(problem.rng.integers(N_ACTIONS))
        reward = problem.reward(context, action)
        agent.observe(t, problem.features, context, action, reward)
        ridge.add(actions[action], reward)
    _check_ties(submission, problem)


def _require_action(found: Any, upper: Float, mean: Float, where: str) -> None:
    best = int(upper.argmax())
    if found == best:
        return
    statement = "the action played has the largest <thh, x> + sqrt(beta) |x|"
    if isinstance(found, bool) or not isinstance(found, int) or not 0 <= found < len(upper):
        raise Broken(statement, where=where, expected=f"an action in 0..{len(upper) - 1}", found=found)
    hint = "That action has the largest mean: the bonus is missing." if found == int(mean.argmax()) else ""
    raise Broken(statement, where=f"{where}, action {found}", expected=float(upper[best]), found=float(upper[found]),
                 hint=hint or f"Action {best} has the largest upper bound.")  # fmt: skip


def _check_ties(submission: Submission, problem: Problem) -> None:
    """Without data all unit vectors have the same index, exactly; longest is action 1."""
    features = np.zeros((N_CONTEXTS, N_ACTIONS, problem.dimension))
    features[:, 0, 0] = 0.5
    features[:, 1:, 0] = 1.0
    agent = problem._replace(features=features, regularization=4.0).start(submission)
    found = agent.act(1, features, 0, None)
    if found != 1:
        raise Broken("ties go to the lowest index", where="round 1, actions 1 to 4 are alike", expected=1, found=found,
                     hint="Compare with > and not with >=, or use argmax, which takes the first.")  # fmt: skip


def check_potential(submission: Submission, seed: int) -> None:
    """Statement 4 in a run of the submitted algorithm, and the formula of its right side."""
    rng = np.random.default_rng(seed)
    for _ in range(10):
        rounds, d = int(rng.integers(1, 500)), int(rng.integers(2, 9))
        lam, length = rng.uniform(1.5, 4.0), rng.uniform(0.3, 3.0)
        found = submission.call("potential_bound", rounds, d, lam, length)
        slips = {
            "The determinant is at most (lam + T L^2/d)^d: T L^2 is shared by d eigenvalues.":
                2.0 * d * math.log1p(rounds * length**2 / lam),
            "The factor 2 comes from min(1, u) <= 2 log(1 + u).": d * math.log1p(rounds * length**2 / (d * lam)),
            "The lengths enter squared: L^2.": 2.0 * d * math.log1p(rounds * length / (d * lam)),
            "There are d eigenvalues: the logarithm counts d times.": 2.0 * math.log1p(rounds * length**2 / (d * lam)),
        }  # fmt: skip
        expected = float(elliptic_potential(rounds, d, regularization=lam, feature_bound=length))
        where = f"T {rounds}, d {d}, lam {lam:.3g}, L {length:.3g}"
        require("the bound is 2 d log(1 + T L^2/(d lam))", found, expected, where=where, slips=slips)
    _check_potential_of_a_run(submission, random_problem(seed + 3))


def _check_potential_of_a_run(submission: Submission, problem: Problem) -> None:
    agent, ridge, total = problem.start(submission), Ridge(problem), 0.0
    for t in range(1, 2 * ROUNDS + 1):
        context = t % N_CONTEXTS
        action = int(agent.act(t, problem.features, context, None))
        total += min(1.0, float(agent.read("width")[action]) ** 2)
        reward = problem.reward(context, action)
        agent.observe(t, problem.features, context, action, reward)
        ridge.add(problem.features[context, action], reward)
        where = f"round {t}"
        require_at_most("sum min(1, |x_s|^2) <= 2 log(det V_t/det V_0)", total, 2.0 * ridge.log_det, where=where)
    bound = submission.call("potential_bound", 2 * ROUNDS, problem.dimension, problem.regularization, 1.0)
    require_at_most("2 log(det V_T/det V_0) <= 2 d log(1 + T L^2/(d lam))", 2.0 * ridge.log_det, bound, where=where)


def check_proof(submission: Submission, seed: int) -> None:
    """The steps of the claim in whole runs: support, optimism, regret of a round, determinants, regret."""
    problem = random_problem(seed + 4)
    theta = problem.theta / np.abs(problem.features @ problem.theta).max()  # gaps of at most 2
    bandit = LinearBandit.contextual(problem.features, theta, scale=problem.noise)
    own = theorem_parameters(bandit, PROOF_ROUNDS)
    held_against(
        submission, "LinUCB", "oful", bandit, horizon=PROOF_ROUNDS, n_runs=2, seed=seed, noise=own.noise,
        parameter_bound=own.parameter_bound, regularization=own.regularization, delta=own.delta,
    )  # fmt: skip


EXERCISE = Exercise(
    number=7,
    slug="linucb",
    title="LinUCB and the elliptical potential",
    source="Abbasi-Yadkori, Pal and Szepesvari 2011, Theorem 2 and Lemmas 10 and 11; Lattimore and Szepesvari 2020, "
    "Theorem 19.2",
    checks=(
        Check("sherman-morrison", "a rank-one update of the inverse", 2,
              "Multiply your result by V + x x': the product must be the identity.", check_sherman_morrison),
        Check("ridge", "the ridge regression", 2,
              "V_t thh_t = sum x_s r_s must hold after every round, with V_0 = lam I.", check_ridge),
        Check("log-det", "the log-determinant as a sum", 1,
              "Add the logarithm of the growth that the update of the inverse returns.", check_log_det),
        Check("radius", "the radius of the ellipsoid", 1,
              "Two terms: the noise, R times a root, and the bias of the regularisation, sqrt(lam) S.", check_radius),
        Check("rule", "the action of the largest upper bound", 2,
              "The maximum of <theta', x> over the ellipsoid is <thh, x> + sqrt(beta) |x|.", check_rule),
        Check("potential", "the elliptical potential lemma", 1,
              "min(1, u) <= 2 log(1 + u), then the log-determinant, then the arithmetic-geometric mean inequality.",
              check_potential),
        Check("proof", "the proof, watched in whole runs", 1,
              "Every piece is right by itself; look for what depends on t, or is kept from one run to the next.",
              check_proof),
    ),
    claim="oful",
)  # fmt: skip
