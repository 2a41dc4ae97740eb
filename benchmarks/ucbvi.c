/* UCBVI-CH (Azar, Osband and Munos 2017) on a tabular model with deterministic rewards: integer counts, states as the
 * eight lanes of a vector, only what changed is recomputed, and the policy is valued exactly by forward occupancy. */
#include "model.h"

#ifndef XOSHIRO
#include <stdlib.h>

typedef double v8 __attribute__((vector_size(64), aligned(8)));
typedef int64_t i8 __attribute__((vector_size(64), aligned(8)));

static inline v8 choose8(i8 mask, v8 yes, v8 no) { return (v8)((mask & (i8)yes) | (~mask & (i8)no)); }

/* known: rewards (H, S, A) told to the algorithm; level = 7 H L. */
void ucbvi(double level, const double *known, const int64_t *indptr, const int64_t *to, const double *p,
           const double *cumulative, const double *rewards, const double *initial, int64_t S, int64_t A, int64_t H,
           int64_t stride, double optimum, uint64_t seed, int64_t first_run, int64_t n_runs, const int64_t *marks,
           int64_t n_marks, double *regret)
{
    const int64_t B = (S + 7) / 8, P = 8 * B;
    double *counts = aligned_alloc(64, A * B * S * 64), *q = aligned_alloc(64, H * A * P * 8);
    double *r = aligned_alloc(64, H * A * P * 8), *V = aligned_alloc(64, (H + 1) * P * 8);
    double *visits = aligned_alloc(64, A * P * 8), *inverse = aligned_alloc(64, A * P * 8);
    double *width = aligned_alloc(64, A * P * 8), *now = malloc(S * 8), *ahead = malloc(S * 8);
    int64_t *policy = malloc(H * P * 8), *seen = malloc(A * S * H * 8 + 8), states[H + 1], actions[H], moved[2][2 * S];
    char *leads = malloc(B * S), *stale = malloc(A * B);
    memset(r, 0, H * A * P * 8);
    for (int64_t h = 0; h < H; h++)
        for (int64_t s = 0; s < S; s++)
            for (int64_t a = 0; a < A; a++) r[(h * A + a) * P + s] = known[(h * S + s) * A + a];
    const int64_t n_rows = stride ? H * S * A : S * A;
    for (int64_t run = 0; run < n_runs; run++) {
        const stream first_of = start(seed, ENVIRONMENT, first_run + run, 0);
        memset(counts, 0, A * B * S * 64);
        memset(visits, 0, A * P * 8);
        memset(inverse, 0, A * P * 8);
        memset(leads, 0, B * S);
        memset(stale, 0, A * B);
        memset(policy, 0, H * P * 8);
        memset(seen, 0, n_rows * 8);
        for (int64_t i = 0; i < H * A * P; i++) q[i] = (double)H;
        for (int64_t i = 0; i < (H + 1) * P; i++) V[i] = i < H * P ? (double)H : 0.0;
        for (int64_t i = 0; i < A * P; i++) width[i] = INFINITY;
        double total = 0.0, value = 0.0;
        int64_t episode = 0;
        for (int64_t c = 0; c < n_marks; c++) {
            while (episode < marks[c]) {
                episode++;
                int changed = episode == 1;
                if (episode > 1) {
                    for (int64_t h = 0; h < H; h++) {
                        const int64_t s = states[h], a = actions[h], y = states[h + 1], b = s / 8;
                        counts[((a * B + b) * S + y) * 8 + s % 8] += 1.0;
                        visits[a * P + s] += 1.0;
                        inverse[a * P + s] = 1.0 / visits[a * P + s];
                        leads[b * S + y] = 1;
                        stale[a * B + b] = 1;
                    }
                    for (int64_t h = 0; h < H; h++) {
                        const int64_t at = actions[h] * P + states[h];
                        width[at] = level / sqrt(visits[at]);
                    }
                    int64_t n_moved = 0;
                    for (int64_t h = H - 1; h >= 0; h--) {
                        int64_t n_changed = 0;
                        const double *next = V + (h + 1) * P;
                        for (int64_t b = 0; b < B; b++) {
                            int led = 0;
                            for (int64_t i = 0; i < n_moved && !led; i++) led = leads[b * S + moved[(h + 1) & 1][i]];
                            int touched = led;
                            for (int64_t a = 0; a < A; a++) {
                                if (!led && !stale[a * B + b]) continue;
                                touched = 1;
                                const v8 *n = (const v8 *)(counts + (a * B + b) * S * 8);
                                v8 sum = {0};
                                for (int64_t y = 0; y < S; y++) sum += n[y] * next[y];
                                const int64_t at = a * P + 8 * b;
                                v8 *Q = (v8 *)(q + h * A * P + at);
                                const v8 now_q = *(v8 *)(r + h * A * P + at) + sum * *(v8 *)(inverse + at) +
                                                 *(v8 *)(width + at);
                                *Q = choose8(now_q < *Q, now_q, *Q);
                            }
                            if (!touched) continue;
                            v8 best = *(v8 *)(q + h * A * P + 8 * b);
                            i8 greedy = {0};
                            for (int64_t a = 1; a < A; a++) {
                                const v8 here = *(v8 *)(q + (h * A + a) * P + 8 * b);
                                const i8 above = here > best;
                                best = choose8(above, here, best);
                                greedy = (above & (a + (i8){0})) | (~above & greedy);
                            }
                            for (int64_t j = 0; j < 8 && 8 * b + j < S; j++) {
                                const int64_t s = 8 * b + j;
                                if (best[j] != V[h * P + s]) {
                                    V[h * P + s] = best[j];
                                    moved[h & 1][n_changed++] = s;
                                }
                                if (greedy[j] != policy[h * S + s]) {
                                    policy[h * S + s] = greedy[j];
                                    changed = 1;
                                }
                            }
                        }
                        n_moved = n_changed;
                    }
                    for (int64_t h = 0; h < H; h++) stale[actions[h] * B + states[h] / 8] = 0;
                }
                if (changed)
                    value = policy_value(indptr, to, p, rewards, initial, S, A, H, stride, policy, now, ahead);
                int64_t s = first_state(initial, S, uniform(first_of.key, first_of.gamma, episode - 1));
                for (int64_t h = 0; h < H; h++) {
                    const int64_t a = policy[h * S + s], row = h * stride + s * A + a, n = seen[row]++;
                    const uint64_t key = stream_key(seed, TRANSITION, first_run + run, row), gamma = stream_gamma(key);
                    states[h] = s;
                    actions[h] = a;
                    s = to[inverse_cumulative(cumulative, indptr[row], indptr[row + 1], uniform(key, gamma, 2 * n))];
                }
                states[H] = s;
                total += optimum - value;
            }
            regret[run * n_marks + c] = total;
        }
    }
    free(counts), free(q), free(r), free(V), free(visits), free(inverse), free(width), free(now), free(ahead);
    free(policy), free(seen), free(leads), free(stale);
}
#endif
