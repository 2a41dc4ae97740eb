/* LSVI-UCB (Jin, Yang, Wang and Jordan 2020) on a linear MDP with deterministic rewards: targets summed over the
 * successors, inverses by Sherman and Morrison (fewer episodes than the refactorisation waits for), squared norms of
 * all features updated with them, the policy valued exactly by forward occupancy. */
#include "model.h"

#ifndef XOSHIRO
#include <stdlib.h>

/* features (S A, d); squared norms and Q by pairs. */
void lsvi_ucb(double beta, double ridge, const double *features, int64_t d, const int64_t *indptr, const int64_t *to,
              const double *p, const double *cumulative, const double *rewards, const double *initial, int64_t S,
              int64_t A, int64_t H, int64_t stride, double optimum, uint64_t seed, int64_t first_run, int64_t n_runs,
              int64_t n_episodes, double *regret)
{
    const int64_t N = S * A, rows = stride ? H * N : N;
    double *columns = malloc(d * N * 8), *inverse = malloc(H * d * d * 8), *paid = malloc(H * d * 8);
    double *next = malloc(H * S * d * 8), *squared = malloc(H * N * 8), *V = calloc((H + 1) * S, 8);
    double *q = malloc(N * 8), *product = malloc(N * 8), *now = malloc(S * 8), *ahead = malloc(S * 8);
    double target[d], w[d], image[d];
    int64_t *policy = malloc(H * S * 8), *seen = malloc(rows * 8);
    for (int64_t z = 0; z < N; z++)
        for (int64_t i = 0; i < d; i++) columns[i * N + z] = features[z * d + i];
    for (int64_t run = 0; run < n_runs; run++) {
        const stream first_of = start(seed, ENVIRONMENT, first_run + run, 0);
        memset(inverse, 0, H * d * d * 8);
        memset(paid, 0, H * d * 8);
        memset(next, 0, H * S * d * 8);
        memset(policy, 0, H * S * 8);
        memset(seen, 0, rows * 8);
        for (int64_t h = 0; h < H; h++) {
            for (int64_t i = 0; i < d; i++) inverse[(h * d + i) * d + i] = 1.0 / ridge;
            for (int64_t z = 0; z < N; z++) {
                double total = 0.0;
                for (int64_t i = 0; i < d; i++) {
                    double row = 0.0;
                    for (int64_t j = 0; j < d; j++) row += inverse[(h * d + i) * d + j] * features[z * d + j];
                    target[i] = row;
                }
                for (int64_t i = 0; i < d; i++) total += features[z * d + i] * target[i];
                squared[h * N + z] = total;
            }
        }
        double total = 0.0, value = 0.0;
        for (int64_t episode = 1; episode <= n_episodes; episode++) {
            int changed = episode == 1;
            for (int64_t h = H - 1; h >= 0; h--) {
                for (int64_t i = 0; i < d; i++) target[i] = paid[h * d + i];
                for (int64_t s = 0; s < S; s++) {
                    const double v = V[(h + 1) * S + s];
                    for (int64_t i = 0; i < d; i++) target[i] += v * next[(h * S + s) * d + i];
                }
                for (int64_t i = 0; i < d; i++) {
                    double row = 0.0;
                    for (int64_t j = 0; j < d; j++) row += inverse[(h * d + i) * d + j] * target[j];
                    w[i] = row;
                }
                for (int64_t z = 0; z < N; z++) q[z] = beta * sqrt(squared[h * N + z]);
                for (int64_t i = 0; i < d; i++)
                    for (int64_t z = 0; z < N; z++) q[z] += w[i] * columns[i * N + z];
                for (int64_t s = 0; s < S; s++) {
                    double best = -INFINITY;
                    int64_t action = 0;
                    for (int64_t a = 0; a < A; a++) {
                        const double here = q[s * A + a] < (double)H ? q[s * A + a] : (double)H;
                        if (here > best) best = here, action = a;
                    }
                    V[h * S + s] = best;
                    if (policy[h * S + s] != action) policy[h * S + s] = action, changed = 1;
                }
            }
            if (changed) value = policy_value(indptr, to, p, rewards, initial, S, A, H, stride, policy, now, ahead);
            int64_t s = first_state(initial, S, uniform(first_of.key, first_of.gamma, episode - 1));
            for (int64_t h = 0; h < H; h++) {
                const int64_t a = policy[h * S + s], z = s * A + a, row = h * stride + z, n = seen[row]++;
                const uint64_t key = stream_key(seed, TRANSITION, first_run + run, row), gamma = stream_gamma(key);
                const int64_t at = inverse_cumulative(cumulative, indptr[row], indptr[row + 1],
                                                      uniform(key, gamma, 2 * n));
                const double *x = features + z * d;
                double *M = inverse + h * d * d, growth = 0.0;
                for (int64_t i = 0; i < d; i++) paid[h * d + i] += rewards[row] * x[i];
                for (int64_t i = 0; i < d; i++) {
                    double sum = 0.0;
                    for (int64_t j = 0; j < d; j++) sum += M[i * d + j] * x[j];
                    image[i] = sum;
                }
                for (int64_t i = 0; i < d; i++) growth += x[i] * image[i];
                growth = 1.0 + growth;
                const double weight = -1.0 / growth;
                for (int64_t i = 0; i < d; i++) {
                    const double factor = weight * image[i];
                    for (int64_t j = 0; j < d; j++) M[i * d + j] += factor * image[j];
                }
                for (int64_t k = 0; k < N; k++) product[k] = 0.0;
                for (int64_t i = 0; i < d; i++)
                    for (int64_t k = 0; k < N; k++) product[k] += image[i] * columns[i * N + k];
                for (int64_t k = 0; k < N; k++) {
                    const double left = squared[h * N + k] - product[k] * product[k] / growth;
                    squared[h * N + k] = left > 0.0 ? left : 0.0;
                }
                s = to[at];
                for (int64_t i = 0; i < d; i++) next[(h * S + s) * d + i] += x[i];
            }
            total += optimum - value;
        }
        regret[run] = total;
    }
    free(columns), free(inverse), free(paid), free(next), free(squared), free(V), free(q), free(product);
    free(now), free(ahead), free(policy), free(seen);
}
#endif
