/* Thompson sampling with Beta posteriors on Bernoulli arms; Gamma variates by Marsaglia and Tsang (2000) with cached
 * constants, normals by inversion (Wichura 1988, AS 241). */
#include "common.h"

static inline double standard_normal(double u)
{
    if (u <= 0.0) u = 5.551115123125783e-17;
    double q = u - 0.5;
    if (fabs(q) <= 0.425) {
        double r = 0.180625 - q * q;
        double num = 2509.0809287301226727 * r + 33430.575583588128105;
        num = num * r + 67265.770927008700853;
        num = num * r + 45921.953931549871457;
        num = num * r + 13731.693765509461125;
        num = num * r + 1971.5909503065514427;
        num = num * r + 133.14166789178437745;
        num = num * r + 3.387132872796366608;
        double den = 5226.495278852854561 * r + 28729.085735721942674;
        den = den * r + 39307.89580009271061;
        den = den * r + 21213.794301586595867;
        den = den * r + 5394.1960214247511077;
        den = den * r + 687.1870074920579083;
        den = den * r + 42.313330701600911252;
        den = den * r + 1.0;
        return q * num / den;
    }
    double r = sqrt(-log(q < 0.0 ? u : 1.0 - u)), num, den;
    if (r <= 5.0) {
        r -= 1.6;
        num = 7.7454501427834140764e-4 * r + 0.0227238449892691845833;
        num = num * r + 0.24178072517745061177;
        num = num * r + 1.27045825245236838258;
        num = num * r + 3.64784832476320460504;
        num = num * r + 5.7694972214606914055;
        num = num * r + 4.6303378461565452959;
        num = num * r + 1.42343711074968357734;
        den = 1.05075007164441684324e-9 * r + 5.475938084995344946e-4;
        den = den * r + 0.0151986665636164571966;
        den = den * r + 0.14810397642748007459;
        den = den * r + 0.68976733498510000455;
        den = den * r + 1.6763848301838038494;
        den = den * r + 2.05319162663775882187;
        den = den * r + 1.0;
    } else {
        r -= 5.0;
        num = 2.01033439929228813265e-7 * r + 2.71155556874348757815e-5;
        num = num * r + 0.0012426609473880784386;
        num = num * r + 0.026532189526576123093;
        num = num * r + 0.29656057182850489123;
        num = num * r + 1.7848265399172913358;
        num = num * r + 5.4637849111641143699;
        num = num * r + 6.6579046435011037772;
        den = 2.04426310338993978564e-15 * r + 1.4215117583164458887e-7;
        den = den * r + 1.8463183175100546818e-5;
        den = den * r + 7.868691311456132591e-4;
        den = den * r + 0.0148753612908506148525;
        den = den * r + 0.13692988092273580531;
        den = den * r + 0.59983220655588793769;
        den = den * r + 1.0;
    }
    return q < 0.0 ? -(num / den) : num / den;
}

#ifndef XOSHIRO
double normal_quantile(double u) { return standard_normal(u); }
#endif

static inline double gamma_variate(generator *g, double d, double c)
{
    for (;;) {
        double x = standard_normal(DRAW(g)), u = DRAW(g), v = 1.0 + c * x;
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
