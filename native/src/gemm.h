// Matrix products in three precisions with one kernel.
//
// In each of them a 32-bit word holds a group of values along the inner dimension: one float32, two bfloat16 or four int8.
// One instruction multiplies 16 words of weights (16 columns) by one broadcast word of activations and adds up the group.
#pragma once
#include <immintrin.h>

#include <cmath>
#include <cstdint>

#include "buffer.h"
#include "simd.h"

namespace {

using Words = __m512i;
constexpr int ROWS = 6, VECTORS = 4, PANEL = VECTORS * LANES;  // a tile keeps 24 of the 32 registers as its sums

struct Float32 {
    using Element = float;
    using Sum = __m512;
    static constexpr int group = 1;
    static constexpr bool scaled = false;
    static Sum zero() { return _mm512_setzero_ps(); }
    static Sum step(Sum sum, Words a, Words b) {
        return _mm512_fmadd_ps(_mm512_castsi512_ps(a), _mm512_castsi512_ps(b), sum);
    }
    static Floats value(Sum sum) { return sum; }
};

#ifdef __AVX512BF16__
struct BFloat16 {
    using Element = uint16_t;
    using Sum = __m512;
    static constexpr int group = 2;
    static constexpr bool scaled = false;
    static Sum zero() { return _mm512_setzero_ps(); }
    static Sum step(Sum sum, Words a, Words b) { return _mm512_dpbf16_ps(sum, (__m512bh)a, (__m512bh)b); }
    static Floats value(Sum sum) { return sum; }
};
#endif

// Activations are signed, weights are stored with 128 added, as VNNI multiplies signed by unsigned bytes. What that adds
// to a row's sums is 128 times the sum of its activations, so they start at minus that.
struct Int8 {
    using Element = int8_t;
    using Sum = __m512i;
    static constexpr int group = 4;
    static constexpr bool scaled = true;
    static Sum zero() { return _mm512_setzero_si512(); }
    // Not the intrinsic: GCC 12 copies every sum to another register and spills them all.
    static Sum step(Sum sum, Words a, Words b) {
        asm("vpdpbusd %2, %1, %0" : "+v"(sum) : "v"(b), "v"(a));
        return sum;
    }
    static Floats value(Sum sum) { return _mm512_cvtepi32_ps(sum); }
};

inline uint16_t bfloat16(float x) {
    uint32_t bits;
    __builtin_memcpy(&bits, &x, 4);
    return (bits + 0x7FFF + (bits >> 16 & 1)) >> 16;
}

// Activations of one precision: rows of groups; int8 has a scale a row (https://arxiv.org/abs/2206.01861, token-wise).
template <class Op>
struct Rows {
    Buffer<int32_t> words;
    Buffer<float> scale;
    Buffer<int32_t> start;
    int stride = 0;

    void shape(int count, int inner) {
        stride = round_up((inner + Op::group - 1) / Op::group, LANES);
        words.reserve(size_t(count) * stride);
        if (Op::scaled) scale.reserve(count), start.reserve(count);
    }
    const int32_t *row(int i) const { return words.get() + size_t(i) * stride; }

    // Row i from floats; `count` is a multiple of 16.
    void set(int i, const float *x, int count) {
        int32_t *to = words.get() + size_t(i) * stride;
        if constexpr (Op::group == 1) {
            for (int k = 0; k < count; k += LANES) _mm512_store_ps((float *)to + k, _mm512_loadu_ps(x + k));
        }
#ifdef __AVX512BF16__
        else if constexpr (Op::group == 2) {
            for (int k = 0; k < count; k += LANES)
                _mm256_storeu_si256((__m256i *)((uint16_t *)to + k), (__m256i)_mm512_cvtneps_pbh(_mm512_loadu_ps(x + k)));
        }
#endif
        else {
            Floats most = _mm512_setzero_ps();
            for (int k = 0; k < count; k += LANES) most = _mm512_max_ps(most, _mm512_abs_ps(_mm512_loadu_ps(x + k)));
            float highest = _mm512_reduce_max_ps(most);
            Floats inverse = _mm512_set1_ps(highest > 0 ? 127.f / highest : 0.f);
            Words sum = _mm512_setzero_si512();
            for (int k = 0; k < count; k += LANES) {
                Words q = _mm512_cvtps_epi32(_mm512_mul_ps(_mm512_loadu_ps(x + k), inverse));
                sum = _mm512_add_epi32(sum, q);
                _mm_storeu_si128((__m128i *)((int8_t *)to + k), _mm512_cvtsepi32_epi8(q));
            }
            scale[i] = highest / 127.f;
            start[i] = -128 * _mm512_reduce_add_epi32(sum);
        }
    }
};

// Weights of one precision, in panels of 64 columns: [panel][group][column]. Columns beyond the last give 0.
template <class Op>
struct Packed {
    int columns = 0, panels = 0, groups = 0;
    Buffer<int32_t> words;
    Buffer<float> scale, bias;

    Packed() = default;
    Packed(const Packed &) = delete;
    Packed(Packed &&) = default;
    Packed &operator=(Packed &&) = default;

    // Room for matrices that stand below each other: [columns in all, inner].
    Packed(int columns, int inner)
        : columns(columns), panels((columns + PANEL - 1) / PANEL), groups((inner + Op::group - 1) / Op::group),
          words(size_t(panels) * groups * PANEL), scale(panels * PANEL), bias(panels * PANEL) {
        if constexpr (Op::scaled)
            for (size_t i = 0; i < size_t(panels) * groups * PANEL; i++) words[i] = 0x80808080;
    }
    const int32_t *panel(int p) const { return words.get() + size_t(p) * groups * PANEL; }

    void fill(const float *weight, const float *shift, int first, int count, int inner) {
        for (int n = 0; n < count; n++) {
            int column = first + n;
            fill_column(column, weight + size_t(n) * inner, inner);
            bias[column] = shift ? shift[n] : 0.f;
        }
    }

  private:
    void fill_column(int column, const float *x, int inner) {
        auto *to = words.get() + size_t(column / PANEL) * groups * PANEL + column % PANEL;
        auto element = [&](int k) INLINED { return (typename Op::Element *)(to + size_t(k / Op::group) * PANEL) + k % Op::group; };
        if constexpr (Op::group == 1) {
            for (int k = 0; k < inner; k++) *element(k) = x[k];
        } else if constexpr (Op::group == 2) {
            for (int k = 0; k < inner; k++) *element(k) = bfloat16(x[k]);
        } else {
            float highest = 0;
            for (int k = 0; k < inner; k++) highest = std::fmax(highest, std::fabs(x[k]));
            scale[column] = highest / 127.f;
            for (int k = 0; k < inner; k++)
                *(uint8_t *)element(k) = 128 + (highest > 0 ? (int)std::nearbyintf(x[k] * 127.f / highest) : 0);
        }
    }
};

// R x V vectors of sums.
template <class Op, int R, int V>
struct Tile {
    typename Op::Sum sums[R][V];

    INLINED Tile() {
        unroll<R>([&](auto r) INLINED { unroll<V>([&](auto v) INLINED { sums[r][v] = Op::zero(); }); });
    }

    // Adds rows a[r] times V vectors of columns; `b` has V vectors a group. What stands `ahead` words after b is fetched
    // into the cache meanwhile: with few rows the weights come too slowly otherwise.
    INLINED void add(const int32_t *const (&a)[R], const int32_t *b, int groups, size_t ahead = 0) {
        for (int k = 0; k < groups; k++, b += V * LANES) {
            if (ahead) unroll<V>([&](auto v) INLINED { _mm_prefetch((const char *)(b + ahead + v * LANES), _MM_HINT_T1); });
            Words columns[V];
            unroll<V>([&](auto v) INLINED { columns[v] = _mm512_load_si512(b + v * LANES); });
            unroll<R>([&](auto r) INLINED {
                Words x = _mm512_set1_epi32(a[r][k]);
                unroll<V>([&](auto v) INLINED { sums[r][v] = Op::step(sums[r][v], x, columns[v]); });
            });
        }
    }

    // Calls each(r, v, values) for all of them, with constants.
    template <class Each>
    INLINED void visit(Each &&each) const {
        unroll<R>([&](auto r) INLINED { unroll<V>([&](auto v) INLINED { each(r, v, Op::value(sums[r][v])); }); });
    }
};

template <class Op, int R, class Each>
INLINED inline void block(const Rows<Op> &a, int first, const Packed<Op> &b, int panel, size_t ahead, Each &each) {
    const int32_t *rows[R];
    Tile<Op, R, VECTORS> tile;
    unroll<R>([&](auto r) INLINED {
        rows[r] = a.row(first + r);
        if constexpr (Op::scaled)
            unroll<VECTORS>([&](auto v) INLINED { tile.sums[r][v] = _mm512_set1_epi32(a.start[first + r]); });
    });
    tile.add(rows, b.panel(panel), b.groups, ahead);
    tile.visit([&](auto r, auto v, Floats value) INLINED {
        if constexpr (Op::scaled) value = _mm512_mul_ps(value, _mm512_set1_ps(a.scale[first + r]));
        each(first + r, v, value);
    });
}

// Calls each(row, v, values) with a x b for vector v of the 64 columns of one panel, not yet scaled by column.
template <class Op, class Each>
inline void multiply(const Rows<Op> &a, int count, const Packed<Op> &b, int panel, Each &&each) {
    int row = 0;
    size_t next = panel + 1 < b.panels ? size_t(b.groups) * PANEL : 0;
    for (; row + ROWS <= count; row += ROWS)
        block<Op, ROWS>(a, row, b, panel, row + 2 * ROWS > count ? next : 0, each);
    switch (count - row) {
        case 5: block<Op, 5>(a, row, b, panel, next, each); break;
        case 4: block<Op, 4>(a, row, b, panel, next, each); break;
        case 3: block<Op, 3>(a, row, b, panel, next, each); break;
        case 2: block<Op, 2>(a, row, b, panel, next, each); break;
        case 1: block<Op, 1>(a, row, b, panel, next, each); break;
        default: break;
    }
}

// The columns' scale and bias of one panel, applied.
template <class Op>
struct Affine {
    Floats scale[VECTORS], bias[VECTORS];
    Affine(const Packed<Op> &b, int panel) {
        for (int v = 0; v < VECTORS; v++) {
            if constexpr (Op::scaled) scale[v] = _mm512_load_ps(b.scale.get() + panel * PANEL + v * LANES);
            bias[v] = _mm512_load_ps(b.bias.get() + panel * PANEL + v * LANES);
        }
    }
    Floats operator()(Floats x, int v) const {
        if constexpr (Op::scaled) return _mm512_fmadd_ps(x, scale[v], bias[v]);
        else return _mm512_add_ps(x, bias[v]);
    }
};

}  // namespace
