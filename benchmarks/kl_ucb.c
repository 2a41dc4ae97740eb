/* KL-UCB on Bernoulli arms. The index of a resting arm is increasing and concave in the level log f(t): the tangent at
 * its last solution bounds it, and only arms whose bound reaches the best index are solved. */
#include "common.h"

static double kl_upper(double mean, double level)
{
    if (mean >= 1.0) return INFINITY;
    if (mean <= 0.0) return level;
    const double rest = 1.0 - mean, least = -log(rest), target = level + rest * least - mean * log(mean);
    const double variance = mean * rest;
    double u, step = sqrt(2.0 * variance * level) + (2.0 / 3.0) * (1.0 - 2.0 * mean) * level;
    if (18.0 * level <= variance) {
        u = -log(rest - step);
    } else {
        u = target / rest;
        const double root = sqrt(level * (level + 2.0 * mean));
        step = fmin(fmin(sqrt(0.5 * level), level + root), sqrt(2.0 * rest * level));
        if (step < rest) u = fmin(u, -log(rest - step));
    }
    for (int k = 0; k < 64; k++) {
        const double e = exp(-u), q = 1.0 - e, slope = (q - mean) / q;
        if (slope <= 0.0) return least;
        const double newton = (rest * u - mean * log1p(-e) - target) / slope;
        u -= newton / (1.0 - 0.5 * newton * mean * e / (q * q * slope));
        if (fabs(newton) <= 1e-6 * (u - least)) return u;
    }
    return u;
}

static inline double solve(const double *total, const int64_t *N, double *intercept, double *slope, int64_t i, double x)
{
    const double n = (double)N[i], mean = total[i] / n, u = kl_upper(mean, x / n);
    if (u < INFINITY) {
        const double q = -expm1(-u);
        if (q > mean) {
            slope[i] = q / (q - mean) / n;
            intercept[i] = u - slope[i] * x + 1e-9 * (1.0 + u);
        }
    }
    return u;
}

void NAME(kl_ucb)(double scale, const double *means, const double *gaps, int64_t K, uint64_t seed, int64_t first_run,
                  int64_t n_runs, const int64_t *marks, int64_t n_marks, double *regret, int64_t *pulls)
{
    double total[K], intercept[K], slope[K];
    uint64_t key[K], gamma[K];
    for (int64_t run = 0; run < n_runs; run++) {
        int64_t *N = pulls + run * K, last = 0;
#ifdef XOSHIRO
        xoshiro g = xoshiro_start(seed, first_run + run);
#endif
        for (int64_t i = 0; i < K; i++) {
            key[i] = stream_key(seed, REWARD, first_run + run, i);
            gamma[i] = stream_gamma(key[i]);
            N[i] = 0;
            total[i] = slope[i] = 0.0;
            intercept[i] = INFINITY;
        }
        double sum = 0.0;
        int64_t t = 0;
        for (int64_t c = 0; c < n_marks; c++) {
            while (t < marks[c]) {
                t++;
                int64_t arm = t - 1;
                if (t > K) {
                    const double log_t = log((double)t), x = scale * log1p((double)t * log_t * log_t);
                    int64_t first = -1;
                    double top = -INFINITY;
                    arm = -1;
                    if (intercept[last] == INFINITY) {
                        top = solve(total, N, intercept, slope, last, x);
                        arm = first = last;
                    }
                    const int64_t likely = highest_index(intercept, slope, x, K);
                    if (likely != first) {
                        const double u = solve(total, N, intercept, slope, likely, x);
                        if (u > top || (u == top && likely < arm)) top = u, arm = likely;
                    }
                    for (int64_t i = 0; i < K; i++)
                        if (intercept[i] + slope[i] * x >= top && i != likely && i != first) {
                            const double u = solve(total, N, intercept, slope, i, x);
                            if (u > top || (u == top && i < arm)) top = u, arm = i;
                        }
                }
#ifdef XOSHIRO
                double u = xoshiro_next(&g);
#else
                double u = uniform(key[arm], gamma[arm], N[arm]);
#endif
                const double reward = u < means[arm] ? 1.0 : 0.0;
                if (reward * (double)N[arm] > total[arm] || N[arm] == 0) intercept[arm] = INFINITY, slope[arm] = 0.0;
                N[arm]++;
                total[arm] += reward;
                last = arm;
                sum += gaps[arm];
            }
            regret[run * n_marks + c] = sum;
        }
    }
}
