/* Thompson sampling with Beta posteriors on Bernoulli arms; Gamma variates by Marsaglia and Tsang (2000) with cached
 * constants, normals by the ziggurat (Marsaglia and Tsang 2000, Doornik 2005). */
#include "common.h"

static double edges[257], ratios[256];

/* 256 layers of equal area under exp(-x^2/2); edges[0] is the width of a rectangle of the lowest one's area. */
static void ziggurat(void)
{
    const double edge = 3.654152885361009, density = exp(-0.5 * edge * edge);
    const double area = edge * density + sqrt(0.5 * 3.141592653589793) * erfc(edge / sqrt(2.0));
    edges[0] = area / density;
    edges[1] = edge;
    for (int i = 2; i < 256; i++)
        edges[i] = sqrt(-2.0 * log(area / edges[i - 1] + exp(-0.5 * edges[i - 1] * edges[i - 1])));
    edges[256] = 0.0;
    for (int i = 0; i < 256; i++) ratios[i] = edges[i + 1] / edges[i];
}

/* Outside the quick acceptance: the rest of the algorithm for this word, and on to the next words. */
static double __attribute__((noinline)) normal_at_rim(generator *g, uint64_t word)
{
    for (;; word = WORD(g)) {
        const int layer = word & 255;
        const double u = (double)(int64_t)(word >> 11) * 0x1p-52 - 1.0;
        if (fabs(u) < ratios[layer]) return u * edges[layer];
        if (layer == 0) {
            const double edge = edges[1];
            for (;;) {
                const double x = -log(1.0 - DRAW(g)) / edge, y = -log(1.0 - DRAW(g));
                if (2.0 * y >= x * x) return u > 0.0 ? edge + x : -edge - x;
            }
        }
        const double x = u * edges[layer];
        const double above = exp(-0.5 * (edges[layer] * edges[layer] - x * x));
        const double below = exp(-0.5 * (edges[layer + 1] * edges[layer + 1] - x * x));
        if (below + DRAW(g) * (above - below) < 1.0) return x;
    }
}

static inline double normal(generator *g)
{
    const uint64_t word = WORD(g);
    const int layer = word & 255;
    const double u = (double)(int64_t)(word >> 11) * 0x1p-52 - 1.0;
    return __builtin_expect(fabs(u) < ratios[layer], 1) ? u * edges[layer] : normal_at_rim(g, word);
}

static inline double gamma_variate(generator *g, double d, double c)
{
    for (;;) {
        double x = normal(g), u = DRAW(g), v = 1.0 + c * x;
        if (v <= 0.0) continue;
        v = v * v * v;
        if (u < 1.0 - 0.0331 * (x * x) * (x * x)) return d * v;
        if (u > 0.0 && log(u) < 0.5 * x * x + d * (1.0 - v + log(v))) return d * v;
    }
}

void NAME(thompson)(double successes, double failures, const double *means, const double *gaps, int64_t K, uint64_t seed,
                    int64_t first_run, int64_t n_runs, const int64_t *marks, int64_t n_marks, double *regret,
                    int64_t *pulls)
{
    double a[K], b[K], ad[K], ac[K], bd[K], bc[K], sample[K];
    uint64_t key[K], gamma[K];
    ziggurat();
    for (int64_t run = 0; run < n_runs; run++) {
        int64_t *N = pulls + run * K;
        generator g = START(seed, first_run + run);
        for (int64_t i = 0; i < K; i++) {
            key[i] = stream_key(seed, REWARD, first_run + run, i);
            gamma[i] = stream_gamma(key[i]);
            N[i] = 0;
            a[i] = successes;
            b[i] = failures;
            ad[i] = a[i] - 1.0 / 3.0;
            bd[i] = b[i] - 1.0 / 3.0;
            ac[i] = 1.0 / sqrt(9.0 * ad[i]);
            bc[i] = 1.0 / sqrt(9.0 * bd[i]);
        }
        double sum = 0.0;
        int64_t t = 0;
        for (int64_t c = 0; c < n_marks; c++) {
            while (t < marks[c]) {
                t++;
                for (int64_t i = 0; i < K; i++) {
                    double x = gamma_variate(&g, ad[i], ac[i]), y = gamma_variate(&g, bd[i], bc[i]);
                    sample[i] = x / (x + y);
                }
                (void)DRAW(&g); /* the coin of Algorithm 2, tossed in every round */
                int64_t arm = highest(sample, K);
#ifdef XOSHIRO
                double u = DRAW(&g);
#else
                double u = uniform(key[arm], gamma[arm], N[arm]);
#endif
                N[arm]++;
                if (u < means[arm]) {
                    a[arm] += 1.0;
                    ad[arm] = a[arm] - 1.0 / 3.0;
                    ac[arm] = 1.0 / sqrt(9.0 * ad[arm]);
                } else {
                    b[arm] += 1.0;
                    bd[arm] = b[arm] - 1.0 / 3.0;
                    bc[arm] = 1.0 / sqrt(9.0 * bd[arm]);
                }
                sum += gaps[arm];
            }
            regret[run * n_marks + c] = sum;
        }
    }
}
