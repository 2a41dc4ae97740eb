/* Exp3 with a fixed rate and a running sum of weights, against independent Bernoulli losses (all K are drawn in every
 * round, and the regret against the best arm is kept). */
#include "common.h"

static double refresh(const double *L, double *w, int64_t K, double rate, double *lowest)
{
    double least = L[0], sum = 0.0;
    for (int64_t i = 1; i < K; i++) least = L[i] < least ? L[i] : least;
    for (int64_t i = 0; i < K; i++) sum += w[i] = exp(-rate * (L[i] - least));
    *lowest = least;
    return sum;
}

void NAME(exp3)(double rate, const double *means, int64_t K, uint64_t seed, int64_t first_run, int64_t n_runs,
                const int64_t *marks, int64_t n_marks, double *regret, double *realised, int64_t *pulls)
{
    double L[K], w[K], p[K], row[K], sums[K], mean_sums[K], expected[K];
    for (int64_t run = 0; run < n_runs; run++) {
        int64_t *N = pulls + run * K;
        generator g = START(seed, first_run + run);
#ifndef XOSHIRO
        const uint64_t key = stream_key(seed, ENVIRONMENT, first_run + run, 0), gamma = stream_gamma(key);
#endif
        for (int64_t i = 0; i < K; i++) N[i] = 0, L[i] = sums[i] = mean_sums[i] = expected[i] = 0.0;
        double lowest, sum = refresh(L, w, K, rate, &lowest), floor = 0.5 * sum, suffered = 0.0;
        int64_t left = 512, t = 0;
        for (int64_t c = 0; c < n_marks; c++) {
            while (t < marks[c]) {
                t++;
#ifdef XOSHIRO
                for (int64_t i = 0; i < K; i++) row[i] = DRAW(&g) < means[i] ? 1.0 : 0.0;
#else
                const uint64_t first = (uint64_t)(t - 1) * K;
                for (int64_t i = 0; i < K; i++) row[i] = uniform(key, gamma, first + i) < means[i] ? 1.0 : 0.0;
#endif
                const double inverse = 1.0 / sum, target = DRAW(&g) * sum;
                for (int64_t i = 0; i < K; i++) {
                    p[i] = w[i] * inverse;
                    expected[i] += p[i] * means[i];
                    sums[i] += row[i];
                    mean_sums[i] += means[i];
                }
                int64_t arm = 0;
                double running = w[0];
                while (target >= running && arm < K - 1) running += w[++arm];
                if (target >= running)
                    while (arm > 0 && !(w[arm] > 0.0)) arm--;
                N[arm]++;
                const double loss = row[arm], estimate = loss / p[arm];
                suffered += loss;
                if (estimate != 0.0) {
                    L[arm] += estimate;
                    const double weight = exp(-rate * (L[arm] - lowest));
                    sum += weight - w[arm];
                    w[arm] = weight;
                    if (sum < floor || --left <= 0) {
                        sum = refresh(L, w, K, rate, &lowest);
                        floor = 0.5 * sum;
                        left = 512;
                    }
                }
            }
            double all = 0.0, best = mean_sums[0], best_seen = sums[0];
            for (int64_t i = 0; i < K; i++) {
                all += expected[i];
                best = mean_sums[i] < best ? mean_sums[i] : best;
                best_seen = sums[i] < best_seen ? sums[i] : best_seen;
            }
            regret[run * n_marks + c] = all - best;
            realised[run * n_marks + c] = suffered - best_seen;
        }
    }
}
