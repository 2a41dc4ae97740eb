"""Checks of exercise 4, in the order of the proof of Agrawal and Goyal 2012, Theorem 1."""

from __future__ import annotations

import numpy as np
from scipy.special import betaincinv
from scipy.stats import beta, binom

from bandits.exact import beta_comparison
from exercises.compare import require
from exercises.rounds import numbers, place, require_arm
from proofs_check.course import Broken, Check, Exercise, Submission


def check_posterior(submission: Submission, seed: int) -> None:
    """Statement 1."""
    rng = numbers(seed, "posterior")
    for run in range(4):
        n_arms = int(rng.integers(2, 6))
        # The first run has the theorem's prior, the others some prior.
        prior = rng.integers(1, 5, 2).astype(float) if run > 0 else np.ones(2)
        params = {"successes": float(prior[0]), "failures": float(prior[1])}
        agent = submission.start("ThompsonSampling", {"n_arms": n_arms, "horizon": 30}, **params)
        a, b = np.full(n_arms, prior[0]), np.full(n_arms, prior[1])
        for t in range(31):
            if t > 0:
                arm, reward = int(rng.integers(n_arms)), float(rng.integers(2))
                agent.observe(t, arm, reward)
                a[arm] += reward
                b[arm] += 1.0 - reward
            where = place(run, t) if t > 0 else f"run {run}, after init"
            for name, expected, other in (("a", a, b), ("b", b, a)):
                require(
                    "the posterior is Beta(a, b): a = prior + rewards 1, b = prior + rewards 0",
                    agent.read(name),
                    expected,
                    axes=("arm",),
                    where=f"{where}, {name}",
                    slips={"The two have changed places: a is for the rewards 1, b for the rewards 0.": other},
                )


def check_samples(submission: Submission, seed: int) -> None:
    """The samples are the posteriors' and the arm is that of the largest, with uniforms that both sides know."""
    rng = numbers(seed, "samples")
    for run in range(4):
        n_arms, means = int(rng.integers(2, 6)), rng.random(5)
        agent = submission.start("ThompsonSampling", {"n_arms": n_arms, "horizon": 60})
        a, b = np.ones(n_arms), np.ones(n_arms)
        for t in range(1, 61):
            where, uniforms = place(run, t), rng.random(3 * n_arms)
            arm = require_arm(agent.act(t, np.concatenate([[0.0], uniforms])), n_arms, where)
            sample = betaincinv(a, b, uniforms[:n_arms])
            require(
                "state.sample[i] is drawn from Beta(a_i, b_i), one draw an arm in the order of the arms",
                agent.read("sample"),
                sample,
                axes=("arm",),
                where=where,
                slips={
                    "That is the mean of the posterior: nothing was drawn.": a / (a + b),
                    "The parameters have changed places.": betaincinv(b, a, uniforms[:n_arms]),
                    "More than one draw was taken for an arm.": betaincinv(a, b, uniforms[1 : 2 * n_arms : 2]),
                },
            )
            best = int(np.argmax(sample))
            if arm != best:
                raise Broken(
                    "the arm played has the largest sample",
                    where=f"{where}, arm {arm}",
                    expected=f"arm {best}; samples {np.round(sample, 6).tolist()}",
                    found=f"arm {arm}",
                    hint="This is the arm with the largest posterior mean; samples decide, or nothing is explored."
                    if arm == int(np.argmax(a / (a + b)))
                    else "",
                )
            reward = float(rng.random() < means[arm])
            agent.observe(t, arm, reward)
            a[arm] += reward
            b[arm] += 1.0 - reward


def check_tail(submission: Submission, seed: int) -> None:
    """Statement 2."""
    rng = numbers(seed, "tail")
    for run in range(20):
        successes, failures = (int(n) for n in rng.integers(0, 15, 2))
        y = float(np.round(rng.uniform(0.05, 0.95), 2))
        n = successes + failures
        require(
            "P(theta > y) = P(Bin(S + F + 1, y) <= S)",
            submission.call("tail", successes, failures, y),
            float(beta.sf(y, successes + 1, failures + 1)),
            where=f"run {run}, S {successes}, F {failures}, y {y}",
            slips={
                "One coin more than rewards: S + F + 1.": float(binom.cdf(successes, n, y)),
                "At most S, S itself included.": float(binom.cdf(successes - 1, n + 1, y)),
                "That is P(theta <= y).": float(beta.cdf(y, successes + 1, failures + 1)),
            },
        )


def check_law(submission: Submission, seed: int) -> None:
    """Statement 3."""
    rng = numbers(seed, "law")
    for run in range(12):
        s1, f1, s2, f2 = (int(n) for n in rng.integers(0, 12, 4))
        exact = float(beta_comparison(s1 + 1, f1 + 1, s2 + 1, f2 + 1))
        ends = float(beta_comparison(max(s1, 1), max(f1, 1), max(s2, 1), max(f2, 1)))
        require(
            "P(theta_1 > theta_2) = int f_1(x) P(theta_2 < x) dx",
            submission.call("first_arm_probability", s1, f1, s2, f2),
            exact,
            where=f"run {run}, S_1 {s1}, F_1 {f1}, S_2 {s2}, F_2 {f2}",
            slips={
                "That is the probability of the other arm.": 1.0 - exact,
                "These are the posteriors without the prior: theta ~ Beta(S + 1, F + 1).": ends,
                "Integrate over [0, 1]: the nodes of leggauss are in [-1, 1], and their weights sum to 2.": 2.0 * exact,
            },
        )


def check_wait(submission: Submission, seed: int) -> None:
    """Statement 4."""
    rng = numbers(seed, "wait")
    for run in range(10):
        mean, y = np.round(np.sort(rng.uniform(0.1, 0.9, 2))[::-1], 2).tolist()
        pulls = run if run < 3 else int(rng.integers(3, 20))
        counts = np.arange(pulls + 1)
        chance = binom.pmf(counts, pulls, mean)
        above, below = (law(y, counts + 1, pulls - counts + 1) for law in (beta.sf, beta.cdf))
        exact = float(chance @ (1.0 / above)) - 1.0
        require(
            "E[1/p_s - 1] = sum_k P(Bin(s, mu) = k) (1/P(theta > y | k rewards 1) - 1)",
            submission.call("expected_wait", mean, pulls, y),
            exact,
            where=f"run {run}, mu {mean}, s {pulls}, y {y}",
            slips={
                "The sample that succeeds is not waited for: 1/p - 1.": exact + 1.0,
                "The expectation is of 1/p, not 1 over the expectation of p.": 1.0 / float(chance @ above) - 1.0,
                "That is the wait for a sample below y.": float(chance @ (1.0 / below)) - 1.0,
            },
        )


EXERCISE = Exercise(
    number=4,
    slug="thompson_sampling",
    title="Thompson sampling",
    source="Agrawal and Goyal 2012, Analysis of Thompson sampling for the multi-armed bandit problem, Theorem 1",
    checks=(
        Check(
            "posterior", "Bayes' rule for Beta priors", 2,
            "a counts rewards 1, b counts rewards 0, both from the prior on.", check_posterior,
        ),
        Check(
            "samples", "one sample of each posterior, the largest is played", 3,
            "for i in range(K): state.sample[i] = beta_variate(rng, a_i, b_i); then the argmax.", check_samples,
        ),
        Check("tail", "Fact 1: Beta and binomial", 2, "Sum the binomial terms from 0 to S of S + F + 1.", check_tail),
        Check(
            "law", "the probability that an arm is played", 2,
            "Condition on theta_1 = x: density of theta_1 at x times P(theta_2 < x).", check_law,
        ),
        Check(
            "wait", "how long a best arm waits", 1, "Average 1/p - 1 over the number k of rewards 1 in s pulls.",
            check_wait,
        ),
    ),
    claim="thompson-beta",
)  # fmt: skip
