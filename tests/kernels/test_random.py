"""Counter-based streams: agreement with plain integers, quality, and the laws drawn from them. All seeds are fixed."""

from __future__ import annotations

import itertools
import math

import numba
import numpy as np
import pytest
from scipy import special, stats

from kernels.random import (
    CONTEXT,
    ENVIRONMENT,
    POLICY,
    REWARD,
    TRANSITION,
    beta_at,
    beta_variate,
    choose,
    gamma_variate,
    mix,
    normal_variate,
    random,
    standard_normal,
    start,
    stream_gamma,
    stream_key,
    uniform,
    word_at,
)
from tests.reference.normal import normal, words
from tests.reference.normal import uniform as reference_uniform
from tests.reference.stacks import gamma_of, key_of, uniform_at, uniforms
from tests.reference.stacks import mix as reference_mix
from tests.reference.thompson_beta import gamma_draw

PURPOSES = (REWARD, POLICY, ENVIRONMENT, TRANSITION, CONTEXT)
SEEDS = (0, 1, 2, 12345, 2**63 - 1)
#: Every p-value below this fails: about forty of them are looked at, so a correct generator fails once in 25,000 edits.
ALPHA = 1e-6


@numba.njit
def words_of(seed, purpose, runs, indices, n):
    """The first n words of every stream, shape (runs * indices, n)."""
    out = np.empty((runs * indices, n), np.uint64)
    for r in range(runs):
        for i in range(indices):
            key = stream_key(seed, purpose, r, i)
            gamma = stream_gamma(key)
            for k in range(n):
                out[r * indices + i, k] = word_at(key, gamma, k)
    return out


@numba.njit
def offset_words(seed, runs, n, constant):
    """Planted fault: one sequence for all replications, entered at the counter r times an odd constant."""
    out = np.empty((runs, n), np.uint64)
    key = stream_key(seed, 1, 0, 0)
    gamma = stream_gamma(key)
    for r in range(runs):
        for k in range(n):
            out[r, k] = mix(key + (np.uint64(r) * np.uint64(constant) + np.uint64(k)) * gamma)
    return out


def as_uniforms(words):
    return (words >> np.uint64(11)) * 2.0**-53


def repeated(words):
    """How many words occur more than once over all streams: about (number)^2 / 2^65 by chance."""
    return words.size - len(np.unique(words))


def spread_of_means(words):
    """p-value (two-sided) of the variance between the means of the streams: sum of (mean - 1/2)^2 12 n ~ chi2."""
    u = as_uniforms(words)
    statistic = float(((u.mean(axis=1) - 0.5) ** 2).sum() * 12 * u.shape[1])
    return 2 * min(stats.chi2.cdf(statistic, len(u)), stats.chi2.sf(statistic, len(u)))


def correlation(left, right):
    """p-value (two-sided) of the correlation of two arrays: r sqrt(n) is standard normal if they are independent."""
    r = float(np.corrcoef(left.ravel(), right.ravel())[0, 1])
    return 2 * stats.norm.sf(abs(r) * math.sqrt(left.size))


def test_compiled_streams_are_the_integers_of_the_reference():
    rng = np.zeros(3, np.uint64)
    for seed, purpose, run, index in itertools.product(SEEDS, (REWARD, CONTEXT), (0, 1, 10**6), (0, 7, 10**9)):
        key = stream_key(seed, purpose, run, index)
        assert int(key) == key_of(seed, purpose, run, index)
        key = np.uint64(key)
        gamma = np.uint64(stream_gamma(key))
        assert int(gamma) == gamma_of(int(key)) and int(gamma) % 2 == 1
        theirs = list(itertools.islice(uniforms(seed, purpose, run, index), 5))
        start(rng, seed, purpose, run, index)
        assert [random(rng) for _ in range(5)] == theirs
        assert [uniform(key, gamma, n) for n in range(5)] == theirs
        assert uniform(key, gamma, 10**12) == uniform_at(int(key), 10**12)
    assert int(mix(np.uint64(2**64 - 1))) == reference_mix(2**64 - 1)


def test_addresses_are_distinct():
    """Seeds, purposes, replications and indices next to each other all give different keys and increments."""
    addresses = list(itertools.product(range(6), PURPOSES, range(40), range(40)))
    keys = [int(stream_key(*address)) for address in addresses]
    assert len(set(keys)) == len(addresses)
    assert len({gamma_of(key) for key in keys}) == len(addresses)


@pytest.mark.parametrize("purpose", PURPOSES)
def test_neighbouring_streams_do_not_overlap_and_are_independent(purpose):
    words = words_of(3, purpose, 100, 20, 1000)
    assert repeated(words) == 0
    assert spread_of_means(words) > ALPHA
    u = as_uniforms(words[:400])
    assert correlation(u[:-1], u[1:]) > ALPHA  # the n-th draws of neighbouring streams
    assert correlation(u[:, :-1], u[:, 1:]) > ALPHA  # successive draws of a stream
    means = as_uniforms(words).mean(axis=1)
    assert correlation(means[:-1], means[1:]) > ALPHA


@pytest.mark.parametrize("constant", [1, 3, 101])
def test_an_odd_multiple_of_the_replication_as_counter_offset_is_seen(constant):
    """Such streams run through one sequence: they share words, and replications next to each other look alike."""
    words = offset_words(3, 400, 1000, constant)
    assert repeated(words) > 100_000
    means = as_uniforms(words).mean(axis=1)
    assert correlation(means[:-1], means[1:]) < ALPHA


def test_words_are_uniform():
    words = words_of(8, REWARD, 50, 20, 1000)
    u = as_uniforms(words).ravel()
    assert stats.kstest(u, "uniform").pvalue > ALPHA
    assert 0.0 <= u.min() and u.max() < 1.0
    for bit in range(64):
        ones = int(((words >> np.uint64(bit)) & np.uint64(1)).sum())
        assert stats.binomtest(ones, words.size).pvalue > ALPHA, f"bit {bit}"
    # Pairs and triples of successive draws fill their cells evenly.
    cells = (as_uniforms(words)[:, :999].reshape(len(words), -1, 3) * 8).astype(int)
    counts = np.bincount((cells[..., 0] * 64 + cells[..., 1] * 8 + cells[..., 2]).ravel(), minlength=512)
    assert stats.chisquare(counts).pvalue > ALPHA


def test_normal_quantile_is_exact():
    u = np.concatenate([
        np.linspace(1e-6, 1 - 1e-6, 20_001), 0.5 + np.array([-0.425, 0.425, 1e-17, 1e-12, 0.0]),
        2.0 ** -np.arange(1.0, 54.0), 1.0 - 2.0 ** -np.arange(1.0, 54.0), np.exp(-25.0) * np.array([0.99, 1.01]),
    ])  # fmt: skip
    mine = np.array([standard_normal(x) for x in u])
    theirs = special.ndtri(u)
    assert np.allclose(mine, theirs, rtol=4e-15, atol=3e-16)
    assert standard_normal(0.0) == standard_normal(2.0**-54) == pytest.approx(special.ndtri(2.0**-54), rel=1e-14)


@numba.njit
def normal_sample(seed, n):
    rng = np.zeros(3, np.uint64)
    start(rng, seed, 2, 0, 0)
    out = np.empty(n)
    for i in range(n):
        out[i] = normal_variate(rng)
    return out


def test_normal_law():
    """The bulk by Kolmogorov-Smirnov; the tail beyond the last layer and its law by counts and distances."""
    x = normal_sample(4, 4_000_000)
    assert stats.kstest(x[:200_000], "norm").pvalue > ALPHA
    edges = np.concatenate([[-np.inf], np.linspace(-4.5, 4.5, 181), [np.inf]])
    counts = np.histogram(x, edges)[0]
    assert stats.chisquare(counts, np.diff(stats.norm.cdf(edges)) * len(x)).pvalue > ALPHA
    edge = 3.654152885361009
    tail = x[np.abs(x) > edge]
    assert stats.binomtest(len(tail), len(x), 2 * stats.norm.sf(edge)).pvalue > ALPHA
    assert stats.binomtest(int((tail > 0).sum()), len(tail)).pvalue > ALPHA
    assert stats.kstest(stats.norm.sf(np.abs(tail)) / stats.norm.sf(edge), "uniform").pvalue > ALPHA


@numba.njit
def gamma_sample(seed, shape, n):
    rng = np.zeros(3, np.uint64)
    start(rng, seed, 2, 0, 0)
    out = np.empty(n)
    d = shape - 1.0 / 3.0
    for i in range(n):
        out[i] = gamma_variate(rng, d, 1.0 / math.sqrt(9.0 * d))
    return out


@numba.njit
def beta_sample(seed, a, b, n):
    rng = np.zeros(3, np.uint64)
    start(rng, seed, 2, 0, 0)
    out = np.empty(n)
    for i in range(n):
        out[i] = beta_variate(rng, a, b)
    return out


@numba.njit
def beta_stack(seed, a, b, n):
    key = stream_key(seed, 1, 0, 0)
    gamma = stream_gamma(key)
    out = np.empty(n)
    for i in range(n):
        own = word_at(key, gamma, i)
        out[i] = beta_at(own, stream_gamma(own), a, b)
    return out


@pytest.mark.parametrize("shape", [1.0, 1.7, 12.0, 5000.0])
def test_gamma_law(shape):
    assert stats.kstest(gamma_sample(5, shape, 100_000), stats.gamma(shape).cdf).pvalue > ALPHA


@pytest.mark.parametrize(("a", "b"), [(1.0, 1.0), (3.0, 1.0), (40.0, 700.0)])
def test_beta_law(a, b):
    assert stats.kstest(beta_sample(6, a, b, 100_000), stats.beta(a, b).cdf).pvalue > ALPHA


@pytest.mark.parametrize(("a", "b"), [(1.0, 1.0), (0.5, 0.5), (0.03, 2.0), (0.05, 0.04), (7.0, 3.0)])
def test_beta_law_of_stacks(a, b):
    sample = beta_stack(7, a, b, 100_000)
    assert ((sample >= 0.0) & (sample <= 1.0)).all()
    if min(a, b) > 0.1:
        assert stats.kstest(sample, stats.beta(a, b).cdf).pvalue > ALPHA
    # Small parameters put mass at the rims, beyond what a float can tell from 0 or 1: bins are compared there.
    edges = np.array([0.0, 1e-300, 1e-30, 1e-6, 0.1, 0.5, 0.9, 1 - 1e-6, 1.0])
    expected = np.diff(special.betainc(a, b, edges)) * len(sample)
    observed = np.histogram(sample, edges)[0].astype(float)
    observed[0] += (sample < edges[0]).sum()
    kept = expected > 5
    assert observed[~kept].sum() <= stats.poisson.isf(ALPHA, max(expected[~kept].sum(), 1e-9))
    chi2 = float(((observed[kept] - expected[kept]) ** 2 / expected[kept]).sum())
    assert stats.chi2.sf(chi2, int(kept.sum()) - 1) > ALPHA


def test_normal_and_gamma_draws_are_what_the_reference_draws():
    """A draw is a function of the stream alone, and the counter moves by the words consumed."""
    rng = np.zeros(3, np.uint64)
    start(rng, 9, POLICY, 4, 0)
    stream = words(9, POLICY, 4, 0)
    for _ in range(5000):  # the base layer's tail and the wedges of the ziggurat are among them
        assert normal_variate(rng) == pytest.approx(normal(stream), rel=1e-12)
    for shape in (1.0, 2.0, 31.0, 400.0) * 50:
        d = shape - 1.0 / 3.0
        assert gamma_variate(rng, d, 1.0 / math.sqrt(9.0 * d)) == pytest.approx(gamma_draw(shape, stream), rel=1e-12)
    assert random(rng) == reference_uniform(stream)


def test_choose():
    weights = np.array([0.0, 2.0, 0.0, 1.0, 0.0])
    assert [choose(weights, 3.0, u) for u in (0.0, 0.66, 0.67, 1.0 - 2.0**-53)] == [1, 1, 3, 3]
    # A total a little above the sum (rounding) falls to the last arm of positive weight.
    assert choose(weights, 3.0 + 1e-12, 1.0 - 2.0**-53) == 3
    assert choose(np.array([5.0]), 5.0, 0.3) == 0
    u = as_uniforms(words_of(1, POLICY, 1, 1, 60_000))[0]
    p = np.array([0.1, 0.4, 0.2, 0.3])
    counts = np.bincount([choose(p, 1.0, x) for x in u], minlength=4)
    assert stats.chisquare(counts, p * len(u)).pvalue > ALPHA
