/* UCB1 over many replications in lockstep: a vector's lanes are replications. Statistics lie as [arm][lane].
 *
 * AVX-512 by intrinsics where the machine has it; otherwise the same loops over lanes with omp simd.
 */
#include "common.h"

#ifndef XOSHIRO
#define LANES 32

#if HAVE_AVX512
#define GROUPS (LANES / 8)
typedef __m512d vd;
typedef __m512i vi;

static inline vi mix8(vi w)
{
    w = _mm512_mullo_epi64(_mm512_xor_si512(w, _mm512_srli_epi64(w, 30)), _mm512_set1_epi64(0xBF58476D1CE4E5B9));
    w = _mm512_mullo_epi64(_mm512_xor_si512(w, _mm512_srli_epi64(w, 27)), _mm512_set1_epi64(0x94D049BB133111EB));
    return _mm512_xor_si512(w, _mm512_srli_epi64(w, 31));
}

/* Eight loads and eight stores: on the machines tried a fifth faster than the gather and scatter instructions. */
#define GATHER_I(p, i) _mm512_set_epi64(p[i[7]], p[i[6]], p[i[5]], p[i[4]], p[i[3]], p[i[2]], p[i[1]], p[i[0]])
#define GATHER_D(p, i) _mm512_set_pd(p[i[7]], p[i[6]], p[i[5]], p[i[4]], p[i[3]], p[i[2]], p[i[1]], p[i[0]])

static inline void scatter_i(int64_t *p, const int64_t *at, vi v)
{
    int64_t entry[8];
    _mm512_storeu_si512(entry, v);
    for (int j = 0; j < 8; j++) p[at[j]] = entry[j];
}

static inline void scatter_d(double *p, const int64_t *at, vd v)
{
    double entry[8];
    _mm512_storeu_pd(entry, v);
    for (int j = 0; j < 8; j++) p[at[j]] = entry[j];
}
#endif

void ucb1_lockstep(double width, const double *means, const double *gaps, int64_t K, uint64_t seed, int64_t first_run,
                   int64_t n_runs, const int64_t *marks, int64_t n_marks, double *regret, int64_t *pulls)
{
    double total[K * LANES] __attribute__((aligned(64))), mean[K * LANES] __attribute__((aligned(64))),
        root[K * LANES] __attribute__((aligned(64)));
    uint64_t key[K * LANES] __attribute__((aligned(64))), gamma[K * LANES] __attribute__((aligned(64)));
    int64_t N[K * LANES] __attribute__((aligned(64)));
    double sum[LANES] __attribute__((aligned(64)));
    for (int64_t first = 0; first < n_runs; first += LANES) {
        int64_t lanes = n_runs - first < LANES ? n_runs - first : LANES; /* the rest run too, and are not read */
        for (int64_t i = 0; i < K; i++)
            for (int64_t j = 0; j < LANES; j++) {
                key[i * LANES + j] = stream_key(seed, REWARD, first_run + first + j, i);
                gamma[i * LANES + j] = stream_gamma(key[i * LANES + j]);
                N[i * LANES + j] = 0;
                total[i * LANES + j] = 0.0;
            }
        memset(sum, 0, sizeof sum);
        int64_t t = 0;
        for (int64_t c = 0; c < n_marks; c++) {
            while (t < marks[c]) {
                t++;
                double scale = t <= K ? 0.0 : sqrt(width * log(t - 1.0));
#if HAVE_AVX512
                const vd scales = _mm512_set1_pd(scale), one = _mm512_set1_pd(1.0);
                vi arms[GROUPS];
                if (t <= K) {
                    for (int g = 0; g < GROUPS; g++) arms[g] = _mm512_set1_epi64(t - 1);
                } else {
                    vd best[GROUPS];
                    for (int g = 0; g < GROUPS; g++) {
                        arms[g] = _mm512_setzero_si512();
                        best[g] = _mm512_add_pd(_mm512_load_pd(mean + 8 * g),
                                                _mm512_mul_pd(scales, _mm512_load_pd(root + 8 * g)));
                    }
                    for (int64_t i = 1; i < K; i++) {
                        const vi here = _mm512_set1_epi64(i);
                        for (int g = 0; g < GROUPS; g++) {
                            vd value = _mm512_add_pd(_mm512_load_pd(mean + i * LANES + 8 * g),
                                                     _mm512_mul_pd(scales, _mm512_load_pd(root + i * LANES + 8 * g)));
                            __mmask8 above = _mm512_cmp_pd_mask(value, best[g], _CMP_GT_OQ);
                            arms[g] = _mm512_mask_mov_epi64(arms[g], above, here);
                            best[g] = _mm512_max_pd(value, best[g]);
                        }
                    }
                }
                const vi lane = _mm512_set_epi64(7, 6, 5, 4, 3, 2, 1, 0);
                for (int g = 0; g < GROUPS; g++) {
                    int64_t arm[8], at[8];
                    _mm512_storeu_si512(arm, arms[g]);
                    _mm512_storeu_si512(at, _mm512_add_epi64(_mm512_mullo_epi64(arms[g], _mm512_set1_epi64(LANES)),
                                                             _mm512_add_epi64(lane, _mm512_set1_epi64(8 * g))));
                    vi n = GATHER_I(N, at), k = GATHER_I(key, at), w = GATHER_I(gamma, at);
                    vd s = GATHER_D(total, at), mu = GATHER_D(means, arm);
                    vi word = mix8(_mm512_add_epi64(k, _mm512_mullo_epi64(n, w)));
                    vd u = _mm512_mul_pd(_mm512_cvtepi64_pd(_mm512_srli_epi64(word, 11)), _mm512_set1_pd(0x1p-53));
                    s = _mm512_mask_add_pd(s, _mm512_cmp_pd_mask(u, mu, _CMP_LT_OQ), s, one);
                    n = _mm512_add_epi64(n, _mm512_set1_epi64(1));
                    vd x = _mm512_cvtepi64_pd(n);
                    scatter_i(N, at, n);
                    scatter_d(total, at, s);
                    scatter_d(mean, at, _mm512_div_pd(s, x));
                    scatter_d(root, at, _mm512_div_pd(one, _mm512_sqrt_pd(x)));
                    _mm512_store_pd(sum + 8 * g, _mm512_add_pd(_mm512_load_pd(sum + 8 * g), GATHER_D(gaps, arm)));
                }
#else
                int64_t arm[LANES], n[LANES];
                double best[LANES], s[LANES], m[LANES], r[LANES], mu[LANES];
                uint64_t k[LANES], w[LANES];
                if (t <= K) {
                    for (int j = 0; j < LANES; j++) arm[j] = t - 1;
                } else {
                    for (int j = 0; j < LANES; j++) arm[j] = 0, best[j] = mean[j] + scale * root[j];
                    for (int64_t i = 1; i < K; i++) {
#pragma omp simd
                        for (int j = 0; j < LANES; j++) {
                            double value = mean[i * LANES + j] + scale * root[i * LANES + j];
                            arm[j] = value > best[j] ? i : arm[j];
                            best[j] = value > best[j] ? value : best[j];
                        }
                    }
                }
                for (int j = 0; j < LANES; j++) {
                    int64_t at = arm[j] * LANES + j;
                    n[j] = N[at], k[j] = key[at], w[j] = gamma[at], s[j] = total[at], mu[j] = means[arm[j]];
                    sum[j] += gaps[arm[j]];
                }
#pragma omp simd
                for (int j = 0; j < LANES; j++) {
                    s[j] += uniform(k[j], w[j], n[j]) < mu[j] ? 1.0 : 0.0;
                    n[j]++;
                    m[j] = s[j] / (double)n[j];
                    r[j] = 1.0 / sqrt((double)n[j]);
                }
                for (int j = 0; j < LANES; j++) {
                    int64_t at = arm[j] * LANES + j;
                    N[at] = n[j], total[at] = s[j], mean[at] = m[j], root[at] = r[j];
                }
#endif
            }
            for (int64_t j = 0; j < lanes; j++) regret[(first + j) * n_marks + c] = sum[j];
        }
        for (int64_t i = 0; i < K; i++)
            for (int64_t j = 0; j < lanes; j++) pulls[(first + j) * K + i] = N[i * LANES + j];
    }
}
#endif
