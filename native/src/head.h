// The sparse head: log1p(relu(max over a text's tokens of its logits)), without ever holding the logits.
//
// A screen in int8 finds the few vocabulary entries that may weigh something; these alone are computed in float32. The
// screen keeps what is less than SIGMAS standard deviations of its rounding error below zero, so that the answer is that
// of float32. SPLADE's head: https://arxiv.org/abs/2109.10086.
#pragma once
#include <algorithm>
#include <cmath>
#include <vector>

#include "gemm.h"
#include "pool.h"

namespace {

constexpr float SIGMAS = 5;

struct Term {
    int32_t id;
    float weight;
};

// The projection to the vocabulary: as it came (vocabulary x hidden), and in int8 for the screen.
struct SparseHead {
    const float *decoder, *bias;
    int hidden;
    Packed<Int8> screen;
    Buffer<float> squares;  // of each column's length

    SparseHead(const float *decoder, const float *bias, int vocabulary, int hidden)
        : decoder(decoder), bias(bias), hidden(hidden), screen(vocabulary, hidden), squares(screen.panels * PANEL) {
        screen.fill(decoder, bias, 0, vocabulary, hidden);
        for (int n = 0; n < screen.panels * PANEL; n++) {
            double sum = 0;
            for (int k = 0; n < vocabulary && k < hidden; k++) {
                double w = decoder[size_t(n) * hidden + k];
                sum += w * w;
            }
            squares[n] = sum;
            if (n >= vocabulary) screen.bias[n] = -1;
        }
    }
};

// One thread's share of the screen: entries that may weigh something, as (text, id), by panel.
struct Found {
    int32_t text, id;
};

class HeadRoom {
  public:
    explicit HeadRoom(int threads) : best_(threads), found_(threads) {}

    // `x` holds the transformed tokens, a row each of `stride` floats. Afterwards terms(text) are the text's.
    void run(const SparseHead &head, Pool &pool, const float *x, int stride, const std::vector<int> &starts);
    const std::vector<Term> &terms(int text) const { return terms_[text]; }

  private:
    void screen(const SparseHead &head, const std::vector<int> &starts, int worker, int first, int last);
    void measure(const float *x, int stride, int hidden, const std::vector<int> &starts);
    void keep(const SparseHead &head, int texts, int worker, int panel);
    void pack(const float *x, int stride, int hidden, int text, const std::vector<int> &starts);
    void score(const SparseHead &head, const std::vector<int> &starts, int text, int first, int count);

    Rows<Int8> tokens_;
    std::vector<float> longest_, coarsest_;  // a text: the largest squared length of its tokens, and squared int8 step
    std::vector<Buffer<float>> best_;        // a thread: texts x 64
    std::vector<std::vector<Found>> found_;  // a thread
    Buffer<float> packed_;                   // tokens in panels of 64: [text][panel][inner][token]
    std::vector<size_t> offsets_;
    std::vector<int> text_of_;
    std::vector<std::vector<Term>> terms_;
};

inline void HeadRoom::measure(const float *x, int stride, int hidden, const std::vector<int> &starts) {
    int texts = starts.size() - 1;
    longest_.assign(texts, 0), coarsest_.assign(texts, 0);
    text_of_.resize(starts[texts]);
    for (int s = 0; s < texts; s++)
        for (int t = starts[s]; t < starts[s + 1]; t++) {
            Floats sum = _mm512_setzero_ps();
            for (int k = 0; k < hidden; k += LANES) {
                Floats value = _mm512_load_ps(x + size_t(t) * stride + k);
                sum = _mm512_fmadd_ps(value, value, sum);
            }
            text_of_[t] = s;
            longest_[s] = std::max(longest_[s], _mm512_reduce_add_ps(sum));
            coarsest_[s] = std::max(coarsest_[s], tokens_.scale[t] * tokens_.scale[t]);
        }
}

// The highest product of each text in each of the 64 columns of each panel.
inline void HeadRoom::screen(const SparseHead &head, const std::vector<int> &starts, int worker, int first, int last) {
    int texts = starts.size() - 1;
    best_[worker].reserve(size_t(texts) * PANEL);
    float *best = best_[worker].get();
    for (int panel = first; panel < last; panel++) {
        for (int i = 0; i < texts * PANEL; i += LANES) _mm512_store_ps(best + i, _mm512_set1_ps(-INFINITY));
        multiply(tokens_, starts[texts], head.screen, panel, [&](int row, int v, Floats value) INLINED {
            float *to = best + text_of_[row] * PANEL + v * LANES;
            _mm512_store_ps(to, _mm512_max_ps(_mm512_load_ps(to), value));
        });
        keep(head, texts, worker, panel);
    }
}

// Rounding errors are uniform over a step: variance step^2 / 12 an element, weighed by what it is multiplied with.
inline void HeadRoom::keep(const SparseHead &head, int texts, int worker, int panel) {
    Affine<Int8> affine(head.screen, panel);
    for (int s = 0; s < texts; s++)
        for (int v = 0; v < VECTORS; v++) {
            int column = panel * PANEL + v * LANES;
            Floats squares = _mm512_load_ps(head.squares.get() + column);
            Floats variance = _mm512_mul_ps(squares, _mm512_set1_ps(coarsest_[s]));
            Floats step = _mm512_mul_ps(affine.scale[v], affine.scale[v]);
            variance = _mm512_fmadd_ps(step, _mm512_set1_ps(longest_[s]), variance);
            Floats error = _mm512_sqrt_ps(_mm512_mul_ps(variance, _mm512_set1_ps(SIGMAS * SIGMAS / 12)));
            Floats logit = affine(_mm512_load_ps(best_[worker].get() + s * PANEL + v * LANES), v);
            unsigned mask = _mm512_cmp_ps_mask(_mm512_add_ps(logit, error), _mm512_setzero_ps(), _CMP_GT_OQ);
            for (; mask; mask &= mask - 1) found_[worker].push_back({s, column + __builtin_ctz(mask)});
        }
}

inline void HeadRoom::pack(const float *x, int stride, int hidden, int text, const std::vector<int> &starts) {
    float *to = packed_.get() + offsets_[text];
    for (int first = starts[text]; first < starts[text + 1]; first += PANEL) {
        int count = std::min(PANEL, starts[text + 1] - first), width = round_up(count, LANES);
        for (int t = 0; t < width; t++)
            for (int k = 0; k < hidden; k++)
                to[size_t(k) * width + t] = t < count ? x[size_t(first + t) * stride + k] : 0.f;
        to += size_t(hidden) * width;
    }
}

template <int R, int V>
void highest(const int32_t *const (&rows)[R], const float *tokens, int count, int inner, Floats (&best)[R]) {
    Tile<Float32, R, V> tile;
    tile.add(rows, (const int32_t *)tokens, inner);
    tile.visit([&](auto r, auto v, Floats value) INLINED {
        best[r] = _mm512_mask_max_ps(best[r], first_lanes(std::max(count - v * LANES, 0)), best[r], value);
    });
}

// The float32 logits of `count` (at most 6) of a text's terms.
inline void HeadRoom::score(const SparseHead &head, const std::vector<int> &starts, int text, int first, int count) {
    Floats best[ROWS];
    const int32_t *rows[ROWS];
    for (int r = 0; r < ROWS; r++) {
        best[r] = _mm512_set1_ps(-INFINITY);
        const Term &term = terms_[text][first + std::min(r, count - 1)];
        rows[r] = (const int32_t *)(head.decoder + size_t(term.id) * head.hidden);
    }
    const float *tokens = packed_.get() + offsets_[text];
    for (int left = starts[text + 1] - starts[text]; left > 0; left -= PANEL) {
        int width = round_up(std::min(left, PANEL), LANES);
        switch (width / LANES) {
            case 1: highest<ROWS, 1>(rows, tokens, left, head.hidden, best); break;
            case 2: highest<ROWS, 2>(rows, tokens, left, head.hidden, best); break;
            case 3: highest<ROWS, 3>(rows, tokens, left, head.hidden, best); break;
            default: highest<ROWS, 4>(rows, tokens, left, head.hidden, best); break;
        }
        tokens += size_t(head.hidden) * width;
    }
    for (int r = 0; r < count; r++) {
        Term &term = terms_[text][first + r];
        term.weight = std::log1p(std::max(_mm512_reduce_max_ps(best[r]) + head.bias[term.id], 0.f));
    }
}

inline void HeadRoom::run(const SparseHead &head, Pool &pool, const float *x, int stride, const std::vector<int> &starts) {
    int texts = starts.size() - 1, hidden = head.hidden;
    tokens_.shape(starts[texts], hidden);
    pool.each(starts[texts], [&](int, int first, int last) {
        for (int t = first; t < last; t++) tokens_.set(t, x + size_t(t) * stride, hidden);
    });
    measure(x, stride, hidden, starts);
    for (auto &found : found_) found.clear();
    pool.each(head.screen.panels, [&](int worker, int first, int last) INLINED { screen(head, starts, worker, first, last); });

    terms_.assign(texts, {});
    for (auto &found : found_)
        for (auto [text, id] : found) terms_[text].push_back({id, 0});

    offsets_.assign(texts + 1, 0);
    for (int s = 0; s < texts; s++)
        offsets_[s + 1] = offsets_[s] + size_t(round_up(starts[s + 1] - starts[s], LANES)) * hidden;
    packed_.reserve(offsets_[texts]);
    pool.each(texts, [&](int, int first, int last) {
        for (int s = first; s < last; s++) pack(x, stride, hidden, s, starts);
    });
    std::vector<std::pair<int, int>> blocks;
    for (int s = 0; s < texts; s++)
        for (int i = 0; i < (int)terms_[s].size(); i += ROWS) blocks.push_back({s, i});
    pool.each(blocks.size(), [&](int, int first, int last) {
        for (int i = first; i < last; i++) {
            auto [text, at] = blocks[i];
            score(head, starts, text, at, std::min<int>(ROWS, terms_[text].size() - at));
        }
    });
    for (auto &terms : terms_)
        terms.erase(std::remove_if(terms.begin(), terms.end(), [](Term &term) { return !(term.weight > 0); }), terms.end());
}

}  // namespace
