/* What the C loops share: the counter streams of kernels/random.py, xoshiro256++, and two searches.
 *
 * Every loop does the arithmetic of the compiled Python loop in the same order, so that regret, pulls and values are
 * the same bits (build with -ffp-contract=off: a contracted a*b + c rounds once instead of twice).
 * Every file is compiled twice: as it is, and with -DXOSHIRO, where the rewards and the algorithm's own draws come from
 * one sequential xoshiro256++ generator instead. NAME(f) is f or f_xoshiro.
 */
#ifndef COMMON_H
#define COMMON_H
#include <math.h>
#include <stdint.h>
#include <string.h>

enum { REWARD = 1, POLICY = 2, ENVIRONMENT = 3, TRANSITION = 4, CONTEXT = 5 };

typedef struct { uint64_t key, gamma, n; } stream;

static inline uint64_t mix(uint64_t w)
{
    w = (w ^ (w >> 30)) * 0xBF58476D1CE4E5B9u;
    w = (w ^ (w >> 27)) * 0x94D049BB133111EBu;
    return w ^ (w >> 31);
}

static inline uint64_t stream_key(uint64_t seed, uint64_t purpose, uint64_t replication, uint64_t index)
{
    const uint64_t golden = 0x9E3779B97F4A7C15u;
    uint64_t w = mix(seed + golden);
    w = mix(w ^ (purpose + golden));
    w = mix(w + replication * golden + 1);
    return mix(w + index * golden + 1);
}

static inline uint64_t stream_gamma(uint64_t key)
{
    uint64_t w = (key ^ (key >> 33)) * 0xFF51AFD7ED558CCDu;
    w = (w ^ (w >> 33)) * 0xC4CEB9FE1A85EC53u;
    return (w ^ (w >> 33)) | 1;
}

static inline double unit(uint64_t word) { return (double)(int64_t)(word >> 11) * 0x1p-53; }

static inline double uniform(uint64_t key, uint64_t gamma, uint64_t n) { return unit(mix(key + n * gamma)); }

static inline stream start(uint64_t seed, uint64_t purpose, uint64_t replication, uint64_t index)
{
    uint64_t key = stream_key(seed, purpose, replication, index);
    return (stream){key, stream_gamma(key), 0};
}

static inline uint64_t word_of(stream *s) { return mix(s->key + s->n++ * s->gamma); }

/* xoshiro256++ (Blackman and Vigna 2021), seeded by SplitMix64. */
typedef struct { uint64_t s[4]; } xoshiro;

static inline xoshiro xoshiro_start(uint64_t seed, uint64_t replication)
{
    uint64_t key = stream_key(seed, 0, replication, 0);
    xoshiro x;
    for (int i = 0; i < 4; i++) x.s[i] = mix(key + (uint64_t)i * 0x9E3779B97F4A7C15u);
    return x;
}

static inline uint64_t rotate(uint64_t x, int k) { return (x << k) | (x >> (64 - k)); }

static inline uint64_t xoshiro_word(xoshiro *x)
{
    uint64_t *s = x->s, result = rotate(s[0] + s[3], 23) + s[0], t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate(s[3], 45);
    return result;
}

static inline double xoshiro_next(xoshiro *x) { return unit(xoshiro_word(x)); }

/* `generator` is the private generator of an algorithm, WORD its next word, DRAW its next uniform. */
#ifdef XOSHIRO
#define NAME(f) f##_xoshiro
typedef xoshiro generator;
#define WORD(g) xoshiro_word(g)
#define START(seed, run) xoshiro_start(seed, run)
#else
#define NAME(f) f
typedef stream generator;
#define WORD(g) word_of(g)
#define START(seed, run) start(seed, POLICY, run, 0)
#endif

#define DRAW(g) unit(WORD(g))

#if defined(__AVX512F__) && defined(__AVX512DQ__)
#include <immintrin.h>
#define HAVE_AVX512 1
#endif

/* argmax over i < n of VALUE(i), ties to the lowest place: the maximum first, its place second. Scalars for a few arms
 * (a wide load right after the scalar store of the arm just pulled waits for that store), wide vectors for many. */
#define ARGMAX(n, VALUE, VALUE2, VALUE8)                                                                                   do {                                                                                                                       double top = -INFINITY, other = -INFINITY;                                                                             int64_t i = 0;                                                                                                         WIDE_MAXIMUM(n, VALUE2, VALUE8)                                                                                        for (; i + 2 <= n; i += 2) {                                                                                               double x = VALUE(i), y = VALUE(i + 1);                                                                                 top = x > top ? x : top;                                                                                               other = y > other ? y : other;                                                                                     }                                                                                                                      if (i < n) {                                                                                                               double x = VALUE(i);                                                                                                   top = x > top ? x : top;                                                                                           }                                                                                                                      top = other > top ? other : top;                                                                                       i = 0;                                                                                                                 WIDE_SEARCH(n, VALUE8)                                                                                                 for (; i < n; i++)                                                                                                         if (VALUE(i) == top) return i;                                                                                     return 0;                                                                                                          } while (0)

#if HAVE_AVX512
#define WIDE_MAXIMUM(n, VALUE2, VALUE8)                                                                                    if (n >= 64) {                                                                                                             __m512d tops = _mm512_set1_pd(-INFINITY);                                                                              for (; i + 8 <= n; i += 8) tops = _mm512_max_pd(tops, VALUE8(i));                                                      top = _mm512_reduce_max_pd(tops);                                                                                  } else if (n >= 16) {                                                                                                      __m128d a = _mm_set1_pd(-INFINITY), b = a;                                                                             for (; i + 4 <= n; i += 4) a = _mm_max_pd(a, VALUE2(i)), b = _mm_max_pd(b, VALUE2(i + 2));                             a = _mm_max_pd(a, b);                                                                                                  top = _mm_cvtsd_f64(a), other = _mm_cvtsd_f64(_mm_unpackhi_pd(a, a));                                              }
#define WIDE_SEARCH(n, VALUE8)                                                                                             if (n >= 64)                                                                                                               for (; i + 8 <= n; i += 8) {                                                                                               __mmask8 equal = _mm512_cmp_pd_mask(VALUE8(i), _mm512_set1_pd(top), _CMP_EQ_OQ);                                       if (equal) return i + __builtin_ctz(equal);                                                                        }
#elif defined(__SSE2__)
#include <immintrin.h>
#define WIDE_MAXIMUM(n, VALUE2, VALUE8)                                                                                    if (n >= 16) {                                                                                                             __m128d a = _mm_set1_pd(-INFINITY), b = a;                                                                             for (; i + 4 <= n; i += 4) a = _mm_max_pd(a, VALUE2(i)), b = _mm_max_pd(b, VALUE2(i + 2));                             a = _mm_max_pd(a, b);                                                                                                  top = _mm_cvtsd_f64(a), other = _mm_cvtsd_f64(_mm_unpackhi_pd(a, a));                                              }
#define WIDE_SEARCH(n, VALUE8)
#else
#define WIDE_MAXIMUM(n, VALUE2, VALUE8)
#define WIDE_SEARCH(n, VALUE8)
#endif

/* argmax of value[i]. */
static inline int64_t highest(const double *value, int64_t n)
{
#define ONE(i) value[i]
#define TWO(i) _mm_loadu_pd(value + (i))
#define EIGHT(i) _mm512_loadu_pd(value + (i))
    ARGMAX(n, ONE, TWO, EIGHT);
#undef ONE
#undef TWO
#undef EIGHT
}

/* argmax of mean[i] + scale * width[i]. */
static inline int64_t highest_index(const double *mean, const double *width, double scale, int64_t n)
{
#define ONE(i) (mean[i] + scale * width[i])
#define TWO(i) _mm_add_pd(_mm_loadu_pd(mean + (i)), _mm_mul_pd(_mm_set1_pd(scale), _mm_loadu_pd(width + (i))))
#define EIGHT(i)                                                                                                       \
    _mm512_add_pd(_mm512_loadu_pd(mean + (i)), _mm512_mul_pd(_mm512_set1_pd(scale), _mm512_loadu_pd(width + (i))))
    ARGMAX(n, ONE, TWO, EIGHT);
#undef ONE
#undef TWO
#undef EIGHT
}
#endif
