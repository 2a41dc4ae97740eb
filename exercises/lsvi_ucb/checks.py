"""The checks of exercise 11: covariance, regression, constants, optimistic values, rule, tabular case, proof."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from exercises.compare import require, require_at_most
from exercises.episodes import STATES, Float, Model, Visit, dense, played, random_model, random_policy
from mdps.instances.linear import simplex_linear
from proofs_check.claims.lsvi_ucb import episodes_of, theorem_parameters
from proofs_check.course import Agent, Check, Exercise, Submission
from proofs_check.grader.held import held_against
from theory.radii import lsvi_ucb

LAMBDA = 2.5
#: The second is large enough for Q to reach the ceiling H.
RADIUS, LARGE_RADIUS = 0.7, 3.5
N_EPISODES, PROOF_EPISODES = 20, 40
ENTRIES = ("stage", "row", "column")


class World(NamedTuple):
    """A linear MDP, random numbers, and the steps that were told to the algorithm."""

    model: Model
    features: Float  # (S A, d)
    rng: np.random.Generator
    steps: list[Visit]

    def feed(self, agent: Agent) -> None:
        """One episode of a random policy."""
        for step in played(self.model, self.rng, random_policy(self.model, self.rng)):
            agent.observe(*step)
            self.steps.append(step)

    def phi(self, step: Visit) -> Float:
        """The feature vector of a step."""
        return np.asarray(self.features[step.s * self.model.sizes[2] + step.a])

    def gram(self, h: int) -> Float:
        """Lam_h, summed from the steps."""
        total = LAMBDA * np.eye(self.features.shape[1])
        for step in self.steps:
            if step.h == h:
                total += np.outer(self.phi(step), self.phi(step))
        return total

    def target(self, h: int, values: Float, reward: float = 1.0) -> Float:
        """sum phi (reward * r + V(s')), (d,)."""
        total = np.zeros(self.features.shape[1])
        for step in self.steps:
            if step.h == h:
                total += self.phi(step) * (reward * step.reward + values[step.following])
        return total

    def weights(self, h: int, values: Float) -> Float:
        """w_h for V_{h+1} = values."""
        return np.asarray(np.linalg.solve(self.gram(h), self.target(h, values)))

    def squared(self, h: int) -> Float:
        """|phi|^2 in the norm of Lam_h^{-1}, (S A,)."""
        return np.asarray((self.features * np.linalg.solve(self.gram(h), self.features.T).T).sum(axis=1))


def start(submission: Submission, model: Model, features: Float, radius: float = RADIUS) -> Agent:
    """The submitted algorithm before episode 1; features (S, A, d)."""
    problem = model.problem(N_EPISODES, features)
    return submission.start("LSVIUCB", problem, radius=radius, delta=0.1, regularization=LAMBDA)


def linear_world(submission: Submission, seed: int, radius: float = RADIUS) -> tuple[World, Agent]:
    """A random linear MDP and the algorithm on it."""
    rng = np.random.default_rng(seed)
    sizes = (int(rng.integers(3, 6)), int(rng.integers(2, 4)), int(rng.integers(2, 5)), int(rng.integers(2, 5)))
    linear = simplex_linear(*sizes, seed=seed, concentration=1.0)
    model = dense(linear.tabular())
    agent = start(submission, model, linear.features, radius)
    return World(model, linear.features.reshape(-1, linear.dimension), rng, []), agent


def check_covariance(submission: Submission, seed: int) -> None:
    """Lam_h and the two moments, episode by episode."""
    world, agent = linear_world(submission, seed)
    horizon, n_states, _ = world.model.sizes
    d = world.features.shape[1]
    identity = np.broadcast_to(np.eye(d), (horizon, d, d))
    slips = {"Lam_h starts as lam I, with lam = params.regularization.": identity,
             "Lam_h starts as lam I, not as zero: it must be invertible.": 0.0 * identity}  # fmt: skip
    require("Lam_h = lam I before the first episode", agent.read("gram"), LAMBDA * identity, axes=ENTRIES, slips=slips)
    for k in range(1, 7):
        world.feed(agent)
        where = f"after episode {k}"
        gram = np.stack([world.gram(h) for h in range(horizon)])
        pooled = np.broadcast_to(gram.sum(axis=0) - (horizon - 1) * LAMBDA * np.eye(d), gram.shape)
        slips = {
            "Every stage has its own Lam_h; you pool the stages.": pooled,
            "Nothing was added to Lam_h.": LAMBDA * identity,
        }
        require("Lam_h = lam I + sum phi phi'", agent.read("gram"), gram, axes=ENTRIES, where=where, slips=slips)
        zero, one = np.zeros(n_states), np.ones(n_states)
        rewards = np.stack([world.target(h, zero) for h in range(horizon)])
        slips = {"The reward multiplies phi.": np.stack([world.target(h, one, 0.0) for h in range(horizon)])}
        require("reward_moment = sum phi r", agent.read("reward_moment"), rewards, axes=("stage", "coordinate"),
                where=where, slips=slips)  # fmt: skip
        moments = np.stack([[world.target(h, y, 0.0) for y in np.eye(n_states)] for h in range(horizon)])
        left = np.zeros_like(moments)
        for step in world.steps:
            left[step.h, step.s] += world.phi(step)
        slips = {"phi is kept with the state that was reached, not with the one that was left.": left}
        require("next_moment[h, y] = sum of phi over the steps that led to y", agent.read("next_moment"), moments,
                axes=("stage", "next state", "coordinate"), where=where, slips=slips)  # fmt: skip


def check_regression(submission: Submission, seed: int) -> None:
    """w_h for values that the check makes up."""
    world, agent = linear_world(submission, seed + 1)
    horizon, n_states, _ = world.model.sizes
    for k in range(1, 9):
        world.feed(agent)
        for h in range(horizon):
            values = world.rng.uniform(0.0, horizon, n_states)
            agent.do("regress", h, values)
            gram, target = world.gram(h), world.target(h, values)
            slips = {
                "The rewards are missing in the targets.": np.linalg.solve(gram, world.target(h, values, 0.0)),
                "The values of the next states are missing in the targets.":
                    np.linalg.solve(gram, world.target(h, 0.0 * values)),
                "The moments are not the weights: solve Lam_h w = target.": target,
                "Solve with Lam_h; you multiplied by it.": gram @ target,
            }  # fmt: skip
            require("Lam_h w_h = sum phi (r + V_{h+1}(s'))", np.asarray(agent.read("weights"))[h],
                    np.linalg.solve(gram, target), axes=("coordinate",), where=f"episode {k + 1}, stage {h}",
                    slips=slips)  # fmt: skip


def check_constants(submission: Submission, seed: int) -> None:
    """Lemma B.2, formula and run, and the radius."""
    rng = np.random.default_rng(seed)
    _require_weight_bound(submission, rng)
    _require_radius(submission, rng)
    world, agent = linear_world(submission, seed + 2)
    horizon, n_states, _ = world.model.sizes
    for k in range(1, 7):
        world.feed(agent)
        agent.do("regress", 0, np.full(n_states, float(horizon)))
        norm = float(np.linalg.norm(np.asarray(agent.read("weights"))[0]))
        bound = submission.call("weight_bound", horizon, world.features.shape[1], k + 1, LAMBDA)
        require_at_most("|w_h| <= 2 H sqrt(d k/lam)", norm, bound, where=f"episode {k + 1}, stage 0")


def _require_weight_bound(submission: Submission, rng: np.random.Generator) -> None:
    """The formula of Lemma B.2."""
    for _ in range(8):
        h, d, k, lam = int(rng.integers(2, 9)), int(rng.integers(2, 9)), int(rng.integers(1, 500)), rng.uniform(1.5, 4)
        slips = {
            "The sum of squared norms is at most d: the factor d stands below the root.": 2.0 * h * math.sqrt(k / lam),
            "Targets are at most H + 1, hence 2H: the factor 2 is missing.": h * math.sqrt(d * k / lam),
            "lam divides below the root.": 2.0 * h * math.sqrt(d * k),
        }
        expected = 2.0 * h * math.sqrt(d * k / lam)
        found = submission.call("weight_bound", h, d, k, float(lam))
        require("|w_h| <= 2 H sqrt(d k/lam)", found, expected, where=f"H {h}, d {d}, k {k}, lam {lam:.3g}", slips=slips)


def _require_radius(submission: Submission, rng: np.random.Generator) -> None:
    """The paper's beta."""
    for _ in range(10):
        d, h, k = (int(rng.integers(2, most)) for most in (12, 9, 900))
        c, delta = float(rng.uniform(0.1, 2.0)), float(rng.uniform(0.01, 0.3))
        logs = math.log(2.0 * d * k * h / delta)
        slips = {
            "The cover costs a factor d, not sqrt(d) as in LinUCB.": c * math.sqrt(d) * h * math.sqrt(logs),
            "The logarithm is that of 2 d T/p.": c * d * h * math.sqrt(math.log(2.0 * k * h / delta)),
            "The logarithm stands below a root.": c * d * h * logs,
            "The factor H is missing: V has range H.": c * d * math.sqrt(logs),
        }
        where = f"d {d}, H {h}, T {k * h}, p {delta:.3g}, c {c:.3g}"
        found = submission.call("practical_radius", d, h, k * h, delta, c)
        require(
            "beta = c d H sqrt(log(2 d T/p))", found, float(lsvi_ucb(d, h, k * h, delta, c)), where=where, slips=slips
        )


def check_optimistic(submission: Submission, seed: int) -> None:
    """Widths and Q_h, once where Q stays below the ceiling and once where it does not."""
    for radius in (RADIUS, LARGE_RADIUS):
        world, agent = linear_world(submission, seed + 3, radius)
        for k in range(1, 9):
            agent.do("plan", k)
            _require_optimistic(world, agent, radius, f"radius {radius}, episode {k}")
            world.feed(agent)


def _require_optimistic(world: World, agent: Agent, radius: float, where: str) -> None:
    """Stage by stage from the last, given the submission's own V_{h+1}."""
    squared, q, values = (np.asarray(agent.read(name)) for name in ("squared", "q", "values"))
    horizon = world.model.sizes[0]
    for h in range(horizon - 1, -1, -1):
        place = f"{where}, stage {h}"
        right = world.squared(h)
        slips = {
            "That is the norm; its square is wanted here.": np.sqrt(right),
            "The norm is that of the inverse of Lam_h.": ((world.features @ world.gram(h)) * world.features).sum(1),
            "That is the Euclidean norm: Lam_h is missing.": (world.features**2).sum(axis=1),
        }
        require("squared = phi' Lam_h^{-1} phi", squared[h], right, axes=("pair",), where=place, slips=slips)
        mean, width = world.features @ world.weights(h, values[h + 1]), np.sqrt(right)
        slips = {
            "The bonus is beta |phi|, not beta |phi|^2.": np.minimum(mean + radius * right, horizon),
            "The bonus is missing.": np.minimum(mean, horizon),
            "Q_h is cut at H.": mean + radius * width,
            "The ceiling is H at every stage.": np.minimum(mean + radius * width, horizon - h),
            "beta is a factor of its own, not beta^2.": np.minimum(mean + radius**2 * width, horizon),
        }
        expected = np.minimum(mean + radius * width, horizon)
        require("Q_h = min{<w_h, phi> + beta |phi|, H}", q[h], expected, axes=("pair",), where=place, slips=slips)


def check_rule(submission: Submission, seed: int) -> None:
    """V_h, the policy and act, from the submission's own Q; before the first episode actions may tie."""
    for same in (True, False):
        world, _ = linear_world(submission, seed + 4)
        horizon, n_states, n_actions = world.model.sizes
        features = world.features.reshape(n_states, n_actions, -1).copy()
        if same:
            features[:, 1:] = features[:, :1]
        agent = start(submission, world.model, features)
        for k in range(1, 7):
            agent.do("plan", k)
            q = np.asarray(agent.read("q")).reshape(horizon, n_states, n_actions)
            where = f"episode {k}"
            values = np.vstack([q.max(axis=2), np.zeros(n_states)])
            slips = {"V_h is the maximum over the actions.": np.vstack([q.mean(axis=2), np.zeros(n_states)]),
                     "You took the first action's value.": np.vstack([q[:, :, 0], np.zeros(n_states)])}  # fmt: skip
            require("V_h = max_a Q_h", agent.read("values"), values, axes=STATES, where=where, slips=slips)
            policy = q.argmax(axis=2)
            slips = {"Ties go to the lowest action.": n_actions - 1 - q[:, :, ::-1].argmax(axis=2)}
            require("the policy is greedy for Q_h", agent.read("policy"), policy, axes=STATES, where=where, slips=slips)
            require("act plays the policy", agent.act(0, k % n_states, None), int(policy[0, k % n_states]),
                    where=f"{where}, stage 0, state {k % n_states}")  # fmt: skip
            world.feed(agent)


def check_tabular(submission: Submission, seed: int) -> None:
    """Statement 4: the formula against the algorithm itself on one-hot features."""
    model, rng = random_model(seed + 5), np.random.default_rng([seed, 1])
    horizon, n_states, n_actions = model.sizes
    d = n_states * n_actions
    world = World(model, np.eye(d), rng, [])
    agent = start(submission, model, np.eye(d).reshape(n_states, n_actions, d))
    for k in range(1, 7):
        agent.do("plan", k)
        q, values = np.asarray(agent.read("q")), np.asarray(agent.read("values"))
        for h in range(horizon):
            visits = np.diag(world.gram(h)) - LAMBDA
            sums = world.target(h, values[h + 1])
            for pair in rng.choice(d, size=4, replace=False).tolist():
                where = f"episode {k}, stage {h}, state {pair // n_actions}, action {pair % n_actions}"
                numbers = float(visits[pair]), float(sums[pair]), float(q[h, pair])
                _require_tabular(submission, *numbers, horizon, where)
        world.feed(agent)


def _require_tabular(submission: Submission, n: float, total: float, q: float, horizon: int, where: str) -> None:
    shrunk, bonus = total / (n + LAMBDA), RADIUS / math.sqrt(n + LAMBDA)
    slips = {
        "The ridge shrinks the mean: divide by n + lam.": min(total / max(n, 1.0) + bonus, horizon),
        "The bonus has n + lam below the root.": min(shrunk + RADIUS / math.sqrt(max(n, 1.0)), horizon),
        "The bonus falls like 1/sqrt(n).": min(shrunk + RADIUS / (n + LAMBDA), horizon),
        "The bonus is missing.": min(shrunk, horizon),
        "Q_h is cut at H.": shrunk + bonus,
    }
    found = submission.call("tabular_q", n, total, RADIUS, LAMBDA, horizon)
    statement = "Q = min{sum/(n + lam) + beta/sqrt(n + lam), H}"
    require(statement, found, min(shrunk + bonus, horizon), where=f"{where}, n {n:.0f}", slips=slips)
    require("LSVI-UCB with one-hot features is the tabular rule", q, found, where=where)


def check_proof(submission: Submission, seed: int) -> None:
    """The steps of the claim in whole runs: regression, bonus, estimation error, optimism, potentials."""
    instance = episodes_of(simplex_linear(4, 2, 2, 2, n_anchors=2, seed=seed))
    own = theorem_parameters(instance, PROOF_EPISODES)
    held_against(
        submission, "LSVIUCB", "lsvi-ucb", instance, horizon=PROOF_EPISODES, n_runs=2, seed=seed,
        radius=own.radius, delta=own.delta, regularization=own.regularization,
    )  # fmt: skip


EXERCISE = Exercise(
    number=11,
    slug="lsvi_ucb",
    title="LSVI-UCB",
    source="Jin, Yang, Wang and Jordan 2020, Theorem 3.1, Algorithm 1, Lemma B.2",
    checks=(
        Check("covariance", "the Gram matrix and the moments", 1,
              "Every stage has its own; features[s * A + a] is the vector of the pair.", check_covariance),
        Check("regression", "the ridge regression", 2,
              "The right side is reward_moment + sum_y V(y) next_moment[y].", check_regression),
        Check("constants", "the bound on the weights and the radius", 2,
              "|w_h| <= 2 H sqrt(d k/lam); beta = c d H sqrt(log(2 d T/p)).", check_constants),
        Check("optimistic", "widths and optimistic values", 2,
              "Mean plus beta times the root of squared, cut at H.", check_optimistic),
        Check("rule", "V_h and the greedy policy", 1,
              "The pairs of state s are the entries s A .. s A + A - 1 of a row of q.", check_rule),
        Check("tabular", "the tabular special case", 1, "Lam_h is diagonal: lam + n.", check_tabular),
        Check("proof", "the proof, watched in whole runs", 1,
              "Every piece is right by itself; look for what depends on the episode, or is kept from run to run.",
              check_proof),
    ),
    claim="lsvi-ucb",
)  # fmt: skip
