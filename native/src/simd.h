// Functions of 16 floats at once, and of rows of them.
#pragma once
#include <immintrin.h>

#include <utility>

namespace {

// On functions and lambdas: without it GCC keeps arrays of registers in memory.
#define INLINED __attribute__((always_inline))

// Calls f(0) … f(N - 1) with constants, so that arrays which they index are kept in registers.
template <int N, class F>
INLINED inline void unroll(F &&f) {
    [&]<int... i>(std::integer_sequence<int, i...>) INLINED {
        (f(std::integral_constant<int, i>{}), ...);
    }
    (std::make_integer_sequence<int, N>{});
}

using Floats = __m512;
constexpr int LANES = 16;

inline __mmask16 first_lanes(int count) { return count >= LANES ? 0xFFFF : (1u << count) - 1; }

inline int round_up(int value, int multiple) { return (value + multiple - 1) / multiple * multiple; }

// e^x with a relative error of 2e-7; 0 for what is very small.
inline Floats exponential(Floats x) {
    x = _mm512_max_ps(x, _mm512_set1_ps(-104.f));
    Floats n = _mm512_roundscale_ps(_mm512_mul_ps(x, _mm512_set1_ps(1.44269504f)), _MM_FROUND_TO_NEAREST_INT);
    Floats r = _mm512_fnmadd_ps(n, _mm512_set1_ps(0.693359375f), x);
    r = _mm512_fnmadd_ps(n, _mm512_set1_ps(-2.12194440e-4f), r);
    Floats p = _mm512_set1_ps(1.f / 720);
    for (float c : {1.f / 120, 1.f / 24, 1.f / 6, 1.f / 2, 1.f, 1.f}) p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(c));
    return _mm512_scalef_ps(p, n);
}

// x/2 (1 + erf(x/sqrt 2)). erf(y)/y is a Chebyshev interpolation of degree 14 in y^2 over |y| <= 4: error below 4e-7.
inline Floats gelu(Floats x) {
    const float c[] = {0.353531003f,  -0.176577374f,  0.131675601f,  -0.107667781f,   0.0901910439f,
                       -0.0751835033f, 0.0600787923f, -0.0436383635f, 0.0321634971f,  -0.0274991002f,
                       0.0164754614f, -0.00241379137f, 0.00222095149f, -0.0062095793f, 0.00285320473f};
    Floats y = _mm512_mul_ps(x, _mm512_set1_ps(0.707106781f));
    y = _mm512_min_ps(_mm512_max_ps(y, _mm512_set1_ps(-4.f)), _mm512_set1_ps(4.f));
    Floats u = _mm512_fmsub_ps(_mm512_mul_ps(y, y), _mm512_set1_ps(0.125f), _mm512_set1_ps(1.f));
    Floats p = _mm512_set1_ps(c[14]);
    for (int i = 13; i >= 0; i--) p = _mm512_fmadd_ps(p, u, _mm512_set1_ps(c[i]));
    Floats half = _mm512_mul_ps(x, _mm512_set1_ps(0.5f));
    return _mm512_fmadd_ps(half, _mm512_mul_ps(y, p), half);
}

// x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))), as a logistic function.
inline Floats gelu_tanh(Floats x) {
    Floats cubed = _mm512_mul_ps(_mm512_mul_ps(x, x), x);
    Floats inner = _mm512_fmadd_ps(cubed, _mm512_set1_ps(0.044715f), x);
    Floats e = exponential(_mm512_min_ps(_mm512_mul_ps(inner, _mm512_set1_ps(-1.59576912f)), _mm512_set1_ps(88.f)));
    return _mm512_div_ps(x, _mm512_add_ps(e, _mm512_set1_ps(1.f)));
}

inline Floats activate(Floats x, int kind) {
    switch (kind) {
        case GELU: return gelu(x);
        case GELU_TANH: return gelu_tanh(x);
        default: return _mm512_max_ps(x, _mm512_setzero_ps());
    }
}

// Layer normalisation of one row, in place (https://arxiv.org/abs/1607.06450). `count` is a multiple of 16.
inline void normalize(float *x, int count, const float *scale, const float *shift, float epsilon) {
    Floats sum = _mm512_setzero_ps(), squares = _mm512_setzero_ps();
    for (int i = 0; i < count; i += LANES) sum = _mm512_add_ps(sum, _mm512_load_ps(x + i));
    Floats mean = _mm512_set1_ps(_mm512_reduce_add_ps(sum) / count);
    for (int i = 0; i < count; i += LANES) {
        Floats d = _mm512_sub_ps(_mm512_load_ps(x + i), mean);
        squares = _mm512_fmadd_ps(d, d, squares);
    }
    Floats inverse = _mm512_set1_ps(1.f / __builtin_sqrtf(_mm512_reduce_add_ps(squares) / count + epsilon));
    for (int i = 0; i < count; i += LANES) {
        Floats d = _mm512_mul_ps(_mm512_sub_ps(_mm512_load_ps(x + i), mean), inverse);
        _mm512_store_ps(x + i, _mm512_fmadd_ps(d, _mm512_loadu_ps(scale + i), _mm512_loadu_ps(shift + i)));
    }
}

}  // namespace
