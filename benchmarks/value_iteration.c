/* Value iteration on successor lists, stopped by the span bounds of MacQueen and Porteus (Puterman 1994, 6.6.2). */
#include "common.h"

#ifndef XOSHIRO
static inline double expectation(const uint32_t *to, const double *p, const double *v, uint64_t k, uint64_t stop)
{
    double a = 0.0, b = 0.0, c = 0.0, d = 0.0;
    for (; k + 3 < stop; k += 4) {
        a += p[k] * v[to[k]];
        b += p[k + 1] * v[to[k + 1]];
        c += p[k + 2] * v[to[k + 2]];
        d += p[k + 3] * v[to[k + 3]];
    }
    for (; k < stop; k++) a += p[k] * v[to[k]];
    return (a + b) + (c + d);
}

/* Returns the number of sweeps; the estimate of V* is left in `values`, a greedy policy in `policy`. */
int64_t value_iteration(const int64_t *indptr, const uint32_t *to, const double *p, const double *rewards, int64_t S,
                        int64_t A, double discount, double epsilon, double relative_rounding, double row_error,
                        int64_t limit, double *values, double *scratch, int64_t *policy)
{
    double *v = values, *out = scratch, largest_reward = 0.0;
    for (int64_t s = 0; s < S; s++) v[s] = 0.0;
    for (int64_t i = 0; i < S * A; i++) largest_reward = fmax(largest_reward, fabs(rewards[i]));
    const double tail = discount / (1.0 - discount);
    for (int64_t sweep = 1; sweep <= limit; sweep++) {
        double low = INFINITY, high = -INFINITY, largest = 0.0;
        int64_t row = 0;
        for (int64_t s = 0; s < S; s++) {
            double best = -INFINITY;
            int64_t action = 0;
            for (int64_t a = 0; a < A; a++, row++) {
                const double q = rewards[row] + discount * expectation(to, p, v, indptr[row], indptr[row + 1]);
                action = q > best ? a : action;
                best = q > best ? q : best;
            }
            out[s] = best;
            policy[s] = action;
            const double change = best - v[s], size = fmax(fabs(best), fabs(v[s]));
            low = change < low ? change : low;
            high = change > high ? change : high;
            largest = size > largest ? size : largest;
        }
        double rounding = relative_rounding * (largest_reward + 2.0 * largest) + row_error * largest;
        rounding = rounding / (1.0 - discount);
        const double lower = tail * low - rounding, upper = tail * high + rounding;
        if (0.5 * (upper - lower) <= epsilon) {
            for (int64_t s = 0; s < S; s++) values[s] = out[s] + 0.5 * (lower + upper);
            return sweep;
        }
        double *swap = v;
        v = out;
        out = swap;
    }
    return -1;
}
#endif
