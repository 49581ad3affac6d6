// A BERT-like encoder over packed tokens: nothing is padded, rows of all texts stand below each other.
#pragma once
#include <memory>
#include <numeric>
#include <vector>

#include "attention.h"
#include "engine.h"
#include "head.h"
#include "pool.h"

namespace {

inline Buffer<float> copied(const float *x, size_t count) {
    Buffer<float> result(count);
    if (x) std::memcpy(result.get(), x, count * sizeof(float));
    return result;
}

struct Norm {
    Buffer<float> scale, shift;
    Norm(const float *scale, const float *shift, int count) : scale(copied(scale, count)), shift(copied(shift, count)) {}
};

template <class Op>
Packed<Op> packed(const float *weight, const float *bias, int columns, int inner) {
    Packed<Op> result(columns, inner);
    result.fill(weight, bias, 0, columns, inner);
    return result;
}

template <class Op>
struct Block {
    Packed<Op> attention, out, up, down;
    Norm norm, final_norm;

    Block(const Layer &from, int hidden, int inner)
        : attention(3 * hidden, hidden),
          out(packed<Op>(from.out, from.out_bias, hidden, hidden)),
          up(packed<Op>(from.up, from.up_bias, inner, hidden)),
          down(packed<Op>(from.down, from.down_bias, hidden, inner)),
          norm(from.norm, from.norm_bias, hidden),
          final_norm(from.final_norm, from.final_norm_bias, hidden) {
        attention.fill(from.query, from.query_bias, 0, hidden, hidden);
        attention.fill(from.key, from.key_bias, hidden, hidden, hidden);
        attention.fill(from.value, from.value_bias, 2 * hidden, hidden, hidden);
    }
};

struct AnyModel {
    virtual ~AnyModel() = default;
    virtual std::unique_ptr<class AnyContext> context(int threads) const = 0;
};

class AnyContext {
  public:
    virtual ~AnyContext() = default;
    virtual void encode(const Batch &, float *hidden) = 0;
    virtual int64_t sparse(const Batch &, int32_t *counts) = 0;
    virtual void terms(int32_t *ids, float *weights) const = 0;
};

template <class Op>
struct Model : AnyModel {
    Sizes sizes;
    const float *words;
    Buffer<float> positions, types;
    int position_rows, type_rows;
    Norm norm;
    std::vector<Block<Op>> blocks;
    std::unique_ptr<Packed<Op>> dense;
    std::unique_ptr<Norm> head_norm;
    std::unique_ptr<SparseHead> head;

    Model(const Sizes &sizes, const Tensors &from)
        : sizes(sizes), words(from.words),
          positions(copied(from.positions, size_t(from.position_rows) * sizes.hidden)),
          types(copied(from.types, size_t(from.type_rows) * sizes.hidden)),
          position_rows(from.position_rows), type_rows(from.type_rows),
          norm(from.norm, from.norm_bias, sizes.hidden) {
        for (int i = 0; i < sizes.layers; i++) blocks.emplace_back(from.layers[i], sizes.hidden, sizes.inner);
        if (!from.decoder) return;
        dense = std::make_unique<Packed<Op>>(packed<Op>(from.dense, from.dense_bias, sizes.hidden, sizes.hidden));
        head_norm = std::make_unique<Norm>(from.head_norm, from.head_norm_bias, sizes.hidden);
        head = std::make_unique<SparseHead>(from.decoder, from.decoder_bias, sizes.vocabulary, sizes.hidden);
    }
    std::unique_ptr<AnyContext> context(int threads) const override;
};

// In float32 attention is float32 too; else it is bfloat16 where there is any.
template <class Op> struct AttentionOp { using type = Half; };
template <> struct AttentionOp<Float32> { using type = Float32; };

template <class Op>
class Context : public AnyContext {
  public:
    Context(const Model<Op> &model, int threads) : model_(model), pool_(threads), rooms_(threads), head_(threads) {}

    void encode(const Batch &batch, float *hidden) override {
        forward(batch);
        int size = model_.sizes.hidden;
        for (int t = 0; t < batch.tokens; t++) std::memcpy(hidden + size_t(t) * size, x(t), size * sizeof(float));
    }

    int64_t sparse(const Batch &batch, int32_t *counts) override {
        forward(batch);
        linear<false>(inputs_, *model_.dense, batch.tokens, model_.sizes.mlm_activation, y_, width_);
        pool_.each(batch.tokens, [&](int, int first, int last) {
            for (int t = first; t < last; t++) normalized(y_.get() + size_t(t) * width_, *model_.head_norm);
        });
        head_.run(*model_.head, pool_, y_.get(), width_, starts_);
        int64_t total = 0;
        texts_ = batch.texts;
        for (int s = 0; s < texts_; s++) total += counts[s] = head_.terms(s).size();
        return total;
    }

    void terms(int32_t *ids, float *weights) const override {
        for (int s = 0; s < texts_; s++)
            for (const Term &term : head_.terms(s)) *ids++ = term.id, *weights++ = term.weight;
    }

  private:
    using AOp = typename AttentionOp<Op>::type;
    static constexpr int NO_ACTIVATION = -1;

    float *x(int t) { return x_.get() + size_t(t) * width_; }
    void normalized(float *row, const Norm &norm) const {
        normalize(row, model_.sizes.hidden, norm.scale.get(), norm.shift.get(), model_.sizes.epsilon);
    }

    void shape(const Batch &batch) {
        const Sizes &sizes = model_.sizes;
        width_ = round_up(sizes.hidden, PANEL), wide_ = round_up(3 * sizes.hidden, PANEL);
        high_ = round_up(sizes.inner, PANEL);
        starts_.assign(1, 0);
        int longest = 0;
        for (int s = 0; s < batch.texts; s++) {
            starts_.push_back(starts_.back() + batch.lengths[s]);
            longest = std::max(longest, batch.lengths[s]);
        }
        size_t tokens = batch.tokens;
        x_.reserve(tokens * width_), y_.reserve(tokens * width_), mixed_.reserve(tokens * width_);
        joint_.reserve(tokens * wide_), raised_.reserve(tokens * high_);
        inputs_.shape(tokens, sizes.hidden), middle_.shape(tokens, sizes.inner);
        for (auto &room : rooms_) room.shape(longest, sizes.hidden / sizes.heads);
    }

    void forward(const Batch &batch) {
        shape(batch);
        embed(batch);
        for (const Block<Op> &block : model_.blocks) layer(block, batch.tokens);
    }

    void embed(const Batch &batch) {
        int size = model_.sizes.hidden;
        pool_.each(batch.texts, [&](int, int from, int to) {
            for (int s = from; s < to; s++)
                for (int t = starts_[s]; t < starts_[s + 1]; t++) {
                    const float *word = model_.words + size_t(batch.ids[t]) * size;
                    int at = std::min(model_.sizes.first_position + t - starts_[s], model_.position_rows - 1);
                    const float *position = model_.positions.get() + size_t(at) * size;
                    int type = model_.type_rows ? std::min(batch.types[t], model_.type_rows - 1) : 0;
                    const float *kind = model_.type_rows ? model_.types.get() + size_t(type) * size : nullptr;
                    float *row = x(t);
                    for (int k = 0; k < size; k++) row[k] = word[k] + position[k] + (kind ? kind[k] : 0.f);
                    normalized(row, model_.norm);
                    inputs_.set(t, row, size);
                }
        });
    }

    // to = activation(a x b + bias), or with `add` to = a x b + bias + x_.
    template <bool add>
    void linear(const Rows<Op> &a, const Packed<Op> &b, int count, int activation, Buffer<float> &to, int stride) {
        pool_.each(b.panels, [&](int, int first, int last) {
            for (int panel = first; panel < last; panel++) {
                Affine<Op> affine(b, panel);
                multiply(a, count, b, panel, [&](int row, int v, Floats value) INLINED {
                    int column = panel * PANEL + v * LANES;
                    value = affine(value, v);
                    if constexpr (add) value = _mm512_add_ps(value, _mm512_load_ps(x(row) + column));
                    else if (activation != NO_ACTIVATION) value = activate(value, activation);
                    _mm512_store_ps(to.get() + size_t(row) * stride + column, value);
                });
            }
        });
    }

    void layer(const Block<Op> &block, int tokens) {
        const Sizes &sizes = model_.sizes;
        linear<false>(inputs_, block.attention, tokens, NO_ACTIVATION, joint_, wide_);
        attend();
        rows(tokens, [&](int t) INLINED { inputs_.set(t, mixed_.get() + size_t(t) * width_, sizes.hidden); });
        linear<true>(inputs_, block.out, tokens, NO_ACTIVATION, y_, width_);
        settle(tokens, block.norm);
        linear<false>(inputs_, block.up, tokens, sizes.activation, raised_, high_);
        rows(tokens, [&](int t) INLINED { middle_.set(t, raised_.get() + size_t(t) * high_, sizes.inner); });
        linear<true>(middle_, block.down, tokens, NO_ACTIVATION, y_, width_);
        settle(tokens, block.final_norm);
    }

    // y_ normalised becomes x_, and what the next product takes.
    void settle(int tokens, const Norm &norm) {
        std::swap(x_, y_);
        rows(tokens, [&](int t) INLINED {
            normalized(x(t), norm);
            inputs_.set(t, x(t), model_.sizes.hidden);
        });
    }

    void attend() {
        int heads = model_.sizes.heads, hidden = model_.sizes.hidden, size = hidden / heads, texts = starts_.size() - 1;
        pool_.each(texts * heads, [&](int worker, int first, int last) {
            for (int i = first; i < last; i++) {
                int start = starts_[i / heads], column = i % heads * size;
                const float *at = joint_.get() + size_t(start) * wide_ + column;
                ::attend<AOp>(rooms_[worker], at, at + hidden, at + 2 * hidden, wide_, starts_[i / heads + 1] - start, size,
                              mixed_.get() + size_t(start) * width_ + column, width_);
            }
        });
    }

    template <class Each>
    void rows(int tokens, Each &&each) {
        pool_.each(tokens, [&](int, int first, int last) {
            for (int t = first; t < last; t++) each(t);
        });
    }

    const Model<Op> &model_;
    Pool pool_;
    std::vector<AttentionRoom<AOp>> rooms_;
    HeadRoom head_;
    std::vector<int> starts_;
    int width_ = 0, wide_ = 0, high_ = 0, texts_ = 0;
    Buffer<float> x_, y_, mixed_, joint_, raised_;
    Rows<Op> inputs_, middle_;
};

template <class Op>
std::unique_ptr<AnyContext> Model<Op>::context(int threads) const {
    return std::make_unique<Context<Op>>(*this, threads);
}

}  // namespace
