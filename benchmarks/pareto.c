/* The non-dominated rows of a set of alpha vectors, the step of the set-valued dynamic programme of latent MDPs. */
#include "common.h"

#ifndef XOSHIRO
#include <stdlib.h>

typedef struct { double sum; int64_t row; } ranked;

/* Decreasing sums; of equal ones the first row first. */
static int by_sum(const void *a, const void *b)
{
    const ranked *x = a, *y = b;
    if (x->sum != y->sum) return x->sum > y->sum ? -1 : 1;
    return x->row < y->row ? -1 : 1;
}

/* keep[i] becomes 1 for every row of values (n, M) that no other row exceeds or equals everywhere; their number. */
int64_t pareto(const double *values, int64_t n, int64_t M, int64_t *keep)
{
    ranked *order = malloc(n * sizeof *order);
    double *front = malloc(n * M * sizeof *front);
    int64_t n_kept = 0;
    for (int64_t i = 0; i < n; i++) {
        double sum = 0.0;
        for (int64_t m = 0; m < M; m++) sum += values[i * M + m];
        order[i] = (ranked){sum, i};
        keep[i] = 0;
    }
    qsort(order, n, sizeof *order, by_sum);
    for (int64_t r = 0; r < n; r++) {
        const double *row = values + order[r].row * M;
        int dominated = 0;
        for (int64_t k = 0; k < n_kept && !dominated; k++) {
            dominated = 1;
            for (int64_t m = 0; m < M && dominated; m++) dominated = front[k * M + m] >= row[m];
        }
        if (dominated) continue;
        keep[order[r].row] = 1;
        memcpy(front + n_kept++ * M, row, M * sizeof *front);
    }
    free(order), free(front);
    return n_kept;
}
#endif
