/* UCB1 (Auer, Cesa-Bianchi and Fischer 2002) on Bernoulli arms, one replication after the other. */
#include "common.h"

void NAME(ucb1)(double width, const double *means, const double *gaps, int64_t K, uint64_t seed, int64_t first_run,
                int64_t n_runs, const int64_t *marks, int64_t n_marks, double *regret, int64_t *pulls)
{
    double total[K], mean[K], root[K];
    uint64_t key[K], gamma[K];
    for (int64_t run = 0; run < n_runs; run++) {
        int64_t *N = pulls + run * K;
#ifdef XOSHIRO
        xoshiro g = xoshiro_start(seed, first_run + run);
#endif
        for (int64_t i = 0; i < K; i++) {
            key[i] = stream_key(seed, REWARD, first_run + run, i);
            gamma[i] = stream_gamma(key[i]);
            N[i] = 0;
            total[i] = mean[i] = root[i] = 0.0;
        }
        double sum = 0.0;
        int64_t t = 0;
        for (int64_t c = 0; c < n_marks; c++) {
            while (t < marks[c]) {
                t++;
                int64_t arm = t <= K ? t - 1 : highest_index(mean, root, sqrt(width * log(t - 1.0)), K);
#ifdef XOSHIRO
                double u = xoshiro_next(&g);
#else
                double u = uniform(key[arm], gamma[arm], N[arm]);
#endif
                total[arm] += u < means[arm] ? 1.0 : 0.0;
                double n = (double)++N[arm];
                mean[arm] = total[arm] / n;
                root[arm] = 1.0 / sqrt(n);
                sum += gaps[arm];
            }
            regret[run * n_marks + c] = sum;
        }
    }
}
