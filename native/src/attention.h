// Self-attention of one head over one text.
#pragma once
#include "gemm.h"

namespace {

#ifdef __AVX512BF16__
using Half = BFloat16;
#else
using Half = Float32;
#endif

// What one thread needs, for texts of up to `length` tokens.
template <class Op>
struct AttentionRoom {
    Rows<Op> queries, weights;
    Buffer<int32_t> keys, values;
    Buffer<float> scores, row;
    int width = 0;  // of a panel of values

    void shape(int length, int size) {
        int padded = round_up(length, PANEL);
        width = size <= 2 * LANES ? 2 * LANES : PANEL;
        queries.shape(length, size);
        weights.shape(ROWS, padded);
        keys.reserve(size_t(padded) * queries.stride);
        values.reserve(size_t(padded) * round_up(size, width));
        scores.reserve(size_t(ROWS) * padded);
        row.reserve(round_up(size, PANEL));
    }
};

// Panels of 64 tokens: [panel][group][token].
template <class Op>
void pack_keys(AttentionRoom<Op> &room, Rows<Op> &rows, int length, int groups) {
    for (int t = 0; t < round_up(length, PANEL); t++) {
        int32_t *to = room.keys.get() + size_t(t / PANEL) * groups * PANEL + t % PANEL;
        for (int g = 0; g < groups; g++) to[size_t(g) * PANEL] = t < length ? rows.row(t)[g] : 0;
    }
}

// Panels of `width` columns of the head: [panel][group of tokens][column].
template <class Op>
void pack_values(AttentionRoom<Op> &room, const float *x, int stride, int length, int size) {
    int groups = (length + Op::group - 1) / Op::group, width = room.width;
    for (int c = 0; c < size; c += LANES) {
        __mmask16 lanes = first_lanes(size - c);
        int32_t *to = room.values.get() + size_t(c / width) * groups * width + c % width;
        for (int g = 0; g < groups; g++) {
            Floats first = _mm512_maskz_loadu_ps(lanes, x + size_t(g) * Op::group * stride + c);
            if constexpr (Op::group == 1) {
                _mm512_store_si512(to + size_t(g) * width, _mm512_castps_si512(first));
            }
#ifdef __AVX512BF16__
            else {
                bool alone = 2 * g + 1 >= length;
                Floats next = alone ? _mm512_setzero_ps() : _mm512_maskz_loadu_ps(lanes, x + (2 * size_t(g) + 1) * stride + c);
                Words low = _mm512_cvtepu16_epi32((__m256i)_mm512_cvtneps_pbh(first));
                Words high = _mm512_cvtepu16_epi32((__m256i)_mm512_cvtneps_pbh(next));
                _mm512_store_si512(to + size_t(g) * width, _mm512_or_si512(low, _mm512_slli_epi32(high, 16)));
            }
#endif
        }
    }
}

// Exponentials of one row's scores, 0 beyond `length`; returns what to multiply the mixed values by.
inline float softmax(float *scores, int length) {
    int padded = round_up(length, LANES);
    Floats most = _mm512_set1_ps(-INFINITY);
    for (int t = 0; t < padded; t += LANES)
        most = _mm512_mask_max_ps(most, first_lanes(length - t), most, _mm512_load_ps(scores + t));
    Floats highest = _mm512_set1_ps(_mm512_reduce_max_ps(most)), sum = _mm512_setzero_ps();
    for (int t = 0; t < padded; t += LANES) {
        Floats e = exponential(_mm512_sub_ps(_mm512_load_ps(scores + t), highest));
        e = _mm512_maskz_mov_ps(first_lanes(length - t), e);
        sum = _mm512_add_ps(sum, e);
        _mm512_store_ps(scores + t, e);
    }
    return 1.f / _mm512_reduce_add_ps(sum);
}

template <class Op, int R, int V>
void mix(AttentionRoom<Op> &room, int groups, const float (&inverse)[R], float *out, int stride, int size) {
    const int32_t *rows[R];
    unroll<R>([&](auto r) INLINED { rows[r] = room.weights.row(r); });
    for (int c = 0; c < size; c += V * LANES) {
        Tile<Op, R, V> tile;
        tile.add(rows, room.values.get() + size_t(c) * groups, groups);
        tile.visit([&](auto r, auto v, Floats value) INLINED {
            int column = c + v * LANES;
            _mm512_mask_storeu_ps(out + size_t(r) * stride + column, first_lanes(std::max(size - column, 0)),
                                  _mm512_mul_ps(value, _mm512_set1_ps(inverse[r])));
        });
    }
}

// R tokens attend to all `length` of them.
template <class Op, int R>
void attend_rows(AttentionRoom<Op> &room, int first, int length, int groups, float *out, int stride, int size) {
    int padded = round_up(length, PANEL);
    const int32_t *rows[R];
    unroll<R>([&](auto r) INLINED { rows[r] = room.queries.row(first + r); });
    for (int t = 0; t < padded; t += PANEL) {
        Tile<Op, R, VECTORS> tile;
        tile.add(rows, room.keys.get() + size_t(t) * groups, groups);
        tile.visit([&](auto r, auto v, Floats value) INLINED {
            _mm512_store_ps(room.scores.get() + size_t(r) * padded + t + v * LANES, value);
        });
    }
    float inverse[R];
    for (int r = 0; r < R; r++) {
        float *scores = room.scores.get() + size_t(r) * padded;
        inverse[r] = softmax(scores, length);
        room.weights.set(r, scores, round_up(length, LANES));
    }
    int tokens = (length + Op::group - 1) / Op::group;
    float *to = out + size_t(first) * stride;
    if (room.width == PANEL) mix<Op, R, VECTORS>(room, tokens, inverse, to, stride, size);
    else mix<Op, R, 2>(room, tokens, inverse, to, stride, size);
}

// Scaled dot product attention (https://arxiv.org/abs/1706.03762) of one head. Queries, keys and values are columns of
// the same rows of floats; `size` of them each. `staged` holds one row, with zeros from `size` on.
template <class Op>
void attend(AttentionRoom<Op> &room, const float *query, const float *key, const float *value, int stride, int length,
            int size, float *out, int out_stride) {
    int groups = (size + Op::group - 1) / Op::group, padded = round_up(size, LANES);
    Floats scale = _mm512_set1_ps(1.f / __builtin_sqrtf(size));
    auto stage = [&](const float *x, Floats factor, int t) {
        for (int c = 0; c < padded; c += LANES)
            _mm512_store_ps(room.row.get() + c,
                            _mm512_mul_ps(_mm512_maskz_loadu_ps(first_lanes(size - c), x + size_t(t) * stride + c), factor));
        room.queries.set(t, room.row.get(), padded);
    };
    for (int t = 0; t < length; t++) stage(key, _mm512_set1_ps(1.f), t);
    pack_keys(room, room.queries, length, groups);
    pack_values(room, value, stride, length, size);
    for (int t = 0; t < length; t++) stage(query, scale, t);
    int t = 0;
    for (; t + ROWS <= length; t += ROWS) attend_rows<Op, ROWS>(room, t, length, groups, out, out_stride, size);
    switch (length - t) {
        case 5: attend_rows<Op, 5>(room, t, length, groups, out, out_stride, size); break;
        case 4: attend_rows<Op, 4>(room, t, length, groups, out, out_stride, size); break;
        case 3: attend_rows<Op, 3>(room, t, length, groups, out, out_stride, size); break;
        case 2: attend_rows<Op, 2>(room, t, length, groups, out, out_stride, size); break;
        case 1: attend_rows<Op, 1>(room, t, length, groups, out, out_stride, size); break;
        default: break;
    }
}

}  // namespace
