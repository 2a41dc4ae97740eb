/* The version space of GLOW (Amortila et al. 2024, Algorithm 1, line 3) by enumeration of functions and weights. */
#include "common.h"

#ifndef XOSHIRO
/* errors (F, H, Z), counts (H, Z), weights (W, H, Z); clipped (H, Z, W), penalties (H, W) and sums (W) are scratch.
   Returns the number of members; members[f] is 1 if f passes every test. */
int64_t version_space(const double *errors, const double *counts, const double *weights, int64_t F, int64_t W,
                      int64_t H, int64_t Z, double n_samples, double clip, double alpha, double beta,
                      double *restrict clipped, double *restrict penalties, double *restrict sums, int64_t *members)
{
    for (int64_t i = 0; i < H * W; i++) penalties[i] = 0.0;
    for (int64_t w = 0; w < W; w++)
        for (int64_t h = 0; h < H; h++)
            for (int64_t z = 0; z < Z; z++) {
                double value = 0.0;
                if (counts[h * Z + z] > 0.0) {
                    const double weight = weights[(w * H + h) * Z + z];
                    value = weight < clip ? weight : clip;
                    penalties[h * W + w] += alpha * counts[h * Z + z] * value * value;
                }
                clipped[(h * Z + z) * W + w] = value;
            }
    int64_t n_members = 0;
    for (int64_t f = 0; f < F; f++) {
        int inside = 1;
        for (int64_t h = 0; h < H && inside; h++) {
            for (int64_t w = 0; w < W; w++) sums[w] = -penalties[h * W + w];
            for (int64_t z = 0; z < Z; z++) {
                const double error = errors[(f * H + h) * Z + z];
                if (error == 0.0) continue;
                const double *row = clipped + (h * Z + z) * W;
                for (int64_t w = 0; w < W; w++) sums[w] += error * row[w];
            }
            for (int64_t w = 0; w < W; w++)
                if (sums[w] > beta * n_samples) inside = 0;
        }
        members[f] = inside;
        n_members += inside;
    }
    return n_members;
}
#endif
