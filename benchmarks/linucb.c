/* OFUL / LinUCB on one fixed action set with Gaussian noise: rank-one updates of the inverse, and of the mean and the
 * squared width of every action; a Cholesky factorisation every 512 rounds throws the rounding away. */
#include "common.h"

#ifndef XOSHIRO
/* Wichura 1988, AS 241. */
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

static inline double dot(const double *x, const double *y, int64_t d)
{
    double s = 0.0;
    for (int64_t i = 0; i < d; i++) s += x[i] * y[i];
    return s;
}

/* out = M x; four rows at once, because each sum must wait for its own last addition. */
static inline void multiply(const double *M, const double *x, double *out, int64_t d)
{
    int64_t i = 0;
    for (; i + 4 <= d; i += 4) {
        const double *r = M + i * d;
        double s0 = 0.0, s1 = 0.0, s2 = 0.0, s3 = 0.0;
        for (int64_t j = 0; j < d; j++) {
            s0 += r[j] * x[j];
            s1 += r[d + j] * x[j];
            s2 += r[2 * d + j] * x[j];
            s3 += r[3 * d + j] * x[j];
        }
        out[i] = s0, out[i + 1] = s1, out[i + 2] = s2, out[i + 3] = s3;
    }
    for (; i < d; i++) out[i] = dot(M + i * d, x, d);
}

static inline void add_outer(double *M, const double *x, double weight, int64_t d)
{
    for (int64_t i = 0; i < d; i++) {
        const double factor = weight * x[i];
        for (int64_t j = 0; j < d; j++) M[i * d + j] += factor * x[j];
    }
}

static double cholesky(const double *M, double *F, int64_t d)
{
    double log_det = 0.0;
    for (int64_t i = 0; i < d; i++)
        for (int64_t j = 0; j <= i; j++) {
            double rest = M[i * d + j];
            for (int64_t k = 0; k < j; k++) rest -= F[i * d + k] * F[j * d + k];
            if (i == j) {
                F[i * d + i] = sqrt(rest);
                log_det += 2.0 * log(F[i * d + i]);
            } else {
                F[i * d + j] = rest / F[j * d + j];
            }
        }
    return log_det;
}

static void cholesky_solve(const double *F, const double *b, double *out, int64_t d)
{
    for (int64_t i = 0; i < d; i++) {
        double rest = b[i];
        for (int64_t k = 0; k < i; k++) rest -= F[i * d + k] * out[k];
        out[i] = rest / F[i * d + i];
    }
    for (int64_t i = d - 1; i >= 0; i--) {
        double rest = out[i];
        for (int64_t k = i + 1; k < d; k++) rest -= F[k * d + i] * out[k];
        out[i] = rest / F[i * d + i];
    }
}

/* features (K, d), means and gaps (K). */
void linucb(double noise, double parameter_bound, double regularization, double delta, double scale,
            const double *features, const double *means, const double *gaps, int64_t K, int64_t d, uint64_t seed,
            int64_t first_run, int64_t n_runs, const int64_t *marks, int64_t n_marks, double *regret, int64_t *pulls)
{
    double gram[d * d], inverse[d * d], factor[d * d], moment[d], estimate[d], image[d];
    double columns[d * K], mean[K], squared[K], width[K], product[K];
    for (int64_t i = 0; i < d; i++)
        for (int64_t a = 0; a < K; a++) columns[i * K + a] = features[a * d + i];
    for (int64_t run = 0; run < n_runs; run++) {
        int64_t *N = pulls + run * K;
        const uint64_t key = stream_key(seed, REWARD, first_run + run, 0), gamma = stream_gamma(key);
        for (int64_t a = 0; a < K; a++) N[a] = 0;
        for (int64_t i = 0; i < d * d; i++) gram[i] = inverse[i] = 0.0;
        for (int64_t i = 0; i < d; i++) {
            gram[i * d + i] = regularization;
            inverse[i * d + i] = 1.0 / regularization;
            moment[i] = estimate[i] = 0.0;
        }
        double log_det = 0.0, sum = 0.0;
        int64_t t = 0, fresh = 1;
        for (int64_t c = 0; c < n_marks; c++) {
            while (t < marks[c]) {
                t++;
                if (fresh) {
                    for (int64_t a = 0; a < K; a++) mean[a] = squared[a] = 0.0;
                    for (int64_t i = 0; i < d; i++) {
                        for (int64_t a = 0; a < K; a++) mean[a] += estimate[i] * columns[i * K + a];
                        for (int64_t j = 0; j <= i; j++) {
                            const double entry = i == j ? inverse[i * d + j] : 2.0 * inverse[i * d + j];
                            for (int64_t a = 0; a < K; a++)
                                squared[a] += entry * columns[i * K + a] * columns[j * K + a];
                        }
                    }
                    for (int64_t a = 0; a < K; a++) width[a] = sqrt(squared[a]);
                    fresh = 0;
                }
                const double radius =
                    noise * sqrt(2.0 * log(1.0 / delta) + log_det) + sqrt(regularization) * parameter_bound;
                const int64_t action = highest_index(mean, width, radius, K);
                const double reward = means[action] + scale * standard_normal(uniform(key, gamma, t - 1));
                N[action]++;
                const double *x = features + action * d, error = reward - dot(estimate, x, d);
                add_outer(gram, x, 1.0, d);
                for (int64_t i = 0; i < d; i++) moment[i] += reward * x[i];
                multiply(inverse, x, image, d);
                const double growth = 1.0 + dot(x, image, d);
                add_outer(inverse, image, -1.0 / growth, d);
                if (t % 512 == 0) {
                    log_det = cholesky(gram, factor, d) - (double)d * log(regularization);
                    for (int64_t j = 0; j < d; j++) {
                        double *row = inverse + j * d;
                        for (int64_t i = 0; i < d; i++) row[i] = i == j ? 1.0 : 0.0;
                        cholesky_solve(factor, row, row, d);
                    }
                    cholesky_solve(factor, moment, estimate, d);
                    fresh = 1;
                } else {
                    log_det += log(growth);
                    const double step = error / growth;
                    for (int64_t i = 0; i < d; i++) estimate[i] += image[i] * step;
                    for (int64_t a = 0; a < K; a++) product[a] = 0.0;
                    for (int64_t i = 0; i < d; i++)
                        for (int64_t a = 0; a < K; a++) product[a] += image[i] * columns[i * K + a];
                    for (int64_t a = 0; a < K; a++) {
                        mean[a] += product[a] * step;
                        const double left = squared[a] - product[a] * product[a] / growth;
                        squared[a] = left > 0.0 ? left : 0.0;
                        width[a] = sqrt(squared[a]);
                    }
                }
                sum += gaps[action];
            }
            regret[run * n_marks + c] = sum;
        }
    }
}
#endif
