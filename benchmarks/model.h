/* What the loops over tabular models share: the exact value of a policy, first states, successors. */
#ifndef MODEL_H
#define MODEL_H
#include "common.h"

static inline double policy_value(const int64_t *indptr, const int64_t *to, const double *p, const double *rewards,
                           const double *initial, int64_t S, int64_t A, int64_t H, int64_t stride,
                           const int64_t *policy, double *now, double *ahead)
{
    double value = 0.0;
    memcpy(now, initial, S * sizeof *now);
    for (int64_t h = 0; h < H; h++) {
        memset(ahead, 0, S * sizeof *ahead);
        for (int64_t s = 0; s < S; s++) {
            const double mass = now[s];
            if (mass == 0.0) continue;
            const int64_t row = h * stride + s * A + policy[h * S + s];
            value += mass * rewards[row];
            if (h < H - 1)
                for (int64_t k = indptr[row]; k < indptr[row + 1]; k++) ahead[to[k]] += mass * p[k];
        }
        double *swap = now;
        now = ahead;
        ahead = swap;
    }
    return value;
}

/* The first state for a uniform u. */
static inline int64_t first_state(const double *initial, int64_t S, double u)
{
    double running = 0.0;
    int64_t last = 0;
    for (int64_t s = 0; s < S; s++)
        if (initial[s] > 0.0) {
            last = s;
            running += initial[s];
            if (u < running) break;
        }
    return last;
}

/* The first position in [low, high) whose running probability exceeds u. */
static inline int64_t inverse_cumulative(const double *cumulative, int64_t low, int64_t high, double u)
{
    high--;
    while (low < high) {
        const int64_t middle = (low + high) / 2;
        if (cumulative[middle] > u)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}
#endif
