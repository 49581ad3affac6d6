// Everything that needs one instruction set. Compiled once for each, with ISA as the name of the result.
#include <algorithm>
#include <chrono>
#include <new>

#include "engine.h"
#include "encoder.h"

namespace {

void *model(const Sizes &sizes, const Tensors &tensors) {
    switch (sizes.precision) {
        case FLOAT32: return static_cast<AnyModel *>(new Model<Float32>(sizes, tensors));
#ifdef __AVX512BF16__
        case BFLOAT16: return static_cast<AnyModel *>(new Model<BFloat16>(sizes, tensors));
#endif
        case INT8: return static_cast<AnyModel *>(new Model<Int8>(sizes, tensors));
        default: return nullptr;
    }
}

template <class Op>
double seconds(int rows, int columns, int inner, int rounds) {
    Rows<Op> a;
    a.shape(rows, inner);
    Buffer<float> row(round_up(inner, LANES));
    for (int k = 0; k < inner; k++) row[k] = (k * 37 % 101) / 50.f - 1;
    for (int r = 0; r < rows; r++) a.set(r, row.get(), inner);
    Packed<Op> b(columns, inner);
    double best = 1e9;
    for (int round = 0; round < rounds; round++) {
        auto began = std::chrono::steady_clock::now();
        for (int panel = 0; panel < b.panels; panel++)
            multiply(a, rows, b, panel, [](int, int, Floats value) INLINED { asm volatile("" ::"v"(value)); });
        best = std::min(best, std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count());
    }
    return best;
}

double gemm_seconds(int precision, int rows, int columns, int inner, int rounds) {
    switch (precision) {
        case FLOAT32: return seconds<Float32>(rows, columns, inner, rounds);
#ifdef __AVX512BF16__
        case BFLOAT16: return seconds<BFloat16>(rows, columns, inner, rounds);
#endif
        case INT8: return seconds<Int8>(rows, columns, inner, rounds);
        default: return 0;
    }
}

}  // namespace

extern const Kernels ISA;
const Kernels ISA = {
    model,
    [](void *model) { delete static_cast<AnyModel *>(model); },
    [](const void *model, int threads) -> void * { return static_cast<const AnyModel *>(model)->context(threads).release(); },
    [](void *context) { delete static_cast<AnyContext *>(context); },
    [](void *context, const Batch &batch, float *hidden) { static_cast<AnyContext *>(context)->encode(batch, hidden); },
    [](void *context, const Batch &batch, int32_t *counts) { return static_cast<AnyContext *>(context)->sparse(batch, counts); },
    [](void *context, int32_t *ids, float *weights) { static_cast<AnyContext *>(context)->terms(ids, weights); },
    gemm_seconds,
};
