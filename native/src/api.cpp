// The library's functions: which kernels this CPU can run, and calls into them. Nothing here needs more than x86-64.
#include <new>

#include "engine.h"

#if defined(__x86_64__)
extern const Kernels avx512vnni, avx512bf16;
#endif

namespace {

const Kernels *choose() {
#if defined(__x86_64__)
    __builtin_cpu_init();
    bool wide = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
    if (wide && __builtin_cpu_supports("avx512vnni"))
        return __builtin_cpu_supports("avx512bf16") ? &avx512bf16 : &avx512vnni;
#endif
    return nullptr;
}

const Kernels *const kernels = choose();

}  // namespace

extern "C" {

// Bit p is set if precision p is fast on this CPU; 0 if nothing here can run on it.
__attribute__((visibility("default"))) int32_t connote_precisions() {
#if defined(__x86_64__)
    if (kernels == &avx512bf16) return 1 << FLOAT32 | 1 << BFLOAT16 | 1 << INT8;
    if (kernels == &avx512vnni) return 1 << FLOAT32 | 1 << INT8;
#endif
    return 0;
}

// Null if there is not enough memory or the precision is not supported.
__attribute__((visibility("default"))) void *connote_model(const Sizes *sizes, const Tensors *tensors) {
    try {
        return kernels ? kernels->model(*sizes, *tensors) : nullptr;
    } catch (...) {
        return nullptr;
    }
}

__attribute__((visibility("default"))) void connote_drop_model(void *model) { kernels->drop_model(model); }

// What one caller at a time computes with; null if there is not enough memory.
__attribute__((visibility("default"))) void *connote_context(const void *model, int32_t threads) {
    try {
        return kernels->context(model, threads);
    } catch (...) {  // no memory, or no more threads
        return nullptr;
    }
}

__attribute__((visibility("default"))) void connote_drop_context(void *context) { kernels->drop_context(context); }

// The last layer's output, tokens x hidden. 0, or -1 if there is not enough memory.
__attribute__((visibility("default"))) int32_t connote_encode(void *context, const Batch *batch, float *hidden) {
    try {
        kernels->encode(context, *batch, hidden);
        return 0;
    } catch (...) {
        return -1;
    }
}

// How many terms each text has, and in all; `connote_terms` gives them. -1 if there is not enough memory.
__attribute__((visibility("default"))) int64_t connote_sparse(void *context, const Batch *batch, int32_t *counts) {
    try {
        return kernels->sparse(context, *batch, counts);
    } catch (...) {
        return -1;
    }
}

// The terms of the last `connote_sparse`, text after text, ids rising.
__attribute__((visibility("default"))) void connote_terms(void *context, int32_t *ids, float *weights) {
    kernels->terms(context, ids, weights);
}

// How long one product of these sizes takes at best, on this thread.
__attribute__((visibility("default"))) double connote_gemm_seconds(int32_t precision, int32_t rows, int32_t columns,
                                                                   int32_t inner, int32_t rounds) {
    return kernels ? kernels->gemm_seconds(precision, rows, columns, inner, rounds) : 0;
}
}
