// What the Python side and the kernels of each instruction set agree on. All of it is C.
#pragma once
#include <cstdint>

extern "C" {

enum Precision : int32_t { FLOAT32 = 0, BFLOAT16 = 1, INT8 = 2 };
enum Activation : int32_t { GELU = 0, GELU_TANH = 1, RELU = 2 };

// The sizes of an encoder. `hidden` and `inner` are multiples of 16, `hidden / heads` is even.
struct Sizes {
    int32_t layers, hidden, heads, inner, vocabulary;
    int32_t first_position;  // the position of a text's first token
    int32_t activation, mlm_activation;
    int32_t precision;
    float epsilon;
};

// Weights are float32, matrices [out, in] as in PyTorch. Read while the model is made, except the three marked `kept`.
struct Layer {
    const float *query, *query_bias, *key, *key_bias, *value, *value_bias;
    const float *out, *out_bias, *norm, *norm_bias;
    const float *up, *up_bias, *down, *down_bias, *final_norm, *final_norm_bias;
};
struct Tensors {
    const float *words;      // kept: vocabulary x hidden
    const float *positions;  // copied: position_rows x hidden
    const float *types;      // copied: type_rows x hidden, or null
    const float *norm, *norm_bias;
    const Layer *layers;
    // The sparse head; null if there is none.
    const float *dense, *dense_bias, *head_norm, *head_norm_bias;
    const float *decoder, *decoder_bias;  // kept: decoder, vocabulary x hidden
    int32_t position_rows, type_rows;
};

// One batch: the tokens of all texts, one text after the other without padding.
struct Batch {
    const int32_t *ids, *types;  // `tokens` of each
    const int32_t *lengths;      // `texts` of them, each at least 1
    int32_t texts, tokens;
};
}

// What each instruction set implements.
struct Kernels {
    void *(*model)(const Sizes &, const Tensors &);
    void (*drop_model)(void *);
    void *(*context)(const void *model, int threads);
    void (*drop_context)(void *);
    void (*encode)(void *context, const Batch &, float *hidden);
    int64_t (*sparse)(void *context, const Batch &, int32_t *counts);
    void (*terms)(void *context, int32_t *ids, float *weights);
    double (*gemm_seconds)(int precision, int rows, int columns, int inner, int rounds);
};
